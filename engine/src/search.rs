//! A search from outside: what is asked, what is reported, and how it is driven. The tree is in this folder's files.
//!
//! The search is a coroutine (an `async fn` without a runtime). [`Search::step`] runs it for a slice of time and
//! returns; the next call goes on exactly where it was. So a host with one thread, such as a web worker, can read its
//! messages between slices, and the tree is the same however it is sliced.

mod context;
mod cuts;
mod draw;
mod node;
mod pruning;
mod quiescence;
mod reductions;
mod root;
mod technique;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use shakmaty::{CastlingMode, Move};

use self::technique::Ablation;
use crate::correction::Corrections;
use crate::cuckoo::Cuckoo;
use crate::evaluation::Evaluation;
use crate::game::Game;
use crate::history::History;
use crate::level::Level;
use crate::limits::Limits;
use crate::score::Score;
use crate::time::Clock;
use crate::transposition::{HashError, Table};

/// Most lines that one search reports.
pub const MULTIPV_MAX: usize = 256;

/// What the engine keeps from one search to the next.
pub struct Engine {
    pub(crate) table: Table,
    pub(crate) history: History,
    pub(crate) corrections: Corrections,
    pub(crate) cuckoo: Cuckoo,
    pub(crate) ablation: Ablation,
    pub(crate) evaluation: Evaluation,
}

/// One thing to think about.
#[derive(Clone, Debug)]
pub struct Request {
    /// The position and how it came about.
    pub game: Game,
    /// When to stop.
    pub limits: Limits,
    /// Lines to report, 1 to [`MULTIPV_MAX`].
    pub multipv: usize,
    /// How strong to play.
    pub level: Level,
    /// Decides the misjudgements of the levels below the highest.
    pub seed: u64,
    /// Time lost between engine and clock with each move.
    pub overhead: Duration,
}

impl Request {
    /// Asks for the best move of `game` within `limits`, at full strength.
    #[must_use]
    pub const fn new(game: Game, limits: Limits) -> Request {
        Request {
            game,
            limits,
            multipv: 1,
            level: Level::MAX,
            seed: 0,
            overhead: Duration::ZERO,
        }
    }
}

/// Whether a reported score is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exactness {
    /// It is.
    Exact,
    /// The true score is at least this.
    AtLeast,
    /// The true score is at most this.
    AtMost,
}

/// What the search thinks after an iteration.
#[derive(Clone, Debug)]
pub struct Info {
    /// Plies of iterative deepening.
    pub depth: u32,
    /// Longest line looked at, in plies.
    pub seldepth: u32,
    /// Which line, from 1.
    pub multipv: usize,
    /// From the side to move.
    pub score: Score,
    /// What the score says.
    pub exactness: Exactness,
    /// Positions visited so far.
    pub nodes: u64,
    /// Time since the search began.
    pub time: Duration,
    /// How full the hash table is, in thousandths.
    pub hashfull: u32,
    /// The line that both sides would follow.
    pub pv: Vec<Move>,
}

impl Info {
    /// Positions a second.
    #[must_use]
    pub fn nps(&self) -> u64 {
        let micros = u64::try_from(self.time.as_micros())
            .unwrap_or(u64::MAX)
            .max(1);
        self.nodes.saturating_mul(1_000_000) / micros
    }

    /// As a line of UCI.
    #[must_use]
    pub fn to_uci(&self, mode: CastlingMode) -> String {
        let mut line = format!(
            "info depth {} seldepth {} multipv {} score {}",
            self.depth, self.seldepth, self.multipv, self.score
        );
        line.push_str(match self.exactness {
            Exactness::Exact => "",
            Exactness::AtLeast => " lowerbound",
            Exactness::AtMost => " upperbound",
        });
        // Writing to a string cannot fail.
        let _ = write!(
            line,
            " nodes {} nps {} hashfull {} time {} pv",
            self.nodes,
            self.nps(),
            self.hashfull,
            self.time.as_millis()
        );
        for m in &self.pv {
            let _ = write!(line, " {}", m.to_uci(mode));
        }
        line
    }
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The move to play; none when the game is over.
    pub best: Option<Move>,
    /// The reply that is expected.
    pub ponder: Option<Move>,
    /// The line of `best`.
    pub info: Option<Info>,
    /// Positions visited.
    pub nodes: u64,
    /// Time used.
    pub time: Duration,
}

/// What a slice came to.
pub enum Step {
    /// There is more to do.
    Running,
    /// All is done, but the answer must wait for [`Search::stop`] or [`Search::ponder_hit`].
    Waiting,
    /// The answer, and the engine for the next search.
    Done(Box<(Engine, Outcome)>),
}

/// Seen by the search and by whoever drives it.
pub(crate) struct Shared {
    stop: AtomicBool,
    pondering: AtomicBool,
    waiting: AtomicBool,
    /// In microseconds of the clock.
    slice_end: AtomicU64,
    infos: Mutex<VecDeque<Info>>,
}

impl Shared {
    fn report(&self, info: Info) {
        let mut infos = self.infos.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever steps empties it each time; this only bounds a search that is never looked at.
        if infos.len() >= 4 * MULTIPV_MAX {
            infos.pop_front();
        }
        infos.push_back(info);
    }
}

/// A running search. Dropping it drops the engine with it.
pub struct Search {
    future: Pin<Box<dyn Future<Output = (Engine, Outcome)> + Send>>,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
}

impl Engine {
    /// An engine with a hash table of `hash_mib` MiB.
    ///
    /// # Errors
    ///
    /// [`HashError`] if there cannot be such a table.
    pub fn new(hash_mib: u64) -> Result<Engine, HashError> {
        Ok(Engine {
            table: Table::new(hash_mib)?,
            history: History::default(),
            corrections: Corrections::default(),
            cuckoo: Cuckoo::default(),
            ablation: Ablation::from_environment(),
            evaluation: Evaluation::default(),
        })
    }

    /// Forgets everything: the next search knows nothing of those before.
    pub fn clear(&mut self) {
        self.table.clear();
        self.history.clear();
        self.corrections.clear();
    }

    /// Size of the hash table in MiB.
    #[must_use]
    pub fn hash_mib(&self) -> u64 {
        self.table.mib()
    }

    /// Empties the hash table and makes it `hash_mib` MiB large.
    ///
    /// # Errors
    ///
    /// [`HashError`]; the table is then as it was.
    pub fn set_hash_mib(&mut self, hash_mib: u64) -> Result<(), HashError> {
        self.table.resize(hash_mib)
    }

    /// Begins a search, which takes the engine with it and gives it back when done.
    #[must_use]
    pub fn start(self, request: Request, clock: Arc<dyn Clock>) -> Search {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            pondering: AtomicBool::new(request.limits.ponder),
            waiting: AtomicBool::new(false),
            slice_end: AtomicU64::new(u64::MAX),
            infos: Mutex::new(VecDeque::new()),
        });
        let future = Box::pin(root::run(
            self,
            request,
            Arc::clone(&clock),
            Arc::clone(&shared),
        ));
        Search {
            future,
            shared,
            clock,
        }
    }

    /// Searches to the end in one go. Without any limit this takes for ever; an infinite or pondering request is
    /// taken as a plain one.
    pub fn search(
        self,
        mut request: Request,
        clock: Arc<dyn Clock>,
        mut on_info: impl FnMut(Info),
    ) -> (Engine, Outcome) {
        request.limits.infinite = false;
        request.limits.ponder = false;
        let mut search = self.start(request, clock);
        loop {
            if let Step::Done(done) = search.step(Duration::MAX, &mut on_info) {
                return *done;
            }
        }
    }
}

impl Search {
    /// Thinks for about `slice` and reports what it found meanwhile.
    pub fn step(&mut self, slice: Duration, mut on_info: impl FnMut(Info)) -> Step {
        let end = self.clock.now().saturating_add(slice).as_micros();
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        self.shared.slice_end.store(end, Ordering::Relaxed);
        let poll = self
            .future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        let infos = std::mem::take(
            &mut *self
                .shared
                .infos
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        infos.into_iter().for_each(&mut on_info);
        match poll {
            Poll::Ready(done) => Step::Done(Box::new(done)),
            Poll::Pending if self.shared.waiting.load(Ordering::Relaxed) => Step::Waiting,
            Poll::Pending => Step::Running,
        }
    }

    /// Asks for the answer now; the next step brings it.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }

    /// The opponent played the expected move: from now on the search is on our own time.
    pub fn ponder_hit(&self) {
        self.shared.pondering.store(false, Ordering::Relaxed);
    }
}

/// Gives control back to whoever drives the search, once.
async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut paused, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

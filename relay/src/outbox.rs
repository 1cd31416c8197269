//! Frames on their way to one session: a bounded queue, so that a slow reader costs a fixed amount of memory and is cut
//! off instead of slowing others down.

pub mod queue;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use libp2p::PeerId;
use rookery_ledger::id::{GameId, Millis, PlayerKey};
use rookery_ledger::record::Item;
use rookery_ledger::wire::{self, Head, Push, RequestId};
use rookery_ledger::{Game, Refusal};

use crate::conduct::Misdeed;
use crate::metrics::Metrics;
use crate::sequencer::Reply;
use queue::{End, Outlet};

pub use queue::Cut;

/// Names a session within this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// A frame in the queue.
#[derive(Debug, Clone)]
pub struct Out {
    /// Length and body.
    pub bytes: Arc<[u8]>,
    /// The game of which these are news and when they came to the relay: tells how late they are delivered.
    pub news: Option<(GameId, Millis)>,
}

/// What others may know of a session.
#[derive(Debug)]
pub struct SessionInfo {
    /// Its name here.
    pub id: SessionId,
    /// The libp2p identity at the other end.
    pub peer: PeerId,
    /// Whether it is a fellow relay that forwards for its own clients.
    pub is_relay: bool,
    player: OnceLock<PlayerKey>,
    rtt_ms: AtomicU64,
    /// How late the news of a game were written to this session, ms.
    delays: Mutex<HashMap<GameId, u64>>,
    end: End,
    refusals: AtomicU64,
    /// Points for misdeeds that nobody has counted yet.
    points: AtomicU64,
    /// Whether refusals say what comes next.
    is_warned: AtomicBool,
    metrics: Arc<Metrics>,
}

impl SessionInfo {
    /// The player bound to the session by its hello.
    #[must_use]
    pub fn player(&self) -> Option<PlayerKey> {
        self.player.get().copied()
    }

    /// Binds a player; only the first call counts.
    pub fn bind(&self, player: PlayerKey) {
        let _ = self.player.set(player);
    }

    /// Notes a measured round trip.
    pub fn set_rtt(&self, ms: u64) {
        self.rtt_ms.store(ms, Ordering::Relaxed);
    }

    /// The last measured round trip, ms.
    #[must_use]
    pub fn rtt(&self) -> u64 {
        self.rtt_ms.load(Ordering::Relaxed)
    }

    /// Notes that news of a game were written so late.
    pub fn delivered(&self, game: GameId, late_ms: u64) {
        self.delays
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(game, late_ms);
    }

    /// Forgets a game that the session no longer watches.
    pub fn forget(&self, game: GameId) {
        self.delays
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&game);
    }

    /// What the relay measures as this session's lag in a game: round trip plus its own delay in delivering.
    #[must_use]
    pub fn lag(&self, game: GameId) -> Millis {
        let delays = self.delays.lock().unwrap_or_else(PoisonError::into_inner);
        Millis::new(
            self.rtt()
                .saturating_add(delays.get(&game).copied().unwrap_or(0)),
        )
    }

    /// Ends the session with a `Bye`; only the first reason counts.
    pub fn cut(&self, code: &'static str, words: impl Into<String>) {
        self.end.cut(code, words);
    }

    /// Whether the session is to end.
    #[must_use]
    pub fn end(&self) -> &End {
        &self.end
    }

    /// Resolves once the session is to end.
    pub async fn cut_off(&self) {
        self.end.reached().await;
    }

    /// Why the session ends, if somebody decided that it should.
    #[must_use]
    pub fn why_cut(&self) -> Option<Cut> {
        self.end.why()
    }

    /// Notes a misdeed; the session's own task counts it.
    pub fn misdeed(&self, misdeed: Misdeed) {
        if !self.is_relay {
            self.metrics.misdeed(misdeed);
            self.points.fetch_add(misdeed.points(), Ordering::Relaxed);
        }
    }

    /// Takes out the points that nobody has counted yet.
    #[must_use]
    pub fn take_points(&self) -> u64 {
        self.points.swap(0, Ordering::Relaxed)
    }

    /// Has refusals say from now on what comes next, or no more.
    pub fn warn(&self, is_warned: bool) {
        self.is_warned.store(is_warned, Ordering::Relaxed);
    }

    /// Requests that were refused so far.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }
}

/// Where frames for a session go in.
#[derive(Debug, Clone)]
pub struct Outbox {
    queue: queue::Sender<Out>,
    info: Arc<SessionInfo>,
}

impl Outbox {
    /// A queue of `frames` for a session.
    #[must_use]
    pub fn new(
        id: SessionId,
        peer: PeerId,
        is_relay: bool,
        frames: usize,
        metrics: Arc<Metrics>,
    ) -> (Self, Outlet<Out>) {
        let (queue, out) = queue::channel(frames);
        let info = Arc::new(SessionInfo {
            id,
            peer,
            is_relay,
            player: OnceLock::new(),
            rtt_ms: AtomicU64::new(0),
            delays: Mutex::default(),
            end: End::default(),
            refusals: AtomicU64::new(0),
            points: AtomicU64::new(0),
            is_warned: AtomicBool::new(false),
            metrics,
        });
        (Self { queue, info }, out)
    }

    /// The session.
    #[must_use]
    pub fn info(&self) -> &Arc<SessionInfo> {
        &self.info
    }

    /// Sends one frame. A session whose queue is full is cut off.
    pub fn push(&self, push: &Push) {
        self.send(Out {
            bytes: wire::frame(push).into(),
            news: None,
        });
    }

    /// Sends a frame that is encoded already.
    pub fn send(&self, out: Out) {
        self.queue.send(out, &self.info.end);
    }
}

/// What the refusals of who is warned say besides.
const WARNING: &str = " Too many of your requests had to be refused: if that goes on you are slowed down, then kept out for a while.";

/// Carries the answer to one request back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Whose request it was.
    pub outbox: Outbox,
    /// Which one.
    pub id: RequestId,
}

/// A request that is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The stable code.
    pub code: String,
    /// One sentence for a person.
    pub words: String,
    /// Where the relay's chain stands.
    pub head: Option<Head>,
    /// What shows that the refusal is right.
    pub item: Option<Item>,
    /// When to try again, ms from now.
    pub retry_ms: Option<Millis>,
}

impl Refused {
    /// A refusal with nothing but its code and words.
    #[must_use]
    pub fn new(code: &str, words: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            words: words.into(),
            head: None,
            item: None,
            retry_ms: None,
        }
    }

    /// The same, to be tried again after `ms`.
    #[must_use]
    pub fn retry(code: &str, words: impl Into<String>, ms: u64) -> Self {
        Self {
            retry_ms: Some(Millis::new(ms)),
            ..Self::new(code, words)
        }
    }

    /// What the ledger refused, with the head and, where it shows why, the item.
    #[must_use]
    pub fn ledger(refusal: &Refusal, game: Option<&Game>) -> Self {
        let head = game.map(|game| {
            let line = &game.state().line;
            Head {
                hash: line.head(),
                height: line.height(),
            }
        });
        let item = match (refusal, game) {
            (Refusal::SeatTaken { seat }, Some(game)) => game
                .record(*seat)
                .map(|entry| Item::Record(entry.signed.clone())),
            _ => None,
        };
        let words = sentence(&refusal.to_string());
        Self {
            code: refusal.code().into(),
            words,
            head,
            item,
            retry_ms: None,
        }
    }

    /// The log cannot take it now.
    #[must_use]
    pub fn log(error: &crate::order_log::AppendError) -> Self {
        match error {
            crate::order_log::AppendError::DiskFull => Self::retry(
                "log-full",
                "The relay's disk is full; nothing is lost, try again later.",
                2_000,
            ),
            _ => Self::retry(
                "log-unavailable",
                "The relay cannot write just now; try again shortly.",
                1_000,
            ),
        }
    }
}

impl Refused {
    /// What is said where a game's sequencer did not carry a submission out; `game` as it is known here.
    #[must_use]
    pub fn by(reply: &Reply, game: Option<&Game>) -> Option<Self> {
        let log_unavailable = |words: &str, ms| Self::retry("log-unavailable", words, ms);
        Some(match reply {
            Reply::Done => return None,
            Reply::Refused(refusal) => {
                Self::ledger(refusal, game.filter(|_| *refusal != Refusal::WrongGame))
            }
            Reply::Failed(error) => Self::log(error),
            Reply::ClockBehind(behind) => {
                let words = "The relay's clock is behind its own log; it orders no clocked games until that is past.";
                Self::retry("clock-behind", words, behind.get())
            }
            Reply::Contended => {
                log_unavailable("Another relay orders this game too; try again.", 500)
            }
            Reply::NoHome => {
                let words = "The relay that orders this game cannot be reached from here.";
                Self::retry("no-home", words, 1_000)
            }
            Reply::Unknown => Self::unknown_game(),
            Reply::Busy => log_unavailable("The relay is at work on this game; try again.", 500),
        })
    }

    /// What is said of a game that the host had forgotten.
    #[must_use]
    pub fn forgotten() -> Self {
        let words = "The host of this relay has removed this game and takes it no more.";
        Self::new("forgotten", words)
    }

    /// What is said of a game that is not here.
    #[must_use]
    pub fn unknown_game() -> Self {
        Self::new("unknown-game", "This relay does not know the game.")
    }
}

/// Makes an error text a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|first| first.to_uppercase().collect::<String>())
        .unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

impl Answer {
    /// The request was carried out.
    pub fn done(&self) {
        self.outbox.push(&Push::Done { id: self.id });
    }

    /// The request was not carried out.
    pub fn refused(&self, refused: Refused) {
        let Refused {
            code,
            mut words,
            head,
            item,
            retry_ms,
        } = refused;
        let info = &self.outbox.info;
        info.metrics.refused(&code);
        // A game that is brought to a standby is kept there, whatever cannot be ordered yet.
        if code != "no-home" {
            info.refusals.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(misdeed) = Misdeed::of_refusal(&code) {
            info.misdeed(misdeed);
        }
        if info.is_warned.load(Ordering::Relaxed) {
            words.push_str(WARNING);
        }
        self.outbox.push(&Push::Refused {
            id: self.id,
            code,
            words,
            head,
            item,
            retry_ms,
        });
    }
}

//! One board of the load: two players, and on some boards somebody who watches, at game after game, each move at the
//! moment at which it is due.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use rookery_ledger::id::{GameId, Hash, Millis};
use rookery_ledger::record::{
    Clock as Terms, Genesis, Item, Join, Move, Record, Seat as Seating, Signed,
};
use rookery_ledger::sign::{Keypair, creator_draws_white};
use rookery_ledger::wire::Token;
use tokio::sync::{Semaphore, watch};

use super::crowd::Opening;
use super::figures::{Figures, LATE};
use super::line::{Clock, Frame, Line};
use super::oracle::History;
use super::oracle::cbor::Malformed;
use super::random::Random;
use super::script::{End, Script};
use super::seat::{Asked, Heard, Seat, retry_after};
use crate::client::{ClientError, new_key, new_nonce};

/// How long one answer may take, a restart of the relay included.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a board tries to reach a relay that is gone.
const GIVE_UP: Duration = Duration::from_secs(60);
/// A first move is due at the latest this long after the Seat: after 30 s the game would end without result.
const FIRST_MOVE: Duration = Duration::from_secs(20);

/// A board stops before its time.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The relay refused what it had to take.
    #[error("refused with {0}")]
    Refused(String),
    /// No answer within [`PATIENCE`].
    #[error("no answer")]
    Silence,
}

/// What all boards of a generator share.
pub(super) struct Shared {
    /// The relays' addresses, which change where one is started again.
    pub(super) relays: watch::Receiver<Vec<Multiaddr>>,
    /// So many handshakes at once.
    pub(super) handshakes: Semaphore,
    pub(super) clock: Clock,
    pub(super) terms: Terms,
    /// What opens the relays, where they are private.
    pub(super) token: Option<Token>,
    figures: Mutex<Figures>,
}

impl Shared {
    pub(super) fn new(
        relays: watch::Receiver<Vec<Multiaddr>>,
        handshakes: usize,
        terms: Terms,
        token: Option<Token>,
    ) -> Self {
        Self {
            relays,
            handshakes: Semaphore::new(handshakes),
            clock: Clock::read(),
            terms,
            token,
            figures: Mutex::default(),
        }
    }

    pub(super) fn count(&self, count: impl FnOnce(&mut Figures)) {
        // Nothing panics while it holds the lock, and counts are whole after every step.
        count(&mut self.figures.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn take_figures(&self) -> Figures {
        let mut figures = Figures::default();
        self.count(|counted| std::mem::swap(counted, &mut figures));
        figures
    }

    /// Counts somebody who could not go on.
    pub(super) fn stopped(&self, why: &str) {
        self.count(|figures| *figures.stopped.entry(why.to_owned()).or_default() += 1);
    }

    /// Counts a refusal.
    pub(super) fn refused(&self, code: &str) {
        self.count(|figures| *figures.refused.entry(code.to_owned()).or_default() += 1);
    }

    /// Opens a session with relay `relay`, when it is this one's turn.
    pub(super) async fn open(
        &self,
        relay: usize,
        source: Ipv4Addr,
        key: Option<&Keypair>,
    ) -> Result<Line, ClientError> {
        // Nobody closes it.
        let _permit = self.handshakes.acquire().await;
        let address = self.relays.borrow().get(relay).cloned();
        let address = address.ok_or(ClientError::Unexpected("a relay of the plan"))?;
        Line::open(&address, source, key, self.token.as_ref()).await
    }
}

/// When moves are counted, and when the last one is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) from: Instant,
    pub(super) to: Instant,
}

/// What is particular to a board.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// Which relay it plays at.
    pub(super) relay: usize,
    /// How long its players think in the mean; none: not at all.
    pub(super) think: Option<Duration>,
    /// Where its first game is one that all can name, a long one.
    pub(super) opening: Option<Opening>,
}

/// A board.
pub(super) struct Board {
    shared: Arc<Shared>,
    setting: Setting,
    random: Random,
    /// The creator, the joiner, and who watches.
    seats: Vec<Seat>,
    /// The first wish to sit that reached the creator.
    wish: Option<Signed<Join>>,
    sent: BTreeMap<[u8; 32], u64>,
    histories: Vec<History>,
}

impl Board {
    /// Connects its players, and one more who watches where `sources` has a third address.
    pub(super) async fn open(
        shared: Arc<Shared>,
        setting: Setting,
        random: Random,
        sources: &[Ipv4Addr],
    ) -> Result<Self, ClientError> {
        let mut seats = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            let key = match &setting.opening {
                Some(opening) if number == 0 => Some(opening.key.clone()),
                _ => (number < 2).then(new_key).transpose()?,
            };
            let line = shared.open(setting.relay, *source, key.as_ref()).await?;
            seats.push(Seat::new(key, *source, line));
        }
        Ok(Self {
            shared,
            setting,
            random,
            seats,
            wish: None,
            sent: BTreeMap::new(),
            histories: Vec::new(),
        })
    }

    /// Plays from `start` to the end of the window, the first move of all at `first` where that is given. What was seen is
    /// there also of a board that had to stop.
    pub(super) async fn run(
        mut self,
        start: Instant,
        mut first: Option<Instant>,
        window: Window,
    ) -> Vec<History> {
        tokio::time::sleep_until(start.into()).await;
        while Instant::now() < window.to {
            let played = self.game(first.take(), window).await;
            self.keep();
            match played {
                Ok(true) => {}
                Ok(false) => break,
                Err(stop) => {
                    self.shared.stopped(&stop.to_string());
                    break;
                }
            }
        }
        self.histories
    }

    /// Puts the game aside for the oracle.
    fn keep(&mut self) {
        let game = self.seats[0].game;
        if game == GameId::NONE {
            return;
        }
        let home = self.seats[0].line.order.0;
        let mut acknowledged: Vec<[u8; 32]> = Vec::new();
        for seat in &self.seats {
            acknowledged.extend(seat.acknowledged.iter().map(|hash| hash.0));
        }
        let names = ["the creator", "the joiner", "who watched"];
        let seats = names.into_iter().zip(&mut self.seats);
        let live = seats
            .map(|(name, seat)| (name, seat.turn_to(GameId::NONE)))
            .filter(|(_, copy)| !copy.frames.is_empty())
            .collect();
        self.histories.push(History {
            game: game.0,
            home,
            live,
            afterwards: Default::default(),
            acknowledged,
            sent: std::mem::take(&mut self.sent),
        });
    }

    /// Plays a game; false where the window ended before it did.
    async fn game(&mut self, first: Option<Instant>, window: Window) -> Result<bool, Stop> {
        let is_long = self.setting.opening.is_some();
        let white = self.sit_down().await?;
        let script = if is_long {
            Script::long(&mut self.random)
        } else {
            Script::draw(&mut self.random)
        };
        let mut due = Instant::now();
        for (ply, uci) in script.moves.iter().enumerate() {
            due = match first {
                Some(first) if ply == 0 => first,
                _ => self.next_due(due, ply),
            };
            if due >= window.to {
                return Ok(false);
            }
            let offer = ply + 1 == script.moves.len() && script.end == End::Agreement;
            let mover = (white + ply) % 2;
            self.wait_until(due).await?;
            let since = self.seats[mover].view.head_at;
            let record = Record::Move(Move {
                at: self.seats[mover].place(),
                uci: uci.clone(),
                think_ms: millis(since.elapsed()),
                offer,
            });
            self.order(mover, record, due, window).await?;
        }
        let mover = (white + script.moves.len()) % 2;
        let place = self.seats[mover].place();
        let last = match script.end {
            End::OnTheBoard => None,
            End::Resignation => Some(Record::Resign(place)),
            End::Agreement => Some(Record::Draw(place)),
        };
        if let Some(record) = last {
            due = self.next_due(due, script.moves.len());
            if due >= window.to {
                return Ok(false);
            }
            self.wait_until(due).await?;
            self.order(mover, record, due, window).await?;
        }
        self.shared.count(|figures| figures.finished += 1);
        for seat in &self.seats {
            seat.leave().await;
        }
        Ok(true)
    }

    /// When the record after `ply` others is due: a while after the one before was due, whenever that got through. Without
    /// a pace it is due when it can be made.
    fn next_due(&mut self, before: Instant, ply: usize) -> Instant {
        match self.setting.think {
            None => Instant::now(),
            Some(mean) if ply < 2 => before + self.random.think(mean).min(FIRST_MOVE),
            Some(mean) => before + self.random.think(mean),
        }
    }

    /// Has a record ordered, waits until everybody at the board has its receipt, and counts the delays of those that were
    /// due within the window.
    async fn order(
        &mut self,
        mover: usize,
        record: Record,
        due: Instant,
        window: Window,
    ) -> Result<(), Stop> {
        let (hash, sent) = self.sign_and_send(mover, record).await?;
        self.until(|board| board.seats.iter().all(|seat| seat.view.head == hash))
            .await?;
        if due < window.from || due >= window.to {
            return Ok(());
        }
        let [own, opponent] = [mover, 1 - mover].map(|seat| self.seats[seat].view.head_at);
        self.shared.count(|figures| {
            figures.moves += 1;
            figures.sent_to_receipt.record(own - sent);
            figures.due_to_receipt.record(own - due);
            figures.sent_to_opponent.record(opponent - sent);
            figures.due_to_opponent.record(opponent - due);
            figures.late += u64::from(opponent - due > LATE);
        });
        Ok(())
    }

    async fn sign_and_send(&mut self, who: usize, record: Record) -> Result<(Hash, Instant), Stop> {
        let seat = &mut self.seats[who];
        let key = seat
            .key
            .as_ref()
            .ok_or(ClientError::Unexpected("a player's key"))?;
        let signed = key.sign(seat.game, record);
        let hash = signed.hash();
        let now = Instant::now();
        self.sent.insert(hash.0, self.shared.clock.ms(now));
        seat.submit(hash, Item::Record(signed)).await;
        Ok((hash, now))
    }

    /// A new game with both players seated; says which seat has White.
    async fn sit_down(&mut self) -> Result<usize, Stop> {
        let begun = Instant::now();
        let keys: Vec<Keypair> = self
            .seats
            .iter()
            .filter_map(|seat| seat.key.clone())
            .collect();
        let [creator, joiner] = keys.as_slice() else {
            return Err(ClientError::Unexpected("two players").into());
        };
        let opening = match self.setting.opening.take() {
            Some(opening) => opening,
            None => Opening::drawn(creator.clone())?,
        };
        let (secret, wish) = (opening.secret(), new_nonce()?);
        let genesis: Genesis = opening.genesis(self.shared.terms, self.seats[0].line.order);
        let game = genesis.id();
        for seat in &mut self.seats {
            seat.turn_to(game);
        }
        self.wish = None;
        self.sent.clear();
        self.sent
            .insert(game.0, self.shared.clock.ms(Instant::now()));
        let signed: Signed<Genesis> = creator.sign(game, genesis);
        self.seats[0]
            .submit(game.as_hash(), Item::Genesis(signed))
            .await;
        self.until(|board| board.seats[0].acknowledged.contains(&game.as_hash()))
            .await?;
        self.shared.count(|figures| figures.games += 1);
        for seat in &mut self.seats {
            seat.follow().await;
        }
        self.until(|board| board.seats.iter().all(|seat| seat.view.receipt.is_some()))
            .await?;
        let join = Join {
            player: joiner.player(),
            nonce: wish,
        };
        self.seats[1].join(joiner.sign(game, join)).await;
        self.until(|board| board.wish.is_some()).await?;
        if let Some(join) = self.wish.clone() {
            let seating = Seating {
                at: self.seats[0].place(),
                join,
                reveal: Some(secret),
            };
            self.sign_and_send(0, Record::Seat(seating)).await?;
        }
        self.until(|board| board.seats.iter().all(|seat| seat.view.height == 1))
            .await?;
        self.shared
            .count(|figures| figures.seated.record(begun.elapsed()));
        Ok(usize::from(!creator_draws_white(secret, wish)))
    }

    /// Takes frames in until the board is as wanted.
    async fn until(&mut self, wanted: impl Fn(&Self) -> bool) -> Result<(), Stop> {
        while !wanted(self) {
            let next = tokio::time::timeout(PATIENCE, self.next()).await;
            let (seat, frame) = next.map_err(|_| Stop::Silence)?;
            self.hear(seat, frame).await?;
        }
        Ok(())
    }

    /// Takes frames in until a moment.
    async fn wait_until(&mut self, moment: Instant) -> Result<(), Stop> {
        while let Ok((seat, frame)) = tokio::time::timeout_at(moment.into(), self.next()).await {
            self.hear(seat, frame).await?;
        }
        Ok(())
    }

    /// The next frame of any seat; none where its session has ended.
    async fn next(&mut self) -> (usize, Option<Frame>) {
        poll_fn(|context| {
            for (number, seat) in self.seats.iter_mut().enumerate() {
                if let Poll::Ready(frame) = seat.line.inbox.poll_recv(context) {
                    return Poll::Ready((number, frame));
                }
            }
            Poll::Pending
        })
        .await
    }

    async fn hear(&mut self, number: usize, frame: Option<Frame>) -> Result<(), Stop> {
        let Some(frame) = frame else {
            return self.reconnect(number).await;
        };
        let clock = self.shared.clock;
        match self.seats[number].hear(frame, &clock)? {
            Heard::Nothing => {}
            // The creator seats the first who wishes.
            Heard::Wish(wish) => {
                if number == 0 && self.seats[0].view.height == 0 {
                    self.wish.get_or_insert(wish);
                }
            }
            Heard::Refused {
                asked,
                code,
                retry_ms,
            } => self.refused(number, asked, code, retry_ms).await?,
        }
        Ok(())
    }

    async fn refused(
        &mut self,
        number: usize,
        asked: Asked,
        code: String,
        retry_ms: Option<u64>,
    ) -> Result<(), Stop> {
        self.shared.refused(&code);
        let wait = match code.as_str() {
            // The wish is kept and reaches the creator when it is back.
            "creator-away" => return Ok(()),
            // The creator seated somebody meanwhile, which the items tell.
            "seat-taken" if asked == Asked::Join => return Ok(()),
            _ => retry_after(&code, retry_ms).ok_or(Stop::Refused(code))?,
        };
        tokio::time::sleep(wait).await;
        self.seats[number].again(asked).await;
        Ok(())
    }

    async fn reconnect(&mut self, number: usize) -> Result<(), Stop> {
        let (relay, seat) = (self.setting.relay, &mut self.seats[number]);
        Ok(reconnect(seat, relay, &self.shared, &mut self.random).await?)
    }
}

/// Opens a seat's session again with growing waits, as a page does, and goes on.
pub(super) async fn reconnect(
    seat: &mut Seat,
    relay: usize,
    shared: &Shared,
    random: &mut Random,
) -> Result<(), ClientError> {
    shared.count(|figures| figures.reconnects += 1);
    let give_up = Instant::now() + GIVE_UP;
    let mut wait = Duration::from_millis(50);
    loop {
        // Spread, so that not all come back at one moment.
        tokio::time::sleep(wait.mul_f64(0.5 + random.unit())).await;
        wait = (wait * 2).min(Duration::from_secs(2));
        match shared.open(relay, seat.source, seat.key.as_ref()).await {
            Ok(line) => {
                seat.resume(line).await;
                return Ok(());
            }
            Err(error) if Instant::now() >= give_up => return Err(error),
            Err(_) => {}
        }
    }
}

fn millis(time: Duration) -> Millis {
    Millis::new(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

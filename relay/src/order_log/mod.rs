//! The one seam for storage: each game's receipts in order, with the records that they receipt. What an entry means is
//! the sequencer's business; here it is bytes with a place.

pub mod memory;
pub mod redb;

mod request;

use futures::future::BoxFuture;
use rookery_ledger::id::{GameId, Millis, OrderKey};

use crate::sync::{broadcast, watch};

pub use memory::MemoryLog;
pub use redb::{GivenUp, RedbLog, decode_entry, encode_entry};
pub use request::{Request, Response};

/// One chain of receipts: a game has one for each order key that ever signed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId {
    /// The game.
    pub game: GameId,
    /// Whose receipts these are.
    pub order_key: OrderKey,
}

/// A place in a chain as this log counts it; zero is before the first entry.
///
/// Opaque to callers: it goes up with each entry, but need not go up by one in every implementation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(pub u64);

impl Position {
    /// The place before the first entry.
    pub const START: Self = Self(0);
}

/// One entry of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The receipt's epoch.
    pub epoch: u64,
    /// The receipt's place in its epoch.
    pub seq: u64,
    /// The receipt: unsigned bytes where this relay signs it, since signing adds nothing that could be lost.
    pub receipt: Vec<u8>,
    /// The signed record that it receipts, if it receipts one.
    pub item: Option<Vec<u8>>,
}

/// Entries to be added to one chain: all of them or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// Where to.
    pub chain: ChainId,
    /// The position of the chain's last entry as the caller knows it; anything else is refused.
    pub expected: Position,
    /// The signed genesis, to be kept with the game when the game is new to this log.
    pub genesis: Option<Vec<u8>>,
    /// What to add, in order; may be empty where only `genesis` or `open` is meant.
    pub entries: Vec<Entry>,
    /// Whether the game now counts as one that goes on; `None` leaves that as it is.
    pub open: Option<bool>,
}

/// A game as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGame {
    /// The signed genesis.
    pub genesis: Vec<u8>,
    /// Every chain of the game with the position of its last entry, by order key.
    pub chains: Vec<(OrderKey, Position)>,
    /// Whether the game counts as one that goes on.
    pub open: bool,
}

/// Said to watchers after a durable commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The chain that grew.
    pub chain: ChainId,
    /// The position of its last entry now.
    pub head: Position,
}

/// What the log can do right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// Appends are taken and answered promptly.
    #[default]
    Ready,
    /// Appends are taken, but the queue is long or the disk is slow.
    Busy,
    /// The disk is full: appends are refused until there is room. Reads go on.
    Full,
    /// The log cannot be written, and perhaps not be read.
    Down,
}

impl Health {
    /// Every state, the best first.
    pub const ALL: [Self; 4] = [Self::Ready, Self::Busy, Self::Full, Self::Down];

    /// A word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Busy => "busy",
            Self::Full => "full",
            Self::Down => "down",
        }
    }
}

/// What the log counted since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Durable commits.
    pub commits: u64,
    /// Appends that were acknowledged.
    pub appends: u64,
    /// Commits that failed.
    pub failures: u64,
}

/// Why an append did not (or perhaps did) happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The chain's last entry is another one; nothing was written.
    #[error("the chain's head is {actual:?}")]
    Conflict {
        /// Where the chain ends.
        actual: Position,
    },
    /// The disk is full. Not acknowledged; read the tail before trying again.
    #[error("the disk that holds the log is full")]
    DiskFull,
    /// The log failed or was closed. Whether the entries are in it is unknown: read the tail and compare.
    #[error("the log is not available: {0}")]
    Unavailable(String),
}

/// Why a read gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The log is closed or is being opened again after a failure; try again shortly.
    #[error("the log is not available: {0}")]
    Unavailable(String),
    /// What is stored is not what this version writes.
    #[error("the log holds something that this version cannot read: {0}")]
    Corrupt(String),
}

/// Which games to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those that go on.
    Open,
    /// Those that need no clock to be watched and are not archived: an end came, or they have no clock.
    Resting,
}

/// How many games a log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stock {
    /// Those that are not archived.
    pub live: u64,
    /// Those that are.
    pub archived: u64,
}

/// Storage for the order of games.
///
/// An append is durable when its future resolves to `Ok`, and visible to reads by then. Appends to one chain by one
/// caller that waits for each are in order; of two that expect the same head at most one succeeds.
pub trait OrderLog: Send + Sync + 'static {
    /// Adds entries to a chain if its head is the expected one, and resolves when they are durable.
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Position, AppendError>>;

    /// At most `limit` entries of a chain after `after`, in order.
    fn read(
        &self,
        chain: ChainId,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(Position, Entry)>, ReadError>>;

    /// A game's genesis and chains, or `None` for a game that is not here.
    fn game(&self, game: GameId) -> BoxFuture<'_, Result<Option<StoredGame>, ReadError>>;

    /// At most `limit` games with names above `after`, in the order of their names.
    fn games(
        &self,
        which: Which,
        after: Option<GameId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<GameId>, ReadError>>;

    /// Notes that `relay` (any name, the same after a restart) was alive and able to order at `at`. Never waits; a mark
    /// may be lost while the log is in trouble.
    fn mark_alive(&self, relay: &str, at: Millis);

    /// The newest durable mark of `relay`.
    fn alive_mark(&self, relay: &str) -> BoxFuture<'_, Result<Option<Millis>, ReadError>>;

    /// A small value kept with the log, such as the order key that it was written under.
    fn meta(&self, key: &str) -> BoxFuture<'_, Result<Option<Vec<u8>>, ReadError>>;

    /// Keeps a small value with the log, durably.
    fn set_meta(&self, key: &str, value: Vec<u8>) -> BoxFuture<'_, Result<(), AppendError>>;

    /// Forgets a game for good: resolves when its entries are gone and a note is durable that it was forgotten at `at`, behind
    /// which it can never be new here again. Otherwise its key could sign a second order of it.
    fn forget(&self, game: GameId, at: Millis) -> BoxFuture<'_, Result<(), AppendError>>;

    /// Moves games that do not go on into the archive, each in one atomic step, and resolves when that is durable: how many
    /// were moved. Nobody can tell by any other call: an archived game is read as before, and an append brings it back.
    fn archive(&self, games: Vec<GameId>) -> BoxFuture<'_, Result<u64, AppendError>>;

    /// How many games there are.
    fn stock(&self) -> BoxFuture<'_, Result<Stock, ReadError>>;

    /// The games that were forgotten.
    fn forgotten(&self) -> BoxFuture<'_, Result<Vec<GameId>, ReadError>>;

    /// Durable commits from now on. A receiver that falls behind must read the chains it follows again.
    fn watch(&self) -> broadcast::Receiver<Committed>;

    /// What the log can do, now and as it changes.
    fn health(&self) -> watch::Receiver<Health>;

    /// What was counted since the log was opened.
    fn counters(&self) -> Counts;

    /// Takes no more appends, and resolves when those already taken are answered and the file is closed.
    fn close(&self) -> BoxFuture<'_, ()>;
}

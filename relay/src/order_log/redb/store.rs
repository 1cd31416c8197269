//! The store under the embedded log: one redb file, in which a batch of writes is one durable transaction. Everything
//! here waits for the disk; there are no threads and no queues.

use std::io;

use redb::{
    Builder, Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _, StorageBackend,
};
use rookery_ledger::id::{GameId, Millis, OrderKey};
use rookery_ledger::mutant::Mutant;

use super::group_commit::CommitStore;
use super::high_water::{Found, HighWater, MarkStorage, Stale};
use super::rows::{
    ENTRIES, GAMES, HEADS, META, OPEN, OWNER_KEY, alive_key, chain_key, encode_entry, entry_key,
    forgotten_key, given_up_key, own_key,
};
use super::{Append, AppendError, ChainId, Position};
use crate::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(super) const FORMAT_KEY: &str = "format";
const FORMAT: &[u8] = b"rookery-log/1";
/// Counts commits for ever.
const COMMITS_KEY: &str = "commits";
/// Pages kept in memory, bytes. Only replays and restarts read; a running game is in its task's memory.
const CACHE_BYTES: usize = 32 << 20;

/// Opens the database anew: at the start and after every I/O error, since redb refuses all work after one.
type Opener = Box<dyn Fn() -> Result<Database, redb::DatabaseError> + Send + Sync>;

/// One of the writes that share a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Entries for a chain, if it ends where they expect it.
    Append(Append),
    /// A small value kept with the log.
    SetMeta(String, Vec<u8>),
    /// The relay of this name was alive at this time.
    Mark(String, Millis),
    /// A game is forgotten at this time: its rows go, and a note stays that it may never be new here again.
    Forget(GameId, Millis),
}

/// The log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened or repaired.
    #[error("cannot open the log: {0}")]
    Database(#[from] Box<redb::Error>),
    /// The file is a log of another version.
    #[error("the log has format {found:?}; this version reads only \"rookery-log/1\"")]
    Format {
        /// The format that it names.
        found: String,
    },
    /// The log must not go on under this order key.
    #[error(
        "the log was restored from a backup or cut short: {0}. It must not go on under its old order key"
    )]
    RolledBack(#[source] Stale),
    /// The mark beside the log cannot be kept.
    #[error("cannot keep the mark beside the log: {0}")]
    Mark(#[source] io::Error),
    /// No thread for the writer.
    #[error("cannot start the log's writer: {0}")]
    Thread(#[from] io::Error),
}

/// The database, if it is open.
pub(super) struct Held {
    /// `None` while the file cannot be opened, and once it is closed.
    pub(super) database: Option<Database>,
    /// Whether it is closed for good.
    closed: bool,
    /// How often it was opened or closed.
    pub(super) opened: u64,
}

/// The store. Of its callers one at a time may write, any number may read.
pub struct Store {
    opener: Opener,
    pub(super) held: RwLock<Held>,
    mark: Option<HighWater>,
    /// The order key under which the log was written before, if that was another one.
    pub(super) former_owner: Option<OrderKey>,
}

impl Store {
    /// Opens the log on the disk that `disk` gives, or makes it there; `disk` is asked again after every I/O error.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where the file cannot be opened, is open elsewhere or is of another format.
    pub fn open<D: StorageBackend>(
        disk: impl Fn() -> io::Result<D> + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        let opener = move || {
            let disk = disk().map_err(redb::StorageError::Io)?;
            builder().create_with_backend(disk)
        };
        let database = opener().map_err(|error| Box::new(error.into()))?;
        if let Some(found) = prepare(&database).map_err(Box::new)? {
            return Err(OpenError::Format { found });
        }
        Ok(Self {
            opener: Box::new(opener),
            held: RwLock::new(Held {
                database: Some(database),
                closed: false,
                opened: 0,
            }),
            mark: None,
            former_owner: None,
        })
    }

    /// The same with a mark beside the log, which tells when the log is not the one that was written under `owner`, the
    /// order key under which its entries are signed.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where the mark cannot be kept or the log must not go on under that key.
    pub fn with_mark(
        mut self,
        storage: Box<dyn MarkStorage>,
        owner: OrderKey,
    ) -> Result<Self, OpenError> {
        let found = match &self.locked().database {
            Some(database) => found(database, owner).map_err(Box::new)?,
            None => Found::default(),
        };
        match HighWater::open(storage, owner, found).map_err(OpenError::Mark)? {
            Ok(mark) => self.mark = Some(mark),
            Err(stale) => return Err(OpenError::RolledBack(stale)),
        }
        if found.owner != Some(owner) {
            let given_up = self.given_up().unwrap_or_default();
            let in_order = |former: &OrderKey| given_up.iter().any(|(key, _)| key == former);
            self.former_owner = found.owner.filter(|former| !in_order(former));
            self.set_owner(owner).map_err(Box::new)?;
        }
        Ok(self)
    }

    /// The database, as long as no other is opened in its place.
    pub(super) fn locked(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, opened again if it is not open. After an I/O error that may fail for a while, and nobody may write until
    /// something was read.
    pub(super) fn opened(&self) -> RwLockReadGuard<'_, Held> {
        let held = self.locked();
        if held.database.is_some() || held.closed {
            return held;
        }
        drop(held);
        let mut held = self.write_lock();
        // Another reader, or the writer, may have been faster.
        if held.database.is_none() && !held.closed {
            held.database = (self.opener)().ok();
            held.opened += 1;
        }
        drop(held);
        self.locked()
    }

    fn write_lock(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("mark", &self.mark)
            .finish_non_exhaustive()
    }
}

impl CommitStore for Store {
    fn is_open(&self) -> bool {
        self.locked().database.is_some()
    }

    fn reopen(&self) -> bool {
        let mut held = self.write_lock();
        drop(held.database.take());
        held.opened += 1;
        match (self.opener)() {
            Ok(database) => {
                held.database = Some(database);
                true
            }
            Err(error) => {
                tracing::error!(%error, "the order log cannot be opened again yet");
                false
            }
        }
    }

    fn commit(&self, writes: &[Write]) -> Result<Vec<Result<Position, AppendError>>, AppendError> {
        let held = self.locked();
        let Some(database) = &held.database else {
            return Err(AppendError::Unavailable("the file cannot be opened".into()));
        };
        let (results, commits) = write(database, writes).map_err(|error| classify(&error))?;
        // Before anything is acknowledged: what is acknowledged, the mark knows of.
        if let Some(Err(error)) = self.mark.as_ref().map(|mark| mark.raise(commits)) {
            tracing::warn!(%error, "the mark beside the log is behind");
        }
        Ok(results)
    }

    fn close(&self) {
        let mut held = self.write_lock();
        held.database = None;
        held.closed = true;
        held.opened += 1;
    }
}

pub(super) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// Makes the tables of a new file. Gives the format of an old one where it is another one.
pub(super) fn prepare(database: &Database) -> Result<Option<String>, redb::Error> {
    let found = {
        let tx = database.begin_read()?;
        match tx.open_table(META) {
            Ok(table) => table.get(FORMAT_KEY)?.map(|format| format.value().to_vec()),
            Err(redb::TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(error.into()),
        }
    };
    if let Some(found) = found {
        return Ok((found != FORMAT).then(|| String::from_utf8_lossy(&found).into_owned()));
    }
    let tx = begin(database)?;
    tx.open_table(ENTRIES)?;
    tx.open_table(HEADS)?;
    tx.open_table(GAMES)?;
    tx.open_table(OPEN)?;
    tx.open_table(META)?.insert(FORMAT_KEY, FORMAT)?;
    tx.commit()?;
    Ok(None)
}

/// A write transaction that is on disk when its commit returns, and after which a killed process opens the file at once
/// (a repair would walk the whole file). It costs a second fsync per commit, which the group shares.
pub(super) fn begin(database: &Database) -> Result<redb::WriteTransaction, redb::Error> {
    let mut tx = database.begin_write()?;
    let durability = if Mutant::UNSYNCED.is_on() {
        redb::Durability::None
    } else {
        redb::Durability::Immediate
    };
    tx.set_durability(durability)?;
    tx.set_quick_repair(true);
    Ok(tx)
}

/// What the log says of itself to who opens it under `owner`.
fn found(database: &Database, owner: OrderKey) -> Result<Found, redb::Error> {
    let tx = database.begin_read()?;
    let meta = tx.open_table(META)?;
    let written = meta.get(OWNER_KEY)?;
    Ok(Found {
        commits: commits(&tx)?,
        owner: written.and_then(|key| key.value().try_into().ok().map(OrderKey)),
        given_up: meta.get(given_up_key(owner).as_str())?.is_some(),
    })
}

/// How often the log was committed to.
pub(super) fn commits(tx: &ReadTransaction) -> Result<u64, redb::Error> {
    let count = tx.open_table(META)?.get(COMMITS_KEY)?;
    let count = count.and_then(|count| count.value().try_into().ok());
    Ok(count.map_or(0, u64::from_be_bytes))
}

/// A result for each write, and how many commits there were.
type Committing = (Vec<Result<Position, AppendError>>, u64);

/// Puts the writes into one transaction.
fn write(database: &Database, writes: &[Write]) -> Result<Committing, redb::Error> {
    let tx = begin(database)?;
    let mut results = Vec::with_capacity(writes.len());
    let commits;
    {
        let mut entries = tx.open_table(ENTRIES)?;
        let mut heads = tx.open_table(HEADS)?;
        let mut games = tx.open_table(GAMES)?;
        let mut open = tx.open_table(OPEN)?;
        let mut meta = tx.open_table(META)?;
        let before = meta
            .get(COMMITS_KEY)?
            .and_then(|count| count.value().try_into().ok());
        commits = before.map_or(0, u64::from_be_bytes) + 1;
        meta.insert(COMMITS_KEY, commits.to_be_bytes().as_slice())?;
        for write in writes {
            let result = match write {
                // Only a game that is new here can have been forgotten: of others the entries are there.
                Write::Append(append)
                    if append.genesis.is_some()
                        && meta
                            .get(forgotten_key(append.chain.game).as_str())?
                            .is_some() =>
                {
                    Err(AppendError::Unavailable("the game was forgotten".into()))
                }
                Write::Append(append) => {
                    let chain = chain_key(append.chain);
                    let mut head = heads.get(&chain)?.map_or(0, |head| head.value());
                    if head == append.expected.0 || Mutant::APPENDS_ANYWHERE.is_on() {
                        let last = append.entries.len().saturating_sub(1);
                        for (at, entry) in append.entries.iter().enumerate() {
                            if Mutant::LAST_NOT_APPENDED.is_on() && at > 0 && at == last {
                                continue;
                            }
                            head += 1;
                            entries.insert(
                                &entry_key(append.chain, head),
                                encode_entry(entry).as_slice(),
                            )?;
                        }
                        if !append.entries.is_empty() {
                            heads.insert(&chain, head)?;
                        }
                        let game = append.chain.game.as_bytes();
                        if let Some(genesis) = &append.genesis
                            && games.get(game)?.is_none()
                        {
                            games.insert(game, genesis.as_slice())?;
                        }
                        match append.open {
                            Some(true) => drop(open.insert(game, ())?),
                            Some(false) => drop(open.remove(game)?),
                            None => {}
                        }
                        Ok(Position(head))
                    } else {
                        Err(AppendError::Conflict {
                            actual: Position(head),
                        })
                    }
                }
                Write::SetMeta(key, value) => {
                    meta.insert(own_key(key).as_str(), value.as_slice())?;
                    Ok(Position::START)
                }
                Write::Forget(game, at) => {
                    let [first, last] = [[0; 32], [0xff; 32]].map(|order_key| ChainId {
                        game: *game,
                        order_key: OrderKey(order_key),
                    });
                    let rows = (entry_key(first, 0), entry_key(last, u64::MAX));
                    entries.retain_in::<&[u8; 72], _>(&rows.0..=&rows.1, |_, _| false)?;
                    let chains = (chain_key(first), chain_key(last));
                    heads.retain_in::<&[u8; 64], _>(&chains.0..=&chains.1, |_, _| false)?;
                    games.remove(game.as_bytes())?;
                    open.remove(game.as_bytes())?;
                    let at = at.get().to_be_bytes();
                    meta.insert(forgotten_key(*game).as_str(), at.as_slice())?;
                    Ok(Position::START)
                }
                Write::Mark(relay, at) => {
                    let at = at.get().to_be_bytes();
                    meta.insert(alive_key(relay).as_str(), at.as_slice())?;
                    Ok(Position::START)
                }
            };
            results.push(result);
        }
    }
    tx.commit()?;
    Ok((results, commits))
}

fn classify(error: &redb::Error) -> AppendError {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    match error {
        redb::Error::Io(io) if matches!(io.kind(), StorageFull | QuotaExceeded | FileTooLarge) => {
            AppendError::DiskFull
        }
        other => AppendError::Unavailable(other.to_string()),
    }
}

//! The store under the embedded log: one redb file, in which a batch of writes is one durable transaction. Everything
//! here waits for the disk; there are no threads and no queues.

use std::io;

use redb::{Builder, Database, ReadTransaction, ReadableDatabase as _, StorageBackend};
use rookery_ledger::id::{GameId, Millis, OrderKey};
use rookery_ledger::mutant::Mutant;

use super::group_commit::CommitStore;
use super::high_water::{Found, HighWater, MarkStorage, Stale};
use super::rows::{ARCHIVE, ENTRIES, GAMES, HEADS, META, OPEN, OWNER_KEY, given_up_key};
use super::transaction::{COMMITS_KEY, write};
use super::{Append, AppendError, Position};
use crate::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(super) const FORMAT_KEY: &str = "format";
const FORMAT: &[u8] = b"rookery-log/2";
/// What was written before there was an archive: the same without its table.
pub(super) const FORMAT_1: &[u8] = b"rookery-log/1";
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
    /// A game that does not go on moves into the archive. Its result is position 1 where it did, else 0.
    Archive(GameId),
}

/// The log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened or repaired.
    #[error("cannot open the log: {0}")]
    Database(#[from] Box<redb::Error>),
    /// The file is a log of another version.
    #[error(
        "the log has format {found:?}; this version reads only \"rookery-log/1\" and \"rookery-log/2\""
    )]
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

    /// Gives room in the file that nothing needs back to the disk, a step at a time: broken off at any moment the log is whole.
    ///
    /// # Errors
    ///
    /// The database's.
    pub(super) fn compact(&self) -> Result<(), redb::Error> {
        let mut held = self.write_lock();
        let Some(database) = &mut held.database else {
            return Err(redb::Error::DatabaseClosed);
        };
        while database.compact()? {}
        Ok(())
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

/// Makes the tables of a new file, and those that a file of the version before lacks. Gives the format of a file that this
/// version does not know.
pub(super) fn prepare(database: &Database) -> Result<Option<String>, redb::Error> {
    let found = {
        let tx = database.begin_read()?;
        match tx.open_table(META) {
            Ok(table) => table.get(FORMAT_KEY)?.map(|format| format.value().to_vec()),
            Err(redb::TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(error.into()),
        }
    };
    match found {
        Some(found) if found == FORMAT => return Ok(None),
        Some(found) if found != FORMAT_1 => {
            return Ok(Some(String::from_utf8_lossy(&found).into_owned()));
        }
        _ => {}
    }
    let tx = begin(database)?;
    tx.open_table(ENTRIES)?;
    tx.open_table(HEADS)?;
    tx.open_table(GAMES)?;
    tx.open_table(OPEN)?;
    tx.open_table(ARCHIVE)?;
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

fn classify(error: &redb::Error) -> AppendError {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    match error {
        redb::Error::Io(io) if matches!(io.kind(), StorageFull | QuotaExceeded | FileTooLarge) => {
            AppendError::DiskFull
        }
        other => AppendError::Unavailable(other.to_string()),
    }
}

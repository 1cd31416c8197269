//! The embedded log: one redb file and one writer thread. Appends that wait together share one durable commit, and each
//! is answered only after it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use redb::{Builder, Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _};
use rookery_ledger::id::{GameId, Millis, OrderKey};
use rookery_ledger::mutant::Mutant;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::backend::PreallocatedFile;
use super::high_water::HighWater;
use super::rows::{
    ENTRIES, GAMES, HEADS, META, OPEN, chain_key, decode_entry, encode_entry, entry_key,
};
use super::{
    Append, AppendError, ChainId, Committed, Counts, Entry, Health, OrderLog, Position, ReadError,
    StoredGame, Which,
};

const FORMAT_KEY: &str = "format";
const FORMAT: &[u8] = b"rookery-log/1";
/// Counts commits for ever.
const COMMITS_KEY: &str = "commits";

/// Jobs that may wait for the writer; beyond them callers wait at the door. 4096 moves are a third of a second of the
/// most that one core can check (9.1k signatures a second), so a longer queue would only be a longer wait.
const QUEUE: usize = 4096;
/// Jobs that share one commit at most, so that none waits for an endless batch.
const BATCH: usize = 1024;
/// Pages kept in memory, bytes. Only replays and restarts read; a running game is in its task's memory.
const CACHE_BYTES: usize = 32 << 20;
/// After a failed commit the next attempt waits this long, lest a full disk be hammered.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// A commit slower than this makes the log count as busy.
const SLOW_COMMIT: Duration = Duration::from_secs(1);
/// Commits that a watcher may be behind before it must read again.
const WATCH_BACKLOG: usize = 4096;

/// Opens the database anew: at the start and after every I/O error, since redb refuses all work after one.
type Opener = Box<dyn Fn() -> Result<Database, redb::DatabaseError> + Send>;

enum Job {
    Append(Append, oneshot::Sender<Result<Position, AppendError>>),
    SetMeta(String, Vec<u8>, oneshot::Sender<Result<(), AppendError>>),
    Mark(String, Millis),
    Close(oneshot::Sender<()>),
}

#[derive(Debug, Default)]
struct Counters {
    commits: AtomicU64,
    appends: AtomicU64,
    failures: AtomicU64,
}

/// What the writer and the readers share.
struct Shared {
    /// `None` while the file cannot be opened.
    database: RwLock<Option<Database>>,
    committed: broadcast::Sender<Committed>,
    counters: Counters,
}

/// An [`OrderLog`] in one file.
pub struct RedbLog {
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
    health: watch::Receiver<Health>,
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
    /// The log is older than what was acknowledged under this order key.
    #[error(
        "the log was restored from a backup or cut short: it was written {found} times, and {known} times before. It \
         must not go on under the old order key. Rename order.key to go on: the relay makes a new one, and open clocked \
         games move to it when their players agree"
    )]
    RolledBack {
        /// Commits in the log.
        found: u64,
        /// Commits that were acknowledged.
        known: u64,
    },
    /// The mark beside the log cannot be kept.
    #[error("cannot keep the mark beside the log: {0}")]
    Mark(#[source] std::io::Error),
    /// No thread for the writer.
    #[error("cannot start the log's writer: {0}")]
    Thread(#[from] std::io::Error),
}

impl RedbLog {
    /// Opens the log in the file `path`, or makes it. `owner` is the order key under which its entries are signed; a
    /// mark beside the file tells when the log is older than what was acknowledged under that key.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where the file cannot be opened, is open elsewhere, is of another format or was rolled back.
    pub fn open(path: impl Into<PathBuf>, owner: OrderKey) -> Result<Self, OpenError> {
        let path = path.into();
        let mark = (path.with_extension("mark"), owner);
        let opener = move || {
            let file = PreallocatedFile::open(&path).map_err(redb::StorageError::Io)?;
            builder().create_with_backend(file)
        };
        Self::open_with(Box::new(opener), Some(mark))
    }

    fn open_with(opener: Opener, mark: Option<(PathBuf, OrderKey)>) -> Result<Self, OpenError> {
        let database = opener().map_err(|error| Box::new(error.into()))?;
        if let Some(found) = prepare(&database).map_err(Box::new)? {
            return Err(OpenError::Format { found });
        }
        let mark = match mark {
            Some((path, owner)) => {
                let found = commits(&database).map_err(Box::new)?;
                match HighWater::open(&path, owner, found).map_err(OpenError::Mark)? {
                    Ok(mark) => Some(mark),
                    Err(known) => return Err(OpenError::RolledBack { found, known }),
                }
            }
            None => None,
        };
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (health_tx, health) = watch::channel(Health::Ready);
        let shared = Arc::new(Shared {
            database: RwLock::new(Some(database)),
            committed: broadcast::Sender::new(WATCH_BACKLOG),
            counters: Counters::default(),
        });
        let writer = Writer {
            shared: shared.clone(),
            opener,
            queue,
            health: health_tx,
            failed: None,
            mark,
        };
        std::thread::Builder::new()
            .name("order-log".into())
            .spawn(move || writer.run())?;
        Ok(Self {
            shared,
            jobs,
            health,
        })
    }

    fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, ReadError>> {
        let shared = self.shared.clone();
        async move {
            let task = tokio::task::spawn_blocking(move || {
                let guard = shared
                    .database
                    .read()
                    .unwrap_or_else(PoisonError::into_inner);
                let database = guard
                    .as_ref()
                    .ok_or_else(|| ReadError::Unavailable("opening again".into()))?;
                let result = database
                    .begin_read()
                    .map_err(redb::Error::from)
                    .and_then(|tx| read(&tx));
                result.map_err(|error| match error {
                    redb::Error::Corrupted(what) => ReadError::Corrupt(what),
                    other => ReadError::Unavailable(other.to_string()),
                })
            });
            task.await
                .unwrap_or_else(|error| Err(ReadError::Unavailable(error.to_string())))
        }
        .boxed()
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// Makes the tables of a new file. Gives the format of an old one where it is another one.
fn prepare(database: &Database) -> Result<Option<String>, redb::Error> {
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
fn begin(database: &Database) -> Result<redb::WriteTransaction, redb::Error> {
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

struct Writer {
    shared: Arc<Shared>,
    opener: Opener,
    queue: mpsc::Receiver<Job>,
    health: watch::Sender<Health>,
    /// The last failure and when it was, until a commit succeeds.
    failed: Option<(Instant, AppendError)>,
    mark: Option<HighWater>,
}

impl Writer {
    fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.queue.blocking_recv_many(&mut batch, BATCH) > 0 {
            let crowded = batch.len() == BATCH;
            let mut closing = Vec::new();
            let mut work = Vec::with_capacity(batch.len());
            for job in batch.drain(..) {
                match job {
                    Job::Close(done) => closing.push(done),
                    job => work.push(job),
                }
            }
            if !closing.is_empty() {
                // Those who are already in the queue are still served.
                self.queue.close();
                while let Ok(job) = self.queue.try_recv() {
                    match job {
                        Job::Close(done) => closing.push(done),
                        job => work.push(job),
                    }
                }
            }
            self.serve(work, crowded);
            if !closing.is_empty() {
                drop(self.write_lock().take());
                for done in closing {
                    let _ = done.send(());
                }
                break;
            }
        }
        drop(self.write_lock().take());
    }

    fn write_lock(&self) -> std::sync::RwLockWriteGuard<'_, Option<Database>> {
        self.shared
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&mut self, work: Vec<Job>, crowded: bool) {
        if work.is_empty() {
            return;
        }
        if let Some((when, error)) = &self.failed
            && when.elapsed() < RETRY_AFTER
        {
            refuse(work, error);
            return;
        }
        let started = Instant::now();
        match self.commit(&work) {
            Ok((results, commits)) => {
                self.failed = None;
                // Before anything is acknowledged: what is acknowledged, the mark knows of.
                if let Some(Err(error)) = self.mark.as_ref().map(|mark| mark.raise(commits)) {
                    tracing::warn!(%error, "the mark beside the log is behind");
                }
                self.shared.counters.commits.fetch_add(1, Ordering::Relaxed);
                let busy = crowded || started.elapsed() > SLOW_COMMIT;
                self.health.send_if_modified(|health| {
                    let now = if busy { Health::Busy } else { Health::Ready };
                    std::mem::replace(health, now) != now
                });
                self.answer(work, results);
            }
            Err(error) => {
                self.shared
                    .counters
                    .failures
                    .fetch_add(1, Ordering::Relaxed);
                let full = error == AppendError::DiskFull;
                if self.failed.is_none() {
                    tracing::error!(%error, "the order log could not commit; nothing was acknowledged");
                }
                self.failed = Some((Instant::now(), error.clone()));
                // After an I/O error redb refuses reads too, so it is opened again at once.
                let reopened = self.reopen();
                self.health.send_replace(if full && reopened {
                    Health::Full
                } else {
                    Health::Down
                });
                refuse(work, &error);
            }
        }
    }

    /// Puts the batch into one transaction. Gives a result for each job, or the error that undid them all.
    fn commit(&mut self, work: &[Job]) -> Result<Committing, AppendError> {
        let missing = self
            .shared
            .database
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none();
        if missing && !self.reopen() {
            return Err(self.failed.take().map_or_else(
                || AppendError::Unavailable("the file cannot be opened".into()),
                |(_, error)| error,
            ));
        }
        let guard = self
            .shared
            .database
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(database) = guard.as_ref() else {
            return Err(AppendError::Unavailable("the file cannot be opened".into()));
        };
        write_batch(database, work).map_err(|error| classify(&error))
    }

    fn answer(&self, work: Vec<Job>, results: Vec<Result<Position, AppendError>>) {
        for (job, result) in work.into_iter().zip(results) {
            match job {
                Job::Append(append, done) => {
                    if let Ok(head) = result {
                        self.shared.counters.appends.fetch_add(1, Ordering::Relaxed);
                        let _ = self.shared.committed.send(Committed {
                            chain: append.chain,
                            head,
                        });
                    }
                    let _ = done.send(result);
                }
                Job::SetMeta(_, _, done) => {
                    let _ = done.send(result.map(|_| ()));
                }
                Job::Mark(..) | Job::Close(_) => {}
            }
        }
    }

    fn reopen(&self) -> bool {
        let mut guard = self.write_lock();
        drop(guard.take());
        match (self.opener)() {
            Ok(database) => {
                *guard = Some(database);
                true
            }
            Err(error) => {
                tracing::error!(%error, "the order log cannot be opened again yet");
                false
            }
        }
    }
}

fn refuse(work: Vec<Job>, error: &AppendError) {
    for job in work {
        match job {
            Job::Append(_, done) => {
                let _ = done.send(Err(error.clone()));
            }
            Job::SetMeta(_, _, done) => {
                let _ = done.send(Err(error.clone()));
            }
            Job::Mark(..) | Job::Close(_) => {}
        }
    }
}

/// A result for each job, and how many commits there were.
type Committing = (Vec<Result<Position, AppendError>>, u64);

/// How often the log was committed to.
fn commits(database: &Database) -> Result<u64, redb::Error> {
    let tx = database.begin_read()?;
    let count = tx.open_table(META)?.get(COMMITS_KEY)?;
    Ok(count
        .and_then(|count| count.value().try_into().ok())
        .map_or(0, u64::from_be_bytes))
}

fn write_batch(database: &Database, work: &[Job]) -> Result<Committing, redb::Error> {
    let tx = begin(database)?;
    let mut results = Vec::with_capacity(work.len());
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
        for job in work {
            let result = match job {
                Job::Append(append, _) => {
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
                Job::SetMeta(key, value, _) => {
                    meta.insert(format!("own:{key}").as_str(), value.as_slice())?;
                    Ok(Position::START)
                }
                Job::Mark(relay, at) => {
                    meta.insert(
                        format!("alive:{relay}").as_str(),
                        at.get().to_be_bytes().as_slice(),
                    )?;
                    Ok(Position::START)
                }
                Job::Close(_) => Ok(Position::START),
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

fn corrupt(what: &str) -> redb::Error {
    redb::Error::Corrupted(what.into())
}

impl OrderLog for RedbLog {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Position, AppendError>> {
        async move {
            let (done, answer) = oneshot::channel();
            let closed = || AppendError::Unavailable("closed".into());
            self.jobs
                .send(Job::Append(append, done))
                .await
                .map_err(|_| closed())?;
            answer.await.map_err(|_| closed())?
        }
        .boxed()
    }

    fn read(
        &self,
        chain: ChainId,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(Position, Entry)>, ReadError>> {
        self.reading(move |tx| {
            let table = tx.open_table(ENTRIES)?;
            let (first, last) = (
                entry_key(chain, after.0.saturating_add(1)),
                entry_key(chain, u64::MAX),
            );
            let mut found = Vec::new();
            for row in table.range::<&[u8; 72]>(&first..=&last)?.take(limit) {
                let (key, value) = row?;
                let position = key
                    .value()
                    .last_chunk::<8>()
                    .map_or(0, |bytes| u64::from_be_bytes(*bytes));
                let entry = decode_entry(value.value()).ok_or_else(|| corrupt("an entry"))?;
                found.push((Position(position), entry));
            }
            Ok(found)
        })
    }

    fn game(&self, game: GameId) -> BoxFuture<'_, Result<Option<StoredGame>, ReadError>> {
        self.reading(move |tx| {
            let Some(genesis) = tx
                .open_table(GAMES)?
                .get(game.as_bytes())?
                .map(|row| row.value().to_vec())
            else {
                return Ok(None);
            };
            let heads = tx.open_table(HEADS)?;
            let first = chain_key(ChainId {
                game,
                order_key: OrderKey([0; 32]),
            });
            let last = chain_key(ChainId {
                game,
                order_key: OrderKey([0xff; 32]),
            });
            let mut chains = Vec::new();
            for row in heads.range::<&[u8; 64]>(&first..=&last)? {
                let (key, head) = row?;
                let order_key = key
                    .value()
                    .last_chunk::<32>()
                    .ok_or_else(|| corrupt("a chain's name"))?;
                chains.push((OrderKey(*order_key), Position(head.value())));
            }
            let open = tx.open_table(OPEN)?.get(game.as_bytes())?.is_some();
            Ok(Some(StoredGame {
                genesis,
                chains,
                open,
            }))
        })
    }

    fn games(
        &self,
        which: Which,
        after: Option<GameId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<GameId>, ReadError>> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.reading(move |tx| {
            let first = after
                .as_ref()
                .map_or(Unbounded, |game| Excluded(game.as_bytes()));
            let range = (first, Unbounded);
            let mut found = Vec::new();
            match which {
                Which::All => {
                    for row in tx.open_table(GAMES)?.range::<&[u8; 32]>(range)?.take(limit) {
                        found.push(GameId(*row?.0.value()));
                    }
                }
                Which::Open => {
                    for row in tx.open_table(OPEN)?.range::<&[u8; 32]>(range)?.take(limit) {
                        found.push(GameId(*row?.0.value()));
                    }
                }
            }
            Ok(found)
        })
    }

    fn mark_alive(&self, relay: &str, at: Millis) {
        // A full queue means that appends are waiting; the next mark will find room.
        let _ = self.jobs.try_send(Job::Mark(relay.into(), at));
    }

    fn alive_mark(&self, relay: &str) -> BoxFuture<'_, Result<Option<Millis>, ReadError>> {
        let key = format!("alive:{relay}");
        self.reading(move |tx| {
            let Some(row) = tx.open_table(META)?.get(key.as_str())? else {
                return Ok(None);
            };
            let bytes = row
                .value()
                .try_into()
                .map_err(|_| corrupt("an alive mark"))?;
            Ok(Some(Millis::new(u64::from_be_bytes(bytes))))
        })
    }

    fn meta(&self, key: &str) -> BoxFuture<'_, Result<Option<Vec<u8>>, ReadError>> {
        let key = format!("own:{key}");
        self.reading(move |tx| {
            Ok(tx
                .open_table(META)?
                .get(key.as_str())?
                .map(|row| row.value().to_vec()))
        })
    }

    fn set_meta(&self, key: &str, value: Vec<u8>) -> BoxFuture<'_, Result<(), AppendError>> {
        let key = key.to_owned();
        async move {
            let (done, answer) = oneshot::channel();
            let closed = || AppendError::Unavailable("closed".into());
            self.jobs
                .send(Job::SetMeta(key, value, done))
                .await
                .map_err(|_| closed())?;
            answer.await.map_err(|_| closed())?
        }
        .boxed()
    }

    fn watch(&self) -> broadcast::Receiver<Committed> {
        self.shared.committed.subscribe()
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    fn counters(&self) -> Counts {
        let counters = &self.shared.counters;
        Counts {
            commits: counters.commits.load(Ordering::Relaxed),
            appends: counters.appends.load(Ordering::Relaxed),
            failures: counters.failures.load(Ordering::Relaxed),
        }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async move {
            let (done, closed) = oneshot::channel();
            if self.jobs.send(Job::Close(done)).await.is_ok() {
                let _ = closed.await;
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests;

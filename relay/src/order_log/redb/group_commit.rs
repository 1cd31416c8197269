//! The group commit: appends that wait together share one durable commit, and each is answered only after it. What a
//! commit is belongs to the store, whose only writer this is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rookery_ledger::id::{GameId, Millis};
use rookery_ledger::mutant::Mutant;

use super::{Append, AppendError, Committed, Counts, Health, Position, Write};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{broadcast, mpsc, oneshot, watch};

/// Commits that a watcher may be behind before it must read again.
const WATCH_BACKLOG: usize = 4096;

/// What the group commit asks of the store that it writes.
pub trait CommitStore: Send + 'static {
    /// Whether the store can be written, as far as is known.
    fn is_open(&self) -> bool;

    /// Opens the store anew: after an error it may refuse all work. Tells whether that went well.
    fn reopen(&self) -> bool;

    /// Makes all of `writes` durable together, and gives a result for each.
    ///
    /// # Errors
    ///
    /// What undid all of them.
    fn commit(&self, writes: &[Write]) -> Result<Vec<Result<Position, AppendError>>, AppendError>;

    /// Closes the store for good.
    fn close(&self);
}

impl<S: CommitStore + Sync> CommitStore for Arc<S> {
    fn is_open(&self) -> bool {
        (**self).is_open()
    }

    fn reopen(&self) -> bool {
        (**self).reopen()
    }

    fn commit(&self, writes: &[Write]) -> Result<Vec<Result<Position, AppendError>>, AppendError> {
        (**self).commit(writes)
    }

    fn close(&self) {
        (**self).close();
    }
}

/// How much waits, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Jobs that may wait for the writer; beyond them callers wait at the door.
    pub queue: usize,
    /// Jobs that share one commit at most, so that none waits for an endless batch. What is in the queue when the log
    /// is closed is one batch.
    pub batch: usize,
    /// After a failed commit the next attempt waits this long, lest a full disk be hammered.
    pub retry_after: Duration,
    /// A commit slower than this makes the log count as busy.
    pub slow_commit: Duration,
}

impl Default for Bounds {
    /// 4096 moves are a third of a second of the most that one core can check (9.1k signatures a second), so a longer
    /// queue would only be a longer wait.
    fn default() -> Self {
        Self {
            queue: 4096,
            batch: 1024,
            retry_after: Duration::from_millis(200),
            slow_commit: Duration::from_secs(1),
        }
    }
}

type Reply = oneshot::Sender<Result<Position, AppendError>>;

#[derive(Debug)]
enum Job {
    /// A write, and who waits for it.
    Write(Write, Option<Reply>),
    Close(oneshot::Sender<()>),
}

#[derive(Debug, Default)]
struct Counters {
    commits: AtomicU64,
    appends: AtomicU64,
    failures: AtomicU64,
}

/// Where callers put their writes, and what they hear of the writer.
#[derive(Debug)]
pub struct GroupCommit {
    jobs: mpsc::Sender<Job>,
    committed: broadcast::Sender<Committed>,
    health: watch::Receiver<Health>,
    counters: Arc<Counters>,
}

impl GroupCommit {
    /// The group commit over `store`, by the monotonic clock `now`, and its writer, which needs a thread of its own.
    pub fn new<S: CommitStore, N: Fn() -> Instant>(
        store: S,
        bounds: Bounds,
        now: N,
    ) -> (Self, Writer<S, N>) {
        let (jobs, queue) = mpsc::channel(bounds.queue.max(1));
        let (health_tx, health) = watch::channel(Health::Ready);
        let committed = broadcast::Sender::new(WATCH_BACKLOG);
        let counters = Arc::new(Counters::default());
        let writer = Writer {
            store,
            bounds,
            now,
            queue,
            committed: committed.clone(),
            health: health_tx,
            counters: counters.clone(),
            failed: None,
        };
        let group = Self {
            jobs,
            committed,
            health,
            counters,
        };
        (group, writer)
    }

    async fn write(&self, write: Write) -> Result<Position, AppendError> {
        let (done, answer) = oneshot::channel();
        let closed = || AppendError::Unavailable("closed".into());
        let job = Job::Write(write, Some(done));
        self.jobs.send(job).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// As [`append`](super::OrderLog::append) of a log.
    ///
    /// # Errors
    ///
    /// [`AppendError`] where the append lost its place, or the store failed or was closed.
    pub async fn append(&self, append: Append) -> Result<Position, AppendError> {
        self.write(Write::Append(append)).await
    }

    /// Keeps a small value, durably.
    ///
    /// # Errors
    ///
    /// [`AppendError`] where the store failed or was closed.
    pub async fn set_meta(&self, key: &str, value: Vec<u8>) -> Result<(), AppendError> {
        self.write(Write::SetMeta(key.into(), value))
            .await
            .map(|_| ())
    }

    /// Forgets a game, durably.
    ///
    /// # Errors
    ///
    /// [`AppendError`] where the store failed or was closed.
    pub async fn forget(&self, game: GameId, at: Millis) -> Result<(), AppendError> {
        self.write(Write::Forget(game, at)).await.map(|_| ())
    }

    /// Moves games into the archive, durably; how many of them it took.
    ///
    /// # Errors
    ///
    /// [`AppendError`] where the store failed or was closed.
    pub async fn archive(&self, games: Vec<GameId>) -> Result<u64, AppendError> {
        let all = games
            .into_iter()
            .map(|game| self.write(Write::Archive(game)));
        let taken = futures::future::try_join_all(all).await?;
        Ok(taken.into_iter().map(|taken| taken.0).sum())
    }

    /// Notes that `relay` was alive at `at`, if there is room in the queue.
    pub fn mark_alive(&self, relay: &str, at: Millis) {
        // A full queue means that appends are waiting; the next mark will find room.
        let job = Job::Write(Write::Mark(relay.into(), at), None);
        let _ = self.jobs.try_send(job);
    }

    /// Durable commits from now on.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Committed> {
        self.committed.subscribe()
    }

    /// What the log can do, now and as it changes.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counts {
        let counters = &self.counters;
        Counts {
            commits: counters.commits.load(Ordering::Relaxed),
            appends: counters.appends.load(Ordering::Relaxed),
            failures: counters.failures.load(Ordering::Relaxed),
        }
    }

    /// Takes no more writes, and resolves when those already taken are answered and the store is closed.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
        // Somebody else may have closed it first, and the writer still be at work.
        let mut health = self.health.clone();
        while health.changed().await.is_ok() {}
    }
}

/// Takes what waits, commits it, answers.
#[derive(Debug)]
pub struct Writer<S, N> {
    store: S,
    bounds: Bounds,
    now: N,
    queue: mpsc::Receiver<Job>,
    committed: broadcast::Sender<Committed>,
    health: watch::Sender<Health>,
    counters: Arc<Counters>,
    /// The last failure and when it was, until a commit succeeds.
    failed: Option<(Instant, AppendError)>,
}

#[derive(Default)]
struct Batch {
    writes: Vec<Write>,
    replies: Vec<Option<Reply>>,
    closing: Vec<oneshot::Sender<()>>,
}

impl Batch {
    fn take(&mut self, job: Job) {
        match job {
            Job::Write(write, reply) => {
                self.writes.push(write);
                self.replies.push(reply);
            }
            Job::Close(done) => self.closing.push(done),
        }
    }
}

impl<S: CommitStore, N: Fn() -> Instant> Writer<S, N> {
    /// Runs until the log is closed or nobody can write to it any more. Blocks its thread.
    pub fn run(mut self) {
        let size = self.bounds.batch.max(1);
        let mut jobs = Vec::with_capacity(size);
        while self.queue.blocking_recv_many(&mut jobs, size) > 0 {
            let crowded = jobs.len() == size;
            let mut batch = Batch::default();
            jobs.drain(..).for_each(|job| batch.take(job));
            if !batch.closing.is_empty() {
                // Those who are already in the queue are still served, and those for whom there was room and who are
                // just putting their job in.
                self.queue.close();
                while !Mutant::CLOSED_UNSERVED.is_on()
                    && let Some(job) = self.queue.blocking_recv()
                {
                    batch.take(job);
                }
            }
            self.serve(batch.writes, batch.replies, crowded);
            if !batch.closing.is_empty() {
                self.store.close();
                for done in batch.closing {
                    let _ = done.send(());
                }
                break;
            }
        }
        self.store.close();
    }

    fn serve(&mut self, writes: Vec<Write>, replies: Vec<Option<Reply>>, crowded: bool) {
        if writes.is_empty() {
            return;
        }
        let started = (self.now)();
        if let Some((when, error)) = &self.failed
            && started.saturating_duration_since(*when) < self.bounds.retry_after
        {
            refuse(replies, error);
            return;
        }
        if Mutant::ANSWERED_FIRST.is_on() {
            self.answer(&writes, replies, presumed(&writes));
            let _ = self.commit(&writes);
            return;
        }
        match self.commit(&writes) {
            Ok(results) => {
                self.failed = None;
                self.counters.commits.fetch_add(1, Ordering::Relaxed);
                let took = (self.now)().saturating_duration_since(started);
                let busy = crowded || took > self.bounds.slow_commit;
                self.health.send_if_modified(|health| {
                    let now = if busy { Health::Busy } else { Health::Ready };
                    std::mem::replace(health, now) != now
                });
                self.answer(&writes, replies, results);
            }
            Err(error) => {
                self.counters.failures.fetch_add(1, Ordering::Relaxed);
                let full = error == AppendError::DiskFull;
                if self.failed.is_none() {
                    tracing::error!(%error, "the order log could not commit; nothing was acknowledged");
                }
                self.failed = Some(((self.now)(), error.clone()));
                // After an I/O error the store may refuse reads too, so it is opened again at once.
                let reopened = self.store.reopen();
                self.health.send_replace(if full && reopened {
                    Health::Full
                } else {
                    Health::Down
                });
                if Mutant::FAILURE_ACKNOWLEDGED.is_on() {
                    return self.answer(&writes, replies, presumed(&writes));
                }
                refuse(replies, &error);
            }
        }
    }

    fn commit(
        &mut self,
        writes: &[Write],
    ) -> Result<Vec<Result<Position, AppendError>>, AppendError> {
        if !self.store.is_open() && !self.store.reopen() {
            return Err(self.failed.take().map_or_else(
                || AppendError::Unavailable("the file cannot be opened".into()),
                |(_, error)| error,
            ));
        }
        self.store.commit(writes)
    }

    fn answer(
        &self,
        writes: &[Write],
        replies: Vec<Option<Reply>>,
        results: Vec<Result<Position, AppendError>>,
    ) {
        for ((write, reply), result) in writes.iter().zip(replies).zip(results) {
            if let (Write::Append(append), Ok(head)) = (write, &result) {
                self.counters.appends.fetch_add(1, Ordering::Relaxed);
                // Nobody may be watching.
                let _ = self.committed.send(Committed {
                    chain: append.chain,
                    head: *head,
                });
            }
            if let Some(reply) = reply {
                let _ = reply.send(result);
            }
        }
    }
}

/// What a deliberate fault takes the results to be.
fn presumed(writes: &[Write]) -> Vec<Result<Position, AppendError>> {
    let presume = |write: &Write| match write {
        Write::Append(append) => Ok(Position(append.expected.0 + append.entries.len() as u64)),
        Write::SetMeta(..) | Write::Mark(..) | Write::Forget(..) | Write::Archive(_) => {
            Ok(Position::START)
        }
    };
    writes.iter().map(presume).collect()
}

fn refuse(replies: Vec<Option<Reply>>, error: &AppendError) {
    for reply in replies.into_iter().flatten() {
        let _ = reply.send(Err(error.clone()));
    }
}

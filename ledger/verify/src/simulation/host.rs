//! What runs under the relays: a log with its group commit, as events.

use rookery_ledger::id::GameId;
use rookery_ledger::sign::Keypair;
use rookery_relay::order_log::{Append, AppendError, Position};

use super::log::{Backup, Log};

/// An append that waits for the disk.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) relay: usize,
    pub(super) boot: u32,
    /// The game that waits for the answer; none for what nobody waits for.
    pub(super) game: Option<GameId>,
    pub(super) append: Append,
}

/// A log and what is on its way to it.
pub(super) struct LogHost {
    pub(super) log: Log,
    pub(super) queue: Vec<Job>,
    pub(super) running: Vec<Job>,
    /// Counts commits; one that was broken off is not answered.
    pub(super) turn: u64,
    /// Commits take so many ms longer.
    pub(super) slow: u64,
    /// No answers but errors.
    pub(super) down: bool,
    pub(super) backup: Option<Backup>,
    /// An old copy was put back.
    pub(super) restored: bool,
    /// The order keys that its relays gave up.
    pub(super) keys: Vec<Keypair>,
}

impl LogHost {
    pub(super) fn new(log: Log) -> Self {
        Self {
            log,
            queue: Vec::new(),
            running: Vec::new(),
            turn: 0,
            slow: 0,
            down: false,
            backup: None,
            restored: false,
            keys: Vec::new(),
        }
    }

    /// Begins a commit, if none runs and something waits; gives its number.
    pub(super) fn begin(&mut self) -> Option<u64> {
        if self.down || !self.running.is_empty() || self.queue.is_empty() {
            return None;
        }
        self.running = std::mem::take(&mut self.queue);
        self.turn += 1;
        Some(self.turn)
    }

    /// Ends the commit that runs.
    pub(super) fn end(&mut self) -> Vec<(Job, Result<Position, AppendError>)> {
        let jobs = std::mem::take(&mut self.running);
        let appends: Vec<Append> = jobs.iter().map(|job| job.append.clone()).collect();
        let results = self.log.commit(&appends);
        jobs.into_iter().zip(results).collect()
    }

    /// Takes out what is on its way to the disk.
    pub(super) fn break_off(&mut self) -> Vec<Append> {
        self.turn += 1;
        let jobs = std::mem::take(&mut self.running);
        jobs.into_iter().map(|job| job.append).collect()
    }
}

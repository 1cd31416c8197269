//! A store that takes its time and fails, and remembers what it was told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use shuttle::rand::{Rng as _, thread_rng};

use crate::explore::fault;
use crate::order_log::redb::{Bounds, CommitStore, Write};
use crate::order_log::{Append, AppendError, ChainId, Position};
use crate::sync::Point;

/// How a commit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Full,
    /// The disk does not answer; what was written may be there or not.
    Lost {
        written: bool,
    },
}

/// What the store holds and was asked. No lock is held where somebody else may run.
#[derive(Debug)]
pub(super) struct Shelf {
    books: Mutex<Books>,
    bounds: Bounds,
    /// One commit in so many fails; 0 for none.
    fails_one_in: u32,
    point: Point,
}

#[derive(Debug, Default)]
struct Books {
    open: bool,
    closed: bool,
    committing: bool,
    /// Somebody asked to close the log.
    closing: bool,
    /// Each chain's appends, by their names.
    chains: BTreeMap<ChainId, Vec<u64>>,
    metas: BTreeMap<String, Vec<u8>>,
    /// Appends that won their place.
    won: u64,
    commits: u64,
    failed: u64,
    last_failed: Option<AppendError>,
}

impl Shelf {
    pub(super) fn new(bounds: Bounds, fails_one_in: u32) -> Self {
        let books = Books {
            open: true,
            ..Books::default()
        };
        Self {
            books: Mutex::new(books),
            bounds,
            fails_one_in,
            point: Point::new(),
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a batch may be as long as the queue.
    pub(super) fn close_begins(&self) {
        self.books().closing = true;
    }

    pub(super) fn is_closing(&self) -> bool {
        self.books().closing
    }

    pub(super) fn is_closed(&self) -> bool {
        self.books().closed
    }

    pub(super) fn has_failed(&self) -> bool {
        self.books().failed > 0
    }

    pub(super) fn commits(&self) -> u64 {
        self.books().commits
    }

    pub(super) fn won(&self) -> u64 {
        self.books().won
    }

    /// How the last commit failed, if it did.
    pub(super) fn last_failure(&self) -> Option<AppendError> {
        self.books().last_failed.clone()
    }

    /// The names that a chain holds.
    pub(super) fn chain(&self, chain: ChainId) -> Vec<u64> {
        self.books().chains.get(&chain).cloned().unwrap_or_default()
    }

    pub(super) fn meta(&self, key: &str) -> Option<Vec<u8>> {
        self.books().metas.get(key).cloned()
    }

    /// Nothing stands twice.
    pub(super) fn check_names(&self) {
        let mut seen = BTreeSet::new();
        for (chain, names) in &self.books().chains {
            for name in names {
                assert!(
                    seen.insert(*name),
                    "entry {name} stands twice, last in {chain:?}"
                );
            }
        }
    }

    fn fate(&self) -> Option<Fate> {
        let mut dice = thread_rng();
        if self.fails_one_in == 0 || dice.gen_range(0..self.fails_one_in) > 0 {
            return None;
        }
        fault();
        Some(match dice.gen_range(0..3) {
            0 => Fate::Full,
            1 => Fate::Lost { written: false },
            _ => Fate::Lost { written: true },
        })
    }
}

impl Books {
    fn append(&mut self, append: &Append) -> Result<Position, AppendError> {
        let names = self.chains.entry(append.chain).or_default();
        let head = names.len() as u64;
        if head != append.expected.0 {
            let actual = Position(head);
            return Err(AppendError::Conflict { actual });
        }
        names.extend(append.entries.iter().map(|entry| entry.seq));
        self.won += 1;
        Ok(Position(names.len() as u64))
    }

    fn write(&mut self, write: &Write) -> Result<Position, AppendError> {
        match write {
            Write::Append(append) => return self.append(append),
            Write::SetMeta(key, value) => drop(self.metas.insert(key.clone(), value.clone())),
            Write::Mark(..) | Write::Forget(..) | Write::Archive(_) => {}
        }
        Ok(Position::START)
    }
}

impl CommitStore for Shelf {
    fn is_open(&self) -> bool {
        self.point.pass();
        self.books().open
    }

    fn reopen(&self) -> bool {
        self.point.pass();
        // A disk that failed may need more than one try.
        let opens = thread_rng().gen_range(0..3) > 0;
        let mut books = self.books();
        assert!(!books.closed, "a store is opened again after it was closed");
        assert!(
            !books.committing,
            "a store is opened again in the midst of a commit"
        );
        books.open = opens;
        opens
    }

    fn commit(&self, writes: &[Write]) -> Result<Vec<Result<Position, AppendError>>, AppendError> {
        let fate = self.fate();
        {
            let mut books = self.books();
            assert!(
                books.open && !books.closed,
                "a commit into a store that is not open"
            );
            assert!(!books.committing, "two commits at once");
            assert!(!writes.is_empty(), "a commit of nothing");
            let most = if books.closing {
                // Whoever asks to close was one of a batch; behind it comes what the queue holds and what is on its way.
                usize::MAX
            } else {
                self.bounds.batch
            };
            assert!(
                writes.len() <= most,
                "{} writes in a batch of {most}",
                writes.len()
            );
            books.committing = true;
        }
        // The disk is slow: all others may run meanwhile.
        self.point.pass();
        self.point.pass();
        let mut books = self.books();
        let written = matches!(fate, None | Some(Fate::Lost { written: true }));
        let won = books.won;
        let results = written.then(|| writes.iter().map(|write| books.write(write)).collect());
        if let Some(fate) = fate {
            books.won = won;
            books.failed += 1;
            books.committing = false;
            let error = match fate {
                Fate::Full => AppendError::DiskFull,
                Fate::Lost { .. } => {
                    books.open = false;
                    AppendError::Unavailable("the disk did not answer".into())
                }
            };
            books.last_failed = Some(error.clone());
            return Err(error);
        }
        books.commits += 1;
        books.last_failed = None;
        books.committing = false;
        drop(books);
        self.point.pass();
        Ok(results.unwrap_or_default())
    }

    fn close(&self) {
        self.point.pass();
        let mut books = self.books();
        assert!(
            !books.committing,
            "a store is closed in the midst of a commit"
        );
        books.closed = true;
        books.open = false;
    }
}

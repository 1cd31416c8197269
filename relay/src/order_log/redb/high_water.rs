//! The mark beside the log: how many commits were made under which order key. A log with fewer, or without a mark, was
//! restored from a backup or cut short; it must not go on under that key, since it would sign other receipts for places
//! that are taken.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::PathBuf;

use rookery_ledger::id::OrderKey;
use rookery_ledger::mutant::Mutant;

/// The mark's length: the order key and the number of commits.
pub const MARK_LEN: usize = 40;

/// Why a log must not go on under its order key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// It has fewer commits than were acknowledged.
    #[error("it was written {found} times, and {known} times before")]
    Behind {
        /// Commits in the log.
        found: u64,
        /// Commits that were acknowledged.
        known: u64,
    },
    /// The mark beside it belongs to another log.
    #[error("it was written under another order key than the mark beside it tells of")]
    Foreign,
    /// Nothing says how far it had come.
    #[error("the mark beside it, which says how far it had come, is gone")]
    NoMark,
    /// The log itself says so.
    #[error("it says itself that it gave the key up")]
    GivenUp,
}

/// What a log says of itself when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Found {
    /// How often it was committed to.
    pub(super) commits: u64,
    /// The order key under which it was written.
    pub(super) owner: Option<OrderKey>,
    /// Whether it gave up the key under which it is opened.
    pub(super) given_up: bool,
}

/// Where a mark is kept. It is written in place and synced only when it is new: after a power cut it may lag behind, never
/// lead.
pub trait MarkStorage: std::fmt::Debug + Send + Sync {
    /// What was written last, or `None` where there is no whole mark yet.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    fn read(&self) -> io::Result<Option<[u8; MARK_LEN]>>;

    /// Replaces what is there.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    fn write(&self, mark: &[u8; MARK_LEN]) -> io::Result<()>;

    /// Makes what was written durable, and that there is a mark at all.
    ///
    /// # Errors
    ///
    /// Where that failed.
    fn sync(&self) -> io::Result<()>;
}

/// The mark of one log and one order key.
#[derive(Debug)]
pub(super) struct HighWater {
    storage: Box<dyn MarkStorage>,
    owner: OrderKey,
}

impl HighWater {
    /// Opens the mark in `storage` for a log that says this of itself. Gives why the log must not go on under `owner`,
    /// where that is so.
    pub(super) fn open(
        storage: Box<dyn MarkStorage>,
        owner: OrderKey,
        found: Found,
    ) -> io::Result<Result<Self, Stale>> {
        let known = storage.read()?;
        if let Some(stale) = stale(known.as_ref(), owner, found)
            && !Mutant::BACKUP_GOES_ON.is_on()
        {
            return Ok(Err(stale));
        }
        let mark = Self { storage, owner };
        mark.raise(found.commits)?;
        if known.is_none() {
            // A log without a mark counts as restored, so the first mark must not be lost in a power cut.
            mark.storage.sync()?;
        }
        Ok(Ok(mark))
    }

    /// Remembers that there were so many commits.
    pub(super) fn raise(&self, commits: u64) -> io::Result<()> {
        let mut bytes = [0; MARK_LEN];
        bytes[..32].copy_from_slice(&self.owner.0);
        bytes[32..].copy_from_slice(&commits.to_be_bytes());
        self.storage.write(&bytes)
    }
}

/// Why the log must not go on under `owner`. Under a key that the mark does not know it may: that key signed nothing here.
fn stale(mark: Option<&[u8; MARK_LEN]>, owner: OrderKey, found: Found) -> Option<Stale> {
    if found.given_up {
        return Some(Stale::GivenUp);
    }
    let Some((key, count)) = mark.and_then(|mark| mark.split_first_chunk::<32>()) else {
        // An empty log without a mark is a first start.
        let written = found.commits > 0 && found.owner == Some(owner);
        return written.then_some(Stale::NoMark);
    };
    if *key != owner.0 {
        return None;
    }
    let known = count.try_into().map_or(0, u64::from_be_bytes);
    if found.commits < known {
        let found = found.commits;
        Some(Stale::Behind { found, known })
    } else if found.owner.is_some_and(|written| written != owner) {
        Some(Stale::Foreign)
    } else {
        None
    }
}

/// A mark in a file of its own.
#[derive(Debug)]
pub(super) struct MarkFile {
    file: File,
    path: PathBuf,
}

impl MarkFile {
    /// Opens the file `path` or creates it, readable by its owner alone.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        Ok(Self { file, path })
    }

    fn synced(&self) -> io::Result<()> {
        self.file.sync_all()?;
        match self.path.parent() {
            Some(folder) if cfg!(unix) && !folder.as_os_str().is_empty() => {
                File::open(folder)?.sync_all()
            }
            _ => Ok(()),
        }
    }
}

#[cfg(unix)]
impl MarkStorage for MarkFile {
    fn sync(&self) -> io::Result<()> {
        self.synced()
    }

    fn read(&self) -> io::Result<Option<[u8; MARK_LEN]>> {
        use std::os::unix::fs::FileExt as _;
        if self.file.metadata()?.len() < MARK_LEN as u64 {
            return Ok(None);
        }
        let mut bytes = [0; MARK_LEN];
        self.file.read_exact_at(&mut bytes, 0)?;
        Ok(Some(bytes))
    }

    fn write(&self, mark: &[u8; MARK_LEN]) -> io::Result<()> {
        use std::os::unix::fs::FileExt as _;
        self.file.write_all_at(mark, 0)
    }
}

#[cfg(not(unix))]
impl MarkStorage for MarkFile {
    fn sync(&self) -> io::Result<()> {
        self.synced()
    }

    fn read(&self) -> io::Result<Option<[u8; MARK_LEN]>> {
        use std::io::{Read as _, Seek as _, SeekFrom};
        if self.file.metadata()?.len() < MARK_LEN as u64 {
            return Ok(None);
        }
        let mut bytes = [0; MARK_LEN];
        (&self.file).seek(SeekFrom::Start(0))?;
        (&self.file).read_exact(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn write(&self, mark: &[u8; MARK_LEN]) -> io::Result<()> {
        use std::io::{Seek as _, SeekFrom, Write as _};
        (&self.file).seek(SeekFrom::Start(0))?;
        (&self.file).write_all(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_not_the_one_that_the_mark_tells_of_is_found_out_unless_the_key_is_new() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        let (old, new) = (OrderKey([1; 32]), OrderKey([2; 32]));
        let open = |owner, found| {
            let file = Box::new(MarkFile::open(path.clone()).unwrap());
            HighWater::open(file, owner, found).unwrap()
        };
        let of = |owner, commits| Found {
            commits,
            owner: Some(owner),
            given_up: false,
        };
        let known = of(old, 7);
        assert_eq!(open(old, known).unwrap_err(), Stale::NoMark);
        open(old, Found::default()).unwrap().raise(7).unwrap();
        let (found, known) = (6, 7);
        assert_eq!(
            open(old, of(old, 6)).unwrap_err(),
            Stale::Behind { found, known }
        );
        assert_eq!(open(old, of(new, 9)).unwrap_err(), Stale::Foreign);
        let given_up = Found {
            given_up: true,
            ..of(old, 9)
        };
        assert_eq!(open(old, given_up).unwrap_err(), Stale::GivenUp);
        open(old, of(old, 7)).unwrap();
        open(new, of(old, 2)).unwrap();
        open(new, of(new, 2)).unwrap();
    }
}

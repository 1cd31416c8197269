//! The mark beside the log: how many commits were made under which order key. A log with fewer was restored from a
//! backup or cut short; it must not go on under that key, since it would sign other receipts for places that are taken.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use rookery_ledger::id::OrderKey;
use rookery_ledger::mutant::Mutant;

/// The mark's length: the order key and the number of commits.
pub const MARK_LEN: usize = 40;

/// Where a mark is kept. It is written in place and never synced: after a power cut it may lag behind, never lead.
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
}

/// The mark of one log and one order key.
#[derive(Debug)]
pub(super) struct HighWater {
    storage: Box<dyn MarkStorage>,
    owner: OrderKey,
}

impl HighWater {
    /// Opens the mark in `storage` for a log that was committed to `commits` times. Gives the higher count that the mark
    /// remembers where it belongs to the same key.
    pub(super) fn open(
        storage: Box<dyn MarkStorage>,
        owner: OrderKey,
        commits: u64,
    ) -> io::Result<Result<Self, u64>> {
        let known = storage.read()?;
        if let Some((key, count)) = known
            .as_ref()
            .and_then(|mark| mark.split_first_chunk::<32>())
        {
            let count = count.try_into().map_or(0, u64::from_be_bytes);
            if *key == owner.0 && count > commits && !Mutant::BACKUP_GOES_ON.is_on() {
                return Ok(Err(count));
            }
        }
        let mark = Self { storage, owner };
        mark.raise(commits)?;
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

/// A mark in a file of its own.
#[derive(Debug)]
pub(super) struct MarkFile(File);

impl MarkFile {
    /// Opens the file `path` or creates it, readable by its owner alone.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map(Self)
    }
}

#[cfg(unix)]
impl MarkStorage for MarkFile {
    fn read(&self) -> io::Result<Option<[u8; MARK_LEN]>> {
        use std::os::unix::fs::FileExt as _;
        if self.0.metadata()?.len() < MARK_LEN as u64 {
            return Ok(None);
        }
        let mut bytes = [0; MARK_LEN];
        self.0.read_exact_at(&mut bytes, 0)?;
        Ok(Some(bytes))
    }

    fn write(&self, mark: &[u8; MARK_LEN]) -> io::Result<()> {
        use std::os::unix::fs::FileExt as _;
        self.0.write_all_at(mark, 0)
    }
}

#[cfg(not(unix))]
impl MarkStorage for MarkFile {
    fn read(&self) -> io::Result<Option<[u8; MARK_LEN]>> {
        use std::io::{Read as _, Seek as _, SeekFrom};
        if self.0.metadata()?.len() < MARK_LEN as u64 {
            return Ok(None);
        }
        let mut bytes = [0; MARK_LEN];
        (&self.0).seek(SeekFrom::Start(0))?;
        (&self.0).read_exact(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn write(&self, mark: &[u8; MARK_LEN]) -> io::Result<()> {
        use std::io::{Seek as _, SeekFrom, Write as _};
        (&self.0).seek(SeekFrom::Start(0))?;
        (&self.0).write_all(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_with_fewer_commits_than_the_mark_is_found_out_unless_the_key_is_new() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        let (old, new) = (OrderKey([1; 32]), OrderKey([2; 32]));
        let open = |owner, commits| {
            let file = Box::new(MarkFile::open(&path).unwrap());
            HighWater::open(file, owner, commits).unwrap()
        };
        open(old, 3).unwrap().raise(7).unwrap();
        assert_eq!(open(old, 6).unwrap_err(), 7);
        open(old, 7).unwrap();
        open(new, 2).unwrap();
        open(new, 2).unwrap();
    }
}

//! The mark beside the log: how many commits were made under which order key. A log with fewer was restored from a
//! backup or cut short; it must not go on under that key, since it would sign other receipts for places that are taken.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use rookery_ledger::id::OrderKey;
use rookery_ledger::mutant::Mutant;

const LEN: usize = 40;

/// The open mark.
#[derive(Debug)]
pub(super) struct HighWater {
    file: File,
    owner: OrderKey,
}

impl HighWater {
    /// Opens the mark `path` for a log that was committed to `commits` times. Gives the higher count that the mark
    /// remembers where it belongs to the same key.
    pub(super) fn open(
        path: &Path,
        owner: OrderKey,
        commits: u64,
    ) -> io::Result<Result<Self, u64>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        let mark = Self { file, owner };
        let mut bytes = [0; LEN];
        let known = mark.read(&mut bytes)?;
        if let (true, Some((key, count))) = (known, bytes.split_first_chunk::<32>()) {
            let count = count.try_into().map_or(0, u64::from_be_bytes);
            if *key == owner.0 && count > commits && !Mutant::BACKUP_GOES_ON.is_on() {
                return Ok(Err(count));
            }
        }
        mark.raise(commits)?;
        Ok(Ok(mark))
    }

    #[cfg(unix)]
    fn read(&self, bytes: &mut [u8; LEN]) -> io::Result<bool> {
        use std::os::unix::fs::FileExt as _;
        if self.file.metadata()?.len() < LEN as u64 {
            return Ok(false);
        }
        self.file.read_exact_at(bytes, 0).map(|()| true)
    }

    /// Remembers that there were so many commits. Not synced: the mark may lag behind after a power cut, never lead.
    #[cfg(unix)]
    pub(super) fn raise(&self, commits: u64) -> io::Result<()> {
        use std::os::unix::fs::FileExt as _;
        let mut bytes = [0; LEN];
        bytes[..32].copy_from_slice(&self.owner.0);
        bytes[32..].copy_from_slice(&commits.to_be_bytes());
        self.file.write_all_at(&bytes, 0)
    }

    #[cfg(not(unix))]
    fn read(&self, bytes: &mut [u8; LEN]) -> io::Result<bool> {
        use std::io::{Read as _, Seek as _, SeekFrom};
        if self.file.metadata()?.len() < LEN as u64 {
            return Ok(false);
        }
        (&self.file).seek(SeekFrom::Start(0))?;
        (&self.file).read_exact(bytes).map(|()| true)
    }

    /// Remembers that there were so many commits. Not synced: the mark may lag behind after a power cut, never lead.
    #[cfg(not(unix))]
    pub(super) fn raise(&self, commits: u64) -> io::Result<()> {
        use std::io::{Seek as _, SeekFrom, Write as _};
        let mut bytes = [0; LEN];
        bytes[..32].copy_from_slice(&self.owner.0);
        bytes[32..].copy_from_slice(&commits.to_be_bytes());
        (&self.file).seek(SeekFrom::Start(0))?;
        (&self.file).write_all(&bytes)
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
        HighWater::open(&path, old, 3)
            .unwrap()
            .unwrap()
            .raise(7)
            .unwrap();
        assert_eq!(HighWater::open(&path, old, 6).unwrap().unwrap_err(), 7);
        HighWater::open(&path, old, 7).unwrap().unwrap();
        HighWater::open(&path, new, 2).unwrap().unwrap();
        HighWater::open(&path, new, 2).unwrap().unwrap();
    }
}

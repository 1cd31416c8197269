//! A disk in memory that forgets at a power cut what was not synced, and whose fsync fails.

use std::io;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};
use shuttle::rand::{Rng as _, thread_rng};

use crate::explore::fault;

/// Shared by all who open it. Nobody else runs while it is at work: redb holds locks of its own meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Disk(Arc<Mutex<Blocks>>);

#[derive(Debug)]
struct Blocks {
    now: Vec<u8>,
    synced: Vec<u8>,
    /// Since the last fsync.
    pending: Vec<Change>,
    /// One fsync in so many fails; 0 for none.
    fails_one_in: u32,
}

#[derive(Debug, Clone)]
enum Change {
    Length(usize),
    Bytes(usize, Vec<u8>),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Length(length) => content.resize(*length, 0),
            Self::Bytes(at, bytes) => {
                if let Some(place) = content.get_mut(*at..*at + bytes.len()) {
                    place.copy_from_slice(bytes);
                }
            }
        }
    }
}

impl Disk {
    pub(super) fn new(content: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Blocks {
            now: content.clone(),
            synced: content,
            pending: Vec::new(),
            fails_one_in: 0,
        })))
    }

    fn blocks(&self) -> MutexGuard<'_, Blocks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on one fsync in so many fails; 0 for none.
    pub(super) fn fail_one_in(&self, many: u32) {
        self.blocks().fails_one_in = many;
    }

    /// What is there after a power cut now: what was synced, and the first of what was not.
    pub(super) fn cut(&self) -> Self {
        let blocks = self.blocks();
        let mut content = blocks.synced.clone();
        let lasting = thread_rng().gen_range(0..=blocks.pending.len());
        for change in blocks.pending.iter().take(lasting) {
            change.apply(&mut content);
        }
        fault();
        Self::new(content)
    }
}

impl Blocks {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.now);
        self.pending.push(change);
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.blocks().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let blocks = self.blocks();
        let at = usize::try_from(offset).map_err(io::Error::other)?;
        let place = blocks.now.get(at..at + out.len());
        out.copy_from_slice(place.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let length = usize::try_from(len).map_err(io::Error::other)?;
        self.blocks().change(Change::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut blocks = self.blocks();
        let odds = blocks.fails_one_in;
        if odds > 0 && thread_rng().gen_range(0..odds) == 0 {
            fault();
            return Err(io::Error::other("the disk did not answer"));
        }
        let pending = std::mem::take(&mut blocks.pending);
        for change in pending {
            change.apply(&mut blocks.synced);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let at = usize::try_from(offset).map_err(io::Error::other)?;
        self.blocks().change(Change::Bytes(at, data.to_vec()));
        Ok(())
    }

    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }
}

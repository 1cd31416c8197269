//! A disk in memory under the shipped store. What was written since the last sync is kept apart: when the power goes a
//! random part of it is on the disk, in sectors.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

use crate::real::Random;

/// What a disk writes whole or not at all, bytes.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
struct State {
    /// What survives.
    synced: Vec<u8>,
    /// What reads give: with all that was written.
    now: Vec<u8>,
    /// Since the last sync: where, what.
    writes: Vec<(usize, Vec<u8>)>,
    full: bool,
    /// So many more calls that write go well.
    left: Option<u64>,
}

/// A disk; clones are the same one.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

impl Disk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// After so many more writes and syncs the power is gone.
    pub(super) fn fail_after(&self, calls: u64) {
        self.lock().left = Some(calls);
    }

    /// Keeps a random part of what was not synced, and comes back. Whether a write was torn.
    pub(super) fn power_cut(&self, random: &mut Random) -> bool {
        let mut state = self.lock();
        let writes = std::mem::take(&mut state.writes);
        let mut torn = false;
        for (offset, bytes) in writes {
            let fate = random.below(4);
            let (mut kept, mut lost) = (0, 0);
            for (at, sector) in bytes.chunks(SECTOR).enumerate() {
                let keep = match fate {
                    0 => false,
                    1 => true,
                    _ => random.below(2) == 0,
                };
                let from = offset + at * SECTOR;
                if !keep {
                    lost += 1;
                    continue;
                }
                kept += 1;
                let end = from + sector.len();
                if state.synced.len() < end {
                    state.synced.resize(end, 0);
                }
                if let Some(place) = state.synced.get_mut(from..end) {
                    place.copy_from_slice(sector);
                }
            }
            torn |= kept > 0 && lost > 0;
        }
        state.now = state.synced.clone();
        state.left = None;
        torn
    }

    /// The process that wrote is gone; the system keeps what it wrote.
    pub(super) fn revive(&self) {
        self.lock().left = None;
    }

    pub(super) fn set_full(&self, full: bool) {
        self.lock().full = full;
    }

    /// A copy of what survives.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.lock().synced.clone()
    }

    /// Puts another disk in its place.
    pub(super) fn replace(&self, bytes: Vec<u8>) {
        let mut state = self.lock();
        *state = State {
            now: bytes.clone(),
            synced: bytes,
            ..State::default()
        };
    }
}

impl State {
    fn spend(&mut self) -> io::Result<()> {
        match &mut self.left {
            Some(0) => Err(io::Error::other("no power")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn room(&self, end: usize) -> io::Result<()> {
        if self.full && end > self.synced.len() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        Ok(())
    }
}

fn place(at: u64) -> io::Result<usize> {
    usize::try_from(at).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (state, from) = (self.lock(), place(offset)?);
        match state.now.get(from..from + out.len()) {
            Some(bytes) => {
                out.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let (mut state, len) = (self.lock(), place(len)?);
        state.spend()?;
        state.room(len)?;
        // A length is in the file system's own journal: it is there or not, never torn.
        state.now.resize(len, 0);
        state.synced.resize(len, 0);
        state
            .writes
            .retain(|(offset, bytes)| offset + bytes.len() <= len);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.spend()?;
        for (offset, bytes) in std::mem::take(&mut state.writes) {
            if let Some(place) = state.synced.get_mut(offset..offset + bytes.len()) {
                place.copy_from_slice(&bytes);
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let (mut state, from) = (self.lock(), place(offset)?);
        state.spend()?;
        let end = from + data.len();
        // A file system that gives blocks when they are written first has none for these.
        if state.full {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        match state.now.get_mut(from..end) {
            Some(place) => place.copy_from_slice(data),
            None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        }
        state.writes.push((from, data.to_vec()));
        Ok(())
    }
}

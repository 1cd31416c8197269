//! What `relay/src/sync.rs` names, under a scheduler that decides after each step who runs next. Locks and atomics are
//! shuttle's. Channels are tokio's own, which need no runtime: each call of one is a step, and what waits on one is woken
//! by it.

pub mod broadcast;
pub mod mpsc;
pub mod oneshot;
pub mod watch;

pub use std::sync::PoisonError;

pub use shuttle::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic};

use atomic::{AtomicUsize, Ordering};

/// Somebody else may run here.
#[derive(Debug)]
pub struct Point(AtomicUsize);

impl Point {
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Lets the scheduler choose.
    pub(crate) fn pass(&self) {
        // Of all that lets it choose, an atomic is what tells it least about what is better.
        self.0.load(Ordering::SeqCst);
    }
}

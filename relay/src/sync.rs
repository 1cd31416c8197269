//! The locks, channels and atomics of which the log and the queues are made. The crate in `relay/shuttle` builds the same files
//! over others, under which a machine decides who runs next.

pub use std::sync::{
    Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic,
};
pub use tokio::sync::{broadcast, mpsc, oneshot, watch};

//! A value that changes.

use std::sync::Arc;

use tokio::sync::watch as tokio_watch;

pub use tokio_watch::{Receiver, Ref, error};

use super::Point;

/// A value that begins as `value`.
#[must_use]
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = tokio_watch::channel(value);
    (Sender(sender, Arc::new(Point::new())), receiver)
}

/// Where it is changed.
#[derive(Debug)]
pub struct Sender<T>(tokio_watch::Sender<T>, Arc<Point>);

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), self.1.clone())
    }
}

impl<T> Sender<T> {
    /// A value that begins as `value`.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(tokio_watch::Sender::new(value), Arc::new(Point::new()))
    }

    /// Changes it, and tells those who watch if `change` says so.
    pub fn send_if_modified(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        self.1.pass();
        let changed = self.0.send_if_modified(change);
        self.1.pass();
        changed
    }

    /// Replaces it and tells those who watch.
    pub fn send_replace(&self, value: T) -> T {
        self.1.pass();
        let before = self.0.send_replace(value);
        self.1.pass();
        before
    }

    /// One who watches.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        self.1.pass();
        self.0.subscribe()
    }
}

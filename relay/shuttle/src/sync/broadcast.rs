//! News for all who listen.

use std::sync::Arc;

use tokio::sync::broadcast as tokio_broadcast;

pub use tokio_broadcast::{Receiver, error};

use super::Point;

/// Where news go in.
#[derive(Debug)]
pub struct Sender<T>(tokio_broadcast::Sender<T>, Arc<Point>);

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), self.1.clone())
    }
}

impl<T: Clone> Sender<T> {
    /// News of which `backlog` are kept for those who are slow.
    #[must_use]
    pub fn new(backlog: usize) -> Self {
        let sender = tokio_broadcast::Sender::new(backlog);
        Self(sender, Arc::new(Point::new()))
    }

    /// Tells all who listen; gives their number.
    ///
    /// # Errors
    ///
    /// The value, where nobody listens.
    pub fn send(&self, value: T) -> Result<usize, error::SendError<T>> {
        self.1.pass();
        let told = self.0.send(value);
        self.1.pass();
        told
    }

    /// One who listens from now on.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        self.1.pass();
        self.0.subscribe()
    }
}

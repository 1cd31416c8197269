//! One value, once.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot as tokio_oneshot;

pub use tokio_oneshot::error;

use super::Point;

/// A place for one value.
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = tokio_oneshot::channel();
    let point = Arc::new(Point::new());
    (Sender(sender, point.clone()), Receiver(receiver, point))
}

/// Where the value goes in.
#[derive(Debug)]
pub struct Sender<T>(tokio_oneshot::Sender<T>, Arc<Point>);

impl<T> Sender<T> {
    /// Puts the value in.
    ///
    /// # Errors
    ///
    /// The value, where nobody waits for it any more.
    pub fn send(self, value: T) -> Result<(), T> {
        self.1.pass();
        let sent = self.0.send(value);
        self.1.pass();
        sent
    }
}

/// Where the value comes out.
#[derive(Debug)]
pub struct Receiver<T>(tokio_oneshot::Receiver<T>, Arc<Point>);

impl<T> Future for Receiver<T> {
    type Output = Result<T, error::RecvError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.1.pass();
        Pin::new(&mut self.0).poll(context)
    }
}

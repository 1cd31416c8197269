//! A bounded queue with many senders.

use std::sync::Arc;

use tokio::sync::mpsc as tokio_mpsc;

pub use tokio_mpsc::error;

use super::Point;

/// A queue of at most `bound` values.
#[must_use]
pub fn channel<T>(bound: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = tokio_mpsc::channel(bound);
    let point = Arc::new(Point::new());
    (Sender(sender, point.clone()), Receiver(receiver, point))
}

/// Where values go in.
#[derive(Debug)]
pub struct Sender<T>(tokio_mpsc::Sender<T>, Arc<Point>);

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.1.pass();
        Self(self.0.clone(), self.1.clone())
    }
}

impl<T> Sender<T> {
    /// Waits for room. Between having room and using it somebody else may run.
    ///
    /// # Errors
    ///
    /// The value, where nobody takes it any more.
    pub async fn send(&self, value: T) -> Result<(), error::SendError<T>> {
        self.1.pass();
        match self.0.reserve().await {
            Ok(room) => {
                self.1.pass();
                room.send(value);
                self.1.pass();
                Ok(())
            }
            Err(_) => Err(error::SendError(value)),
        }
    }

    /// Puts a value in if there is room.
    ///
    /// # Errors
    ///
    /// The value, where there is none or nobody takes it any more.
    pub fn try_send(&self, value: T) -> Result<(), error::TrySendError<T>> {
        self.1.pass();
        let sent = self.0.try_send(value);
        self.1.pass();
        sent
    }

    /// Whether nobody takes values any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.1.pass();
        self.0.is_closed()
    }
}

/// Where values come out.
#[derive(Debug)]
pub struct Receiver<T>(tokio_mpsc::Receiver<T>, Arc<Point>);

impl<T> Receiver<T> {
    /// The next value; `None` once the queue is empty and nobody can send.
    pub async fn recv(&mut self) -> Option<T> {
        self.1.pass();
        self.0.recv().await
    }

    /// The next value, if it is there.
    ///
    /// # Errors
    ///
    /// Where it is not, and whether one can come.
    pub fn try_recv(&mut self) -> Result<T, error::TryRecvError> {
        self.1.pass();
        self.0.try_recv()
    }

    /// Waits for the next value; `None` once the queue is empty and nobody can send.
    pub fn blocking_recv(&mut self) -> Option<T> {
        self.1.pass();
        shuttle::future::block_on(self.0.recv())
    }

    /// Waits for a value and takes at most `limit`; 0 once the queue is empty and nobody can send.
    pub fn blocking_recv_many(&mut self, into: &mut Vec<T>, limit: usize) -> usize {
        self.1.pass();
        shuttle::future::block_on(self.0.recv_many(into, limit))
    }

    /// Takes no more values than those on their way.
    pub fn close(&mut self) {
        self.1.pass();
        self.0.close();
        self.1.pass();
    }

    /// Whether no value is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.1.pass();
        self.0.is_empty()
    }

    /// How many senders there are.
    #[must_use]
    pub fn sender_strong_count(&self) -> usize {
        self.1.pass();
        self.0.sender_strong_count()
    }
}

//! A bounded queue to one reader, who is cut off when it is full, and the end of a session, for which only the first reason
//! counts. What a frame is, and how it is written, is not known here.

use rookery_ledger::mutant::Mutant;
use tokio_util::sync::CancellationToken;

use crate::sync::{Mutex, MutexGuard, PoisonError, mpsc};

/// Why a session is cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The stable code of `Bye`.
    pub code: &'static str,
    /// One sentence for a person.
    pub words: String,
}

/// Whether a session is to end, and why.
#[derive(Debug)]
pub struct End {
    why: Mutex<Option<Cut>>,
    ended: CancellationToken,
}

impl Default for End {
    fn default() -> Self {
        Self {
            why: Mutex::new(None),
            ended: CancellationToken::new(),
        }
    }
}

impl End {
    fn lock(&self) -> MutexGuard<'_, Option<Cut>> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the session; only the first reason counts.
    pub fn cut(&self, code: &'static str, words: impl Into<String>) {
        self.lock().get_or_insert_with(|| Cut {
            code,
            words: words.into(),
        });
        self.ended.cancel();
    }

    /// Resolves once the session is to end; the reason is known then.
    pub async fn reached(&self) {
        self.ended.cancelled().await;
    }

    /// Why the session ends, if somebody decided that it should.
    #[must_use]
    pub fn why(&self) -> Option<Cut> {
        self.lock().clone()
    }
}

/// A queue of `frames`.
#[must_use]
pub fn channel<T>(frames: usize) -> (Sender<T>, Outlet<T>) {
    let (sender, receiver) = mpsc::channel(frames.max(1));
    (Sender(sender), Outlet(receiver))
}

/// Where frames go in.
#[derive(Debug)]
pub struct Sender<T>(mpsc::Sender<T>);

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Sender<T> {
    /// Puts a frame in. A session whose queue is full is cut off.
    pub fn send(&self, frame: T, end: &End) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.0.try_send(frame)
            && !Mutant::DROPPED_UNTOLD.is_on()
        {
            end.cut(
                "too-slow",
                "You read more slowly than the games go on; connect again.",
            );
        }
    }
}

/// Where frames come out.
#[derive(Debug)]
pub struct Outlet<T>(mpsc::Receiver<T>);

impl<T> Outlet<T> {
    /// The next frame; `None` once the session is to end or nobody can send any more.
    pub async fn next(&mut self, end: &End) -> Option<T> {
        tokio::select! {
            biased;
            () = end.reached() => None,
            frame = self.0.recv() => frame,
        }
    }

    /// The next frame if it is there, also of a session that ends.
    pub fn try_next(&mut self) -> Option<T> {
        self.0.try_recv().ok()
    }
}

//! A stream in memory: one end for a session, the other in the hands of a target.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::stream::{IntoAsyncRead, TryStreamExt as _};
use futures::{AsyncRead, AsyncWrite};

type Chunk = io::Result<Vec<u8>>;

/// The session's end.
pub(crate) struct Pipe {
    read: IntoAsyncRead<UnboundedReceiver<Chunk>>,
    write: Option<UnboundedSender<Vec<u8>>>,
}

/// The target's end. Dropped, the stream has ended.
pub(crate) struct Far {
    write: UnboundedSender<Chunk>,
    read: UnboundedReceiver<Vec<u8>>,
}

/// Both ends.
pub(crate) fn pipe() -> (Pipe, Far) {
    let (far_write, read) = unbounded();
    let (write, far_read) = unbounded();
    let near = Pipe {
        read: read.into_async_read(),
        write: Some(write),
    };
    let far = Far {
        write: far_write,
        read: far_read,
    };
    (near, far)
}

impl Far {
    /// Sends bytes; a session that has ended hears no more.
    pub(crate) fn send(&self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            let _ = self.write.unbounded_send(Ok(bytes));
        }
    }

    /// All that came since the last call.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Ok(chunk) = self.read.try_recv() {
            bytes.extend(chunk);
        }
        bytes
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.read).poll_read(cx, out)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = self
            .write
            .as_ref()
            .map(|write| write.unbounded_send(bytes.to_vec()));
        Poll::Ready(match sent {
            Some(Ok(())) => Ok(bytes.len()),
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write = None;
        Poll::Ready(Ok(()))
    }
}

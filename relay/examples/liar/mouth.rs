//! A stream of the session protocol that is read and written through the liar.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::{AsyncRead, AsyncWrite};
use rookery_ledger::wire::{self, Frames, Request};
use tokio::time::{Instant, Sleep, sleep_until};

use super::lies::{Face, Heard, Liar};

/// What a session reads and writes instead of the client's stream.
pub(crate) struct Mouth<S> {
    inner: S,
    liar: Arc<Liar>,
    face: Face,
    /// From the client, not yet cut.
    heard: Frames,
    /// Requests that the session hears, with when.
    requests: VecDeque<(Instant, Vec<u8>)>,
    timer: Pin<Box<Sleep>>,
    /// From the session, not yet cut.
    said: Frames,
    /// For the client.
    out: VecDeque<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Mouth<S> {
    pub(crate) fn new(inner: S, liar: Arc<Liar>) -> Self {
        Self {
            inner,
            liar,
            face: Face::default(),
            heard: Frames::default(),
            requests: VecDeque::new(),
            timer: Box::pin(sleep_until(Instant::now())),
            said: Frames::default(),
            out: VecDeque::new(),
        }
    }

    fn hear(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.heard.push(bytes);
        let bad = |_| io::Error::from(io::ErrorKind::InvalidData);
        while let Some(frame) = self.heard.next_frame().map_err(bad)? {
            let request: Request = wire::decode_request(frame).map_err(bad)?;
            match self.liar.hear(&mut self.face, request) {
                Heard::Pass { request, after } => {
                    let at = Instant::now() + Duration::from_millis(after);
                    self.requests.push_back((at, wire::frame(&request)));
                }
                Heard::Answer(push) => self.out.extend(wire::frame(&push)),
                Heard::Nothing => {}
            }
        }
        Ok(())
    }

    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let (bytes, _) = self.out.as_slices();
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Mouth<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mouth = self.get_mut();
        loop {
            if let Some((at, bytes)) = mouth.requests.front_mut() {
                if *at <= Instant::now() {
                    let len = bytes.len().min(into.len());
                    into[..len].copy_from_slice(&bytes[..len]);
                    bytes.drain(..len);
                    if bytes.is_empty() {
                        mouth.requests.pop_front();
                    }
                    return Poll::Ready(Ok(len));
                }
                let at = *at;
                mouth.timer.as_mut().reset(at);
                if mouth.timer.as_mut().poll(cx).is_ready() {
                    continue;
                }
            }
            let mut chunk = [0; 8 * 1024];
            match ready!(Pin::new(&mut mouth.inner).poll_read(cx, &mut chunk))? {
                0 => return Poll::Ready(Ok(0)),
                read => mouth.hear(&chunk[..read])?,
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Mouth<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mouth = self.get_mut();
        ready!(mouth.poll_out(cx))?;
        mouth.said.push(bytes);
        let bad = |_| io::Error::from(io::ErrorKind::InvalidData);
        while let Some(frame) = mouth.said.next_frame().map_err(bad)? {
            let push = wire::decode_push(frame).map_err(bad)?;
            if let Some(push) = mouth.liar.say(&mouth.face, push) {
                mouth.out.extend(wire::frame(&push));
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mouth = self.get_mut();
        ready!(mouth.poll_out(cx))?;
        Pin::new(&mut mouth.inner).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mouth = self.get_mut();
        ready!(mouth.poll_out(cx))?;
        Pin::new(&mut mouth.inner).poll_close(cx)
    }
}

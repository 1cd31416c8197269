//! A WebSocket as a stream of bytes. It tells its reader at once when the socket closes, and never waits to flush:
//! both decide how soon a move arrives and a lost relay is noticed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures::future;
use futures::{AsyncRead, AsyncWrite};
use js_sys::{ArrayBuffer, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, Event, MessageEvent, WebSocket};

/// Bytes that may wait on either side. A page exchanges a few kilobytes a second, so more is a connection gone wrong.
const MAX_WAITING: usize = 1024 * 1024;

#[derive(Debug, Default)]
struct State {
    open: bool,
    closed: bool,
    chunks: VecDeque<Vec<u8>>,
    /// Bytes of the first chunk that are read already.
    read: usize,
    waiting: usize,
    waker: Option<Waker>,
}

impl State {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

struct Inner {
    socket: WebSocket,
    state: Rc<RefCell<State>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_change: Closure<dyn FnMut(Event)>,
}

/// An open WebSocket. There is one thread; the wrapper is for libp2p, which asks for `Send`.
pub(crate) struct Socket(SendWrapper<Inner>);

impl Socket {
    /// Opens a WebSocket.
    pub(crate) async fn connect(url: &str) -> Result<Self, String> {
        let socket = WebSocket::new(url).map_err(|_| "the browser does not allow this address")?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let state = Rc::new(RefCell::new(State::default()));
        let on_message = Closure::new({
            let state = state.clone();
            move |event: MessageEvent| {
                let state = &mut *state.borrow_mut();
                // A text frame has no place in libp2p.
                match event.data().dyn_into::<ArrayBuffer>() {
                    Ok(data) => {
                        let chunk = Uint8Array::new(&data).to_vec();
                        state.waiting += chunk.len();
                        if !chunk.is_empty() {
                            state.chunks.push_back(chunk);
                        }
                        state.closed |= state.waiting > MAX_WAITING;
                    }
                    Err(_) => state.closed = true,
                }
                state.wake();
            }
        });
        let on_change = Closure::new({
            let state = state.clone();
            move |event: Event| {
                let state = &mut *state.borrow_mut();
                if event.type_() == "open" {
                    state.open = true;
                } else {
                    state.closed = true;
                }
                state.wake();
            }
        });
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let changed = Some(on_change.as_ref().unchecked_ref());
        socket.set_onopen(changed);
        socket.set_onclose(changed);
        socket.set_onerror(changed);
        let inner = Inner {
            socket,
            state,
            _on_message: on_message,
            _on_change: on_change,
        };
        future::poll_fn(|cx| {
            let mut state = inner.state.borrow_mut();
            if state.closed {
                Poll::Ready(Err("nobody answers there".to_owned()))
            } else if state.open {
                Poll::Ready(Ok(()))
            } else {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .await?;
        Ok(Self(SendWrapper::new(inner)))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.socket.set_onmessage(None);
        self.socket.set_onopen(None);
        self.socket.set_onclose(None);
        self.socket.set_onerror(None);
        // Closing what is closed does nothing.
        let _ = self.socket.close();
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let state = &mut *self.0.state.borrow_mut();
        let Some(chunk) = state.chunks.front() else {
            if state.closed {
                return Poll::Ready(Ok(0));
            }
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let rest = &chunk[state.read..];
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        let whole = n == rest.len();
        state.read += n;
        state.waiting -= n;
        if whole {
            state.chunks.pop_front();
            state.read = 0;
        }
        Poll::Ready(Ok(n))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let inner = &self.0;
        let stuck = inner.socket.buffered_amount() as usize > MAX_WAITING;
        if stuck || inner.state.borrow().closed || inner.socket.send_with_u8_array(buf).is_err() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What was sent before is delivered first. Closing what is closed does nothing.
        let _ = self.0.socket.close();
        Poll::Ready(Ok(()))
    }
}

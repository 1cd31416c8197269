//! One libp2p connection to a relay with one stream on it. A page needs no more, so there is no swarm: a connection
//! is dialled, the stream negotiated, and what the relay opens towards the page is closed again.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::Poll;

use futures::channel::mpsc;
use futures::future::{self, Either};
use futures::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, FutureExt as _, StreamExt as _,
};
use js_sys::{Function, Promise, Uint8Array};
use libp2p::core::muxing::{StreamMuxerBox, StreamMuxerExt as _, SubstreamBox};
use libp2p::core::transport::{DialOpts, PortUse, Transport as _};
use libp2p::core::upgrade::{OutboundConnectionUpgrade as _, UpgradeInfo as _, Version};
use libp2p::core::{Endpoint, Negotiated};
use libp2p::identity::Keypair;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId, noise, webrtc_websys, yamux};
use multistream_select::dialer_select_proto;
use rookery_ledger::wire::{Frames, PROTOCOL};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::bindings::failure;
use crate::socket::Socket;

/// Frames that may wait for the socket. A page sends a few a second, so a full queue is a dead connection.
const QUEUE: usize = 1_024;
/// Bytes taken from the stream at once.
const READ_BYTES: usize = 16 * 1024;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: i32) -> JsValue;
}

async fn sleep(ms: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, ms);
    });
    // A promise that nothing rejects.
    let _ = JsFuture::from(promise).await;
}

/// An open stream to a relay.
#[wasm_bindgen]
pub struct Link {
    from: PeerId,
    to: PeerId,
    queue: Rc<RefCell<Option<mpsc::Sender<Vec<u8>>>>>,
}

#[wasm_bindgen]
impl Link {
    /// This page's libp2p peer id, as bytes.
    #[wasm_bindgen(getter)]
    pub fn from(&self) -> Vec<u8> {
        self.from.to_bytes()
    }

    /// The relay's libp2p peer id, as bytes.
    #[wasm_bindgen(getter)]
    pub fn to(&self) -> Vec<u8> {
        self.to.to_bytes()
    }

    /// The relay's libp2p peer id, as text.
    #[wasm_bindgen(getter)]
    pub fn peer(&self) -> String {
        self.to.to_base58()
    }

    /// Sends a frame, its length included. False where the link is closed; a full queue closes it.
    pub fn send(&self, frame: Vec<u8>) -> bool {
        let mut queue = self.queue.borrow_mut();
        let sent = queue
            .as_mut()
            .is_some_and(|queue| queue.try_send(frame).is_ok());
        if !sent {
            *queue = None;
        }
        sent
    }

    /// Closes the connection. The close callback is called.
    pub fn close(&self) {
        *self.queue.borrow_mut() = None;
    }
}

/// A connection to whom the address leads: who answers, and the streams.
async fn connect(key: &Keypair, address: &Multiaddr) -> Result<(PeerId, StreamMuxerBox), String> {
    let mut parts = address.iter();
    if parts.any(|part| matches!(part, Protocol::WebRTCDirect)) {
        let mut transport = webrtc_websys::Transport::new(webrtc_websys::Config::new(key));
        let opts = DialOpts {
            role: Endpoint::Dialer,
            port_use: PortUse::New,
        };
        let dialled = transport.dial(address.clone(), opts).map_err(text)?;
        let (peer, connection) = dialled.await.map_err(text)?;
        return Ok((peer, StreamMuxerBox::new(connection)));
    }
    let url = socket_url(address).ok_or("a page cannot dial this address")?;
    let socket = Socket::connect(&url).await?;
    let noise = noise::Config::new(key).map_err(text)?;
    let (name, socket) = select(socket, noise.protocol_info(), Version::V1Lazy).await?;
    let (peer, secret) = noise.upgrade_outbound(socket, name).await.map_err(text)?;
    let yamux = yamux::Config::default();
    let (name, secret) = select(secret, yamux.protocol_info(), Version::V1Lazy).await?;
    let muxer = yamux.upgrade_outbound(secret, name).await.map_err(text)?;
    Ok((peer, StreamMuxerBox::new(muxer)))
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

async fn select<S, N, I>(
    stream: S,
    names: I,
    version: Version,
) -> Result<(N, Negotiated<S>), String>
where
    S: AsyncRead + AsyncWrite + Unpin,
    N: AsRef<str> + Clone,
    I: IntoIterator<Item = N>,
{
    dialer_select_proto(stream, names, version)
        .await
        .map_err(text)
}

/// The URL of a WebSocket multiaddr; what stands behind it (the peer id) is left out.
fn socket_url(address: &Multiaddr) -> Option<String> {
    let mut parts = address.iter();
    let host = match parts.next()? {
        Protocol::Ip4(ip) => ip.to_string(),
        Protocol::Ip6(ip) => format!("[{ip}]"),
        Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name) => name.into_owned(),
        _ => return None,
    };
    let Protocol::Tcp(port) = parts.next()? else {
        return None;
    };
    let (scheme, path) = match (parts.next()?, parts.next()) {
        (Protocol::Tls, Some(Protocol::Ws(path))) | (Protocol::Wss(path), _) => ("wss", path),
        (Protocol::Ws(path), _) => ("ws", path),
        _ => return None,
    };
    Some(format!("{scheme}://{host}:{port}{path}"))
}

/// Opens the stream while the connection is driven.
async fn open(muxer: &mut StreamMuxerBox) -> Result<Negotiated<SubstreamBox>, String> {
    let opening = future::poll_fn(|cx| {
        if let Poll::Ready(stream) = muxer.poll_outbound_unpin(cx) {
            return Poll::Ready(stream.map_err(|error| error.to_string()));
        }
        drive(muxer, cx).map(Err)
    });
    let stream = opening.await?;
    let negotiating = std::pin::pin!(select(stream, [PROTOCOL], Version::V1));
    let driving = future::poll_fn(|cx| drive(muxer, cx));
    match future::select(negotiating, driving).await {
        Either::Left((Ok((_, stream)), _)) => Ok(stream),
        Either::Left((Err(error), _)) | Either::Right((error, _)) => Err(error),
    }
}

/// Lets the connection work, and closes what the relay opens. Ready with the reason when the connection is gone.
fn drive(muxer: &mut StreamMuxerBox, cx: &mut std::task::Context<'_>) -> Poll<String> {
    while let Poll::Ready(stream) = muxer.poll_inbound_unpin(cx) {
        if let Err(error) = stream {
            return Poll::Ready(error.to_string());
        }
    }
    while let Poll::Ready(event) = muxer.poll_unpin(cx) {
        if let Err(error) = event {
            return Poll::Ready(error.to_string());
        }
    }
    Poll::Pending
}

/// Dials the relay at a multiaddr and opens the game stream.
///
/// `on_frame` is called with each frame, `on_close` once with the reason.
///
/// # Errors
///
/// A `PeerError`-like error with code `bad-address` or `dial`.
#[wasm_bindgen]
pub async fn dial(
    address: String,
    timeout_ms: i32,
    on_frame: Function,
    on_close: Function,
) -> Result<Link, JsValue> {
    let bad = |_| failure("bad-address", "this is no multiaddr of a relay");
    let address: Multiaddr = address.parse().map_err(bad)?;
    let wanted = address.iter().find_map(|part| match part {
        Protocol::P2p(peer) => Some(peer),
        _ => None,
    });
    let key = Keypair::generate_ed25519();
    let connecting = async {
        let (to, mut muxer) = connect(&key, &address).await?;
        if wanted.is_some_and(|wanted| wanted != to) {
            return Err(format!("another peer answers there: {to}"));
        }
        let stream = open(&mut muxer).await?;
        Ok((to, muxer, stream))
    };
    let timeout = std::pin::pin!(sleep(timeout_ms).fuse());
    let connected = match future::select(std::pin::pin!(connecting), timeout).await {
        Either::Left((connected, _)) => connected,
        Either::Right(_) => Err("no answer in time".to_owned()),
    };
    let (to, muxer, stream) = connected.map_err(|error: String| failure("dial", &error))?;
    let (queue, frames) = mpsc::channel(QUEUE);
    let link = Link {
        from: key.public().to_peer_id(),
        to,
        queue: Rc::new(RefCell::new(Some(queue))),
    };
    spawn_local(async move {
        let reason = run(muxer, stream, frames, &on_frame).await;
        // The page's own handlers do not throw; nothing could be done if they did.
        let _ = on_close.call1(&JsValue::NULL, &reason.into());
    });
    Ok(link)
}

/// Carries frames both ways until the connection ends; the reason.
async fn run(
    mut muxer: StreamMuxerBox,
    stream: Negotiated<SubstreamBox>,
    mut frames: mpsc::Receiver<Vec<u8>>,
    on_frame: &Function,
) -> String {
    let (mut reader, mut writer) = stream.split();
    let reading = async {
        let (mut buffer, mut cutter) = (vec![0; READ_BYTES], Frames::default());
        loop {
            match reader.read(&mut buffer).await {
                Ok(0) => return "the relay closed the stream".to_owned(),
                Ok(n) => cutter.push(&buffer[..n]),
                Err(error) => return error.to_string(),
            }
            loop {
                match cutter.next_frame() {
                    Ok(Some(frame)) => {
                        // As above.
                        let _ = on_frame.call1(&JsValue::NULL, &Uint8Array::from(frame).into());
                    }
                    Ok(None) => break,
                    Err(error) => return error.to_string(),
                }
            }
        }
    };
    let writing = async {
        while let Some(frame) = frames.next().await {
            let written = async {
                writer.write_all(&frame).await?;
                writer.flush().await
            };
            if written.await.is_err() {
                // A relay that ends the session has said why: reading comes to that, and to the end of the stream.
                return future::pending().await;
            }
        }
        let _ = writer.close().await;
        "closed".to_owned()
    };
    let driving = future::poll_fn(|cx| drive(&mut muxer, cx));
    let (reading, writing) = (std::pin::pin!(reading), std::pin::pin!(writing));
    let ends = future::select(reading, writing).map(first);
    let reason = first(future::select(ends, driving).await);
    let closing = std::pin::pin!(future::poll_fn(|cx| muxer.poll_close_unpin(cx)));
    // A relay that is gone does not answer.
    let _ = future::select(closing, std::pin::pin!(sleep(500))).await;
    reason
}

fn first<A, B>(either: Either<(String, A), (String, B)>) -> String {
    match either {
        Either::Left((reason, _)) | Either::Right((reason, _)) => reason,
    }
}

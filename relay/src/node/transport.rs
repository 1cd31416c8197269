//! The transports of a relay: TCP, QUIC, WebSocket and WebRTC-direct under one roof.

use std::io;
use std::time::Duration;

use futures::future::Either;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, OrTransport, Transport as _};
use libp2p::core::upgrade::Version;
use libp2p::{PeerId, dns, noise, quic, tcp, websocket, yamux};

use crate::keys::Keys;

/// From the first byte to an authenticated connection.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The largest WebSocket message, bytes. Noise sends at most 64 kB at once.
const MAX_WS_MESSAGE: usize = 128 * 1024;

/// The transport cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The keys do not fit Noise.
    #[error("cannot set up encryption: {0}")]
    Noise(#[from] noise::Error),
}

/// Resolves names with the system's settings, or with well-known public servers where there are none to read.
fn resolving<T>(make: impl Fn() -> T) -> dns::tokio::Transport<T>
where
    T: libp2p::Transport + Send + Unpin + 'static,
    T::Error: Send,
    T::Dial: Send,
{
    dns::tokio::Transport::system(make()).unwrap_or_else(|error: io::Error| {
        tracing::warn!(%error, "no DNS settings on this system; names of fellow relays are resolved by default servers");
        let (config, options) = (dns::ResolverConfig::default(), dns::ResolverOpts::default());
        dns::tokio::Transport::custom(make(), config, options)
    })
}

/// Builds all transports of the relay.
///
/// # Errors
///
/// [`TransportError`] where the identity cannot be used.
pub fn build(keys: &Keys) -> Result<Boxed<(PeerId, StreamMuxerBox)>, TransportError> {
    let identity = &keys.identity;
    let noise = noise::Config::new(identity)?;
    let tcp_socket = || tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));

    let mut websocket = websocket::Config::new(resolving(tcp_socket));
    websocket.set_max_data_size(MAX_WS_MESSAGE);
    let websocket = websocket
        .upgrade(Version::V1Lazy)
        .authenticate(noise.clone())
        .multiplex(yamux::Config::default())
        .timeout(HANDSHAKE)
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
        .boxed();

    let direct = || -> OrTransport<_, _> {
        let tcp = tcp_socket()
            .upgrade(Version::V1Lazy)
            .authenticate(noise.clone())
            .multiplex(yamux::Config::default())
            .timeout(HANDSHAKE)
            .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
            .boxed();
        let quic = quic::tokio::Transport::new(quic::Config::new(identity))
            .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
            .boxed();
        tcp.or_transport(quic)
    };
    let webrtc = libp2p_webrtc::tokio::Transport::new(identity.clone(), keys.certificate.clone())
        .map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)))
        .boxed();

    // WebSocket comes first: the resolving transport takes any address with a name, and only fails later.
    Ok(websocket
        .or_transport(webrtc)
        .or_transport(resolving(direct))
        .map(|either, _| match either {
            Either::Left(either) => either.into_inner(),
            Either::Right(either) => either.into_inner(),
        })
        .boxed())
}

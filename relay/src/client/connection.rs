//! One libp2p connection to a relay, under a fresh identity as a page has it.

use std::net::Ipv4Addr;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::Either;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, Transport as _};
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair as Identity;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, noise, quic, tcp, websocket, yamux};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::bound::BoundTcp;
use super::{ClientError, RawStream};
use crate::node::PROTOCOL;

/// From the first byte to an authenticated connection.
const DIAL_WITHIN: Duration = Duration::from_secs(15);
/// The same over WebRTC, where two lost datagrams cost SCTP 9 of the 10 seconds that the transport waits for its first
/// channel, so that a busy machine needs a second try.
const WEBRTC_DIAL_WITHIN: Duration = Duration::from_secs(35);
/// The client itself never closes a connection for lack of streams: tests look at what the relay does.
const IDLE: Duration = Duration::from_secs(24 * 3600);

/// A connection. It closes when this is dropped.
pub struct Connection {
    local: PeerId,
    remote: PeerId,
    streams: libp2p_stream::Control,
    closed: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({} to {})", self.local, self.remote)
    }
}

impl Connection {
    /// Dials a relay; the address says by which transport. Names are not resolved.
    ///
    /// # Errors
    ///
    /// [`ClientError::Dial`]
    pub async fn dial(address: &Multiaddr) -> Result<Self, ClientError> {
        Self::dial_from(address, None).await
    }

    /// As [`Connection::dial`]; where a `source` is given, from that address of this machine and over WebSocket alone.
    ///
    /// # Errors
    ///
    /// [`ClientError::Dial`]
    pub async fn dial_from(
        address: &Multiaddr,
        source: Option<Ipv4Addr>,
    ) -> Result<Self, ClientError> {
        let failed = |what: String| ClientError::Dial {
            address: address.to_string(),
            what,
        };
        let is_webrtc = address.iter().any(|part| part == Protocol::WebRTCDirect);
        let (within, mut tries) = if is_webrtc {
            (WEBRTC_DIAL_WITHIN, 3)
        } else {
            (DIAL_WITHIN, 1)
        };
        let dialling = async {
            loop {
                tries -= 1;
                match dial_once(address, source, is_webrtc).await {
                    Err(DialFailed::Transport(_)) if tries > 0 => {}
                    dialled => return dialled.map_err(|error| error.to_string()),
                }
            }
        };
        let (mut swarm, streams, remote) = tokio::time::timeout(within, dialling)
            .await
            .map_err(|_| failed("no answer".into()))?
            .map_err(failed)?;
        let local = *swarm.local_peer_id();
        let (closing, closed) = watch::channel(false);
        let task = tokio::spawn(async move {
            loop {
                if let SwarmEvent::ConnectionClosed { .. } = swarm.select_next_some().await {
                    closing.send_replace(true);
                }
            }
        });
        Ok(Self {
            local,
            remote,
            streams,
            closed,
            task,
        })
    }

    /// The client's own peer id.
    #[must_use]
    pub fn local(&self) -> PeerId {
        self.local
    }

    /// The relay's peer id.
    #[must_use]
    pub fn remote(&self) -> PeerId {
        self.remote
    }

    /// Opens a stream of the game protocol, on which the relay speaks first.
    ///
    /// # Errors
    ///
    /// [`ClientError::Open`], or [`ClientError::Closed`] where the connection is gone.
    pub async fn open(&self) -> Result<RawStream, ClientError> {
        if *self.closed.borrow() {
            return Err(ClientError::lost("the connection was closed"));
        }
        let stream = self
            .streams
            .clone()
            .open_stream(self.remote, PROTOCOL)
            .await?;
        Ok(RawStream::new(stream))
    }

    /// Resolves when the connection is closed by either side.
    pub async fn closed(&self) {
        // An error means that the task is gone, and the connection with it.
        let _ = self.closed.clone().wait_for(|closed| *closed).await;
    }
}

type Client = Swarm<libp2p_stream::Behaviour>;

/// Why one try came to nothing.
#[derive(Debug, thiserror::Error)]
enum DialFailed {
    /// Nobody answered, or not in time.
    #[error(transparent)]
    Transport(DialError),
    #[error("{0}")]
    Other(String),
}

/// Each try has a socket of its own: over WebRTC what comes from that of a try that failed belongs to it for the relay.
async fn dial_once(
    address: &Multiaddr,
    source: Option<Ipv4Addr>,
    is_webrtc: bool,
) -> Result<(Client, libp2p_stream::Control, PeerId), DialFailed> {
    let identity = Identity::generate_ed25519();
    let transport = match source {
        Some(source) => bound(&identity, source),
        None if is_webrtc => webrtc(&identity),
        None => plain(&identity),
    }
    .map_err(DialFailed::Other)?;
    let streams = libp2p_stream::Behaviour::new();
    let control = streams.new_control();
    let config = libp2p::swarm::Config::with_tokio_executor().with_idle_connection_timeout(IDLE);
    let local = identity.public().to_peer_id();
    let mut swarm = Swarm::new(transport, streams, local, config);
    if is_webrtc {
        // The native transport dials from the socket of a listener.
        listen_for_webrtc(&mut swarm)
            .await
            .map_err(DialFailed::Other)?;
    }
    let failed = |error| match error {
        DialError::Transport(_) => DialFailed::Transport(error),
        error => DialFailed::Other(error.to_string()),
    };
    swarm.dial(address.clone()).map_err(failed)?;
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::ConnectionEstablished { peer_id, .. } => {
                return Ok((swarm, control, peer_id));
            }
            SwarmEvent::OutgoingConnectionError { error, .. } => return Err(failed(error)),
            _ => {}
        }
    }
}

async fn listen_for_webrtc(swarm: &mut Client) -> Result<(), String> {
    let any = Multiaddr::empty()
        .with(Protocol::Ip4([127, 0, 0, 1].into()))
        .with(Protocol::Udp(0))
        .with(Protocol::WebRTCDirect);
    swarm.listen_on(any).map_err(|error| error.to_string())?;
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::NewListenAddr { .. } => return Ok(()),
            SwarmEvent::ListenerClosed { reason, .. } => return Err(format!("{reason:?}")),
            _ => {}
        }
    }
}

type BoxedTransport = Boxed<(PeerId, StreamMuxerBox)>;

/// WebSocket, TCP and QUIC.
fn plain(identity: &Identity) -> Result<BoxedTransport, String> {
    let noise = noise::Config::new(identity).map_err(|error| error.to_string())?;
    let socket = || tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
    let websocket = websocket::Config::new(socket())
        .upgrade(Version::V1Lazy)
        .authenticate(noise.clone())
        .multiplex(yamux::Config::default())
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    let tcp = socket()
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(yamux::Config::default())
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    let quic = quic::tokio::Transport::new(quic::Config::new(identity))
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    Ok(websocket
        .or_transport(tcp)
        .or_transport(quic)
        .map(|either, _| match either {
            Either::Left(either) => either.into_inner(),
            Either::Right(output) => output,
        })
        .boxed())
}

/// WebSocket from one address of this machine.
fn bound(identity: &Identity, source: Ipv4Addr) -> Result<BoxedTransport, String> {
    let noise = noise::Config::new(identity).map_err(|error| error.to_string())?;
    Ok(websocket::Config::new(BoundTcp { source })
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(yamux::Config::default())
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
        .boxed())
}

fn webrtc(identity: &Identity) -> Result<BoxedTransport, String> {
    // A second call changes nothing: the first provider stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = libp2p_webrtc::tokio::Certificate::generate(&mut rand::rng())
        .map_err(|error| error.to_string())?;
    let transport = libp2p_webrtc::tokio::Transport::new(identity.clone(), certificate);
    Ok(transport
        .map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)))
        .boxed())
}

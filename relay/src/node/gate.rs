//! Who may connect, and the door for streams of the game protocol: counts connections by address, and hands each new
//! stream over with the address that it came from.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::behaviour::ConnectionEstablished;
use libp2p::swarm::handler::{
    ConnectionEvent, ConnectionHandler, ConnectionHandlerEvent, FullyNegotiatedInbound,
};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, SubstreamProtocol, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol};
use tokio::sync::mpsc;

use crate::access::Access;
use crate::conduct::{Conduct, unit_of};
use crate::limits::Limits;
use crate::wall_clock::WallClock;

/// The stream protocol of games.
pub const PROTOCOL: StreamProtocol = StreamProtocol::new("/rookery/game/1");

/// Streams that were opened and wait to be looked at; more are refused.
const DOOR: usize = 1024;

/// A stream of the game protocol that a peer opened.
#[derive(Debug)]
pub struct Inbound {
    /// Who opened it.
    pub peer: PeerId,
    /// On which connection.
    pub connection: ConnectionId,
    /// From where.
    pub address: IpAddr,
    /// The stream.
    pub stream: Stream,
    /// Counts the stream as open until it is dropped.
    pub permit: StreamPermit,
}

/// One of the streams that a connection may have.
#[derive(Debug)]
pub struct StreamPermit(Arc<AtomicUsize>);

impl Drop for StreamPermit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the gate counted; for metrics.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections open now, both ways.
    pub connections: AtomicU64,
    /// Connections refused.
    pub refused: AtomicU64,
    /// Streams refused.
    pub streams_refused: AtomicU64,
}

/// Why a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("the host does not admit this address")]
    Denied,
    #[error("the address is banned for a while")]
    Banned,
    #[error("too many connections from this address")]
    Address,
    #[error("too many WebRTC connections")]
    WebRtc,
}

/// The libp2p behaviour.
pub(super) struct Gate {
    per_address: u64,
    webrtc: u64,
    streams: usize,
    access: Arc<Access>,
    conduct: Arc<Conduct>,
    clock: WallClock,
    relays: Arc<HashSet<PeerId>>,
    by_address: HashMap<IpAddr, u64>,
    /// The address of each connection from outside, and whether it is over WebRTC.
    admitted: HashMap<ConnectionId, (IpAddr, bool)>,
    webrtc_now: u64,
    door: mpsc::Sender<Inbound>,
    counters: Arc<Counters>,
}

impl Gate {
    /// A gate under `limits` for those whom `access` admits, which keeps connections to `relays` open, and the streams that
    /// come through it.
    pub(super) fn new(
        limits: &Limits,
        access: Arc<Access>,
        conduct: Arc<Conduct>,
        relays: Arc<HashSet<PeerId>>,
    ) -> (Self, mpsc::Receiver<Inbound>, Arc<Counters>) {
        let (door, streams) = mpsc::channel(DOOR);
        let counters = Arc::new(Counters::default());
        let gate = Self {
            per_address: limits.connections_per_address,
            webrtc: limits.webrtc_connections,
            streams: usize::try_from(limits.streams_per_connection).unwrap_or(usize::MAX),
            access,
            conduct,
            clock: WallClock::start(),
            relays,
            by_address: HashMap::new(),
            admitted: HashMap::new(),
            webrtc_now: 0,
            door,
            counters: counters.clone(),
        };
        (gate, streams, counters)
    }

    /// Goes on under these limits and lists. Gives the connections whose address is not admitted any more.
    pub(super) fn govern(&mut self, limits: &Limits, access: Arc<Access>) -> Vec<ConnectionId> {
        self.per_address = limits.connections_per_address;
        self.webrtc = limits.webrtc_connections;
        self.streams = usize::try_from(limits.streams_per_connection).unwrap_or(usize::MAX);
        self.access = access;
        let denied = self.admitted.iter();
        let denied = denied.filter(|(_, (address, _))| !self.access.admits_address(*address));
        denied.map(|(connection, _)| *connection).collect()
    }

    fn release(&mut self, connection: ConnectionId) {
        let Some((address, webrtc)) = self.admitted.remove(&connection) else {
            return;
        };
        self.webrtc_now -= u64::from(webrtc);
        let unit = unit_of(address);
        if let Some(count) = self.by_address.get_mut(&unit) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&unit);
            }
        }
    }

    fn handler(&self, peer: PeerId, connection: ConnectionId, address: &Multiaddr) -> Handler {
        Handler {
            peer,
            connection,
            address: ip_of(address),
            is_relay: self.relays.contains(&peer),
            limit: self.streams,
            open: Arc::default(),
            door: self.door.clone(),
            counters: self.counters.clone(),
        }
    }
}

/// The address of a peer; unspecified where the multiaddr has none.
fn ip_of(address: &Multiaddr) -> IpAddr {
    let ip = address.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(IpAddr::V4(ip)),
        Protocol::Ip6(ip) => Some(ip.to_canonical()),
        _ => None,
    });
    ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let address = ip_of(remote);
        let unit = unit_of(address);
        let webrtc = local.iter().any(|part| part == Protocol::WebRTCDirect);
        let refused = if !self.access.admits_address(address) {
            Some(Refused::Denied)
        } else if self.conduct.is_banned(address, self.clock.now().get()) {
            Some(Refused::Banned)
        } else if self
            .by_address
            .get(&unit)
            .is_some_and(|count| *count >= self.per_address)
        {
            Some(Refused::Address)
        } else if webrtc && self.webrtc_now >= self.webrtc {
            Some(Refused::WebRtc)
        } else {
            None
        };
        if let Some(refused) = refused {
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
            return Err(ConnectionDenied::new(refused));
        }
        *self.by_address.entry(unit).or_default() += 1;
        self.webrtc_now += u64::from(webrtc);
        self.admitted.insert(connection, (address, webrtc));
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(peer, connection, remote))
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        remote: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(peer, connection, remote))
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(ConnectionEstablished { .. }) => {
                self.counters.connections.fetch_add(1, Ordering::Relaxed);
            }
            FromSwarm::ConnectionClosed(closed) => {
                self.counters.connections.fetch_sub(1, Ordering::Relaxed);
                self.release(closed.connection_id);
            }
            FromSwarm::ListenFailure(failure) => self.release(failure.connection_id),
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        _: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

/// Takes the inbound streams of one connection.
pub(super) struct Handler {
    peer: PeerId,
    connection: ConnectionId,
    address: IpAddr,
    is_relay: bool,
    limit: usize,
    open: Arc<AtomicUsize>,
    door: mpsc::Sender<Inbound>,
    counters: Arc<Counters>,
}

impl Handler {
    fn take(&self, stream: Stream) {
        let permit = StreamPermit(self.open.clone());
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        // Fellow relays forward many players over few connections.
        let within = self.is_relay || before < self.limit;
        let inbound = Inbound {
            peer: self.peer,
            connection: self.connection,
            address: self.address,
            stream,
            permit,
        };
        if !within || self.door.try_send(inbound).is_err() {
            self.counters
                .streams_refused
                .fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Infallible;
    type ToBehaviour = Infallible;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ())
    }

    fn connection_keep_alive(&self) -> bool {
        self.is_relay
    }

    fn on_behaviour_event(&mut self, event: Self::FromBehaviour) {
        match event {}
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Self::InboundProtocol, Self::OutboundProtocol>,
    ) {
        if let ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
            protocol: stream,
            ..
        }) = event
        {
            self.take(stream);
        }
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, (), Self::ToBehaviour>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(limits: &Limits) -> Gate {
        Gate::new(limits, Arc::default(), Arc::default(), Arc::default()).0
    }

    fn knock(gate: &mut Gate, id: usize, from: &str) -> bool {
        let local = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
        let from = from.parse().unwrap();
        gate.handle_pending_inbound_connection(ConnectionId::new_unchecked(id), &local, &from)
            .is_ok()
    }

    #[test]
    fn one_address_gets_so_many_connections_and_others_are_not_hurt() {
        let mut gate = gate(&Limits {
            connections_per_address: 2,
            ..Limits::default()
        });
        assert!(knock(&mut gate, 1, "/ip4/10.0.0.1/tcp/1"));
        assert!(knock(&mut gate, 2, "/ip4/10.0.0.1/tcp/2"));
        assert!(!knock(&mut gate, 3, "/ip4/10.0.0.1/tcp/3"));
        assert!(knock(&mut gate, 4, "/ip4/10.0.0.2/tcp/3"));
        gate.release(ConnectionId::new_unchecked(3));
        assert!(
            !knock(&mut gate, 5, "/ip4/10.0.0.1/tcp/4"),
            "what was refused held nothing"
        );
        gate.release(ConnectionId::new_unchecked(1));
        assert!(knock(&mut gate, 6, "/ip4/10.0.0.1/tcp/5"));
    }

    #[test]
    fn an_ipv6_customer_counts_as_one_address() {
        let mut gate = gate(&Limits {
            connections_per_address: 1,
            ..Limits::default()
        });
        assert!(knock(&mut gate, 1, "/ip6/2001:db8:1:2::1/tcp/1"));
        assert!(!knock(&mut gate, 2, "/ip6/2001:db8:1:2:ffff::2/tcp/1"));
        assert!(knock(&mut gate, 3, "/ip6/2001:db8:1:3::1/tcp/1"));
        assert!(knock(&mut gate, 4, "/ip4/10.0.0.1/tcp/1"));
        assert!(
            !knock(&mut gate, 5, "/ip6/::ffff:10.0.0.1/tcp/1"),
            "a mapped address is the same address"
        );
    }

    #[test]
    fn who_is_not_admitted_any_more_is_named_and_new_limits_hold_from_then_on() {
        let mut gate = gate(&Limits::default());
        assert!(knock(&mut gate, 1, "/ip4/10.0.0.1/tcp/1"));
        assert!(knock(&mut gate, 2, "/ip4/10.0.1.1/tcp/1"));
        assert!(knock(&mut gate, 3, "/ip6/2001:db8::1/tcp/1"));
        let limits = Limits {
            connections_per_address: 1,
            ..Limits::default()
        };
        let access = Access {
            deny_addresses: vec!["10.0.1.0/24".parse().unwrap()],
            ..Access::default()
        };
        let cut = gate.govern(&limits, Arc::new(access));
        assert_eq!(cut, [ConnectionId::new_unchecked(2)]);
        assert!(!knock(&mut gate, 4, "/ip4/10.0.1.2/tcp/1"), "denied");
        assert!(
            !knock(&mut gate, 5, "/ip4/10.0.0.1/tcp/2"),
            "one for an address"
        );
        assert!(knock(&mut gate, 6, "/ip4/10.0.2.1/tcp/2"));
        gate.release(ConnectionId::new_unchecked(3));
        assert!(
            knock(&mut gate, 7, "/ip6/2001:db8::2/tcp/1"),
            "a /64 is one address"
        );
    }

    #[test]
    fn webrtc_has_a_limit_of_its_own() {
        let mut gate = gate(&Limits {
            webrtc_connections: 1,
            ..Limits::default()
        });
        let local = "/ip4/127.0.0.1/udp/1/webrtc-direct".parse().unwrap();
        let mut knock_webrtc = |id, from: &str| {
            let id = ConnectionId::new_unchecked(id);
            gate.handle_pending_inbound_connection(id, &local, &from.parse().unwrap())
                .is_ok()
        };
        assert!(knock_webrtc(1, "/ip4/10.0.0.1/udp/1/webrtc-direct"));
        assert!(!knock_webrtc(2, "/ip4/10.0.0.2/udp/1/webrtc-direct"));
        assert!(knock(&mut gate, 3, "/ip4/10.0.0.2/tcp/1"));
    }
}

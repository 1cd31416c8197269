//! The libp2p node: one task owns the swarm, takes commands and tells what happens. It knows peers, streams and
//! gossip, and nothing of games.

mod behaviour;
mod dials;
mod fellows_only;
mod gate;
mod transport;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use libp2p::core::transport::ListenerId;
use libp2p::gossipsub::{self, IdentTopic, MessageAcceptance, MessageId, TopicHash};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{ConnectionId, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::conduct::Conduct;
use crate::config::Config;
use crate::keys::Keys;
use crate::relay::Settings;

use behaviour::{Behaviour, BehaviourEvent, behaviour, connection_limits};
use dials::Dials;

pub use gate::{Counters as GateCounters, Inbound, PROTOCOL, StreamPermit};
pub use transport::{TransportError, build as build_transport};

/// How many topics the games are spread over. Fixed, because a peer accepts only topics that it knows.
pub const SHARDS: u8 = 16;
/// Commands and events that may wait.
const QUEUE: usize = 1024;
/// The largest gossip message, bytes: a record, its receipt and the envelope.
const MAX_GOSSIP: usize = 32 * 1024;
/// A connection on which no stream is open is closed after this long.
const IDLE_CONNECTION: Duration = Duration::from_secs(10);
/// How long all listeners may take to say where they listen.
const LISTEN_WITHIN: Duration = Duration::from_secs(10);

/// A topic of gossip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Seeks, and what relays tell about themselves.
    Lobby,
    /// Records and receipts of the games whose name falls into this shard, 0 to [`SHARDS`] - 1.
    Moves(u8),
}

impl Topic {
    fn ident(self) -> IdentTopic {
        IdentTopic::new(match self {
            Self::Lobby => "rookery/1/lobby".to_owned(),
            Self::Moves(shard) => format!("rookery/1/moves/{}", shard % SHARDS),
        })
    }

    fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self::Moves).chain([Self::Lobby])
    }
}

/// What the node is told to do.
#[derive(Debug)]
enum Command {
    Publish(Topic, Vec<u8>),
    Judge(MessageId, PeerId, MessageAcceptance),
    Disconnect(ConnectionId),
    Govern(Settings),
    Stop,
}

/// A gossip message of a fellow relay, to be judged with [`Node::judge`].
#[derive(Debug, Clone)]
pub struct Gossip {
    /// The relay that signed it.
    pub source: PeerId,
    /// The topic that it came by.
    pub topic: Topic,
    /// The content, at most 32 KiB.
    pub data: Vec<u8>,
    id: MessageId,
    carrier: PeerId,
}

/// What the node tells.
#[derive(Debug)]
pub enum Event {
    /// A message of a fellow relay.
    Gossip(Gossip),
    /// A fellow relay is connected.
    RelayUp(PeerId),
    /// The last connection to a fellow relay is gone.
    RelayDown(PeerId),
}

/// A handle on the running node.
#[derive(Clone)]
pub struct Node {
    commands: mpsc::Sender<Command>,
    streams: libp2p_stream::Control,
    addresses: watch::Receiver<Vec<Multiaddr>>,
    local: PeerId,
    counters: Arc<GateCounters>,
    conduct: Arc<Conduct>,
}

impl Node {
    /// A node without a network, for relays that are driven by hand: nobody hears what it publishes.
    #[must_use]
    pub fn alone(local: PeerId) -> Self {
        let (commands, _) = mpsc::channel(1);
        let (_, addresses) = watch::channel(Vec::new());
        Self {
            commands,
            streams: libp2p_stream::Behaviour::new().new_control(),
            addresses,
            local,
            counters: Arc::default(),
            conduct: Arc::default(),
        }
    }

    /// The relay's own peer id.
    #[must_use]
    pub fn local(&self) -> PeerId {
        self.local
    }

    /// Where the relay listens, each with /p2p/, as it changes.
    #[must_use]
    pub fn addresses(&self) -> watch::Receiver<Vec<Multiaddr>> {
        self.addresses.clone()
    }

    /// What the gate counted.
    #[must_use]
    pub fn counters(&self) -> &GateCounters {
        &self.counters
    }

    /// How keys and addresses behave; the node lets nobody in whose address is banned.
    #[must_use]
    pub fn conduct(&self) -> &Arc<Conduct> {
        &self.conduct
    }

    /// Publishes to fellow relays. Lost where the node's queue is full or nobody listens: gossip promises nothing.
    pub fn publish(&self, topic: Topic, data: Vec<u8>) {
        if self
            .commands
            .try_send(Command::Publish(topic, data))
            .is_err()
        {
            tracing::debug!("the gossip queue is full; a message was dropped");
        }
    }

    /// Says whether a message is passed on. Without a verdict it is forgotten.
    pub fn judge(&self, gossip: &Gossip, verdict: MessageAcceptance) {
        let _ = self
            .commands
            .try_send(Command::Judge(gossip.id.clone(), gossip.carrier, verdict));
    }

    /// Cuts a connection off.
    pub fn disconnect(&self, connection: ConnectionId) {
        let _ = self.commands.try_send(Command::Disconnect(connection));
    }

    /// Goes on under these limits and lists of addresses; who may not connect any more is cut off. Waits for nothing: where
    /// the queue is full a task does.
    pub fn govern(&self, settings: Settings) {
        let commands = self.commands.clone();
        tokio::spawn(async move {
            let _ = commands.send(Command::Govern(settings)).await;
        });
    }

    /// Opens a stream of the game protocol to a fellow relay.
    ///
    /// # Errors
    ///
    /// As [`libp2p_stream::Control::open_stream`].
    pub async fn open_stream(
        &self,
        to: PeerId,
    ) -> Result<libp2p::Stream, libp2p_stream::OpenStreamError> {
        self.streams.clone().open_stream(to, PROTOCOL).await
    }

    /// Closes every connection and ends the node's task.
    pub async fn stop(&self) {
        let _ = self.commands.send(Command::Stop).await;
        self.commands.closed().await;
    }
}

/// The node cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No transport.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// No gossip.
    #[error("cannot set up gossip: {0}")]
    Gossip(String),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {what}; is another program using the port?")]
    Listen {
        /// Which one.
        address: Multiaddr,
        /// What the system says.
        what: String,
    },
}

/// Starts the node: it listens when this returns.
///
/// # Errors
///
/// [`StartError`] with the address that cannot be listened on.
pub async fn start(
    config: &Config,
    keys: &Keys,
) -> Result<(Node, mpsc::Receiver<Inbound>, mpsc::Receiver<Event>), StartError> {
    let relays: Arc<HashSet<PeerId>> = Arc::new(config.peers.iter().map(|peer| peer.id).collect());
    let access = Arc::new(config.access.clone());
    let conduct = Arc::new(Conduct::default());
    let (gate, inbound, counters) =
        gate::Gate::new(&config.limits, access, conduct.clone(), relays.clone());
    let local = keys.identity.public().to_peer_id();
    let mut behaviour = behaviour(config, keys, gate, &relays)?;
    let streams = behaviour.streams.inner_mut().new_control();
    let swarm_config =
        libp2p::swarm::Config::with_tokio_executor().with_idle_connection_timeout(IDLE_CONNECTION);
    let mut swarm = Swarm::new(transport::build(keys)?, behaviour, local, swarm_config);

    let (commands, command_rx) = mpsc::channel(QUEUE);
    let (events, event_rx) = mpsc::channel(QUEUE);
    let announced: Vec<Multiaddr> = config.announce.clone();
    let listening = listen(&mut swarm, &config.listen).await?;
    let addresses = watch::Sender::new(named(&announced, &listening, local));
    let node = Node {
        commands,
        streams,
        addresses: addresses.subscribe(),
        local,
        counters,
        conduct,
    };
    let dials = Dials::new(&config.peers, local);
    let task = Task {
        swarm,
        commands: command_rx,
        events,
        addresses,
        announced,
        listening,
        relays,
        dials,
        local,
    };
    tokio::spawn(task.run());
    Ok((node, inbound, event_rx))
}

/// Listens on every address, and waits until each listener says where.
async fn listen(
    swarm: &mut Swarm<Behaviour>,
    wanted: &[Multiaddr],
) -> Result<Vec<(ListenerId, Multiaddr)>, StartError> {
    let mut waiting: HashMap<ListenerId, &Multiaddr> = HashMap::new();
    let mut order = Vec::new();
    let failed = |address: &Multiaddr, what: String| StartError::Listen {
        address: address.clone(),
        what,
    };
    for address in wanted {
        let id = swarm
            .listen_on(address.clone())
            .map_err(|error| failed(address, error.to_string()))?;
        waiting.insert(id, address);
        order.push(id);
    }
    let deadline = Instant::now() + LISTEN_WITHIN;
    let mut listening = Vec::new();
    while let Some(address) = waiting.values().next().copied() {
        let Ok(event) = tokio::time::timeout_at(deadline, swarm.select_next_some()).await else {
            return Err(failed(address, "no answer from the system".into()));
        };
        match event {
            SwarmEvent::NewListenAddr {
                listener_id,
                address,
            } => {
                waiting.remove(&listener_id);
                listening.push((listener_id, address));
            }
            SwarmEvent::ListenerClosed {
                listener_id,
                reason,
                ..
            } => {
                if let Some(address) = waiting.get(&listener_id) {
                    let what = reason
                        .err()
                        .map_or_else(|| "closed".into(), |error| error.to_string());
                    return Err(failed(address, what));
                }
            }
            _ => {}
        }
    }
    // The system answers in any order; others read the list from the first address on.
    listening.sort_by_key(|(id, _)| order.iter().position(|ordered| ordered == id));
    Ok(listening)
}

/// The addresses that others are told: those announced, then those listened on, each with the peer id.
fn named(
    announced: &[Multiaddr],
    listening: &[(ListenerId, Multiaddr)],
    local: PeerId,
) -> Vec<Multiaddr> {
    let all = announced
        .iter()
        .chain(listening.iter().map(|(_, address)| address));
    all.map(|address| {
        let has_id = address.iter().any(|part| matches!(part, Protocol::P2p(_)));
        if has_id {
            address.clone()
        } else {
            address.clone().with(Protocol::P2p(local))
        }
    })
    .collect()
}

struct Task {
    swarm: Swarm<Behaviour>,
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
    addresses: watch::Sender<Vec<Multiaddr>>,
    announced: Vec<Multiaddr>,
    listening: Vec<(ListenerId, Multiaddr)>,
    relays: Arc<HashSet<PeerId>>,
    dials: Dials,
    local: PeerId,
}

impl Task {
    async fn run(mut self) {
        let mut redial = tokio::time::interval(dials::FIRST / 2);
        redial.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_event(event),
                command = self.commands.recv() => match command {
                    None | Some(Command::Stop) => break,
                    Some(command) => self.on_command(command),
                },
                _ = redial.tick() => {
                    for dial in self.dials.take_due(|peer| self.swarm.is_connected(peer)) {
                        if let Err(error) = self.swarm.dial(dial) {
                            tracing::debug!(%error, "cannot dial a fellow relay");
                        }
                    }
                }
            }
        }
    }

    fn tell(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            tracing::warn!("too many events at once from fellow relays; one was dropped");
        }
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Publish(topic, data) => {
                if let Err(error) = self
                    .swarm
                    .behaviour_mut()
                    .gossip
                    .inner_mut()
                    .publish(topic.ident(), data)
                {
                    tracing::trace!(%error, "gossip not published");
                }
            }
            Command::Judge(id, carrier, verdict) => {
                self.swarm
                    .behaviour_mut()
                    .gossip
                    .inner_mut()
                    .report_message_validation_result(&id, &carrier, verdict);
            }
            Command::Disconnect(connection) => {
                self.swarm.close_connection(connection);
            }
            Command::Govern(settings) => {
                let behaviour = self.swarm.behaviour_mut();
                *behaviour.limits.limits_mut() = connection_limits(&settings.limits);
                for connection in behaviour.gate.govern(&settings.limits, settings.access) {
                    self.swarm.close_connection(connection);
                }
            }
            Command::Stop => {}
        }
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Gossip(gossipsub::Event::Message {
                propagation_source,
                message_id,
                message,
            })) => self.on_gossip(propagation_source, message_id, message),
            SwarmEvent::ConnectionEstablished {
                peer_id,
                num_established,
                ..
            } if self.relays.contains(&peer_id) => {
                self.dials.connected(peer_id);
                if num_established.get() == 1 {
                    self.tell(Event::RelayUp(peer_id));
                }
            }
            SwarmEvent::ConnectionClosed {
                peer_id,
                num_established: 0,
                ..
            } if self.relays.contains(&peer_id) => {
                self.dials.lost(peer_id);
                self.tell(Event::RelayDown(peer_id));
            }
            SwarmEvent::OutgoingConnectionError {
                peer_id: Some(peer),
                error,
                ..
            } => {
                tracing::debug!(%peer, %error, "cannot reach a fellow relay");
                if !self.swarm.is_connected(&peer) {
                    self.dials.lost(peer);
                }
            }
            SwarmEvent::NewListenAddr {
                listener_id,
                address,
            } if !self.listening.contains(&(listener_id, address.clone())) => {
                self.listening.push((listener_id, address));
                self.addresses
                    .send_replace(named(&self.announced, &self.listening, self.local));
            }
            SwarmEvent::ExpiredListenAddr {
                listener_id,
                address,
            } => {
                self.listening
                    .retain(|known| *known != (listener_id, address.clone()));
                self.addresses
                    .send_replace(named(&self.announced, &self.listening, self.local));
            }
            SwarmEvent::ListenerClosed {
                listener_id,
                reason,
                ..
            } => {
                tracing::error!(?reason, "a listener closed");
                self.listening.retain(|(id, _)| *id != listener_id);
                self.addresses
                    .send_replace(named(&self.announced, &self.listening, self.local));
            }
            _ => {}
        }
    }

    fn on_gossip(&mut self, carrier: PeerId, id: MessageId, message: gossipsub::Message) {
        let topic = Topic::all().find(|topic| TopicHash::from(topic.ident()) == message.topic);
        let source = message.source.filter(|source| self.relays.contains(source));
        match (source, topic) {
            (Some(source), Some(topic)) => {
                self.tell(Event::Gossip(Gossip {
                    source,
                    topic,
                    data: message.data,
                    id,
                    carrier,
                }));
            }
            _ => {
                let gossip = self.swarm.behaviour_mut().gossip.inner_mut();
                gossip.report_message_validation_result(&id, &carrier, MessageAcceptance::Reject);
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! The network: streams that keep their order and can break, datagrams that can get lost, doubled and overtake each other.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rookery_relay::outbox::SessionId;

use crate::real::Random;

/// A machine: a relay or a player's device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Node {
    Relay(usize),
    Client(usize),
}

/// What goes over a stream.
#[derive(Debug, Clone)]
pub(super) enum Packet {
    /// A frame.
    Bytes(Arc<[u8]>),
    /// The other end closed the stream.
    Closed,
}

/// One direction of a stream.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// With the moment at which each arrives.
    pub(super) packets: VecDeque<(u64, Packet)>,
    /// How many have come to where the way is cut.
    pub(super) stalled: u64,
    last: u64,
}

/// A stream that `from` opened to a relay.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) from: Node,
    pub(super) to: usize,
    /// Which life of the relay it belongs to.
    pub(super) boot: u32,
    /// Whether the relay has taken it up.
    pub(super) opened: bool,
    /// Which ends still hold it: the one that opened it, the relay.
    pub(super) held: [bool; 2],
    /// To the relay, from the relay.
    pub(super) lanes: [Lane; 2],
}

/// All of it.
#[derive(Debug)]
pub(super) struct Wires {
    pub(super) streams: BTreeMap<SessionId, Stream>,
    next: u64,
    /// How many faults cut this direction now.
    cuts: BTreeMap<(Node, Node), u32>,
    /// How many times as long everything takes.
    pub(super) slow: u64,
    /// Of a thousand datagrams so many are lost; as many come twice.
    pub(super) loss: u64,
    /// One way, ms, for each device.
    latencies: BTreeMap<Node, u64>,
}

impl Wires {
    pub(super) fn new() -> Self {
        Self {
            streams: BTreeMap::new(),
            next: 0,
            cuts: BTreeMap::new(),
            slow: 1,
            loss: 15,
            latencies: BTreeMap::new(),
        }
    }

    pub(super) fn set_latency(&mut self, node: Node, ms: u64) {
        self.latencies.insert(node, ms);
    }

    pub(super) fn open(&mut self, from: Node, to: usize, boot: u32) -> SessionId {
        let id = SessionId(self.next);
        self.next += 1;
        let stream = Stream {
            from,
            to,
            boot,
            opened: false,
            held: [true; 2],
            lanes: [Lane::default(), Lane::default()],
        };
        self.streams.insert(id, stream);
        id
    }

    /// The mean time on the way, ms.
    pub(super) fn latency(&self, a: Node, b: Node) -> u64 {
        let of = |node| self.latencies.get(&node).copied().unwrap_or(1);
        (of(a) + of(b)) * self.slow
    }

    /// How long one packet takes, ms.
    pub(super) fn delay(&self, a: Node, b: Node, random: &mut Random) -> u64 {
        let mean = self.latency(a, b);
        let jitter = random.below(mean / 2 + 1);
        let late = if random.below(50) == 0 {
            random.below(mean * 4 + 1)
        } else {
            0
        };
        mean + jitter + late
    }

    pub(super) fn is_cut(&self, from: Node, to: Node) -> bool {
        self.cuts.contains_key(&(from, to))
    }

    pub(super) fn cut(&mut self, from: Node, to: Node) {
        *self.cuts.entry((from, to)).or_default() += 1;
    }

    /// Gives the streams on which packets wait, as often as they do, if the way is free again.
    pub(super) fn mend(&mut self, from: Node, to: Node) -> Vec<(SessionId, usize)> {
        if let Some(cuts) = self.cuts.get_mut(&(from, to)) {
            *cuts -= 1;
            if *cuts == 0 {
                self.cuts.remove(&(from, to));
            }
        }
        let mut waiting = Vec::new();
        if self.is_cut(from, to) {
            return waiting;
        }
        for (id, stream) in &mut self.streams {
            let ways = [
                (stream.from, Node::Relay(stream.to)),
                (Node::Relay(stream.to), stream.from),
            ];
            for (at, lane) in stream.lanes.iter_mut().enumerate() {
                if ways[at & 1] == (from, to) {
                    let stalled = std::mem::take(&mut lane.stalled);
                    waiting.extend((0..stalled).map(|_| (*id, at)));
                }
            }
        }
        waiting
    }

    /// Puts a packet on its way; gives when it arrives.
    pub(super) fn send(
        &mut self,
        id: SessionId,
        lane: usize,
        packet: Packet,
        now: u64,
        random: &mut Random,
    ) -> Option<u64> {
        let (from, to) = self
            .streams
            .get(&id)
            .map(|stream| (stream.from, stream.to))?;
        let delay = self.delay(from, Node::Relay(to), random);
        let stream = self.streams.get_mut(&id)?;
        if !*stream.held.get(lane)? {
            return None;
        }
        let lane = stream.lanes.get_mut(lane)?;
        lane.last = lane.last.max(now + delay);
        let due = lane.last;
        lane.packets.push_back((due, packet));
        Some(due)
    }

    /// An end lets go of a stream; what it was to get is lost.
    pub(super) fn let_go(&mut self, id: SessionId, end: usize) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.held[end & 1] = false;
            if stream.held == [false; 2] {
                self.streams.remove(&id);
            } else {
                stream.lanes[1 - (end & 1)].packets.clear();
            }
        }
    }
}

//! What is on its way: streams that open, stall, break and end, datagrams that are lost, doubled and overtaken. Who hears
//! nothing from a stream's other end notices that after a while.

use std::sync::Arc;

use rookery_ledger::wire::{self, Frames, Push, Request};
use rookery_relay::outbox::SessionId;

use super::wires::{Node, Packet};
use super::world::{Event, World};

/// From the first receipt of a dead relay's silence to what a fellow makes of it, ms.
const FELLOW_SILENCE_MS: u64 = 5_000;

impl World {
    pub(super) fn send(&mut self, id: SessionId, lane: usize, packet: Packet) {
        if let Some(due) = self
            .wires
            .send(id, lane, packet, self.now, &mut self.random)
        {
            self.put(due.saturating_sub(self.now), Event::Arrive(id, lane));
        }
    }

    pub(super) fn datagram(&mut self, from: Node, to: Node, bytes: Vec<u8>) {
        let bytes: Arc<[u8]> = bytes.into();
        if self.wires.is_cut(from, to) {
            return;
        }
        let mut copies = 1;
        if self.random.below(1_000) < self.wires.loss {
            self.witness.faults.count("message lost");
            copies = 0;
        } else if self.random.below(1_000) < self.wires.loss {
            self.witness.faults.count("message doubled");
            copies = 2;
        }
        for _ in 0..copies {
            let mut delay = self.wires.delay(from, to, &mut self.random);
            if self.random.below(1_000) < self.wires.loss {
                self.witness.faults.count("message overtaken");
                delay += self.random.below(1_500);
            }
            let event = match to {
                Node::Relay(to) => Event::Gossip(to, bytes.clone()),
                Node::Client(to) => Event::Direct(to, bytes.clone()),
            };
            self.put(delay, event);
        }
    }

    pub(super) fn open(&mut self, id: SessionId) {
        let Some((from, to, boot)) = self.wires.streams.get(&id).map(|s| (s.from, s.to, s.boot))
        else {
            return;
        };
        let there = Node::Relay(to);
        let cut = self.wires.is_cut(from, there) || self.wires.is_cut(there, from);
        let dead = !self.relays[to].up || self.relays[to].boot != boot;
        let waits = match from {
            Node::Client(at) => {
                self.clients[at].connecting == Some(to) && self.clients[at].asleep <= self.now
            }
            Node::Relay(at) => self.relays[at].up && self.relays[at].link.is_none(),
        };
        if cut || dead || !waits {
            self.wires.streams.remove(&id);
            match from {
                Node::Client(at) if self.clients[at].connecting == Some(to) => {
                    self.put(500, Event::Unreached(at, to));
                }
                Node::Relay(at) => self.put(500, Event::Link(at, self.relays[at].boot)),
                Node::Client(_) => {}
            }
            return;
        }
        if let Some(stream) = self.wires.streams.get_mut(&id) {
            stream.opened = true;
        }
        let rtt = 2 * self.wires.latency(from, there);
        let order = self.relays[to].key.order();
        match from {
            Node::Client(at) => {
                let player = self.clients[at].key.player();
                self.at_relay(to, boot, |relay| relay.welcome(id, Some(player), rtt));
                self.clients[at].now = self.now;
                self.clients[at].opened(id, to, order);
                self.after_client(at);
            }
            Node::Relay(at) => {
                self.at_relay(to, boot, |relay| relay.welcome(id, None, rtt));
                let own = self.relays[at].boot;
                self.at_relay(at, own, |relay| relay.linked(id, order));
            }
        }
    }

    pub(super) fn arrive(&mut self, id: SessionId, lane: usize) {
        let Some(stream) = self.wires.streams.get(&id) else {
            return;
        };
        let (from, to, boot, held) = (stream.from, stream.to, stream.boot, stream.held);
        let ways = [(from, Node::Relay(to)), (Node::Relay(to), from)];
        let (sender, receiver) = ways[lane & 1];
        let end = 1 - (lane & 1);
        if !held[end] {
            return;
        }
        if self.wires.is_cut(sender, receiver) {
            if let Some(stream) = self.wires.streams.get_mut(&id) {
                stream.lanes[lane & 1].stalled += 1;
            }
            return;
        }
        if let Node::Client(at) = receiver
            && self.clients[at].asleep > self.now
        {
            let wait = self.clients[at].asleep - self.now;
            return self.put(wait, Event::Arrive(id, lane));
        }
        let dead = !self.relays[to].up || self.relays[to].boot != boot;
        if lane == 0 && dead {
            // Nobody there, or somebody who does not know the stream.
            if self.relays[to].up {
                self.ended(id, 0);
            }
            return;
        }
        let Some(stream) = self.wires.streams.get_mut(&id) else {
            return;
        };
        let Some((_, packet)) = stream.lanes[lane & 1].packets.pop_front() else {
            return;
        };
        match packet {
            Packet::Closed => self.ended(id, end),
            Packet::Bytes(bytes) => {
                self.note(&bytes);
                self.deliver(id, lane, from, to, &bytes);
            }
        }
    }

    fn deliver(&mut self, id: SessionId, lane: usize, from: Node, to: usize, bytes: &[u8]) {
        let mut frames = Frames::default();
        frames.push(bytes);
        let Ok(Some(frame)) = frames.next_frame() else {
            return self
                .witness
                .broken("a frame that was sent cannot be cut out".into());
        };
        if lane == 0 {
            match wire::decode_request(frame) {
                Ok(request) => self.requested(id, to, request),
                Err(error) => self
                    .witness
                    .broken(format!("a request cannot be read: {error}")),
            }
            return;
        }
        let push = match wire::decode_push(frame) {
            Ok(push) => push,
            Err(error) => {
                return self
                    .witness
                    .broken(format!("a push cannot be read: {error}"));
            }
        };
        match from {
            Node::Client(at) => self.pushed(at, id, push),
            Node::Relay(at) => {
                let boot = self.relays[at].boot;
                self.at_relay(at, boot, |relay| relay.on_push(push));
            }
        }
    }

    fn requested(&mut self, id: SessionId, to: usize, request: Request) {
        let boot = self.relays[to].boot;
        self.at_relay(to, boot, |relay| {
            if relay.guests.contains_key(&id) {
                relay.on_request(id, request);
            }
        });
    }

    fn pushed(&mut self, at: usize, id: SessionId, push: Push) {
        let client = &mut self.clients[at];
        if client.session.is_some_and(|session| session.id == id) {
            client.now = self.now;
            client.on_push(push, &mut self.witness);
            self.after_client(at);
        }
    }

    /// An end learns that the stream is over.
    pub(super) fn ended(&mut self, id: SessionId, end: usize) {
        let Some((from, to, boot)) = self.wires.streams.get(&id).map(|s| (s.from, s.to, s.boot))
        else {
            return;
        };
        self.wires.let_go(id, end);
        if end == 1 {
            return self.at_relay(to, boot, |relay| relay.farewell(id));
        }
        match from {
            Node::Client(at) => {
                let session = self.clients[at].session.map(|session| session.id);
                let tries = session.is_none() && self.clients[at].connecting == Some(to);
                if session == Some(id) || tries {
                    self.clients[at].now = self.now;
                    self.clients[at].lost(to);
                    self.after_client(at);
                }
            }
            Node::Relay(at) => {
                let own = self.relays[at].boot;
                self.at_relay(at, own, |relay| {
                    if relay.link.as_ref().is_some_and(|link| link.session == id) {
                        relay.unlinked();
                    }
                });
                self.put(500, Event::Link(at, own));
            }
        }
    }

    /// When an end of a stream hears nothing from now on it makes something of that.
    pub(super) fn will_be_silent(&mut self, id: SessionId, end: usize) {
        let Some(from) = self.wires.streams.get(&id).map(|stream| stream.from) else {
            return;
        };
        let wait = match (end, from) {
            (1, _) => 15_000,
            (_, Node::Client(_)) => 2_000,
            (_, Node::Relay(_)) => FELLOW_SILENCE_MS,
        };
        self.put(wait, Event::Silence(id, end));
    }

    pub(super) fn silence(&mut self, id: SessionId, end: usize) {
        let Some(stream) = self.wires.streams.get(&id) else {
            return;
        };
        let (from, to) = (stream.from, stream.to);
        let dead = !self.relays[to].up || self.relays[to].boot != stream.boot;
        let other_gone = !stream.held[1 - (end & 1)];
        let silent = if end == 0 {
            dead || self.wires.is_cut(Node::Relay(to), from)
        } else {
            let asleep = matches!(from, Node::Client(at) if self.clients[at].asleep > self.now);
            asleep || self.wires.is_cut(from, Node::Relay(to))
        };
        if silent || other_gone {
            self.ended(id, end);
            // Who is let go of hears no more beats.
            self.will_be_silent(id, 1 - (end & 1));
        }
    }
}

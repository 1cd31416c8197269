//! One run: everything that happens, in the order of its virtual time. What is on its way is in `network`, what goes wrong
//! in `mishaps`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rookery_ledger::codec;
use rookery_ledger::id::{GameId, OrderKey};
use rookery_ledger::record::Item;
use rookery_ledger::wire::{self, Frames, Gossip, Request};
use rookery_relay::order_log::{self, AppendError, ReadError, Response};
use rookery_relay::outbox::SessionId;

use super::cast::{Cast, Hosting};
use super::client::{self, Client, RETRY_MS, Role};
use super::host::{Job, LogHost};
use super::log::Log;
use super::mishaps::Mishap;
use super::relay::{self, Clock, Relay};
use super::table::{Msg, News};
use super::wires::{Node, Packet, Wires};
use super::witness::Witness;
use crate::real::Random;

/// More events than this in a run are a storm.
pub(super) const STORM: u64 = 150_000;
/// Games that last longer than this by the virtual clock do not end, ms.
const LONGEST_MS: u64 = 100 * 86_400_000;

/// Something that happens.
#[derive(Debug)]
pub(super) enum Event {
    /// A stream reaches its relay.
    Open(SessionId),
    /// A device hears that it cannot reach a relay.
    Unreached(usize, usize),
    /// A packet of a stream arrives.
    Arrive(SessionId, usize),
    /// A datagram between relays.
    Gossip(usize, Arc<[u8]>),
    /// One between players.
    Direct(usize, Arc<[u8]>),
    /// A device looks about.
    Look(usize),
    /// A relay looks at a game.
    Wake(usize, u32, GameId),
    /// A relay asks its fellow again for a game.
    CatchUp(usize, u32, GameId),
    /// A question reaches the log.
    Ask(usize, u32, GameId, order_log::Request),
    /// A relay hears that another one put something into their log.
    Grown(usize, GameId),
    /// A log ends a commit.
    Commit(usize, u64),
    /// An end of a stream has heard nothing for too long, if that is still so.
    Silence(SessionId, usize),
    /// A relay opens the stream to its fellow.
    Link(usize, u32),
    Begin(Mishap),
    End(Mishap),
    /// Looks whether play goes on.
    Calm(u64),
}

/// A relay began with another clock than before.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClockSet {
    pub(super) relay: usize,
    pub(super) at: u64,
    /// How far, ms.
    pub(super) by: u64,
}

/// A run.
pub(super) struct World {
    pub(super) now: u64,
    queue: BTreeMap<(u64, u64), Event>,
    counter: u64,
    pub(super) events: u64,
    /// Of everything that happened, in order.
    pub(super) digest: u64,
    pub(super) random: Random,
    pub(super) hosting: Hosting,
    pub(super) wires: Wires,
    pub(super) relays: Vec<Relay>,
    pub(super) hosts: Vec<LogHost>,
    pub(super) clients: Vec<Client>,
    looks: BTreeSet<(usize, u64)>,
    pub(super) games: usize,
    pub(super) witness: Witness,
    /// Faults that go on.
    pub(super) troubles: u64,
    /// Counts changes of that.
    pub(super) calm: u64,
    /// How often that was looked at since.
    pub(super) patience: u32,
    pub(super) mischief: u64,
    /// How often that had its way.
    pub(super) tempted: u64,
    /// By relay, when it did not serve.
    pub(super) outages: Vec<Vec<(u64, u64)>>,
    pub(super) clocks_set: Vec<ClockSet>,
    /// Which relay had which key, also before.
    pub(super) keys: Vec<(OrderKey, usize)>,
    pub(super) ending: bool,
    /// The events before a storm was called one.
    last: Vec<String>,
    /// Whether every event is told on standard error.
    pub(super) told: bool,
}

impl World {
    pub(super) fn of(seed: u64) -> Result<Self> {
        let Cast {
            hosting,
            shipped,
            order,
            clients,
            games,
            mut random,
        } = Cast::of(seed)?;
        let mut wires = Wires::new();
        for client in &clients {
            wires.set_latency(Node::Client(client.at), 5 + random.below(70));
        }
        let mut hosts = vec![LogHost::new(
            Log::new(shipped, order[0].order()).context("a new log")?,
        )];
        if hosting == Hosting::Hosts {
            hosts.push(LogHost::new(
                Log::new(shipped, order[1].order()).context("a new log")?,
            ));
        }
        let relays = order.into_iter().enumerate().map(|(at, key)| {
            let clock = Clock::new(0, offset(&mut random), drift(&mut random));
            Relay::new(at, key, clock)
        });
        let relays: Vec<Relay> = relays.collect();
        let keys = relays
            .iter()
            .map(|relay| (relay.key.order(), relay.at))
            .collect();
        let mut world = Self {
            now: 0,
            queue: BTreeMap::new(),
            counter: 0,
            events: 0,
            digest: 0xcbf2_9ce4_8422_2325,
            mischief: random.below(90),
            tempted: 0,
            random,
            hosting,
            wires,
            relays,
            hosts,
            clients,
            looks: BTreeSet::new(),
            games,
            witness: Witness::default(),
            troubles: 0,
            calm: 0,
            patience: 0,
            outages: vec![Vec::new(), Vec::new()],
            clocks_set: Vec::new(),
            keys,
            ending: false,
            last: Vec::new(),
            told: false,
        };
        for at in 0..world.relays.len() {
            world.put(1, Event::Link(at, 0));
        }
        for at in 0..world.clients.len() {
            let first = world.clients[at].role == Role::Creator;
            let wait = if first {
                10
            } else {
                100 + world.random.below(1_500)
            };
            world.look_at(at, wait);
        }
        Ok(world)
    }

    /// The log under a relay.
    pub(super) fn host_of(&self, relay: usize) -> usize {
        match self.hosting {
            Hosting::Cluster => 0,
            Hosting::Hosts => relay & 1,
        }
    }

    pub(super) fn put(&mut self, after: u64, event: Event) {
        self.counter += 1;
        self.queue.insert((self.now + after, self.counter), event);
    }

    fn look_at(&mut self, client: usize, at: u64) {
        let at = at.max(self.now);
        if at < u64::MAX / 8 && self.looks.insert((client, at)) {
            self.counter += 1;
            self.queue.insert((at, self.counter), Event::Look(client));
        }
    }

    pub(super) fn note(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Runs until every game is over and quiet. Gives up where too much happens, or nothing more.
    pub(super) fn run(&mut self) {
        let mut until = None;
        while let Some(((at, _), event)) = self.queue.pop_first() {
            if until.is_some_and(|until| at > until) {
                break;
            }
            self.now = at;
            self.events += 1;
            if self.events > STORM {
                let words = format!(
                    "P9: a storm: {} more than {STORM} events; the last: {}",
                    self.tell(),
                    self.last.join(" | ")
                );
                return self.witness.broken(words);
            }
            if at > LONGEST_MS {
                let words = format!("P9: a game does not end: {}", self.tell());
                return self.witness.broken(words);
            }
            self.note(&at.to_le_bytes());
            if self.events + 60 > STORM || self.told {
                let words = self.describe(&event);
                if self.told {
                    eprintln!("{at}: {words}");
                }
                self.last.push(words);
            }
            self.happen(event);
            if !self.witness.broken.is_empty() {
                return;
            }
            if until.is_none() && self.are_done() {
                self.ending = true;
                if self.troubles == 0 {
                    until = Some(self.now + 12_000);
                }
            }
        }
        if until.is_none() {
            let words = format!(
                "P9: nothing more happens and a game is not over: {}",
                self.tell()
            );
            self.witness.broken(words);
        }
    }

    fn are_done(&self) -> bool {
        let orders: Vec<OrderKey> = self.relays.iter().map(|relay| relay.key.order()).collect();
        self.clients.iter().all(|client| client.is_done(&orders))
    }

    /// Where the games stand, for a person.
    pub(super) fn tell(&self) -> String {
        let mut words = format!(
            "{:?} at {} ms, {} troubles;",
            self.hosting, self.now, self.troubles
        );
        for client in &self.clients {
            let state = client.player.game().state();
            words += &format!(
                " [{}: {:?} height {} receipts {} {}, unsent {}, session {:?}, moving {:?}, asleep {}]",
                client.name,
                client.genesis.body.clock,
                state.line.height(),
                state.counted.len(),
                state
                    .outcome()
                    .map_or("goes on".to_owned(), |outcome| outcome.to_string()),
                client.player.unsent().len(),
                client.session.map(|session| session.relay),
                client.player.moving().map(|home| home.epoch),
                client.asleep > self.now,
            );
        }
        words
    }

    /// What every player knows of the order, for a person.
    pub(super) fn tell_chains(&self) -> String {
        let mut words = String::new();
        for client in &self.clients {
            let game = client.player.game();
            words += &format!("\n{} {:?}\n", client.name, client.id);
            let counted = &game.state().counted;
            for item in game.items() {
                if let Item::Receipt { by, receipt } = item {
                    let (hash, body) = (receipt.hash(), receipt.body);
                    let counts = counted.iter().find(|counted| counted.hash == hash);
                    words += &format!(
                        "  {by:?} {:?} {:?} {hash:?} prev {:?} at {:?} {:?} counts {:?} arrived {:?}\n",
                        body.epoch,
                        body.seq,
                        body.prev,
                        body.at_ms,
                        body.what,
                        counts.map(|counted| counted.valid),
                        self.witness.arrived.get(&hash),
                    );
                }
            }
            words += &format!("  missing {:?}\n", game.state().missing);
            words += &format!("  unsent {:?}\n", client.player.unsent());
        }
        words
    }

    /// An event for a person.
    fn describe(&self, event: &Event) -> String {
        let Event::Arrive(id, lane) = event else {
            let words = format!("{event:?}");
            return words.chars().take(160).collect();
        };
        let Some(stream) = self.wires.streams.get(id) else {
            return String::new();
        };
        let packet = stream.lanes[lane & 1].packets.front();
        let words = match packet {
            Some((_, Packet::Bytes(bytes))) => {
                let mut frames = Frames::default();
                frames.push(bytes);
                match frames.next_frame() {
                    Ok(Some(frame)) if *lane == 0 => format!("{:?}", wire::decode_request(frame)),
                    Ok(Some(frame)) => format!("{:?}", wire::decode_push(frame)),
                    _ => String::new(),
                }
            }
            other => format!("{other:?}"),
        };
        let words: String = words.chars().take(700).collect();
        format!(
            "{:?} {} {}: {words}",
            stream.from,
            ["to", "from"][lane & 1],
            stream.to
        )
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Open(id) => self.open(id),
            Event::Unreached(client, relay) => {
                self.clients[client].now = self.now;
                self.clients[client].lost(relay);
                self.after_client(client);
            }
            Event::Arrive(id, lane) => self.arrive(id, lane),
            Event::Gossip(to, bytes) => self.gossip(to, &bytes),
            Event::Direct(to, bytes) => self.direct(to, &bytes),
            Event::Look(at) => {
                self.looks.remove(&(at, self.now));
                self.look(at);
            }
            Event::Wake(relay, boot, game) => {
                self.at_relay(relay, boot, |relay| relay.on_wake(game))
            }
            Event::CatchUp(relay, boot, game) => {
                self.at_relay(relay, boot, |relay| relay.catch_up(game));
            }
            Event::Ask(relay, boot, game, request) => self.answer(relay, boot, game, &request),
            Event::Grown(at, game) => {
                let boot = self.relays[at].boot;
                self.at_relay(at, boot, |relay| relay.tell(game, Msg::Grown));
            }
            Event::Commit(host, turn) => self.commit(host, turn),
            Event::Silence(id, end) => self.silence(id, end),
            Event::Link(relay, boot) => self.link(relay, boot),
            Event::Begin(mishap) => self.begin(mishap),
            Event::End(mishap) => self.end(mishap),
            Event::Calm(calm) => {
                if calm == self.calm && self.troubles == 0 {
                    self.check_calm();
                }
            }
        }
    }

    // Relays.

    pub(super) fn at_relay(&mut self, at: usize, boot: u32, run: impl FnOnce(&mut Relay)) {
        let Some(relay) = self.relays.get_mut(at) else {
            return;
        };
        if !relay.up || relay.boot != boot {
            return;
        }
        relay.now = self.now;
        run(relay);
        let out = std::mem::take(&mut relay.out);
        for out in out {
            self.relay_wants(at, boot, out);
        }
    }

    fn relay_wants(&mut self, at: usize, boot: u32, out: relay::Out) {
        match out {
            relay::Out::Push(to, push) => {
                let bytes: Arc<[u8]> = wire::frame(&push).into();
                for id in to {
                    self.send(id, 1, Packet::Bytes(bytes.clone()));
                }
            }
            relay::Out::Request(id, request) => {
                self.send(id, 0, Packet::Bytes(wire::frame(&request).into()));
            }
            relay::Out::Ask(game, order_log::Request::Append(append)) => {
                self.append(Job {
                    relay: at,
                    boot,
                    game: Some(game),
                    append,
                });
            }
            relay::Out::Ask(game, request) => {
                let wait = self.random.below(2);
                self.put(wait, Event::Ask(at, boot, game, request));
            }
            relay::Out::Mark(append) => self.append(Job {
                relay: at,
                boot,
                game: None,
                append,
            }),
            relay::Out::Gossip(game, items) => {
                let bytes = codec::encode(&Gossip::Items { game, items });
                self.datagram(Node::Relay(at), Node::Relay(1 - at), bytes);
            }
            relay::Out::Wake(game, time) => {
                let wait = time.saturating_sub(self.now);
                self.put(wait, Event::Wake(at, boot, game));
            }
            relay::Out::CatchUp(game, wait) => self.put(wait, Event::CatchUp(at, boot, game)),
            relay::Out::Ordered(items, arrived) => self.witness.ordered(&items, arrived),
        }
    }

    fn append(&mut self, job: Job) {
        let at = self.host_of(job.relay);
        if self.hosts[at].down {
            return self.respond(&job, Err(AppendError::Unavailable("down".into())));
        }
        self.hosts[at].queue.push(job);
        self.begin_commit(at);
    }

    pub(super) fn begin_commit(&mut self, at: usize) {
        if let Some(turn) = self.hosts[at].begin() {
            let wait = 1 + self.random.below(5) + self.hosts[at].slow;
            self.put(wait, Event::Commit(at, turn));
        }
    }

    fn commit(&mut self, at: usize, turn: u64) {
        if self.hosts[at].turn != turn || self.hosts[at].down {
            return;
        }
        for (job, result) in self.hosts[at].end() {
            if self.hosting == Hosting::Cluster && result.is_ok() {
                // Whoever shares a log watches it.
                let wait = 1 + self.random.below(4);
                self.put(wait, Event::Grown(1 - job.relay, job.append.chain.game));
            }
            self.respond(&job, result);
        }
        self.begin_commit(at);
    }

    pub(super) fn respond(&mut self, job: &Job, result: Result<order_log::Position, AppendError>) {
        if let Some(game) = job.game {
            self.at_relay(job.relay, job.boot, |relay| {
                relay.answered(game, Response::Append(result));
            });
        }
    }

    fn answer(&mut self, relay: usize, boot: u32, game: GameId, request: &order_log::Request) {
        let host = &self.hosts[self.host_of(relay)];
        let response = if host.down {
            let error = ReadError::Unavailable("down".into());
            match request {
                order_log::Request::Game(_) => Response::Game(Err(error)),
                _ => Response::Read(Err(error)),
            }
        } else {
            host.log.answer(request)
        };
        self.at_relay(relay, boot, |relay| relay.answered(game, response));
    }

    fn link(&mut self, at: usize, boot: u32) {
        let other = 1 - at;
        if !self.relays[at].up || self.relays[at].boot != boot || self.relays[at].link.is_some() {
            return;
        }
        let (a, b) = (Node::Relay(at), Node::Relay(other));
        if !self.relays[other].up || self.wires.is_cut(a, b) || self.wires.is_cut(b, a) {
            return self.put(500, Event::Link(at, boot));
        }
        let id = self.wires.open(a, other, self.relays[other].boot);
        let wait = self.wires.latency(a, b) * 3;
        self.put(wait, Event::Open(id));
    }

    fn gossip(&mut self, to: usize, bytes: &[u8]) {
        if let Ok(Gossip::Items { game, items }) = codec::decode(bytes, wire::MAX_FRAME_BYTES) {
            self.note(bytes);
            let boot = self.relays[to].boot;
            self.at_relay(to, boot, |relay| {
                relay.tell(game, Msg::Fellow(News::Items(items)))
            });
        }
    }

    // Devices.

    fn direct(&mut self, to: usize, bytes: &[u8]) {
        let client = &mut self.clients[to];
        if client.asleep > self.now {
            return;
        }
        let Ok(item) = codec::decode::<Item>(bytes, codec::MAX_ITEM_BYTES) else {
            return self
                .witness
                .broken("an item that was sent cannot be read".into());
        };
        client.now = self.now;
        client.receive(item.clone(), &mut self.witness);
        // A peer also submits the opponent's record that came by another way.
        if self.random.below(2) == 0 {
            client.submit(item);
        }
        client.look(&mut self.witness);
        self.note(bytes);
        self.after_client(to);
    }

    pub(super) fn look(&mut self, at: usize) {
        let client = &mut self.clients[at];
        client.now = self.now;
        client.look(&mut self.witness);
        self.after_client(at);
    }

    pub(super) fn after_client(&mut self, at: usize) {
        let out = std::mem::take(&mut self.clients[at].out);
        for out in out {
            match out {
                client::Out::Connect(relay) => {
                    let (here, there) = (Node::Client(at), Node::Relay(relay));
                    let id = self.wires.open(here, relay, self.relays[relay].boot);
                    let wait = 3 * self.wires.latency(here, there);
                    self.put(wait, Event::Open(id));
                }
                client::Out::Close(id) => {
                    self.send(id, 0, Packet::Closed);
                    self.wires.let_go(id, 0);
                }
                client::Out::Request(id, request) => {
                    let moves = matches!(
                        &*request,
                        Request::Submit {
                            item: Item::Record(_),
                            ..
                        }
                    );
                    self.send(id, 0, Packet::Bytes(wire::frame(&*request).into()));
                    if moves {
                        self.tempt(at);
                    }
                }
                client::Out::Direct(items) => {
                    let game = self.clients[at].id;
                    let others = self.clients.iter().filter(|other| {
                        other.id == game
                            && other.at != at
                            && other.direct
                            && other.player.colour().is_some()
                    });
                    let others: Vec<usize> = others.map(|other| other.at).collect();
                    for (to, item) in others
                        .iter()
                        .flat_map(|to| items.iter().map(move |item| (*to, item)))
                    {
                        self.datagram(Node::Client(at), Node::Client(to), codec::encode(item));
                    }
                }
                client::Out::Wake(time) => self.look_at(at, time),
            }
        }
        if self.clients[at].session.is_none() && self.clients[at].connecting.is_none() {
            let next = (self.now + RETRY_MS).max(self.clients[at].asleep);
            self.look_at(at, next);
        }
    }
}

/// How far a relay's clock is off, ms.
pub(super) fn offset(random: &mut Random) -> i64 {
    i64::try_from(random.below(80)).unwrap_or(0) - 40
}

/// How fast it runs, ppm.
pub(super) fn drift(random: &mut Random) -> i64 {
    i64::try_from(random.below(200)).unwrap_or(0) - 100
}

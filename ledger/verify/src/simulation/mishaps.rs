//! What goes wrong in a run, and how it is mended. Faults come about when something is on its way, so that they hit it.

use rookery_ledger::id::Millis;
use rookery_ledger::order::RETURN_MS;
use rookery_ledger::sign::Keypair;
use rookery_relay::order_log::{Append, AppendError};

use super::calm::WITHIN_MS;
use super::cast::Hosting;
use super::log::Left;
use super::relay::Clock;
use super::table::Msg;
use super::wires::{Node, Packet};
use super::world::{ClockSet, Event, World, drift, offset};

/// As many go on at once at most.
const AT_ONCE: u64 = 3;

/// After so many in a run all goes well: progress is promised where faults end.
const MOST: u64 = 150;

/// Every kind of fault, as the report calls it; each has to come up in a long run.
pub(super) const KINDS: [&str; 25] = [
    "player cut off from a relay",
    "player cut off one way",
    "relays cut off from each other",
    "players cut off from each other",
    "stream broken with what was on it",
    "slow network",
    "lossy network",
    "message lost",
    "message doubled",
    "message overtaken",
    "record sent twice",
    "relay killed",
    "power cut at a relay",
    "log lost its power",
    "torn write",
    "unsynced write lost",
    "answer of the log lost",
    "slow disk",
    "full disk",
    "clock jump",
    "clock drift",
    "phone asleep",
    "page reloaded",
    "backup restored",
    "player who stays away",
];

/// Something that goes wrong for a while.
#[derive(Debug, Clone)]
pub(super) enum Mishap {
    /// These directions carry nothing.
    Cut(Vec<(Node, Node)>),
    Slow(u64),
    Lossy,
    /// A relay is down; its clock is off by so much when it comes back.
    Down(usize, i64),
    /// The log is down.
    NoLog(usize),
    SlowDisk(usize),
    FullDisk(usize),
    Asleep(usize),
    /// Only for counting: a relay whose clock is to be set right again.
    Clock(usize),
}

impl World {
    /// A player sent something: perhaps something goes wrong right now.
    pub(super) fn tempt(&mut self, client: usize) {
        let enough = self.ending || self.troubles >= AT_ONCE || self.tempted >= MOST;
        if enough || self.random.below(1_000) >= self.mischief {
            return;
        }
        self.tempted += 1;
        let relay = self.clients[client]
            .session
            .map_or(0, |session| session.relay);
        let wait = self.random.below(250);
        if let Some(mishap) = self.draw(client, relay) {
            self.put(wait, Event::Begin(mishap));
        }
    }

    fn draw(&mut self, client: usize, relay: usize) -> Option<Mishap> {
        let (here, there) = (Node::Client(client), Node::Relay(relay));
        let host = self.host_of(relay);
        Some(match self.random.below(23) {
            0 | 1 => Mishap::Cut(vec![(here, there), (there, here)]),
            2 => Mishap::Cut(vec![if self.random.below(2) == 0 {
                (here, there)
            } else {
                (there, here)
            }]),
            3 | 4 => {
                let (a, b) = (Node::Relay(0), Node::Relay(1));
                Mishap::Cut(vec![(a, b), (b, a)])
            }
            5 => {
                let game = self.clients[client].id;
                let others = self
                    .clients
                    .iter()
                    .filter(|other| other.at != client && other.id == game);
                let others = others.map(|other| Node::Client(other.at));
                Mishap::Cut(
                    others
                        .flat_map(|other| [(here, other), (other, here)])
                        .collect(),
                )
            }
            6 => {
                self.break_stream(client);
                return None;
            }
            7 => Mishap::Slow(3 + self.random.below(10)),
            8 => Mishap::Lossy,
            9 | 10 => {
                self.crash(relay, false);
                Mishap::Down(relay, 0)
            }
            11 | 12 => {
                self.crash(relay, true);
                Mishap::Down(relay, 0)
            }
            13 => {
                self.crash(relay, false);
                let ms = i64::try_from(200 + self.random.below(15_000)).unwrap_or(0);
                let sign = if self.random.below(2) == 0 { 1 } else { -1 };
                Mishap::Down(relay, sign * ms)
            }
            14 => Mishap::NoLog(host),
            15 | 16 => Mishap::SlowDisk(host),
            17 => Mishap::FullDisk(host),
            18 | 19 => Mishap::Asleep(client),
            20 => {
                self.witness.faults.count("page reloaded");
                self.clients[client].now = self.now;
                self.clients[client].reload(&mut self.witness);
                self.after_client(client);
                self.restless(0);
                return None;
            }
            21 => {
                let log = &mut self.hosts[host];
                if log.backup.is_none()
                    && self
                        .clients
                        .iter()
                        .all(|client| client.player.players().is_some())
                {
                    log.backup = Some(log.log.backup());
                }
                return None;
            }
            _ => return self.restore(relay),
        })
    }

    /// Something changed: play has to go on from here.
    fn restless(&mut self, change: i64) {
        self.troubles = self.troubles.saturating_add_signed(change);
        self.calm += 1;
        self.patience = 0;
        if self.troubles == 0 {
            let calm = self.calm;
            self.put(WITHIN_MS + 2_000, Event::Calm(calm));
        }
    }

    pub(super) fn begin(&mut self, mishap: Mishap) {
        let word = match &mishap {
            Mishap::Cut(ways) => {
                if ways.is_empty() {
                    return;
                }
                for (from, to) in ways.clone() {
                    self.wires.cut(from, to);
                    self.hush(from, to);
                }
                match (ways.len(), ways[0]) {
                    (1, _) => "player cut off one way",
                    (_, (Node::Relay(_), Node::Relay(_))) => "relays cut off from each other",
                    (_, (Node::Client(_), Node::Client(_))) => "players cut off from each other",
                    _ => "player cut off from a relay",
                }
            }
            Mishap::Slow(factor) => {
                self.wires.slow = *factor;
                "slow network"
            }
            Mishap::Lossy => {
                self.wires.loss = 300;
                "lossy network"
            }
            // Counted where the relay dies.
            Mishap::Down(..) | Mishap::Clock(_) => "",
            Mishap::NoLog(host) => {
                self.no_log(*host);
                "log lost its power"
            }
            Mishap::SlowDisk(host) => {
                self.hosts[*host].slow = 100 + self.random.below(1_500);
                "slow disk"
            }
            Mishap::FullDisk(host) => {
                self.mark_all(*host);
                self.hosts[*host].log.set_full(true);
                "full disk"
            }
            Mishap::Asleep(_) => "phone asleep",
        };
        let wait = match &mishap {
            Mishap::Asleep(client) => {
                let wait = self.nap(*client);
                self.clients[*client].asleep = self.now + wait;
                for id in self.streams_of(Node::Client(*client)) {
                    self.will_be_silent(id, 1);
                }
                wait
            }
            _ if self.random.below(8) == 0 => 8_000 + self.random.below(30_000),
            _ => 60 + self.random.below(6_000),
        };
        if !word.is_empty() {
            self.witness.faults.count(word);
        }
        self.restless(1);
        self.put(wait, Event::End(mishap));
    }

    fn nap(&mut self, client: usize) -> u64 {
        let days = matches!(
            self.clients[client].genesis.body.clock,
            rookery_ledger::record::Clock::Days { .. }
        );
        match self.random.below(4) {
            0 => 300 + self.random.below(1_500),
            1 if days => self.random.below(2 * 3_600_000),
            _ => 2_000 + self.random.below(28_000),
        }
    }

    pub(super) fn end(&mut self, mishap: Mishap) {
        match mishap {
            Mishap::Cut(ways) => {
                for (from, to) in ways {
                    for (id, lane) in self.wires.mend(from, to) {
                        let wait = self.random.below(200);
                        self.put(wait, Event::Arrive(id, lane));
                    }
                }
            }
            Mishap::Slow(_) => self.wires.slow = 1,
            Mishap::Lossy => self.wires.loss = 15,
            Mishap::Down(relay, off) => self.boot(relay, off),
            Mishap::NoLog(host) => {
                self.hosts[host].down = false;
                self.begin_commit(host);
            }
            Mishap::SlowDisk(host) => self.hosts[host].slow = 0,
            Mishap::FullDisk(host) => self.hosts[host].log.set_full(false),
            Mishap::Asleep(client) => {
                self.clients[client].now = self.now;
                // It has heard nothing for long.
                self.clients[client].leave();
                self.look(client);
            }
            Mishap::Clock(relay) => {
                if self.relays[relay].up {
                    self.crash(relay, false);
                    self.boot(relay, 0);
                }
            }
        }
        self.restless(-1);
    }

    fn streams_of(&self, node: Node) -> Vec<rookery_relay::outbox::SessionId> {
        let streams = self
            .wires
            .streams
            .iter()
            .filter(|(_, stream)| stream.from == node || node == Node::Relay(stream.to));
        streams.map(|(id, _)| *id).collect()
    }

    /// Whoever hears nothing from now on notices that later.
    fn hush(&mut self, from: Node, to: Node) {
        let streams = self.wires.streams.iter().filter_map(|(id, stream)| {
            let relay = Node::Relay(stream.to);
            if (from, to) == (stream.from, relay) {
                Some((*id, 1))
            } else if (from, to) == (relay, stream.from) {
                Some((*id, 0))
            } else {
                None
            }
        });
        for (id, end) in streams.collect::<Vec<_>>() {
            self.will_be_silent(id, end);
        }
    }

    fn break_stream(&mut self, client: usize) {
        let Some(session) = self.clients[client].session else {
            return;
        };
        self.witness
            .faults
            .count("stream broken with what was on it");
        if let Some(stream) = self.wires.streams.get_mut(&session.id) {
            for lane in &mut stream.lanes {
                lane.packets.clear();
            }
        }
        self.ended(session.id, 1);
        self.ended(session.id, 0);
        self.restless(0);
    }

    /// A relay's process ends; with the power also what its machine had not written.
    pub(super) fn crash(&mut self, at: usize, power: bool) {
        if !self.relays[at].up {
            return;
        }
        self.witness.faults.count(if power {
            "power cut at a relay"
        } else {
            "relay killed"
        });
        self.mark_alive(at);
        let boot = self.relays[at].boot;
        self.relays[at].now = self.now;
        self.relays[at].die();
        self.outages[at].push((self.now, u64::MAX));
        let streams = self.wires.streams.iter().filter(|(_, stream)| {
            stream.to == at && stream.boot == boot || stream.from == Node::Relay(at)
        });
        let streams: Vec<_> = streams.map(|(id, stream)| (*id, stream.to == at)).collect();
        for (id, served) in streams {
            // The system closes a killed process' streams; without power nobody does.
            let (own, other) = if served { (1, 0) } else { (0, 1) };
            if power {
                self.will_be_silent(id, other);
            } else {
                self.send(id, own, Packet::Closed);
            }
            self.wires.let_go(id, own);
        }
        let host = self.host_of(at);
        if self.hosting == Hosting::Hosts {
            let on_the_way = self.hosts[host].break_off();
            self.hosts[host].queue.clear();
            self.lose_power(host, &on_the_way, power);
        }
    }

    /// The mark that the relay wrote last, by the second; what it wrote just now may not be on disk.
    fn mark_alive(&mut self, at: usize) {
        let relay = &self.relays[at];
        let quiet = if relay.outage.is_some() {
            RETURN_MS + 2_000
        } else {
            0
        };
        let served = self.now.saturating_sub(relay.began);
        let newest = served.saturating_sub(self.random.below(40)) / 1_000 * 1_000;
        let stamped = relay.unstamped.is_empty() && relay.began + newest >= relay.stamped;
        if newest >= quiet && stamped {
            let mark = relay.clock.now(relay.began + newest);
            let host = self.host_of(at);
            if !self.hosts[host].down {
                self.hosts[host].log.mark_alive(&name(at), mark);
            }
        }
    }

    /// From now on a log takes no marks.
    fn mark_all(&mut self, host: usize) {
        for at in 0..self.relays.len() {
            if self.relays[at].up && self.host_of(at) == host {
                self.mark_alive(at);
            }
        }
    }

    fn lose_power(&mut self, host: usize, on_the_way: &[Append], power: bool) {
        let log = &mut self.hosts[host].log;
        // A full disk keeps a relay from starting; somebody makes room first.
        log.set_full(false);
        let left = if power {
            log.power_cut(on_the_way, &mut self.random)
        } else {
            log.kill(on_the_way, &mut self.random).map(|()| Left::Whole)
        };
        if !on_the_way.is_empty() {
            self.witness.faults.count("answer of the log lost");
            if power {
                self.witness.faults.count("unsynced write lost");
            }
        }
        match left {
            Ok(Left::Torn) => self.witness.faults.count("torn write"),
            Ok(Left::Whole) => {}
            Err(error) => {
                let words = format!("P3: the log cannot be opened after a crash: {error}");
                self.witness.broken(words);
            }
        }
    }

    /// The log of a cluster is gone for a while, or the disk of a host hangs.
    fn no_log(&mut self, host: usize) {
        self.mark_all(host);
        let jobs: Vec<_> = {
            let host = &mut self.hosts[host];
            host.down = true;
            host.running.iter().chain(&host.queue).cloned().collect()
        };
        let on_the_way = self.hosts[host].break_off();
        self.hosts[host].queue.clear();
        self.lose_power(host, &on_the_way, true);
        for job in jobs {
            let error = AppendError::Unavailable("the answer was lost".into());
            self.respond(&job, Err(error));
        }
    }

    /// A relay starts again.
    pub(super) fn boot(&mut self, at: usize, off: i64) {
        if self.relays[at].up {
            return;
        }
        if off != 0 {
            self.witness.faults.count("clock jump");
            // Somebody sets it right after a while.
            self.restless(1);
            let wait = 20_000 + self.random.below(20_000);
            self.put(wait, Event::End(Mishap::Clock(at)));
        }
        let (rough, drift) = (offset(&mut self.random), drift(&mut self.random));
        if drift != 0 {
            self.witness.faults.count("clock drift");
        }
        if let Some(outage) = self.outages[at].last_mut() {
            outage.1 = self.now;
        }
        let host = self.host_of(at);
        let mark = self.hosts[host].log.alive_mark(&name(at));
        let relay = &mut self.relays[at];
        relay.boot += 1;
        relay.up = true;
        relay.now = self.now;
        relay.began = self.now;
        let before = relay.clock.now(self.now);
        relay.clock = Clock::new(self.now, off + rough, drift);
        let by = before.get().abs_diff(relay.clock.now(self.now).get());
        self.clocks_set.push(ClockSet {
            relay: at,
            at: self.now,
            by,
        });
        let since = relay.clock.now(self.now);
        relay.outage = mark.map(|mark: Millis| (mark.min(since), since));
        if mark.is_some_and(|mark| mark >= since) {
            self.hosts[host].log.mark_alive(&name(at), since);
        }
        let boot = relay.boot;
        let games = self.hosts[host].log.open_games();
        let relay = &mut self.relays[at];
        relay.stamped = self.now;
        if relay.outage.is_some() {
            relay.unstamped = games.iter().copied().collect();
        }
        for game in games {
            self.at_relay(at, boot, |relay| relay.send(game, Msg::Wake));
        }
        self.put(20, Event::Link(at, boot));
        let other = 1 - at;
        self.put(520, Event::Link(other, self.relays[other].boot));
    }

    /// A relay's disk is replaced by an older copy while it is down.
    fn restore(&mut self, relay: usize) -> Option<Mishap> {
        let host = self.host_of(relay);
        let backup = self.hosts[host].backup.take()?;
        self.witness.faults.count("backup restored");
        let all: Vec<usize> = (0..self.relays.len())
            .filter(|at| self.host_of(*at) == host)
            .collect();
        let up: Vec<usize> = all
            .iter()
            .copied()
            .filter(|at| self.relays[*at].up)
            .collect();
        for at in &up {
            self.crash(*at, false);
        }
        let on_the_way = self.hosts[host].break_off();
        self.hosts[host].queue.clear();
        drop(on_the_way);
        let next = Keypair::from_secret(&self.random.bytes());
        let keys = &mut self.hosts[host].keys;
        keys.push(self.relays[relay].key.as_ref().clone());
        let keys = keys.clone();
        match self.hosts[host].log.restore(&backup, &keys, next.order()) {
            Ok(true) => {}
            Ok(false) => {
                for at in all {
                    self.relays[at].key = std::sync::Arc::new(next.clone());
                    self.keys.push((next.order(), at));
                }
            }
            Err(error) => self
                .witness
                .broken(format!("P3: a backup cannot be opened: {error}")),
        }
        self.hosts[host].restored = true;
        for other in up.iter().copied().filter(|at| *at != relay) {
            self.put(100, Event::Begin(Mishap::Down(other, 0)));
        }
        up.contains(&relay).then_some(Mishap::Down(relay, 0))
    }
}

fn name(relay: usize) -> String {
    format!("relay-{relay}")
}

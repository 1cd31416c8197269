//! Two players at two relays: what they do when the one that orders their game is gone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rookery_ledger::codec;
use rookery_ledger::id::{Epoch, GameId, Millis, Nonce, OrderKey};
use rookery_ledger::order::{Decision, Orderer};
use rookery_ledger::record::{Clock, Item, Receipt, What};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{self, Frames, Push, Request};
use rookery_ledger::{Colour, rook};

use super::super::Core;
use super::world::{EPOCH, LIVE, in_order, new_game};
use crate::output::{LinkId, Now, Output};

mod days;

/// How often pages and relays look what time brought, ms.
const STEP_MS: u64 = 250;
/// The design's promise: how long after the end of a home play goes on at the latest, ms.
const RESUMED_MS: u64 = 5_000;

struct Relay {
    key: Keypair,
    up: bool,
    /// It says that it lives, and answers nothing.
    mute: bool,
    /// Its log takes no writes.
    busy: bool,
    games: BTreeMap<GameId, Orderer>,
    watchers: BTreeSet<(GameId, usize)>,
}

struct Page {
    core: Core,
    online: [bool; 2],
    stored: BTreeMap<GameId, (Vec<u8>, Vec<u8>)>,
    submitted: Vec<(usize, Item)>,
    notices: Vec<String>,
}

struct World {
    relays: [Relay; 2],
    pages: [Page; 2],
    sent: VecDeque<(usize, usize, Request)>,
    /// The pages are connected to each other.
    channel: bool,
    direct: VecDeque<(usize, Vec<u8>)>,
    ms: u64,
    id: GameId,
}

const LINKS: [LinkId; 2] = LinkId::ALL;

impl World {
    /// A game with a clock at the first relay, which can go on at the second.
    fn new() -> Self {
        Self::with(LIVE)
    }

    fn with(clock: Clock) -> Self {
        let relay = |secret| Relay {
            key: Keypair::from_secret(&[secret; 32]),
            up: true,
            mute: false,
            busy: false,
            games: BTreeMap::new(),
            watchers: BTreeSet::new(),
        };
        let page = |secret| Page {
            core: Core::new(&[secret; 32]),
            online: [false; 2],
            stored: BTreeMap::new(),
            submitted: Vec::new(),
            notices: Vec::new(),
        };
        let mut world = Self {
            relays: [relay(200), relay(201)],
            pages: [page(1), page(2)],
            sent: VecDeque::new(),
            channel: false,
            direct: VecDeque::new(),
            ms: 0,
            id: GameId([0; 32]),
        };
        for page in [0, 1] {
            world.pages[page].core.set_writer(true);
            for relay in [0, 1] {
                world.connect(page, relay);
            }
        }
        let (id, outputs) = world.pages[0]
            .core
            .create(new_game(clock), &[7; 32])
            .unwrap();
        world.id = id;
        world.outputs(0, outputs);
        world.settle();
        let outputs = world.pages[1].core.open(id);
        world.outputs(1, outputs);
        world.settle();
        let now = world.now();
        let outputs = world.pages[1].core.join(id, &[8; 16], now).unwrap();
        world.outputs(1, outputs);
        world.settle();
        world.run(2_000);
        assert_eq!(world.state(1)["seat"], "seated");
        world
    }

    fn now(&self) -> Now {
        Now {
            mono: self.ms as f64,
            wall: Millis::new(EPOCH + self.ms),
        }
    }

    fn at(&self) -> Millis {
        Millis::new(EPOCH + self.ms)
    }

    fn order(&self, relay: usize) -> OrderKey {
        self.relays[relay].key.order()
    }

    fn state(&self, page: usize) -> serde_json::Value {
        serde_json::from_str(&self.pages[page].core.state(self.id).unwrap()).unwrap()
    }

    fn game(&self, page: usize) -> &rookery_ledger::Game {
        self.pages[page].core.tables[&self.id].player.game()
    }

    /// The relay and epoch by which each page counts.
    fn homes(&self) -> [(OrderKey, Epoch); 2] {
        [0, 1].map(|page| self.game(page).orderer().unwrap())
    }

    fn push(&mut self, page: usize, relay: usize, push: &Push) {
        if !self.pages[page].online[relay] {
            return;
        }
        let bytes = wire::frame(push);
        let mut frames = Frames::default();
        frames.push(&bytes);
        let frame = frames.next_frame().unwrap().unwrap().to_vec();
        let now = self.now();
        let outputs = self.pages[page].core.receive(LINKS[relay], &frame, now);
        self.outputs(page, outputs.unwrap());
    }

    fn outputs(&mut self, i: usize, outputs: Vec<Output>) {
        for output in outputs {
            let now = self.now();
            let page = &mut self.pages[i];
            match output {
                Output::Send(link, bytes) => {
                    let relay = usize::from(link == LinkId::Two);
                    let mut frames = Frames::default();
                    frames.push(&bytes);
                    let request = wire::decode_request(frames.next_frame().unwrap().unwrap());
                    let request = request.unwrap();
                    if let Request::Submit { item, .. } = &request {
                        page.submitted.push((relay, item.clone()));
                    }
                    if page.online[relay] {
                        self.sent.push_back((i, relay, request));
                    }
                }
                Output::Store {
                    token,
                    game,
                    notes,
                    items,
                } => {
                    let kept = page.stored.entry(game).or_default();
                    kept.0.extend(items.concat());
                    kept.1 = notes.unwrap_or_else(|| kept.1.clone());
                    if let Some(token) = token {
                        let outputs = page.core.stored(token, now);
                        self.outputs(i, outputs);
                    }
                }
                Output::Direct { message, .. } if self.channel => {
                    self.direct.push_back((1 - i, message));
                }
                Output::Notice { code, .. } => page.notices.push(code),
                _ => {}
            }
        }
    }

    fn connect(&mut self, page: usize, relay: usize) {
        self.pages[page].online[relay] = true;
        self.pages[page]
            .core
            .connected(LINKS[relay], vec![1], vec![9]);
        let welcome = Push::Welcome {
            versions: vec![1],
            agent: "test".into(),
            nonce: Nonce([1; 16]),
            order: self.order(relay),
            now_ms: self.at(),
        };
        self.push(page, relay, &welcome);
        self.push(page, relay, &Push::Ready { v: 1 });
        self.settle();
    }

    fn disconnect(&mut self, page: usize, relay: usize) {
        self.pages[page].online[relay] = false;
        self.sent
            .retain(|(from, to, _)| (*from, *to) != (page, relay));
        self.relays[relay]
            .watchers
            .retain(|(_, watcher)| *watcher != page);
        self.tell_presence(relay);
        let outputs = self.pages[page].core.disconnected(LINKS[relay]);
        self.outputs(page, outputs);
        self.settle();
    }

    fn kill(&mut self, relay: usize) {
        self.relays[relay].up = false;
        for page in [0, 1] {
            self.disconnect(page, relay);
        }
    }

    fn start(&mut self, relay: usize) {
        self.relays[relay].up = true;
        for page in [0, 1] {
            self.connect(page, relay);
        }
    }

    fn open_channel(&mut self) {
        self.channel = true;
        for page in [0, 1] {
            let outputs = self.pages[page].core.direct_opened(self.id);
            self.outputs(page, outputs);
        }
        self.settle();
    }

    fn reload(&mut self, page: usize) {
        let mut core = Core::new(&[page as u8 + 1; 32]);
        core.set_writer(true);
        let (items, notes) = &self.pages[page].stored[&self.id];
        core.load(items, notes, self.now()).unwrap();
        let online = std::mem::take(&mut self.pages[page].online);
        for relay in [0, 1] {
            self.relays[relay]
                .watchers
                .retain(|(_, watcher)| *watcher != page);
        }
        self.pages[page].core = core;
        for relay in [0, 1] {
            if online[relay] {
                self.connect(page, relay);
            }
        }
    }

    fn settle(&mut self) {
        loop {
            if let Some((page, relay, request)) = self.sent.pop_front() {
                self.answer(page, relay, request);
            } else if let Some((page, message)) = self.direct.pop_front() {
                let now = self.now();
                let outputs = self.pages[page]
                    .core
                    .direct_received(self.id, &message, now);
                self.outputs(page, outputs.unwrap());
            } else {
                return;
            }
        }
    }

    fn run(&mut self, ms: u64) {
        self.until(ms, |_| false);
    }

    /// Lets time pass until something is so; how long that took.
    fn until(&mut self, most: u64, so: impl Fn(&Self) -> bool) -> u64 {
        let began = self.ms;
        while self.ms < began + most && !so(self) {
            self.ms += STEP_MS;
            for relay in [0, 1] {
                if self.relays[relay].up && self.ms.is_multiple_of(1_000) {
                    let beat = Push::Beat {
                        n: 1,
                        now_ms: self.at(),
                        log_busy: self.relays[relay].busy,
                        rtt_ms: Millis::new(20),
                    };
                    for page in [0, 1] {
                        self.push(page, relay, &beat);
                    }
                }
                let at = self.at();
                let orderer = self.relays[relay].games.get_mut(&self.id);
                let decision = orderer.map(|orderer| orderer.tick(at, Millis::ZERO));
                if let Some(decision) = decision.filter(|_| self.relays[relay].up) {
                    self.carry_out(relay, decision);
                }
            }
            for page in [0, 1] {
                let now = self.now();
                let outputs = self.pages[page].core.tick(now);
                self.outputs(page, outputs);
            }
            self.settle();
        }
        self.ms - began
    }

    fn publish(&mut self, relay: usize, items: Vec<Item>) {
        for (game, page) in self.relays[relay].watchers.clone() {
            let items = items.clone();
            self.push(page, relay, &Push::Items { game, items });
        }
    }

    fn tell_presence(&mut self, relay: usize) {
        let [creator, joiner] = [0, 1].map(|page| self.pages[page].online[relay]);
        for (game, page) in self.relays[relay].watchers.clone() {
            self.push(
                page,
                relay,
                &Push::Presence {
                    game,
                    creator,
                    joiner,
                },
            );
        }
    }

    /// Carries out what a relay decided; what the submitter is refused with.
    fn carry_out(&mut self, relay: usize, decision: Decision) -> Option<&'static str> {
        let Relay { key, games, .. } = &mut self.relays[relay];
        let orderer = games.get_mut(&self.id)?;
        match decision {
            Decision::Append { entries, then } => {
                let items = orderer.commit(key, &entries);
                self.publish(relay, items);
                then.map(|refusal| refusal.code())
            }
            Decision::Lapse(lapsed) => {
                let item = orderer.lapse(key, lapsed);
                self.publish(relay, vec![item]);
                None
            }
            Decision::Elsewhere(_) => Some("no-home"),
            Decision::Refused(refusal) => Some(refusal.code()),
            Decision::Done => None,
        }
    }

    fn refused(&mut self, page: usize, relay: usize, id: u32, code: &str) {
        let refused = Push::Refused {
            id,
            code: code.into(),
            words: "no".into(),
            head: None,
            item: None,
            retry_ms: None,
        };
        self.push(page, relay, &refused);
    }

    fn answer(&mut self, page: usize, relay: usize, request: Request) {
        let at = self.at();
        if self.relays[relay].mute && !matches!(request, Request::Echo { .. }) {
            return;
        }
        let Relay { key, games, .. } = &mut self.relays[relay];
        match request {
            Request::Submit { id, game, item } => {
                if let (Item::Genesis(genesis), false) = (&item, games.contains_key(&game)) {
                    let created = Orderer::create(genesis.clone(), key.order(), at);
                    let (mut orderer, entry) = created.unwrap();
                    if orderer.elsewhere().is_none() {
                        orderer.commit(key, &[entry]);
                    }
                    games.insert(game, orderer);
                    return self.push(page, relay, &Push::Done { id });
                }
                let Some(orderer) = games.get_mut(&game) else {
                    return self.refused(page, relay, id, "unknown-game");
                };
                let decision = orderer.submit(&item, at, Millis::ZERO);
                let evidence = !matches!(item, Item::Genesis(_) | Item::Record(_));
                if evidence && !matches!(decision, Decision::Refused(_)) {
                    // A receipt with the record that it is for.
                    let of = match &item {
                        Item::Receipt { receipt, .. } => receipt.body.what,
                        _ => What::Genesis,
                    };
                    let record = match of {
                        What::Record(hash) => orderer.game().record(hash),
                        _ => None,
                    };
                    let record = record.map(|entry| Item::Record(entry.signed.clone()));
                    self.publish(relay, record.into_iter().chain([item]).collect());
                }
                match self.carry_out(relay, decision) {
                    Some(code) => self.refused(page, relay, id, code),
                    None => self.push(page, relay, &Push::Done { id }),
                }
            }
            Request::Join { id, game, join } => {
                self.push(page, relay, &Push::Done { id });
                self.push(0, relay, &Push::Joined { game, join });
            }
            Request::Watch { id, game, after } => {
                let Some(orderer) = games.get(&game) else {
                    return self.refused(page, relay, id, "unknown-game");
                };
                let mut items = in_order(orderer, after);
                if items.is_empty() && after.is_none() {
                    items = vec![Item::Genesis(orderer.game().genesis().clone())];
                }
                self.relays[relay].watchers.insert((game, page));
                self.push(page, relay, &Push::Items { game, items });
                self.tell_presence(relay);
                self.push(page, relay, &Push::Done { id });
            }
            Request::Unwatch { game } => {
                self.relays[relay].watchers.remove(&(game, page));
            }
            Request::Say { id, .. } | Request::List { id, .. } => {
                self.push(page, relay, &Push::Done { id });
            }
            Request::Hello { .. } | Request::Lobby { .. } | Request::Echo { .. } => {}
        }
    }

    fn play(&mut self, page: usize, uci: &str) -> Result<(), &'static str> {
        let now = self.now();
        let played = self.pages[page].core.play(self.id, uci, false, now);
        self.outputs(page, played.map_err(|failure| failure.code())?);
        self.settle();
        Ok(())
    }

    fn play_all(&mut self, moves: &str) {
        for uci in moves.split(' ') {
            self.run(1_000);
            let mover = usize::from(self.state(0)["turn"] == "black");
            self.play(mover, uci).unwrap();
        }
    }

    fn assert_moved(&self, relay: usize, epoch: u64) {
        let home = (self.order(relay), Epoch::new(epoch));
        assert_eq!(self.homes(), [home, home]);
    }

    /// Both show the same, and what each holds anybody can check.
    fn assert_agree(&self, plies: u64) {
        let [one, two] = [0, 1].map(|page| self.state(page));
        assert_eq!(one["ply"], plies);
        for field in ["fen", "ply", "moves", "result"] {
            assert_eq!(one[field], two[field], "{field}");
        }
        for page in [0, 1] {
            let file = self.pages[page].core.export(self.id).unwrap();
            let (game, refused) = rook::open(&file).unwrap();
            assert_eq!(refused, None);
            assert!(game.state().proofs.is_empty());
            assert_eq!(game.state().line.ply().get(), plies);
            assert_eq!(game.state().clocks, self.game(1 - page).state().clocks);
        }
    }

    fn left(&self, page: usize, colour: Colour) -> f64 {
        let reading = self.pages[page].core.clocks(self.id, self.now()).unwrap();
        let left = match colour {
            Colour::White => reading.white_ms,
            Colour::Black => reading.black_ms,
        };
        left.unwrap()
    }

    fn signed(&self, page: usize) -> usize {
        let own = self.pages[page].core.player();
        let signatures = self.game(page).home_signatures();
        signatures.filter(|(by, _)| *by == own).count()
    }
}

#[test]
fn play_goes_on_at_the_other_relay_by_itself_and_nobody_is_charged() {
    for killed_after in 0..4 {
        let mut world = World::new();
        assert_eq!(
            world.game(0).genesis().body.homes,
            [world.order(0), world.order(1)]
        );
        world.play_all("e2e4 e7e5 g1f3");
        world.run(killed_after * STEP_MS);
        let before = world.game(0).state().clocks.clone().unwrap();
        world.kill(0);
        let moved = |world: &World| world.homes().iter().all(|(key, _)| *key == world.order(1));
        let took = world.until(60_000, moved);
        assert!(took <= RESUMED_MS, "{took} ms");
        world.assert_moved(1, 1);
        for colour in [Colour::White, Colour::Black] {
            let clocks = world.game(1).state().clocks.as_ref().unwrap();
            assert_eq!(clocks.remaining(colour), before.remaining(colour));
        }
        assert_eq!(world.state(0)["home"], "heard");
        world.play_all("b8c6 f1b5 a7a6");
        world.assert_agree(6);
        let counted = &world.game(0).state().counted;
        let order: Vec<_> = counted
            .iter()
            .map(|c| (c.receipt.epoch.get(), c.receipt.seq.get()))
            .collect();
        let expected: Vec<_> = (0..5)
            .map(|seq| (0, seq))
            .chain((0..4).map(|seq| (1, seq)))
            .collect();
        assert_eq!(order, expected);
    }
}

#[test]
fn a_move_that_the_dead_relay_never_ordered_is_ordered_by_the_other_as_the_same_bytes() {
    let mut world = World::new();
    world.play_all("e2e4 e7e5");
    world.kill(0);
    world.play(0, "g1f3").unwrap();
    assert_eq!(world.state(0)["pending"]["uci"], "g1f3");
    world.run(RESUMED_MS);
    world.assert_moved(1, 1);
    world.assert_agree(3);
    let is_knight = |item: &&(usize, Item)| matches!(&item.1, Item::Record(record) if codec::encode(&record.body).windows(4).any(|w| w == b"g1f3"));
    let mut bytes: Vec<_> = world.pages[0]
        .submitted
        .iter()
        .filter(is_knight)
        .map(|(_, item)| codec::encode(item))
        .collect();
    bytes.dedup();
    assert_eq!(bytes.len(), 1);
    assert_eq!(
        world.pages[0].notices, [""; 0],
        "what the page need not know"
    );
}

#[test]
fn who_reaches_the_other_relay_alone_waits_and_the_clock_stands() {
    let mut world = World::new();
    world.play_all("e2e4 e7e5 g1f3");
    world.disconnect(1, 1);
    world.kill(0);
    world.run(4_000);
    assert_eq!(world.state(0)["home"], "alone");
    assert_eq!(world.state(1)["home"], "away");
    let stood = [0, 1].map(|page| world.left(page, Colour::Black));
    world.run(60_000);
    assert_eq!([0, 1].map(|page| world.left(page, Colour::Black)), stood);
    assert_eq!(
        [0, 1].map(|page| world.signed(page)),
        [0, 0],
        "nothing is signed that cannot be answered"
    );
    world.assert_agree(3);
    world.connect(1, 1);
    let took = world.until(60_000, |world| world.state(0)["home"] == "heard");
    assert!(took <= RESUMED_MS, "{took} ms");
    world.assert_moved(1, 1);
    world.play_all("b8c6");
    world.assert_agree(4);
}

#[test]
fn who_alone_lost_the_home_moves_nothing_and_comes_back_to_it() {
    let mut world = World::new();
    world.play_all("e2e4 e7e5");
    world.disconnect(0, 0);
    world.run(5_000);
    assert_eq!(world.state(0)["home"], "moving");
    assert_eq!(world.state(1)["home"], "asked");
    world.run(15_000);
    assert_eq!([0, 1].map(|page| world.signed(page)), [1, 0]);
    assert!(world.game(0).has_lapsed(world.order(1), Epoch::new(1)));
    world.connect(0, 0);
    world.run(1_000);
    world.assert_moved(0, 0);
    assert_eq!(
        [0, 1].map(|page| world.state(page)["home"].clone()),
        ["heard", "heard"]
    );
    world.play_all("g1f3 b8c6");
    world.assert_agree(4);
}

#[test]
fn a_receipt_that_one_of_them_missed_holds_the_move_up_for_no_time_to_speak_of() {
    let mut world = World::new();
    world.play_all("e2e4 e7e5");
    world.disconnect(1, 0);
    world.play(0, "g1f3").unwrap();
    assert_eq!([0, 1].map(|page| world.state(page)["ply"].clone()), [3, 2]);
    world.kill(0);
    world.run(RESUMED_MS);
    assert_eq!(world.homes()[0], world.homes()[1]);
    assert_eq!(world.homes()[0].0, world.order(1));
    world.assert_agree(3);
    world.play_all("b8c6");
    world.assert_agree(4);
}

#[test]
fn where_the_successor_dies_too_the_game_goes_home_again() {
    let mut world = World::new();
    world.play_all("e2e4 e7e5");
    // The second relay takes signatures and answers nothing.
    world.relays[1].mute = true;
    world.kill(0);
    world.run(4_000);
    assert_eq!([0, 1].map(|page| world.signed(page)), [1, 1]);
    world.kill(1);
    world.start(0);
    let took = world.until(60_000, |world| {
        world.homes().iter().all(|(_, epoch)| *epoch > Epoch::ZERO)
    });
    assert!(took <= RESUMED_MS, "{took} ms");
    world.assert_moved(0, 2);
    world.play_all("g1f3");
    world.assert_agree(3);
    // And on, when that one is gone and the second is back.
    world.relays[1].mute = false;
    world.start(1);
    world.run(2_000);
    world.kill(0);
    world.run(RESUMED_MS);
    world.assert_moved(1, 3);
    world.play_all("b8c6");
    world.assert_agree(4);
}

#[test]
fn a_page_that_is_loaded_again_in_the_middle_of_it_goes_on() {
    for page in [0, 1] {
        let mut world = World::new();
        world.play_all("e2e4 e7e5");
        world.relays[1].mute = true;
        world.kill(0);
        world.run(4_000);
        assert_eq!(world.signed(page), 1);
        world.relays[1].mute = false;
        world.reload(page);
        world.disconnect(1 - page, 1);
        world.connect(1 - page, 1);
        world.run(RESUMED_MS);
        assert_eq!(world.homes()[0], world.homes()[1]);
        assert_eq!(world.homes()[0].0, world.order(1));
        world.play_all("g1f3");
        world.assert_agree(3);
    }
}

#[test]
fn a_home_that_answers_nothing_is_left_where_both_asked_it_and_not_before_its_time() {
    for (busy, least, most) in [(false, 3_000, 8_000), (true, 15_000, 20_000)] {
        let mut world = World::new();
        world.open_channel();
        world.play_all("e2e4 e7e5");
        (world.relays[0].mute, world.relays[0].busy) = (true, busy);
        world.run(1_000);
        world.play(0, "g1f3").unwrap();
        let took = world.until(60_000, |world| {
            world.homes().iter().all(|(key, _)| *key == world.order(1))
        });
        assert!((least..=most).contains(&took), "busy {busy}: {took} ms");
        world.play_all("b8c6");
        world.assert_agree(4);
    }
}

#[test]
fn a_home_that_was_proven_to_lie_is_left_in_the_middle_of_the_game() {
    let mut world = World::new();
    world.play_all("e2e4 e7e5");
    let last = world.game(0).state().last_receipt().unwrap().receipt;
    let other = Receipt {
        at_ms: Millis::new(last.at_ms.get() + 1),
        ..last
    };
    let key = Keypair::from_secret(&[200; 32]);
    let other = Item::Receipt {
        by: key.order(),
        receipt: key.sign(world.id, other),
    };
    for page in [0, 1] {
        let push = Push::Items {
            game: world.id,
            items: vec![other.clone()],
        };
        world.push(page, 0, &push);
    }
    world.settle();
    let took = world.until(60_000, |world| {
        world.homes().iter().all(|(key, _)| *key == world.order(1))
    });
    assert!(took <= RESUMED_MS, "{took} ms");
    for page in [0, 1] {
        assert!(
            world.pages[page]
                .notices
                .contains(&"double-receipt".to_owned())
        );
        let commit = world
            .game(page)
            .state()
            .last_receipt()
            .unwrap()
            .receipt
            .what;
        assert!(matches!(commit, What::Home(_)));
    }
    world.play_all("g1f3");
    assert_eq!([0, 1].map(|page| world.state(page)["ply"].clone()), [3, 3]);
}

#[test]
fn a_device_that_slept_takes_its_own_silence_for_nobodys() {
    let mut world = World::new();
    world.play_all("e2e4 e7e5");
    world.ms += 60_000;
    for page in [0, 1] {
        let now = world.now();
        let outputs = world.pages[page].core.tick(now);
        world.outputs(page, outputs);
        assert_eq!(world.state(page)["home"], "heard");
    }
    world.settle();
    world.run(3_000);
    assert_eq!([0, 1].map(|page| world.signed(page)), [0, 0]);
    world.assert_moved(0, 0);
}

#[test]
fn a_relay_beside_the_home_is_told_each_thing_once_and_nothing_that_is_not_for_it() {
    let mut world = World::new();
    world.play_all("e2e4 e7e5 g1f3 b8c6");
    world.run(3_000);
    for page in [0, 1] {
        let told = world.pages[page]
            .submitted
            .iter()
            .filter(|(relay, _)| *relay == 1);
        let mut names: Vec<_> = told.map(|(_, item)| codec::hash(item)).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all, "page {page}");
    }
    let there = world.relays[1].games[&world.id].game();
    assert_eq!(there.state().line.ply().get(), 4, "it has all of the game");
}

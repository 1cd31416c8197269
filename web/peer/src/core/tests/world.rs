//! Pages and a small relay in memory, which orders with the ledger's own orderer.

use super::super::{Core, NewGame};
use crate::output::{LinkId, Now, Output};
use rookery_ledger::Colour;
use rookery_ledger::id::{GameId, Hash, Millis, Nonce};
use rookery_ledger::order::{Decision, Orderer};
use rookery_ledger::record::{Clock, Item, Variant};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{self, Direct, Frames, Push, Request};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::liar;

pub(super) const START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";
pub(super) const EPOCH: u64 = 1_700_000_000_000;

/// One page: a core, its storage, and what it told.
pub(super) struct Page {
    pub(super) core: Core,
    pub(super) connected: bool,
    /// Frames on their way to the relay.
    pub(super) sent: Vec<Request>,
    /// Everything that was ever sent.
    pub(super) log: Vec<Request>,
    pub(super) stored: BTreeMap<GameId, (Vec<u8>, Vec<u8>)>,
    /// What is not stored yet, where storage is held up.
    pub(super) held: Option<Vec<Output>>,
    pub(super) notices: Vec<String>,
    /// Chat: who said what.
    pub(super) heard: Vec<(Colour, String)>,
    pub(super) unknown: Vec<GameId>,
    /// What the other device says about a channel.
    pub(super) signals: Vec<String>,
}

/// Pages and a relay, with one clock for all.
pub(super) struct World {
    pub(super) pages: Vec<Page>,
    pub(super) key: Keypair,
    /// The key of the relay that the pages are at, where that is not the home.
    pub(super) at: Option<Keypair>,
    pub(super) games: BTreeMap<GameId, Orderer>,
    pub(super) watchers: BTreeSet<(GameId, usize)>,
    pub(super) ms: u64,
    /// How long the pages slept, so that their monotonic clocks stood still, ms.
    pub(super) slept: u64,
    /// By how much the pages' wall clock is ahead, ms.
    pub(super) wall_ahead: u64,
    /// What is on its way between the first two pages, with who sent it; none while no channel is open.
    pub(super) channel: Option<VecDeque<(usize, GameId, Vec<u8>)>>,
    /// Everything that a channel ever carried.
    pub(super) carried: Vec<(usize, Direct)>,
    /// The relay's other half, and what it knows of each page.
    pub(super) liar: Option<liar::Liar>,
    pub(super) faces: Vec<liar::Face>,
    /// What the liar holds back, until when.
    pub(super) held: VecDeque<(u64, usize, Request)>,
    /// The relay refuses records with this code.
    pub(super) refuse: Option<&'static str>,
    pub(super) random: u8,
}

impl World {
    pub(super) fn new(players: usize) -> Self {
        let pages = (0..players).map(|i| Page {
            core: Core::new(&[i as u8 + 1; 32]),
            connected: false,
            sent: Vec::new(),
            log: Vec::new(),
            stored: BTreeMap::new(),
            held: None,
            notices: Vec::new(),
            heard: Vec::new(),
            unknown: Vec::new(),
            signals: Vec::new(),
        });
        let mut world = Self {
            pages: pages.collect(),
            key: Keypair::from_secret(&[200; 32]),
            at: None,
            games: BTreeMap::new(),
            watchers: BTreeSet::new(),
            ms: 0,
            slept: 0,
            wall_ahead: 0,
            channel: None,
            carried: Vec::new(),
            liar: None,
            faces: (0..players).map(|_| liar::Face::default()).collect(),
            held: VecDeque::new(),
            refuse: None,
            random: 0,
        };
        for i in 0..players {
            let outputs = world.pages[i].core.set_writer(true);
            world.outputs(i, outputs);
            world.connect(i);
        }
        world
    }

    pub(super) fn now(&self) -> Now {
        Now {
            mono: (self.ms - self.slept) as f64,
            wall: Millis::new(EPOCH + self.ms + self.wall_ahead),
        }
    }

    pub(super) fn fresh<const N: usize>(&mut self) -> [u8; N] {
        self.random = self.random.wrapping_add(1);
        [self.random; N]
    }

    pub(super) fn push(&mut self, i: usize, push: &Push) {
        let said = match &self.liar {
            Some(liar) => liar.say(&self.faces[i], push.clone()),
            None => Some(push.clone()),
        };
        let Some(said) = said else { return };
        let bytes = wire::frame(&said);
        let mut frames = Frames::default();
        frames.push(&bytes);
        let frame = frames.next_frame().unwrap().unwrap().to_vec();
        let now = self.now();
        let outputs = self.pages[i]
            .core
            .receive(LinkId::One, &frame, now)
            .unwrap();
        self.outputs(i, outputs);
    }

    pub(super) fn outputs(&mut self, i: usize, outputs: Vec<Output>) {
        for output in outputs {
            let page = &mut self.pages[i];
            match output {
                Output::Send(_, bytes) if page.connected => {
                    let mut frames = Frames::default();
                    frames.push(&bytes);
                    let frame = frames.next_frame().unwrap().unwrap();
                    let request = wire::decode_request(frame).unwrap();
                    page.sent.push(request.clone());
                    page.log.push(request);
                }
                Output::Store { .. } if page.held.is_some() => {
                    page.held.as_mut().unwrap().push(output);
                }
                Output::Store {
                    token,
                    game,
                    notes,
                    items,
                } => {
                    let kept = page.stored.entry(game).or_default();
                    kept.0.extend(items.concat());
                    if let Some(notes) = notes {
                        kept.1 = notes;
                    }
                    if let Some(token) = token {
                        let now = self.now();
                        let outputs = self.pages[i].core.stored(token, now);
                        self.outputs(i, outputs);
                    }
                }
                Output::Notice { code, .. } => page.notices.push(code),
                Output::Said { by, text, .. } => page.heard.push((by, text)),
                Output::Unknown(game) => page.unknown.push(game),
                Output::Signal { data, .. } => page.signals.push(data),
                Output::Direct { game, message } => {
                    if let Some(channel) = &mut self.channel {
                        channel.push_back((i, game, message));
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn connect(&mut self, i: usize) {
        self.pages[i].connected = true;
        self.pages[i]
            .core
            .connected(LinkId::One, vec![i as u8], vec![99]);
        let welcome = Push::Welcome {
            versions: vec![1],
            agent: "test".into(),
            nonce: Nonce([1; 16]),
            order: self.at.as_ref().unwrap_or(&self.key).order(),
            now_ms: Millis::new(EPOCH + self.ms),
        };
        self.push(i, &welcome);
        let hello = self.pages[i].sent.remove(0);
        assert!(matches!(hello, Request::Hello { .. }));
        self.hear(i, hello);
        self.push(i, &Push::Ready { v: 1 });
        self.settle();
    }

    pub(super) fn disconnect(&mut self, i: usize) {
        self.pages[i].connected = false;
        self.pages[i].sent.clear();
        self.watchers.retain(|(_, page)| *page != i);
        let outputs = self.pages[i].core.disconnected(LinkId::One);
        self.outputs(i, outputs);
    }

    /// A page that is loaded again, with what its storage holds.
    pub(super) fn reload(&mut self, i: usize) {
        self.disconnect(i);
        let mut core = Core::new(&[i as u8 + 1; 32]);
        core.set_writer(true);
        for (items, notes) in self.pages[i].stored.values() {
            core.load(items, notes, self.now()).unwrap();
        }
        self.pages[i].core = core;
        self.pages[i].notices.clear();
    }

    /// Lets the relay answer, and the channel carry, until nothing is on its way.
    pub(super) fn settle(&mut self) {
        loop {
            if let Some(i) = (0..self.pages.len()).find(|i| !self.pages[*i].sent.is_empty()) {
                let request = self.pages[i].sent.remove(0);
                self.hear(i, request);
            } else if self.held.front().is_some_and(|(at, ..)| *at <= self.ms) {
                let (_, i, request) = self.held.pop_front().unwrap();
                self.answer(i, request);
            } else if let Some((from, game, message)) =
                self.channel.as_mut().and_then(VecDeque::pop_front)
            {
                self.carried
                    .push((from, wire::decode_direct(&message).unwrap()));
                let now = self.now();
                let to = &mut self.pages[1 - from].core;
                let outputs = to.direct_received(game, &message, now).unwrap();
                self.outputs(1 - from, outputs);
            } else {
                return;
            }
        }
    }

    /// A request as the relay hears it.
    pub(super) fn hear(&mut self, i: usize, request: Request) {
        let Some(liar) = &self.liar else {
            return self.answer(i, request);
        };
        match liar.hear(&mut self.faces[i], request) {
            liar::Heard::Pass { request, after: 0 } => self.answer(i, request),
            liar::Heard::Pass { request, after } => {
                self.held.push_back((self.ms + after, i, request));
            }
            liar::Heard::Answer(push) => self.push(i, &push),
            liar::Heard::Nothing => {}
        }
    }

    pub(super) fn refused(&mut self, i: usize, id: u32, code: &str, item: Option<Item>) {
        let refused = Push::Refused {
            id,
            code: code.into(),
            words: "no".into(),
            head: None,
            item,
            retry_ms: None,
        };
        self.push(i, &refused);
    }

    pub(super) fn publish(&mut self, game: GameId, items: &[Item]) {
        let watchers: Vec<_> = self
            .watchers
            .iter()
            .filter(|(id, _)| *id == game)
            .map(|(_, i)| *i)
            .collect();
        for i in watchers {
            self.push(
                i,
                &Push::Items {
                    game,
                    items: items.to_vec(),
                },
            );
        }
    }

    pub(super) fn answer(&mut self, i: usize, request: Request) {
        let at = Millis::new(EPOCH + self.ms);
        match request {
            Request::Submit { id, game, item } => {
                if let (Some(code), Item::Record(_)) = (self.refuse, &item) {
                    return self.refused(i, id, code, None);
                }
                if let (Item::Genesis(genesis), false) = (&item, self.games.contains_key(&game)) {
                    let created = Orderer::create(genesis.clone(), self.key.order(), at);
                    let (mut orderer, entry) = created.unwrap();
                    orderer.commit(&self.key, &[entry]);
                    self.games.insert(game, orderer);
                }
                let Some(orderer) = self.games.get_mut(&game) else {
                    return self.refused(i, id, "unknown-game", None);
                };
                match orderer.submit(&item, at, Millis::ZERO) {
                    Decision::Append { entries, .. } => {
                        let items = orderer.commit(&self.key, &entries);
                        self.push(i, &Push::Done { id });
                        self.publish(game, &items);
                    }
                    Decision::Refused(refusal) => {
                        self.refused(i, id, refusal.code(), None);
                    }
                    _ => self.push(i, &Push::Done { id }),
                }
            }
            Request::Join { id, game, join } => {
                let orderer = &self.games[&game];
                let state = orderer.game().state();
                if state.line.players().is_some() {
                    let seat = orderer.game().children(game.as_hash()).next().unwrap();
                    let item = Item::Record(seat.1.signed.clone());
                    return self.refused(i, id, "seat-taken", Some(item));
                }
                let creator = orderer.game().genesis().body.creator;
                let page = (0..self.pages.len())
                    .find(|i| self.pages[*i].core.player() == creator)
                    .filter(|i| self.pages[*i].connected);
                match page {
                    Some(page) => {
                        self.push(i, &Push::Done { id });
                        self.push(page, &Push::Joined { game, join });
                    }
                    None => self.refused(i, id, "creator-away", None),
                }
            }
            Request::Watch { id, game, after } => {
                let Some(orderer) = self.games.get(&game) else {
                    return self.refused(i, id, "unknown-game", None);
                };
                // The orders of a relay: each record before its receipt.
                let items = in_order(orderer, after);
                self.watchers.insert((game, i));
                self.push(i, &Push::Items { game, items });
                self.push(i, &Push::Done { id });
            }
            Request::Say { id, game, said } => {
                self.push(i, &Push::Done { id });
                let watchers: Vec<_> = self.watchers.iter().copied().collect();
                for (id, page) in watchers {
                    if id == game && page != i {
                        let said = said.clone();
                        self.push(page, &Push::Said { game, said });
                    }
                }
            }
            Request::Unwatch { game } => {
                self.watchers.remove(&(game, i));
            }
            Request::List { id, .. } => self.push(i, &Push::Done { id }),
            Request::Hello { .. } | Request::Lobby { .. } | Request::Echo { .. } => {}
        }
    }

    pub(super) fn act(
        &mut self,
        i: usize,
        wish: impl FnOnce(&mut Core, Now) -> Result<Vec<Output>, crate::Failure>,
    ) -> Result<(), &'static str> {
        let now = self.now();
        let outputs = wish(&mut self.pages[i].core, now).map_err(|failure| failure.code())?;
        self.outputs(i, outputs);
        self.settle();
        Ok(())
    }

    pub(super) fn create(&mut self, i: usize, new: NewGame) -> GameId {
        let random = self.fresh::<32>();
        let (id, outputs) = self.pages[i].core.create(new, &random).unwrap();
        self.outputs(i, outputs);
        self.settle();
        id
    }

    pub(super) fn open(&mut self, i: usize, id: GameId) {
        let outputs = self.pages[i].core.open(id);
        self.outputs(i, outputs);
        self.settle();
    }

    pub(super) fn join(&mut self, i: usize, id: GameId) -> Result<(), &'static str> {
        let random = self.fresh::<16>();
        self.act(i, |core, now| core.join(id, &random, now))
    }

    pub(super) fn play(&mut self, i: usize, id: GameId, uci: &str) -> Result<(), &'static str> {
        self.act(i, |core, now| core.play(id, uci, false, now))
    }

    pub(super) fn state(&self, i: usize, id: GameId) -> serde_json::Value {
        serde_json::from_str(&self.pages[i].core.state(id).unwrap()).unwrap()
    }

    /// A game between the first two pages, the first with White.
    pub(super) fn game(clock: Clock) -> (Self, GameId) {
        let mut world = Self::new(2);
        let id = world.create(0, new_game(clock));
        world.open(1, id);
        world.join(1, id).unwrap();
        assert_eq!(world.state(1, id)["seat"], "seated");
        (world, id)
    }

    pub(super) fn submitted(&self, i: usize) -> Vec<&Item> {
        let items = self.pages[i]
            .log
            .iter()
            .filter_map(|request| match request {
                Request::Submit { item, .. } => Some(item),
                _ => None,
            });
        items.collect()
    }
}

/// What a relay sends of a game: in the order of its receipts.
pub(super) fn in_order(orderer: &Orderer, after: Option<Hash>) -> Vec<Item> {
    use rookery_ledger::record::What;
    let game = orderer.game();
    let (mut receipts, mut rest) = (Vec::new(), Vec::new());
    for item in game.items() {
        match item {
            Item::Receipt { receipt, .. } => receipts.push((receipt.body.seq, item)),
            Item::Genesis(_) | Item::Record(_) => {}
            item => rest.push(item),
        }
    }
    receipts.sort_by_key(|(seq, _)| *seq);
    let mut items = Vec::new();
    for (_, item) in receipts {
        let Item::Receipt { receipt, .. } = &item else {
            continue;
        };
        match receipt.body.what {
            What::Genesis => items.push(Item::Genesis(game.genesis().clone())),
            What::Record(hash) => {
                items.push(Item::Record(game.record(hash).unwrap().signed.clone()));
            }
            _ => {}
        }
        let last = Some(receipt.hash()) == after;
        items.push(item);
        if last {
            items.clear();
        }
    }
    items.extend(rest);
    items
}

pub(super) fn new_game(clock: Clock) -> NewGame {
    NewGame {
        variant: Variant::Standard,
        start: START.into(),
        clock,
        colour: Some(Colour::White),
        opponent: None,
        takebacks: true,
        listed: false,
    }
}

pub(super) const LIVE: Clock = Clock::Live {
    initial_s: 300,
    inc_s: 2,
};

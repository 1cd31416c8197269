//! Two honest players, two honest relays and one that lies: whoever hears what in whatever order, the honest sign nothing
//! twice, and come to one state.

use rookery_ledger::Game;
use rookery_ledger::id::Millis;
use rookery_ledger::order::{Decision, Orderer};
use rookery_ledger::record::Item;
use rookery_verify::properties::lies;

use crate::input::Choices;
use crate::pool::{Pool, key};

/// The honest relays.
const RELAYS: [u8; 2] = [9, 8];
/// The one that lies; the players may move the game there.
const LIAR: u8 = 7;
const STEPS: usize = 48;

/// Plays what the input chooses.
pub fn player(data: &[u8]) {
    let mut input = Choices::new(data);
    let Some(mut table) = Table::begin(&mut input) else {
        return;
    };
    for _ in 0..STEPS {
        if input.is_over() {
            break;
        }
        table.step(&mut input);
    }
    table.end();
}

struct Table {
    pool: Pool,
    orderers: [Orderer; 2],
    /// How many of the items both orderers know.
    learnt: usize,
    lied: bool,
}

impl Table {
    fn begin(input: &mut Choices) -> Option<Self> {
        let mut pool = Pool::begin(input, &[RELAYS[0], RELAYS[1], LIAR])?;
        let genesis = pool.players[0].game().genesis().clone();
        let (at, own) = (Millis::new(pool.now), key(RELAYS[0]));
        let (mut first, entry) = Orderer::create(genesis.clone(), own.order(), at).ok()?;
        let ordered = first.commit(&own, &[entry]);
        let second = Orderer::new(Game::new(genesis).ok()?, key(RELAYS[1]).order(), Vec::new());
        for item in ordered {
            pool.hear(0, item.clone());
            pool.hear(1, item.clone());
            pool.put(item);
        }
        Some(Self {
            pool,
            orderers: [first, second],
            learnt: 0,
            lied: false,
        })
    }

    fn step(&mut self, input: &mut Choices) {
        self.pool.now += 200;
        let kind = input.byte();
        let which = usize::from(kind >> 7);
        match kind & 15 {
            0..=4 => {
                // The usual way: signed, ordered, heard by both.
                if let Some(item) = self.pool.act(input) {
                    self.submit(which & input.below(2), &item);
                    if kind & 16 == 0 {
                        self.spread();
                    }
                }
            }
            5 => drop(self.pool.act(input)),
            6 | 7 => {
                let item = self.pool.any(input);
                self.pool.hear(which, item);
            }
            8 => {
                let item = self.pool.any(input);
                self.submit(which, &item);
            }
            9 => {
                let item = self.pool.any(input);
                let _ = self.orderers[which].learn(item);
            }
            10 => self.spread(),
            11 => self.tick(which),
            12 => self.pool.now += 16 * input.word(),
            13 => self.pool.reload(which, input),
            14 => {
                let last = Millis::new(self.pool.now);
                self.pool.now += input.word();
                self.orderers[which].resumed(last, Millis::new(self.pool.now));
                if input.flag() {
                    let decision = self.orderers[which].mover_returned(Millis::new(self.pool.now));
                    self.carry_out(which, decision);
                }
            }
            _ => {
                let (liar, now) = (key(LIAR), Millis::new(self.pool.now));
                // Also what another relay would have to sign: receipts and lapses of its own, and nothing of the players'.
                let told = lies::wrong_receipt(
                    self.pool.players[which].game(),
                    &liar,
                    now,
                    input.word() as usize,
                );
                for item in told {
                    if matches!(item, Item::Receipt { .. }) {
                        self.lied = true;
                        self.pool.put(item);
                    }
                }
            }
        }
    }

    fn submit(&mut self, relay: usize, item: &Item) {
        let now = Millis::new(self.pool.now);
        let decision = self.orderers[relay].submit(item, now, Millis::new(30));
        self.carry_out(relay, decision);
    }

    fn tick(&mut self, relay: usize) {
        let decision = self.orderers[relay].tick(Millis::new(self.pool.now), Millis::ZERO);
        self.carry_out(relay, decision);
    }

    fn carry_out(&mut self, relay: usize, decision: Decision) {
        let own = key(RELAYS[relay]);
        match decision {
            Decision::Append { entries, .. } => {
                for item in self.orderers[relay].commit(&own, &entries) {
                    self.pool.put(item);
                }
            }
            Decision::Lapse(lapsed) => {
                let item = self.orderers[relay].lapse(&own, lapsed);
                self.pool.put(item);
            }
            Decision::Done | Decision::Elsewhere(_) | Decision::Refused(_) => {}
        }
    }

    /// Everybody hears everything.
    fn spread(&mut self) {
        for item in &self.pool.items[self.learnt..] {
            for orderer in &mut self.orderers {
                let _ = orderer.learn(item.clone());
            }
        }
        self.learnt = self.pool.items.len();
        self.pool.hear_news();
    }

    fn end(mut self) {
        self.pool.hear_all();
        self.pool.assert_innocent(&RELAYS);
        let [creator, joiner] = &self.pool.players;
        if creator.moving().is_none() && joiner.moving().is_none() && !self.lied {
            crate::fold::assert_same(creator.game(), joiner.game(), "creator and joiner");
        }
        for who in [0, 1] {
            self.pool.reload(who, &mut Choices::new(&[]));
        }
    }
}

/// The items of a game that goes as it should: moves, a move of home, moves again; in the order in which they were
/// signed, what a receipt is for right before it.
pub(crate) fn some_items(kind: u8) -> Vec<Item> {
    // Clock and start by `kind`; then seat, moves, both signatures under a `Home` to the second relay, and moves there.
    let mut script = vec![kind];
    for _ in 0..6 {
        script.extend([0, 10, 3, 0]);
    }
    script.extend([0x80, 5, 1, 1, 0x80, 0x87, 1, 0x80, 0xc7, 1]);
    for _ in 0..4 {
        script.extend([0x80, 10, 3, 1]);
    }
    let mut input = Choices::new(&script);
    let Some(mut table) = Table::begin(&mut input) else {
        return Vec::new();
    };
    while !input.is_over() {
        table.step(&mut input);
    }
    table.pool.items
}

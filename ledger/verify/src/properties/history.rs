//! Random histories: what two players and a relay sign, as the ledger's own players and orderer let them.

use proptest::prelude::*;
use rookery_ledger::id::{Millis, Nonce, Ply};
use rookery_ledger::order::{Decision, Orderer};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, Item, Record, Variant};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Colour, Game, Player};
use shakmaty::Position as _;

use super::adapter;

/// Starts from which different ends are near.
const STARTS: [(&str, Variant); 5] = [
    (
        "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
        Variant::Standard,
    ),
    (
        "r3k2r/pppppppp/8/8/8/8/PPPPPPPP/R3K2R w KQkq - 0 1",
        Variant::Chess960,
    ),
    // Quiet moves run out.
    ("4k3/8/8/8/8/8/8/R3K3 w - - 96 80", Variant::Standard),
    // One capture from a dead position.
    ("8/8/8/3k4/3p4/3K4/8/8 w - - 0 1", Variant::Standard),
    // Promotions, and mates close by.
    ("6k1/P4ppp/8/8/8/8/5PPp/6K1 w - - 0 1", Variant::Standard),
];

/// What a random history does next.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// The side to move moves.
    Move { pick: usize, offer: bool },
    /// The last moves are taken back, as both agree.
    Takeback { back: u64 },
    /// The side to move claims or agrees to a draw.
    Draw,
    /// The side to move gives up.
    Resign,
    /// The other side gives up.
    ResignOffTurn,
    /// The side to move ends a game that has not begun.
    Abort,
    /// A second record for the place of the last move, by its author.
    Equivocate { pick: usize },
    /// The creator sits a second joiner.
    SecondSeat,
    /// Nothing for a while; the flag may fall.
    Wait { ms: u64 },
    /// The relay is away for a while.
    Outage { ms: u64 },
}

/// One random game, and how it is handed about.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) clock: Clock,
    start: usize,
    /// The creator's; by lot if it is none.
    colour: Option<Colour>,
    pub(super) acts: Vec<Act>,
    /// In which order, and in which part, the items arrive.
    pub(super) mix: Vec<u16>,
    pub(super) pick: usize,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        48 => (any::<usize>(), any::<bool>()).prop_map(|(pick, offer)| Act::Move { pick, offer }),
        5 => (1..4_u64).prop_map(|back| Act::Takeback { back }),
        3 => Just(Act::Draw),
        1 => Just(Act::Resign),
        1 => Just(Act::ResignOffTurn),
        1 => Just(Act::Abort),
        1 => any::<usize>().prop_map(|pick| Act::Equivocate { pick }),
        1 => Just(Act::SecondSeat),
        3 => (0..25_000_u64).prop_map(|ms| Act::Wait { ms }),
        2 => (0..60_000_u64).prop_map(|ms| Act::Outage { ms }),
    ]
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    let clock = prop_oneof![
        4 => Just(Clock::None),
        4 => (1..60_u32, 0..5_u32).prop_map(|(initial_s, inc_s)| Clock::Live { initial_s, inc_s }),
        1 => Just(Clock::Days { days: 1 }),
    ];
    let colour = prop_oneof![
        Just(None),
        Just(Some(Colour::White)),
        Just(Some(Colour::Black))
    ];
    (
        clock,
        0..STARTS.len(),
        colour,
        prop::collection::vec(act(), 1..50),
        prop::collection::vec(any::<u16>(), 61),
        any::<usize>(),
    )
        .prop_map(|(clock, start, colour, acts, mix, pick)| Case {
            clock,
            start,
            colour,
            acts,
            mix,
            pick,
        })
}

/// Who signs in every history: the creator, the joiner, another joiner, the relay.
pub(super) fn key(n: u8) -> Keypair {
    Keypair::from_secret(&[n; 32])
}

pub(super) const CREATOR: u8 = 1;
pub(super) const JOINER: u8 = 2;
pub(super) const SECOND: u8 = 3;
pub(super) const RELAY: u8 = 9;

/// A game in progress: everyone hears everything in the order of sending.
struct Table {
    relay: Keypair,
    orderer: Orderer,
    players: [Player; 2],
    items: Vec<Item>,
    now: u64,
}

impl Table {
    fn hear(&mut self, item: Item) {
        for player in &mut self.players {
            // A player may refuse what an equivocating one signed.
            let _ = player.receive(item.clone());
        }
        self.items.push(item);
    }

    fn carry_out(&mut self, decision: Decision) {
        if let Decision::Append { entries, .. } = decision {
            for item in self.orderer.commit(&self.relay, &entries) {
                self.hear(item);
            }
        }
    }

    fn send(&mut self, item: Item) {
        let decision = self
            .orderer
            .submit(&item, Millis::new(self.now), Millis::new(50));
        match decision {
            Decision::Append { .. } => self.carry_out(decision),
            _ => self.hear(item),
        }
    }

    fn act(&mut self, act: &Act) {
        self.now += 500;
        let line = self.players[0].game().state().line.clone();
        let creator_moves = self.players[0].colour() == Some(line.turn());
        let [creator, joiner] = &mut self.players;
        let (mover, other) = if creator_moves {
            (creator, joiner)
        } else {
            (joiner, creator)
        };
        let signed = match act {
            Act::Move { pick, offer } => {
                let legal = line.position().legal_moves();
                legal.get(pick % legal.len().max(1)).and_then(|chosen| {
                    let uci = chosen.to_uci(line.castling_mode()).to_string();
                    mover.play(&uci, Millis::new(400), *offer).ok()
                })
            }
            Act::Takeback { back } => {
                let to = Ply::new(line.ply().get().saturating_sub(*back));
                other
                    .consent(to)
                    .and_then(|consent| mover.rewind(consent))
                    .ok()
            }
            Act::Draw => mover.draw().ok(),
            Act::Resign => mover.resign().ok(),
            Act::ResignOffTurn => other.resign().ok(),
            Act::Abort => mover.abort().ok(),
            Act::Equivocate { pick } => rival_of_last(self.players[0].game(), *pick),
            Act::SecondSeat => second_seat(self.players[0].game()),
            Act::Wait { ms } => {
                self.now += ms;
                let decision = self.orderer.tick(Millis::new(self.now), Millis::ZERO);
                return self.carry_out(decision);
            }
            Act::Outage { ms } => {
                let last_mark = Millis::new(self.now);
                self.now += ms;
                self.orderer.resumed(last_mark, Millis::new(self.now));
                let decision = self.orderer.mover_returned(Millis::new(self.now));
                return self.carry_out(decision);
            }
        };
        if let Some(item) = signed {
            self.send(item);
        }
    }
}

/// All that is signed in a case, the genesis first; nothing if the case has no valid genesis.
pub(super) fn items(case: &Case) -> Option<Vec<Item>> {
    let relay = key(RELAY);
    let (start, variant) = STARTS[case.start];
    let options = Options {
        variant,
        start: start.into(),
        moves: vec![],
        clock: case.clock,
        colour: case.colour,
        seat: None,
        takebacks: true,
        homes: vec![relay.order()],
        from: None,
    };
    let creator = Player::create(key(CREATOR), options, Nonce([1; 16]), Nonce([2; 16])).ok()?;
    let genesis = creator.game().genesis().clone();
    let joiner = Player::open(key(JOINER), genesis.clone(), None).ok()?;
    let now = 1_000_000;
    let (orderer, entry) = Orderer::create(genesis, relay.order(), Millis::new(now)).ok()?;
    let mut table = Table {
        relay,
        orderer,
        players: [creator, joiner],
        items: Vec::new(),
        now,
    };
    table.carry_out(Decision::Append {
        entries: vec![entry],
        then: None,
    });
    let join = table.players[1].join(Nonce([3; 16])).ok()?;
    let seat = table.players[0].seat(join).ok()?;
    table.send(seat);
    for act in &case.acts {
        table.act(act);
    }
    Some(table.items)
}

/// Another move for the place of the line's last move, by its author.
fn rival_of_last(game: &Game, pick: usize) -> Option<Item> {
    let last = game.state().line.moves().len().checked_sub(1)?;
    rival(game, last, pick)
}

/// Another move for the place of the line's move `at`, by its author.
pub(super) fn rival(game: &Game, at: usize, pick: usize) -> Option<Item> {
    let line = &game.state().line;
    let entry = game.record(line.moves().get(at)?.record?)?;
    let Record::Move(played) = &entry.signed.body else {
        return None;
    };
    let by = adapter::keypair_of(entry.author)?;
    let legal = line.positions().get(at)?.legal_moves();
    let mut rival = played.clone();
    rival.uci = legal
        .get(pick % legal.len().max(1))?
        .to_uci(line.castling_mode())
        .to_string();
    rival.think_ms = Millis::ZERO;
    Some(Item::Record(by.sign(game.id(), Record::Move(rival))))
}

/// A Seat for another joiner, by the creator, for the place of the first.
fn second_seat(game: &Game) -> Option<Item> {
    let mut second = game
        .records()
        .find_map(|(_, entry)| match &entry.signed.body {
            Record::Seat(seat) => Some(seat.clone()),
            _ => None,
        })?;
    let joiner = Player::open(key(SECOND), game.genesis().clone(), None).ok()?;
    second.join = joiner.join(Nonce([4; 16])).ok()?;
    let record = Record::Seat(second);
    Some(Item::Record(key(CREATOR).sign(game.id(), record)))
}

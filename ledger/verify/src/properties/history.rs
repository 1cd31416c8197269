//! Random histories: what two players and a relay sign, as the ledger's own players and orderer let them.

use proptest::prelude::*;
use rookery_ledger::id::{Millis, Nonce, Ply};
use rookery_ledger::order::{Decision, Orderer};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, Consent, Item, Move, Place, Record, Rewind, Variant, What};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Colour, Game, Line, Player};
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
    /// A player gives up off turn at a head that may lie behind.
    ResignEarlier { pick: usize },
    /// The side to move ends a game that has not begun.
    Abort,
    /// More records for the place of the last move, by its author.
    Equivocate { pick: usize, times: usize },
    /// A record that its author may not sign.
    Forge { pick: usize },
    /// The side to move waits until its time is all but up; then it moves, or the relay looks at the clock.
    ToTheEdge { pick: usize },
    /// Both move there and back, so that the position repeats, and perhaps claim a draw.
    BackAndForth { pick: usize, draw: bool },
    /// A record is sent again.
    Resend { pick: usize },
    /// The creator sits a second joiner.
    SecondSeat,
    /// Nothing for a while; the flag may fall.
    Wait { ms: u64 },
    /// The relay is away for a while.
    Outage { ms: u64 },
    /// A player wants the game at the other home. `late`: the old home orders one more record meanwhile; `alone`: the other
    /// player does not sign.
    MoveHome {
        pick: usize,
        late: bool,
        alone: bool,
    },
    /// The relay signs another receipt for a place that has one.
    SignTwice { pick: usize },
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
        1 => (any::<usize>(), 1..5_usize).prop_map(|(pick, times)| Act::Equivocate { pick, times }),
        1 => any::<usize>().prop_map(|pick| Act::Forge { pick }),
        1 => any::<usize>().prop_map(|pick| Act::ToTheEdge { pick }),
        1 => any::<usize>().prop_map(|pick| Act::ResignEarlier { pick }),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(pick, draw)| Act::BackAndForth { pick, draw }),
        1 => any::<usize>().prop_map(|pick| Act::Resend { pick }),
        1 => Just(Act::SecondSeat),
        3 => (0..25_000_u64).prop_map(|ms| Act::Wait { ms }),
        2 => (0..60_000_u64).prop_map(|ms| Act::Outage { ms }),
        2 => (any::<usize>(), any::<bool>(), prop::bool::weighted(0.3))
            .prop_map(|(pick, late, alone)| Act::MoveHome { pick, late, alone }),
        1 => any::<usize>().prop_map(|pick| Act::SignTwice { pick }),
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

/// Who signs in every history: the creator, the joiner, another joiner, the two relays.
pub(super) fn key(n: u8) -> Keypair {
    Keypair::from_secret(&[n; 32])
}

pub(super) const CREATOR: u8 = 1;
pub(super) const JOINER: u8 = 2;
pub(super) const SECOND: u8 = 3;
const RELAYS: [u8; 2] = [9, 8];

/// A game in progress: everyone hears everything in the order of sending.
struct Table {
    relays: [Keypair; 2],
    orderers: [Orderer; 2],
    /// Which of them is the game's home.
    home: usize,
    players: [Player; 2],
    items: Vec<Item>,
    now: u64,
}

impl Table {
    fn hear(&mut self, item: Item) {
        for orderer in &mut self.orderers {
            let _ = orderer.learn(item.clone());
        }
        for player in &mut self.players {
            // A player may refuse what an equivocating one signed.
            let _ = player.receive(item.clone());
        }
        self.items.push(item);
    }

    fn carry_out(&mut self, relay: usize, decision: Decision) {
        match decision {
            Decision::Append { entries, .. } => {
                for item in self.orderers[relay].commit(&self.relays[relay], &entries) {
                    self.hear(item);
                }
            }
            Decision::Lapse(lapsed) => {
                let item = self.orderers[relay].lapse(&self.relays[relay], lapsed);
                self.hear(item);
            }
            Decision::Done | Decision::Elsewhere(_) | Decision::Refused(_) => {}
        }
    }

    fn submit(&mut self, relay: usize, item: &Item) {
        let (now, lag) = (Millis::new(self.now), self.lag());
        let decision = self.orderers[relay].submit(item, now, lag);
        self.carry_out(relay, decision);
    }

    /// What the relay measures as lag: now little, now much.
    fn lag(&self) -> Millis {
        Millis::new(50 * (1 + self.items.len() as u64 % 30))
    }

    /// To one millisecond before the flag falls, or to that moment.
    fn play_at_the_edge(&mut self, pick: usize) {
        let orderer = &self.orderers[self.home];
        let lag = if pick.is_multiple_of(2) {
            self.lag()
        } else {
            Millis::ZERO
        };
        let Some(flag) = orderer.game().flag_at(lag) else {
            return;
        };
        let falls = pick % 4 == 1;
        self.now = self.now.max(flag.get() - u64::from(!falls));
        if !pick.is_multiple_of(2) {
            let decision = self.orderers[self.home].tick(Millis::new(self.now), lag);
            return self.carry_out(self.home, decision);
        }
        let uci = nth_move(&self.players[0].game().state().line, pick);
        if let Some(uci) = uci {
            self.play(&uci);
        }
    }

    /// The side to move makes this move, if it can.
    fn play(&mut self, uci: &str) -> bool {
        let turn = self.players[0].game().state().line.turn();
        let mover = usize::from(self.players[0].colour() != Some(turn));
        let played = self.players[mover].play(uci, Millis::ZERO, false);
        let is_played = played.is_ok();
        played.into_iter().for_each(|item| self.send(item));
        is_played
    }

    fn back_and_forth(&mut self, pick: usize, draw: bool) {
        let mut there = Vec::new();
        for n in [pick, pick / 64] {
            let uci = nth_move(&self.players[0].game().state().line, n);
            match uci.filter(|uci| uci.len() == 4 && self.play(uci)) {
                Some(uci) => there.push(uci),
                None => return,
            }
        }
        for uci in there {
            self.now += 300;
            if !self.play(&format!("{}{}", &uci[2..], &uci[..2])) {
                return;
            }
        }
        let turn = self.players[0].game().state().line.turn();
        let mover = usize::from(self.players[0].colour() != Some(turn));
        if let (true, Ok(claim)) = (draw, self.players[mover].draw()) {
            self.send(claim);
        }
    }

    fn send(&mut self, item: Item) {
        self.submit(self.home, &item);
        if !self.items.contains(&item) {
            self.hear(item);
        }
    }

    fn move_home(&mut self, pick: usize, late: bool, alone: bool) {
        let (old, new) = (self.home, 1 - self.home);
        let key = self.relays[new].order();
        let line = self.players[0].game().state().line.clone();
        let mover = usize::from(self.players[0].colour() != Some(line.turn()));
        let played = if late {
            nth_move(&line, pick)
                .and_then(|uci| self.players[mover].play(&uci, Millis::new(400), false).ok())
        } else {
            None
        };
        let asks = pick % 2;
        let Ok(first) = self.players[asks].move_home(key) else {
            return;
        };
        let Item::Home(home) = first else { return };
        // The old home does not know yet: what it orders now comes too late.
        if let Some(record) = &played {
            let (now, lag) = (Millis::new(self.now), self.lag());
            if let Decision::Append { entries, .. } = self.orderers[old].submit(record, now, lag) {
                let ordered = self.orderers[old].commit(&self.relays[old], &entries);
                self.items.extend(ordered);
            }
        }
        self.now += 3_000;
        self.submit(new, &first);
        self.hear(first);
        if alone {
            self.now += 11_000;
            let decision = self.orderers[new].tick(Millis::new(self.now), Millis::ZERO);
            self.carry_out(new, decision);
        }
        // After a lapse a second signature comes too late.
        if (!alone || pick.is_multiple_of(3))
            && let Ok(second) = self.players[1 - asks].agree_home(home.body)
        {
            self.submit(new, &second);
            self.hear(second);
        }
        for item in self.items.clone() {
            for orderer in &mut self.orderers {
                let _ = orderer.learn(item.clone());
            }
            for player in &mut self.players {
                let _ = player.receive(item.clone());
            }
        }
        if self.orderers[new].elsewhere().is_none() {
            self.home = new;
        }
        if let Some(record) = played {
            self.send(record);
        }
    }

    /// Another receipt for a place that has one, by the relay that signed that.
    fn second_receipt(&self, pick: usize) -> Option<Item> {
        let counted = &self.players[0].game().state().counted;
        let counted = counted.get(pick % counted.len().max(1))?;
        let relay = self.relays.iter().find(|key| key.order() == counted.by)?;
        let mut receipt = counted.receipt;
        match pick / 7 % 5 {
            0 => receipt.at_ms = Millis::new(receipt.at_ms.get() + 7),
            1 => receipt.at_ms = Millis::new(receipt.at_ms.get() - 4_000),
            2 => receipt.what = What::Gap { ms: Millis::new(1) },
            3 => {
                let ms = Millis::new(100_000_000);
                receipt.what = What::Gap { ms };
            }
            _ => receipt.what = What::Flag,
        }
        Some(Game::sign_receipt(relay, receipt))
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
            Act::Move { pick, offer } => nth_move(&line, *pick)
                .and_then(|uci| mover.play(&uci, Millis::new(400), *offer).ok()),
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
            Act::Equivocate { pick, times } => {
                let rivals: Vec<_> = (0..*times)
                    .filter_map(|n| rival_of_last(self.players[0].game(), pick.wrapping_add(n)))
                    .collect();
                return rivals.into_iter().for_each(|rival| self.send(rival));
            }
            Act::Forge { pick } => forged(self.players[0].game(), *pick),
            Act::ToTheEdge { pick } => return self.play_at_the_edge(*pick),
            Act::ResignEarlier { pick } => {
                let game = self.players[0].game();
                let heads: Vec<_> = game.records().map(|(hash, _)| hash).collect();
                let by = key([CREATOR, JOINER][pick % 2]);
                let at = heads.get(pick / 2 % heads.len().max(1)).copied();
                at.map(|at| Item::Record(by.sign(game.id(), Record::ResignAt { at })))
            }
            Act::BackAndForth { pick, draw } => return self.back_and_forth(*pick, *draw),
            Act::Resend { pick } => {
                let records = self
                    .items
                    .iter()
                    .filter(|item| matches!(item, Item::Record(_)));
                let records: Vec<_> = records.cloned().collect();
                let again = records.get(pick % records.len().max(1));
                return again
                    .into_iter()
                    .for_each(|item| self.submit(self.home, item));
            }
            Act::SecondSeat => second_seat(self.players[0].game()),
            Act::Wait { ms } => {
                self.now += ms;
                let decision = self.orderers[self.home].tick(Millis::new(self.now), Millis::ZERO);
                return self.carry_out(self.home, decision);
            }
            Act::Outage { ms } => {
                let last_mark = Millis::new(self.now);
                self.now += ms;
                self.orderers[self.home].resumed(last_mark, Millis::new(self.now));
                let decision = self.orderers[self.home].mover_returned(Millis::new(self.now));
                return self.carry_out(self.home, decision);
            }
            Act::MoveHome { pick, late, alone } => return self.move_home(*pick, *late, *alone),
            Act::SignTwice { pick } => self.second_receipt(*pick),
        };
        if let Some(item) = signed {
            self.send(item);
        }
    }
}

/// All that is signed in a case, the genesis first; nothing if the case has no valid genesis.
pub(super) fn items(case: &Case) -> Option<Vec<Item>> {
    let relays = RELAYS.map(key);
    let (start, variant) = STARTS[case.start];
    let options = Options {
        variant,
        start: start.into(),
        moves: vec![],
        clock: case.clock,
        colour: case.colour,
        seat: None,
        takebacks: true,
        homes: relays.iter().map(Keypair::order).collect(),
        from: None,
    };
    let creator = Player::create(key(CREATOR), options, Nonce([1; 16]), Nonce([2; 16])).ok()?;
    let genesis = creator.game().genesis().clone();
    let joiner = Player::open(key(JOINER), genesis.clone(), None).ok()?;
    let now = 1_000_000;
    let game = Game::new(genesis.clone()).ok()?;
    let (first, entry) = Orderer::create(genesis, relays[0].order(), Millis::new(now)).ok()?;
    let second = Orderer::new(game, relays[1].order(), Vec::new());
    let mut table = Table {
        relays,
        orderers: [first, second],
        home: 0,
        players: [creator, joiner],
        items: Vec::new(),
        now,
    };
    let entries = vec![entry];
    let then = None;
    table.carry_out(0, Decision::Append { entries, then });
    let join = table.players[1].join(Nonce([3; 16])).ok()?;
    let seat = table.players[0].seat(join).ok()?;
    table.send(seat);
    for act in &case.acts {
        table.act(act);
    }
    Some(table.items)
}

fn nth_move(line: &Line, pick: usize) -> Option<String> {
    let legal = line.position().legal_moves();
    let chosen = legal.get(pick % legal.len().max(1))?;
    Some(chosen.to_uci(line.castling_mode()).to_string())
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

/// What its author may not sign at the head: the other player's move, a takeback by consent of one's own, a move at
/// another height.
fn forged(game: &Game, pick: usize) -> Option<Item> {
    let line = &game.state().line;
    let players = line.players()?;
    let (mover, waiter) = (*players.get(line.turn()), *players.get(line.turn().other()));
    let (mover, waiter) = (adapter::keypair_of(mover)?, adapter::keypair_of(waiter)?);
    let at = Place {
        prev: line.head(),
        height: line.height().next(),
        on: game.state().last_receipt().map(|last| last.hash),
    };
    let played = |at| {
        let uci = nth_move(line, pick / 3)?;
        let think_ms = Millis::ZERO;
        let offer = false;
        Some(Record::Move(Move {
            at,
            uci,
            think_ms,
            offer,
        }))
    };
    let signed = match pick % 3 {
        0 => waiter.sign(game.id(), played(at)?),
        1 => {
            let height = at.height.next();
            mover.sign(game.id(), played(Place { height, ..at })?)
        }
        _ => {
            let (to_ply, _) = line.rewind_range()?;
            let consent = mover.sign(
                game.id(),
                Consent {
                    at: at.prev,
                    to_ply,
                },
            );
            mover.sign(game.id(), Record::Rewind(Rewind { at, consent }))
        }
    };
    Some(Item::Record(signed))
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

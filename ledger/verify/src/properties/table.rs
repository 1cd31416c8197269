//! Plays a random history out: two players and two relays, who take the ledger's own steps, and who sometimes lie.

use std::collections::BTreeSet;

use rookery_ledger::id::{Hash, Millis, Nonce, Ply};
use rookery_ledger::order::{Decision, Orderer};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Item, What};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Game, Line, Player};
use shakmaty::Position as _;

use super::history::{Act, CREATOR, Case, JOINER, RELAYS, STARTS, key};
use super::lies;

/// A game in progress: everyone hears everything in the order of sending.
struct Table {
    relays: [Keypair; 2],
    orderers: [Orderer; 2],
    /// Which of them is the game's home.
    home: usize,
    players: [Player; 2],
    items: Vec<Item>,
    now: u64,
    /// Records that may stand nowhere, or not by who signed them.
    forged: BTreeSet<Hash>,
    /// What a relay did that it should not.
    broken: Vec<String>,
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

    fn back_and_forth(&mut self, pick: usize, times: usize, draw: bool) {
        if !(0..times).all(|_| self.there_and_back(pick)) {
            return;
        }
        let turn = self.players[0].game().state().line.turn();
        let mover = usize::from(self.players[0].colour() != Some(turn));
        if draw && let Ok(claim) = self.players[mover].draw() {
            self.send(claim);
        }
    }

    /// Whether all four moves could be made.
    fn there_and_back(&mut self, pick: usize) -> bool {
        let mut there = Vec::new();
        for n in [pick, pick / 64] {
            let line = &self.players[0].game().state().line;
            let legal = line.position().legal_moves();
            let quiet = legal.iter().filter(|m| !m.is_zeroing() && !m.is_castle());
            let quiet: Vec<_> = quiet.collect();
            let chosen = quiet.get(n % quiet.len().max(1));
            let uci = chosen.map(|m| m.to_uci(line.castling_mode()).to_string());
            match uci.filter(|uci| uci.len() == 4 && self.play(uci)) {
                Some(uci) => there.push(uci),
                None => return false,
            }
        }
        there.into_iter().all(|uci| {
            self.now += 300;
            self.play(&format!("{}{}", &uci[2..], &uci[..2]))
        })
    }

    fn send(&mut self, item: Item) {
        self.submit(self.home, &item);
        if !self.items.contains(&item) {
            self.hear(item);
        }
    }

    /// What has its receipt is taken as it is, however often it comes.
    fn send_again(&mut self, item: &Item) {
        let Item::Record(record) = item else { return };
        let (now, lag) = (Millis::new(self.now), self.lag());
        let orderer = &mut self.orderers[self.home];
        let hash = record.hash();
        let ordered = if orderer.game().is_clocked() {
            let mut counted = orderer.game().state().counted.iter();
            counted.any(|counted| counted.valid && counted.receipt.what == What::Record(hash))
        } else {
            orderer
                .game()
                .is_receipted_by(self.relays[self.home].order(), hash)
        };
        let decision = orderer.submit(item, now, lag);
        if ordered && decision != Decision::Done && orderer.elsewhere().is_none() {
            self.broken
                .push(format!("a record sent again: {decision:?}"));
        }
        self.carry_out(self.home, decision);
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
            return played.into_iter().for_each(|item| self.send(item));
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
                    .filter_map(|n| {
                        lies::rival_of_last(self.players[0].game(), pick.wrapping_add(n))
                    })
                    .collect();
                return rivals.into_iter().for_each(|rival| self.send(rival));
            }
            Act::Forge { pick } => {
                let forged = lies::forged(self.players[0].game(), *pick);
                self.forged.extend(forged.iter().filter_map(record_of));
                forged
            }
            Act::ToTheEdge { pick } => return self.play_at_the_edge(*pick),
            Act::ResignEarlier { pick } => lies::resigned_earlier(self.players[0].game(), *pick),
            Act::BackAndForth { pick, times, draw } => {
                return self.back_and_forth(*pick, *times, *draw);
            }
            Act::Resend { pick } => {
                let records = self
                    .items
                    .iter()
                    .filter(|item| matches!(item, Item::Record(_)));
                let records: Vec<_> = records.cloned().collect();
                let again = records.get(pick % records.len().max(1)).cloned();
                return again.into_iter().for_each(|item| self.send_again(&item));
            }
            Act::SecondSeat => lies::second_seat(self.players[0].game()),
            Act::Wait { ms } => {
                self.now += ms;
                let decision = self.orderers[self.home].tick(Millis::new(self.now), Millis::ZERO);
                return self.carry_out(self.home, decision);
            }
            Act::Outage { ms } => {
                let last_mark = Millis::new(self.now);
                self.now += ms;
                self.orderers[self.home].resumed(last_mark, Millis::new(self.now));
                if ms.is_multiple_of(2) {
                    // The mover comes back with a record, or stays away.
                    return;
                }
                let decision = self.orderers[self.home].mover_returned(Millis::new(self.now));
                return self.carry_out(self.home, decision);
            }
            Act::MoveHome { pick, late, alone } => return self.move_home(*pick, *late, *alone),
            Act::SignTwice { pick } => {
                lies::second_receipt(self.players[0].game(), &self.relays, *pick)
            }
            // In an untimed game receipts decide nothing.
            Act::SignWrong { .. } if !self.players[0].game().is_clocked() => None,
            Act::SignWrong { pick } => {
                let (relay, now) = (&self.relays[self.home], Millis::new(self.now));
                let told = lies::wrong_receipt(self.orderers[self.home].game(), relay, now, *pick);
                self.forged.extend(told.iter().filter_map(record_of));
                // The receipt first: what cannot stand is refused until a receipt asks for it.
                return told.into_iter().rev().for_each(|item| self.hear(item));
            }
            Act::Continue { pick } => return self.go_on(*pick),
        };
        if let Some(item) = signed {
            self.send(item);
        }
    }

    /// The players open an untimed game that goes on from this one, and tell its relay; or the relay says so itself.
    fn go_on(&mut self, pick: usize) {
        let game = self.players[0].game();
        let Some((item, seat)) = lies::continuation(game, pick) else {
            return;
        };
        if pick.is_multiple_of(3) {
            let relay = &self.relays[self.home];
            let what = What::Continued(seat);
            let now = Millis::new(self.now);
            let receipt = game.next_receipt(relay.order(), what, now, Millis::ZERO);
            let receipt = Game::sign_receipt(relay, receipt);
            self.hear(item);
            self.hear(receipt);
        } else {
            self.submit(self.home, &item);
        }
    }
}

/// What came of a case.
pub(super) struct Played {
    /// All that is signed, the genesis first.
    pub(super) items: Vec<Item>,
    /// Who heard all of it.
    pub(super) players: [Player; 2],
    /// Records that may stand nowhere, or not by who signed them.
    pub(super) forged: BTreeSet<Hash>,
    /// What a relay did that it should not.
    pub(super) broken: Vec<String>,
}

/// By which the creator draws colours.
const SECRET: Nonce = Nonce([2; 16]);

/// Plays a case; nothing if it has no valid genesis, or if nobody sits down.
pub(super) fn play(case: &Case) -> Option<Played> {
    let relays = RELAYS.map(key);
    let (start, variant) = STARTS[case.start];
    let options = Options {
        variant,
        start: start.into(),
        moves: if case.start == 0 && case.pick.is_multiple_of(3) {
            vec!["e2e4".into()]
        } else {
            vec![]
        },
        clock: case.clock,
        colour: case.colour,
        seat: case.pick.is_multiple_of(5).then(|| key(JOINER).player()),
        takebacks: !case.pick.is_multiple_of(11),
        homes: relays.iter().map(Keypair::order).collect(),
        from: None,
    };
    let creator = Player::create(key(CREATOR), options, Nonce([1; 16]), SECRET).ok()?;
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
        forged: BTreeSet::new(),
        broken: Vec::new(),
    };
    let entries = vec![entry];
    let then = None;
    table.carry_out(0, Decision::Append { entries, then });
    if case.pick % 8 < 3 {
        let wrong = lies::wrong_seat(table.players[0].game(), SECRET, case.pick / 8);
        table.forged.extend(record_of(&wrong));
        table.send(wrong);
    }
    let join = table.players[1].join(Nonce([3; 16])).ok()?;
    let seat = table.players[0].seat(join).ok()?;
    table.send(seat);
    for act in &case.acts {
        table.act(act);
    }
    Some(Played {
        items: table.items,
        players: table.players,
        forged: table.forged,
        broken: table.broken,
    })
}

fn record_of(item: &Item) -> Option<Hash> {
    match item {
        Item::Record(record) => Some(record.hash()),
        _ => None,
    }
}

pub(super) fn nth_move(line: &Line, pick: usize) -> Option<String> {
    let legal = line.position().legal_moves();
    let chosen = legal.get(pick % legal.len().max(1))?;
    Some(chosen.to_uci(line.castling_mode()).to_string())
}

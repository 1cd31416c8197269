//! Short random histories, a few items each: small enough for an interpreter. `ROOKERY_SEED` chooses them.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeSet;

use rookery_ledger::id::Millis;
use rookery_ledger::order::{Decision, Entry, Orderer};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, Item, Record, Variant};
use rookery_ledger::{Colour, Game, Player, codec, rook};
use support::*;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = std::env::var("ROOKERY_SEED").map_or(1, |seed| seed.parse().unwrap());
        Self(seed)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.below(last + 1));
        }
    }
}

/// Moves that are legal in any game that plays one of each line.
const LINES: [[&str; 3]; 4] = [
    ["e2e4", "d2d3", "b1c3"],
    ["e7e5", "d7d6", "b8c6"],
    ["a2a4", "h2h3", "g1f3"],
    ["a7a5", "h7h6", "g8f6"],
];

const CLOCKS: [Clock; 3] = [Clock::None, BLITZ, Clock::Days { days: 2 }];

/// All that is known and all that follows from it.
fn whole(game: &Game) -> impl PartialEq + std::fmt::Debug + use<> {
    let state = game.state();
    let items: BTreeSet<Vec<u8>> = game.items().iter().map(codec::encode).collect();
    (
        (state.line.head(), state.outcome(), state.counted.clone()),
        (state.clocks.clone(), state.proofs.len()),
        items,
    )
}

#[test]
fn a_history_comes_to_one_state_in_another_order_and_from_its_file() {
    let mut dice = Dice::new();
    let mut duel = Duel::new(dice.one_of(&CLOCKS));
    for line in &LINES[..2 + dice.below(3)] {
        duel.lag = dice.below(200) as u64;
        duel.now += dice.below(5_000) as u64;
        let record = duel.moving_after(dice.one_of(line), dice.below(3_000) as u64, false);
        duel.count(record).unwrap();
    }
    match dice.below(3) {
        0 => {
            let record = duel.rewinding(1);
            duel.count(record).unwrap();
        }
        1 => {
            let resign = Record::Resign(duel.place());
            let record = duel.sign(&duel.mover(), resign);
            duel.count(record).unwrap();
        }
        _ => {}
    }
    let expected = whole(&duel.game);
    let mut items = duel.game.items();
    for item in &items {
        let bytes = codec::encode(item);
        assert_eq!(
            codec::decode::<Item>(&bytes, bytes.len()).as_ref(),
            Ok(item)
        );
    }
    let (again, refused) = rook::open(&rook::write(&items)).unwrap();
    assert_eq!((whole(&again), refused), (expected, None));

    let doubled = items[1 + dice.below(items.len() - 1)].clone();
    items.push(doubled);
    dice.shuffle(&mut items[1..]);
    assert_eq!(whole(&fold(&items)), whole(&duel.game));
}

#[test]
fn two_players_and_an_orderer_agree_also_after_a_reload() {
    let mut dice = Dice::new();
    let relay = key(9);
    let options = Options {
        variant: Variant::Standard,
        start: START.into(),
        moves: vec![],
        clock: BLITZ,
        colour: Some(Colour::White),
        seat: None,
        takebacks: true,
        homes: vec![relay.order()],
        from: None,
    };
    let mut white = Player::create(key(1), options, nonce(1), nonce(2)).unwrap();
    let genesis = white.game().genesis().clone();
    let mut black = Player::open(key(2), genesis.clone(), None).unwrap();
    let (mut orderer, first) = Orderer::create(genesis.clone(), relay.order(), ms(0)).unwrap();
    let mut now = 0;
    let commit = |orderer: &mut Orderer, entries: &[Entry], all: [&mut Player; 2]| {
        let items = orderer.commit(&relay, entries);
        for player in all {
            for item in &items {
                player.receive(item.clone()).unwrap();
            }
        }
    };
    commit(&mut orderer, &[first], [&mut white, &mut black]);
    let join = black.join(nonce(3)).unwrap();
    let mut next = white.seat(join).unwrap();
    for line in &LINES[..2] {
        let Decision::Append {
            entries,
            then: None,
        } = orderer.submit(&next, ms(now), Millis::ZERO)
        else {
            panic!("refused")
        };
        commit(&mut orderer, &entries, [&mut white, &mut black]);
        now += dice.below(2_000) as u64;
        let mover = match white.game().state().line.turn() {
            Colour::White => &mut white,
            Colour::Black => &mut black,
        };
        next = mover.play(dice.one_of(line), Millis::ZERO, false).unwrap();
    }
    assert_eq!(whole(white.game()), whole(orderer.game()));
    // White comes back from what it stored, and signs nothing else for the place of its last record.
    let mut items = white.game().items();
    dice.shuffle(&mut items[1..]);
    let mut again = Player::open(key(1), genesis, white.secret()).unwrap();
    for item in items.into_iter().skip(1) {
        again.receive(item).unwrap();
    }
    again.resume();
    assert_eq!(whole(again.game()), whole(white.game()));
    // Nobody moves any more: the flag falls.
    let flag = orderer.tick(ms(now + 1_000_000), Millis::ZERO);
    let Decision::Append { entries, .. } = flag else {
        panic!("no flag: {flag:?}")
    };
    commit(&mut orderer, &entries, [&mut again, &mut black]);
    assert!(orderer.game().state().outcome().is_some());
    assert_eq!(whole(again.game()), whole(orderer.game()));
}

//! Short random histories, a few items each: small enough for an interpreter. `ROOKERY_SEED` chooses them.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use rookery_ledger::id::Millis;
use rookery_ledger::order::{Decision, Entry, Orderer};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, Item, Record, Variant};
use rookery_ledger::{Colour, Game, Player, rook};
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

/// White's first move and Black's answer; any goes with any.
const OPENINGS: [&str; 4] = ["e2e4", "d2d3", "b1c3", "a2a4"];
const ANSWERS: [&str; 4] = ["e7e5", "d7d6", "b8c6", "a7a5"];

const CLOCKS: [Clock; 3] = [Clock::None, BLITZ, Clock::Days { days: 2 }];

/// All that is known and all that follows from it.
fn whole(game: &Game) -> impl PartialEq + std::fmt::Debug + use<> {
    let state = game.state();
    (
        (state.line.head(), state.outcome(), state.counted.clone()),
        (state.clocks.clone(), state.proofs.len()),
        game.items(),
    )
}

#[test]
fn a_history_comes_to_one_state_from_a_file_in_another_order() {
    let mut dice = Dice::new();
    let mut duel = Duel::new(dice.one_of(&CLOCKS));
    let opening = duel.moving_after(dice.one_of(&OPENINGS), dice.below(3_000) as u64, false);
    duel.count(opening).unwrap();
    duel.lag = dice.below(200) as u64;
    duel.now += dice.below(5_000) as u64;
    let second = match dice.below(3) {
        0 => duel.rewinding(0),
        1 => duel.sign(&duel.mover(), Record::Resign(duel.place())),
        _ => duel.moving_after(dice.one_of(&ANSWERS), dice.below(3_000) as u64, true),
    };
    duel.count(second).unwrap();
    let mut items = duel.game.items();
    let doubled = items[1 + dice.below(items.len() - 1)].clone();
    items.push(doubled);
    dice.shuffle(&mut items[1..]);
    let (again, refused) = rook::open(&rook::write(&items)).unwrap();
    assert_eq!((whole(&again), refused), (whole(&duel.game), None));
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
    let submit = |orderer: &mut Orderer, record: &Item, at: Millis, all: [&mut Player; 2]| {
        let decision = orderer.submit(record, at, Millis::ZERO);
        let Decision::Append { entries, .. } = decision else {
            panic!("refused: {decision:?}")
        };
        commit(orderer, &entries, all);
    };
    commit(&mut orderer, &[first], [&mut white, &mut black]);
    let join = black.join(nonce(3)).unwrap();
    let seat = white.seat(join).unwrap();
    submit(&mut orderer, &seat, ms(now), [&mut white, &mut black]);
    now += dice.below(2_000) as u64;
    let opening = white
        .play(dice.one_of(&OPENINGS), Millis::ZERO, false)
        .unwrap();
    submit(&mut orderer, &opening, ms(now), [&mut white, &mut black]);
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
    assert_eq!(whole(black.game()), whole(orderer.game()));
}

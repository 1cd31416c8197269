//! Every order of arrival gives one game, where a player signed more than one record for a place.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeSet;

use rookery_ledger::id::Millis;
use rookery_ledger::record::{Clock, Colours, Genesis, Item, Move, Receipt, Record, Signed, What};
use rookery_ledger::{Game, Inserted, Reason, codec};
use support::{Duel, genesis, key};

const BLITZ: Clock = Clock::Live {
    initial_s: 300,
    inc_s: 2,
};

/// Calls `each` with every order of `items` (Heap's algorithm).
fn in_every_order(items: &mut [Item], n: usize, each: &mut impl FnMut(&[Item])) {
    if n <= 1 {
        return each(items);
    }
    for i in 0..n {
        in_every_order(items, n - 1, each);
        items.swap(if n.is_multiple_of(2) { i } else { 0 }, n - 1);
    }
}

/// All that is known and all that follows from it.
fn whole(game: &Game) -> impl PartialEq + std::fmt::Debug + use<> {
    let state = game.state();
    let set = |lines: &mut dyn Iterator<Item = String>| lines.collect::<BTreeSet<_>>();
    (
        (state.line.head(), state.outcome(), state.counted.clone()),
        state.clocks.clone(),
        state.missing.clone(),
        set(&mut state.proofs.iter().map(|proof| format!("{proof:?}"))),
        set(&mut game.items().iter().map(|item| format!("{item:?}"))),
    )
}

/// That `items` give one game over `known` in every order; the game.
fn one_game(known: &Game, mut items: Vec<Item>) -> Game {
    let taken = |items: &[Item]| {
        let mut game = known.clone();
        for item in items {
            game.insert(item.clone()).unwrap();
        }
        game
    };
    let first = taken(&items);
    let expected = whole(&first);
    let n = items.len();
    in_every_order(&mut items, n, &mut |items| {
        assert_eq!(whole(&taken(items)), expected);
    });
    first
}

/// What `duel` knows and `known` does not.
fn since(duel: &Duel, known: &Game) -> Vec<Item> {
    let known = known.items();
    let items = duel.game.items().into_iter();
    items.filter(|item| !known.contains(item)).collect()
}

/// Records like this move with a hash below (or above) its own.
fn rivals(
    duel: &Duel,
    genuine: &Signed<Record>,
    below: bool,
) -> impl Iterator<Item = Signed<Record>> {
    let (by, hash) = (duel.mover(), genuine.hash());
    let Record::Move(played) = genuine.body.clone() else {
        panic!("a move")
    };
    let id = duel.game.id();
    (1_000..)
        .map(move |think| {
            let think_ms = Millis::new(think);
            by.sign(
                id,
                Record::Move(Move {
                    think_ms,
                    ..played.clone()
                }),
            )
        })
        .filter(move |rival| (rival.hash() < hash) == below)
}

#[test]
fn a_second_seat_that_comes_first_keeps_out_no_record_of_who_sits_by_the_one_that_counts() {
    for colours in [Colours::White, Colours::Black] {
        let genesis = Genesis {
            colours,
            ..genesis(BLITZ)
        };
        let mut duel = Duel::unseated(genesis);
        let known = duel.game.clone();
        let second = duel.seat(3, None);
        let seat = duel.seat(2, None);
        duel.count(seat).unwrap();
        duel.play("e2e4 e7e5");
        let mut items = since(&duel, &known);
        items.push(Item::Record(second));
        let game = one_game(&known, items);
        assert_eq!(game.state().line.moves().len(), 2);
        assert_eq!(game.state().proofs.len(), 1);
    }
}

#[test]
fn a_home_signed_by_who_sits_by_the_seat_that_counts_waits_behind_another_seat() {
    let mut duel = Duel::unseated(genesis(BLITZ));
    let known = duel.game.clone();
    let second = duel.seat(3, None);
    let seat = duel.seat(2, None);
    duel.count(seat).unwrap();
    let home = duel.home(1, &key(8));
    let mut items = since(&duel, &known);
    for n in [1, 2] {
        items.push(Item::Home(key(n).sign(duel.game.id(), home)));
    }
    duel.game.insert(items[items.len() - 1].clone()).unwrap();
    duel.game.insert(items[items.len() - 2].clone()).unwrap();
    let commit = duel.game.commit_receipt(&home, support::ms(2_000));
    items.push(Game::sign_receipt(&key(8), commit));
    items.push(Item::Record(second));
    let game = one_game(&known, items);
    assert_eq!(game.orderer().map(|(by, _)| by), Some(key(8).order()));
}

#[test]
fn of_many_rivals_the_one_that_gets_the_receipt_counts_whenever_it_came() {
    let mut duel = Duel::new(BLITZ);
    let known = duel.game.clone();
    let genuine = duel.moving("e2e4");
    let rivals: Vec<_> = rivals(&duel, &genuine, true).take(3).collect();
    duel.count(genuine).unwrap();
    duel.play("e7e5");
    let head = duel.game.state().line.head();
    let mut items = since(&duel, &known);
    items.extend(rivals.into_iter().map(Item::Record));
    let game = one_game(&known, items);
    assert_eq!(game.state().line.head(), head);
    assert!(game.state().missing.is_empty());
}

#[test]
fn what_rests_on_a_rival_too_many_waits_with_it() {
    let mut duel = Duel::new(Clock::None);
    let known = duel.game.clone();
    let high = duel.moving("e2e4");
    let mut items: Vec<_> = rivals(&duel, &high, true)
        .take(3)
        .map(Item::Record)
        .collect();
    duel.play("e2e4");
    let reply = duel.moving("e7e5");
    items.extend(rivals(&duel, &reply, true).take(1).map(Item::Record));
    let resign = Record::ResignAt { at: high.hash() };
    items.push(Item::Record(duel.sign(&duel.waiter(), resign)));
    items.extend([high.clone(), reply].map(Item::Record));
    let game = one_game(&known, items.clone());
    assert_eq!(duel.game.record(high.hash()).map(|_| ()), Some(()));
    assert!(game.record(high.hash()).is_none());
    assert_eq!(
        game.state().outcome().map(|end| end.reason),
        Some(Reason::Equivocation)
    );
    assert_eq!(
        game.state().proofs.len(),
        1,
        "the reply's rival stands nowhere"
    );

    // Once a relay says that it stored it, it stands, and so does what rests on it.
    let receipt = Item::Receipt {
        by: duel.relay.order(),
        receipt: duel.relay.sign(
            duel.game.id(),
            known.next_receipt(
                duel.relay.order(),
                What::Record(high.hash()),
                support::ms(0),
                Millis::ZERO,
            ),
        ),
    };
    let (mut early, mut late) = (known.clone(), known);
    for item in std::iter::once(&receipt).chain(&items) {
        early.insert(item.clone()).unwrap();
    }
    for item in items.iter().chain([&receipt]) {
        late.insert(item.clone()).unwrap();
    }
    assert_eq!(whole(&early), whole(&late));
    assert!(late.record(high.hash()).is_some());
    assert_eq!(late.state().proofs.len(), 2);
}

#[test]
fn no_resignation_is_lost_to_others_of_its_author() {
    let mut duel = Duel::new(Clock::None);
    let mut resignations = Vec::new();
    for uci in "g1f3 g8f6 f3g1 f6g8 b1c3 b8c6 c3b1 c6b8 g1f3 g8f6 f3g1 f6g8".split(' ') {
        duel.play(uci);
        if duel.waiter().player() == key(1).player() {
            let at = duel.game.state().line.head();
            resignations.push(duel.sign(&key(1), Record::ResignAt { at }));
        }
    }
    // The highest first.
    for resign in resignations.into_iter().rev() {
        let Record::ResignAt { at } = resign.body else {
            panic!()
        };
        assert_eq!(duel.game.insert(Item::Record(resign)), Ok(Inserted::New));
        assert_eq!(duel.game.state().line.head(), at);
    }
    assert_eq!(duel.game.resignations().count(), 6);
}

#[test]
fn of_two_receipts_the_branch_that_records_name_counts_whenever_its_links_come() {
    let mut duel = Duel::unseated(genesis(BLITZ));
    let known = duel.game.clone();
    let seat = duel.seat(2, None);
    duel.game.insert(Item::Record(seat.clone())).unwrap();
    let first = duel.next_receipt(What::Record(seat.hash()));
    // Another receipt for that place, which would count if no record named a branch.
    let second = (0..).map(|lag| Receipt {
        what: What::Flag,
        lag_ms: Millis::new(lag),
        ..first
    });
    let mut lower = second.filter(|second| codec::hash(second) < codec::hash(&first));
    let second = Game::sign_receipt(&duel.relay, lower.next().unwrap());
    duel.receipt(What::Record(seat.hash())).unwrap();
    duel.receipt(What::Gap { ms: Millis::ZERO }).unwrap();
    duel.play("e2e4");
    let head = duel.game.state().line.head();
    let mut items = since(&duel, &known);
    items.push(second);
    let game = one_game(&known, items);
    assert_eq!(game.state().line.head(), head);
    assert_eq!(game.state().proofs.len(), 1);
}

#[test]
fn what_waits_for_a_record_is_evidence_once_a_receipt_names_it_whichever_came_first() {
    let mut duel = Duel::new(BLITZ);
    let known = duel.game.clone();
    let Record::Move(mut played) = duel.moving("e2e4").body else {
        panic!("a move")
    };
    played.at.prev = support::nowhere();
    let record = duel.sign(&duel.mover(), Record::Move(played));
    let receipt = duel.next_receipt(What::Record(record.hash()));
    let receipt = Game::sign_receipt(&duel.relay, receipt);
    duel.play("e2e4");
    let game = one_game(&known, vec![Item::Record(record), receipt]);
    assert_eq!(game.state().proofs.len(), 1);
    assert!(game.state().missing.is_empty(), "it is known");
}

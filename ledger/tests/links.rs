//! Receipts that do not form one chain, and a clock that runs back: proven by two receipts, whatever came first.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use rookery_ledger::id::{Epoch, Millis, Seq};
use rookery_ledger::record::{Clock, Item, Receipt, Signed, What};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Game, Proof};
use support::*;

fn item(by: &Keypair, receipt: Signed<Receipt>) -> Item {
    let by = by.order();
    Item::Receipt { by, receipt }
}

fn signed(by: &Keypair, receipt: Receipt) -> Signed<Receipt> {
    by.sign(receipt.game, receipt)
}

/// What a game of these items proves, the same in whatever order they come.
fn proven(duel: &Duel, more: &[Item]) -> Vec<Proof> {
    let items = [duel.game.items(), more.to_vec()].concat();
    let mut backwards = items.clone();
    backwards[1..].reverse();
    let (game, again) = (fold(&items), fold(&backwards));
    let proofs = game.state().proofs.clone();
    let mut other = again.state().proofs.clone();
    other.sort_by_key(|proof| format!("{proof:?}"));
    let mut sorted = proofs.clone();
    sorted.sort_by_key(|proof| format!("{proof:?}"));
    assert_eq!(sorted, other, "in another order");
    let bare = Game::new(duel.game.genesis().clone()).unwrap();
    for proof in &proofs {
        assert!(proof.holds(&bare), "two receipts are enough: {proof:?}");
    }
    proofs
}

/// After two moves: the receipt of the first move and of the second, and a next one for what anybody sees.
fn three() -> (Duel, [Signed<Receipt>; 2], Receipt) {
    let mut duel = Duel::new(BLITZ);
    duel.now = 5_000;
    duel.play("e2e4 e7e5");
    let counted = duel.game.state().counted.iter().rev().take(2);
    let known = counted.map(|counted| *duel.game.receipt(counted.hash).unwrap().1);
    let known: Vec<_> = known.collect();
    let next = duel.next_receipt(What::Gap { ms: Millis::ZERO });
    (duel, [known[1], known[0]], next)
}

#[test]
fn a_receipt_that_names_an_earlier_one_than_the_last_is_a_splice() {
    let (duel, [first, last], next) = three();
    let prev = Some(first.hash());
    let second = signed(&key(9), Receipt { prev, ..next });
    let by = key(9).order();
    assert_eq!(
        proven(&duel, &[item(&key(9), second)]),
        [Proof::Splice { by, first, second }],
        "where it names one that is known, that is the other half"
    );
    // What is named need not be signed by the same relay.
    let copied = signed(&key(8), first.body);
    assert!(
        Proof::Splice {
            by,
            first: copied,
            second
        }
        .holds(&duel.game)
    );
    // A receipt that follows, one place on, is none.
    let good = signed(&key(9), next);
    assert!(
        !Proof::Splice {
            by,
            first: last,
            second: good
        }
        .holds(&duel.game)
    );
    let elsewhere = signed(&key(8), Receipt { prev, ..next });
    assert!(
        !Proof::Splice {
            by,
            first,
            second: elsewhere
        }
        .holds(&duel.game)
    );
}

#[test]
fn a_receipt_for_the_next_place_that_names_what_nobody_knows_is_a_splice() {
    let (duel, [_, last], next) = three();
    let prev = Some(nowhere());
    let second = signed(&key(9), Receipt { prev, ..next });
    let (by, first) = (key(9).order(), last);
    assert_eq!(
        proven(&duel, &[item(&key(9), second)]),
        [Proof::Splice { by, first, second }]
    );
    // There the first half must be the relay's own: another one's says nothing about its chain.
    let copied = signed(&key(8), first.body);
    assert!(
        !Proof::Splice {
            by,
            first: copied,
            second
        }
        .holds(&duel.game)
    );
    // Past a place that has none it may be honest: what lies between is not known here.
    let seq = next.seq.next();
    let later = signed(&key(9), Receipt { prev, seq, ..next });
    assert_eq!(proven(&duel, &[item(&key(9), later)]), []);
    // Unless it names one that it cannot follow.
    let jump = signed(&key(9), Receipt { seq, ..next });
    assert_eq!(
        proven(&duel, &[item(&key(9), jump)]),
        [Proof::Splice {
            by,
            first,
            second: jump
        }]
    );
}

#[test]
fn a_second_receipt_for_a_place_is_no_splice_with_what_follows_the_other() {
    let (mut duel, [_, last], _) = three();
    let rival = signed(
        &key(9),
        Receipt {
            lag_ms: Millis::new(7),
            ..last.body
        },
    );
    duel.play("g1f3");
    let codes: Vec<_> = proven(&duel, &[item(&key(9), rival)])
        .iter()
        .map(Proof::code)
        .collect();
    assert_eq!(codes, ["double-receipt"]);
}

#[test]
fn the_first_receipt_names_none_and_every_other_one_does() {
    let (duel, [_, last], next) = three();
    let loose = |receipt: Receipt| {
        let more = [item(&key(8), signed(&key(8), receipt))];
        let proofs = proven(&duel, &more);
        let [Proof::InvalidReceipt { by, code, .. }] = proofs.as_slice() else {
            panic!("{proofs:?}")
        };
        assert_eq!((*by, code.as_str()), (key(8).order(), "loose-link"));
    };
    loose(Receipt { prev: None, ..next });
    loose(Receipt {
        prev: Some(nowhere()),
        epoch: Epoch::ZERO,
        seq: Seq::ZERO,
        ..last.body
    });
}

#[test]
fn receipts_of_an_untimed_game_are_one_chain_of_each_relay_too() {
    let mut duel = Duel::new(Clock::None);
    duel.play("e2e4");
    let head = duel.game.state().line.head();
    let own = |by: &Keypair, what| {
        duel.game
            .next_receipt(by.order(), what, ms(10), Millis::ZERO)
    };
    let first = signed(&key(9), own(&key(9), What::Genesis));
    let next = Receipt {
        seq: Seq::new(1),
        prev: Some(first.hash()),
        ..own(&key(9), What::Record(head))
    };
    let honest = [item(&key(9), first), item(&key(9), signed(&key(9), next))];
    assert_eq!(proven(&duel, &honest), []);
    let wrong = signed(
        &key(9),
        Receipt {
            prev: Some(nowhere()),
            ..next
        },
    );
    let codes: Vec<_> = proven(&duel, &[honest[0].clone(), item(&key(9), wrong)])
        .iter()
        .map(Proof::code)
        .collect();
    assert_eq!(codes, ["splice"]);
}

#[test]
fn a_receipt_earlier_than_the_one_that_it_names_proves_that_a_clock_ran_back() {
    let (duel, [first, last], next) = three();
    let second = signed(
        &key(9),
        Receipt {
            at_ms: ms(4_999),
            ..next
        },
    );
    let (by, before) = (key(9).order(), last.body);
    let proof = Proof::TimeRunsBack {
        by,
        first: before,
        second,
    };
    assert_eq!(proven(&duel, &[item(&key(9), second)]), [proof]);
    let holds =
        |first: Receipt, second| Proof::TimeRunsBack { by, first, second }.holds(&duel.game);
    let same = signed(
        &key(9),
        Receipt {
            at_ms: ms(5_000),
            ..next
        },
    );
    assert!(!holds(before, same), "the same moment is no step back");
    let unlinked = Receipt {
        at_ms: ms(9_000),
        ..first.body
    };
    assert!(
        !holds(unlinked, second),
        "another body than the one it names"
    );
    assert!(
        !holds(before, signed(&key(8), second.body)),
        "signed by another"
    );
}

#[test]
fn who_takes_over_from_a_clock_that_ran_back_is_not_blamed_for_it() {
    let (mut duel, [_, last], next) = three();
    // The first home is an hour ahead, then steps back. The second one has the right time.
    let ahead = Receipt {
        at_ms: ms(3_600_000),
        ..next
    };
    let back = Receipt {
        seq: next.seq.next(),
        prev: Some(signed(&key(9), ahead).hash()),
        at_ms: ms(6_000),
        ..next
    };
    for receipt in [ahead, back] {
        duel.game
            .insert(Game::sign_receipt(&key(9), receipt))
            .unwrap();
    }
    let home = duel.home(1, &key(8));
    for player in [key(1), key(2)] {
        duel.game
            .insert(Item::Home(player.sign(duel.game.id(), home)))
            .unwrap();
    }
    let commit = duel.game.commit_receipt(&home, ms(7_000));
    assert_eq!(commit.at_ms, ms(7_000));
    duel.game
        .insert(Game::sign_receipt(&key(8), commit))
        .unwrap();
    let state = duel.game.state();
    assert_eq!(state.last_receipt().unwrap().by, key(8).order());
    let guilty: Vec<_> = state
        .proofs
        .iter()
        .map(|proof| match proof {
            Proof::TimeRunsBack { by, .. } => *by,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(guilty, [key(9).order()]);
    assert!(last.body.at_ms < ahead.at_ms);
}

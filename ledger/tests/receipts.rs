//! The clocked game as its receipts make it: clocks, endings, forks, moves of home, continuations, and what proves a relay or
//! a player wrong. Receipts are made by hand, honest and other.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use proptest::prelude::*;
use rookery_ledger::id::{Epoch, Hash, Millis};
use rookery_ledger::record::{
    Clock, From, Genesis, Item, Lapsed, Move, Receipt, Record, Signed, What,
};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Colour, Game, Inserted, Proof, Reason};
use support::*;

fn remaining(game: &Game) -> (u64, u64) {
    let clocks = game.state().clocks.as_ref().unwrap();
    let left = |colour| clocks.remaining(colour).get();
    (left(Colour::White), left(Colour::Black))
}

/// A move after `think` ms on the mover's own stopwatch, received `took` ms after the last record with `lag`.
fn play_after(duel: &mut Duel, uci: &str, took: u64, think: u64, lag: u64) {
    duel.now += took;
    duel.lag = lag;
    assert_eq!(
        duel.count(duel.moving_after(uci, think, false)),
        Ok(Inserted::New)
    );
    duel.lag = 0;
}

#[test]
fn clocks_follow_from_receipts_alone() {
    // 60 + 1: a gain is 150 + 4 x 100 = 550 ms, a quota begins with 1,650 and holds at most 3,850.
    let mut duel = Duel::new(Clock::Live {
        initial_s: 60,
        inc_s: 1,
    });
    play_after(&mut duel, "e2e4", 29_999, 29_999, 0);
    play_after(&mut duel, "e7e5", 5_000, 0, 5_000);
    assert_eq!(
        remaining(&duel.game),
        (60_000, 60_000),
        "first moves are free and earn nothing"
    );
    play_after(&mut duel, "g1f3", 4_000, 3_900, 500);
    assert_eq!(
        remaining(&duel.game).0,
        60_000 - 3_900 + 1_000,
        "credit is what was not thought"
    );
    play_after(&mut duel, "b8c6", 4_000, 0, 300);
    assert_eq!(
        remaining(&duel.game).1,
        60_000 - 3_700 + 1_000,
        "and at most the measured lag"
    );
    play_after(&mut duel, "f1c4", 4_000, 0, 60_000);
    // White's quota: 1,650 - 100 + 550 = 2,100.
    assert_eq!(
        remaining(&duel.game).0,
        57_100 - 1_900 + 1_000,
        "and at most the quota"
    );
    duel.now += 2_000;
    duel.receipt(What::Gap {
        ms: Millis::new(1_500),
    })
    .unwrap();
    play_after(&mut duel, "g8f6", 1_000, 1_500, 0);
    assert_eq!(
        remaining(&duel.game).1,
        57_300 - 1_500 + 1_000,
        "a gap is charged to nobody"
    );
    duel.now += 1_000;
    assert_eq!(duel.count(duel.rewinding(5)), Ok(Inserted::New));
    assert_eq!(
        remaining(&duel.game).0,
        56_200 - 1_000,
        "a takeback is charged and earns nothing"
    );
    assert!(duel.proofs().is_empty());
}

#[test]
fn time_runs_out_at_a_receipt_or_by_a_flag() {
    let blitz = Clock::Live {
        initial_s: 10,
        inc_s: 0,
    };
    let mut duel = Duel::new(blitz);
    play_after(&mut duel, "e2e4", 10, 10, 0);
    play_after(&mut duel, "e7e5", 10, 10, 0);
    let before = duel.game.clone();
    play_after(&mut duel, "g1f3", 10_000, 10_000, 0);
    assert_eq!(duel.ended(), Some((Reason::Timeout, Some(Colour::Black))));
    assert!(
        !duel.game.state().counted.last().unwrap().valid,
        "the move is void"
    );
    // The first ending is final, and what comes after it is void, known or not.
    let head = duel.game.state().line.head();
    duel.receipt(What::Record(nowhere())).unwrap();
    duel.receipt(What::Flag).unwrap();
    assert_eq!(duel.ended(), Some((Reason::Timeout, Some(Colour::Black))));
    assert!(duel.game.state().missing.is_empty() && duel.proofs().is_empty());
    assert_eq!(duel.game.state().line.head(), head);

    duel.game = before.clone();
    duel.lag = 400;
    duel.now = 20 + 10_400;
    duel.receipt(What::Flag).unwrap();
    assert_eq!(duel.ended(), None, "lag is granted before the flag");
    assert_eq!(duel.proofs(), ["flag-too-early"]);
    duel.now += 1;
    duel.receipt(What::Flag).unwrap();
    assert_eq!(duel.ended(), Some((Reason::Timeout, Some(Colour::Black))));

    // Nobody makes a first move: no result. Days: one period, whole again with each record.
    let mut duel = Duel::new(blitz);
    duel.now = 30_001;
    duel.receipt(What::Flag).unwrap();
    assert_eq!(duel.ended(), Some((Reason::NoShow, None)));
    let day = 86_400_000;
    let mut duel = Duel::new(Clock::Days { days: 2 });
    for uci in ["e2e4", "e7e5", "g1f3"] {
        play_after(&mut duel, uci, 2 * day - 1, 0, 5_000);
    }
    assert_eq!(remaining(&duel.game), (2 * day, 2 * day));
    duel.now += 2 * day + 1;
    duel.receipt(What::Flag).unwrap();
    assert_eq!(duel.ended(), Some((Reason::Timeout, Some(Colour::White))));

    // The opponent cannot mate: drawn.
    let mut duel = Duel::of(Genesis {
        start: "8/8/8/8/8/2k5/7q/K6N b - - 0 1".into(),
        ..genesis(blitz)
    });
    play_after(&mut duel, "h2h3", 1, 1, 0);
    play_after(&mut duel, "h1g3", 1, 1, 0);
    duel.now += 10_001;
    duel.receipt(What::Flag).unwrap();
    assert_eq!(duel.ended(), Some((Reason::TimeoutVsInsufficient, None)));
}

#[test]
fn a_resignation_counts_after_the_flag_would_have_fallen_and_off_the_chain_at_an_older_head() {
    let mut duel = Duel::new(Clock::Live {
        initial_s: 10,
        inc_s: 0,
    });
    duel.play("e2e4 e7e5");
    let older = duel.sign(
        &key(2),
        Record::ResignAt {
            at: duel.place().prev,
        },
    );
    duel.play("g1f3");
    let mut late = duel.game.clone();
    duel.count(older).unwrap();
    assert_eq!(
        duel.ended(),
        Some((Reason::Resignation, Some(Colour::White)))
    );
    std::mem::swap(&mut duel.game, &mut late);
    duel.now += 11_000;
    let resign = duel.sign(&duel.mover(), Record::Resign(duel.place()));
    duel.count(resign).unwrap();
    assert_eq!(
        duel.ended(),
        Some((Reason::Resignation, Some(Colour::White)))
    );
}

#[test]
fn a_receipt_for_what_cannot_stand_is_a_proof_that_holds_only_as_it_is() {
    let mut duel = Duel::new(BLITZ);
    duel.play("e2e4");
    let illegal = duel.moving("e7e3");
    assert_eq!(
        duel.game
            .insert(Item::Record(illegal.clone()))
            .unwrap_err()
            .code(),
        "illegal-move"
    );
    duel.receipt(What::Record(illegal.hash())).unwrap();
    assert_eq!(duel.game.state().missing.first(), Some(&illegal.hash()));
    // Whoever delivers the bytes, with whatever signature: the receipt names them.
    let delivered = key(5).sign(duel.game.id(), illegal.body.clone());
    assert_eq!(duel.game.insert(Item::Record(delivered)), Ok(Inserted::New));
    assert_eq!(duel.proofs(), ["illegal-move"]);
    duel.play("e7e5");
    let stale = duel.game.state().line.moves()[0].record.unwrap();
    duel.receipt(What::Record(stale)).unwrap();
    duel.receipt(What::Genesis).unwrap();
    duel.receipt(What::Home(nowhere())).unwrap();
    duel.receipt(What::Gap { ms: Millis::new(5) }).unwrap();
    assert_eq!(
        duel.proofs(),
        [
            "illegal-move",
            "stale-head",
            "second-genesis",
            "home-inside-epoch",
            "gap-too-long"
        ]
    );
    duel.play("g1f3");
    assert_eq!(duel.ended(), None);
    let bare = fold(&duel.game.items());
    for proof in &duel.game.state().proofs {
        assert!(proof.holds(&bare), "{proof:?}");
        let Proof::InvalidReceipt {
            by,
            receipt,
            code,
            record,
        } = proof.clone()
        else {
            panic!()
        };
        let lie = |code: &str| Proof::InvalidReceipt {
            by,
            receipt,
            code: code.into(),
            record: record.clone(),
        };
        assert!(!lie("flag-too-early").holds(&bare));
        let mut other = receipt;
        other.body.at_ms = other.body.at_ms.next();
        assert!(
            !Proof::InvalidReceipt {
                by,
                receipt: other,
                code,
                record: record.clone()
            }
            .holds(&bare)
        );
    }
}

#[test]
fn a_clock_that_runs_back_is_held_still_and_proves_the_relay_wrong() {
    let mut duel = Duel::new(BLITZ);
    duel.now = 1_000;
    duel.play("e2e4");
    let record = duel.moving("e7e5");
    duel.game.insert(Item::Record(record.clone())).unwrap();
    let mut receipt = duel.next_receipt(What::Record(record.hash()));
    receipt.at_ms = ms(10);
    duel.game
        .insert(Game::sign_receipt(&key(9), receipt))
        .unwrap();
    assert_eq!(
        duel.game.state().line.head(),
        record.hash(),
        "its author has done nothing wrong"
    );
    assert_eq!(
        duel.game.state().counted.last().unwrap().receipt.at_ms,
        ms(1_000)
    );
    assert_eq!(duel.proofs(), ["time-runs-back"]);
}

#[test]
fn nobody_can_claim_anothers_record_or_anothers_receipt() {
    let mut duel = Duel::new(BLITZ);
    let record = duel.moving("e2e4");
    let stolen = key(2).sign(duel.game.id(), record.body.clone());
    assert_eq!(stolen.hash(), record.hash());
    assert_eq!(
        duel.game
            .insert(Item::Record(stolen.clone()))
            .unwrap_err()
            .code(),
        "not-your-turn"
    );
    duel.receipt(What::Record(record.hash())).unwrap();
    assert_eq!(
        duel.game.insert(Item::Record(stolen)).unwrap_err().code(),
        "not-your-turn"
    );
    assert!(
        duel.proofs().is_empty(),
        "a receipt for a record that only lacks its true signature proves nothing"
    );
    assert_eq!(
        duel.game.insert(Item::Record(record.clone())),
        Ok(Inserted::New)
    );
    assert_eq!(duel.game.state().line.head(), record.hash());

    // The standby home signs copies of the first one's receipts.
    let mut copied = Game::new(duel.game.genesis().clone()).unwrap();
    let items = duel.game.items();
    for item in &items {
        if let Item::Receipt { receipt, .. } = item {
            copied
                .insert(Game::sign_receipt(&key(8), receipt.body))
                .unwrap();
        }
    }
    assert!(copied.state().counted.is_empty());
    for item in &items {
        let _ = copied.insert(item.clone());
    }
    assert_eq!(copied.state().line.head(), record.hash());
    assert!(copied.state().proofs.is_empty());
    let by: Vec<_> = copied
        .state()
        .counted
        .iter()
        .map(|counted| copied.receipt(counted.hash).unwrap().0)
        .collect();
    assert_eq!(by, vec![key(9).order(); 3]);
}

#[test]
fn the_creator_cannot_move_the_game_away_with_a_second_joiner() {
    let mut duel = Duel::new(BLITZ);
    duel.play("e2e4 e7e5");
    let accomplice = duel.seat(3, None);
    assert_eq!(
        duel.game.insert(Item::Record(accomplice)),
        Ok(Inserted::New)
    );
    let home = duel.home(1, &key(7));
    for by in [key(1), key(3)] {
        assert_eq!(
            duel.game.insert(Item::Home(by.sign(duel.game.id(), home))),
            Ok(Inserted::New)
        );
    }
    let commit = Game::sign_receipt(&key(7), duel.game.commit_receipt(&home, ms(5_000)));
    duel.game.insert(commit).unwrap();
    assert_eq!(duel.game.orderer(), Some((key(9).order(), Epoch::ZERO)));
    assert_eq!(duel.game.homes().count(), 0);
    assert_eq!(
        duel.proofs(),
        ["equivocation"],
        "the second Seat is evidence"
    );
    let Proof::Equivocation { author, .. } = duel.game.state().proofs[0] else {
        panic!()
    };
    assert_eq!(author, key(1).player());
}

/// A duel that is moved to key 8 after `after` records, with both signatures; the commit comes at `at`.
fn move_home(duel: &mut Duel, to: &Keypair, at: u64) -> Item {
    let home = duel.home(duel.game.orderer().unwrap().1.get() + 1, to);
    for by in [key(1), key(2)] {
        assert_eq!(
            duel.game.insert(Item::Home(by.sign(duel.game.id(), home))),
            Ok(Inserted::New)
        );
    }
    duel.now = at;
    let commit = Game::sign_receipt(to, duel.game.commit_receipt(&home, ms(at)));
    assert_eq!(duel.game.insert(commit.clone()), Ok(Inserted::New));
    duel.relay = to.clone();
    commit
}

#[test]
fn a_home_makes_what_came_after_void_and_charges_no_time_unless_it_is_the_same() {
    let mut duel = Duel::new(Clock::Live {
        initial_s: 60,
        inc_s: 0,
    });
    duel.play("e2e4 e7e5");
    let agreed = duel.game.clone();
    // The old home orders one more move that one player never hears of.
    duel.now += 1_000;
    let move3 = duel.moving_after("g1f3", 1_000, false);
    duel.count(move3.clone()).unwrap();
    let late = duel.game.items();
    duel.game = agreed.clone();
    duel.now = 0;
    move_home(&mut duel, &key(8), 50_000);
    assert_eq!(duel.game.orderer(), Some((key(8).order(), Epoch::new(1))));
    for item in late {
        let _ = duel.game.insert(item);
    }
    assert_eq!(
        duel.game.state().line.moves().len(),
        2,
        "the old home's receipt is void"
    );
    assert_eq!(duel.game.record(move3.hash()).unwrap().signed, move3);
    duel.now += 2_000;
    duel.receipt(What::Record(move3.hash())).unwrap();
    assert_eq!(
        duel.game.state().line.head(),
        move3.hash(),
        "the same bytes again"
    );
    assert_eq!(
        remaining(&duel.game).0,
        58_000,
        "no time from `after` to the commit"
    );
    assert!(duel.proofs().is_empty());

    let mut same = Duel {
        game: agreed,
        relay: key(9),
        now: 0,
        lag: 0,
    };
    move_home(&mut same, &key(9), 50_000);
    play_after(&mut same, "g1f3", 2_000, 2_000, 0);
    assert_eq!(
        remaining(&same.game).0,
        8_000,
        "all of it where the home is the same"
    );
}

#[test]
fn a_commit_that_leads_nowhere_known_is_asked_for_and_the_old_epoch_shown_meanwhile() {
    let mut duel = Duel::new(BLITZ);
    duel.play("e2e4 e7e5 g1f3");
    let items = duel.game.items();
    let last = duel.game.state().last_receipt().unwrap().hash;
    move_home(&mut duel, &key(8), 5_000);
    let all = duel.game.items();
    let lacks =
        |item: &Item| !matches!(item, Item::Receipt { receipt, .. } if receipt.hash() == last);
    let game = fold(
        &all.iter()
            .filter(|item| lacks(item))
            .cloned()
            .collect::<Vec<_>>(),
    );
    assert_eq!(game.orderer(), Some((key(9).order(), Epoch::ZERO)));
    assert_eq!(game.state().missing.iter().collect::<Vec<_>>(), [&last]);
    assert_eq!(fold(&all).orderer(), duel.game.orderer());
    assert_eq!(fold(&items).orderer(), Some((key(9).order(), Epoch::ZERO)));
}

#[test]
fn of_a_forked_order_the_branch_counts_that_the_players_records_name() {
    for named in [0, 1] {
        let mut duel = Duel::new(BLITZ);
        let record = duel.moving("e2e4");
        duel.game.insert(Item::Record(record.clone())).unwrap();
        let receipt = duel.next_receipt(What::Record(record.hash()));
        let rival = Receipt {
            at_ms: receipt.at_ms.next(),
            ..receipt
        };
        let branches = [receipt, rival].map(|receipt| key(9).sign(receipt.game, receipt));
        let (named, other) = (branches[named], branches[1 - named]);
        let item = |receipt| Item::Receipt {
            by: key(9).order(),
            receipt,
        };
        duel.game.insert(item(named)).unwrap();
        duel.play("e7e5 g1f3 b8c6");
        let head = duel.game.state().line.head();
        assert_eq!(duel.game.insert(item(other)), Ok(Inserted::New));
        // A late receipt for an early place undoes nothing, in whatever order it comes.
        assert_eq!(duel.game.state().line.head(), head);
        assert_eq!(duel.proofs(), ["double-receipt"]);
        let mut items = duel.game.items();
        items[1..].reverse();
        let again = fold(&items);
        assert_eq!(
            (again.state().line.head(), &again.state().counted),
            (head, &duel.game.state().counted)
        );
        let proof = &duel.game.state().proofs[0];
        assert!(proof.holds(&duel.game));
        let Proof::DoubleReceipt { by, first, second } = proof.clone() else {
            panic!()
        };
        assert!(
            !Proof::DoubleReceipt {
                by,
                first,
                second: first
            }
            .holds(&duel.game)
        );
        assert!(
            !Proof::DoubleReceipt {
                by: key(8).order(),
                first,
                second
            }
            .holds(&duel.game)
        );
        let before = duel.game.receipt(first.body.prev.unwrap()).unwrap().1;
        assert!(
            !Proof::DoubleReceipt {
                by,
                first: *before,
                second
            }
            .holds(&duel.game),
            "two places"
        );
    }
}

#[test]
fn a_players_contradiction_is_evidence_and_changes_nothing_in_a_clocked_game() {
    let mut duel = Duel::new(BLITZ);
    let rival = duel.moving("d2d4");
    duel.play("e2e4");
    let before = duel.game.state().line.head();
    assert_eq!(
        duel.game.insert(Item::Record(rival.clone())),
        Ok(Inserted::New)
    );
    assert_eq!(
        (duel.game.state().line.head(), duel.ended()),
        (before, None)
    );
    assert_eq!(duel.proofs(), ["equivocation"]);
    let proof = duel.game.state().proofs[0].clone();
    let Proof::Equivocation {
        author,
        first,
        second,
    } = proof.clone()
    else {
        panic!()
    };
    let bare = fold(&Duel::new(BLITZ).game.items());
    assert!(
        proof.holds(&bare),
        "it needs the chain up to the place only"
    );
    let lies = [
        Proof::Equivocation {
            author,
            first: first.clone(),
            second: first.clone(),
        },
        Proof::Equivocation {
            author: key(2).player(),
            first: first.clone(),
            second: second.clone(),
        },
        Proof::Equivocation {
            author,
            first: first.clone(),
            second: key(2).sign(bare.id(), second.body.clone()),
        },
        Proof::Equivocation {
            author,
            first,
            second: {
                let Record::Move(played) = second.body else {
                    panic!()
                };
                key(1).sign(
                    bare.id(),
                    Record::Move(Move {
                        uci: "e2e5".into(),
                        ..played
                    }),
                )
            },
        },
    ];
    for lie in lies {
        assert!(!lie.holds(&bare), "{lie:?}");
    }
}

#[test]
fn a_relay_that_lapsed_an_epoch_and_commits_it_is_proven_wrong() {
    let mut duel = Duel::new(BLITZ);
    duel.play("e2e4");
    let lapsed = Lapsed {
        game: duel.game.id(),
        epoch: Epoch::new(1),
    };
    let lapsed = key(8).sign(lapsed.game, lapsed);
    let item = Item::Lapsed {
        by: key(8).order(),
        lapsed,
    };
    assert_eq!(duel.game.insert(item.clone()), Ok(Inserted::Held));
    let Item::Receipt {
        receipt: commit, ..
    } = move_home(&mut duel, &key(8), 5_000)
    else {
        panic!()
    };
    assert!(duel.game.has_lapsed(key(8).order(), Epoch::new(1)));
    assert_eq!(duel.proofs(), ["lapsed-and-committed"]);
    assert_eq!(
        duel.game.orderer(),
        Some((key(8).order(), Epoch::new(1))),
        "the commit counts"
    );
    let (proof, bare) = (
        &duel.game.state().proofs[0],
        Game::new(duel.game.genesis().clone()).unwrap(),
    );
    assert!(proof.holds(&bare));
    let other = key(8).sign(
        duel.game.id(),
        Lapsed {
            epoch: Epoch::new(2),
            ..lapsed.body
        },
    );
    let by = key(8).order();
    assert!(
        !Proof::LapsedAndCommitted {
            by,
            lapsed: other,
            commit
        }
        .holds(&bare)
    );
    let forged = Signed {
        sig: lapsed.sig,
        ..other
    };
    assert!(
        !Proof::LapsedAndCommitted {
            by,
            lapsed: forged,
            commit
        }
        .holds(&bare)
    );
}

#[test]
fn a_game_that_goes_on_in_another_ends_without_result_if_its_head_is_still_that() {
    let mut duel = Duel::new(BLITZ);
    duel.play("e2e4");
    let next = |duel: &Duel, n: u8| {
        let from = Some(From {
            game: duel.game.id(),
            head: duel.place().prev,
        });
        let next = Duel::unseated(Genesis {
            from,
            nonce: nonce(n),
            ..genesis(Clock::None)
        });
        let seat = next.seat(2, None);
        (
            seat.hash(),
            Item::Continued {
                genesis: Box::new(next.game.genesis().clone()),
                seat,
            },
        )
    };
    let (late, late_item) = next(&duel, 5);
    duel.play("e7e5");
    let (seat, item) = next(&duel, 6);
    duel.game.insert(late_item).unwrap();
    duel.receipt(What::Continued(late)).unwrap();
    assert_eq!(duel.ended(), None);
    duel.receipt(What::Continued(seat)).unwrap();
    assert_eq!(duel.game.state().missing.first(), Some(&seat));
    duel.game.insert(item).unwrap();
    assert_eq!(duel.ended(), Some((Reason::Continued, None)));
    assert!(duel.proofs().is_empty());
}

/// A game with two moves of home, void receipts, a lapse, a fork and a contradiction.
fn eventful() -> Vec<Item> {
    let mut duel = Duel::new(BLITZ);
    duel.play("e2e4 e7e5 g1f3");
    let agreed = duel.game.clone();
    duel.play("b8c6 f1c4");
    let void = duel.game.items();
    duel.game = agreed;
    let lapsed = Lapsed {
        game: duel.game.id(),
        epoch: Epoch::new(1),
    };
    let asked = key(1).sign(duel.game.id(), duel.home(1, &key(7)));
    duel.game.insert(Item::Home(asked)).unwrap();
    duel.game
        .insert(Item::Lapsed {
            by: key(7).order(),
            lapsed: key(7).sign(lapsed.game, lapsed),
        })
        .unwrap();
    duel.now = 9_000;
    move_home(&mut duel, &key(8), 9_000);
    duel.play("b8c6 f1b5");
    let rival = duel.moving("g8f6");
    duel.play("a7a6");
    duel.game.insert(Item::Record(rival)).unwrap();
    move_home(&mut duel, &key(9), 12_000);
    let forked = duel.next_receipt(What::Flag);
    duel.play("b5c6 d7c6 e1g1");
    duel.game
        .insert(Game::sign_receipt(&key(9), forked))
        .unwrap();
    for item in void {
        let _ = duel.game.insert(item);
    }
    let resign = duel.sign(
        &duel.waiter(),
        Record::ResignAt {
            at: duel.place().prev,
        },
    );
    duel.count(resign).unwrap();
    assert_eq!(
        duel.ended(),
        Some((Reason::Resignation, Some(Colour::Black)))
    );
    duel.game.items()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn moves_of_home_forks_and_voids_give_one_state_in_any_order(
        order in Just((1..eventful().len()).collect::<Vec<_>>()).prop_shuffle(),
        doubled in any::<prop::sample::Index>(),
    ) {
        let items = eventful();
        let straight = fold(&items);
        prop_assert_eq!(straight.orderer().unwrap().1, Epoch::new(2));
        let mut mixed = vec![items[0].clone()];
        mixed.extend(order.iter().map(|i| items[*i].clone()));
        mixed.push(items[doubled.index(items.len())].clone());
        let mixed = fold(&mixed);
        let seen = |game: &Game| {
            let state = game.state();
            let head: Hash = state.line.head();
            (head, state.outcome(), state.clocks.clone(), state.counted.clone(), state.missing.clone(), state.proofs.clone())
        };
        prop_assert_eq!(seen(&mixed), seen(&straight));
        prop_assert_eq!(mixed.items().len(), items.len());
    }
}

use rookery_ledger::id::{Epoch, GameId, Hash, Millis, Seq};
use rookery_ledger::record::{Item, Receipt, What};
use rookery_ledger::sign::Keypair;

use std::time::Duration;

use super::witness::Witness;
use crate::real::test_plan;

const GAME: GameId = GameId([7; 32]);

fn receipt(seq: u64, at: u64) -> Receipt {
    Receipt {
        game: GAME,
        epoch: Epoch::ZERO,
        seq: Seq::new(seq),
        prev: None,
        at_ms: Millis::new(at),
        lag_ms: Millis::ZERO,
        what: What::Gap { ms: Millis::ZERO },
    }
}

#[test]
fn two_receipts_for_one_place_are_told() {
    let key = Keypair::from_secret(&[1; 32]);
    let witness = Witness::default();
    witness.see(GAME, key.order(), &key.sign(GAME, receipt(3, 1)));
    witness.see(GAME, key.order(), &key.sign(GAME, receipt(3, 1)));
    assert_eq!(witness.violations(), 0);
    witness.see(GAME, key.order(), &key.sign(GAME, receipt(3, 2)));
    assert_eq!(witness.violations(), 1);
}

#[test]
fn what_was_seen_and_is_gone_is_told() {
    let key = Keypair::from_secret(&[1; 32]);
    let witness = Witness::default();
    let item = |receipt| Item::Receipt {
        by: key.order(),
        receipt: key.sign(GAME, receipt),
    };
    witness.see(GAME, key.order(), &key.sign(GAME, receipt(0, 1)));
    let seen = witness.of(GAME);
    assert_eq!(seen.missing(&[item(receipt(0, 1))]).len(), 0);
    assert_eq!(seen.missing(&[]).len(), 1, "lost");
    assert_eq!(seen.missing(&[item(receipt(0, 2))]).len(), 1, "another one");
    let both = [item(receipt(0, 1)), item(receipt(0, 2))];
    assert_eq!(seen.missing(&both).len(), 1, "a doubled place");
    witness.acknowledge(GAME, Hash([9; 32]));
    assert_eq!(
        witness.of(GAME).missing(&[item(receipt(0, 1))]).len(),
        1,
        "an acknowledged record"
    );
}

#[test]
fn killed_and_cut_off_the_shipped_relay_keeps_what_it_said() {
    let row = super::run(&test_plan(Duration::from_secs(6))).unwrap();
    assert_eq!(row.violations, 0);
    assert!(row.faults >= 3, "{row:?}");
    assert!(row.cases >= 100, "{row:?}");
}

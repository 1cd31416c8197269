//! How receipts name each other, read naively: each pair of all that are known.

use std::collections::BTreeSet;

use proptest::prop_assert_eq;
use rookery_ledger::id::{Epoch, Hash, OrderKey, Seq};
use rookery_ledger::record::{Item, Receipt, Signed};
use rookery_ledger::{Game, Proof};

use super::checks::Checked;

/// The code of a receipt that names one before it although it is the first, or none although it is not.
pub(super) const LOOSE: &str = "loose-link";

/// What a receipt of a key says that no honest relay says.
type Lie = (&'static str, OrderKey, Hash);

/// P5: each wrong link is proven, and no other.
pub(super) fn links(game: &Game) -> Checked {
    let homes = &game.genesis().body.homes;
    let by_a_home = |(_, by, _): &Lie| homes.contains(by);
    let read: BTreeSet<Lie> = read(game).into_iter().filter(by_a_home).collect();
    let proven: BTreeSet<Lie> = proven(game).into_iter().filter(by_a_home).collect();
    prop_assert_eq!(read, proven);
    Ok(())
}

fn proven(game: &Game) -> Vec<Lie> {
    let proofs = game.state().proofs.iter();
    let lies = proofs.filter_map(|proof| match proof {
        Proof::Splice { by, second, .. } => Some(("splice", *by, second.hash())),
        Proof::TimeRunsBack { by, second, .. } => Some(("back", *by, second.hash())),
        Proof::InvalidReceipt {
            by, receipt, code, ..
        } if code == LOOSE => Some(("loose", *by, receipt.hash())),
        _ => None,
    });
    lies.collect()
}

fn read(game: &Game) -> Vec<Lie> {
    let mut receipts: Vec<(OrderKey, Hash, Signed<Receipt>)> = Vec::new();
    for item in game.items() {
        if let Item::Receipt { by, receipt } = item
            && game.receipt(receipt.hash()).is_some()
        {
            receipts.push((by, receipt.hash(), receipt));
        }
    }
    let mut lies = Vec::new();
    for (by, hash, receipt) in &receipts {
        let body = receipt.body;
        let place = (body.epoch, body.seq);
        let first_of_all = place == (Epoch::ZERO, Seq::ZERO);
        if first_of_all != body.prev.is_none() {
            lies.push(("loose", *by, *hash));
        }
        let named = receipts
            .iter()
            .find(|(_, hash, _)| body.prev == Some(*hash));
        if let Some((_, _, before)) = named {
            let before = before.body;
            let next = before.epoch == body.epoch && before.seq.get() + 1 == body.seq.get();
            let opens = body.seq == Seq::ZERO && body.epoch > before.epoch;
            if !(next || opens) {
                lies.push(("splice", *by, *hash));
            }
            if body.at_ms < before.at_ms {
                lies.push(("back", *by, *hash));
            }
        }
        let mut before = receipts.iter().filter(|(key, _, before)| {
            let before = before.body;
            (*key, before.epoch, before.seq.get() + 1) == (*by, body.epoch, body.seq.get())
        });
        let signed_none = before.clone().next().is_none();
        if !signed_none && !before.any(|(_, hash, _)| body.prev == Some(*hash)) {
            lies.push(("splice", *by, *hash));
        }
    }
    lies
}

/// What is signed well, and proves nothing: receipts that follow each other, and a clock that is earlier at an earlier place.
pub(super) fn false_proofs(game: &Game) -> Vec<Proof> {
    let counted = game.state().counted.iter();
    let receipts: Vec<_> = counted
        .filter_map(|counted| game.receipt(counted.hash))
        .collect();
    let in_a_row = receipts.windows(2).next_back().map(|two| Proof::Splice {
        by: two[1].0,
        first: *two[0].1,
        second: *two[1].1,
    });
    let ends = receipts.first().zip(receipts.last());
    let earlier = ends.filter(|(first, last)| first.1.body.at_ms < last.1.body.at_ms);
    let back = earlier.map(|((by, first), (_, last))| Proof::TimeRunsBack {
        by: *by,
        first: last.body,
        second: **first,
    });
    in_a_row.into_iter().chain(back).collect()
}

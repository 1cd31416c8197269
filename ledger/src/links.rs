//! How receipts name the ones before them, and what an honest relay never lets them say. Needs no fold: it holds of
//! receipts that do not count, and of untimed games, as well.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{Epoch, Hash, OrderKey, Seq};
use crate::mutant::Mutant;
use crate::proof::Proof;
use crate::record::{Receipt, Signed};
use crate::store::Store;

/// Where a receipt is kept.
type Place = (OrderKey, Epoch, Seq);

/// What is known of links that were not whole when they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    /// Receipts by the hash that they name as the one before, while that is not known.
    awaited: BTreeMap<Hash, BTreeSet<(Place, Hash)>>,
    /// Whether some receipt contradicts itself or another one by what it names.
    broken: bool,
}

/// Whether a receipt names one before it although it is the first of all, or none although it is not.
pub(crate) fn is_loose(receipt: &Receipt) -> bool {
    let first = receipt.epoch == Epoch::ZERO && receipt.seq == Seq::ZERO;
    first == receipt.prev.is_some()
}

/// Whether `next`, which names `first` as the one before, is at a place that does not follow that one's.
pub(crate) fn jumps(first: &Receipt, next: &Receipt) -> bool {
    let within = first.epoch == next.epoch && first.seq.next() == next.seq;
    let opens = first.epoch < next.epoch && next.seq == Seq::ZERO;
    !within && !opens
}

impl Store {
    /// Notes how the receipt that was put in at `at` is linked. Whether it, or one that waited for it, says what no honest
    /// relay says.
    pub(crate) fn link(&mut self, at: Place, hash: Hash) -> bool {
        let Some(body) = self.receipt_of(at, hash).map(|receipt| receipt.body) else {
            return false;
        };
        let lies = |first: &Receipt, next: &Receipt| jumps(first, next) || next.at_ms < first.at_ms;
        let mut broken = is_loose(&body) || self.passes_over(at, &body);
        if let Some(prev) = body.prev {
            match self.receipt(prev) {
                Some(first) => broken |= lies(&first.body, &body),
                None => {
                    let waiting = self.links.awaited.entry(prev).or_default();
                    waiting.insert((at, hash));
                }
            }
        }
        let waited = self.links.awaited.remove(&hash).unwrap_or_default();
        if !Mutant::SPLICE_UNSEEN_LATE.is_on() {
            let mut waited = waited.into_iter();
            broken |= waited.any(|(at, next)| {
                let next = self.receipt_of(at, next);
                next.is_some_and(|next| lies(&body, &next.body))
            });
            let (by, epoch, seq) = at;
            let after = (by, epoch, seq.next());
            let next = self.receipts.get(&after).into_iter().flatten();
            broken |= next
                .into_iter()
                .any(|(_, next)| self.passes_over(after, &next.body));
        }
        self.links.broken |= broken;
        broken
    }

    fn receipt_of(&self, at: Place, hash: Hash) -> Option<&Signed<Receipt>> {
        self.receipts.get(&at)?.get(&hash)
    }

    /// The receipts that the key of a place is known to have signed for the place before.
    fn before(&self, (by, epoch, seq): Place) -> Option<&BTreeMap<Hash, Signed<Receipt>>> {
        let before = Seq::new(seq.get().checked_sub(1)?);
        self.receipts.get(&(by, epoch, before))
    }

    /// Whether a receipt at `at` names none of those that its key is known to have signed for the place before.
    fn passes_over(&self, at: Place, receipt: &Receipt) -> bool {
        let before = self.before(at);
        before.is_some_and(|before| {
            let named = receipt.prev.is_some_and(|prev| before.contains_key(&prev));
            !named
        })
    }

    /// The proofs that lie in links.
    pub(crate) fn broken_links(&self) -> Vec<Proof> {
        let mut proofs = Vec::new();
        if !self.links.broken {
            return proofs;
        }
        for (at, place) in &self.receipts {
            for second in place.values().copied() {
                let (by, body) = (at.0, second.body);
                if is_loose(&body) {
                    proofs.push(Proof::InvalidReceipt {
                        by,
                        receipt: second,
                        code: LOOSE.to_owned(),
                        record: None,
                    });
                }
                let first = body.prev.and_then(|prev| self.receipt(prev)).copied();
                if let Some(first) = first.filter(|first| body.at_ms < first.body.at_ms) {
                    let first = first.body;
                    proofs.push(Proof::TimeRunsBack { by, first, second });
                }
                let skipped = || {
                    let before = self.before(*at)?.values().next().copied();
                    before.filter(|_| self.passes_over(*at, &body))
                };
                let jumped = first.filter(|first| jumps(&first.body, &body));
                if let Some(first) = jumped.or_else(skipped) {
                    proofs.push(Proof::Splice { by, first, second });
                }
            }
        }
        proofs
    }
}

/// The code of a receipt that names one before it although it is the first of all, or none although it is not.
const LOOSE: &str = "loose-link";

//! Evidence that anyone can check offline: what an honest player or relay could not have signed.

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::game::Game;
use crate::id::{OrderKey, PlayerKey, Seq};
use crate::links;
use crate::mutant::Mutant;
use crate::record::{Item, Lapsed, Receipt, Record, Signed, What};
use crate::sign::Verifier as _;

/// One piece of evidence. It names who is guilty and carries the signed bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Two valid chain records by one author for one place. Each carries its `prev`; validity follows from the game.
    Equivocation {
        /// Who signed both.
        author: PlayerKey,
        /// The one with the lower hash.
        first: Signed<Record>,
        /// The other.
        second: Signed<Record>,
    },
    /// Two receipts under one key for one place.
    DoubleReceipt {
        /// The relay's order key.
        by: OrderKey,
        /// The one with the lower hash.
        first: Signed<Receipt>,
        /// The other.
        second: Signed<Receipt>,
    },
    /// Receipts that do not form one chain. Either `second` names `first` as the one before from a place that does not follow
    /// it, then it does not matter who signed `first`; or the relay signed both, `second` for the next place, naming another.
    Splice {
        /// The relay's order key.
        by: OrderKey,
        /// The one that is named, or that is not.
        first: Signed<Receipt>,
        /// The one that is out of place.
        second: Signed<Receipt>,
    },
    /// A receipt that is earlier than the one that it names as the one before. Whoever signed that one, its body is named.
    TimeRunsBack {
        /// The order key of the relay that signed the second.
        by: OrderKey,
        /// The one before.
        first: Receipt,
        /// The one that names it.
        second: Signed<Receipt>,
    },
    /// A refusal to commit an epoch, and its commit.
    LapsedAndCommitted {
        /// The relay's order key.
        by: OrderKey,
        /// The refusal.
        lapsed: Signed<Lapsed>,
        /// The commit.
        commit: Signed<Receipt>,
    },
    /// A receipt for what cannot stand there; validity follows from the game.
    InvalidReceipt {
        /// The relay's order key.
        by: OrderKey,
        /// The receipt.
        receipt: Signed<Receipt>,
        /// The stable code of what is wrong.
        code: String,
        /// The record that the receipt is for, where that is what cannot stand there.
        record: Option<Signed<Record>>,
    },
}

impl Proof {
    /// The stable word for the kind.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Equivocation { .. } => "equivocation",
            Self::DoubleReceipt { .. } => "double-receipt",
            Self::Splice { .. } => "splice",
            Self::TimeRunsBack { .. } => "time-runs-back",
            Self::LapsedAndCommitted { .. } => "lapsed-and-committed",
            Self::InvalidReceipt { .. } => "invalid-receipt",
        }
    }

    /// Whether it holds against the game it is about. `game` needs the records up to the place of an `Equivocation`, and the
    /// receipts and records up to an `InvalidReceipt`; the other kinds need nothing but the genesis. The signed pieces are
    /// taken from the proof.
    #[must_use]
    pub fn holds(&self, game: &Game) -> bool {
        let id = game.id();
        match self {
            Self::Equivocation {
                author,
                first,
                second,
            } => {
                let (Some(one), Some(other)) = (first.body.place(), second.body.place()) else {
                    return false;
                };
                let line = (one.prev == other.prev && first.hash() != second.hash())
                    .then(|| game.line_at(one.prev))
                    .flatten();
                line.is_some_and(|line| {
                    let may_stand = |record: &Signed<Record>| {
                        author.signed(id, record) && line.check(&record.body).is_ok()
                    };
                    line.author() == *author
                        && may_stand(first)
                        && (may_stand(second) || Mutant::PROOF_UNSIGNED.is_on())
                })
            }
            Self::DoubleReceipt { by, first, second } => {
                let place = |receipt: &Signed<Receipt>| (receipt.body.epoch, receipt.body.seq);
                let signed =
                    |receipt: &Signed<Receipt>| receipt.body.game == id && by.signed(id, receipt);
                (place(first) == place(second) || Mutant::PROOF_ACROSS_PLACES.is_on())
                    && first.hash() != second.hash()
                    && signed(first)
                    && (signed(second) || Mutant::PROOF_UNSIGNED.is_on())
            }
            Self::Splice { by, first, second } => {
                let (one, next) = (&first.body, &second.body);
                let here = one.game == id && next.game == id && by.signed(id, second);
                let names = next.prev == Some(first.hash());
                here && if names && !Mutant::SPLICE_OF_ANY.is_on() {
                    links::jumps(one, next)
                } else {
                    (one.epoch, one.seq.next()) == (next.epoch, next.seq) && by.signed(id, first)
                }
            }
            Self::TimeRunsBack { by, first, second } => {
                let next = &second.body;
                first.game == id
                    && next.game == id
                    && (next.prev == Some(codec::hash(first)) || Mutant::RAN_BACK_OF_ANY.is_on())
                    && next.at_ms < first.at_ms
                    && by.signed(id, second)
            }
            Self::LapsedAndCommitted { by, lapsed, commit } => {
                lapsed.body.game == id
                    && commit.body.game == id
                    && (lapsed.body.epoch == commit.body.epoch
                        || Mutant::PROOF_ACROSS_EPOCHS.is_on())
                    && commit.body.seq == Seq::ZERO
                    && matches!(commit.body.what, What::Home(_))
                    && by.signed(id, lapsed)
                    && by.signed(id, commit)
            }
            Self::InvalidReceipt {
                by,
                receipt,
                code,
                record,
            } => {
                let (by, receipt) = (*by, *receipt);
                let mut game = game.clone();
                let pieces = [
                    Some(Item::Receipt { by, receipt }),
                    record.clone().map(Item::Record),
                ];
                for piece in pieces.into_iter().flatten() {
                    // A refused piece is not found by the fold.
                    let _ = game.insert(piece);
                }
                game.state().proofs.iter().any(|found| {
                    matches!(found, Self::InvalidReceipt { by: b, receipt: r, code: c, .. }
                        if (*b, *r, c) == (by, receipt, code))
                })
            }
        }
    }
}

//! Evidence that anyone can check offline: what an honest player or relay could not have signed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::game::{Game, Store};
use crate::id::{Epoch, GameId, Hash, OrderKey, PlayerKey, Seq};
use crate::line::Step;
use crate::record::{Lapsed, Receipt, Record, Signed, What};

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
    },
}

impl Proof {
    pub(crate) fn equivocation(store: &Store, rivals: &[(Hash, Step)]) -> Option<Self> {
        let [(first, _), (second, _), ..] = rivals else {
            return None;
        };
        let (first, second) = (store.records.get(first)?, store.records.get(second)?);
        Some(Self::Equivocation {
            author: first.author,
            first: first.signed.clone(),
            second: second.signed.clone(),
        })
    }

    /// The stable word for the kind.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Equivocation { .. } => "equivocation",
            Self::DoubleReceipt { .. } => "double-receipt",
            Self::LapsedAndCommitted { .. } => "lapsed-and-committed",
            Self::InvalidReceipt { .. } => "invalid-receipt",
        }
    }

    /// Whether it holds against the game it is about: its signatures are right, and the game's own fold finds it.
    ///
    /// `game` needs the chain up to the place; the two signed pieces are taken from the proof.
    #[must_use]
    pub fn holds(&self, game: &Game) -> bool {
        use crate::record::Item;
        let mut game = game.clone();
        let pieces = match self.clone() {
            Self::Equivocation { first, second, .. } => {
                vec![Item::Record(first), Item::Record(second)]
            }
            Self::DoubleReceipt { by, first, second } => {
                vec![
                    Item::Receipt { by, receipt: first },
                    Item::Receipt {
                        by,
                        receipt: second,
                    },
                ]
            }
            Self::LapsedAndCommitted { by, lapsed, commit } => {
                vec![
                    Item::Lapsed { by, lapsed },
                    Item::Receipt {
                        by,
                        receipt: commit,
                    },
                ]
            }
            Self::InvalidReceipt { by, receipt, .. } => vec![Item::Receipt { by, receipt }],
        };
        // A refused piece is not found by the fold.
        for piece in pieces {
            if game.insert(piece).is_err() {
                return false;
            }
        }
        game.state().proofs.contains(self)
    }
}

/// Every place with two receipts under one key, and every epoch both refused and committed.
pub(crate) fn receipt_forks(store: &Store, game: GameId) -> Vec<Proof> {
    let mut proofs: Vec<_> = store
        .receipts
        .iter()
        .filter_map(|((by, _, _), place)| {
            let mut place: std::collections::btree_map::Values<'_, Hash, Signed<Receipt>> =
                BTreeMap::values(place);
            let (first, second) = (*place.next()?, *place.next()?);
            Some(Proof::DoubleReceipt {
                by: *by,
                first,
                second,
            })
        })
        .collect();
    for ((by, epoch), lapsed) in &store.lapsed {
        let commit = commit_under(store, *by, *epoch).filter(|commit| commit.body.game == game);
        proofs.extend(commit.map(|commit| Proof::LapsedAndCommitted {
            by: *by,
            lapsed: *lapsed,
            commit,
        }));
    }
    proofs
}

fn commit_under(store: &Store, by: OrderKey, epoch: Epoch) -> Option<Signed<Receipt>> {
    let place = store.receipts.get(&(by, epoch, Seq::ZERO))?;
    place
        .values()
        .find(|receipt| matches!(receipt.body.what, What::Home(_)))
        .copied()
}

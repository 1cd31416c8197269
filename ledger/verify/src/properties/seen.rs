//! What histories held.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rookery_ledger::id::Hash;
use rookery_ledger::record::{Item, Record, What};
use rookery_ledger::{Game, Proof};

/// Everything that a history can hold.
const KINDS: [&str; 22] = [
    "seat",
    "move",
    "rewind",
    "draw",
    "resign",
    "abort",
    "resign_at",
    "genesis receipt",
    "record receipt",
    "gap",
    "flag",
    "proof",
    "second seat",
    "home",
    "home receipt",
    "lapse",
    "second receipt for a place",
    "receipt that a home makes void",
    "receipt that no honest relay signs",
    "wrong link between receipts",
    "clock that runs back",
    "continuation",
];

/// What the cases so far held.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) cases: u64,
    /// The heads of all states that were compared.
    pub(super) states: BTreeSet<Hash>,
    /// Items left out or doubled.
    pub(super) faults: u64,
    kinds: BTreeMap<&'static str, u64>,
    ends: BTreeMap<&'static str, u64>,
}

impl Seen {
    /// The kinds that never came up.
    pub(super) fn never(&self) -> Vec<&'static str> {
        let never = KINDS
            .into_iter()
            .filter(|kind| !self.kinds.contains_key(kind));
        never.collect()
    }

    pub(super) fn count(&mut self, items: &[Item], game: &Game) {
        self.cases += 1;
        let mut kinds: BTreeSet<&str> = items.iter().filter_map(kind).collect();
        let seats = game.records().filter(|(_, entry)| {
            let body = &entry.signed.body;
            matches!(body, Record::Seat(_))
        });
        if seats.count() > 1 {
            kinds.insert("second seat");
        }
        if game.is_clocked() {
            let receipts = items.iter().filter_map(|item| match item {
                Item::Receipt { by, receipt } => Some((*by, receipt.body)),
                _ => None,
            });
            let receipts: Vec<_> = receipts.collect();
            let places: BTreeSet<_> = receipts
                .iter()
                .map(|(by, body)| (*by, body.epoch, body.seq))
                .collect();
            if places.len() < receipts.len() {
                kinds.insert("second receipt for a place");
            } else if receipts.len() > game.state().counted.len() {
                kinds.insert("receipt that a home makes void");
            }
        }
        for proof in &game.state().proofs {
            match proof {
                Proof::InvalidReceipt { .. } => {
                    kinds.insert("receipt that no honest relay signs");
                }
                Proof::Splice { .. } => {
                    kinds.insert("wrong link between receipts");
                }
                Proof::TimeRunsBack { .. } => {
                    kinds.insert("clock that runs back");
                }
                _ => {}
            }
        }
        if !game.state().proofs.is_empty() {
            kinds.insert("proof");
        }
        for kind in KINDS {
            if kinds.contains(kind) {
                *self.kinds.entry(kind).or_default() += 1;
            }
        }
        if let Some(outcome) = game.state().outcome() {
            *self.ends.entry(outcome.reason.as_str()).or_default() += 1;
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "histories: {}", self.cases)?;
        for (kind, count) in &self.kinds {
            writeln!(f, "  with a {kind}: {count}")?;
        }
        for (end, count) in &self.ends {
            writeln!(f, "  ended by {end}: {count}")?;
        }
        Ok(())
    }
}

fn kind(item: &Item) -> Option<&'static str> {
    Some(match item {
        Item::Record(record) => match record.body {
            Record::Seat(_) => "seat",
            Record::Move(_) => "move",
            Record::Rewind(_) => "rewind",
            Record::Draw(_) => "draw",
            Record::Resign(_) => "resign",
            Record::Abort(_) => "abort",
            Record::ResignAt { .. } => "resign_at",
        },
        Item::Receipt { receipt, .. } => match receipt.body.what {
            What::Genesis => "genesis receipt",
            What::Record(_) => "record receipt",
            What::Gap { .. } => "gap",
            What::Flag => "flag",
            What::Home(_) => "home receipt",
            What::Continued(_) => "continuation",
        },
        Item::Home(_) => "home",
        Item::Lapsed { .. } => "lapse",
        _ => return None,
    })
}

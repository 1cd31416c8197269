//! Who sees everything: what players signed, which receipts any client heard, what was acknowledged, and when things
//! happened by the simulation's own clock.

use std::collections::{BTreeMap, BTreeSet};

use rookery_ledger::id::{Epoch, GameId, Hash, OrderKey, Seq};
use rookery_ledger::record::{Item, Receipt, Record, Signed, What};

use super::tally::Tally;

/// The place of a receipt.
pub(super) type Place = (GameId, OrderKey, Epoch, Seq);

/// What was seen in one run.
#[derive(Debug, Default)]
pub(super) struct Witness {
    pub(super) receipts: BTreeMap<Place, Signed<Receipt>>,
    pub(super) signed: BTreeSet<(GameId, Hash)>,
    pub(super) acknowledged: BTreeSet<(GameId, Hash)>,
    /// When what a receipt is for came to its relay.
    pub(super) arrived: BTreeMap<Hash, u64>,
    pub(super) faults: Tally,
    pub(super) records: Tally,
    pub(super) broken: Vec<String>,
}

impl Witness {
    pub(super) fn broken(&mut self, words: String) {
        if self.broken.len() < 8 {
            self.broken.push(words);
        }
    }

    /// A player signed something.
    pub(super) fn signs(&mut self, game: GameId, item: &Item) {
        if let Item::Record(record) = item {
            self.signed.insert((game, record.hash()));
        }
    }

    /// A client heard a receipt.
    pub(super) fn sees(&mut self, game: GameId, by: OrderKey, receipt: &Signed<Receipt>) {
        let body = &receipt.body;
        let place = (game, by, body.epoch, body.seq);
        let known = self.receipts.entry(place).or_insert(*receipt);
        if known != receipt {
            let (epoch, seq) = (body.epoch, body.seq);
            self.broken(format!(
                "P2: two receipts of {by:?} for place {seq} of epoch {epoch} in game {game:?}"
            ));
        }
    }

    pub(super) fn acknowledged(&mut self, game: GameId, record: Hash) {
        self.acknowledged.insert((game, record));
    }

    /// A relay ordered these for what came at `at`.
    pub(super) fn ordered(&mut self, items: &[Item], at: u64) {
        for item in items {
            if let Item::Receipt { receipt, .. } = item {
                self.arrived.insert(receipt.hash(), at);
            }
        }
    }

    /// Counts what stands in a finished game.
    pub(super) fn count(&mut self, items: &[Item]) {
        for item in items {
            let kind = match item {
                Item::Genesis(_) => "genesis",
                Item::Record(record) => kind_of(&record.body),
                Item::Receipt { receipt, .. } => match receipt.body.what {
                    What::Gap { .. } => "gap",
                    What::Flag => "flag",
                    What::Home(_) => "home commit",
                    _ => "receipt",
                },
                Item::Home(_) => "home signature",
                Item::Lapsed { .. } => "lapsed",
                Item::Continued { .. } => "continued",
            };
            self.records.count(kind);
        }
    }
}

fn kind_of(record: &Record) -> &'static str {
    match record {
        Record::Seat(_) => "seat",
        Record::Move(played) if played.offer => "move with offer",
        Record::Move(_) => "move",
        Record::Rewind(_) => "rewind",
        Record::Draw(_) => "draw",
        Record::Resign(_) => "resign",
        Record::Abort(_) => "abort",
        Record::ResignAt { .. } => "resign off the chain",
    }
}

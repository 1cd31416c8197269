//! What clients have seen, and what they must find again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rookery_ledger::codec;
use rookery_ledger::id::{Epoch, GameId, Hash, OrderKey, Seq};
use rookery_ledger::record::{Item, Receipt, Signed, What};

/// A place in the order of a game.
pub(super) type Spot = (OrderKey, Epoch, Seq);

/// What was seen of one game.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen {
    /// Receipts by their place.
    pub(super) receipts: BTreeMap<Spot, Signed<Receipt>>,
    /// Records that the relay said are on disk.
    pub(super) acknowledged: BTreeSet<Hash>,
}

/// Shared by all clients.
#[derive(Debug, Default)]
pub(super) struct Witness {
    games: Mutex<BTreeMap<GameId, Seen>>,
    violations: AtomicU64,
    finished: AtomicU64,
}

impl Witness {
    fn games(&self) -> MutexGuard<'_, BTreeMap<GameId, Seen>> {
        self.games.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A promise is broken.
    pub(super) fn broken(&self, words: &str) {
        self.violations.fetch_add(1, Ordering::Relaxed);
        eprintln!("faults: VIOLATION: {words}");
    }

    pub(super) fn violations(&self) -> u64 {
        self.violations.load(Ordering::Relaxed)
    }

    /// A client has seen a game to its end.
    pub(super) fn finish(&self) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn finished(&self) -> u64 {
        self.finished.load(Ordering::Relaxed)
    }

    /// A client was sent a receipt. A place that holds another one already breaks P2.
    pub(super) fn see(&self, game: GameId, by: OrderKey, receipt: &Signed<Receipt>) {
        let spot = (by, receipt.body.epoch, receipt.body.seq);
        let doubled = {
            let mut games = self.games();
            let receipts = &mut games.entry(game).or_default().receipts;
            let first = receipts.entry(spot).or_insert(*receipt);
            *first != *receipt
        };
        if doubled {
            self.broken(&format!(
                "P2: game {game}: two receipts for epoch {} place {}",
                spot.1, spot.2
            ));
        }
    }

    /// A client was told that a record of its own is on disk.
    pub(super) fn acknowledge(&self, game: GameId, record: Hash) {
        let mut games = self.games();
        games.entry(game).or_default().acknowledged.insert(record);
    }

    /// What has been seen of each game so far.
    pub(super) fn seen(&self) -> BTreeMap<GameId, Seen> {
        self.games().clone()
    }

    /// What has been seen of one game so far.
    pub(super) fn of(&self, game: GameId) -> Seen {
        self.games().get(&game).cloned().unwrap_or_default()
    }
}

impl Seen {
    /// What is missing or different among the items of the game as the relay gives it now; empty where nothing is.
    pub(super) fn missing(&self, items: &[Item]) -> Vec<String> {
        let encoded: BTreeSet<Vec<u8>> = items.iter().map(codec::encode).collect();
        let records: BTreeSet<Hash> = items
            .iter()
            .filter_map(|item| match item {
                Item::Record(record) => Some(record.hash()),
                _ => None,
            })
            .collect();
        let mut receipted = BTreeSet::new();
        let mut spots: BTreeMap<Spot, Hash> = BTreeMap::new();
        let mut wrong = Vec::new();
        for item in items {
            let Item::Receipt { by, receipt } = item else {
                continue;
            };
            let body = &receipt.body;
            if let What::Record(record) = body.what {
                receipted.insert(record);
            }
            let spot = (*by, body.epoch, body.seq);
            if spots.insert(spot, receipt.hash()).is_some() {
                wrong.push(format!("P2: two receipts for place {}", body.seq));
            }
        }
        for ((by, _, seq), receipt) in &self.receipts {
            let item = Item::Receipt {
                by: *by,
                receipt: *receipt,
            };
            if !encoded.contains(&codec::encode(&item)) {
                wrong.push(format!(
                    "P3: the receipt for place {seq} is lost or another one"
                ));
            }
            if let What::Record(record) = receipt.body.what
                && !records.contains(&record)
            {
                wrong.push(format!("P3: the record of place {seq} is lost"));
            }
        }
        for record in &self.acknowledged {
            if !records.contains(record) || !receipted.contains(record) {
                wrong.push(format!("P3: the acknowledged record {record} is lost"));
            }
        }
        wrong
    }
}

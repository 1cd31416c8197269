//! Logs: batches of entries behind each other, appended where the end is the expected one.

use rookery_ledger::id::Hash;
use rookery_ledger::record::{Item, Receipt};
use rookery_ledger::{Game, codec};

use super::facts::{broken, digest};
use super::steps::{Batch, Log, LogEntry, Steps, order_key};

impl Steps {
    pub(super) fn batch(&self, entries: Vec<LogEntry>) -> u32 {
        let name = format!("{entries:?}").into_bytes();
        self.batches.find(&name).unwrap_or_else(|| {
            let view = digest(&name);
            self.batches.put(name, Batch { entries, view })
        })
    }

    /// The log of `host` with these batches.
    pub(super) fn log(&self, host: u8, batches: Vec<u32>) -> u32 {
        let name = (host, batches);
        if let Some(id) = self.logs.find(&name) {
            return id;
        }
        let key = order_key(host);
        let mut entries: Vec<LogEntry> = Vec::new();
        for batch in &name.1 {
            entries.extend(self.batches.get(*batch).entries.iter().cloned());
        }
        let signed = |entry: &LogEntry| match entry {
            LogEntry::Foreign(item) => vec![self.item(item)],
            LogEntry::Lapse(lapsed) => {
                vec![self.item(&Item::Lapsed {
                    by: key.order(),
                    lapsed: key.sign(lapsed.game, *lapsed),
                })]
            }
            LogEntry::Order(entry) => {
                let receipt = Game::sign_receipt(&key, entry.receipt);
                entry
                    .item
                    .iter()
                    .chain([&receipt])
                    .map(|item| self.item(item))
                    .collect()
            }
        };
        let log = Log {
            items: entries.iter().map(signed).collect(),
            broken: log_is_broken(&entries),
            view: digest(format!("{entries:?}")),
            batches: name.1.clone(),
            entries,
        };
        self.logs.put(name, log)
    }
}

/// One gap-free chain in each epoch, and never a commit and a refusal of one epoch.
fn log_is_broken(entries: &[LogEntry]) -> u16 {
    let mut last: Option<(Receipt, Hash)> = None;
    let (mut opened, mut lapsed) = (Vec::new(), Vec::new());
    let mut wrong = 0;
    for entry in entries {
        match entry {
            LogEntry::Foreign(_) => {}
            LogEntry::Lapse(body) => lapsed.push(body.epoch),
            LogEntry::Order(entry) => {
                let receipt = entry.receipt;
                let links = match last {
                    _ if receipt.seq.get() == 0 => !opened.contains(&receipt.epoch),
                    Some((before, hash)) => {
                        let next =
                            before.epoch == receipt.epoch && before.seq.next() == receipt.seq;
                        next && receipt.prev == Some(hash) && receipt.at_ms >= before.at_ms
                    }
                    None => false,
                };
                if !links {
                    wrong |= broken::ORDER;
                }
                if receipt.seq.get() == 0 {
                    opened.push(receipt.epoch);
                }
                last = Some((receipt, codec::hash(&receipt)));
            }
        }
    }
    if opened.iter().any(|epoch| lapsed.contains(epoch)) {
        wrong |= broken::ORDER;
    }
    wrong
}

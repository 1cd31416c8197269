//! Logs: appends behind each other, each taken where the end of its chain is the expected one.

use std::collections::BTreeMap;

use rookery_ledger::id::{Epoch, Hash, OrderKey};
use rookery_ledger::record::{Item, Lapsed, Receipt};
use rookery_ledger::{Game, codec};
use rookery_relay::order_log::{
    Append, AppendError, Entry, Position, Request, Response, StoredGame,
};

use super::facts::{broken, digest};
use super::steps::{Steps, order_key};

/// The place in its epoch that a refusal of the epoch takes in the log.
const LAPSE_SEQ: u64 = u64::MAX;

/// A log as it is, and what each entry brings those who read it.
#[derive(Clone, Default)]
pub(super) struct Log {
    /// What was appended, in order.
    appends: Vec<u32>,
    genesis: Option<Vec<u8>>,
    open: bool,
    chains: BTreeMap<OrderKey, Vec<Entry>>,
    /// Digests of the chains.
    views: BTreeMap<OrderKey, u64>,
    /// Numbers of the items of each entry, in the order of appending; the receipt or refusal last.
    pub(super) items: Vec<Vec<u32>>,
    /// The receipts of the log's own key, in order.
    pub(super) receipts: Vec<Receipt>,
    /// The epochs that this key refused.
    pub(super) lapsed: Vec<Epoch>,
    pub(super) broken: u16,
    /// The protocol state of it.
    pub(super) view: u64,
}

/// What a relay asks a log to append.
pub(super) struct Appending {
    pub(super) append: Append,
    pub(super) view: u64,
}

impl Appending {
    /// What the log answers when it is done.
    pub(super) fn end(&self) -> Position {
        Position(self.append.expected.0 + self.append.entries.len() as u64)
    }
}

impl Log {
    /// The end of a chain.
    pub(super) fn end(&self, of: OrderKey) -> Position {
        Position(self.chains.get(&of).map_or(0, |chain| chain.len() as u64))
    }

    /// Whether an append finds the end that it expects.
    pub(super) fn takes(&self, append: &Append) -> bool {
        self.end(append.chain.order_key) == append.expected
    }

    /// Whether an entry brings this item.
    pub(super) fn holds(&self, item: u32) -> bool {
        self.items.iter().any(|items| items.contains(&item))
    }

    /// What the log answers to a read.
    pub(super) fn answer(&self, request: &Request) -> Response {
        match request {
            Request::Game(_) => Response::Game(Ok(self.genesis.clone().map(|genesis| {
                let ends = self.chains.iter();
                StoredGame {
                    genesis,
                    chains: ends
                        .map(|(key, chain)| (*key, Position(chain.len() as u64)))
                        .collect(),
                    open: self.open,
                }
            }))),
            Request::Read {
                chain,
                after,
                limit,
            } => {
                let entries = self.chains.get(&chain.order_key).into_iter().flatten();
                let placed = (1..).map(Position).zip(entries.cloned());
                let behind = placed.filter(|(position, _)| position > after);
                Response::Read(Ok(behind.take(*limit).collect()))
            }
            Request::Append(_) => {
                let words = "an append is no read".to_owned();
                Response::Append(Err(AppendError::Unavailable(words)))
            }
        }
    }
}

impl Steps {
    /// The number of an append.
    pub(super) fn append_number(&self, append: Append) -> u32 {
        let name = name_of(&append);
        self.appends.find(&name).unwrap_or_else(|| {
            let view = digest(&name);
            self.appends.put(name, Appending { append, view })
        })
    }

    /// The empty log of `host`.
    pub(super) fn empty_log(&self, host: u8) -> u32 {
        self.logs.put((host, Vec::new()), Log::default())
    }

    /// The log behind an append that it takes; none where the end is another one.
    pub(super) fn appended(&self, host: u8, log: u32, append: u32) -> Option<u32> {
        let (before, appending) = (self.logs.get(log), self.appends.get(append));
        if !before.takes(&appending.append) {
            return None;
        }
        let mut name = (host, before.appends.clone());
        name.1.push(append);
        if let Some(id) = self.logs.find(&name) {
            return Some(id);
        }
        let mut log = Log::clone(&before);
        log.appends.push(append);
        let Append {
            chain,
            genesis,
            entries,
            open,
            ..
        } = &appending.append;
        log.genesis = log.genesis.take().or_else(|| genesis.clone());
        log.open = open.unwrap_or(log.open);
        for entry in entries {
            let brings = self.read_entry(host, chain.order_key, entry, &mut log);
            log.items.push(brings);
        }
        let end = log.chains.entry(chain.order_key).or_default();
        end.extend(entries.iter().cloned());
        let views = log.views.entry(chain.order_key).or_default();
        *views = digest((*views, appending.view));
        log.broken |= order_is_broken(&log.receipts, &log.lapsed);
        log.view = digest(&log.views);
        Some(self.logs.put(name, log))
    }

    /// The items that an entry brings.
    fn read_entry(&self, host: u8, chain: OrderKey, entry: &Entry, log: &mut Log) -> Vec<u32> {
        let key = order_key(host);
        let most = codec::MAX_ITEM_BYTES;
        let of = entry.item.as_deref().map(|item| codec::decode(item, most));
        let by = if chain != key.order() {
            codec::decode(&entry.receipt, most)
        } else if entry.seq == LAPSE_SEQ {
            codec::decode(&entry.receipt, most).map(|body: Lapsed| {
                log.lapsed.push(body.epoch);
                Item::Lapsed {
                    by: key.order(),
                    lapsed: key.sign(body.game, body),
                }
            })
        } else {
            codec::decode(&entry.receipt, most).map(|body| {
                log.receipts.push(body);
                Game::sign_receipt(&key, body)
            })
        };
        let mut brings = Vec::new();
        for read in of.into_iter().chain([by]) {
            match read {
                Ok(item) => brings.push(self.item(&item)),
                // What an honest relay wrote can be read.
                Err(_) => log.broken |= broken::ORDER,
            }
        }
        brings
    }
}

/// Everything that makes an append what it is, as bytes.
fn name_of(append: &Append) -> Vec<u8> {
    let mut name = append.chain.order_key.0.to_vec();
    let numbers = |entry: &Entry| [entry.epoch, entry.seq, entry.receipt.len() as u64];
    name.extend(append.expected.0.to_le_bytes());
    name.extend([
        u8::from(append.genesis.is_some()),
        append.open.map_or(2, u8::from),
    ]);
    for entry in &append.entries {
        name.extend(numbers(entry).map(u64::to_le_bytes).as_flattened());
        name.extend(&entry.receipt);
        let item = entry.item.as_deref().unwrap_or_default();
        name.extend((item.len() as u64).to_le_bytes());
        name.extend(item);
    }
    name
}

/// One gap-free chain in each epoch, and never a commit and a refusal of one epoch.
fn order_is_broken(receipts: &[Receipt], lapsed: &[Epoch]) -> u16 {
    let mut last: Option<(Receipt, Hash)> = None;
    let mut opened = Vec::new();
    let mut wrong = 0;
    for receipt in receipts {
        let links = match last {
            _ if receipt.seq.get() == 0 => !opened.contains(&receipt.epoch),
            Some((before, hash)) => {
                let next = before.epoch == receipt.epoch && before.seq.next() == receipt.seq;
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
        last = Some((*receipt, codec::hash(receipt)));
    }
    if opened.iter().any(|epoch| lapsed.contains(epoch)) {
        wrong |= broken::ORDER;
    }
    wrong
}

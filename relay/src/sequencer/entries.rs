//! What a place in the log holds, and in which order a game's items are told.

use std::collections::HashSet;

use rookery_ledger::codec::CodecError;
use rookery_ledger::id::{Epoch, GameId, Hash, OrderKey};
use rookery_ledger::mutant::Mutant;
use rookery_ledger::order;
use rookery_ledger::record::{Item, Lapsed, Receipt, What};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Game, codec};

use crate::order_log::Entry;

/// The place that a lapse takes in its epoch: one that no receipt reaches.
pub(super) const LAPSE_SEQ: u64 = u64::MAX;

/// Entries of the orderer as the log keeps them.
pub(super) fn entries(entries: &[order::Entry]) -> Vec<Entry> {
    let entry = |entry: &order::Entry| Entry {
        epoch: entry.receipt.epoch.get(),
        seq: entry.receipt.seq.get(),
        receipt: codec::encode(&entry.receipt),
        item: entry.item.as_ref().map(codec::encode),
    };
    entries.iter().map(entry).collect()
}

/// A lapse as the log keeps it: in the chain of receipts, so that a relay with the same key cannot commit the epoch.
pub(super) fn lapse_entry(lapsed: &Lapsed) -> Entry {
    Entry {
        epoch: lapsed.epoch.get(),
        seq: LAPSE_SEQ,
        receipt: codec::encode(lapsed),
        item: None,
    }
}

/// What `key` signs over an entry of its own chain in a game: its receipt, or its lapse.
///
/// # Errors
///
/// Where the entry holds neither.
pub(super) fn signed_over(key: &Keypair, game: GameId, entry: &Entry) -> Result<Item, CodecError> {
    let bytes = entry.receipt.as_slice();
    if entry.seq == LAPSE_SEQ {
        let lapsed: Lapsed = codec::decode(bytes, codec::MAX_ITEM_BYTES)?;
        let (by, lapsed) = (key.order(), key.sign(game, lapsed));
        return Ok(Item::Lapsed { by, lapsed });
    }
    let receipt: Receipt = codec::decode(bytes, codec::MAX_ITEM_BYTES)?;
    Ok(Game::sign_receipt(key, receipt))
}

/// The bytes that take an entry's place in a log that gives up `keys`: what they signed, signed for the last time. `None`
/// where the entry is of no such key, or signed already.
#[must_use]
pub fn signed_for_good(
    keys: &[Keypair],
    by: OrderKey,
    game: GameId,
    entry: &Entry,
) -> Option<Vec<u8>> {
    let key = keys.iter().find(|key| key.order() == by)?;
    let item = signed_over(key, game, entry).ok()?;
    Some(codec::encode(&item))
}

/// The item that a receipt is for, where it is known and is one.
#[must_use]
pub fn receipted(game: &Game, receipt: &Receipt) -> Option<Item> {
    match receipt.what {
        What::Genesis => Some(Item::Genesis(game.genesis().clone())),
        What::Record(hash) => game
            .record(hash)
            .map(|entry| Item::Record(entry.signed.clone())),
        What::Home(hash) => {
            let signed = game.home_signatures().find(|(_, home)| home.hash() == hash);
            signed.map(|(_, home)| Item::Home(*home))
        }
        What::Continued(seat) => game.items().into_iter().find(
            |item| matches!(item, Item::Continued { seat: known, .. } if known.hash() == seat),
        ),
        What::Gap { .. } | What::Flag => None,
    }
}

/// Everything known of a game in the order in which relays ordered it: each record with its receipt behind it, after
/// that what has no receipt. With `after`, only what came behind the receipt of that hash, if it is known.
#[must_use]
pub fn in_order(game: &Game, own: OrderKey, after: Option<Hash>) -> Vec<Item> {
    let mut sent = HashSet::new();
    let mut ordered = Vec::new();
    let mut put = |ordered: &mut Vec<Item>, item: Item| {
        if sent.insert(codec::hash(&item)) {
            ordered.push(item);
        }
    };
    put(&mut ordered, Item::Genesis(game.genesis().clone()));
    let all = game.items();
    let receipts: Vec<(OrderKey, Epoch, Receipt, Item)> = if game.is_clocked() {
        let counted = game.state().counted.iter();
        let signed = counted.filter_map(|counted| {
            let (by, receipt) = game.receipt(counted.hash)?;
            Some((
                by,
                receipt.body.epoch,
                receipt.body,
                Item::Receipt {
                    by,
                    receipt: *receipt,
                },
            ))
        });
        signed.collect()
    } else {
        let own_receipts = all.iter().filter_map(|item| match item {
            Item::Receipt { by, receipt } if *by == own => {
                Some((*by, receipt.body.epoch, receipt.body, item.clone()))
            }
            _ => None,
        });
        own_receipts.collect()
    };
    for (_, epoch, receipt, item) in receipts {
        if epoch > Epoch::ZERO && receipt.seq.get() == 0 {
            for home in all
                .iter()
                .filter(|item| matches!(item, Item::Home(home) if home.body.epoch <= epoch))
            {
                put(&mut ordered, home.clone());
            }
        }
        if let Some(record) = receipted(game, &receipt) {
            put(&mut ordered, record);
        }
        let hash = codec::hash(&receipt);
        put(&mut ordered, item);
        if after == Some(hash) {
            ordered.clear();
        }
    }
    for item in all {
        put(&mut ordered, item);
    }
    if Mutant::NEWEST_UNTOLD.is_on() {
        ordered.pop();
    }
    ordered
}

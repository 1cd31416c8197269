//! Games in the log: how an entry holds receipts, records and lapses, and how a game is read back and added to.

use std::collections::BTreeMap;

use rookery_ledger::id::{Epoch, GameId, OrderKey};
use rookery_ledger::mutant::Mutant;
use rookery_ledger::order::{self, Orderer};
use rookery_ledger::record::{Item, Lapsed, Receipt};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Game, codec};

use crate::order_log::{Append, AppendError, ChainId, Entry, OrderLog, Position, ReadError};

/// The place that a lapse takes in its epoch: one that no receipt reaches.
const LAPSE_SEQ: u64 = u64::MAX;
/// The chain of signed items that are no receipts.
const NOBODY: OrderKey = OrderKey([0; 32]);
/// Entries that are read at once.
const PAGE: usize = 512;

/// A game as it was read.
#[derive(Debug)]
pub struct Loaded {
    /// The game at this relay's order key.
    pub orderer: Orderer,
    /// The end of this relay's own chain.
    pub head: Position,
    /// Whether the log counts the game as one that goes on.
    pub open: bool,
}

fn corrupt(game: GameId, what: impl std::fmt::Display) -> ReadError {
    ReadError::Corrupt(format!("game {game}: {what}"))
}

fn decode<T: serde::Serialize + serde::de::DeserializeOwned>(
    game: GameId,
    bytes: &[u8],
) -> Result<T, ReadError> {
    codec::decode(bytes, codec::MAX_ITEM_BYTES).map_err(|error| corrupt(game, error))
}

/// Reads a game; `None` where the log does not hold it.
///
/// # Errors
///
/// [`ReadError`] where the log cannot be read, or holds what does not decode.
pub async fn load(
    log: &dyn OrderLog,
    key: &Keypair,
    game: GameId,
) -> Result<Option<Loaded>, ReadError> {
    let Some(stored) = log.game(game).await? else {
        return Ok(None);
    };
    let Item::Genesis(genesis) = decode(game, &stored.genesis)? else {
        return Err(corrupt(game, "does not begin with a genesis"));
    };
    let mut state = Game::new(genesis).map_err(|refusal| corrupt(game, refusal))?;
    let own = key.order();
    let mut entries: Vec<(OrderKey, Entry)> = Vec::new();
    let mut head = Position::START;
    for (order_key, last) in stored.chains {
        let mut after = Position::START;
        while after < last {
            let page = log.read(ChainId { game, order_key }, after, PAGE).await?;
            let Some((end, _)) = page.last() else { break };
            after = *end;
            entries.extend(page.into_iter().map(|(_, entry)| (order_key, entry)));
        }
        if order_key == own {
            head = after;
        }
    }
    if Mutant::LAST_FORGOTTEN.is_on() {
        entries.pop();
    }
    if state.is_clocked() {
        // Epochs follow each other across keys. A lapse has no place in that order and comes last in its epoch.
        entries.sort_by_key(|(_, entry)| (entry.epoch, entry.seq));
    } else {
        entries.sort_by_cached_key(|(_, entry)| (height(entry), entry.seq));
    }
    let mut lapsed = Vec::new();
    for (order_key, entry) in entries {
        if let Some(item) = &entry.item {
            insert(&mut state, decode(game, item)?);
        }
        if entry.seq == LAPSE_SEQ {
            let body: Lapsed = decode(game, &entry.receipt)?;
            lapsed.push(body.epoch);
            insert(
                &mut state,
                Item::Lapsed {
                    by: own,
                    lapsed: key.sign(game, body),
                },
            );
        } else if order_key == own {
            let receipt: Receipt = decode(game, &entry.receipt)?;
            insert(&mut state, Game::sign_receipt(key, receipt));
        } else {
            // Receipts of other keys are kept signed. Unsigned ones are of an own key that was given up: it signs no more.
            match codec::decode::<Item>(&entry.receipt, codec::MAX_ITEM_BYTES) {
                Ok(item) => insert(&mut state, item),
                Err(error) => {
                    tracing::debug!(%error, %game, "a receipt of a key that was given up")
                }
            }
        }
    }
    let orderer = Orderer::new(state, own, lapsed);
    Ok(Some(Loaded {
        orderer,
        head,
        open: stored.open,
    }))
}

/// The height of an untimed game's record: what rests on another record comes after it.
fn height(entry: &Entry) -> u64 {
    let item = entry
        .item
        .as_ref()
        .and_then(|item| codec::decode(item, codec::MAX_ITEM_BYTES).ok());
    match item {
        Some(Item::Genesis(_)) => 0,
        Some(Item::Record(record)) => record
            .body
            .place()
            .map_or(u64::MAX, |place| place.height.get()),
        _ => u64::MAX,
    }
}

/// What was accepted before may stand in the log beside what it made void, so a refusal says nothing here.
fn insert(game: &mut Game, item: Item) {
    if let Err(refusal) = game.insert(item) {
        tracing::debug!(%refusal, game = %game.id(), "an item of the log changes nothing");
    }
}

/// Entries of the orderer as the log keeps them.
#[must_use]
pub fn entries(entries: &[order::Entry]) -> Vec<Entry> {
    let entry = |entry: &order::Entry| Entry {
        epoch: entry.receipt.epoch.get(),
        seq: entry.receipt.seq.get(),
        receipt: codec::encode(&entry.receipt),
        item: entry.item.as_ref().map(codec::encode),
    };
    entries.iter().map(entry).collect()
}

/// A lapse as the log keeps it: in the chain of receipts, so that a relay with the same key cannot commit the epoch.
#[must_use]
pub fn lapse_entry(lapsed: &Lapsed) -> Entry {
    Entry {
        epoch: lapsed.epoch.get(),
        seq: LAPSE_SEQ,
        receipt: codec::encode(lapsed),
        item: None,
    }
}

/// Keeps what this relay did not order itself: the receipts that other keys signed, with the records that they are for,
/// and the signatures under every `Home`. A relay that takes a game over needs them to begin where the old home ended,
/// after a restart too.
///
/// # Errors
///
/// [`AppendError`]; what the log has already is left as it is.
pub async fn keep_foreign(
    log: &dyn OrderLog,
    own: OrderKey,
    game: &Game,
) -> Result<(), AppendError> {
    let mut chains: BTreeMap<OrderKey, Vec<Entry>> = BTreeMap::new();
    for item in game.items() {
        let (order_key, epoch, seq, of) = match &item {
            Item::Receipt { by, receipt } if *by != own => {
                let body = &receipt.body;
                (*by, body.epoch, body.seq.get(), receipted(game, body))
            }
            Item::Home(home) => (NOBODY, home.body.epoch, 0, None),
            _ => continue,
        };
        chains.entry(order_key).or_default().push(Entry {
            epoch: epoch.get(),
            seq,
            receipt: codec::encode(&item),
            item: of.map(|item| codec::encode(&item)),
        });
    }
    let genesis = codec::encode(&Item::Genesis(game.genesis().clone()));
    for (order_key, mut entries) in chains {
        let chain = ChainId {
            game: game.id(),
            order_key,
        };
        let stored = log.read(chain, Position::START, usize::MAX).await;
        let stored = stored.map_err(|error| AppendError::Unavailable(error.to_string()))?;
        let expected = stored.last().map_or(Position::START, |(last, _)| *last);
        entries.retain(|entry| stored.iter().all(|(_, old)| old.receipt != entry.receipt));
        let append = Append {
            chain,
            expected,
            genesis: Some(genesis.clone()),
            entries,
            open: None,
        };
        log.append(append).await?;
    }
    Ok(())
}

/// The item that a receipt is for, where it is known and is one.
#[must_use]
pub fn receipted(game: &Game, receipt: &Receipt) -> Option<Item> {
    use rookery_ledger::record::What;
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
pub fn in_order(game: &Game, own: OrderKey, after: Option<rookery_ledger::id::Hash>) -> Vec<Item> {
    let mut sent = std::collections::HashSet::new();
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

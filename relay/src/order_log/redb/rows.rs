//! The tables of the redb log, and how keys and entries look in them.

use redb::TableDefinition;
use rookery_ledger::id::{GameId, OrderKey};

use super::{ChainId, Entry};

/// Chain (game, order key) and position, big-endian, to an entry.
pub(super) const ENTRIES: TableDefinition<'_, &[u8; 72], &[u8]> = TableDefinition::new("entries");
/// Chain to the position of its last entry.
pub(super) const HEADS: TableDefinition<'_, &[u8; 64], u64> = TableDefinition::new("heads");
/// Game to its signed genesis.
pub(super) const GAMES: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("games");
/// The games that go on.
pub(super) const OPEN: TableDefinition<'_, &[u8; 32], ()> = TableDefinition::new("open");
/// Game to all of it in one row (see `archive`). A game is here or in the tables above, never in both.
pub(super) const ARCHIVE: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("archive");
/// Small values: the format, alive marks, what the relay keeps with the log.
pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");

pub(super) fn chain_key(chain: ChainId) -> [u8; 64] {
    let mut key = [0; 64];
    key[..32].copy_from_slice(chain.game.as_bytes());
    key[32..].copy_from_slice(chain.order_key.as_bytes());
    key
}

pub(super) fn entry_key(chain: ChainId, position: u64) -> [u8; 72] {
    let mut key = [0; 72];
    key[..64].copy_from_slice(&chain_key(chain));
    key[64..].copy_from_slice(&position.to_be_bytes());
    key
}

/// Where in [`META`] the order key is under which the log is written.
pub(super) const OWNER_KEY: &str = "owner";
/// Before an order key in hexadecimal that signs no more for what is in the log; the value is when it was given up.
pub(super) const GIVEN_UP: &str = "given-up:";

/// Before a game's name in hexadecimal that was forgotten; the value is when.
pub(super) const FORGOTTEN: &str = "forgotten:";

/// Where in [`META`] it says that a game was forgotten.
pub(super) fn forgotten_key(game: GameId) -> String {
    format!("{FORGOTTEN}{game}")
}

/// Where in [`META`] it says that an order key was given up.
pub(super) fn given_up_key(order_key: OrderKey) -> String {
    format!("{GIVEN_UP}{order_key}")
}

/// Where in [`META`] a value is that the relay keeps with the log.
pub(super) fn own_key(key: &str) -> String {
    format!("own:{key}")
}

/// Where in [`META`] the newest mark of a relay is.
pub(super) fn alive_key(relay: &str) -> String {
    format!("alive:{relay}")
}

/// An entry as the redb log keeps it: `epoch`, `seq`, the receipt's length (4 bytes), the receipt; then a 1 and the item
/// if there is one, else a 0.
#[must_use]
pub fn encode_entry(entry: &Entry) -> Vec<u8> {
    let item = entry.item.as_deref();
    let mut out = Vec::with_capacity(21 + entry.receipt.len() + item.map_or(0, <[u8]>::len));
    out.extend_from_slice(&entry.epoch.to_be_bytes());
    out.extend_from_slice(&entry.seq.to_be_bytes());
    out.extend_from_slice(
        &u32::try_from(entry.receipt.len())
            .unwrap_or(u32::MAX)
            .to_be_bytes(),
    );
    out.extend_from_slice(&entry.receipt);
    out.push(u8::from(item.is_some()));
    out.extend_from_slice(item.unwrap_or_default());
    out
}

/// The entry that [`encode_entry`] wrote; none where the bytes are no such entry.
#[must_use]
pub fn decode_entry(bytes: &[u8]) -> Option<Entry> {
    let (epoch, rest) = bytes.split_first_chunk::<8>()?;
    let (seq, rest) = rest.split_first_chunk::<8>()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (receipt, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    let item = match rest.split_first()? {
        (0, []) => None,
        (1, item) => Some(item.to_vec()),
        _ => return None,
    };
    Some(Entry {
        epoch: u64::from_be_bytes(*epoch),
        seq: u64::from_be_bytes(*seq),
        receipt: receipt.to_vec(),
        item,
    })
}

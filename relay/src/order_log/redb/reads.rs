//! What is read from the store, each from one snapshot of it.

use std::ops::Bound::{Excluded, Unbounded};

use redb::{ReadTransaction, ReadableDatabase as _, ReadableTableMetadata as _};
use rookery_ledger::id::{GameId, Millis, OrderKey};

use super::archive::Archived;
use super::rows::{
    ARCHIVE, ENTRIES, FORGOTTEN, GAMES, HEADS, META, OPEN, alive_key, chain_key, decode_entry,
    entry_key, own_key,
};
use super::{ChainId, Entry, Position, ReadError, Stock, Store, StoredGame, Which};

fn corrupt(what: &str) -> redb::Error {
    redb::Error::Corrupted(what.into())
}

/// A game of the archive.
fn archived(tx: &ReadTransaction, game: GameId) -> Result<Option<Archived>, redb::Error> {
    match tx.open_table(ARCHIVE)?.get(game.as_bytes())? {
        Some(row) => Ok(Some(Archived::decode(row.value())?)),
        None => Ok(None),
    }
}

/// Each read fails with [`ReadError`] where the store is closed, cannot be read or holds what is no entry.
impl Store {
    pub(super) fn reading<T>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, ReadError> {
        let held = self.opened();
        let database = held
            .database
            .as_ref()
            .ok_or_else(|| ReadError::Unavailable("the file cannot be opened".into()))?;
        let result = database
            .begin_read()
            .map_err(redb::Error::from)
            .and_then(|tx| read(&tx));
        result.map_err(|error| match error {
            redb::Error::Corrupted(what) => ReadError::Corrupt(what),
            other => ReadError::Unavailable(other.to_string()),
        })
    }

    /// At most `limit` entries of a chain after `after`, in order.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn read(
        &self,
        chain: ChainId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Entry)>, ReadError> {
        self.reading(|tx| {
            let table = tx.open_table(ENTRIES)?;
            let (first, last) = (
                entry_key(chain, after.0.saturating_add(1)),
                entry_key(chain, u64::MAX),
            );
            let mut found = Vec::new();
            for row in table.range::<&[u8; 72]>(&first..=&last)?.take(limit) {
                let (key, value) = row?;
                let position = key
                    .value()
                    .last_chunk::<8>()
                    .map_or(0, |bytes| u64::from_be_bytes(*bytes));
                let entry = decode_entry(value.value()).ok_or_else(|| corrupt("an entry"))?;
                found.push((Position(position), entry));
            }
            if !found.is_empty() || tx.open_table(GAMES)?.get(chain.game.as_bytes())?.is_some() {
                return Ok(found);
            }
            match archived(tx, chain.game)? {
                Some(archived) => archived.entries(chain.order_key, after, limit),
                None => Ok(found),
            }
        })
    }

    /// A game's genesis and chains, or `None` for a game that is not here.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn game(&self, game: GameId) -> Result<Option<StoredGame>, ReadError> {
        self.reading(|tx| {
            let Some(genesis) = tx
                .open_table(GAMES)?
                .get(game.as_bytes())?
                .map(|row| row.value().to_vec())
            else {
                return Ok(archived(tx, game)?.map(Archived::stored));
            };
            let heads = tx.open_table(HEADS)?;
            let first = chain_key(ChainId {
                game,
                order_key: OrderKey([0; 32]),
            });
            let last = chain_key(ChainId {
                game,
                order_key: OrderKey([0xff; 32]),
            });
            let mut chains = Vec::new();
            for row in heads.range::<&[u8; 64]>(&first..=&last)? {
                let (key, head) = row?;
                let order_key = key
                    .value()
                    .last_chunk::<32>()
                    .ok_or_else(|| corrupt("a chain's name"))?;
                chains.push((OrderKey(*order_key), Position(head.value())));
            }
            let open = tx.open_table(OPEN)?.get(game.as_bytes())?.is_some();
            Ok(Some(StoredGame {
                genesis,
                chains,
                open,
            }))
        })
    }

    /// At most `limit` games with names above `after`, in the order of their names.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn games(
        &self,
        which: Which,
        after: Option<GameId>,
        limit: usize,
    ) -> Result<Vec<GameId>, ReadError> {
        self.reading(|tx| {
            let first = after
                .as_ref()
                .map_or(Unbounded, |game| Excluded(game.as_bytes()));
            let range = (first, Unbounded);
            let mut found = Vec::new();
            let games = tx.open_table(GAMES)?;
            match which {
                Which::All => {
                    for row in games.range::<&[u8; 32]>(range)?.take(limit) {
                        found.push(GameId(*row?.0.value()));
                    }
                    let archive = tx.open_table(ARCHIVE)?;
                    for row in archive.range::<&[u8; 32]>(range)?.take(limit) {
                        found.push(GameId(*row?.0.value()));
                    }
                    found.sort_unstable();
                    found.truncate(limit);
                }
                Which::Open => {
                    for row in tx.open_table(OPEN)?.range::<&[u8; 32]>(range)?.take(limit) {
                        found.push(GameId(*row?.0.value()));
                    }
                }
                Which::Resting => {
                    let open = tx.open_table(OPEN)?;
                    for row in games.range::<&[u8; 32]>(range)? {
                        if found.len() >= limit {
                            break;
                        }
                        let game = *row?.0.value();
                        if open.get(&game)?.is_none() {
                            found.push(GameId(game));
                        }
                    }
                }
            }
            Ok(found)
        })
    }

    /// How many games there are, without looking at them.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn stock(&self) -> Result<Stock, ReadError> {
        self.reading(|tx| {
            Ok(Stock {
                live: tx.open_table(GAMES)?.len()?,
                archived: tx.open_table(ARCHIVE)?.len()?,
            })
        })
    }

    /// The newest durable mark of `relay`.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn alive_mark(&self, relay: &str) -> Result<Option<Millis>, ReadError> {
        self.reading(|tx| {
            let Some(row) = tx.open_table(META)?.get(alive_key(relay).as_str())? else {
                return Ok(None);
            };
            let bytes = row
                .value()
                .try_into()
                .map_err(|_| corrupt("an alive mark"))?;
            Ok(Some(Millis::new(u64::from_be_bytes(bytes))))
        })
    }

    /// The games that were forgotten.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn forgotten(&self) -> Result<Vec<GameId>, ReadError> {
        self.reading(|tx| {
            let mut found = Vec::new();
            for row in tx.open_table(META)?.range(FORGOTTEN..)? {
                let (key, _) = row?;
                let Some(game) = key.value().strip_prefix(FORGOTTEN) else {
                    break;
                };
                found.push(game.parse().map_err(|_| corrupt("a forgotten game"))?);
            }
            Ok(found)
        })
    }

    /// A small value kept with the log.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
        self.reading(|tx| {
            Ok(tx
                .open_table(META)?
                .get(own_key(key).as_str())?
                .map(|row| row.value().to_vec()))
        })
    }
}

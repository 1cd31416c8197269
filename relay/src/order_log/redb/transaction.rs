//! The one transaction of a commit: what each write does to the tables.

use redb::{Database, ReadableTable as _, Table, WriteTransaction};
use rookery_ledger::id::{GameId, OrderKey};
use rookery_ledger::mutant::Mutant;

use super::archive::Archived;
use super::rows::{
    ARCHIVE, ENTRIES, GAMES, HEADS, META, OPEN, alive_key, chain_key, encode_entry, entry_key,
    forgotten_key, own_key,
};
use super::store::begin;
use super::{Append, AppendError, ChainId, Position, Write};

/// Counts commits for ever.
pub(super) const COMMITS_KEY: &str = "commits";

/// A result for each write, and how many commits there were.
type Committing = (Vec<Result<Position, AppendError>>, u64);

/// Puts the writes into one transaction.
pub(super) fn write(database: &Database, writes: &[Write]) -> Result<Committing, redb::Error> {
    let tx = begin(database)?;
    let mut results = Vec::with_capacity(writes.len());
    let commits;
    {
        let mut tables = Tables::open(&tx)?;
        commits = tables.count()?;
        for write in writes {
            results.push(tables.write(write)?);
        }
    }
    tx.commit()?;
    Ok((results, commits))
}

/// The tables of a transaction.
struct Tables<'tx> {
    entries: Table<'tx, &'static [u8; 72], &'static [u8]>,
    heads: Table<'tx, &'static [u8; 64], u64>,
    games: Table<'tx, &'static [u8; 32], &'static [u8]>,
    open: Table<'tx, &'static [u8; 32], ()>,
    archive: Table<'tx, &'static [u8; 32], &'static [u8]>,
    meta: Table<'tx, &'static str, &'static [u8]>,
}

/// The rows of a game's chains, from the first to the last.
fn chains_of(game: GameId) -> (ChainId, ChainId) {
    let of = |order_key| ChainId {
        game,
        order_key: OrderKey(order_key),
    };
    (of([0; 32]), of([0xff; 32]))
}

impl<'tx> Tables<'tx> {
    fn open(tx: &'tx WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            entries: tx.open_table(ENTRIES)?,
            heads: tx.open_table(HEADS)?,
            games: tx.open_table(GAMES)?,
            open: tx.open_table(OPEN)?,
            archive: tx.open_table(ARCHIVE)?,
            meta: tx.open_table(META)?,
        })
    }

    /// Counts this commit.
    fn count(&mut self) -> Result<u64, redb::Error> {
        let before = self
            .meta
            .get(COMMITS_KEY)?
            .and_then(|count| count.value().try_into().ok());
        let commits = before.map_or(0, u64::from_be_bytes) + 1;
        self.meta
            .insert(COMMITS_KEY, commits.to_be_bytes().as_slice())?;
        Ok(commits)
    }

    fn write(&mut self, write: &Write) -> Result<Result<Position, AppendError>, redb::Error> {
        match write {
            Write::Append(append) => return self.append(append),
            Write::SetMeta(key, value) => {
                self.meta.insert(own_key(key).as_str(), value.as_slice())?;
            }
            Write::Forget(game, at) => {
                self.remove(*game)?;
                self.archive.remove(game.as_bytes())?;
                let at = at.get().to_be_bytes();
                self.meta
                    .insert(forgotten_key(*game).as_str(), at.as_slice())?;
            }
            Write::Archive(game) => {
                let archived = self.archive(*game)?;
                return Ok(Ok(Position(archived.into())));
            }
            Write::Mark(relay, at) => {
                let at = at.get().to_be_bytes();
                self.meta.insert(alive_key(relay).as_str(), at.as_slice())?;
            }
        }
        Ok(Ok(Position::START))
    }

    fn append(&mut self, append: &Append) -> Result<Result<Position, AppendError>, redb::Error> {
        let id = append.chain.game;
        // Only a game that is new here can have been forgotten: of others the entries are there.
        if append.genesis.is_some() && self.meta.get(forgotten_key(id).as_str())?.is_some() {
            return Ok(Err(AppendError::Unavailable(
                "the game was forgotten".into(),
            )));
        }
        let chain = chain_key(append.chain);
        let live = self.heads.get(&chain)?.map(|head| head.value());
        let archived = match live {
            Some(_) => None,
            // What cannot be read there is no reason to refuse the writes beside it.
            None => match self.archived(id) {
                Err(redb::Error::Corrupted(what)) => {
                    return Ok(Err(AppendError::Unavailable(what)));
                }
                archived => archived?,
            },
        };
        let mut head = match &archived {
            Some(archived) => archived.head(append.chain.order_key),
            None => live.unwrap_or(0),
        };
        if head != append.expected.0 && !Mutant::APPENDS_ANYWHERE.is_on() {
            let actual = Position(head);
            return Ok(Err(AppendError::Conflict { actual }));
        }
        if let Some(archived) = archived {
            self.restore(id, &archived)?;
        }
        let last = append.entries.len().saturating_sub(1);
        for (at, entry) in append.entries.iter().enumerate() {
            if Mutant::LAST_NOT_APPENDED.is_on() && at > 0 && at == last {
                continue;
            }
            head += 1;
            let key = entry_key(append.chain, head);
            self.entries.insert(&key, encode_entry(entry).as_slice())?;
        }
        if !append.entries.is_empty() {
            self.heads.insert(&chain, head)?;
        }
        let game = id.as_bytes();
        if let Some(genesis) = &append.genesis
            && self.games.get(game)?.is_none()
        {
            self.games.insert(game, genesis.as_slice())?;
        }
        match append.open {
            Some(true) => drop(self.open.insert(game, ())?),
            Some(false) => drop(self.open.remove(game)?),
            None => {}
        }
        Ok(Ok(Position(head)))
    }

    /// Removes a game's rows outside of the archive.
    fn remove(&mut self, game: GameId) -> Result<(), redb::Error> {
        let (first, last) = chains_of(game);
        let rows = (entry_key(first, 0), entry_key(last, u64::MAX));
        self.entries
            .retain_in::<&[u8; 72], _>(&rows.0..=&rows.1, |_, _| false)?;
        let chains = (chain_key(first), chain_key(last));
        self.heads
            .retain_in::<&[u8; 64], _>(&chains.0..=&chains.1, |_, _| false)?;
        self.games.remove(game.as_bytes())?;
        self.open.remove(game.as_bytes())?;
        Ok(())
    }

    /// Makes one row of all that a game has, unless it goes on, is large or has a gap; whether it did.
    fn archive(&mut self, game: GameId) -> Result<bool, redb::Error> {
        if self.open.get(game.as_bytes())?.is_some() {
            return Ok(false);
        }
        let archived = self.gather(game)?.filter(Archived::fits);
        let Some(row) = archived.and_then(|archived| archived.encode()) else {
            return Ok(false);
        };
        self.remove(game)?;
        self.archive.insert(game.as_bytes(), row.as_slice())?;
        Ok(true)
    }

    /// All that a game has outside of the archive.
    fn gather(&self, game: GameId) -> Result<Option<Archived>, redb::Error> {
        let Some(genesis) = self.games.get(game.as_bytes())? else {
            return Ok(None);
        };
        let mut archived = Archived {
            genesis: genesis.value().to_vec(),
            chains: Vec::new(),
        };
        let (first, last) = chains_of(game);
        let (from, to) = (chain_key(first), chain_key(last));
        for row in self.heads.range::<&[u8; 64]>(&from..=&to)? {
            let (key, head) = row?;
            let Some(order_key) = key.value().last_chunk::<32>() else {
                return Ok(None);
            };
            let order_key = OrderKey(*order_key);
            let chain = ChainId { game, order_key };
            let (from, to) = (entry_key(chain, 0), entry_key(chain, u64::MAX));
            let mut rows = Vec::new();
            for row in self.entries.range::<&[u8; 72]>(&from..=&to)? {
                let (key, row) = row?;
                rows.push(row.value().to_vec());
                // In the archive an entry's place is known by its turn alone.
                if *key.value() != entry_key(chain, rows.len() as u64) {
                    return Ok(None);
                }
            }
            if rows.len() as u64 != head.value() {
                return Ok(None);
            }
            archived.chains.push((order_key, rows));
        }
        Ok(Some(archived))
    }

    /// A game that is in the archive.
    fn archived(&self, game: GameId) -> Result<Option<Archived>, redb::Error> {
        if self.games.get(game.as_bytes())?.is_some() {
            return Ok(None);
        }
        match self.archive.get(game.as_bytes())? {
            Some(row) => Ok(Some(Archived::decode(row.value())?)),
            None => Ok(None),
        }
    }

    /// Puts a game of the archive back among the others, as it was.
    fn restore(&mut self, game: GameId, archived: &Archived) -> Result<(), redb::Error> {
        for (order_key, rows) in &archived.chains {
            let order_key = *order_key;
            let chain = ChainId { game, order_key };
            for (position, row) in (1..).zip(rows) {
                self.entries
                    .insert(&entry_key(chain, position), row.as_slice())?;
            }
            self.heads.insert(&chain_key(chain), rows.len() as u64)?;
        }
        self.games
            .insert(game.as_bytes(), archived.genesis.as_slice())?;
        self.archive.remove(game.as_bytes())?;
        Ok(())
    }
}

//! Giving order keys up: what they signed is kept signed from then on, for they sign no more.

use std::ops::Bound::{Excluded, Unbounded};

use redb::{Database, ReadableDatabase as _, ReadableTable as _};
use rookery_ledger::id::{GameId, Millis, OrderKey};

use super::archive;
use super::backup::signed;
use super::rows::{ARCHIVE, ENTRIES, GIVEN_UP, META, OWNER_KEY, given_up_key};
use super::store::{Store, begin};
use super::{Entry, ReadError};

/// Rows that share a commit: some megabytes.
const ROWS: usize = 4_096;
/// Games of the archive that share a commit: some megabytes too.
const GAMES: usize = 256;

/// An order key that signs no more for what is in the log, and when it was given up.
pub type GivenUp = (OrderKey, Millis);

/// What somebody who has the key signs over an entry of its chain in a game, if anything is left to sign.
pub type Sign<'a> = &'a dyn Fn(OrderKey, GameId, &Entry) -> Option<Vec<u8>>;

impl Store {
    /// Rewrites every entry that `sign` signs, and notes that `keys` are given up at `at`: the log opens under none of them
    /// any more. Gives how many entries were rewritten. Broken off by a crash it begins again.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn retire(
        &self,
        keys: &[OrderKey],
        at: Millis,
        sign: Sign<'_>,
    ) -> Result<u64, Box<redb::Error>> {
        let held = self.opened();
        match &held.database {
            Some(database) => retire(database, keys, at, sign).map_err(Box::new),
            None => Err(Box::new(redb::Error::DatabaseClosed)),
        }
    }

    /// The order keys that were given up, the oldest first.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the store is closed or cannot be read.
    pub fn given_up(&self) -> Result<Vec<GivenUp>, ReadError> {
        self.reading(|tx| {
            let meta = tx.open_table(META)?;
            let mut found = Vec::new();
            for row in meta.range(GIVEN_UP..)? {
                let (key, at) = row?;
                let Some(key) = key.value().strip_prefix(GIVEN_UP) else {
                    break;
                };
                let at = at.value().try_into().map_or(0, u64::from_be_bytes);
                if let Ok(key) = key.parse() {
                    found.push((key, Millis::new(at)));
                }
            }
            found.sort_by_key(|(key, at)| (*at, *key));
            Ok(found)
        })
    }

    /// Notes under which order key the log is written from here on.
    pub(super) fn set_owner(&self, owner: OrderKey) -> Result<(), redb::Error> {
        let held = self.opened();
        let Some(database) = &held.database else {
            return Err(redb::Error::DatabaseClosed);
        };
        let tx = begin(database)?;
        tx.open_table(META)?
            .insert(OWNER_KEY, owner.as_bytes().as_slice())?;
        tx.commit()?;
        Ok(())
    }
}

fn retire(
    database: &Database,
    keys: &[OrderKey],
    at: Millis,
    sign: Sign<'_>,
) -> Result<u64, redb::Error> {
    let (mut from, mut count) = ([0; 72], 0);
    loop {
        let (batch, next) = batch(database, &from, sign)?;
        count += batch.len() as u64;
        if !batch.is_empty() {
            let tx = begin(database)?;
            {
                let mut entries = tx.open_table(ENTRIES)?;
                for (key, row) in &batch {
                    entries.insert(key, row.as_slice())?;
                }
            }
            tx.commit()?;
        }
        match next {
            Some(next) => from = next,
            None => break,
        }
    }
    count += retire_archive(database, sign)?;
    let tx = begin(database)?;
    {
        let mut meta = tx.open_table(META)?;
        for key in keys {
            let at = at.get().to_be_bytes();
            let key = given_up_key(*key);
            if meta.get(key.as_str())?.is_none() {
                meta.insert(key.as_str(), at.as_slice())?;
            }
        }
    }
    tx.commit()?;
    Ok(count)
}

/// The same for the archive.
fn retire_archive(database: &Database, sign: Sign<'_>) -> Result<u64, redb::Error> {
    let (mut after, mut count) = (None, 0);
    loop {
        let (mut rows, mut last) = (Vec::new(), None);
        {
            let tx = database.begin_read()?;
            let first = after.as_ref().map_or(Unbounded, Excluded);
            let table = tx.open_table(ARCHIVE)?;
            for row in table.range::<&[u8; 32]>((first, Unbounded))?.take(GAMES) {
                let (key, value) = row?;
                let game = *key.value();
                if let Some((row, entries)) = archive::signed(GameId(game), value.value(), sign)? {
                    rows.push((game, row));
                    count += entries;
                }
                last = Some(game);
            }
        }
        if !rows.is_empty() {
            let tx = begin(database)?;
            {
                let mut table = tx.open_table(ARCHIVE)?;
                for (game, row) in &rows {
                    table.insert(game, row.as_slice())?;
                }
            }
            tx.commit()?;
        }
        if last.is_none() {
            return Ok(count);
        }
        after = last;
    }
}

/// Rows by key, as they are to be.
type Rows = Vec<([u8; 72], Vec<u8>)>;

/// The next rows that have to be rewritten, and where the others begin.
fn batch(
    database: &Database,
    from: &[u8; 72],
    sign: Sign<'_>,
) -> Result<(Rows, Option<[u8; 72]>), redb::Error> {
    let tx = database.begin_read()?;
    let mut rows = Vec::new();
    for row in tx.open_table(ENTRIES)?.range::<&[u8; 72]>(from..)? {
        let (key, value) = row?;
        let key = *key.value();
        if rows.len() >= ROWS {
            return Ok((rows, Some(key)));
        }
        if let Some(signed) = signed(&key, value.value(), sign) {
            rows.push((key, signed));
        }
    }
    Ok((rows, None))
}

//! A copy of the log while it is written: its rows from one snapshot, and a file that is made of them elsewhere. In the copy
//! the order key is given up, for what the log goes on to take the copy will not know.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _};
use rookery_ledger::id::{GameId, Millis, OrderKey};

use super::archive;
use super::retire::Sign;
use super::rows::{
    ARCHIVE, ENTRIES, GAMES, HEADS, META, OPEN, OWNER_KEY, decode_entry, encode_entry, given_up_key,
};
use super::store::{Store, begin, builder, prepare};
use super::{Entry, ReadError};

/// Rows between two looks at whether the log is still open, and rows that share a commit in the copy.
const ROWS: u64 = 4_096;

/// Which table a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Table {
    /// Entries by chain and position.
    Entries = 1,
    /// The last position by chain, big-endian.
    Heads = 2,
    /// The genesis by game.
    Games = 3,
    /// Games that go on; no values.
    Open = 4,
    /// Small values by text.
    Meta = 5,
    /// Games of the archive.
    Archive = 6,
}

impl Table {
    /// The table of this number.
    #[must_use]
    pub const fn of(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Entries,
            2 => Self::Heads,
            3 => Self::Games,
            4 => Self::Open,
            5 => Self::Meta,
            6 => Self::Archive,
            _ => return None,
        })
    }
}

/// A copy cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The log was closed, or opened anew after an error.
    #[error("the log was closed meanwhile")]
    Closed,
    /// The log cannot be read, or the copy not be written.
    #[error(transparent)]
    Database(#[from] Box<redb::Error>),
    /// Who takes the rows, or the copy's file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A row that is none.
    #[error("a row of the copy is broken")]
    Row,
}

fn database(error: impl Into<redb::Error>) -> CopyError {
    CopyError::Database(Box::new(error.into()))
}

/// Takes a row: its table, its key, its value.
pub type Put<'a> = &'a mut dyn FnMut(Table, &[u8], &[u8]) -> io::Result<()>;

impl Store {
    /// Gives every row of one moment to `put`; writers go on meanwhile. Entries are signed by `sign`, and `owner`, the order
    /// key under which this log is written, counts as given up at `at`. Gives how many rows there were.
    ///
    /// # Errors
    ///
    /// [`CopyError`]; with that of `put` it ends.
    pub fn export(
        &self,
        owner: OrderKey,
        at: Millis,
        sign: Sign<'_>,
        put: Put<'_>,
    ) -> Result<u64, CopyError> {
        // The lock must not be held: whoever closes the log or opens it anew would wait for whoever reads the copy.
        let (tx, opened) = {
            let held = self.opened();
            let database = held.database.as_ref().ok_or(CopyError::Closed)?;
            (database.begin_read().map_err(self::database)?, held.opened)
        };
        let mut count = 0_u64;
        let mut put = |table: Table, key: &[u8], value: &[u8]| {
            count += 1;
            if count.is_multiple_of(ROWS) && self.locked().opened != opened {
                return Err(CopyError::Closed);
            }
            put(table, key, value).map_err(CopyError::from)
        };
        rows(&tx, sign, &mut put)?;
        let at = at.get().to_be_bytes();
        put(Table::Meta, given_up_key(owner).as_bytes(), &at)?;
        Ok(count)
    }

    /// How often the log was ever committed to.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the store is closed or cannot be read.
    pub fn position(&self) -> Result<u64, ReadError> {
        self.reading(super::store::commits)
    }
}

fn rows(
    tx: &ReadTransaction,
    sign: Sign<'_>,
    mut put: impl FnMut(Table, &[u8], &[u8]) -> Result<(), CopyError>,
) -> Result<(), CopyError> {
    for row in tx
        .open_table(META)
        .map_err(database)?
        .iter()
        .map_err(database)?
    {
        let (key, value) = row.map_err(database)?;
        if key.value() != OWNER_KEY {
            put(Table::Meta, key.value().as_bytes(), value.value())?;
        }
    }
    for row in tx
        .open_table(GAMES)
        .map_err(database)?
        .iter()
        .map_err(database)?
    {
        let (key, value) = row.map_err(database)?;
        put(Table::Games, key.value(), value.value())?;
    }
    for row in tx
        .open_table(OPEN)
        .map_err(database)?
        .iter()
        .map_err(database)?
    {
        let (key, _) = row.map_err(database)?;
        put(Table::Open, key.value(), &[])?;
    }
    for row in tx
        .open_table(HEADS)
        .map_err(database)?
        .iter()
        .map_err(database)?
    {
        let (key, value) = row.map_err(database)?;
        put(Table::Heads, key.value(), &value.value().to_be_bytes())?;
    }
    for row in tx
        .open_table(ENTRIES)
        .map_err(database)?
        .iter()
        .map_err(database)?
    {
        let (key, value) = row.map_err(database)?;
        match signed(key.value(), value.value(), sign) {
            Some(signed) => put(Table::Entries, key.value(), &signed)?,
            None => put(Table::Entries, key.value(), value.value())?,
        }
    }
    for row in tx
        .open_table(ARCHIVE)
        .map_err(database)?
        .iter()
        .map_err(database)?
    {
        let (key, value) = row.map_err(database)?;
        let signed = archive::signed(GameId(*key.value()), value.value(), sign);
        match signed.map_err(database)? {
            Some((signed, _)) => put(Table::Archive, key.value(), &signed)?,
            None => put(Table::Archive, key.value(), value.value())?,
        }
    }
    Ok(())
}

/// A row of [`ENTRIES`] as it is when its key is given up, where that is another one.
pub(super) fn signed(key: &[u8; 72], row: &[u8], sign: Sign<'_>) -> Option<Vec<u8>> {
    let (game, rest) = key.split_first_chunk::<32>()?;
    let (order_key, _) = rest.split_first_chunk::<32>()?;
    signed_row(OrderKey(*order_key), GameId(*game), row, sign)
}

/// The same for a row of this chain.
pub(super) fn signed_row(
    order_key: OrderKey,
    game: GameId,
    row: &[u8],
    sign: Sign<'_>,
) -> Option<Vec<u8>> {
    let entry = decode_entry(row)?;
    let receipt = sign(order_key, game, &entry)?;
    Some(encode_entry(&Entry { receipt, ..entry }))
}

/// A log that is made of rows.
#[derive(Debug)]
pub struct Copied {
    database: Database,
    rows: Vec<(Table, Vec<u8>, Vec<u8>)>,
}

impl Copied {
    /// Makes the file `path`, readable by its owner alone; there must be none yet.
    ///
    /// # Errors
    ///
    /// [`CopyError`] where it is there, or cannot be written.
    pub fn create(path: &Path) -> Result<Self, CopyError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = FileBackend::new(options.open(path)?).map_err(self::database)?;
        let database = builder()
            .create_with_backend(file)
            .map_err(self::database)?;
        prepare(&database).map_err(self::database)?;
        Ok(Self {
            database,
            rows: Vec::new(),
        })
    }

    /// Takes a row.
    ///
    /// # Errors
    ///
    /// [`CopyError`] where it is none, or cannot be written.
    pub fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), CopyError> {
        self.rows.push((table, key.into(), value.into()));
        if self.rows.len() as u64 >= ROWS {
            self.commit()?;
        }
        Ok(())
    }

    /// The copy is whole, and durable when this returns.
    ///
    /// # Errors
    ///
    /// As [`Copied::put`].
    pub fn finish(mut self) -> Result<(), CopyError> {
        self.commit()
    }

    fn commit(&mut self) -> Result<(), CopyError> {
        let tx = begin(&self.database).map_err(database)?;
        {
            let mut entries = tx.open_table(ENTRIES).map_err(database)?;
            let mut heads = tx.open_table(HEADS).map_err(database)?;
            let mut games = tx.open_table(GAMES).map_err(database)?;
            let mut open = tx.open_table(OPEN).map_err(database)?;
            let mut archive = tx.open_table(ARCHIVE).map_err(database)?;
            let mut meta = tx.open_table(META).map_err(database)?;
            for (table, key, value) in self.rows.drain(..) {
                let (key, value) = (key.as_slice(), value.as_slice());
                match table {
                    Table::Entries => {
                        drop(entries.insert(fixed::<72>(key)?, value).map_err(database)?);
                    }
                    Table::Heads => {
                        let head = u64::from_be_bytes(*fixed(value)?);
                        drop(heads.insert(fixed::<64>(key)?, head).map_err(database)?);
                    }
                    Table::Games => {
                        drop(games.insert(fixed::<32>(key)?, value).map_err(database)?);
                    }
                    Table::Open => drop(open.insert(fixed::<32>(key)?, ()).map_err(database)?),
                    Table::Archive => {
                        drop(archive.insert(fixed::<32>(key)?, value).map_err(database)?);
                    }
                    Table::Meta => {
                        let key = std::str::from_utf8(key).map_err(|_| CopyError::Row)?;
                        drop(meta.insert(key, value).map_err(database)?);
                    }
                }
            }
        }
        tx.commit().map_err(database)
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<&[u8; N], CopyError> {
    bytes.try_into().map_err(|_| CopyError::Row)
}

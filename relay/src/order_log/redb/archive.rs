//! A game that rests, as one row: all that its rows held, byte by byte, without their keys and packed. Whoever reads it is
//! answered as before, and an append puts the rows back first, so that nobody can tell where a game is.

use rookery_ledger::id::{GameId, OrderKey};

use super::backup::signed_row;
use super::retire::Sign;
use super::rows::decode_entry;
use super::{Entry, Position, StoredGame};

/// The layout of a row.
const VERSION: u8 = 1;
/// How hard the rows are packed. What is left is signatures and hashes, on which more work is lost.
const LEVEL: i32 = 3;
/// The most that one game may have, bytes; a larger one stays as it is. A game of 80 plies has 60 kB. With signatures over
/// every entry it is at most twice as large, and still fits into a row of a backup (1 MiB).
const LARGEST: usize = 400_000;
/// The most that is ever unpacked, bytes.
const MOST_BYTES: usize = 4 << 20;

/// A game as the archive holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Archived {
    /// The signed genesis.
    pub(super) genesis: Vec<u8>,
    /// The rows of each chain from position 1 on, by order key.
    pub(super) chains: Vec<(OrderKey, Vec<Vec<u8>>)>,
}

fn corrupt() -> redb::Error {
    redb::Error::Corrupted("a game of the archive".into())
}

impl Archived {
    /// The row; none where the game is too large for one.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let mut plain = Vec::new();
        put(&mut plain, &self.genesis)?;
        for (order_key, rows) in &self.chains {
            plain.extend_from_slice(order_key.as_bytes());
            plain.extend_from_slice(&u32::try_from(rows.len()).ok()?.to_be_bytes());
            for row in rows {
                put(&mut plain, row)?;
            }
        }
        if plain.len() > MOST_BYTES {
            return None;
        }
        let packed = zstd::bulk::compress(&plain, LEVEL).ok()?;
        let mut row = Vec::with_capacity(5 + packed.len());
        row.push(VERSION);
        row.extend_from_slice(&u32::try_from(plain.len()).ok()?.to_be_bytes());
        row.extend_from_slice(&packed);
        Some(row)
    }

    /// The game that [`Archived::encode`] made a row of.
    pub(super) fn decode(row: &[u8]) -> Result<Self, redb::Error> {
        Self::unpacked(row).ok_or_else(corrupt)
    }

    fn unpacked(row: &[u8]) -> Option<Self> {
        let (VERSION, row) = row.split_first().map(|(version, row)| (*version, row))? else {
            return None;
        };
        let (len, packed) = row.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        if len > MOST_BYTES {
            return None;
        }
        let plain = zstd::bulk::decompress(packed, len).ok()?;
        if plain.len() != len {
            return None;
        }
        let mut rest = plain.as_slice();
        let genesis = take(&mut rest)?;
        let mut chains = Vec::new();
        while !rest.is_empty() {
            let order_key;
            (order_key, rest) = rest.split_first_chunk::<32>()?;
            let count;
            (count, rest) = rest.split_first_chunk::<4>()?;
            let mut rows = Vec::new();
            for _ in 0..u32::from_be_bytes(*count) {
                rows.push(take(&mut rest)?);
            }
            chains.push((OrderKey(*order_key), rows));
        }
        Some(Self { genesis, chains })
    }

    /// Whether it is small enough to be archived.
    pub(super) fn fits(&self) -> bool {
        let rows = self.chains.iter().flat_map(|(_, rows)| rows);
        let bytes: usize = rows.map(Vec::len).sum();
        self.genesis.len() + bytes <= LARGEST
    }

    /// Where a chain ends.
    pub(super) fn head(&self, order_key: OrderKey) -> u64 {
        let of = self.chains.iter().find(|(key, _)| *key == order_key);
        of.map_or(0, |(_, rows)| rows.len() as u64)
    }

    /// What [`Store::game`](super::Store::game) says of it.
    pub(super) fn stored(self) -> StoredGame {
        let chains = self.chains.into_iter();
        StoredGame {
            genesis: self.genesis,
            chains: chains
                .map(|(key, rows)| (key, Position(rows.len() as u64)))
                .collect(),
            open: false,
        }
    }

    /// What [`Store::read`](super::Store::read) says of it.
    pub(super) fn entries(
        &self,
        order_key: OrderKey,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Entry)>, redb::Error> {
        let of = self.chains.iter().find(|(key, _)| *key == order_key);
        let rows = of.map_or(&[][..], |(_, rows)| rows.as_slice());
        let placed = (1..).map(Position).zip(rows);
        let behind = placed.filter(|(position, _)| *position > after);
        behind
            .take(limit)
            .map(|(position, row)| Ok((position, decode_entry(row).ok_or_else(corrupt)?)))
            .collect()
    }
}

/// A row of the archive as it is when the keys that `sign` signs with are given up, where that is another one, and how many
/// entries of it are others.
pub(super) fn signed(
    game: GameId,
    row: &[u8],
    sign: Sign<'_>,
) -> Result<Option<(Vec<u8>, u64)>, redb::Error> {
    let mut archived = Archived::decode(row)?;
    let mut count = 0;
    for (order_key, rows) in &mut archived.chains {
        for row in rows {
            if let Some(signed) = signed_row(*order_key, game, row, sign) {
                *row = signed;
                count += 1;
            }
        }
    }
    if count == 0 {
        return Ok(None);
    }
    let row = archived.encode().ok_or_else(corrupt)?;
    Ok(Some((row, count)))
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    out.extend_from_slice(&u32::try_from(bytes.len()).ok()?.to_be_bytes());
    out.extend_from_slice(bytes);
    Some(())
}

fn take(from: &mut &[u8]) -> Option<Vec<u8>> {
    let (len, rest) = from.split_first_chunk::<4>()?;
    let (bytes, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    *from = rest;
    Some(bytes.to_vec())
}

//! The signed game as a file (`.rook`): a DAG-CBOR sequence of items, genesis first.

use crate::codec::{self, CodecError, MAX_ITEM_BYTES};
use crate::game::Game;
use crate::record::Item;
use crate::refusal::Refusal;

/// The most bytes of a file: more than every item that a game may keep in its usual size.
pub const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;

/// The bytes of a file.
#[must_use]
pub fn write<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<u8> {
    items.into_iter().flat_map(codec::encode).collect()
}

/// The items of a file.
///
/// # Errors
///
/// [`CodecError`] where the file is too large, or an item is malformed, too large or not canonical.
pub fn read(bytes: &[u8]) -> Result<Vec<Item>, CodecError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(CodecError::TooLarge {
            len: bytes.len(),
            max: MAX_FILE_BYTES,
        });
    }
    let (mut rest, mut items) = (bytes, Vec::new());
    while !rest.is_empty() {
        let (item, behind) = codec::split_first(rest)?;
        items.push(codec::decode(item, MAX_ITEM_BYTES)?);
        rest = behind;
    }
    Ok(items)
}

/// The game in a file, with the number of its first item that was refused, if any, and why.
///
/// # Errors
///
/// A [`Refusal`] where the file cannot be read or does not begin with a valid genesis.
pub fn open(bytes: &[u8]) -> Result<(Game, Option<(usize, Refusal)>), Refusal> {
    let mut items = read(bytes)?.into_iter().enumerate();
    let Some((_, Item::Genesis(genesis))) = items.next() else {
        return Err(Refusal::BadGenesis(
            "the file does not begin with a genesis",
        ));
    };
    let mut game = Game::new(genesis)?;
    let mut refused = None;
    for (at, item) in items {
        if let Err(refusal) = game.insert(item) {
            refused.get_or_insert((at, refusal));
        }
    }
    Ok((game, refused))
}

//! Canonical DAG-CBOR. There is one byte string for each value; anything else is refused.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::mutant::Mutant;

use crate::id::{Hash, MAX_INT};

/// The most bytes that one record, receipt or message may have, its signature included.
///
/// The largest is a genesis with [`crate::genesis::MAX_MOVES`] moves of at most 6 bytes each; a move has about 270 bytes.
pub const MAX_ITEM_BYTES: usize = 8 * 1024;
/// How deep lists and maps may lie in each other. The deepest value of the protocol, a frame with a game's continuation,
/// needs 10.
pub const MAX_DEPTH: usize = 16;

/// The longest text of an error that comes with [`CodecError::Malformed`], bytes.
const MAX_ERROR_BYTES: usize = 120;

/// Why bytes are no value of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// More bytes than the kind may have.
    #[error("{len} bytes, at most {max} are allowed")]
    TooLarge {
        /// Bytes there were.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// Not DAG-CBOR, or not of this shape; the text says where it stopped.
    #[error("not a value of this kind: {0}")]
    Malformed(String),
    /// CBOR, but not in its one canonical form, or with fields that are not known.
    #[error("not in canonical form, or with an unknown field")]
    NotCanonical,
}

impl CodecError {
    /// The stable code of this error on the wire.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::Malformed(_) => "malformed",
            Self::NotCanonical => "not-canonical",
        }
    }

    /// `text`, cut so that what a peer sends cannot swell a log.
    fn malformed(mut text: String) -> Self {
        let cut = text.floor_char_boundary(MAX_ERROR_BYTES);
        text.truncate(cut);
        Self::Malformed(text)
    }
}

/// The canonical bytes of a value.
///
/// Values of this crate always encode; a foreign `Serialize` that fails gives no bytes.
#[must_use]
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    serde_ipld_dagcbor::to_vec(value).unwrap_or_default()
}

/// The value that `bytes` stand for.
///
/// # Errors
///
/// [`CodecError`] where `bytes` are longer than `max`, are not of the shape of `T`, or are not what [`encode`] gives for the value.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8], max: usize) -> Result<T, CodecError> {
    if bytes.len() > max {
        return Err(CodecError::TooLarge {
            len: bytes.len(),
            max,
        });
    }
    let (item, rest) = split_first(bytes)?;
    if !rest.is_empty() && !Mutant::BYTES_BEHIND.is_on() {
        return Err(CodecError::malformed("more bytes behind the value".into()));
    }
    let value: T = serde_ipld_dagcbor::from_slice(item)
        .map_err(|error| CodecError::malformed(error.to_string()))?;
    if encode(&value) == item || Mutant::ANY_FORM.is_on() {
        Ok(value)
    } else {
        Err(CodecError::NotCanonical)
    }
}

/// Cuts the first value off `bytes`, after a look at its form that allocates nothing: lengths that are there, integers in
/// their shortest form and at most 2^53 - 1, keys that are text and strictly in order, no tags, floats or open lengths.
///
/// # Errors
///
/// [`CodecError::Malformed`] where there is no whole value, [`CodecError::NotCanonical`] where it has another form.
pub fn split_first(bytes: &[u8]) -> Result<(&[u8], &[u8]), CodecError> {
    let mut scanner = Scanner { bytes, at: 0 };
    scanner.value(MAX_DEPTH)?;
    Ok(bytes.split_at(scanner.at))
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn take(&mut self, len: u64) -> Result<&'a [u8], CodecError> {
        let rest = &self.bytes[self.at..];
        let len = usize::try_from(len).ok().filter(|len| *len <= rest.len());
        let len = len.ok_or_else(|| CodecError::malformed("the bytes end too early".into()))?;
        self.at += len;
        Ok(&rest[..len])
    }

    /// The head of a value: its major type and its number.
    fn head(&mut self) -> Result<(u8, u64), CodecError> {
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 0x1f);
        if major == 7 {
            // Of the simple values false, true and null; floats and all others have no place here.
            return if (20..=22).contains(&info) {
                Ok((major, u64::from(info)))
            } else {
                Err(CodecError::NotCanonical)
            };
        }
        let extra = match info {
            0..=23 => return Ok((major, u64::from(info))),
            24..=27 => 1_u64 << (info - 24),
            31 => return Err(CodecError::NotCanonical),
            _ => return Err(CodecError::malformed("a reserved length".into())),
        };
        let number = self.take(extra)?.iter();
        let number = number.fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        let least = match extra {
            1 => 24,
            extra => 1 << (4 * extra),
        };
        if number < least && !Mutant::ANY_FORM.is_on() {
            return Err(CodecError::NotCanonical);
        }
        Ok((major, number))
    }

    fn value(&mut self, depth: usize) -> Result<(), CodecError> {
        match self.head()? {
            (0, number) if number <= MAX_INT || Mutant::ANY_NUMBER.is_on() => Ok(()),
            (2, len) => self.take(len).map(drop),
            (3, len) => self.text(len).map(drop),
            (4 | 5, _) if depth == 0 => Err(CodecError::malformed("lists or maps too deep".into())),
            (4, len) => (0..len).try_for_each(|_| self.value(depth - 1)),
            (5, len) => {
                let mut before: Option<&[u8]> = None;
                for _ in 0..len {
                    let key = self.key()?;
                    if before.is_some_and(|before| (before.len(), before) >= (key.len(), key)) {
                        return Err(CodecError::NotCanonical);
                    }
                    before = Some(key);
                    self.value(depth - 1)?;
                }
                Ok(())
            }
            (7, _) => Ok(()),
            // Negative or large integers, tags.
            _ => Err(CodecError::NotCanonical),
        }
    }

    fn text(&mut self, len: u64) -> Result<&'a [u8], CodecError> {
        let text = self.take(len)?;
        match std::str::from_utf8(text) {
            Ok(_) => Ok(text),
            Err(_) => Err(CodecError::malformed("text that is not UTF-8".into())),
        }
    }

    fn key(&mut self) -> Result<&'a [u8], CodecError> {
        match self.head()? {
            (3, len) => self.text(len),
            _ => Err(CodecError::NotCanonical),
        }
    }
}

/// SHA-256 of a body's canonical bytes.
#[must_use]
pub fn hash<T: Serialize + ?Sized>(body: &T) -> Hash {
    hash_bytes(&encode(body))
}

/// SHA-256 of `bytes`.
#[must_use]
pub fn hash_bytes(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

//! Canonical DAG-CBOR. There is one byte string for each value; anything else is refused.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::id::Hash;

/// The most bytes that one record, receipt or message may have, its signature included.
///
/// The largest is a genesis with [`crate::genesis::MAX_MOVES`] moves of at most 6 bytes each; a move has about 270 bytes.
pub const MAX_ITEM_BYTES: usize = 8 * 1024;

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
    /// DAG-CBOR of the right shape, but not its one canonical form, or with fields that are not known.
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
    let value: T = serde_ipld_dagcbor::from_slice(bytes)
        .map_err(|error| CodecError::Malformed(error.to_string()))?;
    if encode(&value) == bytes {
        Ok(value)
    } else {
        Err(CodecError::NotCanonical)
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

//! Remembers which signatures hold and what was signed, where that was asked for: in a simulation of many devices in one
//! process each of them checks the same bytes, and a relay that reads a game anew signs its receipts anew; four fifths of its
//! time went into that. The answers are those of the signature scheme, which signs the same bytes alike.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::codec;
use crate::id::Hash;

/// So many answers are kept.
const ROOM: usize = 1 << 16;

thread_local! {
    static KNOWN: RefCell<Option<HashMap<Hash, bool>>> = const { RefCell::new(None) };
    static SIGNED: RefCell<Option<HashMap<Hash, [u8; 64]>>> = const { RefCell::new(None) };
}

/// From here on this thread remembers.
pub fn begin() {
    KNOWN.set(Some(HashMap::new()));
    SIGNED.set(Some(HashMap::new()));
}

/// As `sign`, which is asked once for the same bytes of the same key.
pub(super) fn sign(public: &[u8; 32], message: &[u8], sign: impl FnOnce() -> [u8; 64]) -> [u8; 64] {
    SIGNED.with_borrow_mut(|signed| {
        let Some(signed) = signed else {
            return sign();
        };
        let hash = codec::hash_bytes(&[public, message].concat());
        if signed.len() >= ROOM {
            signed.clear();
        }
        *signed.entry(hash).or_insert_with(sign)
    })
}

/// As `check`, which is asked once for the same bytes.
pub(super) fn verify(
    public: &[u8; 32],
    message: &[u8],
    signature: &[u8; 64],
    check: fn(&[u8; 32], &[u8], &[u8; 64]) -> bool,
) -> bool {
    KNOWN.with_borrow_mut(|known| {
        let Some(known) = known else {
            return check(public, message, signature);
        };
        let hash = codec::hash_bytes(&[public, message, signature].concat());
        if known.len() >= ROOM {
            known.clear();
        }
        *known
            .entry(hash)
            .or_insert_with(|| check(public, message, signature))
    })
}

//! Names and numbers of the protocol as types: hashes, keys, signatures, and integers that fit a DAG-CBOR number
//! that every JavaScript engine can hold (0 to 2^53 - 1).

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// The largest integer that may stand in a record: 2^53 - 1.
pub const MAX_INT: u64 = (1 << 53) - 1;

/// A text that is not the lower-case hexadecimal form of the wanted number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} lower-case hexadecimal digits")]
pub struct ParseHexError {
    /// How many digits are wanted.
    pub expected: usize,
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// Parses exactly `N` bytes of lower-case hexadecimal.
fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], ParseHexError> {
    let error = ParseHexError { expected: 2 * N };
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return Err(error);
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (hex_digit(pair[0]), hex_digit(pair[1]));
        *byte = high.zip(low).map(|(h, l)| h << 4 | l).ok_or(error)?;
    }
    Ok(out)
}

macro_rules! bytes_type {
    ($(#[$doc:meta])* $name:ident, $len:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The number of bytes.
            pub const LEN: usize = $len;

            /// The raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}(", stringify!($name))?;
                self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str("..)")
            }
        }

        impl FromStr for $name {
            type Err = ParseHexError;

            fn from_str(text: &str) -> Result<Self, ParseHexError> {
                parse_hex(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Bytes;

                impl Visitor<'_> for Bytes {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "a byte string of {} bytes", $len)
                    }

                    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<$name, E> {
                        let bytes = bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))?;
                        Ok($name(bytes))
                    }
                }

                deserializer.deserialize_bytes(Bytes)
            }
        }
    };
}

bytes_type!(
    /// SHA-256 of a body's canonical bytes.
    Hash, 32
);
bytes_type!(
    /// The name of a game: SHA-256 of its genesis body.
    GameId, 32
);
bytes_type!(
    /// A player's Ed25519 public key.
    PlayerKey, 32
);
bytes_type!(
    /// The Ed25519 public key with which a relay (or all relays of one cluster) signs receipts.
    OrderKey, 32
);
bytes_type!(
    /// An Ed25519 signature.
    Signature, 64
);
bytes_type!(
    /// Random bytes that make a genesis, a join or a hello unique.
    Nonce, 16
);

impl GameId {
    /// The zeroes that stand for the game in what is signed outside any game, such as a hello.
    pub const NONE: Self = Self([0; 32]);

    /// The genesis as the first link of the chain.
    #[must_use]
    pub const fn as_hash(self) -> Hash {
        Hash(self.0)
    }
}

macro_rules! int_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(u64);

        impl $name {
            /// Zero.
            pub const ZERO: Self = Self(0);

            /// `value`, or the largest integer of the protocol where it is larger.
            #[must_use]
            pub const fn new(value: u64) -> Self {
                Self(if value > MAX_INT { MAX_INT } else { value })
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The number that follows.
            #[must_use]
            pub const fn next(self) -> Self {
                Self::new(self.0 + 1)
            }

            /// `self - other`, or zero.
            #[must_use]
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = u64::deserialize(deserializer)?;
                if value > MAX_INT {
                    return Err(de::Error::invalid_value(
                        de::Unexpected::Unsigned(value),
                        &"an integer from 0 to 2^53 - 1",
                    ));
                }
                Ok(Self(value))
            }
        }
    };
}

int_type!(
    /// Milliseconds: since 1970 where it names a moment, else a length of time.
    Millis
);
int_type!(
    /// A place in the receipt chain of one game and epoch, from 0.
    Seq
);
int_type!(
    /// Which home orders the game: 0 for the first, one more for each `Home`.
    Epoch
);
int_type!(
    /// A record's distance from the genesis, which has height 0. Never falls, takebacks included.
    Height
);
int_type!(
    /// Half-moves on the current line since the game's start position.
    Ply
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trips_and_refuses_other_forms() {
        let hash = Hash([0xab; 32]);
        assert_eq!(hash.to_string().parse::<Hash>().unwrap(), hash);
        for bad in [
            "",
            "ab",
            &"AB".repeat(32),
            &"ab".repeat(33),
            &"é".repeat(32),
        ] {
            assert_eq!(
                bad.parse::<Hash>(),
                Err(ParseHexError { expected: 64 }),
                "{bad}"
            );
        }
    }
}

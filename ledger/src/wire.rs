//! The session protocol `/rookery/game/1`: frames of canonical DAG-CBOR, each behind its length as an unsigned varint.
//! The relay speaks first ([`Push::Welcome`]); the dialling side answers with [`Request::Hello`].

use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};
use crate::id::{GameId, Hash, Height, Millis, Nonce, OrderKey};
use crate::mutant::Mutant;
use crate::record::{Genesis, Hello, Item, Join, Said, Signed};

/// The libp2p protocol name.
pub const PROTOCOL: &str = "/rookery/game/1";
/// The most bytes of one frame, its length prefix not included. Holds the largest item several times over.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;
/// How many bytes of items a relay puts into one frame at most, so that a frame never passes its limit.
pub const MAX_ITEMS_BYTES: usize = 48 * 1024;
/// How often a relay sends [`Push::Beat`], ms.
pub const BEAT_MS: u64 = 1_000;

/// Versions of this protocol, best first. In 2 a hello may have a `token`; all else is as in 1.
pub const VERSIONS: [u32; 2] = [2, 1];
/// The first version in which a hello may have a `token`.
pub const TOKEN_SINCE: u32 = 2;

/// The best version that both sides speak, if there is one.
#[must_use]
pub fn shared_version(theirs: &[u32]) -> Option<u32> {
    VERSIONS.into_iter().find(|own| theirs.contains(own))
}

/// What the host of a private relay gives to whoever may play there. It never shows itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Chosen by the asking side; the answer carries it back.
pub type RequestId = u32;

/// From the dialling side: a page, a test client, or a relay that forwards for its own clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// First frame. Answered by `Ready`, or by `Bye` where no version is shared or the signature is wrong.
    Hello {
        /// Protocol versions that the client speaks, best first.
        versions: Vec<u32>,
        /// Program and version, for the host's eyes; at most 64 characters.
        agent: String,
        /// Binds a player's key to this connection; none to watch, or to forward.
        hello: Option<Signed<Hello>>,
        /// What opens a private relay. Only where the relay's welcome names version 2: an older one would not read the frame.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<Token>,
    },
    /// Offers one item of a game: its genesis (which creates it at the relay), a record, a `Home`, a continuation, or
    /// a receipt of another relay. Answered by `Done` once it is durable, or by `Refused`. Sending it again is harmless.
    Submit {
        /// For the answer.
        id: RequestId,
        /// The game.
        game: GameId,
        /// The item.
        item: Item,
    },
    /// Asks for the open seat. Answered by `Done` when it is on its way to the creator, or by `Refused`; `seat-taken`
    /// carries the Seat record. Who sits down is learnt from the game's items.
    Join {
        /// For the answer.
        id: RequestId,
        /// The game.
        game: GameId,
        /// The signed wish.
        join: Signed<Join>,
    },
    /// Asks for what is known of a game and then for all that comes. Answered by `Items` frames, `Presence`, `Done`.
    Watch {
        /// For the answer.
        id: RequestId,
        /// The game.
        game: GameId,
        /// The last receipt of this relay that the client has: only what came after it is sent.
        after: Option<Hash>,
    },
    /// No more of this game.
    Unwatch {
        /// The game.
        game: GameId,
    },
    /// Lists an open game of one's own in the lobby, or takes it off. Needs a player's hello. It also leaves the lobby
    /// when someone sits down and when its creator's last session ends.
    List {
        /// For the answer.
        id: RequestId,
        /// The game.
        game: GameId,
        /// In the lobby or not.
        listed: bool,
    },
    /// Starts or stops [`Push::Lobby`].
    Lobby {
        /// Whether to hear of the lobby.
        on: bool,
    },
    /// Passes a signed message to the other player (to both, where it is chat). Nothing is stored.
    Say {
        /// For the answer.
        id: RequestId,
        /// The game.
        game: GameId,
        /// The message.
        said: Signed<Said>,
    },
    /// Answers a `Beat` at once: the relay measures the round trip.
    Echo {
        /// The beat's number.
        n: u32,
    },
}

/// From the relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Push {
    /// First frame on the stream.
    Welcome {
        /// Protocol versions that the relay speaks, best first.
        versions: Vec<u32>,
        /// Program and version.
        agent: String,
        /// The challenge that the hello must sign.
        nonce: Nonce,
        /// The key with which the relay signs receipts; name it as home in a new game.
        order: OrderKey,
        /// The relay's clock.
        now_ms: Millis,
    },
    /// The hello is accepted.
    Ready {
        /// The version spoken from here on.
        v: u32,
    },
    /// A request has been carried out.
    Done {
        /// The request.
        id: RequestId,
    },
    /// A request has not been carried out.
    Refused {
        /// The request.
        id: RequestId,
        /// Stable code: of [`crate::Refusal`], or `unknown-game`, `rate-limited`, `log-unavailable`, `log-full`,
        /// `not-a-player`, `creator-away`, `too-many-games`, `no-home`.
        code: String,
        /// One sentence for a person.
        words: String,
        /// Where the relay's chain stands, if that matters.
        head: Option<Head>,
        /// What shows the refusal to be right, such as the Seat of another player.
        item: Option<Item>,
        /// When to try again, ms from now, if that can help.
        retry_ms: Option<Millis>,
    },
    /// Items of a watched game in the relay's order, each record with its receipt behind it.
    Items {
        /// The game.
        game: GameId,
        /// The items.
        items: Vec<Item>,
    },
    /// A wish to sit down, to the creator.
    Joined {
        /// The game.
        game: GameId,
        /// The wish.
        join: Signed<Join>,
    },
    /// A message of a player.
    Said {
        /// The game.
        game: GameId,
        /// The message.
        said: Signed<Said>,
    },
    /// Which players of a watched game have a session at a relay.
    Presence {
        /// The game.
        game: GameId,
        /// The creator has.
        creator: bool,
        /// The joiner has.
        joiner: bool,
    },
    /// Changes of the lobby; `reset` on the first frame, which holds the lobby as it is.
    Lobby {
        /// Forget what was said before.
        reset: bool,
        /// New seeks.
        add: Vec<Seek>,
        /// Games that are no longer open.
        remove: Vec<GameId>,
    },
    /// Each second.
    Beat {
        /// Counts up.
        n: u32,
        /// The relay's clock.
        now_ms: Millis,
        /// The log takes no writes now: moves wait.
        log_busy: bool,
        /// The last round trip to this client, as the relay measured it.
        rtt_ms: Millis,
    },
    /// The relay closes the stream after this frame.
    Bye {
        /// Stable code, such as `draining`, `too-slow`, `malformed`, `too-large`, `no-version`, `bad-signature`.
        code: String,
        /// One sentence for a person.
        words: String,
    },
}

/// Where a chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The newest record.
    pub hash: Hash,
    /// Its height.
    pub height: Height,
}

/// An open game of the lobby.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seek {
    /// Its genesis.
    pub genesis: Signed<Genesis>,
    /// Addresses of the relay that orders it, as multiaddrs, as far as they are public.
    pub relay: Vec<String>,
}

/// Between relays, over gossipsub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gossip {
    /// New items of a game, as in [`Push::Items`].
    Items {
        /// The game.
        game: GameId,
        /// The items; the genesis comes with the Seat.
        items: Vec<Item>,
    },
    /// An open game, said again every 10 s; forgotten 30 s after it was last said.
    Seek(Box<Seek>),
    /// No longer open.
    Unseek {
        /// The game.
        game: GameId,
    },
}

/// Between the two players of a game, over a channel of their own: one value is one message, without a length. An item is
/// named by the hash of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direct {
    /// First, in one message or several: the items of the game that are stored on this device. The other sends what is
    /// not among them.
    Know {
        /// Their names, at most [`MAX_KNOWN`].
        items: Vec<Hash>,
        /// Whether more of them follow.
        more: bool,
    },
    /// An item that the other has not named.
    Item {
        /// The item.
        item: Item,
    },
    /// An item that came by the channel is stored.
    Kept {
        /// Its name.
        item: Hash,
    },
    /// A signed message, where no relay can pass it on.
    Said {
        /// The message.
        said: Signed<Said>,
    },
}

/// How many items one [`Direct::Know`] names at most.
pub const MAX_KNOWN: usize = 1_000;

/// Items in parts that each fit into a frame, in their order.
#[must_use]
pub fn parts(items: &[Item]) -> Vec<Vec<Item>> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), Vec::new(), 0);
    for item in items {
        let len = codec::encode(item).len();
        if bytes + len > MAX_ITEMS_BYTES && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        bytes += len;
        part.push(item.clone());
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// The bytes of a frame with its length in front.
#[must_use]
pub fn frame<T: Serialize>(value: &T) -> Vec<u8> {
    let body = codec::encode(value);
    let mut bytes = Vec::with_capacity(body.len() + 5);
    let mut rest = body.len();
    while rest >= 0x80 {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes.extend_from_slice(&body);
    bytes
}

/// Cuts a byte stream into frames. Holds at most one frame of [`MAX_FRAME_BYTES`] and what was pushed last.
#[derive(Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    start: usize,
}

impl Frames {
    /// Takes what was read from the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The bytes of the next whole frame, without its length; none until more is pushed.
    ///
    /// # Errors
    ///
    /// [`CodecError::TooLarge`] as soon as the length says so; [`CodecError::NotCanonical`] where the length is not
    /// written in its shortest form. The stream cannot go on after an error.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, CodecError> {
        let rest = &self.bytes[self.start..];
        let mut len = 0_usize;
        for (i, byte) in rest.iter().take(4).enumerate() {
            len |= usize::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 != 0 {
                continue;
            }
            if i > 0 && *byte == 0 {
                return Err(CodecError::NotCanonical);
            }
            if len > MAX_FRAME_BYTES + usize::from(Mutant::FRAME_BY_ONE.is_on()) {
                return Err(CodecError::TooLarge {
                    len,
                    max: MAX_FRAME_BYTES,
                });
            }
            let body = self.start + i + 1;
            if self.bytes.len() < body + len {
                return Ok(None);
            }
            self.start = body + len;
            return Ok(Some(&self.bytes[body..body + len]));
        }
        if rest.len() >= 4 {
            return Err(CodecError::TooLarge {
                len: usize::MAX,
                max: MAX_FRAME_BYTES,
            });
        }
        Ok(None)
    }

    /// Bytes of a frame that is not whole yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.bytes.len() - self.start
    }
}

/// A request from the bytes of a frame.
///
/// # Errors
///
/// As [`codec::decode`].
pub fn decode_request(bytes: &[u8]) -> Result<Request, CodecError> {
    codec::decode(bytes, MAX_FRAME_BYTES)
}

/// A push from the bytes of a frame.
///
/// # Errors
///
/// As [`codec::decode`].
pub fn decode_push(bytes: &[u8]) -> Result<Push, CodecError> {
    codec::decode(bytes, MAX_FRAME_BYTES)
}

/// What the other player says over the direct channel.
///
/// # Errors
///
/// As [`codec::decode`].
pub fn decode_direct(bytes: &[u8]) -> Result<Direct, CodecError> {
    codec::decode(bytes, MAX_FRAME_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in_whatever_the_pieces() {
        let frames: Vec<_> = (0..5_u32)
            .map(|n| Request::Echo { n: n * 1_000_000 })
            .collect();
        let bytes: Vec<u8> = frames.iter().flat_map(frame).collect();
        for piece in [1, 2, 3, 7, bytes.len()] {
            let (mut cutter, mut out) = (Frames::default(), Vec::new());
            for chunk in bytes.chunks(piece) {
                cutter.push(chunk);
                while let Some(frame) = cutter.next_frame().unwrap() {
                    out.push(decode_request(frame).unwrap());
                }
            }
            assert_eq!(out, frames);
            assert_eq!(cutter.pending(), 0);
        }
    }

    #[test]
    fn a_hello_without_a_token_is_what_it_was_and_one_with_a_token_does_not_show_it() {
        let hello = |token| Request::Hello {
            versions: vec![1],
            agent: "a".into(),
            hello: None,
            token,
        };
        let old = b"\xa1\x65hello\xa3\x65agent\x61a\x65hello\xf6\x68versions\x81\x01";
        assert_eq!(codec::encode(&hello(None)), old);
        assert_eq!(decode_request(old), Ok(hello(None)));
        let with = hello(Some(Token("open sesame".into())));
        let bytes = codec::encode(&with);
        assert_eq!(decode_request(&bytes).as_ref(), Ok(&with));
        assert!(!format!("{with:?}").contains("sesame"));
        // Only one form says that there is none.
        let empty =
            b"\xa1\x65hello\xa4\x65agent\x61a\x65hello\xf6\x65token\xf6\x68versions\x81\x01";
        assert_eq!(decode_request(empty), Err(CodecError::NotCanonical));
    }

    #[test]
    fn the_better_of_the_versions_that_both_speak_is_spoken() {
        for (theirs, shared) in [
            (&[1][..], Some(1)),
            (&[2, 1], Some(2)),
            (&[1, 2, 3], Some(2)),
            (&[3], None),
            (&[], None),
        ] {
            assert_eq!(shared_version(theirs), shared, "{theirs:?}");
        }
    }

    #[test]
    fn an_oversized_or_padded_length_is_refused_before_the_body_comes() {
        let mut cutter = Frames::default();
        cutter.push(&[0x81, 0x80, 0x04]);
        assert_eq!(
            cutter.next_frame(),
            Err(CodecError::TooLarge {
                len: 65_537,
                max: MAX_FRAME_BYTES
            })
        );
        let mut cutter = Frames::default();
        cutter.push(&[0xff; 10]);
        assert!(matches!(
            cutter.next_frame(),
            Err(CodecError::TooLarge { .. })
        ));
        let mut cutter = Frames::default();
        cutter.push(&[0x81, 0x00, 0]);
        assert_eq!(cutter.next_frame(), Err(CodecError::NotCanonical));
    }
}

//! What players and relays sign: the bodies, and the envelope around them. Whether a record may stand where it stands
//! is not decided here (see `line`, `untimed`, `clocked`).

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::id::{
    Epoch, GameId, Hash, Height, Millis, Nonce, OrderKey, PlayerKey, Ply, Seq, Signature,
};

/// The protocol version that this crate writes and folds.
pub const VERSION: u32 = 1;

/// The rules of movement and castling notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// Standard rules, from any legal position; castling is written as the king's two-step.
    Standard,
    /// Chess960 rules, from any legal position; castling is written as king takes rook.
    Chess960,
}

/// How time is kept. Whether a game is clocked decides which fold it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// Untimed: the state is a function of the players' records alone.
    None,
    /// A clock for each player, counted down while it is their turn.
    Live {
        /// Seconds at the start, 1 to 86,400.
        initial_s: u32,
        /// Seconds won with each move, 0 to 3,600.
        inc_s: u32,
    },
    /// A period for each move.
    Days {
        /// Days, 1 to 366.
        days: u32,
    },
}

impl Clock {
    /// Whether receipts decide.
    #[must_use]
    pub const fn is_clocked(self) -> bool {
        !matches!(self, Self::None)
    }
}

/// Which colour the creator has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colours {
    /// The creator has White.
    White,
    /// The creator has Black.
    Black,
    /// Drawn by lot from the creator's secret and the joiner's nonce.
    Drawn {
        /// SHA-256 of `rookery/1/colours`, a zero byte and the secret that Seat reveals.
        commit: Hash,
    },
}

/// The game that this one goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct From {
    /// The older game.
    pub game: GameId,
    /// Its head when this one was agreed.
    pub head: Hash,
}

/// The first body of a game, signed by its creator. Its hash names the game.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// Protocol version, whose rules the game keeps.
    pub v: u32,
    /// Rules of movement.
    pub variant: Variant,
    /// The start position as canonical FEN.
    pub start: String,
    /// Moves already played from `start`, in this game's notation.
    pub moves: Vec<String>,
    /// How time is kept.
    pub clock: Clock,
    /// Who created the game and seats the other player.
    pub creator: PlayerKey,
    /// Which colour the creator has.
    pub colours: Colours,
    /// The key that the other seat is kept for; none: open.
    pub seat: Option<PlayerKey>,
    /// Whether moves may be taken back.
    pub takebacks: bool,
    /// The order keys that may order the game, in order of preference.
    pub homes: Vec<OrderKey>,
    /// The game that this one goes on from.
    pub from: Option<From>,
    /// Makes the game's name unique.
    pub nonce: Nonce,
}

impl Genesis {
    /// The name of the game.
    #[must_use]
    pub fn id(&self) -> GameId {
        GameId(codec::hash(self).0)
    }
}

/// A wish to sit down, signed by the joiner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// The joiner.
    pub player: PlayerKey,
    /// The joiner's part in the drawing of colours.
    pub nonce: Nonce,
}

/// Where a chain record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The head that it extends.
    pub prev: Hash,
    /// One more than the height of `prev`.
    pub height: Height,
    /// In a clocked game the newest receipt that the author counts; else none.
    pub on: Option<Hash>,
}

/// Record 1: seats one joiner, and refuses all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Where it stands.
    pub at: Place,
    /// The joiner's signed wish.
    pub join: Signed<Join>,
    /// The creator's secret where colours are drawn; else none.
    pub reveal: Option<Nonce>,
}

/// A move of the side to move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Where it stands.
    pub at: Place,
    /// The one string that the ledger prints for the move.
    pub uci: String,
    /// How long the author says that it thought, by its own stopwatch.
    pub think_ms: Millis,
    /// Whether it offers a draw. Declining is moving.
    pub offer: bool,
}

/// The consent of the player not to move to a takeback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The head at which it may be used.
    pub at: Hash,
    /// The ply to return to.
    pub to_ply: Ply,
}

/// A takeback by the side to move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewind {
    /// Where it stands.
    pub at: Place,
    /// The other player's consent; its `at` is this record's `prev`.
    pub consent: Signed<Consent>,
}

/// What a player signs in a game: the chain records, and a resignation off the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// Seats a joiner.
    Seat(Seat),
    /// A move.
    Move(Move),
    /// A takeback.
    Rewind(Rewind),
    /// Accepts an offer right after it, or claims a third repetition or 50 quiet moves.
    Draw(Place),
    /// Resigns instead of moving.
    Resign(Place),
    /// Ends the game without result instead of one's first move.
    Abort(Place),
    /// Off the chain: resigns while the other is to move at `at`.
    ResignAt {
        /// The head at which the author is not to move.
        at: Hash,
    },
}

impl Record {
    /// Where a chain record stands; none for [`Record::ResignAt`].
    #[must_use]
    pub const fn place(&self) -> Option<&Place> {
        match self {
            Self::Seat(Seat { at, .. })
            | Self::Move(Move { at, .. })
            | Self::Rewind(Rewind { at, .. })
            | Self::Draw(at)
            | Self::Resign(at)
            | Self::Abort(at) => Some(at),
            Self::ResignAt { .. } => None,
        }
    }
}

/// The agreement of both players to move a clocked game to another order key; each signs the same body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Home {
    /// The game.
    pub game: GameId,
    /// The epoch that it opens, 1 or more.
    pub epoch: Epoch,
    /// The order key that orders from then on.
    pub to: OrderKey,
    /// The last receipt that both players count.
    pub after: Hash,
}

/// The named home's word that it will never commit this epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lapsed {
    /// The game.
    pub game: GameId,
    /// The epoch that will not be committed under the signing key.
    pub epoch: Epoch,
}

/// What a receipt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The genesis, always at the first place of epoch 0.
    Genesis,
    /// The record of this hash.
    Record(Hash),
    /// Time in which the relay did not serve, charged to nobody.
    Gap {
        /// How much, at most what has passed since the last chain record.
        ms: Millis,
    },
    /// The side to move has overstepped its time.
    Flag,
    /// Commits the `Home` of this body hash; always the first receipt of its epoch.
    Home(Hash),
    /// The Seat of this hash opened the game that goes on from this one's head, which ends this one.
    Continued(Hash),
}

/// One place in the order of a game. The unsigned receipt is the entry of the order log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Receipt {
    /// The game.
    pub game: GameId,
    /// The epoch, 0 before any `Home`.
    pub epoch: Epoch,
    /// The place in the epoch, without gaps from 0.
    pub seq: Seq,
    /// The receipt before: none for the first of epoch 0, the agreed `after` for the first of a later one.
    pub prev: Option<Hash>,
    /// When the frame arrived, ms since 1970, never below the receipt before.
    pub at_ms: Millis,
    /// The relay's measure of the author's lag: round trip and its own delay in delivering.
    pub lag_ms: Millis,
    /// What it is for.
    pub what: What,
}

/// Binds a player's key to one libp2p connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The player.
    pub player: PlayerKey,
    /// The dialling side's libp2p peer id, as bytes.
    #[serde(with = "bytes")]
    pub from: Vec<u8>,
    /// The relay's libp2p peer id, as bytes.
    #[serde(with = "bytes")]
    pub to: Vec<u8>,
    /// The relay's challenge for this stream.
    pub nonce: Nonce,
}

/// What players tell each other in a game and no fold counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// Asks for a takeback.
    AskTakeback {
        /// The head at which it is asked.
        at: Hash,
        /// The ply to return to.
        to_ply: Ply,
        /// The asker's consent, where the asker is not to move.
        consent: Option<Signed<Consent>>,
    },
    /// Consents to the takeback that the side to move asked for.
    Consent {
        /// The consent to embed.
        consent: Signed<Consent>,
    },
    /// Declines what was asked or offered at this head.
    Decline {
        /// The head.
        at: Hash,
    },
    /// A line of chat, at most [`MAX_CHAT_CHARS`] characters.
    Chat {
        /// The text.
        text: String,
    },
    /// A WebRTC session description or candidate for the other player.
    Signal {
        /// JSON text as the browser gives it.
        data: String,
    },
}

/// The longest line of chat, in Unicode scalar values.
pub const MAX_CHAT_CHARS: usize = 500;

/// A message with its author and the moment that its author gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The author.
    pub player: PlayerKey,
    /// The author's clock, ms since 1970.
    pub at_ms: Millis,
    /// What is said.
    pub message: Message,
}

/// A body that can be signed: names the kind for the signature's domain.
pub trait Body: Serialize {
    /// The word in `rookery/1/<kind>`.
    fn kind(&self) -> &'static str;
}

macro_rules! body {
    ($($type:ty => $kind:literal),* $(,)?) => {
        $(impl Body for $type {
            fn kind(&self) -> &'static str {
                $kind
            }
        })*
    };
}

body! {
    Genesis => "genesis",
    Join => "join",
    Consent => "consent",
    Home => "home",
    Lapsed => "lapsed",
    Receipt => "receipt",
    Hello => "hello",
    Said => "said",
}

impl Body for Record {
    fn kind(&self) -> &'static str {
        match self {
            Self::Seat(_) => "seat",
            Self::Move(_) => "move",
            Self::Rewind(_) => "rewind",
            Self::Draw(_) => "draw",
            Self::Resign(_) => "resign",
            Self::Abort(_) => "abort",
            Self::ResignAt { .. } => "resign_at",
        }
    }
}

/// A body and its signature. The hash that others link to is that of the body alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<B> {
    /// What is signed.
    pub body: B,
    /// Ed25519 over the kind, the game and the canonical bytes of the body (see [`crate::sign`]).
    pub sig: Signature,
}

impl<B: Body> Signed<B> {
    /// SHA-256 of the body's canonical bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        codec::hash(&self.body)
    }
}

/// One element of a signed game: of a `.rook` file, of a relay's store, of what peers send each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// The genesis.
    Genesis(Signed<Genesis>),
    /// A player's record.
    Record(Signed<Record>),
    /// A relay's receipt.
    Receipt {
        /// Who signed it.
        by: OrderKey,
        /// The receipt.
        receipt: Signed<Receipt>,
    },
    /// One player's signature under a `Home`.
    Home(Signed<Home>),
    /// A relay's refusal to commit an epoch.
    Lapsed {
        /// Who signed it.
        by: OrderKey,
        /// The refusal.
        lapsed: Signed<Lapsed>,
    },
    /// The opening of the game that goes on from this one.
    Continued {
        /// Its genesis.
        genesis: Box<Signed<Genesis>>,
        /// Its record 1.
        seat: Signed<Record>,
    },
}

mod bytes {
    //! A `Vec<u8>` as a byte string.
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a byte string")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

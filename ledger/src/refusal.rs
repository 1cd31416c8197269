//! Why a record is not taken: one variant for each thing that the sender can act on, with what it needs for that.

use crate::codec::CodecError;
use crate::id::{Hash, Height, Ply};
use crate::outcome::{Colour, Outcome};

/// A refusal. [`Refusal::code`] is stable and goes over the wire; the text is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are no record.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The genesis is of a version that is not known here.
    #[error("protocol version {0} is not known here")]
    UnknownVersion(u32),
    /// The genesis breaks a rule; the text says which.
    #[error("the genesis is not valid: {0}")]
    BadGenesis(&'static str),
    /// The signature is not that of the player (or relay) who may sign this.
    #[error("the signature is not by who may sign this")]
    BadSignature,
    /// It belongs to another game.
    #[error("this belongs to another game")]
    WrongGame,
    /// Nobody has sat down yet.
    #[error("nobody has taken the other seat yet")]
    NotSeated,
    /// The seat is taken; the named Seat record is the signed refusal.
    #[error("another player has taken the seat")]
    SeatTaken {
        /// The Seat record.
        seat: Hash,
    },
    /// The seat is kept for another key, or the creator cannot play against itself.
    #[error("the seat is kept for another player")]
    SeatReserved,
    /// The Seat's colours do not follow from the commitment.
    #[error("the colours do not follow from the genesis")]
    BadReveal,
    /// It does not extend the head.
    #[error("it does not extend the head, which is at height {height}")]
    StaleHead {
        /// The head.
        head: Hash,
        /// The head's height.
        height: Height,
    },
    /// Its `prev` is not known here: send what comes before it first.
    #[error("the record before it is not known here")]
    UnknownPrev {
        /// The head that is known.
        head: Hash,
        /// The head's height.
        height: Height,
    },
    /// The height is not one more than that of `prev`.
    #[error("the height must be {expected}")]
    WrongHeight {
        /// The right one.
        expected: Height,
    },
    /// `on` is missing in a clocked game, or there in an untimed one.
    #[error("`on` must be there in a clocked game and nowhere else")]
    WrongOn,
    /// The other player is to move.
    #[error("{} is to move", .turn.as_str())]
    NotYourTurn {
        /// Who is to move.
        turn: Colour,
    },
    /// The author is to move, so resigns on the chain.
    #[error("the author is to move there and resigns by `resign`")]
    ResignOnChain,
    /// No legal move is written so; where it is another way to write one, `expected` is the right one.
    #[error("{uci:?} is not a legal move here")]
    IllegalMove {
        /// What was sent, at most 16 characters.
        uci: String,
        /// The ledger's own text for the move that was meant, if any.
        expected: Option<String>,
    },
    /// There is no offer, no third repetition and no 50 quiet moves.
    #[error("there is no draw to take here")]
    NoDraw,
    /// The game has no takebacks.
    #[error("this game has no takebacks")]
    NoTakebacks,
    /// The consent is not for this head, or not by the player who is not to move.
    #[error("the consent is not for this place")]
    BadConsent,
    /// The ply to return to is not before the present one, or lies in the moves that came with the genesis.
    #[error("a takeback here returns to a ply from {least} to {most}")]
    BadPly {
        /// The least.
        least: Ply,
        /// The most.
        most: Ply,
    },
    /// The author has moved already.
    #[error("a game can be aborted only instead of one's first move")]
    AbortTooLate,
    /// The game is over.
    #[error("the game is over: {0}")]
    GameOver(Outcome),
    /// The clock of the side to move ran out before this arrived.
    #[error("{} ran out of time before this arrived", .turn.as_str())]
    OutOfTime {
        /// Whose clock.
        turn: Colour,
    },
    /// More records than a game can need.
    #[error("this game holds as many records as it may")]
    TooMany,
    /// It breaks a rule of receipts, homes or continuations; the text says which.
    #[error("{0}")]
    BadOrder(&'static str),
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Codec(error) => error.code(),
            Self::UnknownVersion(_) => "unknown-version",
            Self::BadGenesis(_) => "bad-genesis",
            Self::BadSignature => "bad-signature",
            Self::WrongGame => "wrong-game",
            Self::NotSeated => "not-seated",
            Self::SeatTaken { .. } => "seat-taken",
            Self::SeatReserved => "seat-reserved",
            Self::BadReveal => "bad-reveal",
            Self::StaleHead { .. } => "stale-head",
            Self::UnknownPrev { .. } => "unknown-prev",
            Self::WrongHeight { .. } => "wrong-height",
            Self::WrongOn => "wrong-on",
            Self::NotYourTurn { .. } => "not-your-turn",
            Self::ResignOnChain => "resign-on-chain",
            Self::IllegalMove { .. } => "illegal-move",
            Self::NoDraw => "no-draw",
            Self::NoTakebacks => "no-takebacks",
            Self::BadConsent => "bad-consent",
            Self::BadPly { .. } => "bad-ply",
            Self::AbortTooLate => "abort-too-late",
            Self::GameOver(_) => "game-over",
            Self::OutOfTime { .. } => "out-of-time",
            Self::TooMany => "too-many",
            Self::BadOrder(_) => "bad-order",
        }
    }
}

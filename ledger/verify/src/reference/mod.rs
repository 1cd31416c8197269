//! A second, deliberately naive reading of `docs/protocol.md`: plain data, everything worked out from scratch on every
//! call. It shares no code with the ledger but shakmaty, so that a mistake would have to be made twice.

mod board;
mod clocked;
mod counting;
mod untimed;

use std::collections::BTreeSet;

pub use board::Board;
pub use clocked::{Clocked, Clocks, clocked};
pub use counting::counting;
pub use untimed::untimed;

/// A key or a hash.
pub type Id = [u8; 32];

/// Whose pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Moves first.
    White,
    /// Moves second.
    Black,
}

impl Side {
    /// The opponent's.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::White => Self::Black,
            Self::Black => Self::White,
        }
    }

    fn index(self) -> usize {
        usize::from(self == Self::Black)
    }
}

/// Which time control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeControl {
    /// None: the state needs no receipts.
    Untimed,
    /// Seconds to begin with, seconds a move.
    Live {
        /// s.
        initial_s: u64,
        /// s.
        inc_s: u64,
    },
    /// Days a move.
    Days {
        /// Days.
        days: u64,
    },
}

/// How the creator's colour is settled.
#[derive(Clone, Copy, Debug)]
pub enum Creator {
    /// It was chosen.
    Plays(Side),
    /// By lot, bound by this hash.
    Lot(Id),
}

/// What the genesis says.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The game's name, which is also its first head.
    pub name: Id,
    /// FEN of the position before the genesis' moves.
    pub start: String,
    /// The genesis' moves, UCI.
    pub moves: Vec<String>,
    /// Whether castling is written as the king taking its rook.
    pub chess960: bool,
    /// The time control.
    pub time: TimeControl,
    /// Who created the game.
    pub creator: Id,
    /// The creator's colour.
    pub colour: Creator,
    /// For whom the other seat is kept.
    pub seat: Option<Id>,
    /// Whether moves may be taken back.
    pub takebacks: bool,
    /// The first home.
    pub home: Id,
}

/// A record's content.
#[derive(Clone, Debug)]
pub enum Content {
    /// Sits the joiner.
    Seat {
        /// Who joins.
        joiner: Id,
        /// Drawn by the joiner.
        nonce: Vec<u8>,
        /// Whether the join bears the joiner's signature.
        join_signed: bool,
        /// The creator's secret, where colours go by lot.
        reveal: Option<Vec<u8>>,
    },
    /// A move.
    Move {
        /// UCI.
        uci: String,
        /// ms, as the player says.
        think_ms: u64,
        /// Whether it offers a draw.
        offer: bool,
    },
    /// Takes moves back.
    Rewind {
        /// The head that the consent names.
        consent_at: Id,
        /// The ply to go back to.
        to_ply: usize,
        /// The keys under which the consent's signature is good.
        consent_by: BTreeSet<Id>,
    },
    /// Claims or agrees to a draw.
    Draw,
    /// Gives up on turn.
    Resign,
    /// Ends a game that has not begun.
    Abort,
    /// Gives up off turn.
    ResignAt,
}

/// A record, and under which keys its signature is good.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its hash.
    pub hash: Id,
    /// The head that it stands on, or at which its author resigns.
    pub prev: Id,
    /// Its place on the chain; nothing off the chain.
    pub height: Option<u64>,
    /// The newest receipt that its author counts.
    pub on: Option<Id>,
    /// The keys under which the signature is good.
    pub by: BTreeSet<Id>,
    /// What it says.
    pub content: Content,
}

/// What a receipt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// The genesis.
    Genesis,
    /// A record.
    Record(Id),
    /// An outage, ms.
    Gap(u64),
    /// Time is up.
    Flag,
    /// Another home.
    Home(Id),
    /// The Seat of a game that goes on from this one.
    Continued(Id),
}

/// The opening of an untimed game that goes on from this one.
#[derive(Clone, Debug)]
pub struct Continuation {
    /// The hash of its Seat.
    pub seat: Id,
    /// The head of this game from which it goes on.
    pub head: Id,
    /// Its players.
    pub players: [Id; 2],
}

/// The wish to move the game to another home, and who signed it.
#[derive(Clone, Debug)]
pub struct Home {
    /// Its hash.
    pub hash: Id,
    /// The epoch that it opens.
    pub epoch: u64,
    /// The key of the new home.
    pub to: Id,
    /// The last receipt of the old one.
    pub after: Id,
    /// Under which keys it has good signatures.
    pub by: BTreeSet<Id>,
}

/// A receipt.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Its hash.
    pub hash: Id,
    /// Whose.
    pub key: Id,
    /// Its epoch.
    pub epoch: u64,
    /// Its place.
    pub seq: u64,
    /// The receipt before.
    pub prev: Option<Id>,
    /// ms.
    pub at_ms: u64,
    /// ms.
    pub lag_ms: u64,
    /// What it is for.
    pub what: For,
}

/// How a game ended: the protocol's word for why, and who won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// As the protocol calls it.
    pub why: &'static str,
    /// Nobody, if it is drawn or has no result.
    pub winner: Option<Side>,
}

impl End {
    fn none(why: &'static str) -> Self {
        Self { why, winner: None }
    }

    fn lost(loser: Side, why: &'static str) -> Self {
        Self {
            why,
            winner: Some(loser.other()),
        }
    }
}

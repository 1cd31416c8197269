//! Colours, and how a game ends.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A side of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// White.
    White,
    /// Black.
    Black,
}

impl Colour {
    /// The opponent's colour.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::White => Self::Black,
            Self::Black => Self::White,
        }
    }

    /// `white` or `black`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::White => "white",
            Self::Black => "black",
        }
    }
}

impl From<shakmaty::Color> for Colour {
    fn from(color: shakmaty::Color) -> Self {
        color.fold_wb(Self::White, Self::Black)
    }
}

impl From<Colour> for shakmaty::Color {
    fn from(colour: Colour) -> Self {
        match colour {
            Colour::White => Self::White,
            Colour::Black => Self::Black,
        }
    }
}

/// A value for each colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByColour<T> {
    /// White's.
    pub white: T,
    /// Black's.
    pub black: T,
}

impl<T> ByColour<T> {
    /// The value of `colour`.
    pub const fn get(&self, colour: Colour) -> &T {
        match colour {
            Colour::White => &self.white,
            Colour::Black => &self.black,
        }
    }

    /// The value of `colour`, to change.
    pub const fn get_mut(&mut self, colour: Colour) -> &mut T {
        match colour {
            Colour::White => &mut self.white,
            Colour::Black => &mut self.black,
        }
    }
}

/// Why a game is over. The words of [`Reason::as_str`] are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Checkmate.
    Checkmate,
    /// Stalemate.
    Stalemate,
    /// Neither side has the material to mate.
    DeadPosition,
    /// The position stood on the board for the fifth time.
    Fivefold,
    /// 75 moves of each side without capture or pawn move.
    SeventyFive,
    /// The chain reached its last record.
    RecordLimit,
    /// A player resigned.
    Resignation,
    /// A draw was offered and accepted.
    Agreement,
    /// A draw was claimed at a third repetition.
    Threefold,
    /// A draw was claimed at 50 quiet moves.
    Fifty,
    /// A player's time ran out.
    Timeout,
    /// A player's time ran out while the opponent could not mate.
    TimeoutVsInsufficient,
    /// A player ended the game instead of making the first move.
    Abort,
    /// A player did not make the first move in time.
    NoShow,
    /// A player signed two records for one place.
    Equivocation,
    /// The players agreed to go on in another game.
    Continued,
}

impl Reason {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Checkmate => "checkmate",
            Self::Stalemate => "stalemate",
            Self::DeadPosition => "dead-position",
            Self::Fivefold => "fivefold",
            Self::SeventyFive => "seventy-five",
            Self::RecordLimit => "record-limit",
            Self::Resignation => "resignation",
            Self::Agreement => "agreement",
            Self::Threefold => "threefold",
            Self::Fifty => "fifty",
            Self::Timeout => "timeout",
            Self::TimeoutVsInsufficient => "timeout-vs-insufficient",
            Self::Abort => "abort",
            Self::NoShow => "no-show",
            Self::Equivocation => "equivocation",
            Self::Continued => "continued",
        }
    }
}

/// How a game ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Why.
    pub reason: Reason,
    /// The winner; none where it is drawn or has no result.
    pub winner: Option<Colour>,
}

impl Outcome {
    pub(crate) const fn drawn(reason: Reason) -> Self {
        Self {
            reason,
            winner: None,
        }
    }

    pub(crate) const fn lost(loser: Colour, reason: Reason) -> Self {
        Self {
            reason,
            winner: Some(loser.other()),
        }
    }

    /// `1-0`, `0-1`, `1/2-1/2`, or `*` for a game that ended without result.
    #[must_use]
    pub const fn as_pgn(self) -> &'static str {
        match (self.winner, self.reason) {
            (Some(Colour::White), _) => "1-0",
            (Some(Colour::Black), _) => "0-1",
            (None, Reason::Abort | Reason::NoShow | Reason::Continued) => "*",
            (None, _) => "1/2-1/2",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.as_pgn(), self.reason.as_str())
    }
}

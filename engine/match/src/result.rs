//! How a game ended, and why.

use std::fmt;

use shakmaty::KnownOutcome;

use crate::fault::FaultKind;

/// The end of a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Who won.
    pub outcome: KnownOutcome,
    /// Why.
    pub reason: Reason,
}

/// Why a game ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Checkmate.
    Checkmate,
    /// Stalemate.
    Stalemate,
    /// Neither side can mate.
    Material,
    /// The third time of a position.
    Repetition,
    /// Fifty moves of both sides without a capture or a pawn's move.
    FiftyMoves,
    /// Adjudicated: the game grew too long.
    TooLong,
    /// Adjudicated: both engines saw the same winner for long enough.
    Resign,
    /// Adjudicated: both engines saw nothing in it for long enough.
    Level,
    /// An engine's fault.
    Fault(FaultKind),
}

impl Ending {
    /// An end with its reason.
    #[must_use]
    pub const fn new(outcome: KnownOutcome, reason: Reason) -> Self {
        Self { outcome, reason }
    }

    /// A draw with its reason.
    #[must_use]
    pub const fn draw(reason: Reason) -> Self {
        Self::new(KnownOutcome::Draw, reason)
    }
}

impl Reason {
    /// The value of PGN's `Termination`.
    #[must_use]
    pub const fn termination(self) -> &'static str {
        match self {
            Self::TooLong | Self::Resign | Self::Level => "adjudication",
            Self::Fault(FaultKind::TimeForfeit) => "time forfeit",
            Self::Fault(FaultKind::IllegalMove) => "rules infraction",
            Self::Fault(_) => "abandoned",
            _ => "normal",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checkmate => "checkmate",
            Self::Stalemate => "stalemate",
            Self::Material => "insufficient material",
            Self::Repetition => "threefold repetition",
            Self::FiftyMoves => "fifty moves",
            Self::TooLong => "adjudicated: too long",
            Self::Resign => "adjudicated: both see the winner",
            Self::Level => "adjudicated: both see a draw",
            Self::Fault(kind) => kind.name(),
        })
    }
}

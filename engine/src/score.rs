//! Values inside the search and scores as they are reported. Evaluation lives in `evaluation`.

use std::fmt;

/// A value inside the search: centipawns from the side to move, or a mate distance near [`MATE`].
pub type Value = i32;

/// The longest line that the search follows, in plies.
pub const MAX_PLY: usize = 128;
/// Being mated on the spot has the value `-MATE`, and one ply less for each ply of distance.
pub const MATE: Value = 32_000;
/// Beyond every value that a node can have.
pub const INFINITE: Value = 32_100;
/// Marks "no value" in the transposition table.
pub const NONE: Value = 32_200;
/// Values from here on mean a forced mate inside the search horizon.
pub const MATE_BOUND: Value = MATE - 2 * MAX_PLY as Value;
/// Evaluations stay below this, so that they never look like a mate.
pub const EVALUATION_BOUND: Value = 20_000;

/// The value of being mated in `ply` plies from the root.
#[must_use]
pub const fn mated_in(ply: usize) -> Value {
    ply as Value - MATE
}

/// The value of mating in `ply` plies from the root.
#[must_use]
pub const fn mate_in(ply: usize) -> Value {
    MATE - ply as Value
}

/// A score as a user sees it, from the side to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    /// Centipawns: 100 are about one pawn.
    Centipawns(i32),
    /// Full moves to mate; negative when the side to move is mated, 0 when it already is.
    Mate(i32),
}

impl Score {
    /// Reads a search value.
    #[must_use]
    pub const fn from_value(value: Value) -> Score {
        if value >= MATE_BOUND {
            Score::Mate((MATE - value + 1) / 2)
        } else if value <= -MATE_BOUND {
            Score::Mate(-((MATE + value) / 2))
        } else {
            Score::Centipawns(value)
        }
    }
}

impl fmt::Display for Score {
    /// Prints as UCI does: `cp 12` or `mate -3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Score::Centipawns(cp) => write!(f, "cp {cp}"),
            Score::Mate(moves) => write!(f, "mate {moves}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mate_values_count_full_moves() {
        assert_eq!(Score::from_value(mate_in(1)), Score::Mate(1));
        assert_eq!(Score::from_value(mate_in(3)), Score::Mate(2));
        assert_eq!(Score::from_value(mated_in(0)), Score::Mate(0));
        assert_eq!(Score::from_value(mated_in(2)), Score::Mate(-1));
        assert_eq!(Score::from_value(mated_in(4)), Score::Mate(-2));
        assert_eq!(Score::from_value(-57).to_string(), "cp -57");
    }
}

//! Where games begin: openings drawn from a seed, or read from a file. Each is played twice, colours swapped.

mod balance;
mod file;
mod random;

use shakmaty::{CastlingMode, Chess, Move};

pub use balance::{BALANCED, balance};
pub use file::{OpeningsError, read};
pub use random::{PLIES, RandomOpenings};

/// A position to start from, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Where its moves begin.
    pub start: Chess,
    /// How castling is written.
    pub mode: CastlingMode,
    /// The moves that are played before the engines'.
    pub moves: Vec<Move>,
}

/// A source of openings, one for each pair of games.
pub enum Openings {
    /// Without end.
    Random(Box<RandomOpenings>),
    /// From a file, from the beginning again after the last.
    Listed {
        /// At least one.
        list: Vec<Opening>,
        /// Which is next.
        next: usize,
    },
}

impl Openings {
    /// Those of a file.
    #[must_use]
    pub const fn listed(list: Vec<Opening>) -> Self {
        Self::Listed { list, next: 0 }
    }
}

impl Iterator for Openings {
    type Item = Opening;

    fn next(&mut self) -> Option<Opening> {
        match self {
            Self::Random(random) => random.next(),
            Self::Listed { list, next } => {
                let opening = list.get(*next % list.len().max(1)).cloned();
                *next += 1;
                opening
            }
        }
    }
}

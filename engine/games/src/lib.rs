//! Records of games with a score for each position: what the network is trained on.
//!
//! A file is one zstd stream (of one or more frames) over records without anything between them. All numbers are
//! little endian. A record:
//!
//! | type | field |
//! |---|---|
//! | `u16` | plies in the record, opening included |
//! | `u8` | result: 0 Black won, 1 drawn, 2 White won |
//! | `u8` | opening plies, which nobody searched |
//! | for each ply a `u16` | the move: from in bits 0-5 (a1 = 0, b1 = 1, h8 = 63), to in bits 6-11, promotion in bits 12-14 (0 none, 1 knight, 2 bishop, 3 rook, 4 queen), bit 15 clear; castling is the king's move of two squares, as UCI writes it |
//! | and an `i16` | the score of the position before the move, in centipawns for the side to move; 32767 for an opening ply; a mate is 30000 less the moves to it, or minus that for the side that is mated |
//!
//! Every game begins at the standard starting position. The position after the last move has no score.
//!
//! ```
//! use rookery_games::{Game, Ply, Reader, Writer};
//! use shakmaty::{Chess, Color, Position};
//!
//! let opening = Chess::default().legal_moves()[0];
//! let game = Game {
//!     winner: Some(Color::White),
//!     opening: 1,
//!     plies: vec![Ply::new(opening, None).expect("standard chess has no drops")],
//! };
//! let mut writer = Writer::new(Vec::new())?;
//! writer.write(&game)?;
//! let frame = writer.finish()?;
//!
//! let games: Result<Vec<Game>, _> = Reader::new(frame.as_slice())?.collect();
//! assert_eq!(games?, [game]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod reader;
mod writer;

use shakmaty::uci::UciMove;
use shakmaty::{Chess, Color, Move, Role, Square};

pub use reader::{ReadError, Reader};
pub use writer::{WriteError, Writer};

/// In a record: no score.
const UNSCORED: i16 = i16::MAX;
/// What a mate on the board would score.
pub const MATE: i16 = 30_000;
/// A score this far from 0, or farther, announces a mate.
pub const MATE_BOUND: i16 = MATE - 1_000;

/// What a record has for a score of so many centipawns.
#[must_use]
pub fn centipawns(value: i32) -> i16 {
    let bound = MATE_BOUND - 1;
    value.clamp(i32::from(-bound), i32::from(bound)) as i16
}

/// What a record has for a mate in so many moves; 0 or less for the side that is mated.
#[must_use]
pub fn mate(moves: i32) -> i16 {
    let near = |moves: u32| MATE - moves.min((MATE - MATE_BOUND) as u32) as i16;
    match moves {
        1.. => near(moves.unsigned_abs()),
        _ => -near(moves.unsigned_abs()),
    }
}

/// One game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Game {
    /// Who won, nobody if it was drawn.
    pub winner: Option<Color>,
    /// How many plies at the beginning nobody searched.
    pub opening: u8,
    /// The moves, at most [`u16::MAX`].
    pub plies: Vec<Ply>,
}

/// A move with the score of the position before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ply {
    /// The square that the piece leaves.
    pub from: Square,
    /// The square that it reaches; a castling king moves two squares.
    pub to: Square,
    /// What a pawn becomes.
    pub promotion: Option<Role>,
    /// Centipawns for the side to move; nothing if nobody searched the position.
    pub score: Option<i16>,
}

impl Ply {
    /// The move `m` out of a position that scores `score`; nothing for a drop, which standard chess does not have.
    #[must_use]
    pub fn new(m: Move, score: Option<i16>) -> Option<Ply> {
        match UciMove::from_standard(m) {
            UciMove::Normal {
                from,
                to,
                promotion,
            } => Some(Ply {
                from,
                to,
                promotion,
                score,
            }),
            UciMove::Put { .. } | UciMove::Null => None,
        }
    }

    fn uci(self) -> UciMove {
        UciMove::Normal {
            from: self.from,
            to: self.to,
            promotion: self.promotion,
        }
    }

    fn pack(self) -> Option<u16> {
        let promotion = match self.promotion {
            None => 0,
            Some(Role::Knight) => 1,
            Some(Role::Bishop) => 2,
            Some(Role::Rook) => 3,
            Some(Role::Queen) => 4,
            Some(Role::Pawn | Role::King) => return None,
        };
        Some(self.from as u16 | (self.to as u16) << 6 | promotion << 12)
    }

    fn unpack(packed: u16, score: i16) -> Option<Ply> {
        let promotion = match packed >> 12 {
            0 => None,
            1 => Some(Role::Knight),
            2 => Some(Role::Bishop),
            3 => Some(Role::Rook),
            4 => Some(Role::Queen),
            _ => return None,
        };
        Some(Ply {
            from: Square::new(u32::from(packed & 63)),
            to: Square::new(u32::from(packed >> 6 & 63)),
            promotion,
            score: (score != UNSCORED).then_some(score),
        })
    }
}

/// A move that is not legal where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the move {uci} of ply {ply} is not legal")]
pub struct IllegalMove {
    /// Counted from 0.
    pub ply: usize,
    /// The move.
    pub uci: UciMove,
}

impl Game {
    /// Plays the game through and shows `visit` each position, the move out of it and the ply, counted from 0.
    ///
    /// # Errors
    ///
    /// At the first move that is not legal; what came before has been visited.
    pub fn replay(
        &self,
        mut visit: impl FnMut(&Chess, Move, usize, Ply),
    ) -> Result<(), IllegalMove> {
        let mut position = Chess::default();
        for (index, &ply) in self.plies.iter().enumerate() {
            let uci = ply.uci();
            let Ok(m) = uci.to_move(&position) else {
                return Err(IllegalMove { ply: index, uci });
            };
            visit(&position, m, index, ply);
            shakmaty::Position::play_unchecked(&mut position, m);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

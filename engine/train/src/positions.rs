//! Positions as the trainer holds them, millions at a time: 32 bytes each.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use rookery_engine::rng::Rng;
use sha2::{Digest, Sha256};
use shakmaty::{Board, Color, Piece, Role, Square};

use crate::filter::{Counts, Filter};
use crate::games::{Game, IllegalMove, ReadError, Reader};

/// A position with its score and the result of its game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    occupied: u64,
    /// Four bits for each occupied square from a1 on, the lower ones first: 8 for a black piece, plus its role from 0,
    /// a pawn, to 5, a king.
    pieces: [u8; 16],
    score: i16,
    /// 0 lost, 1 drawn, 2 won, for the side to move.
    result: u8,
    turn: Color,
}

const _: () = assert!(size_of::<Position>() == 32);

impl Position {
    /// Packs a board of at most 32 pieces, as every game has; further pieces are lost. `score` is in centipawns for
    /// the side to move.
    #[must_use]
    pub fn new(board: &Board, turn: Color, score: i16, winner: Option<Color>) -> Position {
        let mut pieces = [0; 16];
        let mut occupied = 0;
        for (index, (square, piece)) in board.iter().take(32).enumerate() {
            let code = (piece.role as u8 - 1) | u8::from(piece.color.is_black()) << 3;
            pieces[index / 2] |= code << (index % 2 * 4);
            occupied |= 1 << square as u32;
        }
        Position {
            occupied,
            pieces,
            score,
            result: winner.map_or(1, |winner| if winner == turn { 2 } else { 0 }),
            turn,
        }
    }

    /// The pieces with their squares, from a1 on.
    pub fn pieces(&self) -> impl Iterator<Item = (Square, Piece)> {
        const ROLES: [Role; 8] = {
            use Role::{Bishop, King, Knight, Pawn, Queen, Rook};
            // The last two never occur.
            [Pawn, Knight, Bishop, Rook, Queen, King, King, King]
        };
        let squares = shakmaty::Bitboard(self.occupied).into_iter();
        squares.enumerate().map(|(index, square)| {
            let code = self.pieces[(index / 2) & 15] >> (index % 2 * 4);
            let color = Color::from_white(code & 8 == 0);
            let role = ROLES[usize::from(code & 7)];
            (square, Piece { color, role })
        })
    }

    /// The occupied squares and the pieces on them, as this type has them.
    #[cfg(feature = "gpu")]
    pub(crate) const fn packed(&self) -> (u64, [u8; 16]) {
        (self.occupied, self.pieces)
    }

    /// How many pieces there are, kings and pawns included.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.occupied.count_ones()
    }

    /// Side to move.
    #[must_use]
    pub const fn turn(&self) -> Color {
        self.turn
    }

    /// Centipawns for the side to move.
    #[must_use]
    pub const fn score(&self) -> i16 {
        self.score
    }

    /// What the side to move made of it: 0 lost, 0.5 drawn, 1 won.
    #[must_use]
    pub const fn result(&self) -> f32 {
        self.result as f32 / 2.0
    }
}

/// Why positions could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A record is not sound.
    #[error("{} is no sound file of games", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ReadError,
    },
    /// A game cannot be played.
    #[error("game {game}, counted from 0, of {} cannot be played", path.display())]
    Illegal {
        /// The file.
        path: PathBuf,
        /// Counted from 0.
        game: u64,
        /// The move.
        source: IllegalMove,
    },
}

/// A file of games that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Games in it.
    pub games: u64,
    /// Games that White won, that were drawn, that Black won.
    pub results: [u64; 3],
    /// What the filter made of its positions.
    pub counts: Counts,
}

/// Hashes what is read through it.
struct Hashed<R> {
    input: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

/// Reads all games of the file `path` and shows `keep` each position that passes `filter`, with the number of its game
/// in the file.
///
/// # Errors
///
/// When the file cannot be read, is unsound, or has a move that is not legal; some positions may have been kept.
pub fn load(
    path: &Path,
    filter: &Filter,
    mut keep: impl FnMut(u64, Position),
) -> Result<Source, LoadError> {
    let io = |source| LoadError::Io {
        path: path.to_owned(),
        source,
    };
    let record = |source| LoadError::Record {
        path: path.to_owned(),
        source,
    };
    let mut hashed = Hashed {
        input: File::open(path).map_err(io)?,
        hash: Sha256::new(),
    };
    let (mut games, mut results, mut counts) = (0, [0; 3], Counts::default());
    let reader = Reader::new(BufReader::new(&mut hashed)).map_err(record)?;
    for game in reader {
        let game: Game = game.map_err(record)?;
        let visit = |position: &shakmaty::Chess, m, index, ply| {
            let verdict = filter.judge(position, m, index, ply);
            counts.add(verdict);
            if let Ok(score) = verdict {
                use shakmaty::Position as _;
                let packed = Position::new(position.board(), position.turn(), score, game.winner);
                keep(games, packed);
            }
        };
        game.replay(visit).map_err(|source| LoadError::Illegal {
            path: path.to_owned(),
            game: games,
            source,
        })?;
        games += 1;
        results[match game.winner {
            Some(Color::White) => 0,
            None => 1,
            Some(Color::Black) => 2,
        }] += 1;
    }
    Ok(Source {
        path: path.to_owned(),
        sha256: hashed.hash.finalize().into(),
        games,
        results,
        counts,
    })
}

/// Positions to learn from and positions to judge the learning by.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// The files that were read.
    pub sources: Vec<Source>,
    /// To learn from.
    pub training: Vec<Position>,
    /// Held out.
    pub validation: Vec<Position>,
}

impl Data {
    /// Reads `path`. Of a thousand games, about `held_out` go to validation, with all their positions, as those of
    /// one game are much alike; `seed` chooses which.
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn add(
        &mut self,
        path: &Path,
        filter: &Filter,
        seed: u64,
        held_out: u16,
    ) -> Result<(), LoadError> {
        let file = self.sources.len() as u64;
        let source = load(path, filter, |game, position| {
            let draw = Rng::new(seed ^ Rng::new(file << 40 | game).next_u64()).below(1000);
            if draw < u64::from(held_out) {
                self.validation.push(position);
            } else {
                self.training.push(position);
            }
        })?;
        self.sources.push(source);
        Ok(())
    }
}

/// The numbers below `count` in the random order that `seed` and `epoch` determine.
#[must_use]
pub fn order(count: u32, seed: u64, epoch: u64) -> Vec<u32> {
    let mut rng = Rng::new(seed ^ Rng::new(epoch).next_u64());
    let mut order: Vec<u32> = (0..count).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, rng.below(last as u64 + 1) as usize);
    }
    order
}

#[cfg(test)]
mod tests;

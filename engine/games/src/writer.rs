//! Writes records of games.

use std::io::{self, Write};

use shakmaty::Color;

use super::{Game, UNSCORED};

/// How strongly records are packed: zstd's levels 1 to 22.
const COMPRESSION: i32 = 15;

/// Why a game cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file could not be written.
    #[error("cannot write the record")]
    Io(#[from] io::Error),
    /// The game has more plies than a record counts.
    #[error("a record holds 65535 plies, the game has {0}")]
    TooLong(usize),
    /// The opening is longer than the game.
    #[error("the game has {opening} opening plies of {plies}")]
    Opening {
        /// Opening plies.
        opening: u8,
        /// All plies.
        plies: u16,
    },
    /// A pawn can become neither a pawn nor a king.
    #[error("ply {ply}, counted from 0, promotes to no piece that a pawn can become")]
    Promotion {
        /// Counted from 0.
        ply: usize,
    },
    /// The score stands for none in a record.
    #[error("ply {ply}, counted from 0, has the score 32767, which means none")]
    Score {
        /// Counted from 0.
        ply: usize,
    },
}

/// Writes games, one after the other.
pub struct Writer<W: Write> {
    stream: zstd::Encoder<'static, W>,
}

impl<W: Write> Writer<W> {
    /// Writes to `output`, compressed.
    ///
    /// # Errors
    ///
    /// When zstd cannot start.
    pub fn new(output: W) -> Result<Writer<W>, WriteError> {
        let mut stream = zstd::Encoder::new(output, COMPRESSION)?;
        stream.include_checksum(true)?;
        Ok(Writer { stream })
    }

    /// Appends one game. It is not looked at whether its moves are legal.
    ///
    /// # Errors
    ///
    /// When the game does not fit into a record (then nothing of it is written), or when writing fails.
    pub fn write(&mut self, game: &Game) -> Result<(), WriteError> {
        let plies = u16::try_from(game.plies.len());
        let plies = plies.map_err(|_| WriteError::TooLong(game.plies.len()))?;
        let opening = game.opening;
        if u16::from(opening) > plies {
            return Err(WriteError::Opening { opening, plies });
        }
        let result = match game.winner {
            Some(Color::Black) => 0,
            None => 1,
            Some(Color::White) => 2,
        };
        let mut record = Vec::with_capacity(4 + 4 * game.plies.len());
        record.extend_from_slice(&plies.to_le_bytes());
        record.extend_from_slice(&[result, opening]);
        for (ply, played) in game.plies.iter().enumerate() {
            if played.score == Some(UNSCORED) {
                return Err(WriteError::Score { ply });
            }
            let packed = played.pack().ok_or(WriteError::Promotion { ply })?;
            record.extend_from_slice(&packed.to_le_bytes());
            record.extend_from_slice(&played.score.unwrap_or(UNSCORED).to_le_bytes());
        }
        Ok(self.stream.write_all(&record)?)
    }

    /// Ends the stream and gives the output back, unflushed. Without this the file is cut off.
    ///
    /// # Errors
    ///
    /// When writing fails.
    pub fn finish(self) -> Result<W, WriteError> {
        Ok(self.stream.finish()?)
    }
}

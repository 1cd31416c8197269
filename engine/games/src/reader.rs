//! Reads records of games.

use std::io::{self, BufRead, ErrorKind, Read};

use shakmaty::Color;

use super::{Game, Ply};

/// Why no further game can be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be read, or is no sound zstd stream.
    #[error("cannot read the records after game {game}")]
    Io {
        /// How many games were read before.
        game: u64,
        /// What went wrong.
        source: io::Error,
    },
    /// The file ends within a record.
    #[error("the file ends within the record of game {game}, counted from 0")]
    CutOff {
        /// Counted from 0.
        game: u64,
    },
    /// The result is none.
    #[error("game {game}, counted from 0, has the result {value}")]
    Result {
        /// Counted from 0.
        game: u64,
        /// What stands there.
        value: u8,
    },
    /// The opening is longer than the game.
    #[error("game {game}, counted from 0, has {opening} opening plies of {plies}")]
    Opening {
        /// Counted from 0.
        game: u64,
        /// Opening plies.
        opening: u8,
        /// All plies.
        plies: u16,
    },
    /// The bits of a move say nothing.
    #[error("ply {ply} of game {game}, both counted from 0, is {value:#06x}, which is no move")]
    Move {
        /// Counted from 0.
        game: u64,
        /// Counted from 0.
        ply: usize,
        /// What stands there.
        value: u16,
    },
}

/// Reads games, one after the other. After an error it gives none.
pub struct Reader<R: Read> {
    stream: Option<zstd::Decoder<'static, R>>,
    games: u64,
    bytes: Vec<u8>,
}

impl<R: BufRead> Reader<R> {
    /// Reads what `input` has, which is compressed.
    ///
    /// # Errors
    ///
    /// When zstd cannot start.
    pub fn new(input: R) -> Result<Reader<R>, ReadError> {
        let stream = zstd::Decoder::with_buffer(input);
        Ok(Reader {
            stream: Some(stream.map_err(|source| ReadError::Io { game: 0, source })?),
            games: 0,
            bytes: Vec::new(),
        })
    }

    /// The next game; nothing at the end of the file.
    fn read(&mut self) -> Result<Option<Game>, ReadError> {
        let game = self.games;
        let Some(stream) = &mut self.stream else {
            return Ok(None);
        };
        let failed = |source: io::Error| match source.kind() {
            ErrorKind::UnexpectedEof => ReadError::CutOff { game },
            _ => ReadError::Io { game, source },
        };

        // The end of the file is fine before a record, and only there.
        let mut head = [0; 4];
        let mut filled = 0;
        while filled < head.len() {
            match stream.read(&mut head[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(ReadError::CutOff { game }),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
        let [low, high, result, opening] = head;
        let plies = u16::from_le_bytes([low, high]);
        let winner = match result {
            0 => Some(Color::Black),
            1 => None,
            2 => Some(Color::White),
            value => return Err(ReadError::Result { game, value }),
        };
        if u16::from(opening) > plies {
            return Err(ReadError::Opening {
                game,
                opening,
                plies,
            });
        }

        let count = usize::from(plies);
        self.bytes.resize(4 * count, 0);
        stream.read_exact(&mut self.bytes).map_err(failed)?;
        let mut list = Vec::with_capacity(count);
        for (ply, &[a, b, c, d]) in self.bytes.as_chunks().0.iter().enumerate() {
            let value = u16::from_le_bytes([a, b]);
            let read = Ply::unpack(value, i16::from_le_bytes([c, d]));
            list.push(read.ok_or(ReadError::Move { game, ply, value })?);
        }
        self.games += 1;
        Ok(Some(Game {
            winner,
            opening,
            plies: list,
        }))
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Game, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read().transpose();
        if !matches!(next, Some(Ok(_))) {
            self.stream = None;
        }
        next
    }
}

//! Openings from files: EPD or FEN, one a line, or the games of a PGN file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use shakmaty::fen::{Epd, Fen};
use shakmaty::{CastlingMode, Chess};

use super::Opening;
use crate::pgn::{self, PgnError};

/// Why a file gives no openings.
#[derive(Debug, thiserror::Error)]
pub enum OpeningsError {
    /// It cannot be read.
    #[error("cannot read {file}: {source}")]
    Read {
        /// Which.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line that is no position.
    #[error("line {line} is no position: `{text}`")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A game that is not PGN, or not legal.
    #[error(transparent)]
    Game(#[from] PgnError),
    /// There is nothing in it.
    #[error("{0} has no openings")]
    Empty(PathBuf),
}

/// Reads the openings of `file`: games if its name ends with `.pgn`, else positions. Of games at most the first `plies`
/// moves are taken.
///
/// # Errors
///
/// [`OpeningsError`] if it cannot be read, is empty, or has a position or move that is not legal.
pub fn read(file: &Path, mode: CastlingMode, plies: usize) -> Result<Vec<Opening>, OpeningsError> {
    let bytes = fs::read(file).map_err(|source| OpeningsError::Read {
        file: file.to_path_buf(),
        source,
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let games = file
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("pgn"));
    let openings = if games {
        from_games(&text, mode, plies)?
    } else {
        from_positions(&text, mode)?
    };
    if openings.is_empty() {
        return Err(OpeningsError::Empty(file.to_path_buf()));
    }
    Ok(openings)
}

fn from_games(text: &str, mode: CastlingMode, plies: usize) -> Result<Vec<Opening>, OpeningsError> {
    let mut openings = Vec::new();
    for game in pgn::read(text) {
        let (start, mut moves) = game.replay(mode)?;
        moves.truncate(plies);
        openings.push(Opening { start, mode, moves });
    }
    Ok(openings)
}

fn from_positions(text: &str, mode: CastlingMode) -> Result<Vec<Opening>, OpeningsError> {
    let mut openings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let start = position(line, mode).ok_or_else(|| OpeningsError::Line {
            line: index + 1,
            text: line.chars().take(100).collect(),
        })?;
        openings.push(Opening {
            start,
            mode,
            moves: Vec::new(),
        });
    }
    Ok(openings)
}

/// Four fields and operations, or the six of a FEN.
fn position(line: &str, mode: CastlingMode) -> Option<Chess> {
    let fields: Vec<_> = line.split_whitespace().collect();
    let is_number = |field: &&str| field.parse::<u32>().is_ok();
    if fields.len() >= 6 && fields.iter().skip(4).take(2).all(is_number) {
        let fen: Fen = fields.get(..6)?.join(" ").parse().ok()?;
        fen.into_position(mode).ok()
    } else {
        let epd: Epd = fields.get(..4)?.join(" ").parse().ok()?;
        epd.into_position(mode).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_with_operations_or_counters() {
        let text = "# a comment\n\
            rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - bm e5; id \"one\";\r\n\
            \n\
            4k3/8/8/8/8/8/4P3/4K3 w - - 12 40\n";
        let openings = from_positions(text, CastlingMode::Standard).unwrap();
        assert_eq!(openings.len(), 2);
        use shakmaty::Position;
        assert_eq!(openings[1].start.halfmoves(), 12);
    }

    #[test]
    fn a_line_that_is_no_position_is_named() {
        let text = "4k3/8/8/8/8/8/4P3/4K3 w - -\n4k3/8/8/8/8/8/4P3/8 w - -\n";
        let error = from_positions(text, CastlingMode::Standard).unwrap_err();
        assert!(error.to_string().starts_with("line 2 "), "{error}");
    }

    #[test]
    fn games_give_their_first_moves() {
        let text =
            "[Event \"?\"]\n\n1. e4 (1. d4 d5) e5 {a comment} 2. Nf3 $1 Nc6 1-0\n\n1. d4 *\n";
        let openings = from_games(text, CastlingMode::Standard, 3).unwrap();
        let lengths: Vec<_> = openings.iter().map(|opening| opening.moves.len()).collect();
        assert_eq!(lengths, [3, 1]);
        assert!(from_games("1. e5 *", CastlingMode::Standard, 3).is_err());
    }

    #[test]
    fn a_missing_or_empty_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("empty.epd");
        let read_it = || read(&file, CastlingMode::Standard, 8);
        assert!(matches!(read_it(), Err(OpeningsError::Read { .. })));
        fs::write(&file, "\n").unwrap();
        assert!(matches!(read_it(), Err(OpeningsError::Empty(_))));
    }
}

//! A game as an engine is told it: a start position and the moves since.

use shakmaty::{
    CastlingMode, Chess, EnPassantMode, Move,
    fen::{Fen, ParseFenError},
    uci::UciMove,
};

use crate::position::Position;

/// Why a position or a move was refused. The game stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum GameError {
    /// Not a FEN at all.
    #[error("cannot read the FEN: {0}")]
    Fen(#[from] ParseFenError),
    /// A FEN of a position that chess does not have.
    #[error("the position is not legal: {0}")]
    Position(String),
    /// Not a move in UCI notation.
    #[error("move {number} is not a UCI move: {text}")]
    Move {
        /// Which of the moves, from 1.
        number: usize,
        /// What was given, cut short.
        text: String,
    },
    /// A move that the position does not allow.
    #[error("move {number} is not legal: {text}")]
    Illegal {
        /// Which of the moves, from 1.
        number: usize,
        /// What was given.
        text: String,
    },
}

/// A position and how it came about, as far as the rules ask for it.
#[derive(Clone, Debug)]
pub struct Game {
    position: Position,
    /// Keys of the positions before this one.
    keys: Vec<u64>,
}

impl Default for Game {
    fn default() -> Game {
        Game::new(Chess::default())
    }
}

/// No game has ever come near this many moves.
const COUNTER_MAX: u32 = 20_000;

/// Quotes what a user sent, without letting it flood the answer.
fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(20).collect()
}

impl Game {
    /// A game that starts here.
    #[must_use]
    pub fn new(start: Chess) -> Game {
        Game {
            position: Position::new(start),
            keys: Vec::new(),
        }
    }

    /// A game that starts at a FEN.
    ///
    /// # Errors
    ///
    /// [`GameError::Fen`] or [`GameError::Position`].
    pub fn from_fen(fen: &str, mode: CastlingMode) -> Result<Game, GameError> {
        let fen = Fen::from_ascii(fen.trim().as_bytes())?;
        let setup = fen.as_setup();
        if setup.halfmoves > COUNTER_MAX || setup.fullmoves.get() > COUNTER_MAX {
            return Err(GameError::Position(
                "the move counters are absurd".to_owned(),
            ));
        }
        let chess: Chess = fen.into_position(mode).map_err(|error| {
            let hint = if mode.is_standard()
                && error
                    .kinds()
                    .contains(shakmaty::PositionErrorKinds::INVALID_CASTLING_RIGHTS)
            {
                " (a Chess960 position needs that mode switched on)"
            } else {
                ""
            };
            GameError::Position(format!("{error}{hint}"))
        })?;
        Ok(Game::new(chess))
    }

    /// Plays moves in UCI notation; either all of them or none.
    ///
    /// # Errors
    ///
    /// [`GameError::Move`] or [`GameError::Illegal`] for the first move that cannot be played.
    pub fn play_all<'a>(
        &mut self,
        moves: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), GameError> {
        let mut next = self.clone();
        for (index, text) in moves.into_iter().enumerate() {
            let m = next.parse(text).map_err(|known| {
                let (number, text) = (index + 1, shorten(text));
                if known {
                    GameError::Illegal { number, text }
                } else {
                    GameError::Move { number, text }
                }
            })?;
            next.play(m);
        }
        *self = next;
        Ok(())
    }

    /// Reads one UCI move. The error says whether it was at least well formed.
    fn parse(&self, text: &str) -> Result<Move, bool> {
        let uci = UciMove::from_ascii(text.as_bytes()).map_err(|_| false)?;
        uci.to_move(self.position.chess()).map_err(|_| true)
    }

    /// A legal move from its UCI notation.
    #[must_use]
    pub fn legal(&self, text: &str) -> Option<Move> {
        self.parse(text).ok()
    }

    /// Plays a legal move.
    pub fn play(&mut self, m: Move) {
        if m.is_zeroing() {
            // What was before can never come again.
            self.keys.clear();
        } else {
            self.keys.push(self.position.key());
        }
        self.position = self.position.play(m);
    }

    /// Where the game stands.
    #[must_use]
    pub const fn position(&self) -> &Position {
        &self.position
    }

    /// Keys of the earlier positions that can still be repeated, oldest first.
    #[must_use]
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// The FEN of where the game stands.
    #[must_use]
    pub fn fen(&self) -> String {
        Fen::from_position(self.position.chess(), EnPassantMode::Legal).to_string()
    }

    /// The game's notation of `m`.
    #[must_use]
    pub fn uci(&self, m: Move) -> String {
        m.to_uci(self.position.castling_mode()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_move_leaves_the_game_as_it_was() {
        let mut game = Game::default();
        game.play_all(["e2e4", "e7e5"]).unwrap();
        let before = game.fen();
        for (moves, number) in [
            (vec!["g1f3", "e5e4x"], 2),
            (vec!["e4e6"], 1),
            (vec!["0000"], 1),
        ] {
            match game.play_all(moves).unwrap_err() {
                GameError::Move { number: n, .. } | GameError::Illegal { number: n, .. } => {
                    assert_eq!(n, number);
                }
                other => panic!("{other}"),
            }
            assert_eq!(game.fen(), before);
        }
    }

    #[test]
    fn broken_positions_are_refused_with_a_reason() {
        for fen in [
            "",
            "rubbish",
            "8/8/8/8/8/8/8/8 w - - 0 1",
            "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQ1BNR w KQkq - 0 1",
            "4k3/8/8/8/8/8/4r3/4K2R b K - 0 1",
            "k7/8/8/8/8/8/8/KQQQQQQQ w - - 0 1 extra words and more",
        ] {
            let error = Game::from_fen(fen, CastlingMode::Standard).unwrap_err();
            assert!(!error.to_string().is_empty());
        }
        let shuffled = "bqnbrkrn/pppppppp/8/8/8/8/PPPPPPPP/BQNBRKRN w GEge - 0 1";
        assert!(Game::from_fen(shuffled, CastlingMode::Chess960).is_ok());
        let error = Game::from_fen(shuffled, CastlingMode::Standard).unwrap_err();
        assert!(error.to_string().contains("Chess960"), "{error}");
    }
}

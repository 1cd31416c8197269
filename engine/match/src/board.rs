//! A game's moves so far, and whether the rules of chess end it here.

use shakmaty::fen::Fen;
use shakmaty::uci::UciMove;
use shakmaty::zobrist::Zobrist64;
use shakmaty::{CastlingMode, Chess, Color, EnPassantMode, KnownOutcome, Move, Position};

use crate::result::{Ending, Reason};

/// A game in progress.
#[derive(Clone, Debug)]
pub struct Board {
    mode: CastlingMode,
    position: Chess,
    moves: Vec<Move>,
    /// Of each position since the start, the present one last.
    hashes: Vec<Zobrist64>,
    /// The UCI command that sets up the present position.
    command: String,
}

impl Board {
    /// Starts at `start`.
    #[must_use]
    pub fn new(start: Chess, mode: CastlingMode) -> Self {
        let command = if start == Chess::default() && mode == CastlingMode::Standard {
            "position startpos".to_owned()
        } else {
            let fen = Fen::from_position(&start, EnPassantMode::Legal);
            format!("position fen {fen}")
        };
        Self {
            mode,
            hashes: vec![hash(&start)],
            position: start,
            moves: Vec::new(),
            command,
        }
    }

    /// The present position.
    #[must_use]
    pub const fn position(&self) -> &Chess {
        &self.position
    }

    /// Whose turn it is.
    #[must_use]
    pub fn turn(&self) -> Color {
        self.position.turn()
    }

    /// How many moves were made since the start.
    #[must_use]
    pub fn plies(&self) -> usize {
        self.moves.len()
    }

    /// The UCI command for the present position.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Reads a move as an engine writes it; `None` if it is not legal here.
    #[must_use]
    pub fn read(&self, uci: &str) -> Option<Move> {
        let uci: UciMove = uci.parse().ok()?;
        uci.to_move(&self.position).ok()
    }

    /// Plays a legal move.
    pub fn play(&mut self, m: Move) {
        if self.moves.is_empty() {
            self.command += " moves";
        }
        self.command += &format!(" {}", m.to_uci(self.mode));
        self.position.play_unchecked(m);
        self.hashes.push(hash(&self.position));
        self.moves.push(m);
    }

    /// How the rules end the game here, if they do. A mate counts before the fifty moves.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        if self.position.legal_moves().is_empty() {
            return Some(if self.position.is_check() {
                let winner = Some(self.turn().other());
                Ending::new(KnownOutcome::from_winner(winner), Reason::Checkmate)
            } else {
                Ending::draw(Reason::Stalemate)
            });
        }
        if self.position.is_insufficient_material() {
            Some(Ending::draw(Reason::Material))
        } else if self.position.halfmoves() >= 100 {
            Some(Ending::draw(Reason::FiftyMoves))
        } else if self.repetitions() >= 3 {
            Some(Ending::draw(Reason::Repetition))
        } else {
            None
        }
    }

    /// How often the present position has been on the board.
    fn repetitions(&self) -> usize {
        let reversible = self.position.halfmoves() as usize + 1;
        let now = self.hashes.last();
        let since = self.hashes.iter().rev().take(reversible);
        since.filter(|&hash| Some(hash) == now).count()
    }
}

fn hash(position: &Chess) -> Zobrist64 {
    position.zobrist_hash(EnPassantMode::Legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(fen: &str, moves: &str) -> Board {
        let fen: Fen = fen.parse().unwrap();
        let mode = CastlingMode::Standard;
        let mut board = Board::new(fen.into_position(mode).unwrap(), mode);
        for word in moves.split_whitespace() {
            assert_eq!(board.ending(), None, "before {word}");
            board.play(board.read(word).unwrap());
        }
        board
    }

    const START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";

    fn reason(board: &Board) -> Option<Reason> {
        board.ending().map(|ending| ending.reason)
    }

    #[test]
    fn mate_is_the_other_sides_win() {
        let board = board(START, "f2f3 e7e5 g2g4 d8h4");
        let winner = Some(Color::Black);
        let mate = Ending::new(KnownOutcome::from_winner(winner), Reason::Checkmate);
        assert_eq!(board.ending(), Some(mate));
        assert_eq!(
            board.command(),
            "position startpos moves f2f3 e7e5 g2g4 d8h4"
        );
    }

    #[test]
    fn each_draw_has_its_reason() {
        let stalemate = board("7k/8/5KQ1/8/8/8/8/8 b - - 0 1", "");
        assert_eq!(reason(&stalemate), Some(Reason::Stalemate));
        let bare = board("4k3/8/8/8/8/8/3p4/4K3 w - - 0 1", "e1d2");
        assert_eq!(reason(&bare), Some(Reason::Material));
        let fifty = board("4k3/8/8/8/8/8/8/R3K3 w - - 99 80", "a1a2");
        assert_eq!(reason(&fifty), Some(Reason::FiftyMoves));
    }

    #[test]
    fn a_mate_on_the_hundredth_ply_counts() {
        let board = board("4k3/7R/8/8/8/8/8/R3K3 w - - 99 80", "a1a8");
        assert_eq!(reason(&board), Some(Reason::Checkmate));
    }

    #[test]
    fn the_third_time_is_a_draw_and_lost_castling_makes_another_position() {
        let dance = "g1f3 g8f6 f3g1 f6g8";
        let board_of_start = board(START, &format!("{dance} {dance}"));
        assert_eq!(reason(&board_of_start), Some(Reason::Repetition));
        // The first two have castling rights that the others lack.
        let kings = "e1e2 e8e7 e2e1 e7e8";
        let fen = "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1";
        let twice = board(fen, &format!("{kings} {kings}"));
        assert_eq!(reason(&twice), None);
    }

    #[test]
    fn an_illegal_move_is_not_read() {
        let board = board(START, "");
        for uci in [
            "", "e2e5", "e7e5", "0000", "(none)", "e2", "e2e4q", "O-O", "P@e4", "e1g1",
        ] {
            assert_eq!(board.read(uci), None, "{uci}");
        }
    }

    #[test]
    fn castling_in_chess960_is_king_takes_rook() {
        let fen: Fen = "4k3/8/8/8/8/8/8/1R3K1R w HB - 0 1".parse().unwrap();
        let mode = CastlingMode::Chess960;
        let mut board = Board::new(fen.into_position(mode).unwrap(), mode);
        board.play(board.read("f1b1").unwrap());
        assert!(
            board.command().ends_with(" moves f1b1"),
            "{}",
            board.command()
        );
        let after = Fen::from_position(board.position(), EnPassantMode::Legal).to_string();
        assert_eq!(after, "4k3/8/8/8/8/8/8/2KR3R b - - 1 1");
    }
}

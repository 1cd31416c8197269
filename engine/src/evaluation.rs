//! The static evaluation: one number for a quiet position. The search knows only [`Evaluation::evaluate`], so a
//! network can take the place of the hand-written terms in the files of this folder.

mod endgame;
mod king;
mod pawns;
mod pieces;
mod weights;

use shakmaty::{Bitboard, Board, Color, Role};

use crate::position::Position;
use crate::score::{EVALUATION_BOUND, Value};
use pawns::PawnCache;
use weights::{Pair, SQUARES, pair};

/// Judges positions. Keeps a cache of pawn structures, nothing else.
#[derive(Default)]
pub struct Evaluation {
    pawns: PawnCache,
}

/// The squares that each side's pieces attack, gathered once and used by several terms.
#[derive(Clone, Copy, Default)]
struct Attacks {
    pawn: Bitboard,
    minor: Bitboard,
    rook: Bitboard,
    queen: Bitboard,
    king: Bitboard,
    all: Bitboard,
    twice: Bitboard,
}

impl Attacks {
    fn add(&mut self, squares: Bitboard) {
        self.twice |= self.all & squares;
        self.all |= squares;
    }
}

/// Who plays the middlegame: 24 with all pieces, 0 with kings and pawns.
fn phase(board: &Board) -> i32 {
    let minors = (board.knights() | board.bishops()).count() as i32;
    let phase = minors + 2 * board.rooks().count() as i32 + 4 * board.queens().count() as i32;
    phase.min(24)
}

impl Evaluation {
    /// The value of `position` in centipawns for the side to move. Means nothing when it is in check.
    pub fn evaluate(&mut self, position: &Position) -> Value {
        let board = position.board();
        if let Some(value) = endgame::lone_king(board) {
            // Not faded: here every step towards the mate must show, however small.
            return if position.turn().is_white() {
                value
            } else {
                -value
            };
        }

        let pawns = self.pawns.get(position);
        let mut white = Attacks::default();
        let mut black = Attacks::default();
        for (color, attacks) in [(Color::White, &mut white), (Color::Black, &mut black)] {
            attacks.pawn = pawns::attacks(color, board.by_piece(color.pawn()));
            attacks.add(attacks.pawn);
            if let Some(king) = board.king_of(color) {
                attacks.king = shakmaty::attacks::king_attacks(king);
                attacks.add(attacks.king);
            }
        }

        let mut total =
            pawns.score + placement(board, Color::White) - placement(board, Color::Black);
        let (mut on_black, mut on_white) = (king::Danger::default(), king::Danger::default());
        total += pieces::activity(board, Color::White, &mut white, black.pawn, &mut on_black);
        total -= pieces::activity(board, Color::Black, &mut black, white.pawn, &mut on_white);
        total += king::safety(board, Color::White, &white, &black, on_white);
        total -= king::safety(board, Color::Black, &black, &white, on_black);
        total += pieces::threats(board, Color::White, &white, &black);
        total -= pieces::threats(board, Color::Black, &black, &white);
        total += pawns::passed(board, Color::White, pawns.passed.white, &white, &black);
        total -= pawns::passed(board, Color::Black, pawns.passed.black, &black, &white);

        let phase = phase(board);
        let late = total.eg() * endgame::scale(board, total.eg()) / endgame::FULL;
        let value = (total.mg() * phase + late * (24 - phase)) / 24;
        from_white(position, value) + weights::TEMPO
    }

    /// Forgets what is cached.
    pub fn clear(&mut self) {
        self.pawns = PawnCache::default();
    }
}

/// Turns a value from White's view into the mover's, fading as the fifty-move rule comes near.
fn from_white(position: &Position, value: Value) -> Value {
    let value = if position.turn().is_white() {
        value
    } else {
        -value
    };
    let faded = value * (220 - position.halfmoves().min(100) as i32) / 220;
    faded.clamp(1 - EVALUATION_BOUND, EVALUATION_BOUND - 1)
}

/// Material and where it stands.
fn placement(board: &Board, color: Color) -> Pair {
    let mut total = pair(0, 0);
    for role in Role::ALL {
        for square in board.by_piece(role.of(color)) {
            let square = if color.is_white() {
                square
            } else {
                square.flip_vertical()
            };
            total += SQUARES[role as usize - 1][square as usize];
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use shakmaty::{CastlingMode, Chess, EnPassantMode, Position as _, fen::Fen};

    fn evaluate(fen: &str) -> Value {
        let fen: Fen = fen.parse().unwrap();
        let position = Position::new(fen.into_position(CastlingMode::Standard).unwrap());
        Evaluation::default().evaluate(&position)
    }

    #[test]
    fn both_colours_are_judged_alike() {
        let seed = 12;
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        for _ in 0..60 {
            let mut position = Position::new(Chess::default());
            for _ in 0..100 {
                let moves = position.chess().legal_moves();
                if moves.is_empty() {
                    break;
                }
                position = position.play(moves[rng.below(moves.len() as u64) as usize]);
                let setup = position.chess().to_setup(EnPassantMode::Legal);
                let Ok(mirrored) = setup.into_mirrored().position(CastlingMode::Standard) else {
                    continue;
                };
                assert_eq!(
                    Evaluation::default().evaluate(&position),
                    Evaluation::default().evaluate(&Position::new(mirrored)),
                    "{position:?}"
                );
            }
        }
    }

    #[test]
    fn the_cache_changes_nothing() {
        let mut kept = Evaluation::default();
        let mut rng = Rng::new(5);
        for _ in 0..20 {
            let mut position = Position::new(Chess::default());
            for _ in 0..80 {
                let moves = position.chess().legal_moves();
                if moves.is_empty() {
                    break;
                }
                position = position.play(moves[rng.below(moves.len() as u64) as usize]);
                assert_eq!(
                    kept.evaluate(&position),
                    Evaluation::default().evaluate(&position)
                );
            }
        }
    }

    #[test]
    fn more_material_is_worth_more() {
        let start = evaluate("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1");
        assert!(start.abs() < 50, "{start}");
        let mut last = start;
        for fen in [
            "rnbqkbnr/ppp1pppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
            "rnbqkb1r/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
            "rnbqkbn1/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQq - 0 1",
            "rnb1kbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
        ] {
            let value = evaluate(fen);
            assert!(value > last + 30, "{fen}: {value} after {last}");
            last = value;
        }
    }

    #[test]
    fn a_lone_king_is_driven_to_the_edge() {
        let centre = evaluate("8/8/8/3k4/8/8/8/R3K3 w - - 0 1");
        let edge = evaluate("3k4/8/8/8/8/8/8/R3K3 w - - 0 1");
        let closer = evaluate("3k4/8/3K4/8/8/8/8/R7 w - - 0 1");
        assert!(
            centre > 400 && edge > centre && closer > edge,
            "{centre} {edge} {closer}"
        );
        // The bishop's colour decides the corner.
        let right = evaluate("k7/8/1K6/8/8/8/8/2N2B2 w - - 0 1");
        let wrong = evaluate("7k/8/6K1/8/8/8/8/2N2B2 w - - 0 1");
        assert!(right > wrong + 50, "{right} {wrong}");
    }

    #[test]
    fn material_that_cannot_win_is_worth_little() {
        assert!(evaluate("4k3/8/8/8/8/8/8/1NN1K3 w - - 0 1").abs() < 50);
        assert!(evaluate("4k3/5b2/8/8/8/8/8/R3K3 w - - 0 1").abs() < 100);
    }
}

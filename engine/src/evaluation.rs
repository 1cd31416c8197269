//! The static evaluation: one number for a quiet position, from a network. What the network cannot know is in
//! [`endgame`]: how to mate a bare king, and material that does not win.

mod accumulator;
mod endgame;
mod network;
mod simd;

use shakmaty::Move;

use crate::position::Position;
use crate::score::{EVALUATION_BOUND, Value};
use accumulator::Accumulators;
use network::NETWORK;
pub use network::{FILE, HIDDEN, Network, NetworkError};
use simd::Simd;

/// Judges positions along the line that is being searched. Told of each move, it computes only what moves change.
pub struct Evaluation {
    accumulators: Accumulators<'static>,
}

impl Default for Evaluation {
    fn default() -> Evaluation {
        Evaluation {
            accumulators: Accumulators::new(&NETWORK, Simd::detect()),
        }
    }
}

impl Evaluation {
    /// Begins a search at `root`, which is ply 0.
    pub fn start(&mut self, root: &Position) {
        self.accumulators.start(root);
    }

    /// Notes that `m`, or a null move, is played in `parent`, to which the moves noted up to `ply` have led. What was
    /// noted at this ply or beyond is forgotten. `ply` is below [`MAX_PLY`](crate::score::MAX_PLY).
    pub fn enter(&mut self, parent: &Position, ply: usize, m: Option<Move>) {
        self.accumulators.enter(ply, parent.turn(), m);
    }

    /// The value, in centipawns for the side to move, of `position`, to which the moves noted up to `ply` have led.
    /// Means nothing when it is in check.
    pub fn evaluate(&mut self, position: &Position, ply: usize) -> Value {
        let board = position.board();
        if let Some(value) = endgame::lone_king(board) {
            // Not faded: here every step towards the mate must show, however small.
            return if position.turn().is_white() {
                value
            } else {
                -value
            };
        }
        let value = self.accumulators.value(position, ply);
        let strong = if value > 0 {
            position.turn()
        } else {
            !position.turn()
        };
        let value = value * endgame::scale(board, strong) / endgame::FULL;
        // Fades as the fifty-move rule comes near.
        let faded = value * (220 - position.halfmoves().min(100) as i32) / 220;
        faded.clamp(1 - EVALUATION_BOUND, EVALUATION_BOUND - 1)
    }

    /// What the network that is built in alone says of `position`: see [`Network::evaluate`].
    #[must_use]
    pub fn network(position: &Position) -> Value {
        NETWORK.evaluate(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use shakmaty::{CastlingMode, Chess, EnPassantMode, Position as _, fen::Fen};

    fn afresh(position: &Position) -> Value {
        let mut evaluation = Evaluation::default();
        evaluation.start(position);
        evaluation.evaluate(position, 0)
    }

    fn evaluate(fen: &str) -> Value {
        let fen: Fen = fen.parse().unwrap();
        afresh(&Position::new(
            fen.into_position(CastlingMode::Standard).unwrap(),
        ))
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
                    afresh(&position),
                    afresh(&Position::new(mirrored)),
                    "{position:?}"
                );
            }
        }
    }

    #[test]
    fn more_material_is_worth_more() {
        let start = evaluate("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1");
        assert!(start.abs() < 120, "{start}");
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

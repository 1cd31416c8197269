//! Games for tests: random play, scored by material.

use std::path::Path;

use rookery_engine::rng::Rng;
use shakmaty::{Chess, Color, Position as _};

use crate::games::{Game, Ply, Writer};

/// Centipawns of material for the side to move.
pub(crate) fn material(position: &Chess) -> i16 {
    let of = |color: Color| {
        let side = position.board().material_side(color);
        let minors = 3 * (side.knight + side.bishop);
        100 * (i16::from(side.pawn) + i16::from(minors + 5 * side.rook + 9 * side.queen))
    };
    of(position.turn()) - of(!position.turn())
}

/// A random game. Whoever has more material at its end has won.
pub(crate) fn game(seed: u64) -> Game {
    let mut rng = Rng::new(seed);
    let mut position = Chess::default();
    let mut plies = Vec::new();
    for ply in 0..160 {
        let moves = position.legal_moves();
        if moves.is_empty() {
            break;
        }
        let m = moves[rng.below(moves.len() as u64) as usize];
        let score = (ply >= 8).then(|| material(&position));
        plies.push(Ply::new(m, score).unwrap());
        position.play_unchecked(m);
    }
    let turn = position.turn();
    Game {
        winner: match material(&position) {
            1.. => Some(turn),
            0 => None,
            _ => Some(!turn),
        },
        opening: plies.len().min(8) as u8,
        plies,
    }
}

/// Writes `games` random games to the file `path`.
pub(crate) fn write(path: &Path, seed: u64, games: u64) {
    let mut writer = Writer::new(std::fs::File::create(path).unwrap()).unwrap();
    for index in 0..games {
        writer.write(&game(seed * 1_000_003 + index)).unwrap();
    }
    writer.finish().unwrap();
}

/// The positions of so many random games that the default filter keeps.
pub(crate) fn positions(games: u64) -> Vec<crate::positions::Position> {
    let filter = crate::filter::Filter::default();
    let mut kept = Vec::new();
    for seed in 0..games {
        let game = game(seed);
        let visit = |chess: &Chess, m, index, ply| {
            if let Ok(score) = filter.judge(chess, m, index, ply) {
                let (board, turn) = (chess.board(), chess.turn());
                kept.push(crate::positions::Position::new(
                    board,
                    turn,
                    score,
                    game.winner,
                ));
            }
        };
        game.replay(visit).unwrap();
    }
    kept
}

//! What is played: whole legal games, known ones that end on the board and ones made up move by move.

use shakmaty::{CastlingMode, Chess, EnPassantMode, Position as _, Setup};

use super::random::Random;

/// The Opera game, the Immortal game, the Evergreen game, Loyd's stalemate in ten moves, and the fool's mate.
const KNOWN: [&str; 5] = [
    "e2e4 e7e5 g1f3 d7d6 d2d4 c8g4 d4e5 g4f3 d1f3 d6e5 f1c4 g8f6 f3b3 d8e7 b1c3 c7c6 c1g5 b7b5 c3b5 c6b5 c4b5 b8d7 \
     e1c1 a8d8 d1d7 d8d7 h1d1 e7e6 b5d7 f6d7 b3b8 d7b8 d1d8",
    "e2e4 e7e5 f2f4 e5f4 f1c4 d8h4 e1f1 b7b5 c4b5 g8f6 g1f3 h4h6 d2d3 f6h5 f3h4 h6g5 h4f5 c7c6 g2g4 h5f6 h1g1 c6b5 \
     h2h4 g5g6 h4h5 g6g5 d1f3 f6g8 c1f4 g5f6 b1c3 f8c5 c3d5 f6b2 f4d6 c5g1 e4e5 b2a1 f1e2 b8a6 f5g7 e8d8 f3f6 g8f6 d6e7",
    "e2e4 e7e5 g1f3 b8c6 f1c4 f8c5 b2b4 c5b4 c2c3 b4a5 d2d4 e5d4 e1g1 d4d3 d1b3 d8f6 e4e5 f6g6 f1e1 g8e7 c1a3 b7b5 \
     b3b5 a8b8 b5a4 a5b6 b1d2 c8b7 d2e4 g6f5 c4d3 f5h5 e4f6 g7f6 e5f6 h8g8 a1d1 h5f3 e1e7 c6e7 a4d7 e8d7 d3f5 d7e8 \
     f5d7 e8f8 a3e7",
    "e2e3 a7a5 d1h5 a8a6 h5a5 h7h5 h2h4 a6h6 a5c7 f7f6 c7d7 e8f7 d7b7 d8d3 b7b8 d3h7 b8c8 f7g6 c8e6",
    "f2f3 e7e5 g2g4 d8h4",
];
/// Plies of a game that is made up, at least and at most.
const PLIES: (u64, u64) = (24, 110);

/// How a game ends after its last move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// By that move.
    OnTheBoard,
    /// The side to move resigns.
    Resignation,
    /// The last move offers a draw, and the side to move takes it.
    Agreement,
}

/// A game to be played.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) moves: Vec<String>,
    pub(super) end: End,
}

impl Script {
    /// Draws a game.
    pub(super) fn draw(random: &mut Random) -> Self {
        let choice = random.below(3 * KNOWN.len() as u64) as usize;
        match KNOWN.get(choice) {
            Some(known) => Self {
                moves: known.split_whitespace().map(str::to_owned).collect(),
                end: End::OnTheBoard,
            },
            None => {
                let plies = PLIES.0 + random.below(PLIES.1 - PLIES.0);
                Self::make_up(random, plies)
            }
        }
    }

    /// Draws a game that takes long.
    pub(super) fn long(random: &mut Random) -> Self {
        loop {
            let script = Self::make_up(random, PLIES.1);
            if script.moves.len() as u64 == PLIES.1 {
                return script;
            }
        }
    }

    fn make_up(random: &mut Random, plies: u64) -> Self {
        let mut position = Chess::default();
        let (mut moves, mut seen) = (Vec::new(), vec![key(&position)]);
        while (moves.len() as u64) < plies {
            let legal = position.legal_moves();
            let Some(choice) = legal.get(random.below(legal.len() as u64) as usize) else {
                break;
            };
            let mut next = position.clone();
            next.play_unchecked(*choice);
            // Nothing repeats a third time, so that no end by repetition comes in between.
            let now = key(&next);
            if seen.iter().filter(|before| **before == now).count() >= 2 {
                break;
            }
            seen.push(now);
            moves.push(choice.to_uci(CastlingMode::Standard).to_string());
            position = next;
            if position.is_insufficient_material() {
                break;
            }
        }
        let end = if position.is_game_over() {
            End::OnTheBoard
        } else if random.below(2) == 0 {
            End::Resignation
        } else {
            End::Agreement
        };
        Self { moves, end }
    }
}

fn key(position: &Chess) -> Setup {
    let mut setup = position.to_setup(EnPassantMode::Legal);
    setup.halfmoves = 0;
    setup.fullmoves = std::num::NonZeroU32::MIN;
    setup
}

#[cfg(test)]
mod tests {
    use shakmaty::uci::UciMove;

    use super::*;

    #[test]
    fn every_game_is_legal_and_ends_as_it_says() {
        let mut ends = [0; 3];
        for number in 0..300 {
            let script = Script::draw(&mut Random::new(1, number));
            let mut position = Chess::default();
            for uci in &script.moves {
                assert!(!position.is_game_over(), "{script:?}");
                let found = uci.parse::<UciMove>().unwrap().to_move(&position).unwrap();
                position.play_unchecked(found);
            }
            let on_the_board = script.end == End::OnTheBoard;
            assert_eq!(position.is_game_over(), on_the_board, "{script:?}");
            ends[script.end as usize] += 1;
        }
        assert!(ends.iter().all(|count| *count > 20), "{ends:?}");
    }
}

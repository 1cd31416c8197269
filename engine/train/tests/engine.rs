//! The engine computes what the trainer says that it computes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may fail by panicking.

use rookery_engine::evaluation::{Evaluation, FILE, HIDDEN};
use rookery_engine::rng::Rng;
use rookery_engine::{Game, Position as EnginePosition};
use rookery_train::positions::Position;
use rookery_train::quantise::Quantised;
use shakmaty::Position as _;

#[test]
fn the_engine_and_the_trainer_judge_alike() {
    let network = Quantised::from_bytes(FILE).unwrap();
    assert_eq!(network.shape().hidden(), HIDDEN);
    assert_eq!(network.to_bytes(), FILE);
    for seed in 0..100 {
        let mut rng = Rng::new(seed);
        let mut position: EnginePosition = Game::default().position().clone();
        for _ in 0..200 {
            let moves = position.chess().legal_moves();
            if moves.is_empty() {
                break;
            }
            position = position.play(moves[rng.below(moves.len() as u64) as usize]);
            let packed = Position::new(position.board(), position.turn(), 0, None);
            assert_eq!(
                Evaluation::network(&position),
                network.evaluate(&packed),
                "seed {seed}: {position:?}"
            );
        }
    }
}

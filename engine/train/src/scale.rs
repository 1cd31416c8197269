//! How centipawns and results belong together.

use crate::positions::Position;

/// The chance, half of a draw's included, that a score of so many centipawns means: `1 / (1 + exp(-score / scale))`.
#[must_use]
pub fn chance(score: f32, scale: f32) -> f32 {
    1.0 / (1.0 + (-score / scale).exp())
}

/// What [`fit`] takes if there is nothing to fit to.
pub const USUAL: f32 = 180.0;

/// The scale with which the scores of `positions` predict the results of their games best (least squares), between 20
/// and 2,000 centipawns. Looks at about 200,000 of them.
#[must_use]
pub fn fit(positions: &[Position]) -> f32 {
    if positions.is_empty() {
        return USUAL;
    }
    let step = positions.len().div_ceil(200_000);
    let error = |scale: f32| -> f64 {
        let squares = positions.iter().step_by(step).map(|position| {
            let miss = chance(f32::from(position.score()), scale) - position.result();
            f64::from(miss * miss)
        });
        squares.sum()
    };
    // Golden-section search over the logarithm.
    let ratio = 0.618_034;
    let (mut low, mut high) = (20_f32.ln(), 2_000_f32.ln());
    for _ in 0..24 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if error(left.exp()) < error(right.exp()) {
            high = right;
        } else {
            low = left;
        }
    }
    f32::midpoint(low, high).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rookery_engine::rng::Rng;
    use shakmaty::{Board, Color};

    #[test]
    fn the_scale_of_made_up_results_is_found() {
        let mut rng = Rng::new(4);
        let positions: Vec<Position> = (0..20_000)
            .map(|_| {
                let score = rng.normal(250) as i16;
                let won = rng.below(10_000) as f32 / 10_000.0 < chance(f32::from(score), 230.0);
                let winner = Color::from_white(won);
                Position::new(&Board::new(), Color::White, score, Some(winner))
            })
            .collect();
        let scale = fit(&positions);
        assert!((200.0..260.0).contains(&scale), "{scale}");
        assert_eq!(fit(&[]), USUAL);
    }

    #[test]
    fn an_even_score_is_an_even_chance() {
        assert_eq!(chance(0.0, 180.0), 0.5);
        assert!((chance(100.0, 180.0) - 0.635).abs() < 0.001);
        assert_eq!(chance(-1e9, 180.0), 0.0);
    }
}

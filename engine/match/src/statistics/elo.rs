//! Elo's logistic scale: 400 points are ten to one.

/// The difference at which `score`, from 0 to 1, is expected; infinite at the ends.
#[must_use]
pub fn elo(score: f64) -> f64 {
    -400.0 * (1.0 / score - 1.0).log10()
}

/// The score that is expected at a difference.
#[must_use]
pub fn expected(elo: f64) -> f64 {
    1.0 / (1.0 + 10_f64.powf(-elo / 400.0))
}

/// How likely a normal variable is below `deviations` standard deviations.
#[must_use]
pub fn likelihood(deviations: f64) -> f64 {
    0.5 * libm::erfc(-deviations / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_and_differences_belong_together() {
        assert!((elo(0.5)).abs() < 1e-12);
        assert!((elo(10.0 / 11.0) - 400.0).abs() < 1e-9);
        assert!((elo(0.75) - 190.848_501_887_864_9).abs() < 1e-9);
        assert!((elo(expected(-123.0)) + 123.0).abs() < 1e-9);
        assert_eq!(elo(1.0), f64::INFINITY);
        assert_eq!(elo(0.0), f64::NEG_INFINITY);
    }

    #[test]
    fn the_normal_distribution_has_its_known_values() {
        assert!((likelihood(0.0) - 0.5).abs() < 1e-12);
        assert!((likelihood(1.959_963_984_540_054) - 0.975).abs() < 1e-12);
        assert!((likelihood(-1.0) - 0.158_655_253_931_457_05).abs() < 1e-12);
    }
}

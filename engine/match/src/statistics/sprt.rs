//! The sequential probability ratio test (Wald 1945) of one Elo difference against another, on pairs. The likelihoods are
//! those of the most likely distributions of a pair's points with the two expected scores (the generalised test, Van den
//! Bergh and Fishtest), so that draws and openings need no model. Elo is logistic.

use std::fmt;

use super::elo::expected;
use super::pentanomial::Pentanomial;

/// A test of `elo1` against `elo0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sprt {
    elo0: f64,
    elo1: f64,
    alpha: f64,
    beta: f64,
}

/// Why there is no such test.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SprtError {
    /// A part of its description.
    #[error("`{0}` is not one of elo0=, elo1=, alpha= and beta= with a number")]
    Part(String),
    /// Its numbers.
    #[error("the test needs elo0 < elo1, and alpha and beta between 0 and 0.5")]
    Numbers,
}

/// Where a test stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Between the bounds.
    Open,
    /// The lower bound is passed: not as strong as `elo1`.
    H0,
    /// The upper bound is passed: stronger than `elo0`.
    H1,
}

impl Sprt {
    /// Reads `elo0=0 elo1=8 alpha=0.05 beta=0.05`; what is missing is as here.
    ///
    /// # Errors
    ///
    /// [`SprtError`] if a part is unknown or the numbers make no test.
    pub fn parse<S: AsRef<str>>(parts: &[S]) -> Result<Self, SprtError> {
        let mut sprt = Self {
            elo0: 0.0,
            elo1: 8.0,
            alpha: 0.05,
            beta: 0.05,
        };
        for part in parts {
            let part = part.as_ref();
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let field = match key {
                "elo0" => &mut sprt.elo0,
                "elo1" => &mut sprt.elo1,
                "alpha" => &mut sprt.alpha,
                "beta" => &mut sprt.beta,
                _ => return Err(SprtError::Part(part.to_owned())),
            };
            *field = value
                .parse()
                .map_err(|_| SprtError::Part(part.to_owned()))?;
        }
        let chance = |p: f64| p > 0.0 && p < 0.5;
        let elos = sprt.elo0.is_finite() && sprt.elo1.is_finite() && sprt.elo0 < sprt.elo1;
        if elos && chance(sprt.alpha) && chance(sprt.beta) {
            Ok(sprt)
        } else {
            Err(SprtError::Numbers)
        }
    }

    /// The log-likelihood ratio at which the test ends, below and above.
    #[must_use]
    pub fn bounds(&self) -> (f64, f64) {
        let lower = (self.beta / (1.0 - self.alpha)).ln();
        let upper = ((1.0 - self.beta) / self.alpha).ln();
        (lower, upper)
    }

    /// The log-likelihood ratio (LLR) of the pairs so far.
    #[must_use]
    pub fn ratio(&self, pairs: &Pentanomial) -> f64 {
        if pairs.pairs() == 0 {
            return 0.0;
        }
        // An outcome that has not been seen yet may still come.
        const UNSEEN: f64 = 1e-3;
        let counts = pairs.0.map(|count| (count as f64).max(UNSEEN));
        let under = [expected(self.elo0), expected(self.elo1)].map(|s| likeliest(&counts, s));
        let [zero, one] = under;
        let terms = counts.iter().zip(zero.iter().zip(one));
        terms.map(|(n, (p0, p1))| n * (p1 / p0).ln()).sum()
    }

    /// Where the test stands.
    #[must_use]
    pub fn verdict(&self, pairs: &Pentanomial) -> Verdict {
        let ((lower, upper), ratio) = (self.bounds(), self.ratio(pairs));
        if ratio >= upper {
            Verdict::H1
        } else if ratio <= lower {
            Verdict::H0
        } else {
            Verdict::Open
        }
    }
}

impl fmt::Display for Sprt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            elo0,
            elo1,
            alpha,
            beta,
        } = self;
        write!(f, "elo0={elo0} elo1={elo1} alpha={alpha} beta={beta}")
    }
}

/// The most likely distribution of a pair's points whose mean is `score` of the maximum. By Lagrange multipliers each
/// chance is the observed share over `1 + x (a - score)`, where `x` makes the mean right.
fn likeliest(counts: &[f64; 5], score: f64) -> [f64; 5] {
    let sum: f64 = counts.iter().sum();
    let away = [0.0, 0.25, 0.5, 0.75, 1.0].map(|a| a - score);
    let chances = |x: f64| {
        let mut chances = [0.0; 5];
        for ((chance, count), away) in chances.iter_mut().zip(counts).zip(away) {
            *chance = count / sum / (1.0 + x * away);
        }
        chances
    };
    // The mean falls as x grows; at these ends one chance is infinite.
    let (mut low, mut high) = (-1.0 / (1.0 - score), 1.0 / score);
    for _ in 0..200 {
        let x = 0.5 * (low + high);
        let excess: f64 = chances(x).iter().zip(away).map(|(p, away)| p * away).sum();
        if excess > 0.0 {
            low = x;
        } else {
            high = x;
        }
    }
    chances(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sprt(text: &str) -> Sprt {
        let parts: Vec<_> = text.split_whitespace().collect();
        Sprt::parse(&parts).unwrap()
    }

    #[test]
    fn the_bounds_are_walds() {
        let (lower, upper) = sprt("").bounds();
        assert!((upper - 19_f64.ln()).abs() < 1e-12 && (lower + 19_f64.ln()).abs() < 1e-12);
        let (lower, upper) = sprt("alpha=0.1 beta=0.05").bounds();
        assert!(
            (upper - 9.5_f64.ln()).abs() < 1e-12 && (lower - (0.05_f64 / 0.9).ln()).abs() < 1e-12
        );
    }

    #[test]
    fn where_only_two_outcomes_occur_the_ratio_is_the_binomial_one() {
        let test = sprt("elo0=0 elo1=20");
        let (s0, s1) = (expected(0.0), expected(20.0));
        let pairs = Pentanomial([400, 0, 0, 0, 600]);
        let known = 600.0 * (s1 / s0).ln() + 400.0 * ((1.0 - s1) / (1.0 - s0)).ln();
        // The unseen outcomes weigh next to nothing.
        assert!((test.ratio(&pairs) - known).abs() < 1e-3);
    }

    #[test]
    fn known_pairs_have_their_known_ratio() {
        // Computed apart, by climbing to the maximum of the likelihood in small random steps.
        for (test, pairs, known) in [
            ("elo0=0 elo1=8", [10, 40, 90, 50, 20], 1.170_616_266),
            ("elo0=0 elo1=8", [3, 14, 15, 9, 2], -0.359_522_353),
            ("elo0=-3 elo1=1", [0, 5, 60, 9, 1], 0.658_625_531),
        ] {
            let ratio = sprt(test).ratio(&Pentanomial(pairs));
            assert!((ratio - known).abs() < 1e-7, "{ratio}, not {known}");
        }
    }

    #[test]
    fn clear_results_decide_and_mirrored_tests_agree() {
        let test = sprt("elo0=0 elo1=8");
        assert_eq!(test.verdict(&Pentanomial::default()), Verdict::Open);
        assert_eq!(test.verdict(&Pentanomial([0, 0, 1, 0, 0])), Verdict::Open);
        assert_eq!(
            test.verdict(&Pentanomial([100, 200, 500, 400, 200])),
            Verdict::H1
        );
        assert_eq!(
            test.verdict(&Pentanomial([200, 400, 500, 200, 100])),
            Verdict::H0
        );
        let mirrored = sprt("elo0=-8 elo1=0");
        let ratio = test.ratio(&Pentanomial([3, 14, 15, 9, 2]));
        let back = mirrored.ratio(&Pentanomial([2, 9, 15, 14, 3]));
        assert!((ratio + back).abs() < 1e-9, "{ratio} {back}");
    }

    #[test]
    fn a_test_that_makes_no_sense_is_refused() {
        for parts in [
            &["elo0=5", "elo1=5"][..],
            &["alpha=0.5"],
            &["beta=0"],
            &["elo1=nan"],
        ] {
            assert_eq!(Sprt::parse(parts), Err(SprtError::Numbers), "{parts:?}");
        }
        assert!(matches!(Sprt::parse(&["elo2=5"]), Err(SprtError::Part(_))));
        assert!(matches!(Sprt::parse(&["elo1"]), Err(SprtError::Part(_))));
    }
}

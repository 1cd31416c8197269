//! Results of pairs of games. The two games of an opening are not independent, so the pair is what is counted and its
//! points, from 0 to 2 by halves, are what varies.

use super::elo::{elo, likelihood};

/// How many pairs gave 0, ½, 1, 1½ and 2 points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pentanomial(pub [u64; 5]);

/// Of 95 % of a normal distribution, in standard deviations.
const TWO_SIDED_95: f64 = 1.959_963_984_540_054;

impl Pentanomial {
    /// Counts a pair by its points in halves, from 0 to 4.
    pub fn add(&mut self, halves: usize) {
        if let Some(count) = self.0.get_mut(halves) {
            *count += 1;
        }
    }

    /// How many pairs.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The mean score of a game, from 0 to 1; ½ of nothing.
    #[must_use]
    pub fn score(&self) -> f64 {
        if self.pairs() == 0 {
            return 0.5;
        }
        self.moment(|score| score) / self.pairs() as f64
    }

    /// The unbiased variance of a pair's score, from 0 to 1; `None` if there are fewer than two pairs or all ended alike,
    /// which says nothing.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        let mean = self.score();
        let squares = self.moment(|score| (score - mean).powi(2));
        let variance = squares / self.pairs().checked_sub(1)? as f64;
        (variance > 0.0).then_some(variance)
    }

    fn moment(&self, of: impl Fn(f64) -> f64) -> f64 {
        let counts = self.0.iter().enumerate();
        counts
            .map(|(halves, &count)| count as f64 * of(halves as f64 / 4.0))
            .sum()
    }

    /// The standard error of [`score`](Self::score).
    #[must_use]
    pub fn error(&self) -> Option<f64> {
        Some((self.variance()? / self.pairs() as f64).sqrt())
    }

    /// Logistic Elo.
    #[must_use]
    pub fn elo(&self) -> f64 {
        elo(self.score())
    }

    /// The 95 % interval of [`elo`](Self::elo), infinite where the score's interval leaves 0 to 1.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        let half = TWO_SIDED_95 * self.error()?;
        let low = (self.score() - half).max(0.0);
        let high = (self.score() + half).min(1.0);
        Some((elo(low), elo(high)))
    }

    /// Normalised Elo (Van den Bergh 2020): the score beyond ½ in standard deviations of a game, on Elo's scale near 0.
    #[must_use]
    pub fn normalised_elo(&self) -> Option<f64> {
        let game = (2.0 * self.variance()?).sqrt();
        Some((self.score() - 0.5) / game * 800.0 / std::f64::consts::LN_10)
    }

    /// The likelihood of superiority (LOS): how likely the true score is beyond ½.
    #[must_use]
    pub fn superiority(&self) -> Option<f64> {
        Some(likelihood((self.score() - 0.5) / self.error()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, known: f64) {
        assert!((value - known).abs() < 1e-6, "{value}, not {known}");
    }

    #[test]
    fn known_pairs_have_their_known_elo() {
        let pairs = Pentanomial([10, 40, 90, 50, 20]);
        // Computed apart, by the formulas for mean and variance alone.
        near(pairs.elo(), 24.859_162_699_5);
        let (low, high) = pairs.interval().unwrap();
        near(low, 1.506_860_830_0);
        near(high, 48.438_212_799_7);
        near(pairs.superiority().unwrap(), 0.981_540_741_4);
        near(pairs.normalised_elo().unwrap(), 35.375_466_646_9);
    }

    #[test]
    fn an_even_match_is_zero_and_undecided() {
        let pairs = Pentanomial([1, 2, 3, 2, 1]);
        near(pairs.elo(), 0.0);
        near(pairs.superiority().unwrap(), 0.5);
        let (low, high) = pairs.interval().unwrap();
        near(low, -high);
    }

    #[test]
    fn without_variance_there_is_no_interval() {
        for pairs in [[0; 5], [0, 0, 0, 0, 1], [0, 0, 7, 0, 0], [0, 0, 0, 0, 50]] {
            let pairs = Pentanomial(pairs);
            assert_eq!(pairs.interval(), None);
            assert_eq!(pairs.superiority(), None);
            assert_eq!(pairs.normalised_elo(), None);
        }
        assert_eq!(Pentanomial([0, 0, 0, 0, 50]).elo(), f64::INFINITY);
    }

    #[test]
    fn pairs_tell_more_than_games_where_the_opening_decides() {
        // All openings are won by White: as single games a coin's variance, as pairs none to speak of.
        let pairs = Pentanomial([0, 1, 98, 1, 0]);
        assert!(pairs.error().unwrap() < 0.005);
    }
}

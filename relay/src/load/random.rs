//! Numbers that follow from a seed, so that a run can be made again with the same games at the same moments.

use std::time::Duration;

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The numbers of player or game `number` in the run with this seed.
    pub(super) fn new(seed: u64, number: u64) -> Self {
        let mut random = Self(seed);
        random.0 = random.next() ^ number.wrapping_mul(0xD134_2543_DE82_EF95);
        random
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// Below `bound`, which is not 0; the bias is that of a division of 2^64.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// At least 0 and below 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// How long a player thinks who thinks for `mean` in the mean: log-normal as people's times are, most moves quick
    /// and a few long, none longer than six times the mean.
    pub(super) fn think(&mut self, mean: Duration) -> Duration {
        const SIGMA: f64 = 0.8;
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.unit()).cos();
        // The mean of a log-normal variable is exp(mu + sigma^2 / 2).
        let factor = (SIGMA * normal - SIGMA * SIGMA / 2.0).exp().min(6.0);
        mean.mul_f64(factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn think_times_have_the_mean_that_was_asked_for_and_a_seed_gives_them_again() {
        let mean = Duration::from_millis(2_000);
        let times = |number| {
            let mut random = Random::new(7, number);
            (0..20_000).map(|_| random.think(mean)).collect::<Vec<_>>()
        };
        let drawn = times(1);
        let average = drawn.iter().sum::<Duration>() / 20_000;
        assert!(average.abs_diff(mean) < mean / 20, "{average:?}");
        let quick = drawn.iter().filter(|time| **time < mean).count();
        assert!(quick > 12_000, "more than half are below the mean: {quick}");
        assert!(drawn == times(1) && drawn != times(2));
    }
}

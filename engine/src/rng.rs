//! A small seeded random generator (SplitMix64, Steele, Lea and Flood 2014), the same on every platform.

/// A stream of random numbers that its seed determines.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Starts the stream of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`, or 0 when `bound` is 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // The top 32 bits times the bound: biased by less than bound / 2^32, which is nothing here.
        ((self.next_u64() >> 32) * bound) >> 32
    }

    /// Nearly normal with mean 0 and standard deviation `sigma`: the sum of twelve uniform numbers, in whole
    /// arithmetic so that every platform draws the same.
    pub fn normal(&mut self, sigma: i32) -> i32 {
        let mut sum: i64 = 0;
        for _ in 0..12 {
            sum += self.below(1 << 16) as i64;
        }
        ((sum - 6 * (1 << 16)) * i64::from(sigma) / (1 << 16)) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_noise_has_the_mean_and_spread_it_promises() {
        let mut rng = Rng::new(7);
        let samples: Vec<f64> = (0..20_000).map(|_| f64::from(rng.normal(100))).collect();
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        let variance =
            samples.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / samples.len() as f64;
        assert!(mean.abs() < 3.0, "mean {mean}");
        assert!(
            (variance.sqrt() - 100.0).abs() < 3.0,
            "spread {}",
            variance.sqrt()
        );
    }
}

//! The two loops that nearly all of an evaluation's time goes to, once for each instruction set. All of them give the
//! same numbers: sums of whole numbers that cannot overflow.
//!
//! A product c(x)^2 * w is at most 255 * 255 * 127, and 260 of them fit into 32 bits. Four lanes or more share the N
//! products of a view, so with N <= 1024 each has at most 256; then they are widened and summed up.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod sse2;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Simd {
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Sse2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Wasm,
    /// Plain Rust: for every other machine, and what the others are compared with.
    #[cfg_attr(
        any(
            target_arch = "x86_64",
            target_arch = "aarch64",
            all(target_arch = "wasm32", target_feature = "simd128")
        ),
        allow(dead_code)
    )]
    Scalar,
}

impl Simd {
    /// The best that this machine has.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn detect() -> Simd {
        if cfg!(not(feature = "no-avx2")) && std::arch::is_x86_feature_detected!("avx2") {
            Simd::Avx2
        } else {
            Simd::Sse2
        }
    }

    /// The best that this machine has.
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) const fn detect() -> Simd {
        #[cfg(target_arch = "aarch64")]
        return Simd::Neon;
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        return Simd::Wasm;
        #[cfg(not(any(
            target_arch = "aarch64",
            all(target_arch = "wasm32", target_feature = "simd128")
        )))]
        Simd::Scalar
    }

    /// Sets `to` to `from` with `added` added and `removed` subtracted.
    #[allow(unsafe_code)]
    pub(super) fn update<const N: usize, const A: usize, const R: usize>(
        self,
        from: &[i16; N],
        to: &mut [i16; N],
        added: [&[i16; N]; A],
        removed: [&[i16; N]; R],
    ) {
        match self {
            // SAFETY: only `detect` makes it, where the machine has AVX2.
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => unsafe { avx2::update(from, to, added, removed) },
            // SAFETY: every x86-64 has SSE2.
            #[cfg(target_arch = "x86_64")]
            Simd::Sse2 => unsafe { sse2::update(from, to, added, removed) },
            // SAFETY: every aarch64 that Rust's standard library runs on has NEON.
            #[cfg(target_arch = "aarch64")]
            Simd::Neon => unsafe { neon::update(from, to, added, removed) },
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Simd::Wasm => wasm::update(from, to, added, removed),
            Simd::Scalar => scalar::update(from, to, added, removed),
        }
    }

    /// The sum of c(x)^2 * w, with c(x) = x clipped to 0..255 and |w| <= 127.
    #[allow(unsafe_code)]
    pub(super) fn activate<const N: usize>(self, row: &[i16; N], weights: &[i16; N]) -> i64 {
        const { assert!(N <= 1024 && N.is_multiple_of(16)) }
        match self {
            // SAFETY: only `detect` makes it, where the machine has AVX2.
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => unsafe { avx2::activate(row, weights) },
            // SAFETY: every x86-64 has SSE2.
            #[cfg(target_arch = "x86_64")]
            Simd::Sse2 => unsafe { sse2::activate(row, weights) },
            // SAFETY: every aarch64 that Rust's standard library runs on has NEON.
            #[cfg(target_arch = "aarch64")]
            Simd::Neon => unsafe { neon::activate(row, weights) },
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Simd::Wasm => wasm::activate(row, weights),
            Simd::Scalar => scalar::activate(row, weights),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// What this machine can run besides the plain loops.
    fn others() -> Vec<Simd> {
        let mut others = vec![Simd::detect()];
        #[cfg(target_arch = "x86_64")]
        others.push(Simd::Sse2);
        others
    }

    fn draw<const N: usize>(rng: &mut Rng, bound: i64) -> [i16; N] {
        std::array::from_fn(|_| {
            // Half of them at an end of the range.
            let number = match rng.below(4) {
                0 => bound,
                1 => -bound,
                _ => rng.below(2 * bound as u64 + 1) as i64 - bound,
            };
            number as i16
        })
    }

    fn check<const N: usize>(seed: u64) {
        let mut rng = Rng::new(seed);
        let from = draw(&mut rng, 30_000);
        let rows: [[i16; N]; 4] = std::array::from_fn(|_| draw(&mut rng, 992));
        let weights = draw(&mut rng, 127);
        let [a, b, c, d] = &rows;
        for simd in others() {
            let activated = |row| {
                let sum = Simd::Scalar.activate(row, &weights);
                assert_eq!(simd.activate(row, &weights), sum, "{simd:?} {N} {seed}");
                let plain = row.iter().zip(&weights).map(|(&x, &w)| {
                    let clipped = i64::from(x).clamp(0, 255);
                    clipped * clipped * i64::from(w)
                });
                assert_eq!(plain.sum::<i64>(), sum);
            };
            activated(&from);
            activated(a);
            macro_rules! updated {
                ($added:expr, $removed:expr) => {
                    let (mut one, mut other) = ([0; N], [1; N]);
                    Simd::Scalar.update(&from, &mut one, $added, $removed);
                    simd.update(&from, &mut other, $added, $removed);
                    assert_eq!(one, other, "{simd:?} {N} {seed}");
                };
            }
            updated!([], []);
            updated!([a], []);
            updated!([], [a]);
            updated!([a], [b]);
            updated!([a], [b, c]);
            updated!([a, b], [c, d]);
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_numbers() {
        for seed in 0..300 {
            check::<16>(seed);
            check::<64>(seed);
            check::<128>(seed);
            check::<256>(seed);
            check::<1024>(seed);
        }
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        for weight in [127, -127] {
            let sum = 1024 * 255 * 255 * i64::from(weight);
            for simd in others().into_iter().chain([Simd::Scalar]) {
                for number in [255, 256, i16::MAX] {
                    assert_eq!(simd.activate(&[number; 1024], &[weight; 1024]), sum);
                }
                for number in [0, -1, i16::MIN] {
                    assert_eq!(simd.activate(&[number; 1024], &[weight; 1024]), 0);
                }
            }
        }
    }
}

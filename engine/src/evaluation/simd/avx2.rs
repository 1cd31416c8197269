//! x86-64 with AVX2: sixteen numbers at a time.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256i, _mm256_add_epi16, _mm256_add_epi32, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_max_epi16, _mm256_min_epi16, _mm256_mullo_epi16, _mm256_set1_epi16,
    _mm256_setzero_si256, _mm256_storeu_si256, _mm256_sub_epi16,
};

use crate::evaluation::network::QA;

const LANES: usize = 16;

#[inline]
#[target_feature(enable = "avx2")]
fn load(numbers: &[i16; LANES]) -> __m256i {
    // SAFETY: 32 bytes are read, as many as there are; they need not be aligned.
    unsafe { _mm256_loadu_si256(numbers.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
pub(super) fn update<const N: usize, const A: usize, const R: usize>(
    from: &[i16; N],
    to: &mut [i16; N],
    added: [&[i16; N]; A],
    removed: [&[i16; N]; R],
) {
    let from = from.as_chunks::<LANES>().0;
    let to = to.as_chunks_mut::<LANES>().0;
    let added = added.map(|row| row.as_chunks::<LANES>().0);
    let removed = removed.map(|row| row.as_chunks::<LANES>().0);
    for index in 0..N / LANES {
        let mut sum = load(&from[index]);
        for row in added {
            sum = _mm256_add_epi16(sum, load(&row[index]));
        }
        for row in removed {
            sum = _mm256_sub_epi16(sum, load(&row[index]));
        }
        // SAFETY: 32 bytes are written, as many as there are; they need not be aligned.
        unsafe { _mm256_storeu_si256(to[index].as_mut_ptr().cast(), sum) };
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn activate<const N: usize>(row: &[i16; N], weights: &[i16; N]) -> i64 {
    let (zero, one) = (_mm256_setzero_si256(), _mm256_set1_epi16(QA));
    let mut sums = zero;
    let rows = row.as_chunks::<LANES>().0;
    for (row, weights) in rows.iter().zip(weights.as_chunks::<LANES>().0) {
        let clipped = _mm256_min_epi16(_mm256_max_epi16(load(row), zero), one);
        let product = _mm256_mullo_epi16(clipped, load(weights));
        sums = _mm256_add_epi32(sums, _mm256_madd_epi16(product, clipped));
    }
    let mut lanes = [0_i32; 8];
    // SAFETY: 32 bytes are written, as many as there are; they need not be aligned.
    unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), sums) };
    lanes.into_iter().map(i64::from).sum()
}

//! Any x86-64: eight numbers at a time.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m128i, _mm_add_epi16, _mm_add_epi32, _mm_loadu_si128, _mm_madd_epi16, _mm_max_epi16,
    _mm_min_epi16, _mm_mullo_epi16, _mm_set1_epi16, _mm_setzero_si128, _mm_storeu_si128,
    _mm_sub_epi16,
};

use crate::evaluation::network::QA;

const LANES: usize = 8;

#[inline]
#[target_feature(enable = "sse2")]
fn load(numbers: &[i16; LANES]) -> __m128i {
    // SAFETY: 16 bytes are read, as many as there are; they need not be aligned.
    unsafe { _mm_loadu_si128(numbers.as_ptr().cast()) }
}

#[target_feature(enable = "sse2")]
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
            sum = _mm_add_epi16(sum, load(&row[index]));
        }
        for row in removed {
            sum = _mm_sub_epi16(sum, load(&row[index]));
        }
        // SAFETY: 16 bytes are written, as many as there are; they need not be aligned.
        unsafe { _mm_storeu_si128(to[index].as_mut_ptr().cast(), sum) };
    }
}

#[target_feature(enable = "sse2")]
pub(super) fn activate<const N: usize>(row: &[i16; N], weights: &[i16; N]) -> i64 {
    let (zero, one) = (_mm_setzero_si128(), _mm_set1_epi16(QA));
    let mut sums = zero;
    let rows = row.as_chunks::<LANES>().0;
    for (row, weights) in rows.iter().zip(weights.as_chunks::<LANES>().0) {
        let clipped = _mm_min_epi16(_mm_max_epi16(load(row), zero), one);
        let product = _mm_mullo_epi16(clipped, load(weights));
        sums = _mm_add_epi32(sums, _mm_madd_epi16(product, clipped));
    }
    let mut lanes = [0_i32; 4];
    // SAFETY: 16 bytes are written, as many as there are; they need not be aligned.
    unsafe { _mm_storeu_si128(lanes.as_mut_ptr().cast(), sums) };
    lanes.into_iter().map(i64::from).sum()
}

//! WebAssembly with simd128: eight numbers at a time.
#![allow(unsafe_code)]

use std::arch::wasm32::{
    i16x8_add, i16x8_max, i16x8_min, i16x8_mul, i16x8_splat, i16x8_sub, i32x4_add, i32x4_dot_i16x8,
    i32x4_extract_lane, i32x4_splat, v128, v128_load, v128_store,
};

use crate::evaluation::network::QA;

const LANES: usize = 8;

#[inline]
fn load(numbers: &[i16; LANES]) -> v128 {
    // SAFETY: 16 bytes are read, as many as there are; they need not be aligned.
    unsafe { v128_load(numbers.as_ptr().cast()) }
}

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
            sum = i16x8_add(sum, load(&row[index]));
        }
        for row in removed {
            sum = i16x8_sub(sum, load(&row[index]));
        }
        // SAFETY: 16 bytes are written, as many as there are; they need not be aligned.
        unsafe { v128_store(to[index].as_mut_ptr().cast(), sum) };
    }
}

pub(super) fn activate<const N: usize>(row: &[i16; N], weights: &[i16; N]) -> i64 {
    let (zero, one) = (i16x8_splat(0), i16x8_splat(QA));
    let mut sums = i32x4_splat(0);
    let rows = row.as_chunks::<LANES>().0;
    for (row, weights) in rows.iter().zip(weights.as_chunks::<LANES>().0) {
        let clipped = i16x8_min(i16x8_max(load(row), zero), one);
        let product = i16x8_mul(clipped, load(weights));
        sums = i32x4_add(sums, i32x4_dot_i16x8(product, clipped));
    }
    let lanes = [
        i32x4_extract_lane::<0>(sums),
        i32x4_extract_lane::<1>(sums),
        i32x4_extract_lane::<2>(sums),
        i32x4_extract_lane::<3>(sums),
    ];
    lanes.into_iter().map(i64::from).sum()
}

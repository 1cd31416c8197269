//! aarch64: eight numbers at a time.
#![allow(unsafe_code)]

use std::arch::aarch64::{
    int16x8_t, vaddlvq_s32, vaddq_s16, vdupq_n_s16, vdupq_n_s32, vget_low_s16, vld1q_s16,
    vmaxq_s16, vminq_s16, vmlal_high_s16, vmlal_s16, vmulq_s16, vst1q_s16, vsubq_s16,
};

use crate::evaluation::network::QA;

const LANES: usize = 8;

#[inline]
#[target_feature(enable = "neon")]
fn load(numbers: &[i16; LANES]) -> int16x8_t {
    // SAFETY: eight numbers are read, as many as there are.
    unsafe { vld1q_s16(numbers.as_ptr()) }
}

#[target_feature(enable = "neon")]
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
            sum = vaddq_s16(sum, load(&row[index]));
        }
        for row in removed {
            sum = vsubq_s16(sum, load(&row[index]));
        }
        // SAFETY: eight numbers are written, as many as there are.
        unsafe { vst1q_s16(to[index].as_mut_ptr(), sum) };
    }
}

#[target_feature(enable = "neon")]
pub(super) fn activate<const N: usize>(row: &[i16; N], weights: &[i16; N]) -> i64 {
    let (zero, one) = (vdupq_n_s16(0), vdupq_n_s16(QA));
    // Lower and upper halves apart, so that one need not wait for the other.
    let mut sums = [vdupq_n_s32(0); 2];
    let rows = row.as_chunks::<LANES>().0;
    for (row, weights) in rows.iter().zip(weights.as_chunks::<LANES>().0) {
        let clipped = vminq_s16(vmaxq_s16(load(row), zero), one);
        let product = vmulq_s16(clipped, load(weights));
        sums[0] = vmlal_s16(sums[0], vget_low_s16(product), vget_low_s16(clipped));
        sums[1] = vmlal_high_s16(sums[1], product, clipped);
    }
    vaddlvq_s32(sums[0]) + vaddlvq_s32(sums[1])
}

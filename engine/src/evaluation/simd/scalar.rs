//! Plain Rust, in a form that the compiler can spread over vector registers.

use crate::evaluation::network::QA;

pub(super) fn update<const N: usize, const A: usize, const R: usize>(
    from: &[i16; N],
    to: &mut [i16; N],
    added: [&[i16; N]; A],
    removed: [&[i16; N]; R],
) {
    for index in 0..N {
        let mut sum = from[index];
        for row in added {
            sum = sum.wrapping_add(row[index]);
        }
        for row in removed {
            sum = sum.wrapping_sub(row[index]);
        }
        to[index] = sum;
    }
}

pub(super) fn activate<const N: usize>(row: &[i16; N], weights: &[i16; N]) -> i64 {
    let (rows, _) = row.as_chunks::<16>();
    let (weights, _) = weights.as_chunks::<16>();
    let mut sums = [0_i32; 4];
    for (row, weights) in rows.iter().zip(weights) {
        for index in 0..16 {
            let clipped = row[index].clamp(0, QA);
            // Fits into 16 bits, which is what vector registers multiply fastest.
            let product = clipped.wrapping_mul(weights[index]);
            sums[index % 4] += i32::from(product) * i32::from(clipped);
        }
    }
    sums.into_iter().map(i64::from).sum()
}

//! The passes over a block, compiled once for each instruction set that makes them faster. It is the same code, and
//! nothing but the speed depends on which is taken: no compiler reorders or fuses operations on floating point here.
#![allow(unsafe_code)]

use super::block::{self, Block};
use super::tiles::{Tiles, TilesMut};

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Simd {
    /// Sixteen numbers at a time.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// Eight numbers at a time.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What the program is built for.
    Baseline,
}

impl Simd {
    /// The best that this machine has.
    pub(super) fn detect() -> Simd {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx512f") {
            return Simd::Avx512;
        } else if std::arch::is_x86_feature_detected!("avx2") {
            return Simd::Avx2;
        }
        Simd::Baseline
    }

    /// [`block::forward`].
    pub(super) fn forward(self, block: &mut Block, network: Tiles<'_>) {
        match self {
            // SAFETY: only `detect` makes it, where the machine has AVX-512F.
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 => unsafe { forward_avx512(block, network) },
            // SAFETY: only `detect` makes it, where the machine has AVX2.
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => unsafe { forward_avx2(block, network) },
            Simd::Baseline => block::forward(block, network),
        }
    }

    /// [`block::backward`].
    pub(super) fn backward(self, block: &Block, network: Tiles<'_>, gradient: TilesMut<'_>) {
        match self {
            // SAFETY: only `detect` makes it, where the machine has AVX-512F.
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 => unsafe { backward_avx512(block, network, gradient) },
            // SAFETY: only `detect` makes it, where the machine has AVX2.
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => unsafe { backward_avx2(block, network, gradient) },
            Simd::Baseline => block::backward(block, network, gradient),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn forward_avx512(block: &mut Block, network: Tiles<'_>) {
    block::forward(block, network);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn forward_avx2(block: &mut Block, network: Tiles<'_>) {
    block::forward(block, network);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn backward_avx512(block: &Block, network: Tiles<'_>, gradient: TilesMut<'_>) {
    block::backward(block, network, gradient);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn backward_avx2(block: &Block, network: Tiles<'_>, gradient: TilesMut<'_>) {
    block::backward(block, network, gradient);
}

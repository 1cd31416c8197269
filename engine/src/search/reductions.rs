//! How many plies less a move is searched that comes late: Late Move Reductions (LMR), in 1/1024 ply.

use crate::score::Value;

/// One ply.
pub(super) const PLY: i32 = 1024;

/// What the search knows of a late move and its node.
pub(super) struct Late {
    pub(super) depth: i32,
    /// Place among the moves of its node, from 1.
    pub(super) count: i32,
    /// Neither a capture nor a promotion.
    pub(super) quiet: bool,
    pub(super) gives_check: bool,
    /// What the history tables say of the move.
    pub(super) history: i32,
    /// On the principal variation, now or when the table stored it.
    pub(super) was_pv: bool,
    /// A node that is expected to fail high.
    pub(super) cut: bool,
    pub(super) improving: bool,
    /// What the static evaluation was corrected by, in centipawns.
    pub(super) correction: Value,
    pub(super) has_table_move: bool,
    pub(super) table_move_captures: bool,
    /// Children of this node that failed high so far.
    pub(super) cutoffs: u32,
}

impl Late {
    /// The reduction, with all terms or only the oldest.
    pub(super) fn reduction(&self, all_terms: bool) -> i32 {
        let mut less = scaled(self.depth, self.count);
        less += if self.was_pv { 0 } else { PLY };
        less += if self.cut { 2 * PLY } else { 0 };
        less -= if self.improving { PLY } else { 0 };
        less -= if self.gives_check { PLY } else { 0 };
        less -= self.history.clamp(-80_000, 80_000) * PLY / 8192;
        if all_terms {
            less += if self.cut && !self.has_table_move {
                PLY
            } else {
                0
            };
            less += if self.table_move_captures && self.quiet {
                PLY
            } else {
                0
            };
            less += if self.cutoffs > 3 { PLY } else { 0 };
            // Where the evaluation is known to be wrong.
            less -= self.correction.abs().min(128) * 16;
        }
        less
    }
}

/// How many plies less the `count`-th move of a node with `depth` is searched: grows with the logarithm of both.
pub(super) fn reduction(depth: i32, count: i32) -> i32 {
    scaled(depth, count) / PLY
}

fn scaled(depth: i32, count: i32) -> i32 {
    let log = |n: i32| LOG2[n.clamp(1, 63) as usize];
    // log2 * log2 * 0.22 + 0.5.
    log(depth) * log(count) * 14 / 256 + PLY / 2
}

/// 64 times the binary logarithm, computed in whole numbers so that every platform agrees.
static LOG2: [i32; 64] = {
    let mut table = [0; 64];
    let mut n: usize = 1;
    while n < 64 {
        // Square the mantissa six times: each doubling is one binary digit of the logarithm.
        let whole = n.ilog2();
        let mut mantissa = ((n as u64) << 30) >> whole;
        let mut digits = 0;
        let mut i = 0;
        while i < 6 {
            mantissa = (mantissa * mantissa) >> 30;
            digits *= 2;
            if mantissa >= 1 << 31 {
                mantissa >>= 1;
                digits += 1;
            }
            i += 1;
        }
        table[n] = (whole as i32) * 64 + digits;
        n += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reductions_grow_with_depth_and_count() {
        assert_eq!(LOG2[1], 0);
        assert_eq!(LOG2[2], 64);
        assert_eq!(LOG2[32], 320);
        assert!((f64::from(LOG2[10]) / 64.0 - 10f64.log2()).abs() < 0.02);
        for depth in 1..40 {
            for count in 1..60 {
                assert!(reduction(depth, count) <= reduction(depth + 1, count));
                assert!(reduction(depth, count) <= reduction(depth, count + 1));
            }
        }
        assert_eq!(reduction(1, 1), 0);
        assert!(
            (2..=4).contains(&reduction(10, 10)),
            "{}",
            reduction(10, 10)
        );
    }
}

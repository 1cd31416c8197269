//! Margins, in centipawns, and depths, in plies, of what prunes.

use crate::score::Value;

/// Deepest node for Reverse Futility Pruning.
pub(super) const REVERSE_FUTILITY_DEPTH: i32 = 8;
/// Deepest node for Razoring.
pub(super) const RAZORING_DEPTH: i32 = 3;
/// Shallowest node for ProbCut.
pub(super) const PROBCUT_DEPTH: i32 = 5;
/// Deepest node, reduced, for Futility Pruning.
pub(super) const FUTILITY_DEPTH: i32 = 7;
/// Deepest node, reduced, for pruning by exchanges.
pub(super) const EXCHANGE_DEPTH: i32 = 7;

/// How far above beta the evaluation must be for Reverse Futility Pruning.
pub(super) fn reverse_futility(depth: i32, improving: bool) -> Value {
    80 * (depth - i32::from(improving))
}

/// How far below alpha the evaluation must be for Razoring.
pub(super) const fn razoring(depth: i32) -> Value {
    150 + 170 * depth
}

/// How much shallower a null move is searched, by how far the evaluation is above beta.
pub(super) fn null_reduction(depth: i32, above: Value) -> i32 {
    3 + depth / 3 + (above / 180).min(3)
}

/// How far above beta a capture must be for ProbCut.
pub(super) const fn probcut(improving: bool) -> Value {
    if improving { 110 } else { 150 }
}

/// Late Move Pruning: from this move on, quiet ones are not looked at.
pub(super) fn late_moves(depth: i32, improving: bool) -> i32 {
    (4 + depth * depth) / (2 - i32::from(improving))
}

/// Futility Pruning: what a quiet move might gain at most.
pub(super) const fn futility(depth: i32) -> Value {
    90 + 95 * depth
}

/// What a quiet move may lose in an exchange.
pub(super) const fn quiet_exchange(depth: i32) -> Value {
    -22 * depth * depth - 10
}

/// What a capture may lose in an exchange.
pub(super) const fn noisy_exchange(depth: i32) -> Value {
    -95 * depth
}

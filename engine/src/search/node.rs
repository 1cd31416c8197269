//! One node of the tree: alpha-beta with everything that makes it small. The margins were chosen for this evaluation.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use arrayvec::ArrayVec;
use shakmaty::Move;

use super::root::{LOOK_BACK, PAUSE_DEPTH, Searcher};
use crate::history::PieceTo;
use crate::movegen;
use crate::movepick::MovePicker;
use crate::position::Position;
use crate::score::{
    EVALUATION_BOUND, INFINITE, MATE_BOUND, MAX_PLY, NONE, Value, mate_in, mated_in,
};
use crate::see;
use crate::transposition::{Bound, Hit};

/// Quiet moves remembered per node, to punish them when a later one cuts.
const QUIETS: usize = 32;
const CAPTURES: usize = 16;
/// From this depth on, a null move that fails high is verified.
const VERIFIED_DEPTH: i32 = 12;

impl Searcher {
    /// Searches a child. Deep ones run as coroutines that can pause; shallow ones run through, which saves the
    /// allocation.
    pub(super) async fn child<const PV: bool>(
        &mut self,
        position: &Position,
        alpha: Value,
        beta: Value,
        depth: i32,
        ply: usize,
        cut: bool,
    ) -> Value {
        if depth >= PAUSE_DEPTH {
            self.deep::<PV>(position, alpha, beta, depth, ply, cut)
                .await
        } else {
            self.shallow::<PV>(position, alpha, beta, depth, ply, cut)
        }
    }

    fn deep<'a, const PV: bool>(
        &'a mut self,
        position: &'a Position,
        alpha: Value,
        beta: Value,
        depth: i32,
        ply: usize,
        cut: bool,
    ) -> Pin<Box<dyn Future<Output = Value> + Send + 'a>> {
        Box::pin(self.node::<PV>(position, alpha, beta, depth, ply, cut))
    }

    fn shallow<const PV: bool>(
        &mut self,
        position: &Position,
        alpha: Value,
        beta: Value,
        depth: i32,
        ply: usize,
        cut: bool,
    ) -> Value {
        if depth <= 0 {
            return self.quiescence::<PV>(position, alpha, beta, ply);
        }
        let node = pin!(self.node::<PV>(position, alpha, beta, depth, ply, cut));
        match node.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            // Below the pause depth nothing pauses: a child is never deeper than its parent.
            Poll::Pending => {
                debug_assert!(false, "a shallow node paused");
                alpha
            }
        }
    }

    async fn node<const PV: bool>(
        &mut self,
        position: &Position,
        mut alpha: Value,
        mut beta: Value,
        mut depth: i32,
        ply: usize,
        cut: bool,
    ) -> Value {
        if self.pause_wanted && depth >= PAUSE_DEPTH {
            self.pause().await;
        }
        if self.stopped {
            return 0;
        }
        if PV {
            self.lines[ply].clear();
            self.seldepth = self.seldepth.max(ply);
        }
        if self.is_draw(position) {
            return 0;
        }
        let in_check = position.in_check();
        if ply >= MAX_PLY - 1 {
            return if in_check {
                0
            } else {
                self.evaluate(position, ply)
            };
        }

        // Mate Distance Pruning: no mate from here can beat one already found nearer the root.
        alpha = alpha.max(mated_in(ply));
        beta = beta.min(mate_in(ply + 1));
        if alpha >= beta {
            return alpha;
        }

        // Transposition Table (TT).
        let excluded = self.frames[ply + LOOK_BACK].excluded;
        let hit = if excluded.is_some() {
            None
        } else {
            self.engine.table.probe(position.key(), ply)
        };
        let table_move = hit.and_then(|hit| hit.packed.unpack(position));
        if !PV
            && let Some(hit) = hit
            && hit.depth >= depth
            && hit.value != NONE
            && hit.bound.decides(hit.value, beta)
            && position.halfmoves() < 90
        {
            return hit.value;
        }
        let was_pv = PV || hit.is_some_and(|hit| hit.was_pv);

        // Static evaluation, corrected by what searches of like pawn structures found.
        let turn = position.turn();
        let raw = if in_check {
            NONE
        } else {
            match hit {
                Some(hit) if hit.evaluation != NONE => hit.evaluation,
                _ => self.evaluate(position, ply),
            }
        };
        let evaluation = if in_check {
            None
        } else {
            let corrected = raw + self.engine.history.correction(position);
            Some(corrected.clamp(1 - EVALUATION_BOUND, EVALUATION_BOUND - 1))
        };
        self.frames[ply + LOOK_BACK].evaluation = evaluation;
        self.frames[ply + LOOK_BACK + 1].excluded = None;
        let improving = evaluation.is_some_and(|now| {
            let two_ago = self.frames[ply + LOOK_BACK - 2].evaluation;
            let before = two_ago.or(self.frames[ply + LOOK_BACK - 4].evaluation);
            before.is_none_or(|before| now > before)
        });

        if !PV
            && excluded.is_none()
            && let Some(evaluation) = evaluation
        {
            // The table may know better than the evaluation.
            let estimate = match hit {
                Some(hit)
                    if hit.value != NONE
                        && hit.value.abs() < MATE_BOUND
                        && hit.bound.decides(hit.value, evaluation + 1) =>
                {
                    hit.value
                }
                _ => evaluation,
            };

            // Reverse Futility Pruning (RFP): so far above beta that a few plies will not bring it back.
            if depth <= 8
                && estimate - 80 * (depth - i32::from(improving)) >= beta
                && estimate < EVALUATION_BOUND
                && ply >= self.no_pass_before
                && beta > -MATE_BOUND
            {
                return i32::midpoint(estimate, beta);
            }

            // Razoring: so far below alpha that only captures could help.
            if depth <= 3 && estimate + 150 + 170 * depth <= alpha {
                let value = self.quiescence::<false>(position, alpha, alpha + 1, ply);
                if value <= alpha {
                    return value;
                }
            }

            // Null Move Pruning (NMP): if passing is good enough, some move will be.
            let passed_before = ply > 0 && self.frames[ply + LOOK_BACK - 1].played.is_none();
            if depth >= 3
                && estimate >= beta
                && evaluation + 20 * depth >= beta + 40
                && !passed_before
                && ply >= self.no_pass_before
                && position.has_pieces()
                && beta > -MATE_BOUND
                && let Some(passed) = position.pass()
            {
                let reduction = 3 + depth / 3 + ((estimate - beta) / 180).min(3);
                let passed = self.enter(position, ply, None, passed);
                let value = -self
                    .child::<false>(&passed, -beta, -beta + 1, depth - reduction, ply + 1, !cut)
                    .await;
                self.leave();
                if self.stopped {
                    return 0;
                }
                if value >= beta {
                    let value = if value >= MATE_BOUND { beta } else { value };
                    if depth < VERIFIED_DEPTH || self.no_pass_before > 0 {
                        return value;
                    }
                    // In zugzwang passing would be the best move: deep ones are proven without it.
                    self.no_pass_before = ply + 1 + (3 * (depth - reduction) / 4).max(0) as usize;
                    let verified = self
                        .deep::<false>(position, beta - 1, beta, depth - reduction, ply, false)
                        .await;
                    self.no_pass_before = 0;
                    if self.stopped {
                        return 0;
                    }
                    if verified >= beta {
                        return value;
                    }
                }
            }
        }

        // Internal Iterative Reduction (IIR): without a move to begin with, a shallower search finds one.
        if table_move.is_none() && depth >= 4 && (PV || cut) && excluded.is_none() {
            depth -= 1;
        }

        let before = self.before(ply);
        let old_alpha = alpha;
        let mut best = -INFINITE;
        let mut best_move = None;
        let mut count = 0;
        let mut quiets: ArrayVec<Move, QUIETS> = ArrayVec::new();
        let mut captures: ArrayVec<Move, CAPTURES> = ArrayVec::new();
        let mut picker = MovePicker::new(&self.moves, table_move);
        while let Some(m) =
            picker.next(&mut self.moves, position, &self.engine.history, ply, before)
        {
            if Some(m) == excluded {
                continue;
            }
            count += 1;
            let quiet = !m.is_capture() && !m.is_promotion();
            let history = if quiet {
                self.engine.history.quiet(turn, m, before)
            } else {
                self.engine.history.capture(turn, m)
            };

            // Shallow pruning: not before some move has shown that this is no mate.
            if best > -MATE_BOUND && position.has_pieces() {
                let lmr_depth = (depth - reduction(depth, count) + history / 9000).max(0);
                if quiet {
                    // Late Move Pruning (LMP).
                    if count >= (4 + depth * depth) / (2 - i32::from(improving)) {
                        picker.skip_quiets();
                    }
                    // Futility Pruning (FP).
                    if !in_check
                        && lmr_depth <= 7
                        && let Some(evaluation) = evaluation
                        && evaluation + 90 + 95 * lmr_depth <= alpha
                    {
                        picker.skip_quiets();
                        continue;
                    }
                    // History Pruning.
                    if lmr_depth <= 4 && history < -4000 * depth {
                        continue;
                    }
                    // Moves into an exchange that loses material.
                    if lmr_depth <= 7
                        && !see::wins_at_least(position, m, -22 * lmr_depth * lmr_depth - 10)
                    {
                        continue;
                    }
                } else if depth <= 7
                    && picker.at_bad_noisy()
                    && !see::wins_at_least(position, m, -95 * depth)
                {
                    continue;
                }
            }

            // Singular Extension (SE): when all other moves are clearly worse, the table's is looked at more deeply.
            let mut extension = 0;
            if depth >= 8
                && excluded.is_none()
                && table_move == Some(m)
                && ply < 2 * self.root_depth as usize
                && let Some(hit) = hit
                && hit.depth >= depth - 3
                && matches!(hit.bound, Bound::Lower | Bound::Exact)
                && hit.value.abs() < MATE_BOUND
            {
                let bar = hit.value - 2 * depth;
                let saved = self.frames[ply + LOOK_BACK];
                self.frames[ply + LOOK_BACK].excluded = Some(m);
                let value = self
                    .deep::<false>(position, bar - 1, bar, (depth - 1) / 2, ply, cut)
                    .await;
                self.frames[ply + LOOK_BACK] = saved;
                if self.stopped {
                    picker.finish(&mut self.moves);
                    return 0;
                }
                if value < bar {
                    extension = 1;
                } else if bar >= beta {
                    // Multi-Cut: two moves beat beta.
                    picker.finish(&mut self.moves);
                    return bar;
                } else if hit.value >= beta {
                    extension = -1;
                }
            }

            let child = self.enter(position, ply, Some(m), position.play(m));
            // Check Extension, where it cannot go on for ever.
            if extension == 0
                && child.in_check()
                && ply < 2 * self.root_depth as usize
                && (PV || depth <= 6)
                && see::wins_at_least(position, m, 0)
            {
                extension = 1;
            }
            let next = depth - 1 + extension;

            let mut value = alpha + 1;
            let mut full = true;
            if depth >= 2 && count > 1 + i32::from(PV) && (quiet || picker.at_bad_noisy()) {
                // Late Move Reduction (LMR).
                let mut less = reduction(depth, count);
                less += i32::from(!was_pv);
                less += 2 * i32::from(cut);
                less -= i32::from(improving);
                less -= i32::from(child.in_check());
                less -= history / 7000;
                let reduced = (next - less).clamp(1, next.max(1));
                value = -self
                    .child::<false>(&child, -alpha - 1, -alpha, reduced, ply + 1, true)
                    .await;
                full = value > alpha && reduced < next;
            } else if PV && count == 1 {
                full = false;
            }
            if full && !self.stopped {
                value = -self
                    .child::<false>(&child, -alpha - 1, -alpha, next, ply + 1, !cut)
                    .await;
            }
            if PV && (count == 1 || value > alpha) && !self.stopped {
                value = -self
                    .child::<true>(&child, -beta, -alpha, next, ply + 1, false)
                    .await;
            }
            self.leave();
            if self.stopped {
                picker.finish(&mut self.moves);
                return 0;
            }

            if value > best {
                best = value;
                if value > alpha {
                    best_move = Some(m);
                    alpha = value;
                    if PV {
                        self.extend_line(ply, m);
                    }
                    if value >= beta {
                        break;
                    }
                }
            }
            if quiet {
                let _ = quiets.try_push(m);
            } else {
                let _ = captures.try_push(m);
            }
        }
        picker.finish(&mut self.moves);

        if count == 0 {
            return if excluded.is_some() {
                alpha
            } else if in_check {
                mated_in(ply)
            } else {
                0
            };
        }

        if best >= beta
            && let Some(m) = best_move
        {
            self.engine
                .history
                .reward(turn, ply, depth, m, before, &quiets, &captures);
        }
        if excluded.is_none() {
            let bound = if best >= beta {
                Bound::Lower
            } else if best > old_alpha {
                Bound::Exact
            } else {
                Bound::Upper
            };
            if let Some(evaluation) = evaluation
                && best_move.is_none_or(|m| !m.is_capture())
                && best.abs() < MATE_BOUND
                && bound.decides(best, evaluation + i32::from(bound == Bound::Upper))
            {
                self.engine
                    .history
                    .correct(position, depth, (best - raw).clamp(-400, 400));
            }
            self.engine.table.store(
                position.key(),
                ply,
                Hit {
                    packed: best_move.map_or_else(Default::default, movegen::PackedMove::pack),
                    value: best,
                    evaluation: raw,
                    depth,
                    bound,
                    was_pv,
                },
            );
        }
        best
    }

    /// The line from `ply` on begins with `m`.
    pub(super) fn extend_line(&mut self, ply: usize, m: Move) {
        if let [this, next, ..] = &mut self.lines[ply..] {
            this.clear();
            this.push(m);
            this.extend_from_slice(next);
        }
    }

    /// The moves one, two and four plies before.
    pub(super) fn before(&self, ply: usize) -> [Option<PieceTo>; 3] {
        let at = ply + LOOK_BACK;
        [
            self.frames[at - 1].played,
            self.frames[at - 2].played,
            self.frames[at - 4].played,
        ]
    }

    /// Evaluates, without correction.
    pub(super) fn evaluate(&mut self, position: &Position, ply: usize) -> Value {
        self.engine.evaluation.evaluate(position, ply)
    }

    /// Whether the rules, or the sense of the search, make this a draw.
    pub(super) fn is_draw(&self, position: &Position) -> bool {
        if position.halfmoves() >= 100 {
            // Mate on the last ply counts before the fifty-move rule.
            return !position.in_check() || !movegen::is_stuck(position);
        }
        position.is_dead() || self.is_repetition(position)
    }

    /// Whether this position was met before: once since the root is enough, for what can be repeated once can be
    /// repeated again; what was before the root must have been there twice.
    fn is_repetition(&self, position: &Position) -> bool {
        let reach = (position.halfmoves() as usize).min(self.keys.len());
        let mut seen = 0;
        for back in (4..=reach).step_by(2) {
            let index = self.keys.len() - back;
            if self.keys[index] == position.key() {
                seen += 1;
                if index > self.game_keys || seen == 2 {
                    return true;
                }
            }
        }
        false
    }
}

/// How many plies less the `count`-th move of a node with `depth` is searched: grows with the logarithm of both.
pub(super) fn reduction(depth: i32, count: i32) -> i32 {
    let log = |n: i32| LOG2[n.clamp(1, 63) as usize];
    // In 1/64: log2 * log2 * 0.22 + 0.5.
    (log(depth) * log(count) * 14 / 64 + 32 * 64) / (64 * 64)
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

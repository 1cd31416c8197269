//! One node of the tree: alpha-beta with everything that makes it small. What needs no more than a few numbers to be
//! decided is in `pruning` and `reductions`.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use arrayvec::ArrayVec;
use shakmaty::Move;

use super::cuts::Attempt;
use super::pruning;
use super::reductions::{Late, PLY, reduction};
use super::root::{LOOK_BACK, PAUSE_DEPTH, Searcher};
use super::technique::Technique;
use crate::correction::Corrections;
use crate::history;
use crate::movegen::PackedMove;
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

    pub(super) fn deep<'a, const PV: bool>(
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
            // What is entered below the pause depth stays below it.
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
        // Upcoming Repetition: what can be repeated is worth a draw at least.
        if alpha < 0 && self.uses(Technique::UpcomingRepetition) && self.can_repeat(position) {
            alpha = 0;
            if alpha >= beta {
                return alpha;
            }
        }
        let in_check = position.in_check();
        if ply >= MAX_PLY - 1 {
            return if in_check {
                0
            } else {
                self.evaluate(position, ply)
            };
        }

        // Mate Distance Pruning (MDP): no mate from here can beat one already found nearer the root.
        if self.uses(Technique::MateDistance) {
            alpha = alpha.max(mated_in(ply));
            beta = beta.min(mate_in(ply + 1));
            if alpha >= beta {
                return alpha;
            }
        }

        // What is entered below the pause depth stays below it.
        let pauses = depth >= PAUSE_DEPTH;
        let deepest = if pauses {
            MAX_PLY as i32
        } else {
            PAUSE_DEPTH - 1
        };
        let at = ply + LOOK_BACK;
        let turn = position.turn();
        let before = self.before(ply);

        // Transposition Table (TT).
        let excluded = self.frames[at].excluded;
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
            // A table move that cuts is a good move here too.
            if hit.value >= beta
                && let Some(m) = table_move
                && is_quiet(m)
                && self.uses(Technique::HistoryFromCutoffs)
            {
                let quiet = self.context(position, before).quiet(m);
                let bonus = history::bonus(depth) / 2;
                self.engine.history.nudge_quiet(quiet, &before, bonus);
            }
            return hit.value;
        }
        let was_pv = PV || hit.is_some_and(|hit| hit.was_pv);

        // Static evaluation, corrected by what searches of like positions found.
        let correction = self.correction(position, &before);
        let (raw, evaluation) = if in_check {
            (NONE, None)
        } else if excluded.is_some() {
            (NONE, self.frames[at].evaluation)
        } else {
            let raw = match hit {
                Some(hit) if hit.evaluation != NONE => hit.evaluation,
                _ => self.evaluate(position, ply),
            };
            let corrected = raw + Corrections::centipawns(correction);
            let bound = EVALUATION_BOUND - 1;
            (raw, Some(corrected.clamp(-bound, bound)))
        };
        self.frames[at].evaluation = evaluation;
        self.frames[at + 1].excluded = None;
        self.frames[at + 2].cutoffs = 0;
        let improving = evaluation.is_some_and(|now| {
            let two_ago = self.frames[at - 2].evaluation;
            let before = two_ago.or(self.frames[at - 4].evaluation);
            before.is_none_or(|before| now > before)
        }) && self.uses(Technique::Improving);

        let parent = self.frames[at - 1];
        if excluded.is_none()
            && let (Some(now), Some(then)) = (evaluation, parent.evaluation)
        {
            // The evaluation after a quiet move says how good it was.
            if let Some(quiet) = parent.quiet
                && self.uses(Technique::HistoryFromFailures)
            {
                let bonus = (-6 * (now + then)).clamp(-1200, 1200);
                self.engine.history.nudge_quiet(quiet, &[None; 4], bonus);
            }
            // Hindsight: a reduction that the evaluation does not bear out is taken back, one that it does goes on.
            if self.uses(Technique::Hindsight) {
                if parent.reduction >= 3 && now <= -then {
                    depth += 1;
                } else if parent.reduction >= 2 && depth >= 2 && now + then > 60 {
                    depth -= 1;
                }
            }
        }

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
            if depth <= pruning::REVERSE_FUTILITY_DEPTH
                && estimate - pruning::reverse_futility(depth, improving) >= beta
                && estimate < EVALUATION_BOUND
                && ply >= self.no_pass_before
                && beta > -MATE_BOUND
                && self.uses(Technique::ReverseFutility)
            {
                return i32::midpoint(estimate, beta);
            }

            // Razoring: so far below alpha that only captures could help.
            if depth <= pruning::RAZORING_DEPTH
                && estimate + pruning::razoring(depth) <= alpha
                && self.uses(Technique::Razoring)
            {
                let value = self.quiescence::<false>(position, alpha, alpha + 1, ply);
                if value <= alpha {
                    return value;
                }
            }

            let attempt = Attempt {
                position,
                ply,
                depth,
                beta,
                cut,
                evaluation,
                estimate,
            };
            // Null Move Pruning (NMP): if passing is good enough, some move will be.
            if let Some(value) = self.null_move(&attempt).await {
                return value;
            }
            // ProbCut: a capture that is far above beta in a shallower search will be above it in this one.
            let bar = beta + pruning::probcut(improving);
            let unlikely = hit
                .is_some_and(|hit| hit.depth >= depth - 3 && hit.value != NONE && hit.value < bar);
            if !unlikely && let Some((m, value)) = self.probcut(&attempt, bar, table_move).await {
                if !self.stopped {
                    let hit = Hit {
                        packed: PackedMove::pack(m),
                        value,
                        evaluation: raw,
                        depth: depth - 3,
                        bound: Bound::Lower,
                        was_pv,
                    };
                    self.engine.table.store(position.key(), ply, hit);
                }
                return value;
            }
        }

        // Internal Iterative Reduction (IIR): without a move to begin with, a shallower search finds one.
        if table_move.is_none()
            && depth >= 4
            && (PV || cut)
            && excluded.is_none()
            && self.uses(Technique::InternalIterativeReduction)
        {
            depth -= 1;
        }

        let context = self.context(position, before);
        let old_alpha = alpha;
        let mut best = -INFINITE;
        let mut best_move = None;
        let mut count = 0;
        let mut quiets: ArrayVec<Move, QUIETS> = ArrayVec::new();
        let mut captures: ArrayVec<Move, CAPTURES> = ArrayVec::new();
        let mut picker = MovePicker::new(&self.moves, table_move);
        while let Some(m) = picker.next(
            &mut self.moves,
            position,
            &self.engine.history,
            ply,
            &context,
        ) {
            if Some(m) == excluded {
                continue;
            }
            if pauses {
                self.may_pause().await;
            }
            count += 1;
            let quiet = is_quiet(m);
            let remembered = quiet.then(|| context.quiet(m));
            let history = match remembered {
                Some(quiet) => self.engine.history.quiet(quiet, &context.before),
                None => self.engine.history.capture(turn, m),
            };

            // Shallow pruning: not before some move has shown that this is no mate.
            if best > -MATE_BOUND && position.has_pieces() {
                let lmr_depth = (depth - reduction(depth, count) + history / 9000).max(0);
                if quiet {
                    // Late Move Pruning (LMP).
                    if count >= pruning::late_moves(depth, improving)
                        && self.uses(Technique::LateMovePruning)
                    {
                        picker.skip_quiets();
                    }
                    // Futility Pruning (FP).
                    if !in_check
                        && lmr_depth <= pruning::FUTILITY_DEPTH
                        && let Some(evaluation) = evaluation
                        && evaluation + pruning::futility(lmr_depth) <= alpha
                        && self.uses(Technique::Futility)
                    {
                        picker.skip_quiets();
                        continue;
                    }
                    // History Pruning.
                    if lmr_depth <= 4
                        && history < -4000 * depth
                        && self.uses(Technique::HistoryPruning)
                    {
                        continue;
                    }
                    // Static Exchange Evaluation (SEE) Pruning: moves into an exchange that loses material.
                    if lmr_depth <= pruning::EXCHANGE_DEPTH
                        && self.uses(Technique::ExchangePruning)
                        && !see::wins_at_least(position, m, pruning::quiet_exchange(lmr_depth))
                    {
                        continue;
                    }
                } else if depth <= pruning::EXCHANGE_DEPTH
                    && picker.at_bad_noisy()
                    && self.uses(Technique::ExchangePruning)
                    && !see::wins_at_least(position, m, pruning::noisy_exchange(depth))
                {
                    continue;
                }
            }

            // Singular Extension (SE): when all other moves are clearly worse, the table's is looked at more deeply.
            let mut extension = 0;
            if depth >= 6
                && excluded.is_none()
                && table_move == Some(m)
                && ply < 2 * self.root_depth as usize
                && let Some(hit) = hit
                && hit.depth >= depth - 3
                && matches!(hit.bound, Bound::Lower | Bound::Exact)
                && hit.value.abs() < MATE_BOUND
                && self.uses(Technique::SingularExtension)
            {
                let bar = hit.value - 2 * depth;
                let saved = self.frames[at];
                self.frames[at].excluded = Some(m);
                let value = self
                    .deep::<false>(position, bar - 1, bar, (depth - 1) / 2, ply, cut)
                    .await;
                self.frames[at] = saved;
                // Multi-Cut: two moves beat beta.
                let multi_cut = value >= bar && bar >= beta;
                if self.stopped || multi_cut {
                    picker.finish(&mut self.moves);
                    return if multi_cut { bar } else { 0 };
                }
                extension = if value < bar {
                    // Double Extension: it is better by far.
                    let double = !PV && value < bar - 15 && self.uses(Technique::DoubleExtension);
                    1 + i32::from(double)
                } else if self.uses(Technique::DoubleExtension) {
                    // Negative Extension: others may do as well.
                    -2 * i32::from(hit.value >= beta) - i32::from(hit.value < beta && cut)
                } else {
                    -i32::from(hit.value >= beta)
                };
            }

            let child = self.enter(position, ply, Some(m), position.play(m));
            self.frames[at].quiet = remembered;
            let gives_check = child.in_check();
            // Check Extension, where it cannot go on for ever.
            if extension == 0
                && gives_check
                && ply < 2 * self.root_depth as usize
                && (PV || depth <= 6)
                && self.uses(Technique::CheckExtension)
                && see::wins_at_least(position, m, 0)
            {
                extension = 1;
            }
            let mut next = (depth - 1 + extension).min(deepest);

            let mut value = alpha + 1;
            let mut full = true;
            if depth >= 2
                && count > 1 + i32::from(PV)
                && (quiet || picker.at_bad_noisy())
                && self.uses(Technique::LateMoveReduction)
            {
                // Late Move Reduction (LMR).
                let late = Late {
                    depth,
                    count,
                    quiet,
                    gives_check,
                    history,
                    was_pv,
                    cut,
                    improving,
                    correction: Corrections::centipawns(correction),
                    has_table_move: table_move.is_some(),
                    table_move_captures: table_move.is_some_and(|m| !is_quiet(m)),
                    cutoffs: self.frames[at + 1].cutoffs,
                };
                let less = late
                    .reduction(self.uses(Technique::ReductionTerms))
                    .div_euclid(PLY);
                let reduced = (next - less).clamp(1, next.max(1));
                self.frames[at].reduction = next - reduced;
                value = -self
                    .child::<false>(&child, -alpha - 1, -alpha, reduced, ply + 1, true)
                    .await;
                self.frames[at].reduction = 0;
                full = value > alpha && reduced < next;
                // A move that did much better than expected is looked at more deeply, one that did not quite, less.
                if full && self.uses(Technique::DeeperShallower) {
                    next += i32::from(value > best + 40 + 2 * next);
                    next -= i32::from(value < best + 8);
                    next = next.min(deepest);
                    full = reduced < next;
                }
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
                        self.frames[at].cutoffs += 1;
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
                .reward(&context, ply, depth, m, &quiets, &captures);
            // A shallow cut says less than a deep one.
            if best < MATE_BOUND && beta > -MATE_BOUND && self.uses(Technique::Softening) {
                best = (best * depth.max(1) + beta) / (depth.max(1) + 1);
            }
        } else if best <= old_alpha
            && let Some(quiet) = parent.quiet
            && excluded.is_none()
            && self.uses(Technique::HistoryFromFailures)
        {
            // That nothing helps here makes the opponent's last move a good one.
            let bonus = history::bonus(depth) / 2;
            let before = self.before(ply - 1);
            self.engine.history.nudge_quiet(quiet, &before, bonus);
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
                let [one, two, ..] = before;
                self.engine
                    .corrections
                    .learn(position, [one, two], depth, best - evaluation);
            }
            self.engine.table.store(
                position.key(),
                ply,
                Hit {
                    packed: best_move.map_or(PackedMove::NONE, PackedMove::pack),
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
}

/// Neither a capture nor a promotion.
pub(super) fn is_quiet(m: Move) -> bool {
    !m.is_capture() && !m.is_promotion()
}

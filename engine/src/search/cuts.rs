//! Cuts that a shallower search decides: null moves and ProbCut.

use shakmaty::Move;

use super::pruning;
use super::root::{LOOK_BACK, Searcher};
use super::technique::Technique;
use crate::movepick::MovePicker;
use crate::position::Position;
use crate::score::{MATE_BOUND, Value};
use crate::see;

/// From this depth on, a null move that fails high is verified.
const VERIFIED_DEPTH: i32 = 12;

/// The node that is to be cut: not in check, not on the principal variation.
pub(super) struct Attempt<'a> {
    pub(super) position: &'a Position,
    pub(super) ply: usize,
    pub(super) depth: i32,
    pub(super) beta: Value,
    /// Expected to fail high.
    pub(super) cut: bool,
    /// The corrected static evaluation.
    pub(super) evaluation: Value,
    /// That, or what the table knows better.
    pub(super) estimate: Value,
}

impl Searcher {
    /// The value that passing proves, if it beats beta; anything when the search is stopped.
    pub(super) async fn null_move(&mut self, node: &Attempt<'_>) -> Option<Value> {
        let &Attempt {
            position,
            ply,
            depth,
            beta,
            ..
        } = node;
        let passed_before = ply > 0 && self.frames[ply + LOOK_BACK - 1].played.is_none();
        let wanted = depth >= 3
            && node.estimate >= beta
            && node.evaluation + 20 * depth >= beta + 40
            && !passed_before
            && ply >= self.no_pass_before
            && position.has_pieces()
            && beta > -MATE_BOUND
            && self.uses(Technique::NullMove);
        if !wanted {
            return None;
        }
        let depth_left = depth - pruning::null_reduction(depth, node.estimate - beta);
        let passed = position.pass()?;
        let passed = self.enter(position, ply, None, passed);
        let value = -self
            .child::<false>(&passed, -beta, -beta + 1, depth_left, ply + 1, !node.cut)
            .await;
        self.leave();
        if self.stopped {
            return Some(0);
        }
        if value < beta {
            return None;
        }
        let value = if value >= MATE_BOUND { beta } else { value };
        if depth < VERIFIED_DEPTH || self.no_pass_before > 0 {
            return Some(value);
        }
        // In zugzwang passing would be the best move: deep ones are proven without it.
        self.no_pass_before = ply + 1 + (3 * depth_left / 4).max(0) as usize;
        let verified = self
            .deep::<false>(position, beta - 1, beta, depth_left, ply, false)
            .await;
        self.no_pass_before = 0;
        (self.stopped || verified >= beta).then_some(value)
    }

    /// A capture that a shallower search sees at `bar` or above, and its value there; anything when the search is
    /// stopped.
    pub(super) async fn probcut(
        &mut self,
        node: &Attempt<'_>,
        bar: Value,
        table_move: Option<Move>,
    ) -> Option<(Move, Value)> {
        let &Attempt {
            position,
            ply,
            depth,
            ..
        } = node;
        let wanted = depth >= pruning::PROBCUT_DEPTH
            && node.beta.abs() < MATE_BOUND
            && self.uses(Technique::ProbCut);
        if !wanted {
            return None;
        }
        let context = self.context(position, self.before(ply));
        let wins = bar - node.evaluation;
        let first = table_move.filter(|&m| see::wins_at_least(position, m, wins));
        let mut picker = MovePicker::noisy(&self.moves, first, wins);
        let mut found = None;
        while let Some(m) = picker.next(
            &mut self.moves,
            position,
            &self.engine.history,
            ply,
            &context,
        ) {
            let child = self.enter(position, ply, Some(m), position.play(m));
            let mut value = -self.quiescence::<false>(&child, -bar, -bar + 1, ply + 1);
            if value >= bar && !self.stopped {
                value = -self
                    .child::<false>(&child, -bar, -bar + 1, depth - 4, ply + 1, !node.cut)
                    .await;
            }
            self.leave();
            if value >= bar || self.stopped {
                found = Some((m, value));
                break;
            }
        }
        picker.finish(&mut self.moves);
        found
    }
}

//! Quiescence: the leaves, played on until no capture is left to fear.

use super::root::{LOOK_BACK, Searcher};
use crate::movegen::PackedMove;
use crate::movepick::MovePicker;
use crate::position::Position;
use crate::score::{EVALUATION_BOUND, INFINITE, MATE_BOUND, MAX_PLY, NONE, Value, mated_in};
use crate::see;
use crate::transposition::{Bound, Hit};

impl Searcher {
    pub(super) fn quiescence<const PV: bool>(
        &mut self,
        position: &Position,
        mut alpha: Value,
        beta: Value,
        ply: usize,
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
        let in_check = position.in_check();
        if ply >= MAX_PLY - 1 {
            return if in_check {
                0
            } else {
                self.evaluate(position, ply)
            };
        }

        let hit = self.engine.table.probe(position.key(), ply);
        if !PV
            && let Some(hit) = hit
            && hit.value != NONE
            && hit.bound.decides(hit.value, beta)
        {
            return hit.value;
        }
        let table_move = hit.and_then(|hit| hit.packed.unpack(position));

        // Stand pat: the side to move need not capture.
        let mut raw = NONE;
        let mut best = -INFINITE;
        let mut futility = -INFINITE;
        if !in_check {
            raw = match hit {
                Some(hit) if hit.evaluation != NONE => hit.evaluation,
                _ => self.evaluate(position, ply),
            };
            best = (raw + self.engine.history.correction(position))
                .clamp(1 - EVALUATION_BOUND, EVALUATION_BOUND - 1);
            if let Some(hit) = hit
                && hit.value != NONE
                && hit.value.abs() < MATE_BOUND
                && hit.bound.decides(hit.value, best + 1)
            {
                best = hit.value;
            }
            if best >= beta {
                return best;
            }
            alpha = alpha.max(best);
            futility = best + 130;
        }

        let old_alpha = alpha;
        let before = self.before(ply);
        let mut best_move = None;
        let mut count = 0;
        let mut picker = if in_check {
            MovePicker::new(&self.moves, table_move)
        } else {
            MovePicker::noisy(&self.moves, table_move, 0)
        };
        while let Some(m) =
            picker.next(&mut self.moves, position, &self.engine.history, ply, before)
        {
            count += 1;
            if best > -MATE_BOUND {
                if in_check {
                    // One way out is enough to know it is no mate; after that only captures.
                    picker.skip_quiets();
                } else if let Some(victim) = m.capture()
                    && m.promotion().is_none()
                    && futility + see::worth(victim) <= alpha
                {
                    // Delta Pruning: even for nothing in return it would not be enough.
                    best = best.max(futility + see::worth(victim));
                    continue;
                }
            }
            let child = self.enter(position, ply, Some(m), position.play(m));
            let value = -self.quiescence::<PV>(&child, -beta, -alpha, ply + 1);
            self.leave();
            if self.stopped {
                picker.finish(&mut self.moves);
                return 0;
            }
            if value > best {
                best = value;
                if value > alpha {
                    alpha = value;
                    best_move = Some(m);
                    if PV {
                        self.extend_line(ply, m);
                    }
                    if value >= beta {
                        break;
                    }
                }
            }
        }
        picker.finish(&mut self.moves);
        if in_check && count == 0 {
            return mated_in(ply);
        }

        let bound = if best >= beta {
            Bound::Lower
        } else if PV && best > old_alpha {
            Bound::Exact
        } else {
            Bound::Upper
        };
        self.engine.table.store(
            position.key(),
            ply,
            Hit {
                packed: best_move.map_or(PackedMove::NONE, PackedMove::pack),
                value: best,
                evaluation: raw,
                depth: 0,
                bound,
                was_pv: PV,
            },
        );
        debug_assert!(self.frames.len() > ply + LOOK_BACK);
        best
    }
}

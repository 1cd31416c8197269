//! Quiescence: the leaves, played on until no capture is left to fear.

use shakmaty::Bitboard;

use super::root::Searcher;
use super::technique::Technique;
use crate::correction::Corrections;
use crate::history::{Context as MoveContext, PieceTo};
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
        if self.nodes >= self.quiescence_end {
            return self.evaluate(position, ply);
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
        let before = self.before(ply);

        // Stand pat: the side to move need not capture.
        let mut raw = NONE;
        let mut best = -INFINITE;
        let mut futility = -INFINITE;
        if !in_check {
            raw = match hit {
                Some(hit) if hit.evaluation != NONE => hit.evaluation,
                _ => self.evaluate(position, ply),
            };
            best = (raw + Corrections::centipawns(self.correction(position, &before)))
                .clamp(1 - EVALUATION_BOUND, EVALUATION_BOUND - 1);
            if let Some(hit) = hit
                && hit.value != NONE
                && hit.value.abs() < MATE_BOUND
                && hit.bound.decides(hit.value, best + 1)
            {
                best = hit.value;
            }
            if best >= beta {
                if hit.is_none() {
                    let hit = Hit {
                        packed: PackedMove::NONE,
                        value: NONE,
                        evaluation: raw,
                        depth: -1,
                        bound: Bound::None,
                        was_pv: PV,
                    };
                    self.engine.table.store(position.key(), ply, hit);
                }
                return self.softened(best, beta);
            }
            alpha = alpha.max(best);
            futility = best + 130;
        }

        let old_alpha = alpha;
        let last_to = before[0].map(PieceTo::to);
        // Only quiet moves, so only those out of check, are judged by threats.
        let context = if in_check {
            self.context(position, before)
        } else {
            MoveContext {
                color: position.turn(),
                threats: Bitboard::EMPTY,
                pawn_key: 0,
                before,
            }
        };
        let mut best_move = None;
        let mut count = 0;
        let mut picker = if in_check {
            MovePicker::new(&self.moves, table_move)
        } else {
            MovePicker::noisy(&self.moves, table_move, 0)
        };
        while let Some(m) = picker.next(
            &mut self.moves,
            position,
            &self.engine.history,
            ply,
            &context,
        ) {
            count += 1;
            if best > -MATE_BOUND {
                if in_check {
                    // One way out is enough to know it is no mate; after that only captures.
                    picker.skip_quiets();
                } else if let Some(victim) = m.capture()
                    && m.promotion().is_none()
                {
                    // Delta Pruning: even for nothing in return it would not be enough.
                    if futility + see::worth(victim) <= alpha {
                        best = best.max(futility + see::worth(victim));
                        continue;
                    }
                    if self.uses(Technique::QuiescenceFutility) {
                        // Futility Pruning: it is not enough unless something is won.
                        if futility <= alpha && !see::wins_at_least(position, m, 1) {
                            best = best.max(futility);
                            continue;
                        }
                        // Late captures, other than those that take back.
                        if count > 3 && Some(m.to()) != last_to {
                            continue;
                        }
                    }
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

        if best >= beta {
            best = self.softened(best, beta);
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
        best
    }

    /// What a cut returns: without a search to prove it, it is trusted half.
    fn softened(&self, value: Value, beta: Value) -> Value {
        if value.abs() < MATE_BOUND && beta.abs() < MATE_BOUND && self.uses(Technique::Softening) {
            i32::midpoint(value, beta)
        } else {
            value
        }
    }
}

//! What a node is judged by: its evaluation and correction, and what the history of its moves depends on.

use shakmaty::Bitboard;

use super::root::{LOOK_BACK, Searcher};
use super::technique::Technique;
use crate::history::{Before, Context};
use crate::position::Position;
use crate::score::Value;

impl Searcher {
    /// The moves one, two, four and six plies before.
    pub(super) fn before(&self, ply: usize) -> Before {
        [1, 2, 4, 6].map(|back| self.frames[ply + LOOK_BACK - back].played)
    }

    /// What the history of the moves in `position` depends on.
    pub(super) fn context(&self, position: &Position, before: Before) -> Context {
        Context {
            color: position.turn(),
            threats: if self.uses(Technique::Threats) {
                position.threats()
            } else {
                Bitboard::EMPTY
            },
            pawn_key: if self.uses(Technique::PawnHistory) {
                position.pawn_key()
            } else {
                0
            },
            before: if self.uses(Technique::Continuation) {
                before
            } else {
                [None; 4]
            },
        }
    }

    /// Evaluates, without correction.
    pub(super) fn evaluate(&mut self, position: &Position, ply: usize) -> Value {
        self.engine.evaluation.evaluate(position, ply)
    }

    /// What the evaluation is to be corrected by, in the unit that
    /// [`Corrections::centipawns`](crate::correction::Corrections::centipawns) takes.
    pub(super) fn correction(&self, position: &Position, before: &Before) -> i32 {
        let corrections = &self.engine.corrections;
        let mut sum = 0;
        if self.uses(Technique::Correction) {
            sum += corrections.pawn(position);
            if self.uses(Technique::WideCorrection) {
                let [one, two, ..] = *before;
                sum += corrections.non_pawn(position) + corrections.continuation([one, two]);
            }
        }
        sum
    }

    pub(super) const fn uses(&self, technique: Technique) -> bool {
        self.engine.ablation.keeps(technique)
    }
}

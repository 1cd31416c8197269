//! What the search remembers of moves: killers, counter moves, history tables and evaluation corrections.

use shakmaty::{Color, Move, Role, Square};

use crate::movegen::PackedMove;
use crate::position::Position;
use crate::score::{MAX_PLY, Value};

/// History scores stay within plus and minus this.
pub const HISTORY_LIMIT: i32 = 16_384;

const PIECES: usize = 12;
const SQUARES: usize = 64;
const PIECE_TO: usize = PIECES * SQUARES;
const CORRECTIONS: usize = 1 << 14;
const CORRECTION_GRAIN: i32 = 256;
const CORRECTION_LIMIT: i32 = 64 * CORRECTION_GRAIN;

/// A piece and where it went: the index of the tables that look at what was played before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PieceTo(u16);

impl PieceTo {
    /// What `m`, played by `color`, moved where.
    #[must_use]
    pub fn new(color: Color, m: Move) -> PieceTo {
        let piece = (m.role() as usize - 1) + if color.is_white() { 0 } else { 6 };
        PieceTo((piece * SQUARES + m.to() as usize) as u16)
    }

    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Moves a score towards its limit by `bonus`: the nearer it is, the smaller the step ("history gravity").
fn nudge(score: &mut i16, bonus: i32) {
    let bonus = bonus.clamp(-HISTORY_LIMIT, HISTORY_LIMIT);
    let now = i32::from(*score);
    *score = (now + bonus - now * bonus.abs() / HISTORY_LIMIT) as i16;
}

/// All that is remembered. Grows old with the engine and is cleared with a new game.
pub struct History {
    /// By colour, origin and destination.
    quiet: Vec<i16>,
    /// By moved piece, destination and captured role.
    capture: Vec<i16>,
    /// By a move one, two or four plies before and this one.
    continuation: Vec<i16>,
    counter: Vec<PackedMove>,
    killers: [[PackedMove; 2]; MAX_PLY],
    /// By colour and pawn structure: how far the static evaluation was off, in 1/256 centipawn.
    correction: Vec<i16>,
}

impl Default for History {
    fn default() -> History {
        History {
            quiet: vec![0; 2 * SQUARES * SQUARES],
            capture: vec![0; PIECE_TO * 6],
            continuation: vec![0; PIECE_TO * PIECE_TO],
            counter: vec![PackedMove::NONE; PIECE_TO],
            killers: [[PackedMove::NONE; 2]; MAX_PLY],
            correction: vec![0; 2 * CORRECTIONS],
        }
    }
}

fn quiet_index(color: Color, m: Move) -> usize {
    let from = m.from().unwrap_or(Square::A1) as usize;
    (color as usize * SQUARES + from) * SQUARES + m.to() as usize
}

fn capture_index(color: Color, m: Move) -> usize {
    let captured = m.capture().map_or(0, |role: Role| role as usize - 1);
    PieceTo::new(color, m).index() * 6 + captured
}

fn correction_index(position: &Position) -> usize {
    position.turn() as usize * CORRECTIONS + position.pawn_key() as usize % CORRECTIONS
}

impl History {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.quiet.fill(0);
        self.capture.fill(0);
        self.continuation.fill(0);
        self.counter.fill(PackedMove::NONE);
        self.killers = [[PackedMove::NONE; 2]; MAX_PLY];
        self.correction.fill(0);
    }

    /// Forgets what belongs to one search only.
    pub const fn clear_killers(&mut self) {
        self.killers = [[PackedMove::NONE; 2]; MAX_PLY];
    }

    /// The two quiet moves that last refuted a sibling at `ply`.
    #[must_use]
    pub fn killers(&self, ply: usize) -> [PackedMove; 2] {
        self.killers.get(ply).copied().unwrap_or_default()
    }

    /// The quiet move that last refuted `previous`.
    #[must_use]
    pub fn counter(&self, previous: Option<PieceTo>) -> PackedMove {
        previous.map_or(PackedMove::NONE, |p| self.counter[p.index()])
    }

    /// How well the quiet move `m` did, given the moves one, two and four plies before.
    #[must_use]
    pub fn quiet(&self, color: Color, m: Move, before: [Option<PieceTo>; 3]) -> i32 {
        let this = PieceTo::new(color, m).index();
        let mut score = i32::from(self.quiet[quiet_index(color, m)]);
        for earlier in before.into_iter().flatten() {
            score += i32::from(self.continuation[earlier.index() * PIECE_TO + this]);
        }
        score
    }

    /// How well the noisy move `m` did.
    #[must_use]
    pub fn capture(&self, color: Color, m: Move) -> i32 {
        i32::from(self.capture[capture_index(color, m)])
    }

    /// Learns from a move that was good enough to cut: it rises, the others that were tried before fall.
    #[allow(clippy::too_many_arguments)]
    pub fn reward(
        &mut self,
        color: Color,
        ply: usize,
        depth: i32,
        best: Move,
        before: [Option<PieceTo>; 3],
        quiets: &[Move],
        captures: &[Move],
    ) {
        let bonus = (160 * depth - 60).min(1800);
        if best.is_capture() || best.is_promotion() {
            nudge(&mut self.capture[capture_index(color, best)], bonus);
        } else {
            let packed = PackedMove::pack(best);
            if let Some(killers) = self.killers.get_mut(ply)
                && killers[0] != packed
            {
                *killers = [packed, killers[0]];
            }
            if let Some(previous) = before[0] {
                self.counter[previous.index()] = packed;
            }
            self.nudge_quiet(color, best, before, bonus);
            for &m in quiets {
                self.nudge_quiet(color, m, before, -bonus);
            }
        }
        for &m in captures {
            nudge(&mut self.capture[capture_index(color, m)], -bonus);
        }
    }

    fn nudge_quiet(&mut self, color: Color, m: Move, before: [Option<PieceTo>; 3], bonus: i32) {
        nudge(&mut self.quiet[quiet_index(color, m)], bonus);
        let this = PieceTo::new(color, m).index();
        for earlier in before.into_iter().flatten() {
            nudge(
                &mut self.continuation[earlier.index() * PIECE_TO + this],
                bonus,
            );
        }
    }

    /// What to add to the static evaluation of `position`, in centipawns.
    #[must_use]
    pub fn correction(&self, position: &Position) -> Value {
        i32::from(self.correction[correction_index(position)]) / CORRECTION_GRAIN
    }

    /// Learns that a search of `depth` plies found a value `difference` centipawns above the static evaluation.
    pub fn correct(&mut self, position: &Position, depth: i32, difference: Value) {
        let entry = &mut self.correction[correction_index(position)];
        let weight = (depth + 1).min(16);
        let blended =
            (i32::from(*entry) * (256 - weight) + difference * CORRECTION_GRAIN * weight) / 256;
        *entry = blended.clamp(-CORRECTION_LIMIT, CORRECTION_LIMIT) as i16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_never_leave_their_limits() {
        let mut score = 0;
        for _ in 0..10_000 {
            nudge(&mut score, 100_000);
        }
        assert!(i32::from(score) <= HISTORY_LIMIT && score > 0);
        for _ in 0..10_000 {
            nudge(&mut score, -1_800);
        }
        assert!(i32::from(score) >= -HISTORY_LIMIT && score < 0);
    }
}

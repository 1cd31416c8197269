//! What the search remembers of moves: killers, counter moves and history tables.

use shakmaty::{Bitboard, Color, Move, Role, Square};

use crate::movegen::PackedMove;
use crate::score::MAX_PLY;

/// History scores stay within plus and minus this.
pub const HISTORY_LIMIT: i32 = 16_384;

const PIECES: usize = 12;
const SQUARES: usize = 64;
/// Pieces times squares: the number of [`PieceTo`].
pub(crate) const PIECE_TO: usize = PIECES * SQUARES;
/// Pawn structures that are told apart.
const PAWNS: usize = 512;

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

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// Where to.
    #[must_use]
    pub fn to(self) -> Square {
        Square::new(u32::from(self.0) % SQUARES as u32)
    }
}

/// The moves one, two, four and six plies before; none for a null move or where there is none.
pub type Before = [Option<PieceTo>; 4];

/// What the history of a move depends on besides the move.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Side to move.
    pub color: Color,
    /// Squares that the opponent attacks.
    pub threats: Bitboard,
    /// Key of the pawn structure.
    pub pawn_key: u64,
    /// What was played before.
    pub before: Before,
}

/// Where the history of one quiet move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    butterfly: u16,
    pawn: u32,
    this: PieceTo,
}

impl Context {
    /// Where the history of the quiet move `m` is.
    #[must_use]
    pub fn quiet(&self, m: Move) -> Quiet {
        let (from, to) = (m.from().unwrap_or(Square::A1), m.to());
        // A move out of danger, or into it, is another move.
        let danger =
            2 * usize::from(self.threats.contains(from)) + usize::from(self.threats.contains(to));
        let butterfly =
            ((self.color as usize * 4 + danger) * SQUARES + from as usize) * SQUARES + to as usize;
        let this = PieceTo::new(self.color, m);
        let pawn = self.pawn_key as usize % PAWNS * PIECE_TO + this.index();
        Quiet {
            butterfly: butterfly as u16,
            pawn: pawn as u32,
            this,
        }
    }
}

/// Moves a score towards its limit by `bonus`: the nearer it is, the smaller the step ("history gravity").
fn nudge(score: &mut i16, bonus: i32) {
    let bonus = bonus.clamp(-HISTORY_LIMIT, HISTORY_LIMIT);
    let now = i32::from(*score);
    *score = (now + bonus - now * bonus.abs() / HISTORY_LIMIT) as i16;
}

/// What a cut at `depth` is worth.
#[must_use]
pub fn bonus(depth: i32) -> i32 {
    (160 * depth - 60).clamp(0, 1800)
}

/// All that is remembered of moves. Grows old with the engine and is cleared with a new game.
pub struct History {
    /// By colour, whether origin and destination are attacked, origin and destination ("butterfly history").
    quiet: Vec<i16>,
    /// By pawn structure, piece and destination.
    pawn: Vec<i16>,
    /// By moved piece, destination and captured role.
    capture: Vec<i16>,
    /// By a move one, two, four or six plies before and this one.
    continuation: Vec<i16>,
    counter: Vec<PackedMove>,
    killers: [[PackedMove; 2]; MAX_PLY],
}

impl Default for History {
    fn default() -> History {
        History {
            quiet: vec![0; 2 * 4 * SQUARES * SQUARES],
            pawn: vec![0; PAWNS * PIECE_TO],
            capture: vec![0; PIECE_TO * 6],
            continuation: vec![0; PIECE_TO * PIECE_TO],
            counter: vec![PackedMove::NONE; PIECE_TO],
            killers: [[PackedMove::NONE; 2]; MAX_PLY],
        }
    }
}

fn capture_index(color: Color, m: Move) -> usize {
    let captured = m.capture().map_or(0, |role: Role| role as usize - 1);
    PieceTo::new(color, m).index() * 6 + captured
}

impl History {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.quiet.fill(0);
        self.pawn.fill(0);
        self.capture.fill(0);
        self.continuation.fill(0);
        self.counter.fill(PackedMove::NONE);
        self.killers = [[PackedMove::NONE; 2]; MAX_PLY];
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

    /// How well the quiet move at `at` did, after what was played `before`.
    #[must_use]
    pub fn quiet(&self, at: Quiet, before: &Before) -> i32 {
        let mut score = i32::from(self.quiet[usize::from(at.butterfly)])
            + i32::from(self.pawn[at.pawn as usize]);
        for earlier in before.iter().flatten() {
            score += i32::from(self.continuation[earlier.index() * PIECE_TO + at.this.index()]);
        }
        score
    }

    /// How well the noisy move `m` did.
    #[must_use]
    pub fn capture(&self, color: Color, m: Move) -> i32 {
        i32::from(self.capture[capture_index(color, m)])
    }

    /// Learns from a move that was good enough to cut: it rises, the others that were tried before fall.
    pub fn reward(
        &mut self,
        context: &Context,
        ply: usize,
        depth: i32,
        best: Move,
        quiets: &[Move],
        captures: &[Move],
    ) {
        let bonus = bonus(depth);
        let color = context.color;
        if best.is_capture() || best.is_promotion() {
            nudge(&mut self.capture[capture_index(color, best)], bonus);
        } else {
            let packed = PackedMove::pack(best);
            if let Some(killers) = self.killers.get_mut(ply)
                && killers[0] != packed
            {
                *killers = [packed, killers[0]];
            }
            if let Some(previous) = context.before[0] {
                self.counter[previous.index()] = packed;
            }
            self.nudge_quiet(context.quiet(best), &context.before, bonus);
            for &m in quiets {
                self.nudge_quiet(context.quiet(m), &context.before, -bonus);
            }
        }
        for &m in captures {
            nudge(&mut self.capture[capture_index(color, m)], -bonus);
        }
    }

    /// Raises, or with a negative bonus lowers, all that is known of the quiet move at `at`.
    pub fn nudge_quiet(&mut self, at: Quiet, before: &Before, bonus: i32) {
        nudge(&mut self.quiet[usize::from(at.butterfly)], bonus);
        nudge(&mut self.pawn[at.pawn as usize], bonus);
        self.nudge_continuation(at, before, bonus);
    }

    /// The same, but only what is known of it as an answer to the moves before.
    pub fn nudge_continuation(&mut self, at: Quiet, before: &Before, bonus: i32) {
        for earlier in before.iter().flatten() {
            nudge(
                &mut self.continuation[earlier.index() * PIECE_TO + at.this.index()],
                bonus,
            );
        }
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

    #[test]
    fn a_quiet_move_is_known_by_dangers_pawns_and_what_was_played_before() {
        let m = Move::Normal {
            role: Role::Knight,
            from: Square::G1,
            capture: None,
            to: Square::F3,
            promotion: None,
        };
        let played = PieceTo::new(Color::Black, m);
        let context = Context {
            color: Color::White,
            threats: Bitboard::EMPTY,
            pawn_key: 7,
            before: [Some(played), None, None, None],
        };
        let mut history = History::default();
        history.reward(&context, 3, 5, m, &[], &[]);
        let score =
            |history: &History, context: &Context| history.quiet(context.quiet(m), &context.before);
        let all = score(&history, &context);
        assert_eq!(all, 3 * bonus(5));
        for other in [
            Context {
                color: Color::Black,
                pawn_key: 8,
                ..context
            },
            Context {
                threats: Square::G1.into(),
                pawn_key: 8,
                ..context
            },
            Context {
                threats: Square::F3.into(),
                before: [None; 4],
                ..context
            },
        ] {
            assert!(score(&history, &other) < all - bonus(5), "{other:?}");
        }
        history.nudge_quiet(context.quiet(m), &context.before, -bonus(5));
        assert!(score(&history, &context) <= 0);
        history.clear();
        assert_eq!(score(&history, &context), 0);
    }
}

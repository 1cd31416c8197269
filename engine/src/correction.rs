//! How far the static evaluation was off, remembered by features of a position ("correction history").

use shakmaty::Color;

use crate::history::{PIECE_TO, PieceTo};
use crate::position::Position;
use crate::score::Value;

/// Keys that are told apart.
const KEYS: usize = 1 << 14;
/// Entries stay within plus and minus this.
const LIMIT: i32 = 1024;
/// An entry of 1 in centipawns: so each feature corrects by up to 32.
const GRAIN: i32 = 32;

/// The moves one and two plies before.
pub type LastTwo = [Option<PieceTo>; 2];

/// All that is remembered of errors.
pub struct Corrections {
    /// By side to move and pawn structure.
    pawn: Vec<i16>,
    /// By side to move and the pieces of one colour, White's and Black's.
    non_pawn: [Vec<i16>; 2],
    /// By the moves one and two plies before.
    continuation: Vec<i16>,
}

impl Default for Corrections {
    fn default() -> Corrections {
        let table = || vec![0; 2 * KEYS];
        Corrections {
            pawn: table(),
            non_pawn: [table(), table()],
            continuation: vec![0; PIECE_TO * PIECE_TO],
        }
    }
}

const fn index(turn: Color, key: u64) -> usize {
    turn as usize * KEYS + key as usize % KEYS
}

fn continuation_index(last: LastTwo) -> Option<usize> {
    let [one, two] = last;
    Some(two?.index() * PIECE_TO + one?.index())
}

/// Moves an entry up or down; the nearer to its limit, the less.
fn nudge(entry: &mut i16, step: i32) {
    let now = i32::from(*entry);
    *entry = (now + step - now * step.abs() / LIMIT) as i16;
}

impl Corrections {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.pawn.fill(0);
        self.non_pawn.iter_mut().for_each(|table| table.fill(0));
        self.continuation.fill(0);
    }

    /// In 1/32 centipawn: what positions with these pawns were misjudged by.
    #[must_use]
    pub fn pawn(&self, position: &Position) -> i32 {
        i32::from(self.pawn[index(position.turn(), position.pawn_key())])
    }

    /// In 1/32 centipawn: what positions with one side's pieces so placed were misjudged by, White's and Black's added.
    #[must_use]
    pub fn non_pawn(&self, position: &Position) -> i32 {
        Color::ALL
            .into_iter()
            .map(|color| {
                let at = index(position.turn(), position.non_pawn_key(color));
                i32::from(self.non_pawn[color as usize][at])
            })
            .sum()
    }

    /// In 1/32 centipawn: what positions after these two moves were misjudged by.
    #[must_use]
    pub fn continuation(&self, last: LastTwo) -> i32 {
        continuation_index(last).map_or(0, |at| i32::from(self.continuation[at]))
    }

    /// What a sum of the above comes to.
    #[must_use]
    pub const fn centipawns(sum: i32) -> Value {
        sum / GRAIN
    }

    /// Learns that a search of `depth` plies found a value `difference` centipawns above the corrected evaluation.
    pub fn learn(&mut self, position: &Position, last: LastTwo, depth: i32, difference: Value) {
        let bound = LIMIT / 4;
        let step = (difference.clamp(-2_000, 2_000) * depth.clamp(1, 128) / 4).clamp(-bound, bound);
        let turn = position.turn();
        nudge(&mut self.pawn[index(turn, position.pawn_key())], step);
        for color in Color::ALL {
            let at = index(turn, position.non_pawn_key(color));
            nudge(&mut self.non_pawn[color as usize][at], step);
        }
        if let Some(at) = continuation_index(last) {
            nudge(&mut self.continuation[at], step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakmaty::{CastlingMode, fen::Fen};

    fn position(fen: &str) -> Position {
        let fen: Fen = fen.parse().unwrap();
        Position::new(fen.into_position(CastlingMode::Standard).unwrap())
    }

    #[test]
    fn what_is_learnt_holds_for_like_positions_only() {
        let here = position("4k3/2n5/8/8/3P4/8/8/4K2R w - - 0 1");
        let last = [Some(PieceTo::default()), Some(PieceTo::default())];
        let mut corrections = Corrections::default();
        corrections.learn(&here, last, 8, 40);
        assert_eq!(corrections.pawn(&here), 80);
        assert_eq!(corrections.non_pawn(&here), 160);
        assert_eq!(corrections.continuation(last), 80);
        assert_eq!(corrections.continuation([None, last[1]]), 0);
        // The same pawn and the same white pieces, another black one.
        let like = position("4k3/2b5/8/8/3P4/8/8/4K2R w - - 0 1");
        assert_eq!(
            (corrections.pawn(&like), corrections.non_pawn(&like)),
            (80, 80)
        );
        // The other side to move.
        let other = position("4k3/2n5/8/8/3P4/8/8/4K2R b - - 0 1");
        assert_eq!(
            (corrections.pawn(&other), corrections.non_pawn(&other)),
            (0, 0)
        );
        corrections.learn(&other, last, 8, -40);
        assert_eq!(
            (corrections.pawn(&here), corrections.pawn(&other)),
            (80, -80)
        );
        corrections.clear();
        assert_eq!(corrections.pawn(&here), 0);
    }

    #[test]
    fn a_correction_never_leaves_its_limits() {
        let here = position("4k3/2n5/8/8/3P4/8/8/4K2R w - - 0 1");
        let mut corrections = Corrections::default();
        for difference in [Value::MAX, Value::MIN, 3] {
            let before = corrections.pawn(&here);
            corrections.learn(&here, [None; 2], 8, difference);
            let rises = corrections.pawn(&here) > before;
            assert_eq!(rises, difference > 0);
            for _ in 0..1_000 {
                corrections.learn(&here, [None; 2], i32::MAX, difference);
            }
            assert!(corrections.pawn(&here).abs() <= LIMIT);
        }
        assert!(corrections.pawn(&here) > 0);
    }
}

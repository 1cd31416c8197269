//! King safety: the pieces that press on a king, the checks they could give, and the pawns before it.

use shakmaty::{
    Bitboard, Board, Color, Rank, Square,
    attacks::{bishop_attacks, king_attacks, knight_attacks, rook_attacks},
};

use super::Attacks;
use super::pawns::{ahead, step};
use super::weights::{Pair, SHELTER, STORM, pair};
use crate::score::Value;

/// What presses on one king, counted while the pieces of the other side are looked at.
#[derive(Clone, Copy, Default)]
pub(super) struct Danger {
    attackers: i32,
    units: i32,
}

impl Danger {
    /// The squares around the king of `color`, and one rank further ahead.
    pub(super) fn ring(self, board: &Board, color: Color) -> Bitboard {
        board.king_of(color).map_or(Bitboard::EMPTY, |king| {
            let near = king_attacks(king);
            near | near.shift(step(color))
        })
    }

    fn press(&mut self, to: Bitboard, ring: Bitboard, weight: i32) {
        let squares = (to & ring).count() as i32;
        if squares > 0 {
            self.attackers += 1;
            self.units += weight + 7 * squares;
        }
    }

    pub(super) fn knight(&mut self, to: Bitboard, ring: Bitboard) {
        self.press(to, ring, 24);
    }

    pub(super) fn bishop(&mut self, to: Bitboard, ring: Bitboard) {
        self.press(to, ring, 18);
    }

    pub(super) fn rook(&mut self, to: Bitboard, ring: Bitboard) {
        self.press(to, ring, 26);
    }

    pub(super) fn queen(&mut self, to: Bitboard, ring: Bitboard) {
        self.press(to, ring, 22);
    }
}

/// How safe the king of `color` is: mostly negative.
pub(super) fn safety(
    board: &Board,
    color: Color,
    ours: &Attacks,
    theirs: &Attacks,
    danger: Danger,
) -> Pair {
    let Some(king) = board.king_of(color) else {
        return pair(0, 0);
    };
    let them = board.by_color(!color);
    let shelter = shelter(board, color, king);
    let mut units = danger.units;

    // Squares from which they can give check without being taken.
    let occupied = board.occupied();
    let safe = !them & (!ours.all | (theirs.twice & !ours.twice & !ours.pawn & !ours.rook));
    let straight = rook_attacks(king, occupied);
    let diagonal = bishop_attacks(king, occupied);
    if (knight_attacks(king) & theirs.minor & safe).any() && (board.knights() & them).any() {
        units += 34;
    }
    if (diagonal & theirs.minor & safe).any() && (board.bishops() & them).any() {
        units += 22;
    }
    if (straight & theirs.rook & safe).any() {
        units += 48;
    }
    if ((straight | diagonal) & theirs.queen & safe).any() {
        units += 42;
    }
    // Squares beside the king that only it defends.
    let weak = ours.king & theirs.all & !ours.twice;
    units += 11 * weak.count() as i32;
    if (board.queens() & them).is_empty() {
        units -= 75;
    }
    units -= shelter / 2;

    let pressed = danger.attackers >= 2 || (danger.attackers == 1 && (board.queens() & them).any());
    let penalty = if pressed { units.max(0) } else { 0 };
    pair(shelter - penalty * penalty / 380, -penalty / 9)
}

/// The pawns before the king, on its file and the two beside it.
fn shelter(board: &Board, color: Color, king: Square) -> Value {
    let ours = board.by_piece(color.pawn());
    let theirs = board.by_piece((!color).pawn());
    let centre = king.file().to_usize().clamp(1, 6);
    let level = Bitboard::from_rank(king.rank());
    let front = ahead(color, level);
    let mut total = 0;
    for file in [centre - 1, centre, centre + 1] {
        let file = Bitboard::from_file(shakmaty::File::new(file as u32));
        let one = level.shift(step(color)) & file;
        let two = one.shift(step(color));
        total += if (one & ours).any() {
            SHELTER[0]
        } else if (two & ours).any() {
            SHELTER[1]
        } else {
            SHELTER[2]
        };
        if (file & front & ours).is_empty() && (file & front & theirs).is_empty() {
            total -= 8;
        }
        for (bonus, rank) in STORM.into_iter().zip([one, two, two.shift(step(color))]) {
            if (rank & theirs).any() {
                total += bonus;
            }
        }
    }
    // A king that has left its first ranks finds no shelter.
    let home = [Rank::First, Rank::Second].map(|rank| color.relative_rank(rank));
    if !home.contains(&king.rank()) {
        total = total.min(0) - 10;
    }
    total
}

//! What is different with few pieces: driving a lone king to the edge, and advantages that do not win.

use shakmaty::{Bitboard, Board, Color, Role, Square};

use crate::score::Value;
use crate::see::worth;

/// The full weight of an advantage.
pub(super) const FULL: i32 = 64;

/// A value from White's view where one side has a bare king and the other can force mate, or nothing.
pub(super) fn lone_king(board: &Board) -> Option<Value> {
    let bare = Color::ALL
        .into_iter()
        .find(|&color| !board.by_color(color).more_than_one())?;
    let strong = !bare;
    let us = board.by_color(strong);
    if board.pawns().any() {
        // Promote first; the network knows how.
        return None;
    }
    let bishops = board.bishops() & us;
    let both_bishops =
        (bishops & Bitboard::LIGHT_SQUARES).any() && (bishops & Bitboard::DARK_SQUARES).any();
    let knights = (board.knights() & us).count();
    let mates = board.rooks_and_queens().any()
        || both_bishops
        || (bishops.any() && knights >= 1)
        || knights >= 3;
    if !mates {
        return Some(0);
    }
    let (king, victim) = (board.king_of(strong)?, board.king_of(bare)?);
    let material: Value = Role::ALL
        .into_iter()
        .map(|role| worth(role) * (board.by_piece(role.of(strong))).count() as Value)
        .sum();
    let mut value = 1000 + material + 20 * (14 - king_steps(king, victim));
    value += if board.rooks_and_queens().is_empty() && !both_bishops && bishops.any() {
        // Bishop and knight mate only in a corner of the bishop's colour.
        let corners = if (bishops & Bitboard::LIGHT_SQUARES).any() {
            [Square::A8, Square::H1]
        } else {
            [Square::A1, Square::H8]
        };
        let nearest = corners
            .into_iter()
            .map(|corner| king_steps(corner, victim))
            .min()
            .unwrap_or(0);
        50 * (14 - nearest)
    } else {
        40 * from_centre(victim)
    };
    Some(if strong.is_white() { value } else { -value })
}

/// Steps that a king needs along files and ranks together, 0 to 14.
fn king_steps(a: Square, b: Square) -> i32 {
    (a.file().distance(b.file()) + a.rank().distance(b.rank())) as i32
}

/// 0 in the centre, 6 in a corner.
fn from_centre(square: Square) -> i32 {
    let off = |index: u32| (3 - index as i32).max(index as i32 - 4);
    off(square.file().to_u32()) + off(square.rank().to_u32())
}

/// How much of the advantage of `strong` is real, out of [`FULL`]: nearly nothing with less than a rook more and no
/// pawn to promote, as such endings are drawn as a rule.
pub(super) fn scale(board: &Board, strong: Color) -> i32 {
    let us = board.by_color(strong);
    if (board.pawns() & us).any() {
        return FULL;
    }
    let force = |side: Bitboard| -> Value {
        [Role::Knight, Role::Bishop, Role::Rook, Role::Queen]
            .into_iter()
            .map(|role| worth(role) * (board.by_role(role) & side).count() as Value)
            .sum()
    };
    let (ours, theirs) = (force(us), force(board.by_color(!strong)));
    if ours < worth(Role::Rook) {
        2
    } else if ours - theirs < worth(Role::Rook) - worth(Role::Pawn) {
        10
    } else {
        FULL
    }
}

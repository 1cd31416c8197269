//! Whether a position is fair enough to begin with, by a judgement of its own: material, pieces in play, and a look at
//! what can be taken next. It must not change with the engine, or a seed's openings would.

use shakmaty::{Chess, Color, Position, Role};

/// Centipawns up to which a position passes.
pub const BALANCED: i32 = 60;

/// Full moves of lookahead, in plies, before only captures are looked at.
const DEPTH: u32 = 2;
const MATE: i32 = 30_000;
/// Of one move that a side has more than the other, in centipawns.
const MOBILITY: i32 = 3;

/// Centipawns for the side to move, with best play in a small tree.
#[must_use]
pub fn balance(position: &Chess) -> i32 {
    search(position, DEPTH, -MATE, MATE)
}

fn search(position: &Chess, depth: u32, mut alpha: i32, beta: i32) -> i32 {
    if depth == 0 {
        return quiesce(position, alpha, beta);
    }
    let mut moves = position.legal_moves();
    if moves.is_empty() {
        return if position.is_check() { -MATE } else { 0 };
    }
    moves.sort_by_key(|m| std::cmp::Reverse(m.capture().map_or(0, worth)));
    for m in moves {
        let mut next = position.clone();
        next.play_unchecked(m);
        let score = -search(&next, depth - 1, -beta, -alpha);
        if score >= beta {
            return score;
        }
        alpha = alpha.max(score);
    }
    alpha
}

fn quiesce(position: &Chess, mut alpha: i32, beta: i32) -> i32 {
    let score = evaluate(position);
    if score >= beta {
        return score;
    }
    alpha = alpha.max(score);
    let mut captures = position.capture_moves();
    captures.sort_by_key(|m| {
        let victim = m.capture().map_or(0, worth);
        std::cmp::Reverse(8 * victim - worth(m.role()))
    });
    for m in captures {
        let mut next = position.clone();
        next.play_unchecked(m);
        let score = -quiesce(&next, -beta, -alpha);
        if score >= beta {
            return score;
        }
        alpha = alpha.max(score);
    }
    alpha
}

fn evaluate(position: &Chess) -> i32 {
    let side = position.turn();
    let board = position.board();
    let count = |color: Color| {
        let material: i32 = Role::ALL
            .into_iter()
            .map(|role| *board.material_side(color).get(role) as i32 * worth(role))
            .sum();
        let occupied = board.occupied();
        // A queen early in play is no merit.
        let pieces = board.knights() | board.bishops() | board.rooks();
        let reach: usize = (board.by_color(color) & pieces)
            .into_iter()
            .map(|square| (board.attacks_from(square) & !occupied).count())
            .sum();
        material + MOBILITY * i32::try_from(reach).unwrap_or(0)
    };
    count(side) - count(side.other())
}

const fn worth(role: Role) -> i32 {
    match role {
        Role::Pawn => 100,
        Role::Knight | Role::Bishop => 320,
        Role::Rook => 500,
        Role::Queen => 950,
        Role::King => 0,
    }
}

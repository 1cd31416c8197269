//! Static exchange evaluation (SEE): what a capture sequence on one square wins, without searching it.

use shakmaty::{
    Bitboard, Move, Role, Square,
    attacks::{bishop_attacks, king_attacks, knight_attacks, pawn_attacks, rook_attacks},
};

use crate::position::Position;
use crate::score::Value;

/// Piece values for exchanges, in centipawns.
#[must_use]
pub const fn worth(role: Role) -> Value {
    match role {
        Role::Pawn => 100,
        Role::Knight => 325,
        Role::Bishop => 335,
        Role::Rook => 500,
        Role::Queen => 975,
        Role::King => 0,
    }
}

const CHEAPEST_FIRST: [Role; 6] = [
    Role::Pawn,
    Role::Knight,
    Role::Bishop,
    Role::Rook,
    Role::Queen,
    Role::King,
];

/// Whether the exchange that `m` begins wins at least `threshold` centipawns when both sides capture with their
/// cheapest piece and stop when it pays. Pins are not looked at.
#[must_use]
pub fn wins_at_least(position: &Position, m: Move, threshold: Value) -> bool {
    let Move::Normal {
        role,
        from,
        capture,
        to,
        promotion,
    } = m
    else {
        // En passant trades a pawn for a pawn at worst, castling exchanges nothing: near enough to 0.
        return threshold <= 0;
    };

    let gained = capture.map_or(0, worth) + promotion.map_or(0, |p| worth(p) - worth(Role::Pawn));
    let mut balance = gained - threshold;
    if balance < 0 {
        return false;
    }
    balance -= worth(promotion.unwrap_or(role));
    if balance >= 0 {
        return true;
    }

    let board = position.board();
    let diagonal = board.bishops_and_queens();
    let straight = board.rooks_and_queens();
    let mut occupied = board.occupied().without(from).with(to);
    let mut attackers = attackers_of(position, to, occupied) & occupied;
    let mut side = !position.turn();
    loop {
        attackers &= occupied;
        let ours = attackers & board.by_color(side);
        let Some((role, with)) = CHEAPEST_FIRST
            .iter()
            .find_map(|&role| Some((role, (ours & board.by_role(role)).first()?)))
        else {
            break;
        };
        if role == Role::King {
            // The king may only take what nobody defends any more.
            let defended = (attackers & board.by_color(!side)).any();
            if !defended {
                side = !side;
            }
            break;
        }
        occupied.discard(with);
        if matches!(role, Role::Pawn | Role::Bishop | Role::Queen) {
            attackers |= bishop_attacks(to, occupied) & diagonal;
        }
        if matches!(role, Role::Rook | Role::Queen) {
            attackers |= rook_attacks(to, occupied) & straight;
        }
        side = !side;
        balance = -balance - 1 - worth(role);
        if balance >= 0 {
            break;
        }
    }
    // Whoever could not, or need not, capture any more loses the exchange.
    side != position.turn()
}

fn attackers_of(position: &Position, square: Square, occupied: Bitboard) -> Bitboard {
    let board = position.board();
    (pawn_attacks(shakmaty::Color::White, square) & board.pawns() & board.black())
        | (pawn_attacks(shakmaty::Color::Black, square) & board.pawns() & board.white())
        | (knight_attacks(square) & board.knights())
        | (king_attacks(square) & board.kings())
        | (bishop_attacks(square, occupied) & board.bishops_and_queens())
        | (rook_attacks(square, occupied) & board.rooks_and_queens())
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakmaty::{CastlingMode, fen::Fen, uci::UciMove};

    /// The exact exchange value, by asking for ever higher thresholds.
    fn exchange(fen: &str, uci: &str) -> Value {
        let fen: Fen = fen.parse().unwrap();
        let position = Position::new(fen.into_position(CastlingMode::Standard).unwrap());
        let uci: UciMove = uci.parse().unwrap();
        let m = uci.to_move(position.chess()).unwrap();
        (-1100..=1100)
            .rev()
            .find(|&threshold| wins_at_least(&position, m, threshold))
            .unwrap()
    }

    #[test]
    fn exchanges_have_their_known_values() {
        // A free pawn.
        assert_eq!(exchange("4k3/8/8/3p4/8/8/8/3RK3 w - - 0 1", "d1d5"), 100);
        // A defended pawn costs the rook.
        assert_eq!(exchange("3rk3/8/8/3p4/8/8/8/3RK3 w - - 0 1", "d1d5"), -400);
        // A second rook behind the first makes it pay.
        assert_eq!(exchange("3rk3/8/8/3p4/8/3R4/8/3RK3 w - - 0 1", "d3d5"), 100);
        // Knight takes a pawn that a pawn defends.
        assert_eq!(
            exchange("4k3/8/4p3/3p4/8/2N5/8/4K3 w - - 0 1", "c3d5"),
            -225
        );
        // The king cannot take back what is defended.
        assert_eq!(exchange("8/8/4k3/3p4/8/2N5/8/3RK3 w - - 0 1", "c3d5"), 100);
        // The king can where it is not.
        assert_eq!(exchange("8/8/4k3/3p4/8/2N5/8/4K3 w - - 0 1", "c3d5"), -225);
        // A quiet move into a pawn's reach loses the piece.
        assert_eq!(exchange("4k3/8/2p5/8/8/2N5/8/4K3 w - - 0 1", "c3d5"), -325);
        // A promotion.
        assert_eq!(exchange("8/P6k/8/8/8/8/8/K7 w - - 0 1", "a7a8q"), 875);
    }
}

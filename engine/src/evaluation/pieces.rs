//! Pieces: mobility, outposts, open files, bishops and what attacks what.

use shakmaty::{
    Bitboard, Board, Color, Rank,
    attacks::{bishop_attacks, knight_attacks, queen_attacks, rook_attacks},
};

use super::Attacks;
use super::king::Danger;
use super::pawns::{ahead, attacks as pawn_attacks, step};
use super::weights::{
    BISHOP_MOBILITY, BISHOP_OUTPOST, BISHOP_PAIR, BISHOP_PAWN, HANGING, KNIGHT_MOBILITY,
    KNIGHT_OUTPOST, MINOR_THREAT, PAWN_THREAT, Pair, QUEEN_MOBILITY, ROOK_HALF_OPEN, ROOK_MOBILITY,
    ROOK_OPEN, ROOK_THREAT, pair,
};

const OUTPOST_RANKS: [Bitboard; 2] = [
    Bitboard(0x0000_00ff_ffff_0000), // Black: ranks 3 to 5.
    Bitboard(0x0000_ffff_ff00_0000), // White: ranks 4 to 6.
];

/// Mobility and the standing of knights, bishops, rooks and queens. Fills in `ours` and what presses on the other king.
pub(super) fn activity(
    board: &Board,
    color: Color,
    ours: &mut Attacks,
    their_pawn_attacks: Bitboard,
    danger: &mut Danger,
) -> Pair {
    let us = board.by_color(color);
    let occupied = board.occupied();
    let pawns = board.pawns() & us;
    let their_pawns = board.pawns() & !us;
    let mut score = pair(0, 0);

    // Squares that count: not our king's, not those of pawns that cannot move, not guarded by a pawn.
    let stuck = pawns & (occupied.shift(-step(color)) | color.relative_rank(Rank::Second));
    let area = !(their_pawn_attacks | stuck | (board.kings() & us));
    let ring = danger.ring(board, !color);
    // Squares that no enemy pawn can ever attack.
    let safe_for_ever = !pawn_attacks(!color, their_pawns | ahead(!color, their_pawns));
    let outposts = OUTPOST_RANKS[color as usize] & safe_for_ever & ours.pawn;

    for from in board.knights() & us {
        let to = knight_attacks(from);
        ours.minor |= to;
        ours.add(to);
        score += KNIGHT_MOBILITY[(to & area).count()];
        danger.knight(to, ring);
        if outposts.contains(from) {
            score += KNIGHT_OUTPOST;
        }
    }
    let bishops = board.bishops() & us;
    for from in bishops {
        // Looks through queens: a battery is worth as much as open lines.
        let to = bishop_attacks(from, occupied & !(board.queens() & us));
        ours.minor |= to;
        ours.add(to);
        score += BISHOP_MOBILITY[(to & area).count()];
        danger.bishop(to, ring);
        if outposts.contains(from) {
            score += BISHOP_OUTPOST;
        }
        let colour = if from.is_light() {
            Bitboard::LIGHT_SQUARES
        } else {
            Bitboard::DARK_SQUARES
        };
        score += BISHOP_PAWN * (pawns & colour).count() as i32;
    }
    if (bishops & Bitboard::LIGHT_SQUARES).any() && (bishops & Bitboard::DARK_SQUARES).any() {
        score += BISHOP_PAIR;
    }
    for from in board.rooks() & us {
        let to = rook_attacks(from, occupied & !(board.rooks_and_queens() & us));
        ours.rook |= to;
        ours.add(to);
        score += ROOK_MOBILITY[(to & area).count()];
        danger.rook(to, ring);
        let file = Bitboard::from_file(from.file());
        if (file & pawns).is_empty() {
            score += if (file & their_pawns).is_empty() {
                ROOK_OPEN
            } else {
                ROOK_HALF_OPEN
            };
        }
    }
    for from in board.queens() & us {
        let to = queen_attacks(from, occupied);
        ours.queen |= to;
        ours.add(to);
        score += QUEEN_MOBILITY[(to & area).count()];
        danger.queen(to, ring);
    }
    score
}

/// Enemy pieces that we attack with something cheaper, or that hang.
pub(super) fn threats(board: &Board, color: Color, ours: &Attacks, theirs: &Attacks) -> Pair {
    let them = board.by_color(!color);
    let pieces = them & !(board.pawns() | board.kings());
    let mut score = PAWN_THREAT * (pieces & ours.pawn).count() as i32;
    score += MINOR_THREAT * (board.rooks_and_queens() & them & ours.minor).count() as i32;
    score += ROOK_THREAT * (board.queens() & them & ours.rook).count() as i32;
    let hanging = pieces & ours.all & (!theirs.all | (ours.twice & !theirs.twice & !theirs.pawn));
    score + HANGING * hanging.count() as i32
}

//! Pawn structure, kept in a cache because it seldom changes, and passed pawns, which depend on the pieces.

use shakmaty::{Bitboard, Board, ByColor, Color, File, Rank, Square};

use super::Attacks;
use super::weights::{BACKWARD, CONNECTED, DOUBLED, ISOLATED, PASSED, Pair, pair};
use crate::position::Position;

const CACHE_SIZE: usize = 1 << 13;

/// What is known about one pawn structure.
#[derive(Clone, Copy)]
pub(super) struct Pawns {
    key: u64,
    /// From White's view.
    pub(super) score: Pair,
    pub(super) passed: ByColor<Bitboard>,
}

/// Pawn structures seen lately, 256 KiB.
pub(super) struct PawnCache(Vec<Pawns>);

impl Default for PawnCache {
    fn default() -> PawnCache {
        // No pawns at all have key 0, a score of nothing and no passed pawns: the empty cache is right about it.
        let nothing = Pawns {
            key: 0,
            score: pair(0, 0),
            passed: ByColor {
                black: Bitboard::EMPTY,
                white: Bitboard::EMPTY,
            },
        };
        PawnCache(vec![nothing; CACHE_SIZE])
    }
}

impl PawnCache {
    pub(super) fn get(&mut self, position: &Position) -> Pawns {
        let key = position.pawn_key();
        let slot = &mut self.0[key as usize % CACHE_SIZE];
        if slot.key != key {
            let board = position.board();
            let (white, white_passed) = structure(board, Color::White);
            let (black, black_passed) = structure(board, Color::Black);
            *slot = Pawns {
                key,
                score: white - black,
                passed: ByColor {
                    black: black_passed,
                    white: white_passed,
                },
            };
        }
        *slot
    }
}

/// Squares that `pawns` of `color` attack.
pub(super) fn attacks(color: Color, pawns: Bitboard) -> Bitboard {
    beside(pawns.shift(step(color)))
}

/// One rank ahead as a shift.
pub(super) const fn step(color: Color) -> i32 {
    match color {
        Color::White => 8,
        Color::Black => -8,
    }
}

/// The squares in front of these, to the last rank.
pub(super) fn ahead(color: Color, squares: Bitboard) -> Bitboard {
    let mut squares = squares;
    let step = step(color);
    squares |= squares.shift(step);
    squares |= squares.shift(2 * step);
    squares |= squares.shift(4 * step);
    squares.shift(step)
}

/// The files beside these squares, on the same ranks.
fn beside(squares: Bitboard) -> Bitboard {
    (squares & !Bitboard::from_file(File::A)).shift(-1)
        | (squares & !Bitboard::from_file(File::H)).shift(1)
}

fn relative_rank(color: Color, square: Square) -> usize {
    color.relative_rank(square.rank()).to_usize()
}

fn structure(board: &Board, color: Color) -> (Pair, Bitboard) {
    let ours = board.by_piece(color.pawn());
    let theirs = board.by_piece((!color).pawn());
    let their_attacks = attacks(!color, theirs);
    let our_attacks = attacks(color, ours);
    let mut score = pair(0, 0);
    let mut passed = Bitboard::EMPTY;
    for square in ours {
        let this = Bitboard::from_square(square);
        let front = ahead(color, this);
        let neighbours = beside(this | front | ahead(!color, this));
        let supported = (our_attacks & this).any();
        let phalanx = (beside(this) & ours).any();
        if (front & ours).any() {
            score += DOUBLED;
        } else if ((front | beside(front)) & theirs).is_empty() {
            passed |= this;
        }
        if (neighbours & ours).is_empty() {
            score += ISOLATED;
        } else if supported || phalanx {
            score += CONNECTED[relative_rank(color, square)];
        } else if (beside(ahead(!color, this)) & ours).is_empty()
            && (this.shift(step(color)) & (their_attacks | theirs)).any()
        {
            score += BACKWARD;
        }
    }
    (score, passed)
}

/// What the passed pawns of `color` are worth among the pieces.
pub(super) fn passed(
    board: &Board,
    color: Color,
    passed: Bitboard,
    ours: &Attacks,
    theirs: &Attacks,
) -> Pair {
    let mut score = pair(0, 0);
    let (Some(king), Some(their_king)) = (board.king_of(color), board.king_of(!color)) else {
        return score;
    };
    for square in passed {
        let rank = relative_rank(color, square);
        let this = Bitboard::from_square(square);
        let Some(stop) = this.shift(step(color)).first() else {
            continue;
        };
        score += PASSED[rank];
        let urgency = rank as i32 - 2;
        if urgency <= 0 {
            continue;
        }
        // In the endgame the kings race: near the square in front is good for whoever is.
        let distance = |from: Square| from.distance(stop).min(5) as i32;
        score += pair(0, urgency * (5 * distance(their_king) - 2 * distance(king)));
        if board.occupied().contains(stop) {
            score += pair(-4, -9) * urgency;
            continue;
        }
        let path = ahead(color, this);
        let rear = ahead(!color, this);
        let their_rook_behind = (rear & board.rooks_and_queens() & board.by_color(!color)).any();
        let our_rook_behind = (rear & board.rooks() & board.by_color(color)).any();
        if !their_rook_behind {
            if (path & theirs.all).is_empty() {
                score += pair(7, 13) * urgency;
            } else if !theirs.all.contains(stop) {
                score += pair(4, 6) * urgency;
            }
        }
        if our_rook_behind || ours.all.contains(stop) {
            score += pair(3, 6) * urgency;
        }
        // Nobody can come in time: kings and pawns only, and the king is outside the square.
        let pieces = board.by_color(!color) & !(board.pawns() | board.kings());
        if pieces.is_empty() {
            let promotion = Square::from_coords(square.file(), color.relative_rank(Rank::Eighth));
            let steps = promotion.distance(square);
            if their_king.distance(promotion) > steps + 1 && (path & board.occupied()).is_empty() {
                score += pair(0, 90 * urgency);
            }
        }
    }
    score
}

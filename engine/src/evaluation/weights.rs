//! The numbers of the evaluation. Piece values follow L. Kaufman, "The Evaluation of Material Imbalances" (1999),
//! adjusted by phase; square values are sums of a rank and a file part.

use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use crate::score::Value;

/// A middlegame and an endgame value, in centipawns, added in one go: the endgame in the upper 16 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pair(i32);

/// Makes a pair.
pub(super) const fn pair(mg: i32, eg: i32) -> Pair {
    Pair((eg << 16).wrapping_add(mg))
}

impl Pair {
    pub(super) const fn mg(self) -> Value {
        self.0 as i16 as Value
    }

    pub(super) const fn eg(self) -> Value {
        // The borrow that a negative middlegame value took from the upper half is given back.
        (self.0.wrapping_add(0x8000) >> 16) as i16 as Value
    }
}

impl Add for Pair {
    type Output = Pair;
    fn add(self, other: Pair) -> Pair {
        Pair(self.0.wrapping_add(other.0))
    }
}

impl Sub for Pair {
    type Output = Pair;
    fn sub(self, other: Pair) -> Pair {
        Pair(self.0.wrapping_sub(other.0))
    }
}

impl Neg for Pair {
    type Output = Pair;
    fn neg(self) -> Pair {
        Pair(self.0.wrapping_neg())
    }
}

impl AddAssign for Pair {
    fn add_assign(&mut self, other: Pair) {
        *self = *self + other;
    }
}

impl SubAssign for Pair {
    fn sub_assign(&mut self, other: Pair) {
        *self = *self - other;
    }
}

impl Mul<i32> for Pair {
    type Output = Pair;
    fn mul(self, times: i32) -> Pair {
        Pair(self.0.wrapping_mul(times))
    }
}

/// What the right to move is worth.
pub(super) const TEMPO: Value = 12;

const PIECE: [(i32, i32); 6] = [
    (88, 112),
    (328, 318),
    (342, 332),
    (478, 552),
    (985, 1010),
    (0, 0),
];

/// Ranks 1 to 8, middlegame.
const RANK_MG: [[i32; 8]; 6] = [
    [0, -2, -3, 6, 12, 24, 44, 0],
    [-28, -12, 2, 12, 17, 18, 2, -32],
    [-8, 3, 5, 6, 6, 2, -5, -15],
    [-1, -6, -7, -6, -2, 4, 14, 8],
    [-2, 1, 0, 0, -2, -3, -5, -2],
    [20, 4, -24, -48, -60, -70, -70, -70],
];
/// Ranks 1 to 8, endgame.
const RANK_EG: [[i32; 8]; 6] = [
    [0, 0, 1, 6, 15, 32, 56, 0],
    [-24, -11, 0, 8, 10, 4, -7, -24],
    [-9, -4, 1, 3, 4, 1, -3, -9],
    [-2, -4, -1, 2, 4, 5, 8, 4],
    [-22, -12, 0, 9, 14, 14, 9, 0],
    [-32, -12, 2, 14, 21, 21, 9, -14],
];
/// Files a (and h) to d (and e), middlegame.
const FILE_MG: [[i32; 4]; 6] = [
    [-7, -1, 1, 7],
    [-27, -8, 4, 10],
    [-5, 2, 2, 3],
    [-7, -2, 4, 8],
    [-4, 0, 1, 2],
    [12, 24, -8, -22],
];
/// Files a (and h) to d (and e), endgame.
const FILE_EG: [[i32; 4]; 6] = [
    [3, 2, 0, -3],
    [-22, -8, 2, 8],
    [-6, -1, 1, 3],
    [0, 0, 0, 0],
    [-11, -2, 4, 8],
    [-23, -6, 7, 13],
];

/// Material and square values, by role and square, for White.
pub(super) static SQUARES: [[Pair; 64]; 6] = squares();

const fn squares() -> [[Pair; 64]; 6] {
    let mut table = [[pair(0, 0); 64]; 6];
    let mut role = 0;
    while role < 6 {
        let mut square = 0;
        while square < 64 {
            let rank = square / 8;
            let file = if square % 8 < 4 {
                square % 8
            } else {
                7 - square % 8
            };
            let mut mg = PIECE[role].0 + RANK_MG[role][rank] + FILE_MG[role][file];
            let eg = PIECE[role].1 + RANK_EG[role][rank] + FILE_EG[role][file];
            // A pawn in the centre holds it, one still at home blocks its own bishops.
            if role == 0 && file == 3 {
                if rank == 3 || rank == 4 {
                    mg += 12;
                } else if rank == 1 {
                    mg -= 14;
                }
            }
            table[role][square] = pair(mg, eg);
            square += 1;
        }
        role += 1;
    }
    table
}

/// What `n` reachable squares are worth: every further one less, nothing at the `usual` number.
const fn mobility<const N: usize>(usual: i32, mg: i32, eg: i32) -> [Pair; N] {
    let mut table = [pair(0, 0); N];
    let mut n = 0;
    while n < N {
        let more = isqrt(400 * n as i32) - isqrt(400 * usual);
        table[n] = pair(more * mg / 20, more * eg / 20);
        n += 1;
    }
    table
}

const fn isqrt(n: i32) -> i32 {
    let mut root = 0;
    while (root + 1) * (root + 1) <= n {
        root += 1;
    }
    root
}

pub(super) static KNIGHT_MOBILITY: [Pair; 9] = mobility(4, 19, 18);
pub(super) static BISHOP_MOBILITY: [Pair; 14] = mobility(6, 18, 19);
pub(super) static ROOK_MOBILITY: [Pair; 15] = mobility(7, 10, 24);
pub(super) static QUEEN_MOBILITY: [Pair; 28] = mobility(13, 7, 20);

pub(super) const BISHOP_PAIR: Pair = pair(26, 46);
/// For each own pawn on the bishop's colour.
pub(super) const BISHOP_PAWN: Pair = pair(-2, -4);
pub(super) const KNIGHT_OUTPOST: Pair = pair(27, 16);
pub(super) const BISHOP_OUTPOST: Pair = pair(15, 8);
pub(super) const ROOK_OPEN: Pair = pair(28, 8);
pub(super) const ROOK_HALF_OPEN: Pair = pair(13, 6);

pub(super) const PAWN_THREAT: Pair = pair(48, 34);
pub(super) const MINOR_THREAT: Pair = pair(32, 26);
pub(super) const ROOK_THREAT: Pair = pair(34, 18);
pub(super) const HANGING: Pair = pair(22, 20);

pub(super) const DOUBLED: Pair = pair(-7, -22);
pub(super) const ISOLATED: Pair = pair(-11, -13);
pub(super) const BACKWARD: Pair = pair(-9, -11);
/// Beside another pawn or defended by one, by rank.
pub(super) static CONNECTED: [Pair; 8] = [
    pair(0, 0),
    pair(4, -1),
    pair(9, 3),
    pair(11, 6),
    pair(22, 18),
    pair(40, 38),
    pair(66, 70),
    pair(0, 0),
];
pub(super) static PASSED: [Pair; 8] = [
    pair(0, 0),
    pair(-2, 10),
    pair(-4, 16),
    pair(2, 34),
    pair(24, 62),
    pair(58, 112),
    pair(104, 176),
    pair(0, 0),
];

/// For each pawn that shelters the king: one step ahead, two steps ahead, none.
pub(super) const SHELTER: [Value; 3] = [15, 7, -18];
/// For an enemy pawn one, two or three steps ahead of the king.
pub(super) const STORM: [Value; 3] = [4, -16, -10];

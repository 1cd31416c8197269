//! The accumulators along the line that is being searched, one for each view of each ply.
//!
//! A move only notes which pieces it changes. When an evaluation is wanted, the nearest ply before is looked for that
//! has been computed, and the changes since are applied. That way does not lead past a move with which a king crosses
//! the line between the files d and e, as its side then sees the board mirrored: such a view starts afresh.

use shakmaty::{Bitboard, CastlingSide, Color, Move, Piece, Role, Square};

use super::network::{Network, Row, View, mirrored};
use super::simd::Simd;
use crate::position::Position;
use crate::score::{MAX_PLY, Value};

type Spot = (Square, Piece);

/// What a move puts where and takes from where.
#[derive(Clone, Copy, Default)]
enum Change {
    /// Nothing: a null move.
    #[default]
    None,
    Move {
        added: Spot,
        removed: Spot,
    },
    Capture {
        added: Spot,
        removed: [Spot; 2],
    },
    Castle {
        added: [Spot; 2],
        removed: [Spot; 2],
    },
}

impl Change {
    fn new(us: Color, m: Move) -> Change {
        match m {
            Move::Normal {
                role,
                from,
                capture,
                to,
                promotion,
            } => {
                let added = (to, promotion.unwrap_or(role).of(us));
                let left = (from, role.of(us));
                match capture {
                    None => Change::Move {
                        added,
                        removed: left,
                    },
                    Some(captured) => Change::Capture {
                        added,
                        removed: [left, (to, captured.of(!us))],
                    },
                }
            }
            Move::EnPassant { from, to } => Change::Capture {
                added: (to, us.pawn()),
                removed: [
                    (from, us.pawn()),
                    (Square::from_coords(to.file(), from.rank()), (!us).pawn()),
                ],
            },
            Move::Castle { king, rook } => {
                let side = CastlingSide::from_king_side(king < rook);
                Change::Castle {
                    added: [(side.king_to(us), us.king()), (side.rook_to(us), us.rook())],
                    removed: [(king, us.king()), (rook, us.rook())],
                }
            }
            // Drops do not exist in standard chess.
            Move::Put { .. } => Change::None,
        }
    }

    /// Whether a king crosses the line at which its side's view is mirrored.
    fn mirrors(self) -> bool {
        let king = |(to, piece): Spot, (from, _): Spot| {
            piece.role == Role::King && mirrored(to) != mirrored(from)
        };
        match self {
            Change::None => false,
            Change::Move { added, removed } => king(added, removed),
            Change::Capture { added, removed } => king(added, removed[0]),
            Change::Castle { added, removed } => king(added[0], removed[0]),
        }
    }
}

/// What is known of a ply.
#[derive(Clone)]
struct Ply {
    /// By side.
    rows: [Row; 2],
    computed: [bool; 2],
    /// What the move that led here changed.
    change: Change,
    /// Whose view that move mirrored.
    mirrors: Option<Color>,
}

/// The last accumulator that a view began afresh with, and the pieces in it: the next one is seldom far.
#[derive(Clone)]
struct Fresh {
    row: Row,
    colors: [Bitboard; 2],
    roles: [Bitboard; 6],
}

/// The plies of the line being searched.
pub(super) struct Accumulators<'n> {
    network: &'n Network,
    simd: Simd,
    plies: Vec<Ply>,
    /// By side, and whether its view is mirrored.
    fresh: [[Fresh; 2]; 2],
}

const fn index(side: Color) -> usize {
    side as usize
}

impl<'n> Accumulators<'n> {
    pub(super) fn new(network: &'n Network, simd: Simd) -> Accumulators<'n> {
        let ply = Ply {
            rows: [Row::ZERO; 2],
            computed: [false; 2],
            change: Change::None,
            mirrors: None,
        };
        let fresh = Fresh {
            row: network.biases,
            colors: [Bitboard::EMPTY; 2],
            roles: [Bitboard::EMPTY; 6],
        };
        let fresh = [fresh.clone(), fresh];
        Accumulators {
            network,
            simd,
            plies: vec![ply; MAX_PLY + 1],
            fresh: [fresh.clone(), fresh],
        }
    }

    /// Begins a search at `root`, which is ply 0.
    pub(super) fn start(&mut self, root: &Position) {
        for side in Color::ALL {
            self.refresh(root, 0, side);
        }
    }

    /// Notes that `m`, or nothing, is played by `us` at `ply`.
    pub(super) fn enter(&mut self, ply: usize, us: Color, m: Option<Move>) {
        let change = m.map_or(Change::None, |m| Change::new(us, m));
        let next = &mut self.plies[ply + 1];
        next.computed = [false; 2];
        next.change = change;
        next.mirrors = change.mirrors().then_some(us);
    }

    /// What the network says of `position`, to which the moves noted up to `ply` have led: centipawns for the mover.
    pub(super) fn value(&mut self, position: &Position, ply: usize) -> Value {
        for side in Color::ALL {
            self.compute(position, ply, side);
        }
        let us = position.turn();
        let bucket = super::network::bucket(position.board().occupied().count());
        let [ours, theirs] = &self.network.outputs[bucket];
        let rows = &self.plies[ply].rows;
        let sum = self.simd.activate(&rows[index(us)].0, &ours.0)
            + self.simd.activate(&rows[index(!us)].0, &theirs.0);
        self.network.value(bucket, sum)
    }

    /// Makes sure that the accumulator of `side` at `ply` is computed.
    fn compute(&mut self, position: &Position, ply: usize, side: Color) {
        let mut from = ply;
        while !self.plies[from].computed[index(side)] {
            if from == 0 || self.plies[from].mirrors == Some(side) {
                self.refresh(position, ply, side);
                return;
            }
            from -= 1;
        }
        if from < ply
            && let Some(king) = position.board().king_of(side)
        {
            let view = View::new(side, king);
            for next in from + 1..=ply {
                self.advance(next, view);
            }
        }
    }

    /// Computes the accumulator of `view` at `ply` from that of the ply before.
    fn advance(&mut self, ply: usize, view: View) {
        let side = index(view.side);
        let (before, after) = self.plies.split_at_mut(ply);
        let ([.., before], [after, ..]) = (before, after) else {
            return;
        };
        let (from, to) = (&before.rows[side].0, &mut after.rows[side].0);
        let row = |(square, piece): Spot| &self.network.features[view.input(square, piece)].0;
        match after.change {
            Change::None => *to = *from,
            Change::Move { added, removed } => {
                self.simd.update(from, to, [row(added)], [row(removed)]);
            }
            Change::Capture { added, removed } => {
                self.simd.update(from, to, [row(added)], removed.map(row));
            }
            Change::Castle { added, removed } => {
                self.simd.update(from, to, added.map(row), removed.map(row));
            }
        }
        after.computed[side] = true;
    }

    /// Computes the accumulator of `side` at `ply` from the pieces of `position`.
    fn refresh(&mut self, position: &Position, ply: usize, side: Color) {
        let board = position.board();
        let Some(king) = board.king_of(side) else {
            return;
        };
        let view = View::new(side, king);
        let fresh = &mut self.fresh[index(side)][usize::from(mirrored(king))];
        for color in Color::ALL {
            for role in Role::ALL {
                let piece = role.of(color);
                let now = board.by_piece(piece);
                let before = fresh.colors[index(color)] & fresh.roles[role as usize - 1];
                let row = |square| &self.network.features[view.input(square, piece)].0;
                for square in now & !before {
                    let from = fresh.row;
                    self.simd
                        .update(&from.0, &mut fresh.row.0, [row(square)], []);
                }
                for square in before & !now {
                    let from = fresh.row;
                    self.simd
                        .update(&from.0, &mut fresh.row.0, [], [row(square)]);
                }
            }
        }
        fresh.colors = [board.black(), board.white()];
        fresh.roles = Role::ALL.map(|role| board.by_role(role));
        let ply = &mut self.plies[ply];
        ply.rows[index(side)] = fresh.row;
        ply.computed[index(side)] = true;
    }
}

#[cfg(test)]
mod tests;

//! Perft: counts the leaves of the legal move tree, to prove the move generator and to time it.

use std::time::Duration;

use shakmaty::Move;

use crate::movegen::{self, Kind};
use crate::position::Position;
use crate::time::Clock;

/// Deepest tree that is counted.
pub const PERFT_DEPTH_MAX: u32 = 20;

/// Leaves `depth` plies below `position`, counted in one go.
#[must_use]
pub fn perft(position: &Position, depth: u32) -> u64 {
    match depth {
        0 => 1,
        1 => movegen::count(position) as u64,
        _ => {
            let mut total = 0;
            movegen::for_each(position, Kind::All, |m| {
                total += perft(&position.play(m), depth - 1);
            });
            total
        }
    }
}

/// Trees of this depth are counted without looking at the clock: about a millisecond.
const UNBROKEN: u32 = 3;

/// A count in slices, split by the first move ("divide").
pub struct Perft {
    depth: u32,
    /// The moves still to count, ply by ply, with the position each list belongs to.
    open: Vec<(Position, Vec<Move>)>,
    /// The root move being counted and its leaves so far.
    current: Option<(Move, u64)>,
    total: u64,
}

impl Perft {
    /// Prepares to count `depth` plies below `root`; more than [`PERFT_DEPTH_MAX`] is cut to it.
    #[must_use]
    pub fn new(root: Position, depth: u32) -> Perft {
        let mut perft = Perft {
            depth: depth.min(PERFT_DEPTH_MAX),
            open: Vec::new(),
            current: None,
            total: u64::from(depth == 0),
        };
        if depth > 0 {
            perft.expand(root);
        }
        perft
    }

    fn expand(&mut self, position: Position) {
        let mut moves = Vec::new();
        movegen::for_each(&position, Kind::All, |m| moves.push(m));
        moves.reverse();
        self.open.push((position, moves));
    }

    /// Counts for about `slice`; calls `divide` with each first move that is done. True when all is counted.
    pub fn step(
        &mut self,
        slice: Duration,
        clock: &dyn Clock,
        mut divide: impl FnMut(Move, u64),
    ) -> bool {
        let end = clock.now().saturating_add(slice);
        loop {
            if self.open.len() == 1
                && let Some((m, leaves)) = self.current.take()
            {
                divide(m, leaves);
            }
            let below = self.depth - self.open.len().min(self.depth as usize) as u32;
            let Some((position, moves)) = self.open.last_mut() else {
                return true;
            };
            let Some(m) = moves.pop() else {
                self.open.pop();
                continue;
            };
            let child = position.play(m);
            let (_, leaves) = self.current.get_or_insert((m, 0));
            if below <= UNBROKEN {
                let counted = perft(&child, below);
                *leaves += counted;
                self.total += counted;
                if clock.now() >= end {
                    return false;
                }
            } else {
                self.expand(child);
            }
        }
    }

    /// Leaves counted so far.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakmaty::Chess;

    #[test]
    fn slices_and_one_go_count_the_same() {
        let root = Position::new(Chess::default());
        for depth in 0..=5 {
            let ticks = std::sync::atomic::AtomicU64::new(0);
            let clock =
                || Duration::from_millis(ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
            let mut sliced = Perft::new(root.clone(), depth);
            let mut by_move = 0;
            let mut slices = 0;
            while !sliced.step(Duration::from_millis(3), &clock, |_, leaves| {
                by_move += leaves
            }) {
                slices += 1;
            }
            assert_eq!(sliced.total(), perft(&root, depth));
            assert!(depth == 0 || by_move == sliced.total());
            assert!(depth < 5 || slices > 10);
        }
    }
}

//! What the games of a match came to so far: points by pairs, faults by engine.

use std::collections::BTreeMap;

use shakmaty::{Color, KnownOutcome};

use crate::fault::{FaultCounts, FaultKind};
use crate::statistics::Pentanomial;

/// One game's place in a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Which opening, from 0.
    pub pair: usize,
    /// The second of its games, in which the first engine is Black.
    pub swapped: bool,
}

impl Slot {
    /// Which colour the first engine has.
    #[must_use]
    pub const fn first_engine(self) -> Color {
        if self.swapped {
            Color::Black
        } else {
            Color::White
        }
    }

    /// The index, 0 or 1, of the engine that plays `color`.
    #[must_use]
    pub fn engine(self, color: Color) -> usize {
        usize::from(color != self.first_engine())
    }

    /// PGN's `Round`, from `1.1`.
    #[must_use]
    pub fn round(self) -> String {
        format!("{}.{}", self.pair + 1, if self.swapped { 2 } else { 1 })
    }

    /// Reads what [`round`](Self::round) wrote.
    #[must_use]
    pub fn from_round(round: &str) -> Option<Self> {
        let (pair, half) = round.split_once('.')?;
        let pair = pair.parse::<usize>().ok()?.checked_sub(1)?;
        let swapped = match half {
            "1" => false,
            "2" => true,
            _ => return None,
        };
        Some(Self { pair, swapped })
    }
}

/// The results between two engines, from the first one's side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Games won.
    pub wins: u64,
    /// Games drawn.
    pub draws: u64,
    /// Games lost.
    pub losses: u64,
    /// Complete pairs.
    pub pairs: Pentanomial,
    /// What each engine did wrong.
    pub faults: [FaultCounts; 2],
    /// Points in halves of the games whose fellows are not played yet.
    open: BTreeMap<usize, usize>,
}

impl Standing {
    /// Counts a game. True if it completed its pair.
    pub fn add(
        &mut self,
        slot: Slot,
        outcome: KnownOutcome,
        fault: Option<(Color, FaultKind)>,
    ) -> bool {
        let halves = match outcome.winner() {
            None => 1,
            Some(winner) if winner == slot.first_engine() => 2,
            Some(_) => 0,
        };
        match halves {
            2 => self.wins += 1,
            1 => self.draws += 1,
            _ => self.losses += 1,
        }
        if let Some((color, kind)) = fault
            && let Some(counts) = self.faults.get_mut(slot.engine(color))
        {
            counts.add(kind);
        }
        match self.open.remove(&slot.pair) {
            Some(other) => {
                self.pairs.add(halves + other);
                true
            }
            None => {
                self.open.insert(slot.pair, halves);
                false
            }
        }
    }

    /// How many games.
    #[must_use]
    pub const fn games(&self) -> u64 {
        self.wins + self.draws + self.losses
    }

    /// The first engine's points.
    #[must_use]
    pub fn points(&self) -> f64 {
        self.wins as f64 + self.draws as f64 / 2.0
    }

    /// Points out of games, draws out of games; ½ and 0 of nothing.
    #[must_use]
    pub fn score_and_draws(&self) -> (f64, f64) {
        match self.games() {
            0 => (0.5, 0.0),
            games => (
                self.points() / games as f64,
                self.draws as f64 / games as f64,
            ),
        }
    }

    /// Faults of both engines.
    #[must_use]
    pub fn fault_sum(&self) -> u64 {
        self.faults.iter().map(FaultCounts::sum).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: KnownOutcome = KnownOutcome::Decisive {
        winner: Color::White,
    };

    const fn slot(pair: usize, swapped: bool) -> Slot {
        Slot { pair, swapped }
    }

    #[test]
    fn a_pair_counts_once_both_games_are_played_in_whatever_order() {
        let mut standing = Standing::default();
        assert!(!standing.add(slot(0, false), WHITE, None));
        assert!(!standing.add(slot(1, true), WHITE, None));
        assert_eq!(standing.pairs.pairs(), 0);
        // White won both games of the first opening: a point each.
        assert!(standing.add(slot(0, true), WHITE, None));
        assert!(standing.add(slot(1, false), KnownOutcome::Draw, None));
        assert_eq!(standing.pairs, Pentanomial([0, 1, 1, 0, 0]));
        assert_eq!((standing.wins, standing.draws, standing.losses), (1, 1, 2));
        assert_eq!(standing.score_and_draws(), (0.375, 0.25));
    }

    #[test]
    fn a_fault_is_its_engines_whatever_its_colour() {
        let mut standing = Standing::default();
        let crash = Some((Color::Black, FaultKind::Crash));
        standing.add(slot(0, false), WHITE, crash);
        standing.add(slot(0, true), WHITE, crash);
        for counts in standing.faults {
            assert_eq!((counts.of(FaultKind::Crash), counts.sum()), (1, 1));
        }
    }

    #[test]
    fn rounds_are_read_back() {
        for slot in [slot(0, false), slot(41, true)] {
            assert_eq!(Slot::from_round(&slot.round()), Some(slot));
        }
        for round in ["", "1", "0.1", "1.3", "x.1", "?"] {
            assert_eq!(Slot::from_round(round), None);
        }
    }
}

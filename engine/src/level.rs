//! The eight strength levels. A weaker level looks less far and judges less finely, and does so all game long: it
//! neither plays like a master for ten moves nor throws its queen away on the eleventh.

use std::fmt;

use crate::movegen::PackedMove;
use crate::position::Position;
use crate::rng::Rng;
use crate::score::{MATE_BOUND, Value};

/// A strength from 1 (beginner) to 8 (all that the engine has).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u8);

/// The number was not 1 to 8.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("level must be 1 to 8, got {0}")]
pub struct LevelError(pub u64);

/// How a level below the highest plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Positions it looks at.
    pub(crate) nodes: u64,
    /// Plies it looks ahead.
    pub(crate) depth: u32,
    /// Moves it chooses among.
    pub(crate) candidates: usize,
    /// Standard deviation of its misjudgement of each, in centipawns.
    noise: i32,
    /// It never knowingly gives away more than this, in centipawns.
    tolerance: i32,
}

const fn plan(nodes: u64, depth: u32, candidates: usize, noise: i32, tolerance: i32) -> Plan {
    Plan {
        nodes,
        depth,
        candidates,
        noise,
        tolerance,
    }
}

const PLANS: [Plan; 7] = [
    plan(1_500, 1, 16, 145, 450),
    plan(3_000, 2, 12, 98, 300),
    plan(6_000, 3, 10, 65, 200),
    plan(12_000, 4, 8, 48, 140),
    plan(30_000, 6, 6, 28, 85),
    plan(90_000, 8, 4, 15, 45),
    plan(320_000, 11, 3, 7, 22),
];

/// Against a bare king every level looks this far and judges as well as it can: it mates.
const TECHNIQUE: Plan = plan(60_000, 9, 1, 0, 0);

impl Level {
    /// The weakest.
    pub const MIN: Level = Level(1);
    /// The whole engine.
    pub const MAX: Level = Level(8);

    /// A level from its number.
    ///
    /// # Errors
    ///
    /// [`LevelError`] unless it is 1 to 8.
    pub fn new(number: u64) -> Result<Level, LevelError> {
        match u8::try_from(number) {
            Ok(level @ 1..=8) => Ok(Level(level)),
            _ => Err(LevelError(number)),
        }
    }

    /// 1 to 8.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// What a person may call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            1 => "Beginner",
            2 => "Novice",
            3 => "Casual",
            4 => "Improver",
            5 => "Club player",
            6 => "Strong club player",
            7 => "Expert",
            _ => "Full strength",
        }
    }

    /// All levels, weakest first.
    pub fn all() -> impl Iterator<Item = Level> {
        (1..=8).map(Level)
    }

    /// How this level plays `position`, or nothing for the highest.
    pub(crate) fn plan(self, position: &Position) -> Option<Plan> {
        let plan = *PLANS.get(usize::from(self.0) - 1)?;
        let bare = !position.board().by_color(!position.turn()).more_than_one();
        Some(if bare {
            Plan {
                nodes: plan.nodes.max(TECHNIQUE.nodes),
                depth: plan.depth.max(TECHNIQUE.depth),
                ..TECHNIQUE
            }
        } else {
            plan
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Plan {
    /// Which of the `candidates` (best first, with their values) is played. The same seed and position choose the same.
    pub(crate) fn choose(
        self,
        position: &Position,
        seed: u64,
        candidates: &[(PackedMove, Value)],
    ) -> usize {
        let Some(&(_, best)) = candidates.first() else {
            return 0;
        };
        // A mate that it sees, it plays; one that it cannot avoid, it does not hasten.
        if self.noise == 0 || best.abs() >= MATE_BOUND {
            return 0;
        }
        let tolerance = self.tolerance;
        let judged = |&(packed, value): &(PackedMove, Value)| {
            let mut rng = Rng::new(seed ^ position.key() ^ u64::from(packed.bits()) << 48);
            value + rng.normal(self.noise)
        };
        candidates
            .iter()
            .enumerate()
            .filter(|(_, (_, value))| best - value <= tolerance)
            .max_by_key(|(index, candidate)| (judged(candidate), std::cmp::Reverse(*index)))
            .map_or(0, |(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakmaty::{Chess, Position as _};

    #[test]
    fn every_level_looks_at_more_and_errs_by_less_than_the_one_below() {
        for pair in PLANS.windows(2) {
            assert!(pair[0].nodes < pair[1].nodes && pair[0].depth < pair[1].depth);
            assert!(pair[0].noise > pair[1].noise && pair[0].tolerance > pair[1].tolerance);
        }
    }

    #[test]
    fn numbers_outside_one_to_eight_are_refused() {
        for number in [0, 9, 256, u64::MAX] {
            assert_eq!(Level::new(number), Err(LevelError(number)));
        }
        assert_eq!(Level::all().count(), 8);
    }

    #[test]
    fn choices_are_seeded_and_never_beyond_the_tolerance() {
        let position = Position::new(Chess::default());
        let moves = position.chess().legal_moves();
        let candidates: Vec<_> = moves
            .iter()
            .enumerate()
            .map(|(i, &m)| (PackedMove::pack(m), -60 * i as Value))
            .collect();
        let plan = PLANS[0];
        let mut chosen = std::collections::BTreeSet::new();
        for seed in 0..300 {
            let index = plan.choose(&position, seed, &candidates);
            assert_eq!(index, plan.choose(&position, seed, &candidates));
            assert!(60 * index as i32 <= plan.tolerance);
            chosen.insert(index);
        }
        assert!(chosen.len() >= 4, "{chosen:?}");
    }
}

//! The clock, as an argument, and how much of it a move may use.

use std::time::Duration;

use shakmaty::Color;

use crate::limits::Limits;

/// A source of time that never goes back. The library reads no clock of its own: the browser has another one.
pub trait Clock: Send + Sync {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;
}

impl<F: Fn() -> Duration + Send + Sync> Clock for F {
    fn now(&self) -> Duration {
        self()
    }
}

/// Moves that a game is expected to go on for when no time control is near.
const EXPECTED_MOVES: u32 = 26;

/// How long one move may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// No new iteration begins after this, adjusted by how settled the search is.
    pub soft: Option<Duration>,
    /// The search is cut off at this.
    pub hard: Option<Duration>,
}

impl Budget {
    /// Divides the mover's clock. `overhead` is the time that is lost between engine and clock with each move.
    #[must_use]
    pub fn new(limits: &Limits, turn: Color, overhead: Duration) -> Budget {
        if let Some(movetime) = limits.movetime {
            let margin = overhead.min(movetime / 8);
            return Budget {
                soft: None,
                hard: Some(movetime - margin),
            };
        }
        let Some(time) = limits.time[turn] else {
            return Budget::default();
        };
        // A late answer loses the game, so a part of a short clock is never planned for.
        let available = time.saturating_sub(overhead).saturating_sub(time / 16);
        let increment = limits.increment[turn];
        let moves = limits
            .moves_to_go
            .unwrap_or(EXPECTED_MOVES)
            .clamp(1, EXPECTED_MOVES);
        let share = available / moves + increment.saturating_sub(overhead) * 3 / 4;
        let (soft_cap, hard_cap) = if moves == 1 {
            (available * 6 / 10, available * 8 / 10)
        } else {
            (available * 3 / 10, available * 45 / 100)
        };
        let soft = share.min(soft_cap);
        Budget {
            soft: Some(soft),
            hard: Some((share * 7 / 2).min(hard_cap).max(soft)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakmaty::ByColor;

    fn budget(time: u64, increment: u64, moves_to_go: Option<u32>, overhead: u64) -> Budget {
        let limits = Limits {
            time: ByColor::new_with(|_| Some(Duration::from_millis(time))),
            increment: ByColor::new_with(|_| Duration::from_millis(increment)),
            moves_to_go,
            ..Limits::default()
        };
        Budget::new(&limits, Color::White, Duration::from_millis(overhead))
    }

    #[test]
    fn no_clock_can_be_overrun() {
        for time in [0, 1, 5, 20, 100, 1_000, 60_000, u64::from(u32::MAX)] {
            for increment in [0, 20, 5_000, u64::from(u32::MAX)] {
                for moves_to_go in [None, Some(0), Some(1), Some(5), Some(u32::MAX)] {
                    for overhead in [0, 30, 5_000] {
                        let budget = budget(time, increment, moves_to_go, overhead);
                        let (soft, hard) = (budget.soft.unwrap(), budget.hard.unwrap());
                        assert!(soft <= hard);
                        assert!(hard.as_millis() as u64 <= time.saturating_sub(overhead));
                    }
                }
            }
        }
    }

    #[test]
    fn a_long_game_at_a_short_clock_never_runs_dry() {
        let mut left = 1_000_000_i64;
        for _ in 0..400 {
            let budget = budget(left as u64 / 1000, 20, None, 10);
            left -= budget.hard.unwrap().as_micros() as i64 + 5_000;
            assert!(left > 0);
            left += 20_000;
        }
    }

    #[test]
    fn more_time_is_used_when_there_is_more() {
        let short = budget(10_000, 0, None, 10).soft.unwrap();
        let long = budget(100_000, 0, None, 10).soft.unwrap();
        let increment = budget(10_000, 1_000, None, 10).soft.unwrap();
        let control = budget(10_000, 0, Some(3), 10).soft.unwrap();
        assert!(long > short * 5 && increment > short && control > short * 3);
    }
}

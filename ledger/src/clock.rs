//! Clocks as a function of receipts. Lag is credited after the example of Lichess's LagTracker: a quota that each
//! credit uses up and each move refills.

use crate::id::{MAX_INT, Millis};
use crate::mutant::Mutant;
use crate::outcome::{ByColour, Colour};
use crate::record::Clock;

/// How long each player's first move is free in a live game, ms.
pub const FIRST_MOVE_MS: u64 = 30_000;
/// Milliseconds of a day.
pub const DAY_MS: u64 = 86_400_000;

/// The time that a side to move has left is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overrun {
    /// It was the free first move: the game is aborted.
    FirstMove,
    /// The clock ran out: the game is lost, or drawn where the opponent cannot mate.
    Clock,
}

/// Both clocks of a clocked game, as the receipts so far leave them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clocks {
    spec: Clock,
    remaining: ByColour<u64>,
    quota: ByColour<u64>,
    /// The receipt of the last chain record; none before the Seat.
    since: Option<Millis>,
    /// Time since then that is charged to nobody.
    gaps: u64,
}

/// What a quota wins with each move, ms: min(1000, 150 + 4 x (initial_s + 40 x inc_s)).
const fn gain(spec: Clock) -> u64 {
    match spec {
        Clock::Live { initial_s, inc_s } => {
            let gain = 150 + 4 * (initial_s as u64 + 40 * inc_s as u64);
            if gain < 1000 { gain } else { 1000 }
        }
        Clock::Days { .. } | Clock::None => 0,
    }
}

/// What a player has at the start, ms.
const fn full(spec: Clock) -> u64 {
    match spec {
        Clock::Live { initial_s, .. } => initial_s as u64 * 1000,
        Clock::Days { days } => days as u64 * DAY_MS,
        Clock::None => 0,
    }
}

impl Clocks {
    pub(crate) fn new(spec: Clock) -> Self {
        let (full, quota) = (full(spec), 3 * gain(spec));
        Self {
            spec,
            remaining: ByColour {
                white: full,
                black: full,
            },
            quota: ByColour {
                white: quota,
                black: quota,
            },
            since: None,
            gaps: 0,
        }
    }

    /// When the running turn began; none before the Seat.
    #[must_use]
    pub fn since(&self) -> Option<Millis> {
        self.since
    }

    /// Time of the running turn that is charged to nobody, ms.
    #[must_use]
    pub fn gaps(&self) -> Millis {
        Millis::new(self.gaps)
    }

    /// What `colour` had left when the running turn began, ms.
    #[must_use]
    pub fn remaining(&self, colour: Colour) -> Millis {
        Millis::new(*self.remaining.get(colour))
    }

    /// Time charged since the running turn began, before credit, ms.
    #[must_use]
    pub fn elapsed(&self, at: Millis) -> Millis {
        let since = self.since.unwrap_or(at);
        Millis::new(at.saturating_sub(since).get().saturating_sub(self.gaps))
    }

    /// What `colour` may use in this turn before any credit, ms.
    #[must_use]
    pub fn allowance(&self, colour: Colour, has_moved: bool) -> Millis {
        Millis::new(match self.spec {
            Clock::Live { .. } if !has_moved => FIRST_MOVE_MS,
            _ => *self.remaining.get(colour),
        })
    }

    /// The first moment at which a `Flag` of `colour` is right.
    #[must_use]
    pub fn flag_at(&self, colour: Colour, has_moved: bool, lag: Millis) -> Option<Millis> {
        let credit = lag.get().min(*self.quota.get(colour));
        let gaps = if Mutant::GAP_NEAR_FLAG.is_on() {
            0
        } else {
            self.gaps
        };
        let wait = self
            .allowance(colour, has_moved)
            .get()
            .saturating_add(credit)
            .saturating_add(gaps)
            .saturating_sub(u64::from(Mutant::FLAG_EARLY.is_on()));
        self.since.map(|since| {
            Millis::new(
                since
                    .get()
                    .saturating_add(wait)
                    .saturating_add(1)
                    .min(MAX_INT),
            )
        })
    }

    const fn overrun(has_moved: bool) -> Overrun {
        if has_moved {
            Overrun::Clock
        } else {
            Overrun::FirstMove
        }
    }

    /// Whether a `Flag` of `colour` would be right now.
    ///
    /// # Errors
    ///
    /// [`Overrun`] if it would.
    pub fn check_flag(
        &self,
        colour: Colour,
        has_moved: bool,
        at: Millis,
        lag: Millis,
    ) -> Result<(), Overrun> {
        match self.flag_at(colour, has_moved, lag) {
            Some(flag) if at >= flag => Err(Self::overrun(has_moved)),
            _ => Ok(()),
        }
    }

    /// The time of `colour` after a move at `at`, and the credit that it used.
    pub(crate) fn charge(
        &self,
        colour: Colour,
        has_moved: bool,
        at: Millis,
        think: Millis,
        lag: Millis,
    ) -> Result<Charge, Overrun> {
        let elapsed = self.elapsed(at);
        let thought = if Mutant::THOUGHT_CREDITED.is_on() {
            Millis::ZERO
        } else {
            think
        };
        let lag = if Mutant::CREDIT_WITHOUT_LAG.is_on() {
            elapsed
        } else {
            lag
        };
        let credit = elapsed
            .saturating_sub(thought)
            .get()
            .min(lag.get())
            .min(*self.quota.get(colour));
        let used = elapsed.get() - credit;
        let allowance = self.allowance(colour, has_moved).get();
        if used >= allowance + u64::from(Mutant::LATE_BY_NONE.is_on()) {
            return Err(Self::overrun(has_moved));
        }
        Ok(if has_moved {
            Charge { used, credit }
        } else {
            Charge { used: 0, credit: 0 }
        })
    }

    /// The Seat, or a record that costs the mover `charge` (none: the turn only begins anew).
    pub(crate) fn turn(
        &mut self,
        colour: Colour,
        has_moved: bool,
        charge: Charge,
        is_move: bool,
        at: Millis,
    ) {
        self.since = Some(at);
        self.gaps = 0;
        match self.spec {
            Clock::Live { inc_s, .. } if has_moved => {
                let (remaining, quota) =
                    (self.remaining.get_mut(colour), self.quota.get_mut(colour));
                *remaining = remaining.saturating_sub(charge.used);
                if !Mutant::QUOTA_UNSPENT.is_on() {
                    *quota = quota.saturating_sub(charge.credit);
                }
                if is_move || Mutant::INCREMENT_FOR_ALL.is_on() {
                    *remaining += u64::from(inc_s) * 1000;
                    let most = if Mutant::QUOTA_WITHOUT_END.is_on() {
                        u64::MAX
                    } else {
                        7 * gain(self.spec)
                    };
                    *quota = (*quota + gain(self.spec)).min(most);
                }
            }
            // The first move is free, and a period is whole again at each record.
            Clock::Days { .. } if Mutant::DAYS_USED_UP.is_on() => {
                let remaining = self.remaining.get_mut(colour);
                *remaining = remaining.saturating_sub(charge.used);
            }
            Clock::Live { .. } | Clock::Days { .. } | Clock::None => {}
        }
    }

    pub(crate) fn gap(&mut self, ms: Millis) {
        self.gaps = self.gaps.saturating_add(ms.get());
    }
}

/// What a turn costs its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Charge {
    used: u64,
    credit: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: Colour = Colour::White;

    fn running(spec: Clock) -> Clocks {
        let mut clocks = Clocks::new(spec);
        clocks.turn(
            WHITE,
            false,
            Charge::default(),
            false,
            Millis::new(1_000_000),
        );
        clocks
    }

    fn at(ms: u64) -> Millis {
        Millis::new(1_000_000 + ms)
    }

    #[test]
    fn lag_is_credited_up_to_the_quota_and_the_quota_refills_to_seven_gains() {
        let spec = Clock::Live {
            initial_s: 60,
            inc_s: 1,
        };
        assert_eq!(gain(spec), 150 + 4 * 100);
        let mut clocks = running(spec);
        let charge = clocks
            .charge(
                WHITE,
                true,
                at(5_000),
                Millis::new(3_000),
                Millis::new(60_000),
            )
            .unwrap();
        // 2,000 ms were not thought; the quota holds 3 x 550.
        assert_eq!(
            charge,
            Charge {
                used: 3_350,
                credit: 1_650
            }
        );
        clocks.turn(WHITE, true, charge, true, at(5_000));
        assert_eq!(clocks.remaining(WHITE), Millis::new(60_000 - 3_350 + 1_000));
        assert_eq!(clocks.quota.white, 550);
        for _ in 0..20 {
            clocks.turn(WHITE, true, Charge::default(), true, at(6_000));
        }
        assert_eq!(clocks.quota.white, 7 * 550);
        assert_eq!(
            gain(Clock::Live {
                initial_s: 600,
                inc_s: 5
            }),
            1_000
        );
        assert_eq!(gain(Clock::Days { days: 3 }), 0);
    }

    #[test]
    fn no_time_left_loses_and_a_gap_is_charged_to_nobody() {
        let mut clocks = running(Clock::Live {
            initial_s: 10,
            inc_s: 0,
        });
        let zero = Millis::ZERO;
        assert!(
            clocks
                .charge(WHITE, true, at(9_999), Millis::new(9_999), zero)
                .is_ok()
        );
        assert_eq!(
            clocks.charge(WHITE, true, at(10_000), Millis::new(10_000), zero),
            Err(Overrun::Clock)
        );
        assert_eq!(clocks.check_flag(WHITE, true, at(10_000), zero), Ok(()));
        assert_eq!(
            clocks.check_flag(WHITE, true, at(10_001), zero),
            Err(Overrun::Clock)
        );
        clocks.gap(Millis::new(4_000));
        assert!(
            clocks
                .charge(WHITE, true, at(13_999), Millis::new(20_000), zero)
                .is_ok()
        );
        assert_eq!(clocks.check_flag(WHITE, true, at(14_000), zero), Ok(()));
        assert_eq!(
            clocks.check_flag(WHITE, true, at(14_001), zero),
            Err(Overrun::Clock)
        );
    }

    #[test]
    fn the_first_move_is_free_for_thirty_seconds_or_a_period() {
        let clocks = running(Clock::Live {
            initial_s: 5,
            inc_s: 0,
        });
        let zero = Millis::ZERO;
        assert_eq!(
            clocks.charge(WHITE, false, at(29_999), zero, zero),
            Ok(Charge::default())
        );
        assert_eq!(
            clocks.charge(WHITE, false, at(30_000), Millis::new(30_000), zero),
            Err(Overrun::FirstMove)
        );
        assert_eq!(
            clocks.check_flag(WHITE, false, at(30_001), zero),
            Err(Overrun::FirstMove)
        );
        let days = running(Clock::Days { days: 2 });
        assert!(
            days.charge(WHITE, false, at(2 * DAY_MS - 1), zero, zero)
                .is_ok()
        );
        assert_eq!(
            days.check_flag(WHITE, true, at(2 * DAY_MS + 1), zero),
            Err(Overrun::Clock)
        );
    }
}

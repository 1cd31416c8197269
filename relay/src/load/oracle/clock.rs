//! The clocks of docs/protocol.md, computed from receipts alone and apart from the ledger.

use super::item::Clock;

/// What is charged at a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charge {
    /// A move, with the time that its author says it took.
    Move { think_ms: u64 },
    /// A draw: the whole time, no increment.
    Draw,
}

/// One player's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Side {
    remaining: u64,
    quota: u64,
    has_moved: bool,
}

/// Both clocks; the sides are White, Black.
#[derive(Debug)]
pub(crate) struct Clocks {
    terms: Clock,
    gain: u64,
    sides: [Side; 2],
    since: u64,
    gaps: u64,
}

const FIRST_MOVE_MS: u64 = 30_000;
const DAY_MS: u64 = 86_400_000;

impl Clocks {
    /// The clocks when the Seat has its receipt at `since`; none in an untimed game.
    pub(crate) fn start(terms: Clock, since: u64) -> Option<Self> {
        let (remaining, gain) = match terms {
            Clock::None => return None,
            Clock::Live { initial_s, inc_s } => {
                let gain = (150 + 4 * (initial_s + 40 * inc_s)).min(1000);
                (1000 * initial_s, gain)
            }
            Clock::Days(days) => (days * DAY_MS, 0),
        };
        let side = Side {
            remaining,
            quota: 3 * gain,
            has_moved: false,
        };
        Some(Self {
            terms,
            gain,
            sides: [side; 2],
            since,
            gaps: 0,
        })
    }

    fn elapsed(&self, at: u64) -> u64 {
        at.saturating_sub(self.since).saturating_sub(self.gaps)
    }

    fn allowance(&self, side: usize) -> u64 {
        match self.terms {
            Clock::Live { .. } if !self.sides[side].has_moved => FIRST_MOVE_MS,
            _ => self.sides[side].remaining,
        }
    }

    /// Charges the side to move. False where its time was up, so that the record is void.
    pub(crate) fn charge(&mut self, side: usize, at: u64, lag_ms: u64, charge: Charge) -> bool {
        let elapsed = self.elapsed(at);
        let Side {
            quota, has_moved, ..
        } = self.sides[side];
        let credit = match charge {
            Charge::Move { think_ms } => elapsed.saturating_sub(think_ms).min(lag_ms).min(quota),
            Charge::Draw => 0,
        };
        let used = elapsed - credit;
        if used >= self.allowance(side) {
            return false;
        }
        let is_move = matches!(charge, Charge::Move { .. });
        if let Clock::Live { inc_s, .. } = self.terms
            && has_moved
        {
            let clock = &mut self.sides[side];
            clock.remaining -= used;
            clock.quota -= credit;
            if is_move {
                clock.remaining += 1000 * inc_s;
                clock.quota = (clock.quota + self.gain).min(7 * self.gain);
            }
        }
        self.sides[side].has_moved |= is_move;
        self.since = at;
        self.gaps = 0;
        true
    }

    /// Charges nobody for `ms`. False where less than that has passed in the turn.
    pub(crate) fn gap(&mut self, at: u64, ms: u64) -> bool {
        if ms > self.elapsed(at) {
            return false;
        }
        self.gaps += ms;
        true
    }

    /// Whether the side's flag may fall.
    pub(crate) fn is_over(&self, side: usize, at: u64, lag_ms: u64) -> bool {
        self.elapsed(at) > self.allowance(side) + lag_ms.min(self.sides[side].quota)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of docs/protocol.md, without its takeback and its change of home.
    #[test]
    fn the_protocols_example_comes_out() {
        let terms = Clock::Live {
            initial_s: 60,
            inc_s: 1,
        };
        let mut clocks = Clocks::start(terms, 0).unwrap();
        let play = |clocks: &mut Clocks, side, at, think_ms, lag| {
            assert!(clocks.charge(side, at, lag, Charge::Move { think_ms }));
            (clocks.sides[side].remaining, clocks.sides[side].quota)
        };
        assert_eq!(play(&mut clocks, 0, 2_000, 1_900, 80), (60_000, 1_650));
        assert_eq!(play(&mut clocks, 1, 5_000, 2_950, 40), (60_000, 1_650));
        assert_eq!(play(&mut clocks, 0, 9_000, 3_900, 500), (57_100, 2_100));
        assert!(clocks.gap(11_000, 1_500));
        assert!(!clocks.gap(11_000, 501), "only 500 are left of the turn");
        assert_eq!(play(&mut clocks, 1, 12_000, 1_400, 60), (59_560, 2_140));
        assert!(!clocks.is_over(0, 12_000 + 57_100, 0), "not yet");
        assert!(!clocks.is_over(0, 12_000 + 57_150, 50), "nor with lag");
        assert!(clocks.is_over(0, 12_000 + 57_151, 50));
        assert!(
            !clocks.charge(0, 12_000 + 57_100, 0, Charge::Draw),
            "all is used"
        );
        assert!(clocks.charge(0, 12_000 + 57_099, 0, Charge::Draw));
        assert_eq!(clocks.sides[0].remaining, 1, "a draw earns nothing");
    }

    #[test]
    fn the_first_move_has_thirty_seconds_and_costs_nothing() {
        let terms = Clock::Live {
            initial_s: 10,
            inc_s: 5,
        };
        let mut clocks = Clocks::start(terms, 0).unwrap();
        assert!(!clocks.is_over(0, 30_000, 0) && clocks.is_over(0, 30_001, 0));
        assert!(clocks.charge(0, 29_999, 0, Charge::Move { think_ms: 0 }));
        assert_eq!(clocks.sides.map(|side| side.remaining), [10_000; 2]);
    }

    #[test]
    fn days_are_a_period_for_each_move() {
        let mut clocks = Clocks::start(Clock::Days(1), 0).unwrap();
        assert!(clocks.charge(0, DAY_MS - 1, 0, Charge::Move { think_ms: 0 }));
        assert!(clocks.charge(1, 2 * DAY_MS - 2, 0, Charge::Move { think_ms: 0 }));
        assert!(!clocks.charge(0, 3 * DAY_MS - 2, 9, Charge::Move { think_ms: 0 }));
        assert!(Clocks::start(Clock::None, 0).is_none());
    }
}

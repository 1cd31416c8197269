//! How long an engine may think about a move: the limit as given, the clock of a game, and the `go` that says it.

use std::fmt;
use std::time::Duration;

/// How far a search may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Positions a move.
    Nodes(u64),
    /// Plies deep.
    Depth(u32),
    /// Time a move.
    MoveTime(Duration),
    /// A clock for the game, with an increment a move.
    Clock {
        /// At the start.
        base: Duration,
        /// Added after each move.
        increment: Duration,
    },
}

/// Why a limit cannot be followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}={value} is no limit: {hint}")]
pub struct LimitError {
    kind: String,
    value: String,
    hint: &'static str,
}

impl Limit {
    /// Reads the value of `nodes`, `depth`, `time` (ms a move) or `tc` (`BASE+INCREMENT` in s).
    ///
    /// # Errors
    ///
    /// [`LimitError`] if it is no number or 0.
    pub fn parse(kind: &str, value: &str) -> Result<Self, LimitError> {
        let number = || value.parse::<u64>().ok().filter(|&number| number > 0);
        let (limit, hint) = match kind {
            "nodes" => (number().map(Self::Nodes), "give a number from 1"),
            "depth" => {
                let plies = number().and_then(|plies| u32::try_from(plies).ok());
                (plies.map(Self::Depth), "give a number from 1")
            }
            "time" => {
                let time = number().map(Duration::from_millis);
                (time.map(Self::MoveTime), "give the ms of a move, from 1")
            }
            "tc" => (clock(value), "give seconds as in 8+0.08"),
            _ => (None, "known are nodes, depth, time and tc"),
        };
        limit.ok_or_else(|| LimitError {
            kind: kind.to_owned(),
            value: value.to_owned(),
            hint,
        })
    }

    /// The `TimeControl` of PGN, which knows neither nodes nor depths.
    #[must_use]
    pub fn time_control(&self) -> String {
        match self {
            Self::Nodes(_) | Self::Depth(_) => "-".to_owned(),
            Self::MoveTime(time) => format!("1/{}", time.as_secs_f64()),
            Self::Clock { base, increment } => {
                format!("{}+{}", base.as_secs_f64(), increment.as_secs_f64())
            }
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes(nodes) => write!(f, "{nodes} nodes a move"),
            Self::Depth(depth) => write!(f, "depth {depth}"),
            Self::MoveTime(time) => write!(f, "{} ms a move", time.as_millis()),
            Self::Clock { .. } => write!(f, "{} s", self.time_control()),
        }
    }
}

fn clock(value: &str) -> Option<Limit> {
    let (base, increment) = value.split_once('+').unwrap_or((value, "0"));
    let seconds = |text: &str| {
        let number = text.parse::<f64>().ok()?;
        Duration::try_from_secs_f64(number).ok()
    };
    let (base, increment) = (seconds(base)?, seconds(increment)?);
    (!base.is_zero()).then_some(Limit::Clock { base, increment })
}

/// What one side may use in one game, and has left.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    limit: Limit,
    left: Duration,
}

impl Budget {
    /// Of a new game.
    #[must_use]
    pub const fn new(limit: Limit) -> Self {
        let left = match limit {
            Limit::Clock { base, .. } => base,
            _ => Duration::ZERO,
        };
        Self { limit, left }
    }

    /// How long the next move may take; `None` if time is not what limits it.
    #[must_use]
    pub const fn allowed(&self) -> Option<Duration> {
        match self.limit {
            Limit::Nodes(_) | Limit::Depth(_) => None,
            Limit::MoveTime(time) => Some(time),
            Limit::Clock { .. } => Some(self.left),
        }
    }

    /// Takes the time of a move off the clock. False if that was more than there was with `margin` on top; within the
    /// margin the clock stands at 0 before the increment.
    pub fn spend(&mut self, used: Duration, margin: Duration) -> bool {
        let in_time = self
            .allowed()
            .is_none_or(|allowed| used <= allowed + margin);
        if let Limit::Clock { increment, .. } = self.limit {
            self.left = self.left.saturating_sub(used) + increment;
        }
        in_time
    }

    /// The command that starts the search of the side with this budget, `white` says which; `other` is the opponent's.
    #[must_use]
    pub fn go(&self, other: &Self, white: bool) -> String {
        match self.limit {
            Limit::Nodes(nodes) => format!("go nodes {nodes}"),
            Limit::Depth(depth) => format!("go depth {depth}"),
            Limit::MoveTime(time) => format!("go movetime {}", time.as_millis()),
            Limit::Clock { .. } => {
                let (white, black) = if white { (self, other) } else { (other, self) };
                let (wtime, btime) = (white.left.as_millis(), black.left.as_millis());
                let (winc, binc) = (white.increment(), black.increment());
                // A clock at 0 would be read as no clock by some.
                let (wtime, btime) = (wtime.max(1), btime.max(1));
                format!("go wtime {wtime} btime {btime} winc {winc} binc {binc}")
            }
        }
    }

    const fn increment(&self) -> u128 {
        match self.limit {
            Limit::Clock { increment, .. } => increment.as_millis(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn limits_are_read() {
        assert_eq!(Limit::parse("nodes", "2000"), Ok(Limit::Nodes(2000)));
        assert_eq!(Limit::parse("time", "20"), Ok(Limit::MoveTime(ms(20))));
        let clock = Limit::Clock {
            base: ms(8000),
            increment: ms(80),
        };
        assert_eq!(Limit::parse("tc", "8+0.08"), Ok(clock));
        for (kind, value) in [
            ("nodes", "0"),
            ("depth", "-1"),
            ("tc", "0+1"),
            ("tc", "nan+1"),
            ("tc", "-8"),
            ("tc", "1e300"),
            ("time", "soon"),
        ] {
            assert!(Limit::parse(kind, value).is_err(), "{kind}={value}");
        }
    }

    #[test]
    fn the_clock_runs_down_and_its_increment_comes_after_the_move() {
        let limit = Limit::parse("tc", "1+0.1").unwrap();
        let (mut white, black) = (Budget::new(limit), Budget::new(limit));
        assert!(white.spend(ms(300), ms(0)));
        assert_eq!(white.allowed(), Some(ms(800)));
        assert_eq!(
            white.go(&black, true),
            "go wtime 800 btime 1000 winc 100 binc 100"
        );
        assert_eq!(
            black.go(&white, false),
            "go wtime 800 btime 1000 winc 100 binc 100"
        );
        assert!(!white.spend(ms(801), ms(0)));
    }

    #[test]
    fn the_margin_forgives_that_much_and_no_more() {
        let mut budget = Budget::new(Limit::MoveTime(ms(20)));
        assert!(budget.spend(ms(30), ms(10)));
        assert!(!budget.spend(ms(31), ms(10)));
        let mut nodes = Budget::new(Limit::Nodes(1));
        assert!(nodes.spend(ms(60_000), ms(0)));
    }
}

//! The relay's clock: wall time read once at the start and carried on by the monotonic clock, so that nobody who sets
//! the machine's time can make a move take an hour.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rookery_ledger::id::Millis;

/// Milliseconds since 1970 that never go back.
#[derive(Debug)]
pub struct WallClock {
    wall_ms: u64,
    started: Instant,
    last_ms: AtomicU64,
}

impl WallClock {
    /// A clock that reads the machine's time now.
    #[must_use]
    pub fn start() -> Self {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
            started: Instant::now(),
            last_ms: AtomicU64::new(0),
        }
    }

    /// What the machine's clock showed at the start.
    #[must_use]
    pub const fn started(&self) -> Millis {
        Millis::new(self.wall_ms)
    }

    /// The time now.
    pub fn now(&self) -> Millis {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let now = self.wall_ms.saturating_add(elapsed);
        Millis::new(self.last_ms.fetch_max(now, Ordering::Relaxed).max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_never_goes_back_between_threads() {
        let clock = WallClock::start();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut last = Millis::ZERO;
                    for _ in 0..100_000 {
                        let now = clock.now();
                        assert!(now >= last);
                        last = now;
                    }
                });
            }
        });
    }
}

//! What one session may ask for, by kind.

use crate::limits::{Limits, TokenBucket};

/// The token buckets of a session. Times are milliseconds of the relay's clock.
#[derive(Debug)]
pub(super) struct Quota {
    submits: TokenBucket,
    joins: TokenBucket,
    seeks: TokenBucket,
    replays: TokenBucket,
    messages: TokenBucket,
    games: TokenBucket,
    refusals: TokenBucket,
    refusals_seen: u64,
    frames: TokenBucket,
    /// A fellow relay speaks for its clients, whom it limits itself.
    is_relay: bool,
    /// Tokens that one request takes.
    price: u64,
}

/// Tokens that a request takes of whoever is throttled.
const DEAR: u64 = 10;

impl Quota {
    pub(super) fn new(limits: &Limits, now: u64, is_relay: bool) -> Self {
        let bucket = |per_minute: u64| TokenBucket::new(per_minute, per_minute, now);
        // Everything that may be asked for by kind, and as much again for what has no kind: echoes and the like.
        let kinds = [
            limits.submits_per_second.saturating_mul(60),
            limits.joins_per_minute,
            limits.seeks_per_minute,
            limits.replays_per_minute,
            limits.messages_per_minute,
        ];
        let frames = kinds
            .into_iter()
            .fold(0, u64::saturating_add)
            .saturating_mul(2);
        Self {
            frames: TokenBucket::new(frames.saturating_add(limits.submits_burst), frames, now),
            submits: TokenBucket::new(
                limits.submits_burst,
                limits.submits_per_second.saturating_mul(60),
                now,
            ),
            joins: bucket(limits.joins_per_minute),
            seeks: bucket(limits.seeks_per_minute),
            replays: bucket(limits.replays_per_minute),
            messages: bucket(limits.messages_per_minute),
            games: bucket(limits.games_per_minute),
            refusals: bucket(limits.refusals_per_minute),
            refusals_seen: 0,
            is_relay,
            price: 1,
        }
    }

    /// Makes every limit of requests a tenth, or what it was.
    pub(super) fn throttle(&mut self, is_throttled: bool) {
        self.price = if is_throttled { DEAR } else { 1 };
    }

    pub(super) fn submit(&mut self, now: u64) -> Result<(), u64> {
        if self.is_relay {
            Ok(())
        } else {
            self.submits.take_many(self.price, now)
        }
    }

    pub(super) fn join(&mut self, now: u64) -> Result<(), u64> {
        if self.is_relay {
            Ok(())
        } else {
            self.joins.take_many(self.price, now)
        }
    }

    pub(super) fn seek(&mut self, now: u64) -> Result<(), u64> {
        if self.is_relay {
            Ok(())
        } else {
            self.seeks.take_many(self.price, now)
        }
    }

    pub(super) fn replay(&mut self, now: u64) -> Result<(), u64> {
        if self.is_relay {
            Ok(())
        } else {
            self.replays.take_many(self.price, now)
        }
    }

    pub(super) fn say(&mut self, now: u64) -> Result<(), u64> {
        if self.is_relay {
            Ok(())
        } else {
            self.messages.take_many(self.price, now)
        }
    }

    pub(super) fn game(&mut self, now: u64) -> Result<(), u64> {
        if self.is_relay {
            Ok(())
        } else {
            self.games.take_many(self.price, now)
        }
    }

    /// Counts a frame of any kind.
    pub(super) fn frame(&mut self, now: u64) -> Result<(), u64> {
        if self.is_relay {
            Ok(())
        } else {
            self.frames.take(now)
        }
    }

    /// Counts the refusals since the last call; an error where there were too many.
    pub(super) fn refusals(&mut self, total: u64, now: u64) -> Result<(), &'static str> {
        while self.refusals_seen < total {
            self.refusals_seen += 1;
            if !self.is_relay && self.refusals.take(now).is_err() {
                return Err("Too many requests had to be refused; look at their codes.");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_frames_is_found_out_though_each_kind_alone_has_no_limit_and_play_is_not() {
        let limits = Limits::default();
        let mut flood = Quota::new(&limits, 0, false);
        let passed = (0..100_000).take_while(|_| flood.frame(0).is_ok()).count();
        assert!(passed < 5_000, "{passed} frames at once");
        // A heartbeat a second and every kind at its own limit, for ten minutes.
        let mut play = Quota::new(&limits, 0, false);
        for now in (0..600_000).step_by(1_000) {
            for _ in 0..=limits.submits_per_second {
                assert_eq!(play.frame(now), Ok(()));
            }
        }
        let mut relay = Quota::new(&limits, 0, true);
        assert!((0..100_000).all(|_| relay.frame(0).is_ok()));
    }
}

//! The relay's clock as seen from this device's monotonic one: receipts carry the relay's time, the screen counts in
//! ours.

use std::collections::VecDeque;

use rookery_ledger::id::Millis;

/// How many samples are weighed, one a second: old ones go, because two clocks drift.
const SAMPLES: usize = 60;

/// An estimate of the relay's clock. A sample is late by its time on the way, so the earliest is the best.
#[derive(Debug, Clone, Default)]
pub(crate) struct RelayClock {
    /// Relay's clock minus monotonic clock on arrival, ms.
    offsets: VecDeque<f64>,
    /// The shortest round trip that the relay measured, ms.
    least_rtt: Option<f64>,
}

impl RelayClock {
    /// The relay said `relay` and it arrived at `mono`. `rtt` is its last measured round trip, zero where it has none.
    pub(crate) fn heard(&mut self, relay: Millis, rtt: Option<Millis>, mono: f64) {
        if self.offsets.len() >= SAMPLES {
            self.offsets.pop_front();
        }
        self.offsets.push_back(relay.get() as f64 - mono);
        if let Some(rtt) = rtt.map(|rtt| rtt.get() as f64).filter(|rtt| *rtt > 0.0) {
            self.least_rtt = Some(self.least_rtt.map_or(rtt, |least| least.min(rtt)));
        }
    }

    /// The relay's clock at `mono`; none before it said anything.
    pub(crate) fn at(&self, mono: f64) -> Option<Millis> {
        let best = self.offsets.iter().copied().reduce(f64::max)?;
        let relay = mono + best + self.least_rtt.unwrap_or(0.0) / 2.0;
        Some(Millis::new(relay.max(0.0) as u64))
    }

    /// Another connection: the relay's clock may have been set meanwhile.
    pub(crate) fn begin(&mut self) {
        self.offsets.clear();
        self.least_rtt = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_that_came_fastest_counts_and_half_the_round_trip_is_added() {
        let mut clock = RelayClock::default();
        assert_eq!(clock.at(5.0), None);
        // The relay is 1,000 ms ahead; the way takes 10 ms at best.
        clock.heard(Millis::new(2_000), None, 1_300.0);
        clock.heard(Millis::new(3_000), Some(Millis::new(20)), 2_010.0);
        clock.heard(Millis::new(4_000), Some(Millis::new(900)), 3_450.0);
        assert_eq!(clock.at(5_000.0), Some(Millis::new(6_000)));
        clock.begin();
        assert_eq!(clock.at(5_000.0), None);
    }

    #[test]
    fn samples_older_than_the_window_are_forgotten() {
        let mut clock = RelayClock::default();
        clock.heard(Millis::new(10_000), None, 0.0);
        for second in 0..SAMPLES as u64 {
            clock.heard(Millis::new(second * 1_000), None, second as f64 * 1_000.0);
        }
        assert_eq!(clock.at(70_000.0), Some(Millis::new(70_000)));
    }
}

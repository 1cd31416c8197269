//! Numbers that are counted on the way: one word each, no lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that goes up and, for gauges, down.
#[derive(Debug, Default)]
pub struct Number(AtomicU64);

impl Number {
    /// One more.
    pub fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// So many more.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Exactly so many.
    pub fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    /// The number now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Upper bounds of the buckets, milliseconds: from less than one fsync to what a player would notice.
pub(super) const BOUNDS_MS: [u64; 9] = [1, 2, 5, 10, 25, 50, 100, 500, 2_000];

/// How long something took.
#[derive(Debug, Default)]
pub struct Histogram {
    /// By the first bound that is not exceeded; what exceeds them all is in none.
    buckets: [Number; BOUNDS_MS.len()],
    count: Number,
    sum_us: Number,
}

/// A histogram as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// How many took at most as long as the bound, for each of [`BOUNDS_MS`].
    pub(super) up_to: [u64; BOUNDS_MS.len()],
    pub(super) count: u64,
    pub(super) sum_us: u64,
}

impl Histogram {
    /// Counts one duration.
    pub fn observe(&self, took: Duration) {
        self.count.up();
        self.sum_us
            .add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        let mut bounds = BOUNDS_MS.iter().zip(&self.buckets);
        if let Some((_, bucket)) = bounds.find(|(bound, _)| took <= Duration::from_millis(**bound))
        {
            bucket.up();
        }
    }

    /// What was counted. Buckets never hold more than the count, also while others count.
    pub(super) fn snapshot(&self) -> Snapshot {
        let mut up_to = [0; BOUNDS_MS.len()];
        let mut sum = 0;
        for (total, bucket) in up_to.iter_mut().zip(&self.buckets) {
            sum += bucket.get();
            *total = sum;
        }
        Snapshot {
            up_to,
            count: self.count.get().max(sum),
            sum_us: self.sum_us.get(),
        }
    }
}

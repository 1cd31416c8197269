//! What the relay counts, and the text that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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

/// Upper bounds of the histogram's buckets, milliseconds: from less than one fsync to what a player would notice.
const BOUNDS_MS: [u64; 9] = [1, 2, 5, 10, 25, 50, 100, 500, 2_000];

/// How long something took.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [Number; BOUNDS_MS.len()],
    count: Number,
    sum_us: Number,
}

impl Histogram {
    /// Counts one duration.
    pub fn observe(&self, took: Duration) {
        for (bound, bucket) in BOUNDS_MS.iter().zip(&self.buckets) {
            if took <= Duration::from_millis(*bound) {
                bucket.up();
            }
        }
        self.count.up();
        self.sum_us
            .add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    started: Instant,
    /// Sessions open now.
    pub sessions: Number,
    /// Sessions of players open now.
    pub players: Number,
    /// Games in memory now.
    pub games: Number,
    /// Games created here.
    pub games_created: Number,
    /// Seeks in the lobby now.
    pub seeks: Number,
    /// Receipts signed.
    pub receipts: Number,
    /// Frames received.
    pub frames_in: Number,
    /// Frames sent.
    pub frames_out: Number,
    /// Sessions that were cut off.
    pub cut_off: Number,
    /// Connections to fellow relays that are up now.
    pub fellows: Number,
    /// When the last receipt was signed, milliseconds since 1970.
    pub last_receipt_ms: Number,
    /// From a frame's arrival to its durable entry.
    pub ordering: Histogram,
    refusals: Mutex<BTreeMap<String, u64>>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            sessions: Number::default(),
            players: Number::default(),
            games: Number::default(),
            games_created: Number::default(),
            seeks: Number::default(),
            receipts: Number::default(),
            frames_in: Number::default(),
            frames_out: Number::default(),
            cut_off: Number::default(),
            fellows: Number::default(),
            last_receipt_ms: Number::default(),
            ordering: Histogram::default(),
            refusals: Mutex::default(),
        }
    }
}

impl Metrics {
    /// Counts a refusal by its code. Codes come from a fixed list, so there are few.
    pub fn refused(&self, code: &str) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        match refusals.get_mut(code) {
            Some(count) => *count += 1,
            None => drop(refusals.insert(code.to_owned(), 1)),
        }
    }

    /// The text for Prometheus; `more` are further gauges: name, help, value.
    #[must_use]
    pub fn render(&self, more: &[(&str, &str, u64)]) -> String {
        let mut out = String::with_capacity(4096);
        let mut put = |name: &str, kind: &str, help: &str, value: u64| {
            let _ = write!(
                out,
                "# HELP rookery_{name} {help}\n# TYPE rookery_{name} {kind}\nrookery_{name} {value}\n"
            );
        };
        put(
            "uptime_seconds",
            "gauge",
            "Time since the relay started.",
            self.started.elapsed().as_secs(),
        );
        put(
            "sessions",
            "gauge",
            "Sessions open now.",
            self.sessions.get(),
        );
        put(
            "players",
            "gauge",
            "Sessions of players open now.",
            self.players.get(),
        );
        put("games", "gauge", "Games in memory now.", self.games.get());
        put(
            "games_created_total",
            "counter",
            "Games created here.",
            self.games_created.get(),
        );
        put(
            "seeks",
            "gauge",
            "Seeks in the lobby now.",
            self.seeks.get(),
        );
        put(
            "receipts_total",
            "counter",
            "Receipts signed.",
            self.receipts.get(),
        );
        put(
            "frames_in_total",
            "counter",
            "Frames received.",
            self.frames_in.get(),
        );
        put(
            "frames_out_total",
            "counter",
            "Frames sent.",
            self.frames_out.get(),
        );
        put(
            "cut_off_total",
            "counter",
            "Sessions that were cut off.",
            self.cut_off.get(),
        );
        put(
            "fellow_relays",
            "gauge",
            "Fellow relays connected now.",
            self.fellows.get(),
        );
        let last = self.last_receipt_ms.get() / 1000;
        put(
            "last_receipt_seconds",
            "gauge",
            "When the last receipt was signed, Unix time.",
            last,
        );
        for (name, help, value) in more {
            let kind = if name.ends_with("_total") {
                "counter"
            } else {
                "gauge"
            };
            put(name, kind, help, *value);
        }
        out.push_str("# HELP rookery_refusals_total Requests refused, by code.\n# TYPE rookery_refusals_total counter\n");
        for (code, count) in &*self.refusals.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = writeln!(out, "rookery_refusals_total{{code=\"{code}\"}} {count}");
        }
        out.push_str(
            "# HELP rookery_ordering_seconds From a frame's arrival to its durable entry.\n\
             # TYPE rookery_ordering_seconds histogram\n",
        );
        let count = self.ordering.count.get();
        for (bound, bucket) in BOUNDS_MS.iter().zip(&self.ordering.buckets) {
            let (seconds, millis) = (bound / 1000, bound % 1000);
            let _ = writeln!(
                out,
                "rookery_ordering_seconds_bucket{{le=\"{seconds}.{millis:03}\"}} {}",
                bucket.get()
            );
        }
        let sum = self.ordering.sum_us.get();
        let _ = writeln!(
            out,
            "rookery_ordering_seconds_bucket{{le=\"+Inf\"}} {count}"
        );
        let _ = writeln!(
            out,
            "rookery_ordering_seconds_sum {}.{:06}",
            sum / 1_000_000,
            sum % 1_000_000
        );
        let _ = writeln!(out, "rookery_ordering_seconds_count {count}");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_in_the_format_of_prometheus() {
        let metrics = Metrics::default();
        metrics.refused("bad-signature");
        metrics.refused("bad-signature");
        metrics.ordering.observe(Duration::from_millis(3));
        let text = metrics.render(&[("log_commits_total", "Durable commits.", 7)]);
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with("rookery_"), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
        assert!(text.contains("rookery_refusals_total{code=\"bad-signature\"} 2\n"));
        assert!(text.contains("rookery_ordering_seconds_bucket{le=\"0.005\"} 1\n"));
        assert!(text.contains("rookery_ordering_seconds_bucket{le=\"0.002\"} 0\n"));
        assert!(text.contains("# TYPE rookery_log_commits_total counter\n"));
    }
}

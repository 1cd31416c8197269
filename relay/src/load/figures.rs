//! What generators count and measure, and how the figures of several become one.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::oracle::{Class, Fault};
use super::report::Measure;

/// A move is late where its opponent has it longer than this after it was due.
pub(super) const LATE: Duration = Duration::from_secs(1);
/// The longest delay that is told from longer ones, us: ten minutes.
const LONGEST_US: u64 = 600_000_000;
/// Faults that are told in words.
const TOLD: usize = 20;

/// Delays in microseconds, three digits of each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub(super) struct Delays(Option<Histogram<u64>>);

impl Default for Delays {
    fn default() -> Self {
        // The bounds are fixed and good, so that there is always one.
        Self(Histogram::new_with_bounds(1, LONGEST_US, 3).ok())
    }
}

impl From<Vec<(u64, u64)>> for Delays {
    fn from(counts: Vec<(u64, u64)>) -> Self {
        let mut delays = Self::default();
        for (us, count) in counts {
            delays.add(us, count);
        }
        delays
    }
}

impl From<Delays> for Vec<(u64, u64)> {
    fn from(delays: Delays) -> Self {
        let values = delays.0.iter().flat_map(Histogram::iter_recorded);
        values
            .map(|value| (value.value_iterated_to(), value.count_at_value()))
            .collect()
    }
}

impl Delays {
    fn add(&mut self, us: u64, count: u64) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record_n(us.max(1), count);
        }
    }

    pub(super) fn record(&mut self, delay: Duration) {
        self.add(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX), 1);
    }

    fn merge(&mut self, other: &Self) {
        if let (Some(one), Some(other)) = (&mut self.0, &other.0) {
            // Both have the same bounds.
            let _ = one.add(other);
        }
    }

    /// The delay in ms that `quantile` of all do not pass; none of nothing.
    fn ms(&self, quantile: f64) -> Option<f64> {
        let histogram = self.0.as_ref().filter(|histogram| !histogram.is_empty())?;
        Some(histogram.value_at_quantile(quantile) as f64 / 1_000.0)
    }

    fn measures(&self, name: &str) -> Vec<Measure> {
        let quantiles = [
            ("p50", 0.5),
            ("p90", 0.9),
            ("p99", 0.99),
            ("p99.9", 0.999),
            ("max", 1.0),
        ];
        quantiles
            .into_iter()
            .filter_map(|(word, quantile)| {
                let ms = self.ms(quantile)?;
                Some(Measure::new(format!("{name} {word}"), "ms", ms))
            })
            .collect()
    }
}

/// What one generator, or all of them, saw in the timed window, and what the oracle said afterwards.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Figures {
    /// From the frame handed to the socket to the opponent's frame read.
    pub(super) sent_to_opponent: Delays,
    /// The same from the moment at which the move was due.
    pub(super) due_to_opponent: Delays,
    /// From the frame handed to the socket to one's own receipt read.
    pub(super) sent_to_receipt: Delays,
    /// The same from the moment at which the move was due.
    pub(super) due_to_receipt: Delays,
    /// From the genesis sent to both players seated.
    pub(super) seated: Delays,
    /// In a crowd: from the moment at which one comes to the game read.
    pub(super) due_to_game: Delays,
    /// In a crowd that asks for a seat: from the moment at which one comes to knowing who sits.
    pub(super) due_to_seat: Delays,
    /// In a crowd that watches: from the relay's own stamp to the receipt read, to 1 ms.
    pub(super) order_to_watcher: Delays,
    /// Moves that were due in the window and got through.
    pub(super) moves: u64,
    /// Games begun and whole games, over the whole run.
    pub(super) games: u64,
    pub(super) finished: u64,
    /// Moves whose opponent had them longer than [`LATE`] after they were due.
    pub(super) late: u64,
    /// Boards that had to stop, by reason.
    pub(super) stopped: BTreeMap<String, u64>,
    /// Refusals, by code.
    pub(super) refused: BTreeMap<String, u64>,
    /// Sessions that ended and were opened again.
    pub(super) reconnects: u64,
    /// Receipts that the oracle checked.
    pub(super) checked: u64,
    /// What is wrong.
    pub(super) faults: BTreeMap<Class, u64>,
    /// The first of it in words.
    pub(super) words: Vec<String>,
}

impl Figures {
    pub(super) fn merge(&mut self, other: Self) {
        self.sent_to_opponent.merge(&other.sent_to_opponent);
        self.due_to_opponent.merge(&other.due_to_opponent);
        self.sent_to_receipt.merge(&other.sent_to_receipt);
        self.due_to_receipt.merge(&other.due_to_receipt);
        self.seated.merge(&other.seated);
        self.due_to_game.merge(&other.due_to_game);
        self.due_to_seat.merge(&other.due_to_seat);
        self.order_to_watcher.merge(&other.order_to_watcher);
        self.moves += other.moves;
        self.games += other.games;
        self.finished += other.finished;
        self.late += other.late;
        self.reconnects += other.reconnects;
        self.checked += other.checked;
        merge_counts(&mut self.stopped, other.stopped);
        merge_counts(&mut self.refused, other.refused);
        merge_counts(&mut self.faults, other.faults);
        self.words.extend(other.words);
        self.words.truncate(TOLD);
    }

    pub(super) fn fault(&mut self, game: &str, fault: Fault) {
        *self.faults.entry(fault.class).or_default() += 1;
        if self.words.len() < TOLD {
            self.words.push(format!("{game}: {}", fault.words));
        }
    }

    /// Nothing is wrong, and no board had to stop.
    pub(super) fn is_clean(&self) -> bool {
        self.faults.values().sum::<u64>() + self.stopped.values().sum::<u64>() == 0
    }

    /// The figures of a window of `seconds`.
    pub(super) fn measures(&self, seconds: f64) -> Vec<Measure> {
        let count = |name: &str, unit, count: u64| Measure::new(name, unit, count as f64);
        let mut measures = vec![Measure::new(
            "ordered moves with fsync",
            "moves/s",
            self.moves as f64 / seconds,
        )];
        for (name, delays) in [
            ("submit to opponent", &self.sent_to_opponent),
            ("due to opponent", &self.due_to_opponent),
            ("submit to own receipt", &self.sent_to_receipt),
            ("due to own receipt", &self.due_to_receipt),
            ("genesis to both seated", &self.seated),
            ("crowd, coming to the game", &self.due_to_game),
            ("crowd, coming to who sits", &self.due_to_seat),
            ("crowd, order to watcher", &self.order_to_watcher),
        ] {
            measures.extend(delays.measures(name));
        }
        measures.extend([
            count("moves", "moves", self.moves),
            count("games begun", "games", self.games),
            count("whole games", "games", self.finished),
            count("receipts checked", "receipts", self.checked),
            count("late moves", "moves", self.late),
            count("reconnections", "sessions", self.reconnects),
        ]);
        for (class, name) in Class::ALL {
            let found = self.faults.get(&class).copied().unwrap_or(0);
            measures.push(count(name, "faults", found));
        }
        for (name, counts) in [("refused", &self.refused), ("stopped", &self.stopped)] {
            let counted = counts
                .iter()
                .map(|(why, n)| count(&format!("{name}: {why}"), "times", *n));
            measures.extend(counted);
        }
        measures
    }
}

fn merge_counts<K: Ord>(one: &mut BTreeMap<K, u64>, other: BTreeMap<K, u64>) {
    for (key, count) in other {
        *one.entry(key).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_survive_the_pipe_and_add_up() {
        let figures = |ms: u64| {
            let mut figures = Figures::default();
            for _ in 0..99 {
                figures.due_to_opponent.record(Duration::from_millis(ms));
            }
            figures.moves = 99;
            figures.fault(
                "game",
                Fault {
                    class: Class::Lost,
                    words: "gone".into(),
                },
            );
            let line = serde_json::to_string(&figures).unwrap();
            serde_json::from_str::<Figures>(&line).unwrap()
        };
        let mut both = figures(10);
        assert!(!both.is_clean() && Figures::default().is_clean());
        both.merge(figures(1_000));
        let counts: Vec<(u64, u64)> = both.due_to_opponent.clone().into();
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 198);
        assert_eq!((both.moves, both.faults[&Class::Lost]), (198, 2));
        let [median, most] = [0.5, 1.0].map(|q| both.due_to_opponent.ms(q).unwrap());
        assert!(
            (median - 10.0).abs() < 0.1 && (most - 1_000.0).abs() < 2.0,
            "{median}, {most}"
        );
        let named = both.measures(1.0);
        for name in ["due to opponent p99", "lost records", "late moves"] {
            assert!(named.iter().any(|measure| measure.name == name), "{name}");
        }
        assert!(
            !named
                .iter()
                .any(|measure| measure.name.starts_with("submit to opp"))
        );
    }
}

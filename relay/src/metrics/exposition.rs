//! The text that Prometheus reads, version 0.0.4.

use std::fmt::{Display, Write as _};

use super::number::{BOUNDS_MS, Histogram};

/// The type of the text in HTTP.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4";

/// What Prometheus may do with a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Goes up only, from zero at each start.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts of durations by upper bound.
    Histogram,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A metric: all samples of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Its name, with its unit.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What it tells, in a sentence.
    pub help: &'static str,
}

/// The text as it grows.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

impl Exposition {
    fn begin(&mut self, family: &Family) {
        let (name, kind) = (family.name, family.kind.as_str());
        let _ = writeln!(
            self.0,
            "# HELP {name} {}\n# TYPE {name} {kind}",
            family.help
        );
    }

    /// A metric with one sample.
    pub(super) fn one(&mut self, family: &Family, value: impl Display) {
        self.begin(family);
        let _ = writeln!(self.0, "{} {value}", family.name);
    }

    /// A metric with one sample, where there is a value.
    pub(super) fn some(&mut self, family: &Family, value: Option<impl Display>) {
        if let Some(value) = value {
            self.one(family, value);
        }
    }

    /// A metric with a sample for each value of a label. Values need no escape: they come from fixed lists.
    pub(super) fn labelled<L: Display, V: Display>(
        &mut self,
        family: &Family,
        label: &str,
        samples: impl IntoIterator<Item = (L, V)>,
    ) {
        self.begin(family);
        for (of, value) in samples {
            let _ = writeln!(self.0, "{}{{{label}=\"{of}\"}} {value}", family.name);
        }
    }

    /// Durations, in seconds.
    pub(super) fn histogram(&mut self, family: &Family, histogram: &Histogram) {
        self.begin(family);
        let (name, snapshot) = (family.name, histogram.snapshot());
        for (bound, up_to) in BOUNDS_MS.iter().zip(snapshot.up_to) {
            let (seconds, millis) = (bound / 1000, bound % 1000);
            let _ = writeln!(
                self.0,
                "{name}_bucket{{le=\"{seconds}.{millis:03}\"}} {up_to}"
            );
        }
        let (count, sum) = (snapshot.count, snapshot.sum_us);
        let (seconds, micros) = (sum / 1_000_000, sum % 1_000_000);
        let _ = writeln!(self.0, "{name}_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(self.0, "{name}_sum {seconds}.{micros:06}");
        let _ = writeln!(self.0, "{name}_count {count}");
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

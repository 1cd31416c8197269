//! The one form in which measurements are reported: a table for people, JSON for scripts.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// What was measured so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    bench: &'static str,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    unit: &'static str,
    value: f64,
    runs: Vec<f64>,
    peer: Option<Peer>,
    command: String,
}

/// What the same thing measures at somebody else's.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Whose it is, with its version.
    pub(crate) name: &'static str,
    /// Each run; one number if it cannot vary.
    pub(crate) runs: Vec<f64>,
}

impl Report {
    /// The measurements that follow belong to this bench.
    pub(crate) fn begin(&mut self, bench: &'static str) {
        self.bench = bench;
    }

    /// Adds a measurement; its value is the median of `runs`, which are in `unit`.
    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        unit: &'static str,
        runs: Vec<f64>,
        peer: Option<Peer>,
    ) {
        self.entries.push(Entry {
            name: format!("{}.{}", self.bench, name.into()),
            unit,
            value: median(&runs),
            runs,
            peer,
            command: format!("cargo xtask bench {}", self.bench),
        });
    }

    /// Writes the measurements as JSON.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        let entries: Vec<Value> = self.entries.iter().map(Entry::json).collect();
        let text = serde_json::to_string_pretty(&entries).context("cannot write the report")?;
        fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))
    }
}

impl Entry {
    fn json(&self) -> Value {
        let peer = self.peer.as_ref().map(|peer| {
            json!({
                "name": peer.name,
                "value": median(&peer.runs),
                "runs": peer.runs,
                "ratio": self.value / median(&peer.runs),
            })
        });
        json!({
            "name": self.name,
            "unit": self.unit,
            "value": self.value,
            "runs": self.runs,
            "peer": peer,
            "command": self.command,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            let value = number(entry.value);
            write!(f, "{:<36} {value:>12} {:<8}", entry.name, entry.unit)?;
            if let Some(peer) = &entry.peer {
                let theirs = median(&peer.runs);
                let ratio = entry.value / theirs;
                let theirs = number(theirs);
                write!(f, " {:<24} {theirs:>12}   ratio {ratio:.2}", peer.name)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// The middle one, or the mean of the two in the middle; NaN of nothing.
fn median(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.get(middle), sorted.len() % 2) {
        (Some(high), 0) => (sorted.get(middle - 1).unwrap_or(high) + high) / 2.0,
        (Some(high), _) => *high,
        (None, _) => f64::NAN,
    }
}

/// Three significant digits at least, none of them after the point for large numbers.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_the_median_of_the_runs() {
        assert_eq!(median(&[9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), 3.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn an_entry_has_the_agreed_fields_and_its_peers_ratio() {
        let mut report = Report::default();
        report.begin("engine");
        let peer = Peer {
            name: "other",
            runs: vec![4.0],
        };
        report.add("speed", "nodes/s", vec![1.0, 2.0, 3.0], Some(peer));
        let entry = report.entries[0].json();
        assert_eq!(entry["name"], "engine.speed");
        assert_eq!(entry["unit"], "nodes/s");
        assert_eq!(entry["value"], 2.0);
        assert_eq!(entry["runs"], json!([1.0, 2.0, 3.0]));
        assert_eq!(entry["peer"]["ratio"], 0.5);
        assert_eq!(entry["command"], "cargo xtask bench engine");
    }
}

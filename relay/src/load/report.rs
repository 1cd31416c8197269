//! Measurements as a table for people and as JSON for tools.

use std::path::Path;

use serde::Serialize;

/// One number of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Measure {
    pub(super) name: String,
    unit: &'static str,
    value: f64,
    runs: Vec<f64>,
    peer: Option<String>,
    command: String,
}

impl Measure {
    pub(super) fn new(name: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self::of_runs(name, unit, vec![value])
    }

    /// The median of several, of which there is at least one.
    pub(super) fn of_runs(name: impl Into<String>, unit: &'static str, runs: Vec<f64>) -> Self {
        let mut sorted = runs.clone();
        sorted.sort_by(f64::total_cmp);
        let value = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
        let command: Vec<String> = std::env::args().skip(1).collect();
        Self {
            name: name.into(),
            unit,
            value,
            runs,
            peer: None,
            command: format!("rookery-relay {}", command.join(" ")),
        }
    }
}

pub(super) fn print(measures: &[Measure]) {
    let widest = measures.iter().map(|m| m.name.len()).max().unwrap_or(0);
    for Measure {
        name, unit, value, ..
    } in measures
    {
        // Three significant digits at least.
        let decimals = match value.abs() {
            size if size >= 100.0 => 1,
            size if size >= 1.0 => 2,
            _ => 3,
        };
        println!("{name:<widest$}  {value:>12.decimals$} {unit}");
    }
}

pub(super) fn write(path: &Path, measures: &[Measure]) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(measures)?;
    text.push('\n');
    std::fs::write(path, text)
}

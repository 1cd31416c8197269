//! Measurements as a table for people and as JSON for tools.

use std::path::Path;

use serde::Serialize;

/// One number of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Measure {
    name: String,
    unit: &'static str,
    value: f64,
    runs: Vec<f64>,
    peer: Option<String>,
    command: String,
}

impl Measure {
    pub(super) fn new(name: impl Into<String>, unit: &'static str, value: f64) -> Self {
        let command: Vec<String> = std::env::args().skip(1).collect();
        Self {
            name: name.into(),
            unit,
            value,
            runs: vec![value],
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
        println!("{name:<widest$}  {value:>10.1} {unit}");
    }
}

pub(super) fn write(path: &Path, measures: &[Measure]) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(measures)?;
    text.push('\n');
    std::fs::write(path, text)
}

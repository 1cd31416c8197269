//! What the relay costs and bears: its own load command, with real clients over real sockets, run several times.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::RUNS;
use super::report::Report;
use crate::command;
use crate::run;
use crate::workspace::Workspace;

/// Games at the same time, each by two clients, and as many idle sessions as make 500 connections.
const LOAD: &str = "load --games 100 --idle 300 --watch-each 0 --seconds 10";

/// The load command's name for a measurement, ours, and its unit.
const MEASURED: [(&str, &str, &str); 5] = [
    ("relay RSS at 0 connections", "rss_idle", "kB"),
    ("relay RSS at 500 connections", "rss_500_connections", "kB"),
    ("ordered moves with fsync", "ordered_moves", "moves/s"),
    ("submit to opponent p50", "submit_to_opponent.p50", "ms"),
    ("submit to opponent p99", "submit_to_opponent.p99", "ms"),
];

pub(super) fn run(workspace: &Workspace, report: &mut Report) -> Result<()> {
    run::build_binaries(workspace)?;
    let file = workspace.target.join("relay-load.json");
    let mut all: [Vec<f64>; MEASURED.len()] = Default::default();
    for _ in 0..RUNS {
        let mut load = Command::new(workspace.binary("rookery-relay"));
        load.args(LOAD.split(' '))
            .arg("--json")
            .arg(&file)
            .arg("--data")
            .arg(workspace.target.join("relay-load"));
        // It fails where its oracle finds anything wrong.
        command::run(&mut load, "put the relay under load")?;
        let text = fs::read_to_string(&file).context("the load command left no report")?;
        let entries: Vec<Value> =
            serde_json::from_str(&text).context("the load command's report is no list")?;
        for ((name, ..), runs) in MEASURED.iter().zip(&mut all) {
            let value = entries
                .iter()
                .find(|entry| entry["name"] == *name)
                .and_then(|entry| entry["value"].as_f64())
                .with_context(|| format!("the load command did not measure `{name}`"))?;
            runs.push(value);
        }
    }
    for ((_, name, unit), runs) in MEASURED.into_iter().zip(all) {
        report.add(name, unit, runs, None);
    }
    Ok(())
}

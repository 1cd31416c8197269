//! What a person at the page waits for, measured in Chromium by the scripts in `www/tests/bench/`.

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::RUNS;
use super::report::{Peer, Report};
use super::uci::{PEER, peer_folder};
use crate::browser;
use crate::command;
use crate::run;
use crate::site;
use crate::workspace::Workspace;

/// From opening the page to the engine's first reply; whole games with the time until a move is painted.
pub(super) fn run_page(workspace: &Workspace, report: &mut Report) -> Result<()> {
    let peer = peer_folder(workspace)?;
    run_script(workspace, report, "page.mjs", |script| {
        script.arg(RUNS.to_string()).arg(peer)
    })?;
    run_script(workspace, report, "play.mjs", |script| {
        script.arg(RUNS.to_string())
    })
}

/// From letting go of a piece to the opponent's board.
pub(super) fn run_move(workspace: &Workspace, report: &mut Report) -> Result<()> {
    run_script(workspace, report, "move.mjs", |script| {
        script.arg(RUNS.to_string())
    })
}

/// Each line that a script prints is one measurement: `{"name", "unit", "runs", "peer"}`, `unit` being `ms` or `tasks`, `peer`
/// the runs of the peer or null.
fn run_script(
    workspace: &Workspace,
    report: &mut Report,
    script: &str,
    arguments: impl FnOnce(&mut Command) -> &mut Command,
) -> Result<()> {
    site::build(workspace)?;
    run::build_binaries(workspace)?;
    let mut node = Command::new("node");
    node.arg(workspace.page().join("tests/bench").join(script))
        .env("CHROMIUM", browser::find()?)
        .env("ROOKERY_RELAY", workspace.binary("rookery-relay"));
    arguments(&mut node);
    let mut lines = Vec::new();
    if !command::watch(&mut node, |line| lines.push(line.to_owned()))? {
        bail!("{script} failed");
    }
    for line in lines {
        let measured: Value =
            serde_json::from_str(&line).with_context(|| format!("{script} printed: {line}"))?;
        let name = measured["name"]
            .as_str()
            .context("a measurement has no name")?;
        let peer = numbers(&measured["peer"]).map(|runs| Peer { name: PEER, runs });
        let runs = numbers(&measured["runs"]).context("a measurement has no runs")?;
        let unit = match measured["unit"].as_str() {
            Some("tasks") => "tasks",
            _ => "ms",
        };
        report.add(name, unit, runs, peer);
    }
    Ok(())
}

fn numbers(list: &Value) -> Option<Vec<f64>> {
    list.as_array()?.iter().map(Value::as_f64).collect()
}

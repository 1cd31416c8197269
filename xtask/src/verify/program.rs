//! The ways that the program `rookery-verify` runs, and its hunt for deliberate faults.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Options, Share};
use crate::tools;
use crate::workspace::{Workspace, cargo, in_ci};

/// Builds the program, and the relay that some ways start.
fn build(workspace: &Workspace, target: &Path, features: &[&str]) -> Result<()> {
    tools::c_compiler()?;
    let mut build = Command::new(cargo());
    build
        .current_dir(&workspace.root)
        .args(["build", "--release", "--bins"])
        .args(["--package", "rookery-relay", "--package", "rookery-verify"])
        .arg("--target-dir")
        .arg(target)
        .args(features);
    if in_ci() {
        build.arg("--locked");
    }
    crate::command::run(&mut build, "build the checks")
}

/// One way in a process of its own, so that none can bring down another. Building is done with the first one.
pub(super) fn run(workspace: &Workspace, share: &Share) -> Result<Value> {
    build(workspace, &workspace.target, &[])?;
    let file = workspace.target.join(format!("verify-{}.json", share.name));
    // A report of an earlier run must not pass for one of this run.
    let _ = fs::remove_file(&file);
    let mut command = Command::new(workspace.binary("rookery-verify"));
    command
        .args(["--way", share.name])
        .arg("--budget")
        .arg(format!("{}ms", share.budget.as_millis()))
        .arg("--seed")
        .arg(share.seed.to_string())
        .arg("--relay")
        .arg(workspace.binary("rookery-relay"))
        .arg("--json")
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    if let Some(input) = &share.input {
        command.arg("--input").arg(input);
    }
    let status = command.status().context("cannot start rookery-verify")?;
    let text = fs::read_to_string(&file).with_context(|| format!("it left no report: {status}"))?;
    let rows: Vec<Value> = serde_json::from_str(&text).context("its report is not JSON")?;
    rows.into_iter().next().context("its report is empty")
}

/// Puts one deliberate fault after the other into a build of its own, which is never shipped.
pub(super) fn run_mutants(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let target = workspace.target.join("mutants");
    build(
        workspace,
        &target,
        &["--features", "rookery-verify/mutants"],
    )?;
    let release = target.join("release");
    let mut command =
        Command::new(release.join(format!("rookery-verify{}", std::env::consts::EXE_SUFFIX)));
    command
        .args(["--mutants", "--seed"])
        .arg(options.seed.to_string())
        .arg("--relay")
        .arg(release.join(format!("rookery-relay{}", std::env::consts::EXE_SUFFIX)));
    if let Some(way) = &options.way {
        command.args(["--way", way]);
    }
    let status = command.status().context("cannot start rookery-verify")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

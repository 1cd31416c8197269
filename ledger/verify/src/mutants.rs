//! Shows that the ways can fail: one deliberate fault after the other, until a way finds it.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use rookery_ledger::mutant::Mutant;

/// The ways in which a fault is looked for, in order, each with its time.
const HUNT: [(&str, &str); 3] = [
    ("properties", "20s"),
    ("linearizability", "25s"),
    ("faults", "60s"),
];

/// Runs every deliberate fault, or the one of this number, in a process of its own, and tells which way found it.
/// The number of those that none found.
///
/// # Errors
///
/// Where this build has no deliberate faults, or a process cannot be started.
pub fn run(relay: &Path, only: Option<u32>, seed: u64) -> Result<u64> {
    if cfg!(not(feature = "mutants")) {
        bail!("this build has no deliberate faults: it lacks the feature `mutants`");
    }
    let mut missed = 0;
    println!("| n | deliberate fault | found by |\n|---|---|---|");
    for (mutant, words) in Mutant::ALL {
        if only.is_some_and(|only| only != mutant.0) {
            continue;
        }
        let found = HUNT.iter().find_map(|(way, budget)| {
            let found = is_found(*mutant, way, budget, relay, seed);
            found.map(|found| found.then_some(*way)).transpose()
        });
        let found = found.transpose()?;
        missed += u64::from(found.is_none());
        println!("| {} | {words} | {} |", mutant.0, found.unwrap_or("none"));
    }
    Ok(missed)
}

/// Whether a way that runs with the fault reports a broken promise.
fn is_found(mutant: Mutant, way: &str, budget: &str, relay: &Path, seed: u64) -> Result<bool> {
    let report = tempfile::NamedTempFile::new().context("cannot make a file for the report")?;
    let own = std::env::current_exe().context("cannot find this program")?;
    let status = Command::new(own)
        .env("ROOKERY_MUTANT", mutant.0.to_string())
        .args(["--way", way, "--budget", budget])
        .args(["--seed", &seed.to_string()])
        .arg("--relay")
        .arg(relay)
        .arg("--json")
        .arg(report.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("cannot start a way")?;
    // 2 is a way that broke off without a verdict.
    Ok(status.code() == Some(1))
}

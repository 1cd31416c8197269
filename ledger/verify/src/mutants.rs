//! Shows that the ways can fail: one deliberate fault after the other, until a way finds it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rookery_ledger::mutant::Mutant;

/// The ways in which a fault is looked for, those first that find most in the least time, each with its time. All of
/// them find nothing without a fault.
const HUNT: &[(&str, &str)] = &[
    ("properties", "60s"),
    ("shuttle", "10s"),
    ("linearizability", "25s"),
    ("trace", "30s"),
    ("faults", "60s"),
    ("simulation", "40s"),
    ("model", "90s"),
];

/// What is hunted, and how.
#[derive(Clone, Copy, Debug)]
pub struct Hunt<'a> {
    /// The `rookery-relay` binary, with the same faults.
    pub relay: &'a Path,
    /// The one fault to put in; all of them, one after the other, if none is named.
    pub mutant: Option<u32>,
    /// The one way to look for it; all of them in turn if none is named.
    pub way: Option<&'a str>,
    /// Where the random choices come from.
    pub seed: u64,
}

impl Hunt<'_> {
    /// Runs each fault in a process of its own, and tells which way found it. Gives the number of those that none found;
    /// for one way and all faults 1 if it found none at all, for no way finds every fault.
    ///
    /// # Errors
    ///
    /// Where this build has no deliberate faults, or a process cannot be started.
    pub fn run(self) -> Result<u64> {
        if cfg!(not(feature = "mutants")) {
            bail!("this build has no deliberate faults: it lacks the feature `mutants`");
        }
        let (mut found, mut missed) = (0, 0);
        println!("| n | deliberate fault | found by | after |\n|---|---|---|---|");
        for (mutant, words) in Mutant::ALL {
            if self.mutant.is_some_and(|only| only != mutant.0) {
                continue;
            }
            match self.find(*mutant)? {
                Some((way, after)) => {
                    found += 1;
                    let after = after.as_secs_f64();
                    println!("| {} | {words} | {way} | {after:.1} s |", mutant.0);
                }
                None => {
                    missed += 1;
                    println!("| {} | {words} | none | |", mutant.0);
                }
            }
        }
        Ok(match (self.way, self.mutant) {
            (Some(_), None) => u64::from(found == 0),
            _ => missed,
        })
    }

    /// The first way that finds a fault, and how long that one took.
    fn find(self, mutant: Mutant) -> Result<Option<(&'static str, Duration)>> {
        for &(way, budget) in HUNT {
            let begin = Instant::now();
            if self.way.is_none_or(|only| only == way) && self.is_found(mutant, way, budget)? {
                return Ok(Some((way, begin.elapsed())));
            }
        }
        Ok(None)
    }

    /// Whether a way that runs with the fault reports a broken promise.
    fn is_found(self, mutant: Mutant, way: &str, budget: &str) -> Result<bool> {
        let report = tempfile::NamedTempFile::new().context("cannot make a file for the report")?;
        let own = std::env::current_exe().context("cannot find this program")?;
        let status = Command::new(own)
            .env("ROOKERY_MUTANT", mutant.0.to_string())
            .args(["--way", way, "--budget", budget])
            .args(["--seed", &self.seed.to_string()])
            .arg("--relay")
            .arg(self.relay)
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
}

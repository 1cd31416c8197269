//! `rookery-verify`: runs one way of checking, or all of them, and fails if a promise was found broken.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use rookery_verify::mutants::Hunt;
use rookery_verify::{Plan, Row, WAYS, Way};

/// Tries to break what Rookery promises.
#[derive(Parser)]
struct Cli {
    /// The one way to run; all of them if none is named.
    #[arg(long, value_name = "NAME")]
    way: Option<String>,
    /// How long to run, as in 90s, 5m or 2h; shared equally if all ways run.
    #[arg(long, value_name = "T", default_value = "60s", value_parser = humantime::parse_duration)]
    budget: Duration,
    /// Where the random choices come from.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The file to check, for --way trace.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Instead of a time: so many games, for --way simulation.
    #[arg(long, value_name = "N", requires = "way")]
    cases: Option<u64>,
    /// Where --way simulation keeps how far it is; it goes on from there.
    #[arg(long, value_name = "FILE", requires = "cases")]
    progress: Option<PathBuf>,
    /// On how many threads --way simulation runs.
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// The rookery-relay binary, for the ways that start one.
    #[arg(long, value_name = "FILE")]
    relay: Option<PathBuf>,
    /// Instead: puts one deliberate fault after the other into what is checked, and tells which way finds it. Needs a
    /// build with the feature `mutants`. With --way only that way looks for them.
    #[arg(long, conflicts_with_all = ["budget", "input", "json"])]
    mutants: bool,
    /// The one deliberate fault to try.
    #[arg(long, value_name = "N", requires = "mutants")]
    mutant: Option<u32>,
    /// Writes [{"way","cases","states","faults","violations","seed"}].
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(violations) => {
            eprintln!("{violations} violations");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The number of violations found.
fn run(cli: Cli) -> Result<u64> {
    if cli.mutants {
        let relay = cli.relay.context("--mutants needs --relay FILE")?;
        choose(cli.way.as_deref())?;
        let hunt = Hunt {
            relay: &relay,
            mutant: cli.mutant,
            way: cli.way.as_deref(),
            seed: cli.seed,
        };
        return hunt.run();
    }
    let chosen = choose(cli.way.as_deref())?;
    let ways = u32::try_from(chosen.len().max(1)).unwrap_or(u32::MAX);
    let plan = Plan {
        budget: cli.budget / ways,
        seed: cli.seed,
        input: cli.input,
        relay: cli.relay,
        cases: cli.cases,
        progress: cli.progress,
        threads: cli.threads,
    };
    let mut rows: Vec<Row> = Vec::new();
    for way in chosen {
        rows.push((way.run)(&plan).with_context(|| format!("the way `{}` broke off", way.name))?);
    }
    let text = serde_json::to_string_pretty(&rows)?;
    println!("{text}");
    if let Some(file) = cli.json {
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(rows.iter().map(|row| row.violations).sum())
}

fn choose(name: Option<&str>) -> Result<Vec<&'static Way>> {
    let chosen: Vec<&Way> = WAYS
        .iter()
        .filter(|way| name.is_none_or(|name| name == way.name))
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = WAYS.iter().map(|way| way.name).collect();
        bail!("there is no such way; there are: {}", names.join(", "));
    }
    Ok(chosen)
}

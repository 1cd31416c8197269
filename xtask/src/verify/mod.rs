//! `cargo xtask verify`: lets a machine try to break what the protocol promises, way by way, and reports in one form.
//! Most ways are in the program `rookery-verify`; those that are programs of cargo's have a file each.

mod fuzz;
mod miri;
mod program;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::tally::Tally;
use crate::workspace::Workspace;

/// One way of checking, and its share of the time.
struct Way {
    name: &'static str,
    checks: &'static str,
    /// How long it runs among the tests, s. A longer run is shared out in the same proportion. With 0 it runs only when it is
    /// named, and not among the tests.
    smoke_s: u32,
    /// Gives its row: `{"way","cases","states","faults","violations","seed"}`.
    run: fn(&Workspace, &Share) -> Result<Value>,
}

/// What one way is given.
struct Share {
    name: &'static str,
    budget: Duration,
    seed: u64,
    input: Option<PathBuf>,
}

/// In the order in which they run.
const WAYS: &[Way] = &[
    Way {
        name: "properties",
        checks: "random histories in any order and part, beside a reference that shares no code",
        smoke_s: 15,
        run: program::run,
    },
    Way {
        name: "model",
        checks: "players, relays and logs explored within bounds, with crashes, losses, lies and moves of home",
        smoke_s: 30,
        run: program::run,
    },
    Way {
        name: "simulation",
        checks: "whole games in virtual time, with everything that can happen to relays, disks, networks and devices",
        smoke_s: 20,
        run: program::run,
    },
    Way {
        name: "linearizability",
        checks: "what concurrent clients heard from the real relay, beside a register of places",
        smoke_s: 15,
        run: program::run,
    },
    Way {
        name: "faults",
        checks: "the shipped relay killed and cut off under whole games",
        smoke_s: 30,
        run: program::run,
    },
    Way {
        name: "trace",
        checks: "what the relay wrote down of itself, replayed beside the protocol; doctored copies rejected",
        smoke_s: 20,
        run: program::run,
    },
    Way {
        name: "fuzz",
        checks: "every decoder, the folds, sequencer, session and configuration on inputs that find new branches",
        smoke_s: 70,
        run: fuzz::run,
    },
    Way {
        name: "shuttle",
        checks: "the log's group commit and the queues, in orders of events that a scheduler chooses",
        smoke_s: 10,
        run: program::run,
    },
    Way {
        name: "miri",
        checks: "the ledger's own code under an interpreter that sees undefined behaviour",
        smoke_s: 0,
        run: miri::run,
    },
];

const DEFAULT_BUDGET: Duration = Duration::from_secs(300);

/// What the user chose.
#[derive(Debug)]
pub(crate) struct Options {
    /// The one to run, or to look for deliberate faults; all if none is named.
    way: Option<String>,
    /// For all of them together.
    budget: Duration,
    seed: u64,
    /// The file that the way checks.
    input: Option<PathBuf>,
    /// Where to write the report as JSON.
    json: Option<PathBuf>,
    /// Whether deliberate faults are put in, to see that they are found.
    mutants: bool,
}

impl Options {
    /// Reads `[--way NAME] [--budget T] [--seed S] [--input FILE] [--json FILE]`, or `--mutants [--way NAME] [--seed S]`.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            way: None,
            budget: DEFAULT_BUDGET,
            seed: 1,
            input: None,
            json: None,
            mutants: false,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .with_context(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                "--way" => options.way = Some(way_name(value()?)?),
                "--budget" => {
                    let text = value()?;
                    options.budget = humantime::parse_duration(text)
                        .with_context(|| format!("`{text}` is not a time: write 90s, 5m or 2h"))?;
                }
                "--seed" => {
                    let text = value()?;
                    options.seed = text.parse().with_context(|| {
                        format!(
                            "`{text}` is not a seed: give a number from 0 to {}",
                            u64::MAX
                        )
                    })?;
                }
                "--mutants" => options.mutants = true,
                "--input" => options.input = Some(PathBuf::from(value()?)),
                "--json" => options.json = Some(PathBuf::from(value()?)),
                other => bail!(
                    "`cargo xtask verify` does not know `{other}`; it takes --way NAME, --budget T, --seed S, \
                     --input FILE and --json FILE, or --mutants"
                ),
            }
        }
        if options.input.is_some() && options.way.is_none() {
            bail!("--input needs the way that checks the file, as in --way trace");
        }
        Ok(options)
    }
}

fn way_name(name: &str) -> Result<String> {
    if WAYS.iter().all(|way| way.name != name) {
        let names: Vec<&str> = WAYS.iter().map(|way| way.name).collect();
        bail!("there is no way `{name}`; there are: {}", names.join(", "));
    }
    Ok(name.to_owned())
}

/// The ways' names and what each checks, one a line.
pub(crate) fn list() -> String {
    let lines = WAYS.iter().map(|way| {
        format!(
            "                                {:<16}  {}\n",
            way.name, way.checks
        )
    });
    lines.collect()
}

/// Runs one way or all, prints a table, writes the JSON, and fails if a promise was broken or a way broke off.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if options.mutants && options.way.as_deref() == Some("fuzz") {
        return fuzz::run_mutants(workspace, options.seed);
    }
    if options.mutants {
        return program::run_mutants(workspace, options);
    }
    let (rows, failed) = run_ways(workspace, options)?;
    println!("\n{}", table(&rows));
    if let Some(file) = &options.json {
        fs::write(file, serde_json::to_string_pretty(&rows)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("failed: {}", failed.join(", "));
    Ok(ExitCode::FAILURE)
}

/// Every way for a short time; each counts as one test.
pub(crate) fn smoke(workspace: &Workspace) -> Result<Tally> {
    let mut options = Options::parse(&[])?;
    options.budget = Duration::from_secs(WAYS.iter().map(|way| u64::from(way.smoke_s)).sum());
    let (rows, failed) = run_ways(workspace, &options)?;
    println!("\n{}", table(&rows));
    let ran = WAYS.iter().filter(|way| way.smoke_s > 0);
    let ways = ran.map(|way| Tally::check(!failed.contains(&way.name)));
    Ok(ways.fold(Tally::default(), |mut sum, way| {
        sum += way;
        sum
    }))
}

/// The rows of the chosen ways, and the names of those that found a promise broken or broke off.
fn run_ways(workspace: &Workspace, options: &Options) -> Result<(Vec<Value>, Vec<&'static str>)> {
    let chosen: Vec<&Way> = WAYS
        .iter()
        .filter(|way| match options.way.as_deref() {
            Some(name) => name == way.name,
            None => way.smoke_s > 0,
        })
        .collect();
    let seconds: u32 = chosen.iter().map(|way| way.smoke_s).sum();
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for way in &chosen {
        println!("\n== {}: {}", way.name, way.checks);
        let share = Share {
            name: way.name,
            // Alone, a way has all the time.
            budget: match &chosen[..] {
                [_] => options.budget,
                _ => options.budget * way.smoke_s / seconds,
            },
            seed: options.seed,
            input: options.input.clone(),
        };
        match (way.run)(workspace, &share) {
            Ok(row) => {
                if row["violations"] != 0 {
                    failed.push(way.name);
                }
                rows.push(row);
            }
            Err(error) => {
                println!("{}: {error:#}", way.name);
                failed.push(way.name);
            }
        }
    }
    Ok((rows, failed))
}

fn table(rows: &[Value]) -> String {
    let mut text = format!(
        "{:<16} {:>12} {:>12} {:>10} {:>10} {:>20}\n",
        "way", "cases", "states", "faults", "violations", "seed"
    );
    for row in rows {
        let number = |key: &str| row[key].as_u64().unwrap_or_default();
        text += &format!(
            "{:<16} {:>12} {:>12} {:>10} {:>10} {:>20}\n",
            row["way"].as_str().unwrap_or_default(),
            number("cases"),
            number("states"),
            number("faults"),
            number("violations"),
            number("seed")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn parse(line: &str) -> anyhow::Result<Options> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words)
    }

    #[test]
    fn budget_seed_and_report_are_chosen() {
        let options = parse("--budget 5m --seed 7 --json out.json").unwrap();
        assert_eq!(options.budget.as_secs(), 300);
        assert_eq!(options.seed, 7);
        assert_eq!(options.json.unwrap().to_str(), Some("out.json"));
    }

    #[test]
    fn bad_values_are_refused_with_what_is_right() {
        for (line, words) in [
            ("--budget soon", "90s"),
            ("--seed -1", "from 0 to"),
            ("--way magic", "there is no way"),
            ("--sede 1", "--seed"),
            ("--input trace.jsonl", "--way trace"),
            ("--json", "needs a value"),
        ] {
            let error = format!("{:#}", parse(line).unwrap_err());
            assert!(error.contains(words), "{line}: {error}");
        }
    }
}

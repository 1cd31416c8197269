//! `cargo xtask bench`: named measurements with one form of report. What is compared with a peer is measured beside it
//! in the same run.

mod engine;
mod page;
mod relay;
mod report;
mod size;
mod uci;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use report::Report;

/// One measurement: its name, what it measures, and how.
struct Bench {
    name: &'static str,
    measures: &'static str,
    run: fn(&Workspace, &mut Report) -> Result<()>,
}

const BENCHES: [Bench; 5] = [
    Bench {
        name: "size",
        measures: "bytes of both wasm packages and of the page, raw and brotli",
        run: size::run,
    },
    Bench {
        name: "engine",
        measures: "perft, search speed and start-up, native and wasm, beside Stockfish 19 lite",
        run: engine::run,
    },
    Bench {
        name: "page",
        measures: "page load to the first engine reply in Chromium, beside Stockfish 19 lite; pointer to painted move",
        run: page::run_page,
    },
    Bench {
        name: "move",
        measures: "pointer to the opponent's board, p50 and p99, over WebSocket and WebRTC-direct",
        run: page::run_move,
    },
    Bench {
        name: "relay",
        measures: "memory at 0 and 500 connections, ordered moves a second with fsync",
        run: relay::run,
    },
];

/// How often a measurement is repeated; the median counts.
const RUNS: usize = 5;

/// What the user chose.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The one to run; all if none is named.
    name: Option<String>,
    /// Where to write the report as JSON.
    json: Option<PathBuf>,
}

impl Options {
    /// Reads `[NAME] [--json FILE]`.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            if argument == "--json" {
                let file = arguments.next().context("--json needs a file")?;
                options.json = Some(PathBuf::from(file));
            } else if argument.starts_with('-') || options.name.is_some() {
                bail!(
                    "`cargo xtask bench` does not know `{argument}`; it takes [NAME] [--json FILE]"
                );
            } else if BENCHES.iter().all(|bench| bench.name != argument) {
                bail!("there is no bench `{argument}`; there are: {}", names());
            } else {
                options.name = Some(argument.clone());
            }
        }
        Ok(options)
    }
}

/// The benches' names and what each measures, one a line.
pub(crate) fn list() -> String {
    let lines = BENCHES.iter().map(|bench| {
        format!(
            "                                {:<9}  {}\n",
            bench.name, bench.measures
        )
    });
    lines.collect()
}

fn names() -> String {
    BENCHES.map(|bench| bench.name).join(", ")
}

/// Runs one bench or all, prints a table, writes the JSON, and fails if any of them failed.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut report = Report::default();
    let mut failed = Vec::new();
    let chosen = BENCHES.iter().filter(|bench| {
        options
            .name
            .as_deref()
            .is_none_or(|name| name == bench.name)
    });
    for bench in chosen {
        println!("\n== {}: {}", bench.name, bench.measures);
        report.begin(bench.name);
        if let Err(error) = (bench.run)(workspace, &mut report) {
            println!("{}: {error:#}", bench.name);
            failed.push(bench.name);
        }
    }
    println!("\n{report}");
    if let Some(file) = &options.json {
        report.write(file)?;
    }
    if failed.is_empty() {
        Ok(ExitCode::SUCCESS)
    } else {
        println!("failed: {}", failed.join(", "));
        Ok(ExitCode::FAILURE)
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn parse(line: &str) -> anyhow::Result<Options> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words)
    }

    #[test]
    fn a_bench_is_named_and_its_report_goes_to_a_file() {
        let options = parse("size --json out.json").unwrap();
        assert_eq!(options.name.as_deref(), Some("size"));
        assert_eq!(options.json.unwrap().to_str(), Some("out.json"));
    }

    #[test]
    fn an_unknown_bench_is_refused_with_those_there_are() {
        let error = parse("speed").unwrap_err().to_string();
        assert!(error.contains("size"), "{error}");
        assert!(parse("size engine").is_err());
        assert!(parse("--josn x").is_err());
    }
}

//! `rookery-train`: collects games, looks at them, trains a network on them, checks a network by them.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Trains the network that judges positions for Rookery's engine.
#[derive(Parser)]
#[command(name = "rookery-train", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lets another engine play against itself and records its games.
    Collect(commands::collect::Options),
    /// Counts what files of games have, and shows how scores and results belong together.
    Stats(commands::stats::Options),
    /// Trains a network and writes it, with a manifest beside it.
    Train(commands::train::Options),
    /// Judges a network by games.
    Check(commands::check::Options),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Collect(options) => commands::collect::run(&options),
        Command::Stats(options) => commands::stats::run(&options),
        Command::Train(options) => commands::train::run(&options),
        Command::Check(options) => commands::check::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

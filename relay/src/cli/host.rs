//! `rookery-relay status`, `bans`, `forget` and `backup`: what a host asks the relay that runs.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rookery_ledger::id::GameId;
use serde::Serialize;

use super::fail;
use crate::config::{Config, ConfigError, Overrides};
use crate::control::{self, ControlError};

/// Which relay.
#[derive(Debug, clap::Args)]
struct Which {
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "ROOKERY_CONFIG")]
    config: Option<PathBuf>,
    /// Folder for the keys and the log
    #[arg(long, value_name = "DIR", env = "ROOKERY_DATA")]
    data: Option<PathBuf>,
}

impl Which {
    fn data(&self) -> Result<PathBuf, ConfigError> {
        let overrides = Overrides {
            data: self.data.clone(),
            ..Overrides::default()
        };
        Ok(Config::load(self.config.as_deref(), &overrides)?.data)
    }
}

/// What `status` and `bans` are told.
#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    relay: Which,
    /// As one line of JSON
    #[arg(long)]
    json: bool,
}

/// What `backup` is told.
#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// The file to make; it must not be there yet
    file: PathBuf,
    #[command(flatten)]
    relay: Which,
}

/// What `forget` is told.
#[derive(Debug, clap::Args)]
pub(super) struct ForgetArgs {
    /// The game's name, 64 hexadecimal digits: the last part of its link
    #[arg(value_parser = game)]
    game: GameId,
    #[command(flatten)]
    relay: Which,
}

fn game(text: &str) -> Result<GameId, String> {
    let words = "a game's name has 64 hexadecimal digits, the last part of its link";
    text.parse().map_err(|_| words.into())
}

pub(super) fn forget(args: &ForgetArgs) -> ExitCode {
    let data = match args.relay.data() {
        Ok(data) => data,
        Err(error) => return fail(&error),
    };
    match control::forget(&data, args.game) {
        Ok(was_there) => {
            let words = if was_there {
                "forgotten"
            } else {
                "was not here; it is refused from now on"
            };
            println!("{}: {words}", args.game);
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

pub(super) fn status(args: &StatusArgs) -> ExitCode {
    tell(args, control::status)
}

pub(super) fn bans(args: &StatusArgs) -> ExitCode {
    tell(args, control::bans)
}

fn tell<T: Serialize + Display>(
    args: &StatusArgs,
    ask: impl FnOnce(&Path) -> Result<T, ControlError>,
) -> ExitCode {
    let data = match args.relay.data() {
        Ok(data) => data,
        Err(error) => return fail(&error),
    };
    let said = ask(&data).map_err(|error| error.to_string());
    let words = said.and_then(|said| {
        if args.json {
            serde_json::to_string(&said).map_err(|error| error.to_string())
        } else {
            Ok(said.to_string())
        }
    });
    match words {
        Ok(words) => {
            println!("{words}");
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

pub(super) fn backup(args: &BackupArgs) -> ExitCode {
    let data = match args.relay.data() {
        Ok(data) => data,
        Err(error) => return fail(&error),
    };
    match control::backup(&data, &args.file) {
        Ok(rows) => {
            println!("{}: {rows} rows", args.file.display());
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

//! `rookery-relay status` and `rookery-relay backup`: what a host asks the relay that runs.

use std::path::PathBuf;
use std::process::ExitCode;

use super::fail;
use crate::config::{Config, ConfigError, Overrides};
use crate::control;

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

/// What `status` is told.
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

pub(super) fn status(args: &StatusArgs) -> ExitCode {
    let data = match args.relay.data() {
        Ok(data) => data,
        Err(error) => return fail(&error),
    };
    match control::status(&data) {
        Ok(status) if args.json => match serde_json::to_string(&status) {
            Ok(line) => {
                println!("{line}");
                ExitCode::SUCCESS
            }
            Err(error) => fail(&error),
        },
        Ok(status) => {
            println!("{status}");
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

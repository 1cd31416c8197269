//! `rookery-relay compact`: makes the log's file as small as what is in it.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{LOG_FILE, fail};
use crate::config::{Config, Overrides};
use crate::disk;
use crate::order_log::RedbLog;

/// What `compact` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "ROOKERY_CONFIG")]
    config: Option<PathBuf>,
    /// Folder for the keys and the log
    #[arg(long, value_name = "DIR", env = "ROOKERY_DATA")]
    data: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> ExitCode {
    let overrides = Overrides {
        data: args.data.clone(),
        ..Overrides::default()
    };
    let config = match Config::load(args.config.as_deref(), &overrides) {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    let path = config.data.join(LOG_FILE);
    let size = || disk::size(&path).unwrap_or_default();
    let before = size();
    match RedbLog::compact(&path) {
        Ok(()) => {
            println!("{}: {before} bytes, now {}", path.display(), size());
            ExitCode::SUCCESS
        }
        Err(error) => fail(&format_args!("{}: {error}", path.display())),
    }
}

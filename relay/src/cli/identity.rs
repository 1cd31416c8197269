//! `rookery-relay identity`: who this relay is.

use std::path::PathBuf;
use std::process::ExitCode;

use super::fail;
use crate::config::{Config, Overrides};
use crate::keys::Keys;

/// What `identity` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "ROOKERY_CONFIG")]
    config: Option<PathBuf>,
    /// Folder for the keys and the log
    #[arg(long, value_name = "DIR", env = "ROOKERY_DATA")]
    data: Option<PathBuf>,
    /// As one line of JSON
    #[arg(long)]
    json: bool,
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
    let keys = match Keys::load_or_make(&config.data) {
        Ok(keys) => keys,
        Err(error) => return fail(&error),
    };
    let (peer, order) = (keys.identity.public().to_peer_id(), keys.order_key());
    if args.json {
        println!(
            "{}",
            serde_json::json!({ "peer_id": peer.to_string(), "order_key": order.to_string() })
        );
    } else {
        println!("peer id    {peer}\norder key  {order}");
    }
    ExitCode::SUCCESS
}

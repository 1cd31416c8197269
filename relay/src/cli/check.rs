//! `rookery-relay check`: would the relay start with this configuration?

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{Config, LogFormat, Overrides};

/// What `check` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "ROOKERY_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
}

pub(super) fn run(args: &Args) -> ExitCode {
    match Config::load(args.config.as_deref(), &args.overrides) {
        Ok(config) => {
            println!("The configuration is good.");
            println!("  data     {}", config.data.display());
            for address in &config.listen {
                println!("  listen   {address}");
            }
            for address in &config.announce {
                println!("  announce {address}");
            }
            println!("  http     {}", config.http);
            println!("  metrics  {}", config.metrics);
            for standby in &config.standby {
                println!("  standby  {standby}");
            }
            match &config.site {
                Some(site) => println!("  site     {}", site.display()),
                None => println!("  site     none: only the files of games are served"),
            }
            for peer in &config.peers {
                match &peer.address {
                    Some(address) => println!("  peer     {address}/p2p/{}", peer.id),
                    None => println!("  peer     /p2p/{} (dials this relay)", peer.id),
                }
            }
            if let Some(trace) = &config.trace {
                println!("  trace    {}", trace.display());
                println!(
                    "Note: the trace holds the players' signed records and grows without bound."
                );
            }
            let access = &config.access;
            for (name, count) in [
                ("allow_addresses", access.allow_addresses.len()),
                ("deny_addresses", access.deny_addresses.len()),
                ("allow_keys", access.allow_keys.len()),
                ("deny_keys", access.deny_keys.len()),
            ] {
                if count > 0 {
                    println!("  {name}: {count}");
                }
            }
            match config.tokens.len() {
                0 => {}
                many => println!("  tokens   {many}: the relay is private"),
            }
            match config.log_format {
                LogFormat::Text => println!("  log      {}, as text", config.log),
                LogFormat::Json => println!("  log      {}, as JSON", config.log),
            }
            if !config.metrics.ip().is_loopback() {
                println!(
                    "Note: metrics are not private: {} can be reached from other machines.",
                    config.metrics
                );
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            for problem in &error.0 {
                eprintln!("{problem}");
            }
            ExitCode::FAILURE
        }
    }
}

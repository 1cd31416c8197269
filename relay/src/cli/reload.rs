//! Reads the configuration again while the relay runs: limits, lists and tokens take effect at once, the rest at the next start.

use super::serve::Args;
use crate::config::Config;
use crate::relay::Relay;

/// Takes on what a running relay can; `started` is the configuration with which it started. What cannot be used is told, and
/// all stays as it is.
pub(super) fn reload(args: &Args, started: &Config, relay: &Relay) {
    let config = match args.load() {
        Ok(config) => config,
        Err(error) => {
            relay.metrics.config_ok.set(0);
            for problem in &error.0 {
                tracing::error!(place = problem.place, "{}", problem.what);
            }
            tracing::error!(
                "the configuration has mistakes; the relay goes on with the one before"
            );
            return;
        }
    };
    relay.metrics.config_ok.set(1);
    for key in started.differs(&config) {
        tracing::warn!(key, "this change takes effect at the next start");
    }
    let access = &config.access;
    tracing::info!(
        allow_addresses = access.allow_addresses.len(),
        deny_addresses = access.deny_addresses.len(),
        allow_keys = access.allow_keys.len(),
        deny_keys = access.deny_keys.len(),
        tokens = config.tokens.len(),
        "the configuration was read again"
    );
    relay.govern(config.limits, config.access, config.tokens);
}

//! What a run of one way is given.

use std::path::PathBuf;
use std::time::Duration;

/// How long a way may run, from which seed, and on what.
#[derive(Clone, Debug)]
pub struct Plan {
    /// About how long the way may take. What it began it ends.
    pub budget: Duration,
    /// Where its random choices come from.
    pub seed: u64,
    /// A file to check, for a way that checks files.
    pub input: Option<PathBuf>,
    /// The `rookery-relay` binary, for ways that start one.
    pub relay: Option<PathBuf>,
}

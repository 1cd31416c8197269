//! What a run of one way is given.

use std::path::PathBuf;
use std::time::Duration;

/// How long a way may run, from which seed, and on what.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// About how long the way may take. What it began it ends.
    pub budget: Duration,
    /// Where its random choices come from.
    pub seed: u64,
    /// A file to check, for a way that checks files.
    pub input: Option<PathBuf>,
    /// The `rookery-relay` binary, for ways that start one.
    pub relay: Option<PathBuf>,
    /// Instead of a time, as many cases, for a way that can be broken off and gone on with.
    pub cases: Option<u64>,
    /// Where such a way keeps how far it is.
    pub progress: Option<PathBuf>,
    /// On how many threads such a way may run.
    pub threads: usize,
}

//! What a run of one way reports.

use serde::Serialize;

/// The counts of one way, in the form that `--json` writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The way's name.
    pub way: &'static str,
    /// Cases that were run to their end: histories, games, traces, receipts; each way says which.
    pub cases: u64,
    /// Distinct states that were seen, or steps that were checked.
    pub states: u64,
    /// Faults that were put in: messages lost, crashes, kills, cuts.
    pub faults: u64,
    /// Promises that were found broken.
    pub violations: u64,
    /// The seed of the run.
    pub seed: u64,
}

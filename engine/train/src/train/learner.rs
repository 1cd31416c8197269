//! What a device does for the training.

use super::adam::Step;
use super::gradient::Target;
use super::{SHARDS, State, TrainError};
use crate::positions::Position;

/// Positions to learn from at once.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    /// All that there are.
    pub(super) all: &'a [Position],
    /// The numbers of those that are meant.
    pub(super) chosen: &'a [u32],
}

impl Batch<'_> {
    /// Positions of a shard, of which the last may have fewer.
    pub(super) const fn shard(&self) -> usize {
        self.chosen.len().div_ceil(SHARDS)
    }
}

/// Holds a network and the optimiser's memory, and changes them by batches.
pub(super) trait Learner {
    /// Takes over the network and the memory of `state`.
    fn load(&mut self, state: &State) -> Result<(), TrainError>;

    /// Learns from a batch; what went wrong with it may show later.
    fn learn(&mut self, batch: Batch<'_>, target: Target, step: Step) -> Result<(), TrainError>;

    /// The sum of the squared errors of all batches since the last call, each before its step.
    fn error(&mut self) -> Result<f64, TrainError>;

    /// The sum of the squared errors for `positions`.
    fn judge(&mut self, positions: &[Position], target: Target) -> Result<f64, TrainError>;

    /// Writes the network and the memory into `state`.
    fn store(&mut self, state: &mut State) -> Result<(), TrainError>;
}

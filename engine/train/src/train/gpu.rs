//! Training on a GPU, by Vulkan or Metal.
//!
//! The network, the optimiser's memory and the gradients stay there; a batch goes over as 32 bytes a position. A batch has
//! the same shards as on the processor, and each sum has the same order: there is no atomic sum of floating point. So the
//! same GPU with the same driver gives the same network again. It is not the processor's to the bit, for GPUs may fuse a
//! product and a sum, and have exponentials and divisions of their own.

mod adapter;
mod error;
mod kernels;
mod link;
mod sizes;

pub use adapter::Adapter;
pub use error::GpuError;

use super::adam::{MEAN_KEPT, SPREAD_KEPT, Step};
use super::gradient::Target;
use super::learner::{Batch, Learner};
use super::{State, TrainError};
use crate::network::{BUCKETS, INPUTS, OUTPUT_SCALE, Shape};
use crate::positions::Position;
use kernels::{Buffers, Kernels};
use link::Link;
use sizes::Sizes;

/// Submissions that may wait for the GPU, so that it need not wait for the next.
const WAITING: usize = 2;
/// Positions that a workgroup takes: of the kernel `inputs`, of `judge`.
const INPUTS_GROUP: usize = 16;
const JUDGE_GROUP: u32 = 4;
/// Quads of numbers that a workgroup of the other kernels takes.
const QUADS_GROUP: usize = 64;

/// A GPU and what it holds.
pub(super) struct Gpu {
    link: Link,
    shape: Shape,
    sizes: Sizes,
    buffers: Buffers,
    kernels: Kernels,
    /// What goes over next.
    bytes: Vec<u8>,
}

/// What the kernels are told of a group of shards; the rest of `Batch` in `kernels.wgsl` follows from it.
struct Group {
    positions: usize,
    /// The shards before it in the batch.
    first: usize,
}

impl Gpu {
    /// For a network of this shape and batches of so many positions.
    pub(super) fn new(adapter: &Adapter, shape: Shape, batch: u32) -> Result<Gpu, GpuError> {
        let sizes = Sizes::new(shape, batch as usize, &adapter.limits())?;
        let link = adapter.open()?;
        let buffers = Buffers::new(&link, shape, &sizes)?;
        let kernels = Kernels::new(&link, shape, &buffers)?;
        Ok(Gpu {
            link,
            shape,
            sizes,
            buffers,
            kernels,
            bytes: Vec::new(),
        })
    }

    /// Sends the positions over, and what the kernels have to know of them.
    fn send<'a>(
        &mut self,
        positions: impl Iterator<Item = &'a Position>,
        target: Target,
        group: &Group,
        step: Step,
    ) {
        let number = i32::try_from(step.number).unwrap_or(i32::MAX);
        let counts = [
            group.positions,
            self.sizes.shard,
            self.sizes.words(),
            group.first,
            self.sizes.shards,
        ];
        let numbers = [
            OUTPUT_SCALE as f32 / target.scale,
            step.share,
            step.rate,
            step.decay,
            1.0 - MEAN_KEPT.powi(number),
            1.0 - SPREAD_KEPT.powi(number),
            0.0,
        ];
        self.bytes.clear();
        for count in counts {
            self.bytes.extend((count as u32).to_le_bytes());
        }
        for number in numbers {
            self.bytes.extend(number.to_le_bytes());
        }
        self.link.write(&self.buffers.batch, &self.bytes);
        self.bytes.clear();
        for position in positions {
            let (occupied, pieces) = position.packed();
            self.bytes.extend(occupied.to_le_bytes());
            let turn = u32::from(position.turn().is_black());
            self.bytes.extend(turn.to_le_bytes());
            self.bytes.extend(target.of(position).to_le_bytes());
            self.bytes.extend(pieces);
        }
        self.link.write(&self.buffers.positions, &self.bytes);
    }

    /// Has the kernels work on the positions that were sent: forward, back too if `back`, and with a step after it if
    /// `last`.
    fn run(&mut self, group: &Group, back: bool, last: bool) -> Result<(), GpuError> {
        let positions = group.positions as u32;
        let shards = group.positions.div_ceil(self.sizes.shard) as u32;
        let quads = self.shape.hidden().div_ceil(4 * QUADS_GROUP) as u32;
        let words = self.sizes.words() as u32;
        let kernels = &self.kernels;
        self.link.submit(|pass| {
            kernels.inputs.dispatch(pass, [words, shards, 1]);
            kernels.accumulate.dispatch(pass, [positions, 2, quads]);
            let fours = positions.div_ceil(JUDGE_GROUP);
            kernels.judge.dispatch(pass, [fours, 1, 1]);
            if back {
                let sides = 2 * BUCKETS as u32;
                kernels.outputs.dispatch(pass, [quads, sides, shards]);
                kernels.changes.dispatch(pass, [positions, 2, quads]);
                let rows = INPUTS as u32 + 1;
                kernels.features.dispatch(pass, [quads, rows, shards]);
            }
            if last {
                let quads = self.shape.parameters().div_ceil(4 * QUADS_GROUP);
                kernels.adam.dispatch(pass, [quads as u32, 1, 1]);
            }
        });
        self.link.wait(WAITING)
    }

    /// The passes forward and back of a batch; with a step after them if `moving`.
    fn pass(
        &mut self,
        batch: Batch<'_>,
        target: Target,
        step: Step,
        moving: bool,
    ) -> Result<(), GpuError> {
        let together = self.sizes.positions();
        let groups = batch.chosen.len().div_ceil(together);
        for (index, chosen) in batch.chosen.chunks(together).enumerate() {
            let group = Group {
                positions: chosen.len(),
                first: index * self.sizes.together,
            };
            let positions = chosen.iter().map(|&number| &batch.all[number as usize]);
            self.send(positions, target, &group, step);
            self.run(&group, true, moving && index + 1 == groups)?;
        }
        Ok(())
    }
}

impl Learner for Gpu {
    fn load(&mut self, state: &State) -> Result<(), TrainError> {
        let lists = [
            (&self.buffers.parameters, &state.network.parameters),
            (&self.buffers.means, &state.adam.means),
            (&self.buffers.spreads, &state.adam.spreads),
        ];
        for (buffer, numbers) in lists {
            self.bytes.clear();
            self.bytes
                .extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
            self.link.write(buffer, &self.bytes);
        }
        Ok(self.link.check()?)
    }

    fn learn(&mut self, batch: Batch<'_>, target: Target, step: Step) -> Result<(), TrainError> {
        Ok(self.pass(batch, target, step, true)?)
    }

    fn error(&mut self) -> Result<f64, TrainError> {
        let errors = self.link.read(&self.buffers.errors)?;
        self.link.clear(&self.buffers.errors);
        Ok(errors.into_iter().map(f64::from).sum())
    }

    fn judge(&mut self, positions: &[Position], target: Target) -> Result<f64, TrainError> {
        let still = Step {
            number: 1,
            share: 0.0,
            rate: 0.0,
            decay: 0.0,
        };
        for part in positions.chunks(self.sizes.positions()) {
            let group = Group {
                positions: part.len(),
                first: 0,
            };
            self.send(part.iter(), target, &group, still);
            self.run(&group, false, false)?;
        }
        self.error()
    }

    fn store(&mut self, state: &mut State) -> Result<(), TrainError> {
        let parameters = self.link.read(&self.buffers.parameters)?;
        let means = self.link.read(&self.buffers.means)?;
        let spreads = self.link.read(&self.buffers.spreads)?;
        state.network.parameters = parameters;
        state.adam.means = means;
        state.adam.spreads = spreads;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

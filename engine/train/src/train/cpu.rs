//! Training on the cores of the processor.
//!
//! A batch is cut into [`SHARDS`] parts whatever the number of threads, each with a gradient of its own, and the parts
//! are summed up in their order.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::adam::{Adam, Step};
use super::block::Block;
use super::gradient::Target;
use super::learner::{Batch, Learner};
use super::tiles::{cut, join};
use super::{SHARDS, State, TrainError};
use crate::network::Shape;
use crate::positions::Position;

/// Positions of a validation task.
const TASK: usize = 4096;

/// A shard's room, kept from batch to batch.
struct Shard {
    positions: Vec<Position>,
    gradient: Vec<f32>,
    error: f64,
}

impl AsRef<[f32]> for Shard {
    fn as_ref(&self) -> &[f32] {
        &self.gradient
    }
}

/// The threads and what they work on. The network, the optimiser's memory and the gradients lie in tiles.
pub(super) struct Cpu {
    shape: Shape,
    pool: ThreadPool,
    network: Vec<f32>,
    adam: Adam,
    shards: Vec<Shard>,
    /// One for each thread, which alone locks it.
    blocks: Vec<Mutex<Block>>,
    error: f64,
}

impl Cpu {
    /// For a network of this shape, on so many threads.
    pub(super) fn new(shape: Shape, threads: usize) -> Result<Cpu, TrainError> {
        let shard = || Shard {
            positions: Vec::new(),
            gradient: vec![0.0; shape.parameters()],
            error: 0.0,
        };
        let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
        let blocks = 0..pool.current_num_threads();
        Ok(Cpu {
            shape,
            blocks: blocks.map(|_| Mutex::new(Block::new(shape))).collect(),
            pool,
            network: vec![0.0; shape.parameters()],
            adam: Adam::new(shape),
            shards: (0..SHARDS).map(|_| shard()).collect(),
            error: 0.0,
        })
    }
}

impl Learner for Cpu {
    fn load(&mut self, state: &State) -> Result<(), TrainError> {
        cut(self.shape, &state.network.parameters, &mut self.network);
        cut(self.shape, &state.adam.means, &mut self.adam.means);
        cut(self.shape, &state.adam.spreads, &mut self.adam.spreads);
        Ok(())
    }

    fn learn(&mut self, batch: Batch<'_>, target: Target, step: Step) -> Result<(), TrainError> {
        let Cpu {
            shape,
            pool,
            network,
            adam,
            shards,
            blocks,
            error,
        } = self;
        let shape = *shape;
        pool.install(|| {
            shards
                .par_iter_mut()
                .enumerate()
                .for_each(|(index, shard)| {
                    // Copied first: in a loop that does nothing else the memory is waited for once, not each time.
                    let part = batch.chosen.chunks(batch.shard()).nth(index);
                    let numbers = part.unwrap_or_default().iter();
                    shard.positions.clear();
                    shard
                        .positions
                        .extend(numbers.map(|&number| batch.all[number as usize]));
                    shard.gradient.fill(0.0);
                    let (positions, gradient) = (&shard.positions, &mut shard.gradient);
                    let own = rayon::current_thread_index().unwrap_or_default();
                    let block = blocks[own].lock();
                    let mut block = block.unwrap_or_else(PoisonError::into_inner);
                    shard.error = block.learn(shape, network, positions, target, gradient);
                });
            adam.step(shape, network, shards, step);
        });
        *error += shards.iter().map(|shard| shard.error).sum::<f64>();
        Ok(())
    }

    fn error(&mut self) -> Result<f64, TrainError> {
        Ok(std::mem::take(&mut self.error))
    }

    fn judge(&mut self, positions: &[Position], target: Target) -> Result<f64, TrainError> {
        let (shape, network) = (self.shape, &self.network);
        let sums: Vec<f64> = self.pool.install(|| {
            let tasks = positions.par_chunks(TASK).map_init(
                || Block::new(shape),
                |block, task| block.losses(shape, network, task, target),
            );
            tasks.collect()
        });
        Ok(sums.iter().sum())
    }

    fn store(&mut self, state: &mut State) -> Result<(), TrainError> {
        join(self.shape, &self.network, &mut state.network.parameters);
        join(self.shape, &self.adam.means, &mut state.adam.means);
        join(self.shape, &self.adam.spreads, &mut state.adam.spreads);
        Ok(())
    }
}

//! The training: batches of random positions, a gradient from each, a step of the optimiser after each.
//!
//! A batch is cut into [`SHARDS`] parts whatever the number of threads, each with a gradient of its own, and the parts
//! are summed up in their order. So the same data, settings and seed give the same network, bit by bit, on any number
//! of threads (but not on another platform, or with other compiler flags, where exponentials may be rounded
//! differently).

pub mod adam;
pub mod checkpoint;
pub mod gradient;

use std::f32::consts::PI;
use std::time::Instant;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use serde::{Deserialize, Serialize};

use crate::network::{Network, Shape, ShapeError};
use crate::positions::{Position, order};
use adam::{Adam, Step};
use gradient::{Scratch, Target, learn, loss};

/// The parts of a batch, and the most threads that are of use.
pub const SHARDS: usize = 16;
/// Positions of a validation task.
const TASK: usize = 4096;

/// What determines the network, besides the positions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// N of the network.
    pub hidden: usize,
    /// After each of them there is a report and a checkpoint.
    pub superbatches: u32,
    /// Batches in a superbatch.
    pub batches: u32,
    /// Positions in a batch.
    pub batch: u32,
    /// Chooses the first parameters and the order of the positions.
    pub seed: u64,
    /// The optimiser's rate at first.
    pub rate: f32,
    /// Its rate in the end, to which it falls as half a cosine wave.
    pub last_rate: f32,
    /// The share of the rate by which parameters shrink at each step.
    pub decay: f32,
    /// Centipawns in the exponent that turns scores into chances.
    pub scale: f32,
    /// The weight of the game's result in the target, 0 to 1; the rest is the score's.
    pub blend: f32,
}

impl Settings {
    /// Usual settings for a network of this width.
    #[must_use]
    pub fn new(hidden: usize) -> Settings {
        Settings {
            hidden,
            superbatches: 40,
            batches: 1024,
            batch: 16_384,
            seed: 1,
            rate: 1e-3,
            last_rate: 1e-5,
            decay: 0.01,
            scale: crate::scale::USUAL,
            blend: 0.25,
        }
    }

    fn steps(&self) -> u64 {
        u64::from(self.superbatches) * u64::from(self.batches)
    }

    fn rate_at(&self, step: u64) -> f32 {
        let done = step as f32 / self.steps() as f32;
        let height = f32::midpoint(1.0, (PI * done).cos());
        self.last_rate + (self.rate - self.last_rate) * height
    }

    const fn target(&self) -> Target {
        Target {
            scale: self.scale,
            blend: self.blend,
        }
    }

    fn check(&self) -> Result<Shape, TrainError> {
        let sound = self.superbatches > 0
            && self.batches > 0
            && self.batch > 0
            && self.rate > 0.0
            && (0.0..=self.rate).contains(&self.last_rate)
            && self.rate.is_finite()
            && (0.0..1.0).contains(&self.decay)
            && (1.0..1e5).contains(&self.scale)
            && (0.0..=1.0).contains(&self.blend);
        if sound {
            Ok(Shape::new(self.hidden)?)
        } else {
            Err(TrainError::Settings(Box::new(*self)))
        }
    }
}

/// Why there is no training.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The network cannot have this width.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A number is out of its range.
    #[error("these settings make no sense: {0:?}")]
    Settings(Box<Settings>),
    /// There is not enough to learn from.
    #[error("a batch needs {batch} positions, there are {positions}")]
    Positions {
        /// Positions of a batch.
        batch: u32,
        /// What there is.
        positions: usize,
    },
    /// More positions than are counted.
    #[error("{0} positions are too many")]
    TooMany(usize),
    /// No threads.
    #[error("cannot start threads")]
    Threads(#[from] ThreadPoolBuildError),
}

/// How good the network was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// Mean squared error of the chances over the superbatch, each batch before its step.
    pub training: f64,
    /// The same over the validation positions after it; 0 if there are none.
    pub validation: f64,
}

/// What is kept between superbatches, and in a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The network so far.
    pub network: Network,
    /// The optimiser's memory.
    pub adam: Adam,
    /// Of the superbatches that are done.
    pub history: Vec<Losses>,
}

/// A shard's room, kept from batch to batch.
struct Shard {
    positions: Vec<Position>,
    gradient: Vec<f32>,
    scratch: Scratch,
    loss: f64,
}

impl AsRef<[f32]> for Shard {
    fn as_ref(&self) -> &[f32] {
        &self.gradient
    }
}

/// A report after a superbatch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Superbatches done.
    pub superbatch: u32,
    /// How good the network is.
    pub losses: Losses,
    /// The optimiser's rate at the end.
    pub rate: f32,
    /// Positions learnt from in a second, validation not counted.
    pub speed: f64,
}

/// Trains one network.
pub struct Trainer<'a> {
    settings: Settings,
    training: &'a [Position],
    validation: &'a [Position],
    pool: ThreadPool,
    state: State,
    shards: Vec<Shard>,
    /// The epoch's number and the order of its positions.
    epoch: Option<(u64, Vec<u32>)>,
}

impl<'a> Trainer<'a> {
    /// Begins, or goes on from `state`, which the same settings and positions must have led to.
    ///
    /// # Errors
    ///
    /// If the settings make no sense, there are too few positions for a batch, or no threads.
    pub fn new(
        settings: Settings,
        training: &'a [Position],
        validation: &'a [Position],
        threads: usize,
        state: Option<State>,
    ) -> Result<Trainer<'a>, TrainError> {
        let shape = settings.check()?;
        let positions = training.len();
        if positions < settings.batch as usize {
            let batch = settings.batch;
            return Err(TrainError::Positions { batch, positions });
        }
        if u32::try_from(positions).is_err() {
            return Err(TrainError::TooMany(positions));
        }
        let shard = || Shard {
            positions: Vec::new(),
            gradient: vec![0.0; shape.parameters()],
            scratch: Scratch::new(shape),
            loss: 0.0,
        };
        Ok(Trainer {
            settings,
            training,
            validation,
            pool: ThreadPoolBuilder::new().num_threads(threads).build()?,
            state: state.unwrap_or_else(|| State {
                network: Network::random(shape, settings.seed),
                adam: Adam::new(shape),
                history: Vec::new(),
            }),
            shards: (0..SHARDS).map(|_| shard()).collect(),
            epoch: None,
        })
    }

    /// The network and what belongs to it.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// What the training was begun with.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Trains one superbatch; nothing if all are done.
    pub fn superbatch(&mut self) -> Option<Progress> {
        let done = self.state.history.len() as u64;
        if done >= u64::from(self.settings.superbatches) {
            return None;
        }
        let started = Instant::now();
        let batches = u64::from(self.settings.batches);
        let mut sum = 0.0;
        for step in done * batches..(done + 1) * batches {
            sum += self.batch(step);
        }
        let positions = batches as f64 * f64::from(self.settings.batch);
        let speed = positions / started.elapsed().as_secs_f64().max(1e-9);
        let losses = Losses {
            training: sum / positions,
            validation: self.validation_loss(),
        };
        self.state.history.push(losses);
        Some(Progress {
            superbatch: done as u32 + 1,
            losses,
            rate: self.settings.rate_at((done + 1) * batches),
            speed,
        })
    }

    /// Learns from the batch of the step, counted from 0; the sum of its losses.
    fn batch(&mut self, step: u64) -> f64 {
        let size = self.settings.batch as usize;
        // What is left over at the end of an epoch is left out.
        let batches = (self.training.len() / size) as u64;
        let (epoch, index) = (step / batches, (step % batches) as usize);
        if self.epoch.as_ref().is_none_or(|(known, _)| *known != epoch) {
            let fresh = order(self.training.len() as u32, self.settings.seed, epoch);
            self.epoch = Some((epoch, fresh));
        }
        let order = self.epoch.as_ref().map_or(&[][..], |(_, order)| order);
        let chosen = &order[index * size..][..size];

        let (network, training) = (&self.state.network, self.training);
        let target = self.settings.target();
        let shards = &mut self.shards;
        self.pool.install(|| {
            let parts = chosen.par_chunks(size.div_ceil(SHARDS));
            shards.par_iter_mut().for_each(|shard| {
                shard.gradient.fill(0.0);
                shard.loss = 0.0;
            });
            parts.zip(shards.par_iter_mut()).for_each(|(part, shard)| {
                // Copied first: in a loop that does nothing else the memory is waited for once, not each time.
                let copies = part.iter().map(|&number| training[number as usize]);
                shard.positions.clear();
                shard.positions.extend(copies);
                for position in &shard.positions {
                    let (gradient, scratch) = (&mut shard.gradient, &mut shard.scratch);
                    shard.loss += learn(network, position, target, gradient, scratch);
                }
            });
        });

        let how = Step {
            number: step + 1,
            share: 1.0 / size as f32,
            rate: self.settings.rate_at(step),
            decay: self.settings.decay,
        };
        let State { network, adam, .. } = &mut self.state;
        let shape = network.shape();
        let shards = &self.shards;
        self.pool
            .install(|| adam.step(shape, &mut network.parameters, shards, how));
        self.shards.iter().map(|shard| shard.loss).sum()
    }

    fn validation_loss(&self) -> f64 {
        let network = &self.state.network;
        let target = self.settings.target();
        let sums: Vec<f64> = self.pool.install(|| {
            let tasks = self.validation.par_chunks(TASK).map(|task| {
                let mut scratch = Scratch::new(network.shape());
                let losses = task
                    .iter()
                    .map(|position| loss(network, position, target, &mut scratch));
                losses.sum()
            });
            tasks.collect()
        });
        sums.iter().sum::<f64>() / self.validation.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests;

//! The training: batches of random positions, a gradient from each, a step of the optimiser after each.
//!
//! On the [processor](cpu) the same data, settings and seed give the same network, bit by bit, on any number of threads
//! (but not on another platform, where exponentials may be rounded differently). On a GPU the sums have the same order,
//! and the same GPU with the same driver gives the same network; its rounding is its own.

pub mod adam;
pub mod block;
pub mod checkpoint;
mod cpu;
pub mod device;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod gradient;
mod learner;
mod simd;
pub mod tiles;

use std::f32::consts::PI;
use std::time::Instant;

use rayon::ThreadPoolBuildError;
use serde::{Deserialize, Serialize};

use crate::network::{Network, Shape, ShapeError};
use crate::positions::{Position, order};
use adam::{Adam, Step};
use device::Device;
use gradient::Target;
use learner::{Batch, Learner};

/// The parts of a batch, which are summed up in their order, and the most threads that are of use.
pub const SHARDS: usize = 16;

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
    /// Without the feature `gpu`.
    #[error("this program is built for processors only; build it with `--features gpu`")]
    NoGpus,
    /// The GPU cannot be used, or no longer.
    #[cfg(feature = "gpu")]
    #[error(transparent)]
    Gpu(#[from] gpu::GpuError),
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
    /// Where they ran, by [`Device::name`], each once.
    pub devices: Vec<String>,
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
    learner: Box<dyn Learner>,
    device: String,
    state: State,
    /// The epoch's number and the order of its positions.
    epoch: Option<(u64, Vec<u32>)>,
}

impl<'a> Trainer<'a> {
    /// Begins, or goes on from `state`, which the same settings and positions must have led to, on whatever device.
    ///
    /// # Errors
    ///
    /// If the settings make no sense, there are too few positions for a batch, or the device cannot be used.
    pub fn new(
        settings: Settings,
        training: &'a [Position],
        validation: &'a [Position],
        device: &Device,
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
        let state = state.unwrap_or_else(|| State {
            network: Network::random(shape, settings.seed),
            adam: Adam::new(shape),
            history: Vec::new(),
            devices: Vec::new(),
        });
        let mut learner = device.learner(&settings)?;
        learner.load(&state)?;
        Ok(Trainer {
            settings,
            training,
            validation,
            learner,
            device: device.name(),
            state,
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
    ///
    /// # Errors
    ///
    /// If the device fails. [`Trainer::state`] is then as it was after the superbatch before, and this trainer of no
    /// use any more.
    pub fn superbatch(&mut self) -> Result<Option<Progress>, TrainError> {
        let done = self.state.history.len() as u64;
        if done >= u64::from(self.settings.superbatches) {
            return Ok(None);
        }
        let started = Instant::now();
        let batches = u64::from(self.settings.batches);
        for step in done * batches..(done + 1) * batches {
            self.batch(step)?;
        }
        let positions = batches as f64 * f64::from(self.settings.batch);
        let training = self.learner.error()? / positions;
        let speed = positions / started.elapsed().as_secs_f64().max(1e-9);
        let judged = self
            .learner
            .judge(self.validation, self.settings.target())?;
        let losses = Losses {
            training,
            validation: judged / self.validation.len().max(1) as f64,
        };
        self.learner.store(&mut self.state)?;
        self.state.history.push(losses);
        if !self.state.devices.contains(&self.device) {
            self.state.devices.push(self.device.clone());
        }
        Ok(Some(Progress {
            superbatch: done as u32 + 1,
            losses,
            rate: self.settings.rate_at((done + 1) * batches),
            speed,
        }))
    }

    /// Learns from the batch of the step, counted from 0.
    fn batch(&mut self, step: u64) -> Result<(), TrainError> {
        let size = self.settings.batch as usize;
        // What is left over at the end of an epoch is left out.
        let batches = (self.training.len() / size) as u64;
        let (epoch, index) = (step / batches, (step % batches) as usize);
        if self.epoch.as_ref().is_none_or(|(known, _)| *known != epoch) {
            let fresh = order(self.training.len() as u32, self.settings.seed, epoch);
            self.epoch = Some((epoch, fresh));
        }
        let order = self.epoch.as_ref().map_or(&[][..], |(_, order)| order);
        let batch = Batch {
            all: self.training,
            chosen: &order[index * size..][..size],
        };
        let step = Step {
            number: step + 1,
            share: 1.0 / size as f32,
            rate: self.settings.rate_at(step),
            decay: self.settings.decay,
        };
        self.learner.learn(batch, self.settings.target(), step)
    }
}

#[cfg(test)]
mod tests;

//! Where the training runs.

use std::num::NonZero;
use std::thread::available_parallelism;

use super::cpu::Cpu;
use super::learner::Learner;
use super::{Settings, TrainError};

#[cfg(feature = "gpu")]
use super::gpu::{Adapter, Gpu};

/// What someone wishes for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// A GPU if the program has been built for them and there is one, which a program that imitates one is not.
    #[default]
    Auto,
    /// The cores of the processor.
    Cpu,
    /// A GPU, or a program that imitates one.
    Gpu,
}

/// Where a training runs.
pub enum Device {
    /// On so many threads.
    Cpu(usize),
    /// On a GPU.
    #[cfg(feature = "gpu")]
    Gpu(Box<Adapter>),
}

impl Device {
    /// The device that is meant by `choice`; the processor with so many threads, or as many as it has cores.
    ///
    /// # Errors
    ///
    /// If a GPU is asked for and there is none, or the program is built without them.
    pub fn find(choice: Choice, threads: Option<NonZero<usize>>) -> Result<Device, TrainError> {
        match choice {
            Choice::Cpu => {}
            #[cfg(feature = "gpu")]
            Choice::Gpu => return Ok(Device::Gpu(Box::new(Adapter::find()?))),
            #[cfg(not(feature = "gpu"))]
            Choice::Gpu => return Err(TrainError::NoGpus),
            Choice::Auto => {
                #[cfg(feature = "gpu")]
                if let Ok(adapter) = Adapter::find()
                    && !adapter.is_imitation()
                {
                    return Ok(Device::Gpu(Box::new(adapter)));
                }
            }
        }
        let cores = || available_parallelism().map_or(1, NonZero::get);
        Ok(Device::Cpu(threads.map_or_else(cores, NonZero::get)))
    }

    /// What a manifest calls it: nothing that the network depends on is left out.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Device::Cpu(_) => "CPU".to_owned(),
            #[cfg(feature = "gpu")]
            Device::Gpu(adapter) => adapter.name(),
        }
    }

    pub(super) fn learner(&self, settings: &Settings) -> Result<Box<dyn Learner>, TrainError> {
        let shape = settings.check()?;
        Ok(match self {
            Device::Cpu(threads) => Box::new(Cpu::new(shape, *threads)?),
            #[cfg(feature = "gpu")]
            Device::Gpu(adapter) => Box::new(Gpu::new(adapter, shape, settings.batch)?),
        })
    }
}

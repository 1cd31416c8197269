//! Why there is no training on a GPU, or no longer.

/// What went wrong. A training goes on from its checkpoint, there or on the processor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// None was found.
    #[error(
        "there is no GPU that Vulkan or Metal can reach: is its driver installed? (`vulkaninfo --summary` lists them)"
    )]
    None,
    /// It lets nobody in.
    #[error("the GPU cannot be opened: {0}")]
    Closed(String),
    /// It does not give as much as a network of this width needs.
    #[error("the GPU gives {given} {what}, this network needs {needed}")]
    Limit {
        /// What it has too little of.
        what: &'static str,
        /// As much as it gives.
        given: u64,
        /// As much as is needed.
        needed: u64,
    },
    /// The sixteenth part of a batch has to be there at once.
    #[error("a batch of {batch} positions is too large for the GPU, it takes up to {most}")]
    Batch {
        /// The positions asked for.
        batch: usize,
        /// The most that it takes.
        most: usize,
    },
    /// Its memory is full.
    #[error("the GPU has no memory left; a smaller --batch needs less")]
    Memory,
    /// It was reset, unplugged, or its driver gave up.
    #[error("the GPU was lost: {0}")]
    Lost(String),
    /// It does not answer.
    #[error("the GPU has not answered for {0} s")]
    Silent(u64),
    /// Its driver, or what checks what is asked of it, refused something.
    #[error("the GPU refused: {0}")]
    Refused(String),
}

impl From<wgpu::Error> for GpuError {
    fn from(error: wgpu::Error) -> GpuError {
        match error {
            wgpu::Error::OutOfMemory { .. } => GpuError::Memory,
            wgpu::Error::Validation { description, .. }
            | wgpu::Error::Internal { description, .. } => GpuError::Refused(description),
        }
    }
}

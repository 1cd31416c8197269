//! How much of a batch a GPU takes at once.

use wgpu::Limits;

use super::super::SHARDS;
use super::error::GpuError;
use super::{INPUTS_GROUP, kernels};
use crate::network::Shape;

/// The most that the accumulators may take, in bytes: half a batch of 65,536 positions with the widest network.
const ACCUMULATORS_MAX: u64 = 256 << 20;
/// Bytes of a position's lists of inputs, 32 for each view.
pub(super) const LISTS_BYTES: u64 = 2 * 32 * 4;
/// Bytes of a position.
pub(super) const POSITION_BYTES: u64 = 32;
/// Storage buffers that a kernel uses.
const BUFFERS: u32 = 5;

/// How a batch is cut. Shards are as on the processor; as many of them as there is room for go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Positions of a shard, of which the last may have fewer.
    pub(super) shard: usize,
    /// Shards of a batch.
    pub(super) shards: usize,
    /// Shards that are worked on together.
    pub(super) together: usize,
}

impl Sizes {
    /// For a network of this shape, batches of so many positions, and a GPU with these limits.
    pub(super) fn new(shape: Shape, batch: usize, limits: &Limits) -> Result<Sizes, GpuError> {
        let binding = limits.max_storage_buffer_binding_size;
        let largest = binding.min(limits.max_buffer_size);
        let shard = batch.div_ceil(SHARDS);
        let shards = batch.div_ceil(shard);
        let workgroups = limits.max_compute_workgroups_per_dimension;
        for (what, given, needed) in [
            (
                "storage buffers for a kernel",
                u64::from(limits.max_storage_buffers_per_shader_stage),
                u64::from(BUFFERS),
            ),
            (
                "bytes for a buffer",
                largest,
                shards as u64 * 4 * shape.parameters() as u64,
            ),
            (
                "threads for a workgroup",
                u64::from(limits.max_compute_invocations_per_workgroup),
                64,
            ),
            (
                "bytes of a workgroup's own memory",
                u64::from(limits.max_compute_workgroup_storage_size),
                4 * kernels::ROWS as u64,
            ),
        ] {
            if given < needed {
                return Err(GpuError::Limit {
                    what,
                    given,
                    needed,
                });
            }
        }

        // Accumulators take the most but with the narrowest networks, lists and maps with those.
        let accumulator = 2 * 4 * shape.hidden() as u64;
        let room = (largest.min(ACCUMULATORS_MAX) / accumulator).min(largest / LISTS_BYTES);
        let most = room.min(u64::from(workgroups)) as usize;
        let map = 4 * kernels::ROWS as u64 * shard.div_ceil(INPUTS_GROUP) as u64;
        let together = shards.min(most / shard).min((largest / map) as usize);
        if together == 0 {
            let most = SHARDS * most;
            return Err(GpuError::Batch { batch, most });
        }
        Ok(Sizes {
            shard,
            shards,
            together,
        })
    }

    /// Positions that are worked on together.
    pub(super) const fn positions(&self) -> usize {
        self.shard * self.together
    }

    /// Words of a row of a shard's bit maps, two bits for each position.
    pub(super) const fn words(&self) -> usize {
        self.shard.div_ceil(INPUTS_GROUP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_go_together_as_far_as_there_is_room() {
        let shape = Shape::new(512).unwrap();
        let usual = Limits::defaults();
        let sizes = |batch, limits: &Limits| Sizes::new(shape, batch, limits);
        let whole = sizes(16_384, &usual).unwrap();
        assert_eq!((whole.shard, whole.shards, whole.together), (1024, 16, 16));
        assert_eq!(whole.words(), 64);
        // A shard's accumulators take 4 MiB each of 128 MiB.
        let parts = sizes(16_384 * 3, &usual).unwrap();
        assert_eq!((parts.shards, parts.together), (16, 10));
        // What does not fill 16 shards.
        let few = sizes(18, &usual).unwrap();
        assert_eq!((few.shard, few.shards, few.together), (2, 9, 9));
        let most = sizes(16_384 * 32, &usual).unwrap();
        assert_eq!(most.together, 1);
    }

    #[test]
    fn what_a_gpu_cannot_hold_is_refused() {
        let shape = Shape::new(512).unwrap();
        let usual = Limits::defaults();
        let refused = |batch, limits: &Limits| Sizes::new(shape, batch, limits).unwrap_err();
        let large = refused(16_384 * 32 + 1, &usual);
        assert_eq!(
            large.to_string(),
            "a batch of 524289 positions is too large for the GPU, it takes up to 524288"
        );
        let few = Limits {
            max_storage_buffers_per_shader_stage: 4,
            ..usual.clone()
        };
        assert!(matches!(
            refused(16, &few),
            GpuError::Limit { needed: 5, .. }
        ));
        let small = Limits {
            max_buffer_size: 1 << 20,
            ..usual
        };
        assert!(matches!(refused(16, &small), GpuError::Limit { .. }));
    }
}

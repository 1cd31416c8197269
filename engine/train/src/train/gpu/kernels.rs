//! What runs on the GPU, and the buffers that it works on.

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, Buffer, BufferUsages, ComputePass,
    ComputePipeline, ComputePipelineDescriptor, ShaderModule, ShaderModuleDescriptor, ShaderSource,
};

use super::super::adam::{EPSILON, MEAN_KEPT, OUTPUT_WEIGHT_MAX, SPREAD_KEPT, WEIGHT_MAX};
use super::error::GpuError;
use super::link::Link;
use super::sizes::{LISTS_BYTES, POSITION_BYTES, Sizes};
use crate::network::{BUCKETS, INPUTS, Shape};

/// Rows of a shard's bit maps: inputs, all positions, outputs.
pub(super) const ROWS: usize = INPUTS + 1 + BUCKETS;
/// Bytes of `Batch` in `kernels.wgsl`.
const BATCH_BYTES: u64 = 48;

/// What the kernels work on; `kernels.wgsl` says what is in each.
pub(super) struct Buffers {
    pub(super) batch: Buffer,
    pub(super) positions: Buffer,
    lists: Buffer,
    maps: Buffer,
    accumulators: Buffer,
    slopes: Buffer,
    pub(super) errors: Buffer,
    pub(super) gradients: Buffer,
    pub(super) parameters: Buffer,
    pub(super) means: Buffer,
    pub(super) spreads: Buffer,
}

impl Buffers {
    pub(super) fn new(link: &Link, shape: Shape, sizes: &Sizes) -> Result<Buffers, GpuError> {
        let uniform = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let storage = BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC;
        let stored = |label, bytes| link.buffer(label, bytes, storage);
        let positions = sizes.positions() as u64;
        let parameters = 4 * shape.parameters() as u64;
        let maps = (sizes.together * sizes.words() * ROWS) as u64;
        let buffers = Buffers {
            batch: link.buffer("batch", BATCH_BYTES, uniform),
            positions: stored("positions", POSITION_BYTES * positions),
            lists: stored("lists", LISTS_BYTES * positions),
            maps: stored("maps", 4 * maps),
            accumulators: stored("accumulators", 8 * shape.hidden() as u64 * positions),
            slopes: stored("slopes", 4 * positions),
            errors: stored("errors", 4 * positions),
            gradients: stored("gradients", sizes.shards as u64 * parameters),
            parameters: stored("parameters", parameters),
            means: stored("means", parameters),
            spreads: stored("spreads", parameters),
        };
        link.check()?;
        Ok(buffers)
    }

    /// By their bindings.
    const fn bound(&self) -> [&Buffer; 11] {
        [
            &self.batch,
            &self.positions,
            &self.lists,
            &self.maps,
            &self.accumulators,
            &self.slopes,
            &self.errors,
            &self.gradients,
            &self.parameters,
            &self.means,
            &self.spreads,
        ]
    }
}

/// A kernel with its buffers.
pub(super) struct Kernel {
    pipeline: ComputePipeline,
    buffers: BindGroup,
}

impl Kernel {
    /// Runs so many workgroups.
    pub(super) fn dispatch(&self, pass: &mut ComputePass<'_>, workgroups: [u32; 3]) {
        let [x, y, z] = workgroups;
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.buffers, &[]);
        pass.dispatch_workgroups(x, y, z);
    }
}

/// All of them, by their names in `kernels.wgsl`.
pub(super) struct Kernels {
    pub(super) inputs: Kernel,
    pub(super) accumulate: Kernel,
    pub(super) judge: Kernel,
    pub(super) outputs: Kernel,
    pub(super) changes: Kernel,
    pub(super) features: Kernel,
    pub(super) adam: Kernel,
}

impl Kernels {
    pub(super) fn new(link: &Link, shape: Shape, buffers: &Buffers) -> Result<Kernels, GpuError> {
        let module = link.device().create_shader_module(ShaderModuleDescriptor {
            label: Some("kernels.wgsl"),
            source: ShaderSource::Wgsl(source(shape).into()),
        });
        // Each kernel has the bindings that it uses, and no others.
        let kernel = |name, bindings: &[u32]| kernel(link, &module, name, bindings, buffers);
        let kernels = Kernels {
            inputs: kernel("inputs", &[0, 1, 2, 3]),
            accumulate: kernel("accumulate", &[1, 2, 4, 8]),
            judge: kernel("judge", &[0, 1, 4, 5, 6, 8]),
            outputs: kernel("outputs", &[0, 3, 4, 5, 7]),
            changes: kernel("changes", &[1, 4, 5, 8]),
            features: kernel("features", &[0, 3, 4, 7]),
            adam: kernel("adam", &[0, 7, 8, 9, 10]),
        };
        link.check()?;
        Ok(kernels)
    }
}

/// The kernels with the numbers that they share with the rest of the program.
fn source(shape: Shape) -> String {
    let numbers = [
        ("INPUTS", INPUTS),
        ("BUCKETS", BUCKETS),
        ("ROWS", ROWS),
        ("QUADS", shape.hidden() / 4),
    ];
    let constants = [
        ("MEAN_KEPT", MEAN_KEPT),
        ("SPREAD_KEPT", SPREAD_KEPT),
        ("EPSILON", EPSILON),
        ("WEIGHT_MAX", WEIGHT_MAX),
        ("OUTPUT_WEIGHT_MAX", OUTPUT_WEIGHT_MAX),
    ];
    let numbers = numbers.map(|(name, number)| format!("const {name}: u32 = {number}u;\n"));
    let constants = constants.map(|(name, value)| format!("const {name}: f32 = {value:e}f;\n"));
    numbers.concat() + &constants.concat() + include_str!("kernels.wgsl")
}

fn kernel(
    link: &Link,
    module: &ShaderModule,
    name: &str,
    bindings: &[u32],
    buffers: &Buffers,
) -> Kernel {
    let device = link.device();
    let pipeline = device.create_compute_pipeline(&ComputePipelineDescriptor {
        label: Some(name),
        layout: None,
        module,
        entry_point: Some(name),
        compilation_options: Default::default(),
        cache: None,
    });
    let bound = buffers.bound();
    let entries = bindings.iter().map(|&binding| BindGroupEntry {
        binding,
        resource: bound[binding as usize].as_entire_binding(),
    });
    let buffers = device.create_bind_group(&BindGroupDescriptor {
        label: Some(name),
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries.collect::<Vec<_>>(),
    });
    Kernel { pipeline, buffers }
}

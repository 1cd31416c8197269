//! The GPU against the processor. Where there is no GPU, nor a program that imitates one, these tests say so and pass.

use std::io::Write as _;

use super::*;
use crate::network::Network;
use crate::samples;
use crate::train::SHARDS;
use crate::train::device::Device;
use crate::train::gradient::{Scratch, learn, loss};
use crate::train::{Settings, Trainer};

const TARGET: Target = Target {
    scale: 180.0,
    blend: 0.3,
};

/// Past the test's own output, which is shown only if it fails.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The GPU to test, if there is one.
fn adapter() -> Option<Adapter> {
    match Adapter::find() {
        Ok(adapter) => {
            say(&format!("tested: {}", adapter.name()));
            Some(adapter)
        }
        Err(error) => {
            say(&format!("skipped: {error}"));
            None
        }
    }
}

const STEP: Step = Step {
    number: 1,
    share: 0.0,
    rate: 0.0,
    decay: 0.0,
};

/// Large weights, so that much is clipped on both sides.
fn state(shape: Shape) -> State {
    let mut network = Network::random(shape, 5);
    for weight in &mut network.parameters {
        *weight *= 3.0;
    }
    State {
        network,
        adam: crate::train::adam::Adam::new(shape),
        history: Vec::new(),
        devices: Vec::new(),
    }
}

/// The gradient and the error as the processor has them, position by position and shard by shard.
fn plain(network: &Network, positions: &[Position]) -> (Vec<f32>, f64) {
    let shape = network.shape();
    let mut scratch = Scratch::new(shape);
    let (mut sum, mut error) = (vec![0.0; shape.parameters()], 0.0);
    for shard in positions.chunks(positions.len().div_ceil(SHARDS)) {
        let mut gradient = vec![0.0; shape.parameters()];
        for position in shard {
            error += learn(network, position, TARGET, &mut gradient, &mut scratch);
        }
        for (sum, part) in sum.iter_mut().zip(&gradient) {
            *sum += part;
        }
    }
    (sum, error)
}

/// The same as the GPU has them, by groups of so many shards.
fn there(gpu: &mut Gpu, state: &State, positions: &[Position]) -> (Vec<f32>, f64) {
    gpu.load(state).unwrap();
    let chosen: Vec<u32> = (0..positions.len() as u32).collect();
    let batch = Batch {
        all: positions,
        chosen: &chosen,
    };
    gpu.pass(batch, TARGET, STEP, false).unwrap();
    let gradients = gpu.link.read(&gpu.buffers.gradients).unwrap();
    let mut sum = vec![0.0; gpu.shape.parameters()];
    for shard in gradients.chunks_exact(sum.len()) {
        for (sum, part) in sum.iter_mut().zip(shard) {
            *sum += part;
        }
    }
    (sum, gpu.error().unwrap())
}

/// The largest difference, as a share of the largest number.
fn distance(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    let size = one
        .iter()
        .fold(0.0_f32, |most, number| most.max(number.abs()));
    let differences = one
        .iter()
        .zip(other)
        .map(|(one, other)| (one - other).abs());
    // A NaN is not to be lost.
    differences.fold(0.0, |most, next| if next <= most { most } else { next }) / size
}

#[test]
fn the_gradient_of_a_batch_is_the_processors() {
    let Some(adapter) = adapter() else { return };
    let all = samples::positions(80);
    // Narrower and wider than a workgroup; batches that fill all shards, all but the last, and fewer than there are.
    for (hidden, count) in [(16, 1600), (48, 1000), (272, 333), (64, 18)] {
        let shape = Shape::new(hidden).unwrap();
        let state = state(shape);
        let positions = &all[..count];
        let (expected, error) = plain(&state.network, positions);
        let layers = [0, INPUTS * hidden, shape.inner(), shape.bounded()];
        for together in [SHARDS, 3] {
            let mut gpu = Gpu::new(&adapter, shape, count as u32).unwrap();
            gpu.sizes.together = gpu.sizes.together.min(together);
            let (found, sum) = there(&mut gpu, &state, positions);
            for (layer, start) in layers.into_iter().enumerate() {
                let end = layers.get(layer + 1).map_or(expected.len(), |&end| end);
                let far = distance(&expected[start..end], &found[start..end]);
                assert!(far < 2e-6, "N {hidden}, {count}, layer {layer}: {far}");
            }
            assert!((sum / error - 1.0).abs() < 1e-6, "{sum} {error}");

            let mut scratch = Scratch::new(shape);
            let losses = all
                .iter()
                .map(|one| loss(&state.network, one, TARGET, &mut scratch));
            let (judged, expected) = (gpu.judge(&all, TARGET).unwrap(), losses.sum::<f64>());
            assert!(
                (judged / expected - 1.0).abs() < 1e-6,
                "{judged} {expected}"
            );
        }
    }
}

fn settings() -> Settings {
    Settings {
        superbatches: 6,
        batches: 20,
        batch: 500,
        rate: 5e-3,
        decay: 0.5,
        scale: 600.0,
        blend: 0.1,
        ..Settings::new(32)
    }
}

/// Trains to the end, the first superbatches on the first device and the others on the second.
fn train(first: &Device, after: u32, second: &Device) -> State {
    let positions = samples::positions(60);
    let (training, validation) = positions.split_at(positions.len() * 9 / 10);
    let begin = |device, state| Trainer::new(settings(), training, validation, device, state);
    let mut trainer = begin(first, None).unwrap();
    for _ in 0..after {
        trainer.superbatch().unwrap().unwrap();
    }
    let mut trainer = begin(second, Some(trainer.state().clone())).unwrap();
    while trainer.superbatch().unwrap().is_some() {}
    trainer.state().clone()
}

#[test]
fn a_training_goes_as_on_the_processor_on_either_or_on_both_and_the_same_again() {
    let Some(adapter) = adapter() else { return };
    let name = adapter.name();
    let gpu = Device::Gpu(Box::new(adapter));
    let cpu = Device::Cpu(1);
    let expected = train(&cpu, 0, &cpu);
    let whole = train(&gpu, 0, &gpu);
    assert_eq!(whole.devices, [name.as_str()]);
    let halves = [train(&cpu, 3, &gpu), train(&gpu, 3, &cpu)];
    assert_eq!(halves[0].devices, ["CPU", name.as_str()]);
    assert_eq!(halves[1].devices, [name.as_str(), "CPU"]);
    for state in [&whole, &halves[0], &halves[1]] {
        assert_eq!(state.history.len(), 6);
        for (losses, expected) in state.history.iter().zip(&expected.history) {
            let training = losses.training / expected.training - 1.0;
            let validation = losses.validation / expected.validation - 1.0;
            assert!(
                training.abs() < 1e-4 && validation.abs() < 1e-3,
                "{losses:?}, not {expected:?}"
            );
        }
    }
    let (first, last) = (whole.history[0], whole.history[5]);
    assert!(last.training < 0.6 * first.training, "{:?}", whole.history);
    assert!(whole == train(&gpu, 2, &gpu));
}

#[test]
fn a_gpu_that_is_lost_is_an_error() {
    let Some(adapter) = adapter() else { return };
    let shape = Shape::new(16).unwrap();
    let positions = samples::positions(2);
    let chosen = [0; 32];
    let batch = Batch {
        all: &positions,
        chosen: &chosen,
    };
    let state = state(shape);
    let mut gpu = Gpu::new(&adapter, shape, 32).unwrap();
    gpu.load(&state).unwrap();
    gpu.learn(batch, TARGET, STEP).unwrap();
    gpu.link.device().destroy();
    let mut kept = state.clone();
    // It may show only when something is to come back.
    let learnt = gpu.learn(batch, TARGET, STEP);
    assert!(learnt.is_err() || gpu.error().is_err());
    assert!(gpu.learn(batch, TARGET, STEP).is_err());
    assert!(gpu.judge(&positions, TARGET).is_err());
    assert!(gpu.store(&mut kept).is_err());
    assert!(kept == state);
    assert!(gpu.load(&state).is_err());
}

#[test]
fn a_gpu_that_is_full_is_an_error() {
    let Some(adapter) = adapter() else { return };
    let link = adapter.open().unwrap();
    let limits = adapter.limits();
    // More than any may have, so it is refused before the memory is asked for.
    link.buffer(
        "large",
        limits.max_buffer_size + 4,
        wgpu::BufferUsages::STORAGE,
    );
    assert!(matches!(link.check(), Err(GpuError::Refused(_))));
    let source: wgpu::Error = wgpu::Error::OutOfMemory {
        source: "full".into(),
    };
    assert!(matches!(GpuError::from(source), GpuError::Memory));
}

//! AdamW (Kingma and Ba 2015; Loshchilov and Hutter 2019): steps that follow the mean slope over its spread, with the
//! weights drawn towards 0 apart from that.

use rayon::prelude::*;

use crate::network::Shape;

pub(super) const MEAN_KEPT: f32 = 0.9;
pub(super) const SPREAD_KEPT: f32 = 0.999;
pub(super) const EPSILON: f32 = 1e-8;
/// Parameters that one task handles.
const TASK: usize = 4096;

/// Weights of inputs, and biases, stay within plus or minus this, so that 33 times 255 times such a weight fits into 16
/// bits.
pub const WEIGHT_MAX: f32 = 2.0;
/// Weights of outputs stay within plus or minus this, so that 192 times such a weight fits into a byte.
pub const OUTPUT_WEIGHT_MAX: f32 = 127.0 / 192.0;

/// How to step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Counts the steps from 1.
    pub number: u64,
    /// What slopes are multiplied by.
    pub share: f32,
    /// How far a step goes.
    pub rate: f32,
    /// The share of the rate by which parameters shrink.
    pub decay: f32,
}

/// The optimiser's memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// Mean slope of each parameter.
    pub means: Vec<f32>,
    /// Mean square of it.
    pub spreads: Vec<f32>,
}

impl Adam {
    /// For a network of this shape.
    #[must_use]
    pub fn new(shape: Shape) -> Adam {
        Adam {
            means: vec![0.0; shape.parameters()],
            spreads: vec![0.0; shape.parameters()],
        }
    }

    /// Moves the `parameters` of a network of this `shape`. The slope of a parameter is the sum over the `shards`, in
    /// their order, times `step.share`.
    pub fn step(
        &mut self,
        shape: Shape,
        parameters: &mut [f32],
        shards: &[impl AsRef<[f32]> + Sync],
        step: Step,
    ) {
        let Step {
            number,
            share,
            rate,
            decay,
        } = step;
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        let mean_full = 1.0 - MEAN_KEPT.powi(number);
        let spread_full = 1.0 - SPREAD_KEPT.powi(number);
        let tasks = parameters.par_chunks_mut(TASK);
        let memory = self.means.par_chunks_mut(TASK);
        let memory = memory.zip(self.spreads.par_chunks_mut(TASK));
        tasks
            .zip(memory)
            .enumerate()
            .for_each(|(task, (parameters, (means, spreads)))| {
                let start = task * TASK;
                let mut sums = [0.0_f32; TASK];
                let slopes = &mut sums[..parameters.len()];
                for shard in shards {
                    let part = &shard.as_ref()[start..][..slopes.len()];
                    for (slope, part) in slopes.iter_mut().zip(part) {
                        *slope += part;
                    }
                }
                let memory = means.iter_mut().zip(spreads.iter_mut());
                for ((parameter, slope), (mean, spread)) in
                    parameters.iter_mut().zip(slopes.iter()).zip(memory)
                {
                    let slope = slope * share;
                    *mean = MEAN_KEPT * *mean + (1.0 - MEAN_KEPT) * slope;
                    *spread = SPREAD_KEPT * *spread + (1.0 - SPREAD_KEPT) * slope * slope;
                    let step = (*mean / mean_full) / ((*spread / spread_full).sqrt() + EPSILON);
                    *parameter -= rate * (step + decay * *parameter);
                }
                let within = |bound: usize| bound.saturating_sub(start).min(parameters.len());
                let (inner, bounded) = (within(shape.inner()), within(shape.bounded()));
                for parameter in &mut parameters[..inner] {
                    *parameter = parameter.clamp(-WEIGHT_MAX, WEIGHT_MAX);
                }
                for parameter in &mut parameters[inner..bounded] {
                    *parameter = parameter.clamp(-OUTPUT_WEIGHT_MAX, OUTPUT_WEIGHT_MAX);
                }
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_downhill_and_stay_in_bounds() {
        let shape = Shape::new(16).unwrap();
        let mut adam = Adam::new(shape);
        let count = shape.parameters();
        let mut parameters = vec![0.5; count];
        // Half of the slope from each shard: uphill for the even ones.
        let shard: Vec<f32> = (0..count)
            .map(|index| if index % 2 == 0 { 1.0 } else { -1.0 })
            .collect();
        let shards = [shard.clone(), shard];
        let step = Step {
            number: 1,
            share: 0.5,
            rate: 0.1,
            decay: 0.0,
        };
        adam.step(shape, &mut parameters, &shards, step);
        assert!((parameters[0] - 0.4).abs() < 1e-5, "{}", parameters[0]);
        assert!((parameters[1] - 0.6).abs() < 1e-5, "{}", parameters[1]);
        for number in 2..100 {
            adam.step(shape, &mut parameters, &shards, Step { number, ..step });
        }
        assert_eq!(parameters[0], -WEIGHT_MAX);
        assert_eq!(parameters[shape.inner() - 1], WEIGHT_MAX);
        assert_eq!(parameters[shape.inner()], -OUTPUT_WEIGHT_MAX);
        assert_eq!(parameters[shape.bounded() - 1], OUTPUT_WEIGHT_MAX);
        assert!(parameters[count - 1] > 5.0, "{}", parameters[count - 1]);
    }

    #[test]
    fn decay_draws_weights_to_nothing() {
        let shape = Shape::new(16).unwrap();
        let mut adam = Adam::new(shape);
        let mut parameters = vec![0.5; shape.parameters()];
        let shards = [vec![0.0; shape.parameters()]];
        let step = Step {
            number: 1,
            share: 1.0,
            rate: 0.1,
            decay: 0.5,
        };
        adam.step(shape, &mut parameters, &shards, step);
        assert!(
            parameters
                .iter()
                .all(|&weight| (weight - 0.475).abs() < 1e-6)
        );
    }
}

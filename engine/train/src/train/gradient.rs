//! What the network says of a position, and how far that is from what it is to say. [`block`](super::block) does the same for
//! many positions, and the way back.

#[cfg(test)]
use crate::network::LayersMut;
use crate::network::{Inputs, LANES, Layers, Network, OUTPUT_SCALE, Row, Shape, bucket};
use crate::positions::Position;
use crate::scale::chance;

/// What the network is to say.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Centipawns in the exponent of [`chance`].
    pub scale: f32,
    /// The weight of the game's result; the rest is the score's.
    pub blend: f32,
}

impl Target {
    /// The chance of `position`'s side to move.
    #[must_use]
    pub fn of(self, position: &Position) -> f32 {
        let score = chance(f32::from(position.score()), self.scale);
        self.blend * position.result() + (1.0 - self.blend) * score
    }
}

/// Room for one thread's work on a position.
#[derive(Clone, Debug)]
pub struct Scratch {
    accumulators: [Vec<Row>; 2],
}

impl Scratch {
    /// For a network of this shape.
    #[must_use]
    pub fn new(shape: Shape) -> Scratch {
        let rows = vec![[0.0; LANES]; shape.rows()];
        Scratch {
            accumulators: [rows.clone(), rows],
        }
    }
}

/// Sums up the biases and the weights of `inputs`.
fn accumulate(layers: &Layers<'_>, inputs: &[u16], accumulator: &mut [Row]) {
    let rows = accumulator.len();
    for (index, row) in accumulator.iter_mut().enumerate() {
        let mut sum = layers.biases[index];
        for &input in inputs {
            let weights = &layers.features[usize::from(input) * rows + index];
            for lane in 0..LANES {
                sum[lane] += weights[lane];
            }
        }
        *row = sum;
    }
}

/// Adds up `clamp(a)^2 * w`, lane by lane.
fn activate(accumulator: &[Row], weights: &[Row], sums: &mut Row) {
    for (row, weights) in accumulator.iter().zip(weights) {
        for lane in 0..LANES {
            let clipped = row[lane].clamp(0.0, 1.0);
            sums[lane] += clipped * clipped * weights[lane];
        }
    }
}

/// The output's value, its accumulators left in `scratch`.
fn forward(layers: &Layers<'_>, inputs: &Inputs, bucket: usize, scratch: &mut Scratch) -> f32 {
    let rows = layers.biases.len();
    let weights = &layers.outputs[bucket * 2 * rows..][..2 * rows];
    let mut sums = [0.0; LANES];
    let views = inputs.lists().into_iter().zip(&mut scratch.accumulators);
    for ((list, accumulator), weights) in views.zip(weights.chunks_exact(rows)) {
        accumulate(layers, list, accumulator);
        activate(accumulator, weights, &mut sums);
    }
    sums.iter().sum::<f32>() + layers.output_biases[bucket]
}

/// The value of `position` in centipawns for the side to move.
#[must_use]
pub fn evaluate(network: &Network, position: &Position, scratch: &mut Scratch) -> f32 {
    let inputs = Inputs::new(position);
    let bucket = bucket(position.count());
    forward(&network.layers(), &inputs, bucket, scratch) * OUTPUT_SCALE as f32
}

/// The squared error of the network's chance for `position`.
#[must_use]
pub fn loss(network: &Network, position: &Position, target: Target, scratch: &mut Scratch) -> f64 {
    let value = evaluate(network, position, scratch);
    let miss = chance(value, target.scale) - target.of(position);
    f64::from(miss * miss)
}

/// How the squared error for `position` grows with the network's `output` for it, and that error.
pub(super) fn slope(output: f32, position: &Position, target: Target) -> (f32, f64) {
    let factor = OUTPUT_SCALE as f32 / target.scale;
    let guess = 1.0 / (1.0 + (-output * factor).exp());
    let miss = guess - target.of(position);
    let slope = 2.0 * miss * guess * (1.0 - guess) * factor;
    (slope, f64::from(miss * miss))
}

/// Adds to `gradient`, which has the network's layout, how the squared error for `position` grows with each
/// parameter. Returns that error. Position by position, plainly: what the passes that train are compared with.
#[cfg(test)]
pub(crate) fn learn(
    network: &Network,
    position: &Position,
    target: Target,
    gradient: &mut [f32],
    scratch: &mut Scratch,
) -> f64 {
    let layers = network.layers();
    let rows = network.shape().rows();
    let inputs = Inputs::new(position);
    let bucket = bucket(position.count());
    let output = forward(&layers, &inputs, bucket, scratch);
    let (slope, error) = slope(output, position, target);

    let gradient = LayersMut::new(network.shape(), gradient);
    gradient.output_biases[bucket] += slope;
    let span = bucket * 2 * rows..(bucket + 1) * 2 * rows;
    let weights = layers.outputs[span.clone()].chunks_exact(rows);
    let outputs = gradient.outputs[span].chunks_exact_mut(rows);
    let views = inputs.lists().into_iter().zip(&scratch.accumulators);
    for ((list, accumulator), (weights, outputs)) in views.zip(weights.zip(outputs)) {
        for (index, row) in accumulator.iter().enumerate() {
            for lane in 0..LANES {
                let clipped = row[lane].clamp(0.0, 1.0);
                outputs[index][lane] += slope * clipped * clipped;
                // The square's slope; none where it is clipped.
                let inside = if clipped == row[lane] { clipped } else { 0.0 };
                let change = 2.0 * inside * slope * weights[index][lane];
                gradient.biases[index][lane] += change;
                for &input in list {
                    gradient.features[usize::from(input) * rows + index][lane] += change;
                }
            }
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    /// Each slope against the difference that a small step makes.
    #[test]
    fn gradients_are_the_slopes_of_the_error() {
        let shape = Shape::new(16).unwrap();
        let target = Target {
            scale: 180.0,
            blend: 0.3,
        };
        let mut scratch = Scratch::new(shape);
        for (seed, position) in samples::positions(3).into_iter().step_by(20).enumerate() {
            let network = Network::random(shape, seed as u64);
            let mut gradient = vec![0.0; shape.parameters()];
            let error = learn(&network, &position, target, &mut gradient, &mut scratch);
            let again = loss(&network, &position, target, &mut scratch);
            assert!((error - again).abs() < 1e-6);

            let mut checked = 0;
            for (index, &slope) in gradient.iter().enumerate() {
                // All that are not 0, and some of those that are.
                if slope == 0.0 && index % 97 != 0 {
                    continue;
                }
                let step = 2e-3;
                let mut moved = network.clone();
                moved.parameters[index] += step;
                let up = loss(&moved, &position, target, &mut scratch);
                moved.parameters[index] -= 2.0 * step;
                let down = loss(&moved, &position, target, &mut scratch);
                let measured = (up - down) / f64::from(2.0 * step);
                let allowed = 2e-3 + 0.02 * measured.abs();
                assert!(
                    (measured - f64::from(slope)).abs() < allowed,
                    "parameter {index}: {slope}, measured {measured}"
                );
                checked += 1;
            }
            assert!(checked > 100, "{checked}");
        }
    }
}

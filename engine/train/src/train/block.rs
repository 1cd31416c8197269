//! The passes forward and back over a block of positions, tile by tile: each sum is the one that
//! [`gradient`](super::gradient) has position by position, its parts in the same order, and so the same to the bit.

use super::gradient::{Target, slope};
use super::simd::Simd;
use super::tiles::{Tiles, TilesMut};
use crate::network::{Inputs, LANES, OUTPUT_SCALE, Row, Shape, bucket};
use crate::positions::Position;
use crate::scale::chance;

/// The most positions that are handled together. The accumulators of so many, 4 N bytes for each view, are written and
/// read once a pass, from the second cache or the third; with fewer of them tiles would change too often.
pub const BLOCK: usize = 512;

/// Room for one thread's work on positions.
#[derive(Clone, Debug)]
pub struct Block {
    simd: Simd,
    inputs: Vec<Inputs>,
    /// The output of each position.
    buckets: Vec<usize>,
    /// The accumulators of the mover and of the other, tile by tile: `[N / 16][positions]`.
    accumulators: [Vec<Row>; 2],
    /// The output of each position, still to be summed up over the lanes.
    sums: Vec<Row>,
    /// How the error of each position grows with its output.
    slopes: Vec<f32>,
}

impl Block {
    /// For a network of this shape.
    #[must_use]
    pub fn new(shape: Shape) -> Block {
        let rows = || Vec::with_capacity(BLOCK * shape.rows());
        Block {
            simd: Simd::detect(),
            inputs: Vec::with_capacity(BLOCK),
            buckets: Vec::with_capacity(BLOCK),
            accumulators: [rows(), rows()],
            sums: Vec::with_capacity(BLOCK),
            slopes: Vec::with_capacity(BLOCK),
        }
    }

    /// Adds to `gradient`, which has the layout of `network`, how the squared errors for `positions` grow with each
    /// parameter. Returns the sum of those errors.
    pub fn learn(
        &mut self,
        shape: Shape,
        network: &[f32],
        positions: &[Position],
        target: Target,
        gradient: &mut [f32],
    ) -> f64 {
        let network = Tiles::new(shape, network);
        let mut errors = 0.0;
        for part in positions.chunks(BLOCK) {
            self.load(shape, part);
            self.simd.forward(self, network);
            let gradient = TilesMut::new(shape, gradient);
            for (index, position) in part.iter().enumerate() {
                let (slope, error) = slope(self.output(network, index), position, target);
                gradient.output_biases[self.buckets[index]] += slope;
                self.slopes.push(slope);
                errors += error;
            }
            self.simd.backward(self, network, gradient);
        }
        errors
    }

    /// The sum of the squared errors for `positions`.
    pub fn losses(
        &mut self,
        shape: Shape,
        network: &[f32],
        positions: &[Position],
        target: Target,
    ) -> f64 {
        let network = Tiles::new(shape, network);
        let mut errors = 0.0;
        for part in positions.chunks(BLOCK) {
            self.load(shape, part);
            self.simd.forward(self, network);
            for (index, position) in part.iter().enumerate() {
                let value = self.output(network, index) * OUTPUT_SCALE as f32;
                let miss = chance(value, target.scale) - target.of(position);
                errors += f64::from(miss * miss);
            }
        }
        errors
    }

    fn load(&mut self, shape: Shape, positions: &[Position]) {
        self.inputs.clear();
        self.inputs.extend(positions.iter().map(Inputs::new));
        self.buckets.clear();
        let buckets = positions.iter().map(|position| bucket(position.count()));
        self.buckets.extend(buckets);
        self.sums.clear();
        self.sums.resize(positions.len(), [0.0; LANES]);
        self.slopes.clear();
        let rows = positions.len() * shape.rows();
        for accumulator in &mut self.accumulators {
            accumulator.resize(rows, [0.0; LANES]);
        }
    }

    fn output(&self, network: Tiles<'_>, index: usize) -> f32 {
        self.sums[index].iter().sum::<f32>() + network.output_biases[self.buckets[index]]
    }
}

/// Works out the accumulators and the sums of a block whose inputs are known.
#[inline(always)]
pub(super) fn forward(block: &mut Block, network: Tiles<'_>) {
    let count = block.inputs.len();
    let tiles = network.biases.len();
    for (view, accumulator) in block.accumulators.iter_mut().enumerate() {
        let accumulator = accumulator.chunks_exact_mut(count.max(1));
        let layers = network.features.iter().zip(network.biases);
        for (tile, ((weights, bias), rows)) in layers.zip(accumulator).enumerate() {
            let positions = block.inputs.iter().zip(&block.buckets);
            let results = rows.iter_mut().zip(&mut block.sums);
            for ((inputs, bucket), (row, sums)) in positions.zip(results) {
                let mut sum = *bias;
                for &input in inputs.lists()[view] {
                    let weights = &weights[usize::from(input)];
                    for lane in 0..LANES {
                        sum[lane] += weights[lane];
                    }
                }
                *row = sum;
                // Copies: the compiler does not know that what is written here is not what is read.
                let weights = network.outputs[(2 * bucket + view) * tiles + tile];
                let mut total = *sums;
                for lane in 0..LANES {
                    let clipped = sum[lane].clamp(0.0, 1.0);
                    total[lane] += clipped * clipped * weights[lane];
                }
                *sums = total;
            }
        }
    }
}

/// Adds to `gradient` what follows from the slopes of a block, the outputs' biases excepted.
#[inline(always)]
pub(super) fn backward(block: &Block, network: Tiles<'_>, gradient: TilesMut<'_>) {
    let count = block.inputs.len();
    let tiles = network.biases.len();
    let layers = gradient.features.iter_mut().zip(gradient.biases);
    for (tile, (features, bias)) in layers.enumerate() {
        let span = tile * count..(tile + 1) * count;
        let [movers, others] = block
            .accumulators
            .each_ref()
            .map(|rows| &rows[span.clone()]);
        let positions = block.inputs.iter().zip(&block.buckets).zip(&block.slopes);
        let views = movers.iter().zip(others);
        for (((inputs, bucket), &slope), (mover, other)) in positions.zip(views) {
            for (view, row) in [mover, other].into_iter().enumerate() {
                let place = (2 * bucket + view) * tiles + tile;
                // Copies: the compiler does not know that what is written here is not what is read.
                let (weights, mut output) = (network.outputs[place], gradient.outputs[place]);
                let (row, mut total) = (*row, *bias);
                let mut change = [0.0; LANES];
                for lane in 0..LANES {
                    let clipped = row[lane].clamp(0.0, 1.0);
                    output[lane] += slope * clipped * clipped;
                    // The square's slope; none where it is clipped.
                    let inside = if clipped == row[lane] { clipped } else { 0.0 };
                    change[lane] = 2.0 * inside * slope * weights[lane];
                    total[lane] += change[lane];
                }
                gradient.outputs[place] = output;
                *bias = total;
                for &input in inputs.lists()[view] {
                    let sums = &mut features[usize::from(input)];
                    for lane in 0..LANES {
                        sums[lane] += change[lane];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::gradient::{Scratch, learn, loss};
    use super::super::tiles::{cut, join};
    use super::*;
    use crate::network::Network;
    use crate::samples;

    /// What this machine can run.
    fn all() -> Vec<Simd> {
        let mut all = vec![Simd::Baseline, Simd::detect()];
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            all.push(Simd::Avx2);
        }
        all
    }

    #[test]
    fn blocks_have_the_same_gradient_and_errors_as_single_positions_to_the_bit() {
        let target = Target {
            scale: 180.0,
            blend: 0.3,
        };
        // More than two blocks, the last of them not full.
        let positions = samples::positions(60);
        let positions = &positions[..2 * BLOCK + 77];
        for hidden in [16, 80] {
            let shape = Shape::new(hidden).unwrap();
            // Large weights, so that much is clipped on both sides.
            let mut network = Network::random(shape, hidden as u64);
            for weight in &mut network.parameters {
                *weight *= 4.0;
            }
            let mut scratch = Scratch::new(shape);
            // On top of what is there already.
            let before: Vec<f32> = (0..shape.parameters()).map(|n| n as f32 / 1e6).collect();
            let mut plain = before.clone();
            let (mut learnt, mut judged) = (0.0, 0.0);
            for position in positions {
                learnt += learn(&network, position, target, &mut plain, &mut scratch);
                judged += loss(&network, position, target, &mut scratch);
            }

            let mut tiles = vec![0.0; shape.parameters()];
            cut(shape, &network.parameters, &mut tiles);
            for simd in all() {
                let mut block = Block::new(shape);
                block.simd = simd;
                let mut gradient = vec![0.0; shape.parameters()];
                cut(shape, &before, &mut gradient);
                let error = block.learn(shape, &tiles, positions, target, &mut gradient);
                assert_eq!(error, learnt, "{hidden} {simd:?}");
                let mut joined = vec![0.0; shape.parameters()];
                join(shape, &gradient, &mut joined);
                let differing = (0..plain.len()).find(|&index| plain[index] != joined[index]);
                assert_eq!(differing, None, "{hidden} {simd:?}");
                let error = block.losses(shape, &tiles, positions, target);
                assert_eq!(error, judged, "{hidden} {simd:?}");
            }
        }
    }
}

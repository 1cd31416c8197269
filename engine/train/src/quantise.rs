//! The network as the engine has it: whole numbers.
//!
//! # File
//!
//! Little endian, without gaps:
//!
//! | type | field |
//! |---|---|
//! | `[u8; 4]` | magic `RKNN` |
//! | `u32` | version of the format: 2 |
//! | `u32` | N |
//! | `u32` | outputs: 8 |
//! | `i16[768][N]` | weights of the inputs, times 255 |
//! | `i16[N]` | biases of the accumulator, times 255 |
//! | `i16[8][2N]` | weights of the outputs, times 192, within -127 to 127; the mover's first |
//! | `i32[8]` | biases of the outputs, times 255 * 192 |
//!
//! # Evaluation
//!
//! With a and b the accumulators of the mover and the other side (see [`network`](crate::network)), c(x) = min(max(x,
//! 0), 255) and all divisions rounding towards 0:
//!
//! `((sum of c(x)^2 * w over a, then b) / 255 + bias) * 400 / (255 * 192)` centipawns.
//!
//! No accumulator leaves 16 bits, and c(x) * w fits into 16 bits. A product c(x)^2 * w is at most 255 * 255 * 127, so
//! 32 bits hold 260 of them: in four lanes or more the N of each view, as N <= 1024; what the lanes add up to takes 64.

use crate::network::{
    BUCKETS, INPUTS, Inputs, LANES, Network, OUTPUT_SCALE, Shape, ShapeError, bucket,
};
use crate::positions::Position;
use crate::train::gradient::{Scratch, evaluate};

const MAGIC: [u8; 4] = *b"RKNN";
const VERSION: u32 = 2;
const HEADER: usize = 16;
/// What 1 is in an accumulator.
pub const QA: i32 = 255;
/// What 1 is in the weight of an output. The outputs' weights are small, half of them below 0.1 with N = 256: rounded to
/// 1/64, as in version 1, such a network was off by 11 centipawns in the mean.
pub const QB: i32 = 192;
/// Bound of the weights of outputs.
const OUTPUT_MAX: i16 = 127;
/// Bound of the weights of inputs and the biases: 33 of them stay within 16 bits.
const INPUT_MAX: i16 = i16::MAX / 33;

/// Why bytes are no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// They do not begin as one.
    #[error("the file is no network")]
    Magic,
    /// They have a version that this program does not read.
    #[error("the network has version {0} of the format, this program reads {VERSION}")]
    Version(u32),
    /// Its N cannot be.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// It has not 8 outputs.
    #[error("the network has {0} outputs instead of {BUCKETS}")]
    Buckets(u32),
    /// They are too few or too many for its N.
    #[error("the network should have {expected} bytes and has {found}")]
    Length {
        /// What its N asks for.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// A weight could overflow the sums.
    #[error("a weight of the network is beyond {bound}: {value}")]
    Weight {
        /// The largest magnitude.
        bound: i16,
        /// What stands there.
        value: i16,
    },
}

/// A network of whole numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantised {
    shape: Shape,
    features: Vec<i16>,
    biases: Vec<i16>,
    outputs: Vec<i16>,
    output_biases: [i32; BUCKETS],
}

fn rounded(weights: &[[f32; LANES]], factor: i32, bound: i16) -> Vec<i16> {
    let bound = f32::from(bound);
    let round = |&weight: &f32| (weight * factor as f32).round().clamp(-bound, bound) as i16;
    weights.as_flattened().iter().map(round).collect()
}

impl Quantised {
    /// Rounds `network`.
    #[must_use]
    pub fn new(network: &Network) -> Quantised {
        let layers = network.layers();
        let mut output_biases = [0; BUCKETS];
        for (rounded, &bias) in output_biases.iter_mut().zip(layers.output_biases) {
            // Far beyond any score, and far within 32 bits.
            *rounded = (bias.clamp(-1000.0, 1000.0) * (QA * QB) as f32).round() as i32;
        }
        Quantised {
            shape: network.shape(),
            features: rounded(layers.features, QA, INPUT_MAX),
            biases: rounded(layers.biases, QA, INPUT_MAX),
            outputs: rounded(layers.outputs, QB, OUTPUT_MAX),
            output_biases,
        }
    }

    /// How wide it is.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// The network with parameters of 32 bits that means the same.
    #[must_use]
    pub fn to_network(&self) -> Option<Network> {
        let scaled = |list: &[i16], factor: i32| -> Vec<f32> {
            let scaled = list.iter().map(|&weight| f32::from(weight) / factor as f32);
            scaled.collect()
        };
        let mut parameters = scaled(&self.features, QA);
        parameters.extend(scaled(&self.biases, QA));
        parameters.extend(scaled(&self.outputs, QB));
        let biases = self.output_biases.iter();
        parameters.extend(biases.map(|&bias| bias as f32 / (QA * QB) as f32));
        Network::from_parameters(self.shape, parameters)
    }

    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(expected(self.shape));
        bytes.extend(MAGIC);
        for number in [VERSION, self.shape.hidden() as u32, BUCKETS as u32] {
            bytes.extend(number.to_le_bytes());
        }
        for list in [&self.features, &self.biases, &self.outputs] {
            bytes.extend(list.iter().flat_map(|weight| weight.to_le_bytes()));
        }
        bytes.extend(
            self.output_biases
                .iter()
                .flat_map(|bias| bias.to_le_bytes()),
        );
        bytes
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    ///
    /// When they are no network of this format, or one whose sums could overflow.
    pub fn from_bytes(bytes: &[u8]) -> Result<Quantised, NetError> {
        let (head, rest) = bytes.split_first_chunk::<HEADER>().ok_or(NetError::Magic)?;
        let (words, _) = head.as_chunks::<4>();
        let [magic, version, hidden, buckets] = *words else {
            return Err(NetError::Magic);
        };
        if magic != MAGIC {
            return Err(NetError::Magic);
        }
        match u32::from_le_bytes(version) {
            VERSION => {}
            version => return Err(NetError::Version(version)),
        }
        let shape = Shape::new(u32::from_le_bytes(hidden) as usize)?;
        match u32::from_le_bytes(buckets) {
            8 => {}
            buckets => return Err(NetError::Buckets(buckets)),
        }
        let (expected, found) = (expected(shape), bytes.len());
        let (biases_at, hidden) = (shape.bounded() * 2, shape.hidden());
        let (weights, biases) = rest
            .split_at_checked(biases_at)
            .filter(|_| expected == found)
            .ok_or(NetError::Length { expected, found })?;

        let (weights, _) = weights.as_chunks::<2>();
        let weights: Vec<i16> = weights.iter().map(|&two| i16::from_le_bytes(two)).collect();
        let (inputs, outputs) = weights.split_at((INPUTS + 1) * hidden);
        for (list, bound) in [(inputs, INPUT_MAX), (outputs, OUTPUT_MAX)] {
            if let Some(&value) = list
                .iter()
                .find(|weight| weight.unsigned_abs() > bound as u16)
            {
                return Err(NetError::Weight { bound, value });
            }
        }
        let (features, biases_of_inputs) = inputs.split_at(INPUTS * hidden);
        let mut output_biases = [0; BUCKETS];
        for (bias, &four) in output_biases.iter_mut().zip(biases.as_chunks::<4>().0) {
            *bias = i32::from_le_bytes(four);
        }
        Ok(Quantised {
            shape,
            features: features.to_vec(),
            biases: biases_of_inputs.to_vec(),
            outputs: outputs.to_vec(),
            output_biases,
        })
    }

    /// The value of `position` in centipawns for the side to move: the reference for the engine's faster way.
    #[must_use]
    pub fn evaluate(&self, position: &Position) -> i32 {
        let hidden = self.shape.hidden();
        let bucket = bucket(position.count());
        let weights = &self.outputs[bucket * 2 * hidden..][..2 * hidden];
        let inputs = Inputs::new(position);
        let mut sum: i64 = 0;
        for (list, weights) in inputs.lists().into_iter().zip(weights.chunks_exact(hidden)) {
            for (index, &weight) in weights.iter().enumerate() {
                let mut value = i32::from(self.biases[index]);
                for &input in list {
                    value += i32::from(self.features[usize::from(input) * hidden + index]);
                }
                let clipped = i64::from(value.clamp(0, QA));
                sum += clipped * clipped * i64::from(weight);
            }
        }
        let output = sum / i64::from(QA) + i64::from(self.output_biases[bucket]);
        (output * i64::from(OUTPUT_SCALE) / i64::from(QA * QB)) as i32
    }
}

fn expected(shape: Shape) -> usize {
    HEADER + shape.bounded() * 2 + BUCKETS * 4
}

/// How far two evaluations of the same positions lie apart, in centipawns.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Difference {
    /// The mean of the distances.
    pub mean: f64,
    /// The largest distance.
    pub max: f64,
}

impl Difference {
    /// Between `network` and `quantised` over `positions`.
    #[must_use]
    pub fn of(network: &Network, quantised: &Quantised, positions: &[Position]) -> Difference {
        let mut scratch = Scratch::new(network.shape());
        let (mut sum, mut max) = (0.0, 0.0_f64);
        for position in positions {
            let exact = f64::from(evaluate(network, position, &mut scratch));
            let distance = (exact - f64::from(quantised.evaluate(position))).abs();
            sum += distance;
            max = max.max(distance);
        }
        Difference {
            mean: sum / positions.len().max(1) as f64,
            max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::HIDDEN_MAX;
    use crate::samples;
    use proptest::prelude::*;

    fn network(hidden: usize, seed: u64) -> Network {
        Network::random(Shape::new(hidden).unwrap(), seed)
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let quantised = Quantised::new(&network(32, 1));
        let bytes = quantised.to_bytes();
        assert_eq!(bytes.len(), 16 + 2 * (768 * 32 + 32 + 8 * 64) + 4 * 8);
        assert_eq!(bytes[..16], *b"RKNN\x02\0\0\0\x20\0\0\0\x08\0\0\0");
        assert_eq!(Quantised::from_bytes(&bytes).unwrap(), quantised);
    }

    #[test]
    fn rounding_changes_little() {
        let positions = samples::positions(20);
        for seed in 0..5 {
            let network = network(64, seed);
            let quantised = Quantised::new(&network);
            let difference = Difference::of(&network, &quantised, &positions);
            assert!(
                difference.mean < 8.0 && difference.max < 30.0,
                "{difference:?}"
            );
            // What is left is the rounding within the evaluation.
            let same = quantised.to_network().unwrap();
            let difference = Difference::of(&same, &quantised, &positions);
            assert!(difference.max < 1.1, "{difference:?}");
        }
    }

    #[test]
    fn the_largest_weights_do_not_overflow() {
        let shape = Shape::new(HIDDEN_MAX).unwrap();
        let network = Network::from_parameters(shape, vec![1e9; shape.parameters()]).unwrap();
        let quantised = Quantised::new(&network);
        assert!(quantised.features.iter().all(|&weight| weight == INPUT_MAX));
        assert!(Quantised::from_bytes(&quantised.to_bytes()).is_ok());
        let lane = HIDDEN_MAX as i64 / 4;
        assert!(i64::from(QA).pow(2) * i64::from(OUTPUT_MAX) * lane <= i64::from(i32::MAX));
        assert!(i32::from(INPUT_MAX) * 33 <= i32::from(i16::MAX));
        let position = samples::positions(1)[0];
        assert!(quantised.evaluate(&position) > 100_000);
    }

    #[test]
    fn each_fault_has_its_error() {
        let bytes = Quantised::new(&network(16, 1)).to_bytes();
        let length = bytes.len();
        let changed = |at: usize, new: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[at..at + new.len()].copy_from_slice(new);
            Quantised::from_bytes(&bytes).unwrap_err()
        };
        assert_eq!(changed(0, b"X"), NetError::Magic);
        assert_eq!(changed(4, &[1]), NetError::Version(1));
        assert_eq!(changed(8, &[15]), NetError::Shape(ShapeError(15)));
        assert_eq!(changed(12, &[4]), NetError::Buckets(4));
        let expected = length + 2 * 16 * (768 + 1 + 16);
        let found = length;
        assert_eq!(changed(8, &[32]), NetError::Length { expected, found });
        let (bound, value) = (INPUT_MAX, i16::MIN);
        assert_eq!(changed(16, &[0, 0x80]), NetError::Weight { bound, value });
        let (bound, value) = (OUTPUT_MAX, 128);
        let at = length - 34;
        assert_eq!(changed(at, &[128, 0]), NetError::Weight { bound, value });
        assert_eq!(Quantised::from_bytes(&bytes[..15]), Err(NetError::Magic));
        let mut longer = bytes.clone();
        longer.push(0);
        for bytes in [&bytes[..length - 1], &longer] {
            let error = Quantised::from_bytes(bytes).unwrap_err();
            assert!(matches!(error, NetError::Length { .. }));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Quantised::from_bytes(&bytes);
            let _ = Quantised::from_bytes(&[b"RKNN\x02\0\0\0", bytes.as_slice()].concat());
        }
    }
}

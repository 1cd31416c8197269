//! The network that judges positions: `(768 mirrored -> N) x 2 -> 1 x 8`, with squared clipped ReLU between. The
//! trainer, `engine/train`, has the format of its file and the arithmetic in full; here is what the engine needs of them.

use shakmaty::{Color, File, Piece, Square};

use super::accumulator::Accumulators;
use super::simd::Simd;
use crate::position::Position;
use crate::score::Value;

/// The file that is built in, a row of which `N` is read at build time.
pub const FILE: &[u8] = include_bytes!("../../nets/rookery.rknn");

/// Inputs of each view.
const INPUTS: usize = 768;
/// Outputs, of which the number of pieces chooses one.
const BUCKETS: usize = 8;
const HEADER: usize = 16;
/// N: the numbers in an accumulator.
pub const HIDDEN: usize = word(FILE, 8) as usize;
const VERSION: u32 = 2;
/// What 1 is in an accumulator: beyond it, it is clipped.
pub(super) const QA: i16 = 255;
/// What 1 is in the weight of an output.
const QB: i64 = 192;
/// Centipawns of an output of 1.
const OUTPUT_SCALE: i64 = 400;
/// Bound of the weights of inputs and the biases: a bias and 32 weights stay within 16 bits.
const INPUT_MAX: u16 = i16::MAX.unsigned_abs() / 33;
/// Bound of the weights of outputs: times [`QA`] they stay within 16 bits.
const OUTPUT_MAX: u16 = 127;

/// N numbers: an accumulator, or what belongs to one input or output. Aligned for vector registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub(super) struct Row(pub(super) [i16; HIDDEN]);

impl Row {
    pub(super) const ZERO: Row = Row([0; HIDDEN]);
}

/// All parameters.
pub struct Network {
    pub(super) features: [Row; INPUTS],
    pub(super) biases: Row,
    /// The mover's first.
    pub(super) outputs: [[Row; 2]; BUCKETS],
    pub(super) output_biases: [i32; BUCKETS],
}

/// The one that is built in. A file that is not sound does not build.
#[allow(
    long_running_const_eval,
    reason = "the compiler reads every weight, for some seconds if there are many"
)]
pub(super) static NETWORK: Network = Network::read(FILE);

#[allow(long_running_const_eval, reason = "and again, to bound it")]
const _: () = assert!(check(FILE).is_ok(), "the network's file is not sound");

/// Why bytes are no network that this engine can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// They do not begin as one.
    #[error("this is no network")]
    Magic,
    /// They have another version of the format.
    #[error("the network has version {0} of the format, this engine reads {VERSION}")]
    Version(u32),
    /// It has another N than the one that is built in.
    #[error("the network is {0} wide, this engine is built for {HIDDEN}")]
    Width(u32),
    /// It has not 8 outputs.
    #[error("the network has {0} outputs instead of {BUCKETS}")]
    Outputs(u32),
    /// They are too few or too many.
    #[error("the network should have {SIZE} bytes and has {0}")]
    Length(usize),
    /// A weight could overflow the sums.
    #[error("a weight of the network is too large: {0}")]
    Weight(i16),
}

/// Rows before the biases of the outputs.
const ROWS: usize = INPUTS + 1 + 2 * BUCKETS;
/// Bytes of a row.
const ROW: usize = 2 * HIDDEN;
/// Bytes of a file.
const SIZE: usize = HEADER + ROWS * ROW + 4 * BUCKETS;

const fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

const fn weight(bytes: &[u8], at: usize) -> i16 {
    i16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// Whether `bytes` are a network of this N whose sums cannot overflow.
const fn check(bytes: &[u8]) -> Result<(), NetworkError> {
    // The bound above is what the sums of `simd` are made for.
    const { assert!(HIDDEN.is_multiple_of(16) && HIDDEN > 0 && HIDDEN <= 1024) };
    if bytes.len() < HEADER || word(bytes, 0) != u32::from_le_bytes(*b"RKNN") {
        return Err(NetworkError::Magic);
    }
    if word(bytes, 4) != VERSION {
        return Err(NetworkError::Version(word(bytes, 4)));
    }
    if word(bytes, 8) as usize != HIDDEN {
        return Err(NetworkError::Width(word(bytes, 8)));
    }
    if word(bytes, 12) as usize != BUCKETS {
        return Err(NetworkError::Outputs(word(bytes, 12)));
    }
    if bytes.len() != SIZE {
        return Err(NetworkError::Length(bytes.len()));
    }
    let mut index = 0;
    while index < ROWS * HIDDEN {
        let weight = weight(bytes, HEADER + 2 * index);
        let bound = if index < (INPUTS + 1) * HIDDEN {
            INPUT_MAX
        } else {
            OUTPUT_MAX
        };
        if weight.unsigned_abs() > bound {
            return Err(NetworkError::Weight(weight));
        }
        index += 1;
    }
    Ok(())
}

/// The row that begins at the byte `at`.
const fn row(bytes: &[u8], at: usize) -> Row {
    let mut row = Row::ZERO;
    let mut index = 0;
    while index < HIDDEN {
        row.0[index] = weight(bytes, at + 2 * index);
        index += 1;
    }
    row
}

impl Network {
    /// Reads a file that has been checked.
    const fn read(bytes: &[u8]) -> Network {
        let mut network = Network {
            features: [Row::ZERO; INPUTS],
            biases: row(bytes, HEADER + INPUTS * ROW),
            outputs: [[Row::ZERO; 2]; BUCKETS],
            output_biases: [0; BUCKETS],
        };
        let mut input = 0;
        while input < INPUTS {
            network.features[input] = row(bytes, HEADER + input * ROW);
            input += 1;
        }
        let mut bucket = 0;
        while bucket < BUCKETS {
            let at = HEADER + (INPUTS + 1 + 2 * bucket) * ROW;
            network.outputs[bucket] = [row(bytes, at), row(bytes, at + ROW)];
            network.output_biases[bucket] =
                word(bytes, HEADER + ROWS * ROW + 4 * bucket).cast_signed();
            bucket += 1;
        }
        network
    }

    /// Reads a file of the format that `engine/train` writes. Its N must be [`HIDDEN`].
    ///
    /// # Errors
    ///
    /// When the bytes are no such network, or one whose sums could overflow.
    pub fn from_bytes(bytes: &[u8]) -> Result<Box<Network>, NetworkError> {
        check(bytes)?;
        Ok(Box::new(Network::read(bytes)))
    }

    /// What the network says of `position`, computed from nothing: centipawns for the side to move. Means nothing when it
    /// is in check.
    #[must_use]
    pub fn evaluate(&self, position: &Position) -> Value {
        let mut accumulators = Accumulators::new(self, Simd::detect());
        accumulators.start(position);
        accumulators.value(position, 0)
    }

    /// Centipawns of an output: `sum` of c(x)^2 * w, with c(x) = x clipped to 0..[`QA`]. All divisions round towards 0.
    pub(super) fn value(&self, bucket: usize, sum: i64) -> Value {
        let output = sum / i64::from(QA) + i64::from(self.output_biases[bucket]);
        (output * OUTPUT_SCALE / (i64::from(QA) * QB)) as Value
    }
}

/// The output that judges a position of so many pieces.
pub(super) fn bucket(pieces: usize) -> usize {
    (pieces.saturating_sub(2) / 4).min(BUCKETS - 1)
}

/// How one side sees the board: turned so that it moves up and its king is on one of the files a to d.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) side: Color,
    turned: u32,
}

impl View {
    /// The view of `side`, whose king stands on `king`.
    pub(super) fn new(side: Color, king: Square) -> View {
        let ranks = if side.is_white() { 0 } else { 0b111_000 };
        let files = if mirrored(king) { 0b111 } else { 0 };
        View {
            side,
            turned: ranks | files,
        }
    }

    /// The input that a piece on a square switches on.
    pub(super) fn input(self, square: Square, piece: Piece) -> usize {
        let square = square as u32 ^ self.turned;
        let role = piece.role as u32 - 1;
        let owner = if piece.color == self.side { 0 } else { 384 };
        (owner + 64 * role + square) as usize
    }
}

/// Whether a king on this square has its side's view mirrored.
pub(super) fn mirrored(king: Square) -> bool {
    king.file() >= File::E
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_that_is_built_in_is_read_at_run_time_too() {
        let network = Network::from_bytes(FILE).unwrap();
        assert_eq!(network.features, NETWORK.features);
        assert_eq!(network.biases, NETWORK.biases);
        assert_eq!(network.outputs, NETWORK.outputs);
        assert_eq!(network.output_biases, NETWORK.output_biases);
    }

    #[test]
    fn each_fault_has_its_error() {
        let changed = |at: usize, new: &[u8]| {
            let mut bytes = FILE.to_vec();
            bytes[at..at + new.len()].copy_from_slice(new);
            Network::from_bytes(&bytes).err()
        };
        assert_eq!(changed(0, b"X"), Some(NetworkError::Magic));
        assert_eq!(changed(4, &[1]), Some(NetworkError::Version(1)));
        let width = Some(NetworkError::Width(48));
        assert_eq!(changed(8, &48_u32.to_le_bytes()), width);
        assert_eq!(changed(12, &[4]), Some(NetworkError::Outputs(4)));
        let weight = Some(NetworkError::Weight(i16::MIN));
        assert_eq!(changed(HEADER, &[0, 0x80]), weight);
        let last = SIZE - 4 * BUCKETS - 2;
        assert_eq!(changed(last, &[128, 0]), Some(NetworkError::Weight(128)));
        for length in [0, 3, 15, 16, SIZE - 1] {
            let error = Network::from_bytes(&FILE[..length]).err();
            let expected = if length < HEADER {
                NetworkError::Magic
            } else {
                NetworkError::Length(length)
            };
            assert_eq!(error, Some(expected));
        }
        let longer = [FILE, &[0]].concat();
        assert_eq!(
            Network::from_bytes(&longer).err(),
            Some(NetworkError::Length(SIZE + 1))
        );
    }
}

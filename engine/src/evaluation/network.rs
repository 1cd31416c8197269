//! The network that judges positions: `(768 mirrored -> N) x 2 -> 1 x 8`, with squared clipped ReLU between. The
//! trainer, `engine/train`, has the format of its file and the arithmetic in full; here is what the engine needs of them.

use shakmaty::{Color, File, Piece, Square};

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
pub(super) struct Network {
    pub(super) features: [Row; INPUTS],
    pub(super) biases: Row,
    /// The mover's first.
    pub(super) outputs: [[Row; 2]; BUCKETS],
    pub(super) output_biases: [i32; BUCKETS],
}

/// The one that is built in. A file that is not sound does not build.
pub(super) static NETWORK: Network = Network::read(FILE);

const fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The row that begins at the byte `at`.
const fn row(bytes: &[u8], at: usize, bound: u16) -> Row {
    let mut row = Row::ZERO;
    let mut index = 0;
    while index < HIDDEN {
        let weight = i16::from_le_bytes([bytes[at + 2 * index], bytes[at + 2 * index + 1]]);
        assert!(
            weight.unsigned_abs() <= bound,
            "a weight of the network is too large"
        );
        row.0[index] = weight;
        index += 1;
    }
    row
}

impl Network {
    /// Reads a file at build time, where a failed assertion is an error of the compiler.
    const fn read(bytes: &[u8]) -> Network {
        assert!(
            word(bytes, 0) == u32::from_le_bytes(*b"RKNN") && word(bytes, 4) == 2,
            "this is no network of version 2"
        );
        assert!(word(bytes, 12) as usize == BUCKETS);
        // The bound above is what the sums of `simd` are made for.
        assert!(HIDDEN.is_multiple_of(16) && HIDDEN > 0 && HIDDEN <= 1024);
        let rows = INPUTS + 1 + 2 * BUCKETS;
        let size = 2 * HIDDEN;
        assert!(bytes.len() == HEADER + rows * size + 4 * BUCKETS);

        let mut network = Network {
            features: [Row::ZERO; INPUTS],
            biases: row(bytes, HEADER + INPUTS * size, INPUT_MAX),
            outputs: [[Row::ZERO; 2]; BUCKETS],
            output_biases: [0; BUCKETS],
        };
        let mut input = 0;
        while input < INPUTS {
            network.features[input] = row(bytes, HEADER + input * size, INPUT_MAX);
            input += 1;
        }
        let mut bucket = 0;
        while bucket < BUCKETS {
            let at = HEADER + (INPUTS + 1 + 2 * bucket) * size;
            network.outputs[bucket] = [
                row(bytes, at, OUTPUT_MAX),
                row(bytes, at + size, OUTPUT_MAX),
            ];
            network.output_biases[bucket] =
                word(bytes, HEADER + rows * size + 4 * bucket).cast_signed();
            bucket += 1;
        }
        network
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

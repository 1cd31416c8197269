//! The network: `(768 mirrored -> N) x 2 -> 1 x 8`, with squared clipped ReLU between.
//!
//! Each side sees the board on its own: up to 32 of 768 inputs are on, and their rows of N weights and the N biases
//! sum up to its accumulator, the same weights for both. What is clipped to 0..1 and squared, the mover's N first,
//! goes into one of eight outputs, which the number of pieces chooses. An output of 1 means 400 centipawns for the
//! mover.
//!
//! # Inputs
//!
//! A view turns the board so that its own side moves up: for Black the ranks are mirrored. If its own king then stands
//! on one of the files e to h, the files are mirrored too, so that the king is always on the files a to d. The piece
//! of role r (0 pawn, 1 knight, 2 bishop, 3 rook, 4 queen, 5 king) on the square s (a1 = 0, b1 = 1, h8 = 63) of the
//! board so turned switches on the input `64 r + s` if it is the view's own and `384 + 64 r + s` if it is the other
//! side's.

use rookery_engine::rng::Rng;
use shakmaty::{Color, File, Piece, Role, Square};

use crate::positions::Position;

/// Inputs of each view.
pub const INPUTS: usize = 768;
/// Outputs, of which the number of pieces chooses one.
pub const BUCKETS: usize = 8;
/// Centipawns of an output of 1.
pub const OUTPUT_SCALE: i32 = 400;
/// The layers are handled in rows of so many numbers; N is a multiple of it.
pub const LANES: usize = 16;
/// The widest layer that the engine can sum up.
pub const HIDDEN_MAX: usize = 1024;

/// A piece of a layer that fits into vector registers.
pub type Row = [f32; LANES];

/// The layer cannot have this width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a network's N is a multiple of {LANES} up to {HIDDEN_MAX}, not {0}")]
pub struct ShapeError(pub usize);

/// How wide the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    hidden: usize,
}

impl Shape {
    /// Of a network with N = `hidden`.
    ///
    /// # Errors
    ///
    /// If that is no multiple of [`LANES`], 0 or more than [`HIDDEN_MAX`].
    pub const fn new(hidden: usize) -> Result<Shape, ShapeError> {
        if hidden == 0 || hidden > HIDDEN_MAX || !hidden.is_multiple_of(LANES) {
            return Err(ShapeError(hidden));
        }
        Ok(Shape { hidden })
    }

    /// N, the numbers in an accumulator.
    #[must_use]
    pub const fn hidden(self) -> usize {
        self.hidden
    }

    /// [`Row`]s in an accumulator.
    #[must_use]
    pub const fn rows(self) -> usize {
        self.hidden / LANES
    }

    /// Parameters that are weights or biases of accumulators; they come first.
    #[must_use]
    pub const fn inner(self) -> usize {
        (INPUTS + 1) * self.hidden
    }

    /// Those and the weights of outputs: all but the outputs' biases.
    #[must_use]
    pub const fn bounded(self) -> usize {
        self.inner() + 2 * BUCKETS * self.hidden
    }

    /// All parameters.
    #[must_use]
    pub const fn parameters(self) -> usize {
        self.bounded() + BUCKETS
    }
}

/// The parameters by layer, borrowed.
#[derive(Clone, Copy)]
pub struct Layers<'a> {
    /// `[768][N]`.
    pub features: &'a [Row],
    /// `[N]`.
    pub biases: &'a [Row],
    /// `[8][2 N]`, the mover's first.
    pub outputs: &'a [Row],
    /// `[8]`.
    pub output_biases: &'a [f32],
}

/// The same, to be changed.
pub struct LayersMut<'a> {
    /// `[768][N]`.
    pub features: &'a mut [Row],
    /// `[N]`.
    pub biases: &'a mut [Row],
    /// `[8][2 N]`, the mover's first.
    pub outputs: &'a mut [Row],
    /// `[8]`.
    pub output_biases: &'a mut [f32],
}

impl<'a> Layers<'a> {
    /// Cuts `parameters`, as many as `shape` has.
    #[must_use]
    pub fn new(shape: Shape, parameters: &'a [f32]) -> Layers<'a> {
        let (rows, output_biases) = parameters.as_chunks();
        let (features, rows) = rows.split_at(INPUTS * shape.rows());
        let (biases, outputs) = rows.split_at(shape.rows());
        Layers {
            features,
            biases,
            outputs,
            output_biases,
        }
    }
}

impl<'a> LayersMut<'a> {
    /// Cuts `parameters`, as many as `shape` has.
    #[must_use]
    pub fn new(shape: Shape, parameters: &'a mut [f32]) -> LayersMut<'a> {
        let (rows, output_biases) = parameters.as_chunks_mut();
        let (features, rows) = rows.split_at_mut(INPUTS * shape.rows());
        let (biases, outputs) = rows.split_at_mut(shape.rows());
        LayersMut {
            features,
            biases,
            outputs,
            output_biases,
        }
    }
}

/// A network with parameters of 32 bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    shape: Shape,
    /// All of them, layer after layer as in [`Layers`].
    pub parameters: Vec<f32>,
}

impl Network {
    /// A random network to begin with, which `seed` determines.
    #[must_use]
    pub fn random(shape: Shape, seed: u64) -> Network {
        let mut rng = Rng::new(seed);
        let mut uniform = |bound: f32| {
            let unit = (rng.next_u64() >> 40) as f32 / (1_u32 << 23) as f32;
            (unit - 1.0) * bound
        };
        let mut parameters = vec![0.0; shape.parameters()];
        let layers = LayersMut::new(shape, &mut parameters);
        for weight in layers.features.as_flattened_mut() {
            *weight = uniform(0.1);
        }
        // Where nothing exceeds 0 nothing is learnt.
        layers.biases.as_flattened_mut().fill(0.2);
        let bound = 1.0 / (2.0 * shape.hidden as f32).sqrt();
        for weight in layers.outputs.as_flattened_mut() {
            *weight = uniform(bound);
        }
        Network { shape, parameters }
    }

    /// A network with these parameters; nothing if they are not as many as `shape` has.
    #[must_use]
    pub fn from_parameters(shape: Shape, parameters: Vec<f32>) -> Option<Network> {
        (parameters.len() == shape.parameters()).then_some(Network { shape, parameters })
    }

    /// How wide it is.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// The parameters by layer.
    #[must_use]
    pub fn layers(&self) -> Layers<'_> {
        Layers::new(self.shape, &self.parameters)
    }
}

/// The inputs that a position switches on.
#[derive(Clone, Copy, Debug)]
pub struct Inputs {
    lists: [[u16; 32]; 2],
    count: usize,
}

impl Inputs {
    /// Of `position`.
    #[must_use]
    pub fn new(position: &Position) -> Inputs {
        let mut kings = [Square::A1; 2];
        for (square, piece) in position.pieces() {
            if piece.role == Role::King {
                kings[usize::from(piece.color != position.turn())] = square;
            }
        }
        let mover = View::new(position.turn(), kings[0]);
        let other = View::new(!position.turn(), kings[1]);
        let mut inputs = Inputs {
            lists: [[0; 32]; 2],
            count: 0,
        };
        for (square, piece) in position.pieces() {
            inputs.lists[0][inputs.count] = mover.input(square, piece);
            inputs.lists[1][inputs.count] = other.input(square, piece);
            inputs.count += 1;
        }
        inputs
    }

    /// What the mover's view has, then what the other's has: numbers below [`INPUTS`].
    #[must_use]
    pub fn lists(&self) -> [&[u16]; 2] {
        let [mover, other] = &self.lists;
        [&mover[..self.count], &other[..self.count]]
    }
}

/// How one side sees the board.
#[derive(Clone, Copy, Debug)]
pub struct View {
    side: Color,
    turned: u32,
}

impl View {
    /// The view of `side`, whose king stands on `king`.
    #[must_use]
    pub fn new(side: Color, king: Square) -> View {
        let ranks = if side.is_white() { 0 } else { 0b111_000 };
        let files = if king.file() >= File::E { 0b111 } else { 0 };
        View {
            side,
            turned: ranks | files,
        }
    }

    /// The input that a piece on a square switches on.
    #[must_use]
    pub fn input(self, square: Square, piece: Piece) -> u16 {
        let square = square as u32 ^ self.turned;
        let role = piece.role as u32 - 1;
        let owner = if piece.color == self.side { 0 } else { 384 };
        (owner + 64 * role + square) as u16
    }
}

/// The output that judges a position of so many pieces.
#[must_use]
pub const fn bucket(pieces: u32) -> usize {
    let bucket = pieces.saturating_sub(2) as usize / 4;
    if bucket < BUCKETS {
        bucket
    } else {
        BUCKETS - 1
    }
}

#[cfg(test)]
mod tests;

//! The parameters as the training holds them: the inputs' weights cut into tiles, so that what many positions need of a
//! tile stays in the fastest cache.
//!
//! A [`Network`](crate::network::Network) has its weights as `[768][N]`, a tile is `[768][16]` of them, and tile follows
//! tile. All other layers lie as they do there.

use crate::network::{INPUTS, LANES, Row, Shape};

/// The weights of all inputs for [`LANES`] numbers of the accumulators: 48 KiB.
pub type Tile = [Row; INPUTS];

/// The parameters by layer, borrowed.
#[derive(Clone, Copy)]
pub struct Tiles<'a> {
    /// `[N / 16][768][16]`.
    pub features: &'a [Tile],
    /// `[N]`.
    pub biases: &'a [Row],
    /// `[8][2 N]`, the mover's first.
    pub outputs: &'a [Row],
    /// `[8]`.
    pub output_biases: &'a [f32],
}

/// The same, to be changed.
pub struct TilesMut<'a> {
    /// `[N / 16][768][16]`.
    pub features: &'a mut [Tile],
    /// `[N]`.
    pub biases: &'a mut [Row],
    /// `[8][2 N]`, the mover's first.
    pub outputs: &'a mut [Row],
    /// `[8]`.
    pub output_biases: &'a mut [f32],
}

impl<'a> Tiles<'a> {
    /// Cuts `parameters`, as many as `shape` has.
    #[must_use]
    pub fn new(shape: Shape, parameters: &'a [f32]) -> Tiles<'a> {
        let (rows, output_biases) = parameters.as_chunks();
        let (features, rows) = rows.split_at(INPUTS * shape.rows());
        let (biases, outputs) = rows.split_at(shape.rows());
        Tiles {
            features: features.as_chunks().0,
            biases,
            outputs,
            output_biases,
        }
    }
}

impl<'a> TilesMut<'a> {
    /// Cuts `parameters`, as many as `shape` has.
    #[must_use]
    pub fn new(shape: Shape, parameters: &'a mut [f32]) -> TilesMut<'a> {
        let (rows, output_biases) = parameters.as_chunks_mut();
        let (features, rows) = rows.split_at_mut(INPUTS * shape.rows());
        let (biases, outputs) = rows.split_at_mut(shape.rows());
        TilesMut {
            features: features.as_chunks_mut().0,
            biases,
            outputs,
            output_biases,
        }
    }
}

/// Writes into `tiles` the `parameters` of a network of this `shape`, or whatever lies as they do.
pub fn cut(shape: Shape, parameters: &[f32], tiles: &mut [f32]) {
    let weights = INPUTS * shape.hidden();
    tiles[weights..].copy_from_slice(&parameters[weights..]);
    let rows = parameters[..weights].chunks_exact(shape.hidden());
    let tiles = tiles[..weights].as_chunks_mut::<LANES>().0;
    for (input, row) in rows.enumerate() {
        for (tile, lanes) in row.as_chunks::<LANES>().0.iter().enumerate() {
            tiles[tile * INPUTS + input] = *lanes;
        }
    }
}

/// The way back: writes into `parameters` what `tiles` has.
pub fn join(shape: Shape, tiles: &[f32], parameters: &mut [f32]) {
    let weights = INPUTS * shape.hidden();
    parameters[weights..].copy_from_slice(&tiles[weights..]);
    let rows = parameters[..weights].chunks_exact_mut(shape.hidden());
    let tiles = tiles[..weights].as_chunks::<LANES>().0;
    for (input, row) in rows.enumerate() {
        for (tile, lanes) in row.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            *lanes = tiles[tile * INPUTS + input];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_have_each_weight_where_it_belongs_and_are_joined_again() {
        let shape = Shape::new(48).unwrap();
        let parameters: Vec<f32> = (0..shape.parameters()).map(|n| n as f32).collect();
        let mut tiles = vec![0.0; shape.parameters()];
        cut(shape, &parameters, &mut tiles);
        let layers = Tiles::new(shape, &tiles);
        assert_eq!(layers.features.len(), 3);
        assert_eq!(layers.features[2][700][5], (700 * 48 + 2 * 16 + 5) as f32);
        assert_eq!(layers.biases[1][3], (768 * 48 + 16 + 3) as f32);
        assert_eq!(layers.output_biases.len(), 8);
        let mut joined = vec![0.0; shape.parameters()];
        join(shape, &tiles, &mut joined);
        assert_eq!(joined, parameters);
    }
}

use shakmaty::{CastlingMode, Chess, EnPassantMode, Position as _, fen::Fen};

use super::*;
use crate::samples;

fn position(fen: &str) -> Position {
    let fen: Fen = fen.parse().unwrap();
    let chess: Chess = fen.into_position(CastlingMode::Standard).unwrap();
    Position::new(chess.board(), chess.turn(), 0, None)
}

fn sorted(position: &Position) -> [Vec<u16>; 2] {
    Inputs::new(position).lists().map(|list| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list
    })
}

#[test]
fn inputs_are_those_documented() {
    let [mover, other] = sorted(&position("4k3/8/8/8/8/8/P7/4K2R w - - 0 1"));
    // The king on e1 mirrors the files: it stands on d1, the pawn on h2, the rook on a1.
    assert_eq!(mover, [15, 3 * 64, 5 * 64 + 3, 384 + 5 * 64 + 59]);
    // So does that on e8, and the ranks are mirrored too.
    assert_eq!(
        other,
        [5 * 64 + 3, 384 + 55, 384 + 3 * 64 + 56, 384 + 5 * 64 + 59]
    );
    let [mover, _] = sorted(&position("3k4/8/8/8/8/8/P7/3K3R w - - 0 1"));
    assert_eq!(mover, [8, 3 * 64 + 7, 5 * 64 + 3, 384 + 5 * 64 + 59]);
}

#[test]
fn colours_and_wings_are_alike() {
    for seed in 0..20 {
        let visit = |chess: &Chess, _, _, _| {
            let turn = chess.turn();
            let here = sorted(&Position::new(chess.board(), turn, 0, None));
            let setup = chess.to_setup(EnPassantMode::Legal).into_mirrored();
            let mirrored = Position::new(&setup.board, setup.turn, 0, None);
            assert_eq!(sorted(&mirrored), here);
            let mut board = chess.board().clone();
            board.flip_horizontal();
            assert_eq!(sorted(&Position::new(&board, turn, 0, None)), here);
            assert!(
                here.iter()
                    .flatten()
                    .all(|&input| usize::from(input) < INPUTS)
            );
            for list in here {
                assert!(list.windows(2).all(|pair| pair[0] < pair[1]));
            }
        };
        samples::game(seed).replay(visit).unwrap();
    }
}

#[test]
fn every_number_of_pieces_has_its_output() {
    let buckets: Vec<usize> = [0, 2, 5, 6, 9, 10, 29, 30, 32, 40].map(bucket).to_vec();
    assert_eq!(buckets, [0, 0, 0, 1, 1, 2, 6, 7, 7, 7]);
}

#[test]
fn shapes_are_checked() {
    for hidden in [0, 8, 17, HIDDEN_MAX + 16] {
        assert_eq!(Shape::new(hidden), Err(ShapeError(hidden)));
    }
    let shape = Shape::new(32).unwrap();
    assert_eq!(shape.parameters(), 768 * 32 + 32 + 8 * 64 + 8);
    assert!(Network::from_parameters(shape, vec![0.0; 5]).is_none());
    let network = Network::random(shape, 1);
    let layers = network.layers();
    assert_eq!(layers.features.len(), 768 * 2);
    assert_eq!((layers.biases.len(), layers.outputs.len()), (2, 32));
    assert_eq!(layers.output_biases, [0.0; 8]);
    assert_eq!(Network::random(shape, 1), network);
    assert_ne!(Network::random(shape, 2), network);
}

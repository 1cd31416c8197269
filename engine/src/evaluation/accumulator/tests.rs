use super::*;
use crate::evaluation::network::{HIDDEN, NETWORK, bucket};
use crate::rng::Rng;
use shakmaty::{Board, CastlingMode, Chess, Position as _, Setup};

/// From scratch, by the definition.
fn expected(network: &Network, position: &Position) -> ([[i16; HIDDEN]; 2], Value) {
    let board = position.board();
    let mut sum = 0;
    let mut rows = [[0; HIDDEN]; 2];
    let bucket = bucket(board.occupied().count());
    for (seat, side) in [position.turn(), !position.turn()].into_iter().enumerate() {
        let view = View::new(side, board.king_of(side).unwrap());
        let mut row = network.biases.0.map(i32::from);
        for (square, piece) in board.clone() {
            let weights = &network.features[view.input(square, piece)].0;
            for (number, &weight) in row.iter_mut().zip(weights) {
                *number += i32::from(weight);
            }
        }
        for (&x, &w) in row.iter().zip(&network.outputs[bucket][seat].0) {
            let clipped = i64::from(x.clamp(0, 255));
            sum += clipped * clipped * i64::from(w);
        }
        rows[index(side)] = row.map(|number| i16::try_from(number).unwrap());
    }
    (rows, network.value(bucket, sum))
}

/// A network of weights that are as large as they may be, or 0.
fn extreme(seed: u64) -> &'static Network {
    let mut rng = Rng::new(seed);
    let mut draw = |bound: i16| Row(std::array::from_fn(|_| bound * (rng.below(3) as i16 - 1)));
    let network = Network {
        features: std::array::from_fn(|_| draw(992)),
        biases: draw(992),
        outputs: std::array::from_fn(|_| [draw(127), draw(127)]),
        output_biases: [i32::MAX, i32::MIN, 0, 1, -1, 16_320, -16_320, 5],
    };
    Box::leak(Box::new(network))
}

fn chess960(number: u32) -> Position {
    let setup = Setup {
        board: Board::chess960(number),
        ..Setup::initial()
    };
    let castling_rights = setup.board.rooks();
    let setup = Setup {
        castling_rights,
        ..setup
    };
    Position::new(setup.position(CastlingMode::Chess960).unwrap())
}

/// Goes up and down the tree below `position` as a search does, evaluating here and there.
fn wander(
    accumulators: &mut Accumulators,
    network: &Network,
    rng: &mut Rng,
    position: &Position,
    ply: usize,
    depth: usize,
) -> u64 {
    let mut looked = 0;
    let look = |accumulators: &mut Accumulators| {
        let (rows, value) = expected(network, position);
        assert_eq!(accumulators.value(position, ply), value, "{position:?}");
        assert_eq!(
            accumulators.plies[ply].rows.each_ref().map(|row| row.0),
            rows
        );
        1
    };
    if rng.below(3) == 0 {
        looked += look(accumulators);
    }
    if depth == 0 {
        return looked;
    }
    let moves = position.chess().legal_moves();
    for _ in 0..1 + rng.below(2) {
        let passed = position.pass().filter(|_| rng.below(8) == 0);
        let child = match passed {
            Some(passed) => {
                accumulators.enter(ply, position.turn(), None);
                passed
            }
            None => {
                if moves.is_empty() {
                    break;
                }
                // Kings, castling and promotions more often than by chance.
                let rare: Vec<Move> = moves
                    .iter()
                    .copied()
                    .filter(|m| {
                        m.role() == Role::King
                            || m.is_castle()
                            || m.is_promotion()
                            || m.is_en_passant()
                    })
                    .collect();
                let list = if rare.is_empty() || rng.below(2) == 0 {
                    &moves[..]
                } else {
                    &rare
                };
                let m = list[rng.below(list.len() as u64) as usize];
                accumulators.enter(ply, position.turn(), Some(m));
                position.play(m)
            }
        };
        looked += wander(accumulators, network, rng, &child, ply + 1, depth - 1);
        if rng.below(4) == 0 {
            looked += look(accumulators);
        }
    }
    looked
}

#[test]
fn what_is_kept_equals_what_is_computed_afresh() {
    let (mut looked, mut castled) = (0, 0);
    for seed in 0..400 {
        let mut rng = Rng::new(seed);
        let network = if seed % 4 == 3 {
            extreme(seed)
        } else {
            &NETWORK
        };
        let mut simd = Simd::detect();
        if seed % 3 == 0 {
            simd = Simd::Scalar;
        }
        // One for all the searches of a game, as the engine has it.
        let mut accumulators = Accumulators::new(network, simd);
        let mut position = if seed % 2 == 0 {
            Position::new(Chess::default())
        } else {
            chess960(rng.below(960) as u32)
        };
        for _ in 0..150 {
            if rng.below(6) == 0 {
                accumulators.start(&position);
                looked += wander(&mut accumulators, network, &mut rng, &position, 0, 9);
            }
            let moves = position.chess().legal_moves();
            if moves.is_empty() {
                break;
            }
            let m = moves
                .iter()
                .copied()
                .find(|m| m.is_castle())
                .unwrap_or(moves[rng.below(moves.len() as u64) as usize]);
            castled += u32::from(m.is_castle());
            position = position.play(m);
        }
    }
    println!("{looked} positions, {castled} games with castling");
    assert!(looked > 100_000 && castled > 100, "{looked} {castled}");
}

#[test]
fn the_deepest_line_has_room() {
    let mut accumulators = Accumulators::new(&NETWORK, Simd::detect());
    let mut position = Position::new(Chess::default());
    let mut rng = Rng::new(3);
    accumulators.start(&position);
    for ply in 0..MAX_PLY {
        let moves = position.chess().legal_moves();
        let m = moves[rng.below(moves.len() as u64) as usize];
        accumulators.enter(ply, position.turn(), Some(m));
        position = position.play(m);
    }
    let (_, value) = expected(&NETWORK, &position);
    assert_eq!(accumulators.value(&position, MAX_PLY), value);
}

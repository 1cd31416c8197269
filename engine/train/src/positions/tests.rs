use shakmaty::{Bitboard, Chess, Position as _};

use super::*;
use crate::games::{Ply, Writer};
use crate::samples;

#[test]
fn a_packed_position_has_all_of_the_board() {
    for seed in 0..50 {
        let game = samples::game(seed);
        let visit = |chess: &Chess, _, _, ply: Ply| {
            let score = ply.score.unwrap_or(-7);
            let packed = Position::new(chess.board(), chess.turn(), score, game.winner);
            let pieces: Vec<_> = packed.pieces().collect();
            let board: Vec<_> = chess.board().iter().collect();
            assert_eq!(pieces, board);
            assert_eq!(packed.count() as usize, board.len());
            assert_eq!((packed.turn(), packed.score()), (chess.turn(), score));
            let result = match game.winner {
                None => 0.5,
                Some(winner) if winner == chess.turn() => 1.0,
                Some(_) => 0.0,
            };
            assert_eq!(packed.result(), result);
        };
        game.replay(visit).unwrap();
    }
}

#[test]
fn more_than_32_pieces_do_no_harm() {
    let mut board = Board::empty();
    for square in Bitboard::FULL {
        board.set_piece_at(square, Role::Queen.of(Color::Black));
    }
    let packed = Position::new(&board, Color::White, 0, None);
    assert_eq!(packed.pieces().count(), 32);
}

#[test]
fn files_are_read_hashed_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games");
    samples::write(&path, 1, 40);
    let (mut kept, mut last) = (0, 0);
    let source = load(&path, &Filter::default(), |game, _| {
        assert!(game >= last);
        last = game;
        kept += 1;
    })
    .unwrap();
    assert_eq!(source.games, 40);
    assert_eq!(source.results.iter().sum::<u64>(), 40);
    assert_eq!(source.counts.kept, kept);
    let plies: usize = (0..40)
        .map(|game| samples::game(1_000_003 + game).plies.len())
        .sum();
    assert_eq!(source.counts.total(), plies as u64);
    let hash: [u8; 32] = Sha256::digest(std::fs::read(&path).unwrap()).into();
    assert_eq!(source.sha256, hash);
}

#[test]
fn whole_games_are_held_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games");
    samples::write(&path, 2, 100);
    let filter = Filter::default();
    let read = |seed, held_out| {
        let mut data = Data::default();
        data.add(&path, &filter, seed, held_out).unwrap();
        data
    };
    let data = read(1, 200);
    let share = data.validation.len() as f64 / (data.validation.len() + data.training.len()) as f64;
    assert!((0.1..0.3).contains(&share), "{share}");
    assert_eq!(read(1, 200).validation, data.validation);
    assert_ne!(read(2, 200).validation, data.validation);
    assert!(read(1, 0).validation.is_empty());
    assert!(read(1, 1000).training.is_empty());
}

#[test]
fn each_fault_has_its_error() {
    let folder = tempfile::tempdir().unwrap();
    let filter = Filter::default();
    let path = folder.path().join("games");
    let error = load(&path, &filter, |_, _| {}).unwrap_err();
    assert!(matches!(error, LoadError::Io { .. }));

    samples::write(&path, 3, 2);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = load(&path, &filter, |_, _| {}).unwrap_err();
    assert!(matches!(error, LoadError::Record { .. }));

    let mut game = samples::game(4);
    game.plies[20].to = game.plies[20].from;
    let mut writer = Writer::new(File::create(&path).unwrap()).unwrap();
    writer.write(&samples::game(5)).unwrap();
    writer.write(&game).unwrap();
    writer.finish().unwrap();
    let error = load(&path, &filter, |_, _| {}).unwrap_err();
    assert!(matches!(error, LoadError::Illegal { game: 1, .. }));
}

#[test]
fn an_order_has_every_number_once() {
    let mut first = order(1000, 5, 0);
    assert_ne!(first, order(1000, 5, 1));
    assert_ne!(first, order(1000, 6, 0));
    assert_eq!(first, order(1000, 5, 0));
    first.sort_unstable();
    assert!(first.iter().copied().eq(0..1000));
    assert!(order(0, 1, 1).is_empty());
}

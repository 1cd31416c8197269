use std::sync::LazyLock;

use proptest::prelude::*;
use shakmaty::Position as _;

use super::*;

fn write(games: &[Game]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    for game in games {
        writer.write(game).unwrap();
    }
    writer.finish().unwrap()
}

fn read(bytes: &[u8]) -> Result<Vec<Game>, ReadError> {
    Reader::new(bytes)?.collect()
}

fn pack(record: &[u8]) -> Vec<u8> {
    zstd::encode_all(record, 1).unwrap()
}

/// A number in `0..bound`, from xorshift (Marsaglia 2003).
fn below(bound: usize, state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 32) as usize % bound
}

fn random_game(seed: u64) -> Game {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut position = Chess::default();
    let mut plies = Vec::new();
    for ply in 0..300 {
        let moves = position.legal_moves();
        if moves.is_empty() {
            break;
        }
        let m = moves[below(moves.len(), &mut state)];
        let score = (ply >= 8).then(|| below(2000, &mut state) as i16 - 1000);
        plies.push(Ply::new(m, score).unwrap());
        position.play_unchecked(m);
    }
    Game {
        winner: position.outcome().winner(),
        opening: plies.len().min(8) as u8,
        plies,
    }
}

#[test]
fn games_are_read_as_they_were_written_and_can_be_played() {
    let games: Vec<Game> = (0..60).map(random_game).collect();
    let read = read(&write(&games)).unwrap();
    assert_eq!(read, games);
    let (mut castlings, mut promotions) = (0, 0);
    for game in &read {
        let mut visited = 0;
        game.replay(|position, m, ply, _| {
            assert!(position.is_legal(m));
            assert_eq!(ply, visited);
            visited += 1;
            castlings += u32::from(m.is_castle());
            promotions += u32::from(m.is_promotion());
        })
        .unwrap();
        assert_eq!(visited, game.plies.len());
    }
    assert!(castlings > 0 && promotions > 0);
}

#[test]
fn a_record_has_the_documented_bytes() {
    let game = Game {
        winner: Some(Color::White),
        opening: 1,
        plies: vec![
            Ply {
                from: Square::E2,
                to: Square::E4,
                promotion: None,
                score: None,
            },
            Ply {
                from: Square::A7,
                to: Square::B8,
                promotion: Some(Role::Queen),
                score: Some(-2),
            },
        ],
    };
    let bytes = zstd::decode_all(write(std::slice::from_ref(&game)).as_slice()).unwrap();
    let (first, second) = (12_u16 | 28 << 6, 48_u16 | 57 << 6 | 4 << 12);
    let [a, b] = first.to_le_bytes();
    let [c, d] = second.to_le_bytes();
    assert_eq!(bytes, [2, 0, 2, 1, a, b, 0xff, 0x7f, c, d, 0xfe, 0xff]);
}

#[test]
fn frames_may_follow_each_other_and_an_empty_stream_has_no_game() {
    let mut bytes = write(&[random_game(1)]);
    bytes.extend(write(&[random_game(2)]));
    assert_eq!(read(&bytes).unwrap(), [random_game(1), random_game(2)]);
    assert_eq!(read(&write(&[])).unwrap(), []);
}

#[test]
fn each_fault_has_its_error() {
    let cut = read(&pack(&[2, 0, 1, 0, 12, 7, 12])).unwrap_err();
    assert!(matches!(cut, ReadError::CutOff { game: 0 }));
    let cut = read(&pack(&[0, 0, 1, 0, 2])).unwrap_err();
    assert!(matches!(cut, ReadError::CutOff { game: 1 }));
    let result = read(&pack(&[0, 0, 3, 0])).unwrap_err();
    assert!(matches!(result, ReadError::Result { game: 0, value: 3 }));
    let opening = read(&pack(&[1, 0, 1, 2, 0, 0, 0, 0])).unwrap_err();
    assert!(matches!(
        opening,
        ReadError::Opening {
            opening: 2,
            plies: 1,
            ..
        }
    ));
    for value in [0x5000_u16, 0x8000] {
        let [low, high] = value.to_le_bytes();
        let error = read(&pack(&[1, 0, 1, 0, low, high, 0, 0])).unwrap_err();
        assert!(matches!(error, ReadError::Move { ply: 0, value: v, .. } if v == value));
    }
    let io = read(b"this is no zstd stream").unwrap_err();
    assert!(matches!(io, ReadError::Io { game: 0, .. }));
}

#[test]
fn after_an_error_there_is_no_game() {
    let mut record = vec![0, 0, 7, 0];
    record.extend([0, 0, 1, 0]);
    let bytes = pack(&record);
    let mut reader = Reader::new(bytes.as_slice()).unwrap();
    assert!(reader.next().unwrap().is_err());
    assert!(reader.next().is_none());
}

#[test]
fn what_does_not_fit_is_not_written() {
    let ply = Ply {
        from: Square::A7,
        to: Square::A8,
        promotion: Some(Role::King),
        score: None,
    };
    let game = |opening, plies| Game {
        winner: None,
        opening,
        plies,
    };
    let mut writer = Writer::new(Vec::new()).unwrap();
    let mut refused = |game| writer.write(&game).unwrap_err();
    assert!(matches!(
        refused(game(0, vec![ply])),
        WriteError::Promotion { ply: 0 }
    ));
    assert!(matches!(
        refused(game(1, vec![])),
        WriteError::Opening { .. }
    ));
    let long = vec![ply; usize::from(u16::MAX) + 1];
    assert!(matches!(
        refused(game(0, long)),
        WriteError::TooLong(65_536)
    ));
    let score = Ply {
        promotion: None,
        score: Some(UNSCORED),
        ..ply
    };
    assert!(matches!(
        refused(game(0, vec![score])),
        WriteError::Score { ply: 0 }
    ));
    assert_eq!(read(&writer.finish().unwrap()).unwrap(), []);
}

#[test]
fn an_illegal_move_ends_the_replay() {
    let mut game = random_game(3);
    game.plies[4] = Ply {
        from: Square::E1,
        to: Square::E8,
        promotion: None,
        score: None,
    };
    let mut visited = 0;
    let error = game.replay(|_, _, _, _| visited += 1).unwrap_err();
    assert_eq!((error.ply, visited), (4, 4));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(record in prop::collection::vec(any::<u8>(), 0..200)) {
        for bytes in [&record, &pack(&record)] {
            for game in Reader::new(bytes.as_slice()).unwrap().flatten() {
                let _ = game.replay(|_, _, _, _| {});
            }
        }
    }

    #[test]
    fn a_file_cut_anywhere_gives_an_error(cut in 0.0..1.0_f64) {
        static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| write(&[random_game(4), random_game(5)]));
        let cut = (BYTES.len() as f64 * cut) as usize;
        let error = read(&BYTES[..cut]).unwrap_err();
        prop_assert!(matches!(error, ReadError::CutOff { .. }), "{error:?}");
    }
}

//! Positions that no game has, that few games have, or that end one: refused with a reason, or answered by a legal move.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may fail by panicking.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use rookery_engine::{Engine, Game, Limits, Request, Step};
use shakmaty::fen::Fen;
use shakmaty::{Board, CastlingMode, EnPassantMode, Position as _};

mod common;
use common::inside::{self, Inside};

/// Chess has no such positions.
const IMPOSSIBLE: [&str; 34] = [
    // Kings.
    "8/8/8/8/8/8/8/8 w - - 0 1",
    "4k3/8/8/8/8/8/8/8 w - - 0 1",
    "8/8/8/8/8/8/8/4K3 b - - 0 1",
    "4k3/8/8/8/8/8/8/K3K3 w - - 0 1",
    "k3k3/8/8/8/8/8/8/4K3 w - - 0 1",
    "8/8/8/3kK3/8/8/8/8 w - - 0 1",
    "KKKKKKKK/KKKKKKKK/8/8/8/8/kkkkkkkk/kkkkkkkk w - - 0 1",
    // Pawns.
    "4k3/8/8/8/8/P7/PPPPPPPP/4K3 w - - 0 1",
    "4k3/pppppppp/p7/8/8/8/8/4K3 w - - 0 1",
    "4k3/8/8/8/8/8/8/P3K3 w - - 0 1",
    "P3k3/8/8/8/8/8/8/4K3 w - - 0 1",
    "4k3/8/8/8/8/8/8/p3K3 b - - 0 1",
    "p3k3/8/8/8/8/8/8/4K3 b - - 0 1",
    // More than pawns could have become.
    "qqqqkqqq/qqqqqqqq/8/8/8/8/8/4K3 w - - 0 1",
    "4k3/8/8/8/8/8/QQQQQQQQ/QQQQKQQQ b - - 0 1",
    "4k3/8/8/8/8/8/PPPPPPPP/QQQQK3 w - - 0 1",
    "4k3/8/8/8/8/8/PPPPPPPP/RRRNKNN1 w - - 0 1",
    "nnnnnnnn/nnnnnnnn/nnnnnnnn/nnnn4/8/8/8/k6K w - - 0 1",
    // The side that is not to move is in check.
    "4k3/8/8/8/8/8/4R3/4K3 w - - 0 1",
    "4k3/4r3/8/8/8/8/8/4K3 b - - 0 1",
    "4k3/3P4/8/8/8/8/8/4K3 w - - 0 1",
    // Checks that no move gives.
    "4k3/8/8/8/4r3/3n4/8/r3K3 w - - 0 1",
    // Castling without a rook, or with a king elsewhere.
    "4k3/8/8/8/8/8/8/4K3 w KQkq - 0 1",
    "r3k2r/8/8/8/8/8/8/4K2R w KQkq - 0 1",
    "r3k2r/8/8/8/8/4K3/8/R6R w KQ - 0 1",
    // En passant without a pawn, on a wrong rank, for the wrong side, from where no pawn came.
    "4k3/8/8/8/8/8/8/4K3 w - e6 0 1",
    "4k3/8/8/3pP3/8/8/8/4K3 w - d5 0 1",
    "4k3/8/8/3pP3/8/8/8/4K3 b - d6 0 1",
    "4k3/3p4/8/3pP3/8/8/8/4K3 w - d6 0 1",
    "4k3/8/3n4/3pP3/8/8/8/4K3 w - d6 0 1",
    // Counters.
    "4k3/8/8/8/8/8/8/4K3 w - - 4294967295 1",
    "4k3/8/8/8/8/8/8/4K3 w - - 0 4294967295",
    "4k3/8/8/8/8/8/8/4K3 w - - 99999999999999999999 1",
    "4k3/8/8/8/8/8/8/4K3 w - - -1 1",
];

/// These it has, if seldom.
const WILD: [&str; 22] = [
    // 218 moves, the most that are known (Petrovic 1964).
    "R6R/3Q4/1Q4Q1/4Q3/2Q4Q/Q4Q2/pp1Q4/kBNN1KB1 w - - 0 1",
    "r6r/3q4/1q4q1/4q3/2q4q/q4q2/PP1q4/KbnN1kb1 b - - 0 1",
    "1qqqqqqq/kqq5/8/8/8/8/6PP/7K b - - 0 1",
    "8/QQQQQQQQ/8/8/8/8/pp6/k1K5 w - - 0 1",
    "nnnnknnn/nn6/8/8/8/8/NN6/NNNNKNNN w - - 0 1",
    "8/PPPPPPPP/7k/8/8/7K/pppppppp/8 w - - 0 1",
    "1n1n1n1n/P1P1P1P1/6k1/8/8/6K1/p1p1p1p1/1N1N1N1N b - - 0 1",
    // Twice in check.
    "4k3/8/8/8/1b6/8/8/3rK3 w - - 0 1",
    "4k3/8/5N2/8/4R3/8/8/4K3 b - - 0 1",
    // Every pawn is blocked.
    "4k3/p1p1p1p1/P1P1P1P1/8/8/1p1p1p1p/1P1P1P1P/4K3 w - - 0 1",
    // En passant: pinned along the rank, along a diagonal, as the only move, as the only way out of check.
    "8/8/8/K2pP2r/8/8/8/4k3 w - d6 0 1",
    "4k3/8/1b6/2pP4/8/4K3/8/8 w - c6 0 1",
    "8/8/8/2k5/3Pp3/8/8/4K3 b - d3 0 1",
    // Where the counters end.
    "4k3/8/8/8/8/8/4P3/4K2R w K - 99 6000",
    "4k3/8/8/8/8/8/8/4K2R w K - 100 6000",
    "4k3/8/8/8/8/8/8/4K2R w K - 150 6000",
    "4k3/8/8/8/8/8/8/4K2R w K - 20000 20000",
    // Nobody can win.
    "8/8/8/4k3/8/4K3/8/8 w - - 0 1",
    "4k3/8/8/8/8/8/8/B1B1K1B1 w - - 0 1",
    // A field or more is missing.
    "4k3/8/8/8/8/8/8/4K2R w K -",
    "4k3/8/8/8/8/8/8/4K2R w",
    "4k3/8/8/8/8/8/8/4K2R",
];

#[test]
fn impossible_positions_are_refused_and_change_nothing() {
    for chess960 in [false, true] {
        let mut engine = Inside::new();
        engine.send(&format!("setoption name UCI_Chess960 value {chess960}"));
        assert!(engine.refused("position startpos moves e2e4").is_none());
        let before = engine.fen();
        for fen in IMPOSSIBLE {
            let said = engine.refused(&format!("position fen {fen}"));
            let said = said.unwrap_or_else(|| panic!("{fen} was taken"));
            assert!(said.len() > 40, "{fen}: {said}");
            assert_eq!(engine.fen(), before, "after {fen}");
        }
        let game = Game::from_fen(&before, inside::mode(chess960)).unwrap();
        engine.answer("nodes 500", &game);
    }
}

#[test]
fn wild_positions_are_answered_by_a_legal_move() {
    for chess960 in [false, true] {
        for fen in WILD {
            let mut engine = Inside::new();
            engine.send(&format!("setoption name UCI_Chess960 value {chess960}"));
            let refused = engine.refused(&format!("position fen {fen}"));
            assert!(refused.is_none(), "{fen}: {refused:?}");
            let game = Game::from_fen(fen, inside::mode(chess960)).unwrap();
            for level in [8, 1, 5] {
                engine.send(&format!("setoption name Level value {level}"));
                for limits in ["depth 3 nodes 20000", "movetime 5", "wtime 10 btime 10"] {
                    engine.answer(limits, &game);
                }
            }
        }
    }
}

/// Where most pieces are queens, or will be, the captures alone have no end in sight.
#[test]
fn a_search_without_limits_gives_control_back_before_long_in_wild_positions() {
    // The search looks at the clock once in 512 nodes.
    const LOOKS: u64 = 400;
    for fen in WILD {
        let looks = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&looks);
        let clock = Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            Duration::from_secs(1)
        });
        let game = Game::from_fen(fen, CastlingMode::Standard).unwrap();
        let limits = Limits {
            infinite: true,
            ..Limits::default()
        };
        let mut search = Engine::new(1)
            .unwrap()
            .start(Request::new(game, limits), clock);
        let mut step = || {
            let before = looks.load(Ordering::Relaxed);
            let step = search.step(Duration::ZERO, |_| {});
            let looked = looks.load(Ordering::Relaxed) - before;
            assert!(looked <= LOOKS, "{fen}: {looked} looks at the clock");
            step
        };
        while looks.load(Ordering::Relaxed) < 10 * LOOKS {
            if !matches!(step(), Step::Running) {
                break;
            }
        }
        search.stop();
        assert!(
            matches!(search.step(Duration::ZERO, |_| {}), Step::Done(_)),
            "{fen}"
        );
    }
}

#[test]
fn two_hundred_and_eighteen_moves_are_all_looked_at() {
    let mut engine = Inside::new();
    assert!(
        engine
            .refused(&format!("position fen {}", WILD[0]))
            .is_none()
    );
    engine.send("setoption name MultiPV value 256");
    let mut said = engine.send("go depth 2");
    said.extend(engine.settle());
    let lines = said.iter().filter(|line| line.starts_with("info depth 2 "));
    let first = |line: &String| line.split(" pv ").nth(1).unwrap()[..4].to_owned();
    let moves: std::collections::HashSet<String> = lines.map(first).collect();
    assert_eq!(moves.len(), 218);
}

#[test]
fn a_game_that_is_over_is_answered_by_no_move() {
    for (fen, score) in [
        // Mates: on the back rank, smothered, the fool's, by two pieces at once.
        ("R5k1/5ppp/8/8/8/8/8/7K b - - 0 1", "mate 0"),
        ("6rk/5Npp/8/8/8/8/8/7K b - - 0 1", "mate 0"),
        (
            "rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3",
            "mate 0",
        ),
        // Mate counts before the fifty-move rule.
        ("R5k1/5ppp/8/8/8/8/8/7K b - - 100 90", "mate 0"),
        // Stalemates: a bare king, pieces that cannot move.
        ("7k/5Q2/6K1/8/8/8/8/8 b - - 0 1", "cp 0"),
        (
            "5bnr/4p1pq/4Qpkr/7p/7P/4P3/PPPP1PP1/RNB1KBNR b KQ - 2 10",
            "cp 0",
        ),
        ("8/8/8/8/8/5k2/5p2/5K2 w - - 0 1", "cp 0"),
    ] {
        let mut engine = Inside::new();
        assert!(engine.refused(&format!("position fen {fen}")).is_none());
        for level in [8, 1, 4] {
            engine.send(&format!("setoption name Level value {level}"));
            for limits in [
                "depth 5",
                "nodes 100",
                "movetime 10",
                "wtime 100 btime 100 movestogo 1",
                "mate 3",
                "depth 1000 nodes 1",
            ] {
                let mut said = engine.send(&format!("go {limits}"));
                said.extend(engine.settle());
                assert_eq!(inside::moves(&said), ["(none)"], "{fen} {limits}");
                let scored = said
                    .iter()
                    .any(|line| line.contains(&format!("score {score}")));
                assert!(scored, "{fen} {limits}: {said:?}");
            }
            for limits in ["infinite", "ponder movetime 10"] {
                let mut said = engine.send(&format!("go {limits}"));
                said.extend(engine.settle());
                assert!(inside::moves(&said).is_empty(), "{said:?}");
                assert_eq!(inside::moves(&engine.send("stop")), ["(none)"]);
            }
            assert!(engine.refused("go searchmoves e2e4").is_some());
            let counted = engine.send("go perft 3");
            assert!(
                [counted, engine.settle()]
                    .concat()
                    .contains(&"Nodes searched: 0".to_owned())
            );
        }
    }
}

/// Rank 1 or 8 with these pieces, as a FEN writes it.
fn rank(king: usize, rook: usize) -> String {
    let mut squares = ['1'; 8];
    squares[king] = 'k';
    squares[rook] = 'r';
    let rank: String = squares.iter().collect();
    let board: Board = format!("{rank}/8/8/8/8/8/8/8").parse().unwrap();
    board.to_string().split('/').next().unwrap().to_owned()
}

#[test]
fn every_castling_of_chess960_ends_where_it_should() {
    let letter = |file: usize| char::from(b'a' + file as u8);
    let mut seen = 0;
    for (king, rook) in (1..7).flat_map(|king| (0..8).map(move |rook| (king, rook))) {
        if king == rook {
            continue;
        }
        seen += 1;
        let (x_fen, end) = if rook > king {
            ("Kk", rank(6, 5))
        } else {
            ("Qq", rank(2, 3))
        };
        let shredder = format!("{}{}", letter(rook).to_ascii_uppercase(), letter(rook));
        let home = rank(king, rook);
        let mut engine = Inside::new();
        for chess960 in [false, true] {
            engine.send(&format!("setoption name UCI_Chess960 value {chess960}"));
            // Without the mode only what standard chess knows.
            let standard = king == 4 && [0, 7].contains(&rook);
            for rights in [x_fen, &shredder] {
                let white = home.to_uppercase();
                let fen = format!("{home}/pppppppp/8/8/8/8/PPPPPPPP/{white} w {rights} - 0 1");
                let refused = engine.refused(&format!("position fen {fen}"));
                assert_eq!(
                    refused.is_none(),
                    standard || chess960,
                    "{fen}: {refused:?}"
                );
                if !chess960 {
                    continue;
                }
                let castle = |rank: u32| format!("{}{rank}{}{rank}", letter(king), letter(rook));
                let line = format!("position fen {fen} moves {} {}", castle(1), castle(8));
                let refused = engine.refused(&line);
                assert!(refused.is_none(), "{line}: {refused:?}");
                let white = end.to_uppercase();
                let expected = format!("{end}/pppppppp/8/8/8/8/PPPPPPPP/{white} w - - 2 2");
                assert_eq!(engine.fen(), expected, "{line}");
            }
        }
    }
    assert_eq!(seen, 42);
}

#[test]
fn castling_is_written_as_the_mode_wants_it() {
    let fen = "r3k2r/pppppppp/8/8/8/8/PPPPPPPP/R3K2R w KQkq - 0 1";
    let mut engine = Inside::new();
    for (chess960, white, black) in [(false, "e1g1", "e8c8"), (true, "e1h1", "e8a8")] {
        engine.send(&format!("setoption name UCI_Chess960 value {chess960}"));
        let game = Game::from_fen(fen, inside::mode(chess960)).unwrap();
        assert!(engine.refused(&format!("position fen {fen}")).is_none());
        assert_eq!(
            engine.answer(&format!("depth 2 searchmoves {white}"), &game),
            white
        );
        let line = format!("position fen {fen} moves {white} {black}");
        assert!(engine.refused(&line).is_none());
        assert!(
            engine
                .fen()
                .starts_with("2kr3r/pppppppp/8/8/8/8/PPPPPPPP/R4RK1 w - -")
        );
    }
}

#[test]
fn an_inner_rook_castles_where_its_file_is_named() {
    let mut engine = Inside::new();
    engine.send("setoption name UCI_Chess960 value true");
    // The outermost rook is what K means, and the inner one is in its way.
    let inner = "position fen 4k3/8/8/8/8/8/8/4KR1R w F - 0 1 moves e1f1";
    assert!(engine.refused(inner).is_none());
    assert!(engine.fen().starts_with("4k3/8/8/8/8/8/8/5RKR b"));
    let outer = "position fen 4k3/8/8/8/8/8/8/4KR1R w K - 0 1";
    assert!(engine.refused(&format!("{outer} moves e1f1")).is_some());
    assert!(engine.refused(&format!("{outer} moves e1h1")).is_some());
    for bad in ["G", "E", "I", "KF", "a", "Q", "KQkqKQkq"] {
        let line = format!("position fen 4k3/8/8/8/8/8/8/4KR1R w {bad} - 0 1");
        assert!(engine.refused(&line).is_some(), "{line}");
    }
}

#[test]
fn long_games_are_followed_move_by_move() {
    use rookery_engine::rng::Rng;
    for seed in 0..24 {
        let mut rng = Rng::new(seed);
        let chess960 = seed % 3 == 2;
        let mode = inside::mode(chess960);
        let start = if chess960 {
            let setup = shakmaty::Setup {
                board: Board::chess960(rng.below(960) as u32),
                ..shakmaty::Setup::initial()
            };
            let castling_rights = setup.board.rooks();
            let setup = shakmaty::Setup {
                castling_rights,
                ..setup
            };
            let start: shakmaty::Chess = setup.position(mode).unwrap();
            Fen::from_position(&start, EnPassantMode::Legal).to_string()
        } else {
            "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1".to_owned()
        };
        let mut game = Game::from_fen(&start, mode).unwrap();
        let mut moves = String::new();
        let mut plies = 0;
        while plies < 500 {
            let legal = game.position().chess().legal_moves();
            // Captures now and then only, or the board would soon be empty.
            let quiet: Vec<_> = legal.iter().filter(|m| !m.is_capture()).collect();
            let Some(m) = (if quiet.is_empty() || rng.below(40) == 0 {
                legal.get(rng.below(legal.len() as u64) as usize)
            } else {
                Some(quiet[rng.below(quiet.len() as u64) as usize])
            }) else {
                break;
            };
            moves.push(' ');
            moves.push_str(&game.uci(*m));
            game.play(*m);
            plies += 1;
        }
        let mut engine = Inside::new();
        engine.send(&format!("setoption name UCI_Chess960 value {chess960}"));
        let line = format!("position fen {start} moves{moves}");
        assert!(engine.refused(&line).is_none(), "seed {seed}");
        assert_eq!(engine.fen(), game.fen(), "seed {seed}");
        engine.answer("depth 4", &game);
        engine.answer("nodes 2000", &game);
        println!("seed {seed}: {plies} plies");
    }
}

/// A board of any pieces anywhere, a few or many.
fn any_board() -> impl Strategy<Value = String> {
    let square = prop_oneof![
        12 => Just('1'),
        6 => prop::sample::select(vec!['p', 'P', 'n', 'N', 'b', 'B', 'r', 'R', 'q', 'Q']),
    ];
    (prop::collection::vec(square, 64), 0..64_usize, 0..64_usize).prop_map(|(mut squares, a, b)| {
        for rank in [0, 7] {
            for square in &mut squares[8 * rank..8 * rank + 8] {
                if square.eq_ignore_ascii_case(&'p') {
                    *square = '1';
                }
            }
        }
        squares[a] = 'k';
        squares[b] = 'K';
        let ranks = squares.chunks(8).map(|rank| rank.iter().collect());
        ranks.collect::<Vec<String>>().join("/")
    })
}

/// A sound FEN with some characters changed.
fn changed_fen() -> impl Strategy<Value = String> {
    let known = prop::sample::select([&WILD[..], &IMPOSSIBLE[..]].concat());
    let change = (any::<prop::sample::Index>(), "[pnbrqkPNBRQK1-8/ wb0-9a-h-]");
    (known, prop::collection::vec(change, 0..5)).prop_map(|(fen, changes)| {
        let mut fen: Vec<char> = fen.chars().collect();
        for (place, new) in changes {
            let place = place.index(fen.len());
            fen[place] = new.chars().next().unwrap_or(' ');
        }
        fen.into_iter().collect()
    })
}

/// Whatever it takes, it searches.
fn search(fen: &str, mode: CastlingMode) -> bool {
    let Ok(game) = Game::from_fen(fen, mode) else {
        return false;
    };
    let limits = Limits {
        nodes: Some(400),
        ..Limits::default()
    };
    let engine = Engine::new(1).unwrap();
    let clock = std::sync::Arc::new(|| std::time::Duration::ZERO);
    let (_, outcome) = engine.search(Request::new(game.clone(), limits), clock, |_| {});
    let best = outcome.best.map_or("(none)".to_owned(), |m| game.uci(m));
    inside::check(&best, &game);
    let again = Game::from_fen(&game.fen(), mode).unwrap();
    assert_eq!(again.position().key(), game.position().key(), "{fen}");
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_board_is_refused_or_searched(
        board in any_board(),
        turn in "[wb]",
        rights in "(-|[KQkqA-Ha-h]{1,4})",
        en_passant in "(-|-|[a-h][36])",
        halfmoves in 0..120_u32,
    ) {
        let fen = format!("{board} {turn} {rights} {en_passant} {halfmoves} 1");
        for chess960 in [false, true] {
            search(&fen, inside::mode(chess960));
        }
        // Without rights and en passant fewer are refused.
        search(&format!("{board} {turn} - - {halfmoves} 1"), CastlingMode::Standard);
    }

    #[test]
    fn any_changed_fen_is_refused_or_searched(fen in changed_fen(), chess960: bool) {
        search(&fen, inside::mode(chess960));
    }
}

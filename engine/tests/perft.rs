//! The move generator against published counts: the Chess Programming Wiki's "Perft Results" and "Chess960 Perft Results"
//! (fischer.epd), Martin Sedlak's positions (chessprogramming.net, "Perfect Perft"), and others that shakmaty tests with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may fail by panicking.

use rookery_engine::Game;
use rookery_engine::perft::perft;
use shakmaty::CastlingMode;

mod common;

fn check(fen: &str, mode: CastlingMode, counts: &[u64]) {
    let game = Game::from_fen(fen, mode).unwrap();
    for (depth, &expected) in (1..).zip(counts) {
        assert_eq!(
            perft(game.position(), depth),
            expected,
            "{fen} depth {depth}"
        );
    }
}

#[test]
fn standard_positions_have_their_published_counts() {
    let standard = CastlingMode::Standard;
    check(
        "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
        standard,
        &[20, 400, 8_902, 197_281, 4_865_609, 119_060_324],
    );
    check(
        "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
        standard,
        &[48, 2_039, 97_862, 4_085_603],
    );
    check(
        "8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1",
        standard,
        &[14, 191, 2_812, 43_238, 674_624, 11_030_083],
    );
    let white = "r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1";
    let black = "r2q1rk1/pP1p2pp/Q4n2/bbp1p3/Np6/1B3NBn/pPPP1PPP/R3K2R b KQ - 0 1";
    for fen in [white, black] {
        check(fen, standard, &[6, 264, 9_467, 422_333, 15_833_292]);
    }
    check(
        "rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8",
        standard,
        &[44, 1_486, 62_379, 2_103_487, 89_941_194],
    );
    check(
        "r4rk1/1pp1qppp/p1np1n2/2b1p1B1/2B1P1b1/P1NP1N2/1PP1QPPP/R4RK1 w - - 0 10",
        standard,
        &[46, 2_079, 89_890, 3_894_594],
    );
}

#[test]
fn chess960_positions_have_their_published_counts() {
    let mode = CastlingMode::Chess960;
    check(
        "bqnb1rkr/pp3ppp/3ppn2/2p5/5P2/P2P4/NPP1P1PP/BQ1BNRKR w HFhf - 2 9",
        mode,
        &[21, 528, 12_189, 326_672, 8_146_062],
    );
    check(
        "2nnrbkr/p1qppppp/8/1ppb4/6PP/3PP3/PPP2P2/BQNNRBKR w HEhe - 1 9",
        mode,
        &[21, 807, 18_002, 667_366, 16_253_601],
    );
}

#[test]
fn what_move_generators_get_wrong_has_its_published_count() {
    let standard = CastlingMode::Standard;
    for (fen, depth, leaves) in [
        // En passant that would leave the king in check.
        ("3k4/3p4/8/K1P4r/8/8/8/8 b - - 0 1", 6, 1_134_888),
        ("8/8/4k3/8/2p5/8/B2P2K1/8 w - - 0 1", 6, 1_015_133),
        ("8/8/8/8/k1p4R/8/3P4/3K4 w - - 0 1", 6, 1_134_888),
        // En passant that gives check.
        ("8/8/1k6/2b5/2pP4/8/5K2/8 b - d3 0 1", 6, 1_440_467),
        ("8/5k2/8/2Pp4/2B5/1K6/8/8 w - d6 0 1", 6, 1_440_467),
        // Castling that gives check.
        ("5k2/8/8/8/8/8/8/4K2R w K - 0 1", 6, 661_072),
        ("3k4/8/8/8/8/8/8/R3K3 w Q - 0 1", 6, 803_711),
        // Castling rights lost by captures, castling prevented.
        ("r3k2r/1b4bq/8/8/8/8/7B/R3K2R w KQkq - 0 1", 4, 1_274_206),
        ("r3k2r/8/3Q4/8/8/5q2/8/R3K2R b KQkq - 0 1", 4, 1_720_476),
        // Promotion out of check, checks discovered and by promotion, under-promotion.
        ("2K2r2/4P3/8/8/8/8/8/3k4 w - - 0 1", 6, 3_821_001),
        ("8/8/1P2K3/8/2n5/1q6/8/5k2 b - - 0 1", 5, 1_004_658),
        ("4k3/1P6/8/8/8/8/K7/8 w - - 0 1", 6, 217_342),
        ("8/P1k5/K7/8/8/8/8/8 w - - 0 1", 6, 92_683),
        ("n1n5/PPPk4/8/8/8/8/4Kppp/5N1N b - - 0 1", 5, 3_605_103),
        // Mates and stalemates.
        ("K1k5/8/P7/8/8/8/8/8 w - - 0 1", 6, 2_217),
        ("8/k1P5/8/1K6/8/8/8/8 w - - 0 1", 7, 567_584),
        ("8/8/2k5/5q2/5n2/8/5K2/8 b - - 0 1", 4, 23_527),
        // One move at a time.
        ("2b5/kpPp4/1p1P4/1P6/6p1/4p1P1/4PpPK/5B2 w - - 0 1", 32, 1),
        ("8/8/8/B2p3Q/2qPp1P1/b7/2P2PkP/4K2R b K - 0 1", 4, 366_807),
        // The most moves that are known.
        (
            "R6R/3Q4/1Q4Q1/4Q3/2Q4Q/Q4Q2/pp1Q4/kBNN1KB1 w - - 0 1",
            4,
            85_043,
        ),
    ] {
        let game = Game::from_fen(fen, standard).unwrap();
        assert_eq!(perft(game.position(), depth), leaves, "{fen}");
    }
}

#[test]
fn castling_rooks_are_found_by_x_fen_and_by_file() {
    let mode = CastlingMode::Chess960;
    for (fen, counts) in [
        (
            "r1k1r2q/p1ppp1pp/8/8/8/8/P1PPP1PP/R1K1R2Q w KQkq - 0 1",
            [23, 522, 12_333, 285_754],
        ),
        (
            "r1k2r1q/p1ppp1pp/8/8/8/8/P1PPP1PP/R1K2R1Q w KQkq - 0 1",
            [28, 738, 20_218, 541_480],
        ),
        (
            "8/8/8/4B2b/6nN/8/5P2/2R1K2k w Q - 0 1",
            [34, 318, 9_002, 118_388],
        ),
        (
            "2r5/8/8/8/8/8/6PP/k2KR3 w K - 0 1",
            [17, 242, 3_931, 57_700],
        ),
        (
            "4r3/3k4/8/8/8/8/6PP/qR1K1R2 w KQ - 0 1",
            [19, 628, 12_858, 405_636],
        ),
        (
            "r1k1r2q/p1ppp1pp/8/8/8/8/P1PPP1PP/R1K1R2Q w EAea - 0 1",
            [23, 522, 12_333, 285_754],
        ),
    ] {
        check(fen, mode, &counts);
    }
    let rook_in_the_way = "4rrk1/pbbp2p1/1ppnp3/3n1pqp/3N1PQP/1PPNP3/PBBP2P1/4RRK1 w Ff - 0 1";
    check(rook_in_the_way, mode, &[42, 1_743, 71_908]);
}

#[test]
fn an_eighth_of_the_chess960_positions_have_their_published_counts() {
    let mut positions = 0;
    let lines = include_str!("data/chess960.perft").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let (fen, counts) = line.split_once(';').unwrap();
        let counts: Vec<u64> = counts
            .split(';')
            .map(|count| count.parse().unwrap())
            .collect();
        check(fen, CastlingMode::Chess960, &counts);
        positions += 1;
    }
    assert_eq!(positions, 120);
}

#[test]
fn the_binary_counts_and_divides() {
    let mut engine = common::Rookery::start();
    engine.send("position startpos moves e2e4");
    engine.send("go perft 4");
    let said = engine.until("Nodes searched");
    assert_eq!(said.last().unwrap(), "Nodes searched: 405385");
    let divided: u64 = said
        .iter()
        .filter_map(|line| line.split_once(": ")?.1.parse::<u64>().ok())
        .sum();
    // Every first move's count, and their sum.
    assert_eq!(divided, 2 * 405_385);
}

#[test]
fn a_long_count_can_be_stopped() {
    let mut engine = common::Rookery::start();
    engine.send("go perft 12");
    engine.send("isready");
    engine.until("readyok");
    engine.send("stop");
    engine.until("info string perft stopped");
    assert_eq!(engine.go("depth 1").0.len(), 4);
}

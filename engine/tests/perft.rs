//! The move generator against the published counts (Chess Programming Wiki, "Perft Results" and "Chess960 Perft
//! Results").
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

//! The benchmark: fixed positions to a fixed depth. Its node count is a fingerprint of the search, equal on every
//! platform; its speed is what a change of code gains or costs.

use std::sync::Arc;
use std::time::Duration;

use shakmaty::CastlingMode;

use crate::game::{Game, GameError};
use crate::limits::Limits;
use crate::search::{Engine, Request};
use crate::time::Clock;
use crate::transposition::HashError;

/// Depth that the fingerprint is taken at.
pub const BENCH_DEPTH: u32 = 11;
/// Hash table of the benchmark, in MiB.
const BENCH_HASH: u64 = 16;

/// Openings, middlegames with and without queens, endings, a stalemate trap, one side far ahead.
const POSITIONS: [&str; 20] = [
    "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
    "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
    "8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1",
    "r4rk1/1pp1qppp/p1np1n2/2b1p1B1/2B1P1b1/P1NP1N2/1PP1QPPP/R4RK1 w - - 0 10",
    "rnbqkb1r/pp2pppp/3p1n2/8/3NP3/8/PPP2PPP/RNBQKB1R w KQkq - 1 5",
    "r1bq1rk1/ppp1bppp/2n1pn2/3p4/2PP4/2N1PN2/PP2BPPP/R1BQ1RK1 w - - 4 8",
    "rnbq1rk1/ppp1ppbp/3p1np1/8/2PPP3/2N2N2/PP2BPPP/R1BQK2R b KQ - 3 6",
    "r1bqk2r/pppp1ppp/2n2n2/2b1p3/2B1P3/2NP1N2/PPP2PPP/R1BQK2R b KQkq - 0 5",
    "2rq1rk1/pb1n1ppN/4p3/1pb5/3P1Pn1/P1N5/1PQ1B1PP/R1B2RK1 b - - 0 16",
    "r2qr1k1/1p3ppp/p2p1n2/2pP4/P1P1P3/2N2Q2/5PPP/R3R1K1 b - - 0 20",
    "1r3rk1/5pp1/p2p3p/2qPp3/1pP1P3/1P1Q1P2/P5PP/2R2RK1 w - - 0 25",
    "3r2k1/pp3ppp/2p1b3/4P3/2P5/1P3B2/P4PPP/4R1K1 w - - 0 24",
    "8/5pk1/4p1p1/3pP2p/3P1P1P/1p2K1P1/1P6/8 w - - 0 45",
    "6k1/5p2/R5p1/P6p/7P/4r1P1/5PK1/8 b - - 0 50",
    "8/8/4kpp1/3p1b2/p6P/2B5/6P1/6K1 b - - 0 47",
    "4k3/8/8/2n5/8/8/4PPPP/4K2R w K - 0 1",
    "8/8/1p1r1k2/p1pPN1p1/P3KnP1/1P6/8/3R4 b - - 0 1",
    "7k/7P/6K1/8/3B4/8/8/8 b - - 0 1",
    "3b4/5kp1/1p1p1p1p/pP1PpP1P/P1P1P3/3KN3/8/8 w - - 0 1",
    "r1b2r1k/pp1p2pp/1q2N3/3n4/2Bp4/8/PPP2PPP/R2QR1K1 b - - 0 1",
];

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bench {
    /// Positions visited.
    pub nodes: u64,
    /// Time used.
    pub time: Duration,
}

impl Bench {
    /// Positions a second.
    #[must_use]
    pub fn nps(&self) -> u64 {
        let micros = u64::try_from(self.time.as_micros())
            .unwrap_or(u64::MAX)
            .max(1);
        self.nodes.saturating_mul(1_000_000) / micros
    }
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// No memory for the hash table.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A position of the list is broken.
    #[error(transparent)]
    Position(#[from] GameError),
}

/// Runs all positions to `depth`, each as a new game.
///
/// # Errors
///
/// [`BenchError`] if there is no memory for the hash table.
pub fn bench(depth: u32, clock: &Arc<dyn Clock>) -> Result<Bench, BenchError> {
    let mut engine = Engine::new(BENCH_HASH)?;
    let mut total = Bench {
        nodes: 0,
        time: Duration::ZERO,
    };
    for fen in POSITIONS {
        engine.clear();
        let game = Game::from_fen(fen, CastlingMode::Standard)?;
        let limits = Limits {
            depth: Some(depth),
            ..Limits::default()
        };
        let (back, outcome) = engine.search(Request::new(game, limits), Arc::clone(clock), |_| {});
        engine = back;
        total.nodes += outcome.nodes;
        total.time += outcome.time;
    }
    Ok(total)
}

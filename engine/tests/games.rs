//! Whole games of the real binary against itself at a short clock: no illegal move, no lost second.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may fail by panicking.

use std::time::{Duration, Instant};

use rookery_engine::Game;
use shakmaty::{CastlingMode, Position as _};

mod common;
use common::Rookery;

/// Each side's clock and increment.
const CLOCK: Duration = Duration::from_secs(1);
const INCREMENT: Duration = Duration::from_millis(20);
const PLIES_MAX: usize = 300;

/// Plays one game and returns why it ended. Panics on an illegal move or an overrun clock.
fn play(opening: &[&str], mode: CastlingMode, start: &str) -> String {
    let mut engines = [Rookery::start(), Rookery::start()];
    for engine in &mut engines {
        if mode.is_chess960() {
            engine.send("setoption name UCI_Chess960 value true");
        }
        engine.send("ucinewgame");
        assert!(engine.settle().is_empty());
    }
    let mut game = Game::from_fen(start, mode).unwrap();
    let mut moves: Vec<String> = opening.iter().map(|&m| m.to_owned()).collect();
    game.play_all(opening.iter().copied()).unwrap();
    let mut seen = vec![game.position().key()];
    let mut clocks = [CLOCK; 2];
    while moves.len() < PLIES_MAX {
        let chess = game.position().chess();
        if chess.is_checkmate() {
            return "mate".to_owned();
        }
        if chess.is_stalemate() || chess.is_insufficient_material() {
            return "stalemate or no material".to_owned();
        }
        if game.position().halfmoves() >= 100 {
            return "fifty moves".to_owned();
        }
        if seen
            .iter()
            .filter(|key| **key == game.position().key())
            .count()
            >= 3
        {
            return "repetition".to_owned();
        }
        let side = usize::from(game.position().turn().is_black());
        let engine = &mut engines[side];
        engine.send(&format!("position fen {start} moves {}", moves.join(" ")));
        let increment = INCREMENT.as_millis();
        let asked = Instant::now();
        let (best, _) = engine.go(&format!(
            "wtime {} btime {} winc {increment} binc {increment}",
            clocks[0].as_millis(),
            clocks[1].as_millis()
        ));
        let used = asked.elapsed();
        assert!(
            used <= clocks[side],
            "lost on time at ply {}: {used:?} of {:?}",
            moves.len(),
            clocks[side]
        );
        clocks[side] = clocks[side] - used + INCREMENT;
        let m = game
            .legal(&best)
            .unwrap_or_else(|| panic!("illegal {best} in {}", game.fen()));
        game.play(m);
        moves.push(best);
        seen.push(game.position().key());
    }
    "adjudicated".to_owned()
}

const START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";

#[test]
fn games_at_a_short_clock_end_by_the_rules() {
    for opening in [
        ["e2e4", "c7c5", "g1f3", "d7d6"],
        ["d2d4", "g8f6", "c2c4", "e7e6"],
        ["e2e4", "e7e5", "f2f4", "e5f4"],
    ] {
        let end = play(&opening, CastlingMode::Standard, START);
        println!("{opening:?}: {end}");
    }
}

#[test]
fn chess960_games_do_too() {
    for start in [
        "bqnbrkrn/pppppppp/8/8/8/8/PPPPPPPP/BQNBRKRN w GEge - 0 1",
        "rkrnnqbb/pppppppp/8/8/8/8/PPPPPPPP/RKRNNQBB w CAca - 0 1",
    ] {
        let end = play(&[], CastlingMode::Chess960, start);
        println!("{start}: {end}");
    }
}

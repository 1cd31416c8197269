//! Whole games of the engine against itself at a short clock: no illegal move, no lost second.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may fail by panicking.

use std::time::{Duration, Instant};

use rookery_engine::Game;
use shakmaty::{CastlingMode, Position as _};

mod common;
use common::Rookery;
use common::inside::Inside;

/// Each side's clock and increment.
const CLOCK: Duration = Duration::from_secs(1);
const INCREMENT: Duration = Duration::from_millis(20);
const PLIES_MAX: usize = 300;

/// Who plays, and how long a move took.
trait Player {
    fn set(&mut self, line: &str);
    fn go(&mut self, limits: &str) -> (String, Duration);
}

impl Player for Rookery {
    fn set(&mut self, line: &str) {
        self.send(line);
        assert!(self.settle().is_empty());
    }

    fn go(&mut self, limits: &str) -> (String, Duration) {
        let asked = Instant::now();
        let (best, _) = Rookery::go(self, limits);
        (best, asked.elapsed())
    }
}

impl Player for Inside {
    fn set(&mut self, line: &str) {
        assert!(self.send(line).is_empty());
    }

    fn go(&mut self, limits: &str) -> (String, Duration) {
        let asked = self.now();
        let best = Inside::go(self, limits);
        (best, self.now() - asked)
    }
}

/// Plays one game and returns why it ended. Panics on an illegal move, or says at which ply who had no time left.
fn play(
    mut players: [impl Player; 2],
    opening: &[&str],
    mode: CastlingMode,
    start: &str,
) -> Result<&'static str, String> {
    for player in &mut players {
        player.set(&format!(
            "setoption name UCI_Chess960 value {}",
            mode.is_chess960()
        ));
        player.set("ucinewgame");
    }
    let mut game = Game::from_fen(start, mode).unwrap();
    let mut moves: Vec<String> = opening.iter().map(|&m| m.to_owned()).collect();
    game.play_all(opening.iter().copied()).unwrap();
    let mut seen = vec![game.position().key()];
    let mut clocks = [CLOCK; 2];
    while moves.len() < PLIES_MAX {
        let chess = game.position().chess();
        if chess.is_checkmate() {
            return Ok("mate");
        }
        if chess.is_stalemate() || chess.is_insufficient_material() {
            return Ok("stalemate or no material");
        }
        if game.position().halfmoves() >= 100 {
            return Ok("fifty moves");
        }
        let key = game.position().key();
        if seen.iter().filter(|seen| **seen == key).count() >= 3 {
            return Ok("repetition");
        }
        let side = usize::from(game.position().turn().is_black());
        let player = &mut players[side];
        player.set(&format!("position fen {start} moves {}", moves.join(" ")));
        let increment = INCREMENT.as_millis();
        let (best, used) = player.go(&format!(
            "wtime {} btime {} winc {increment} binc {increment}",
            clocks[0].as_millis(),
            clocks[1].as_millis()
        ));
        if used > clocks[side] {
            return Err(format!(
                "ply {}: {used:?} of {:?}",
                moves.len(),
                clocks[side]
            ));
        }
        clocks[side] = clocks[side] - used + INCREMENT;
        let m = game
            .legal(&best)
            .unwrap_or_else(|| panic!("illegal {best} in {}", game.fen()));
        game.play(m);
        moves.push(best);
        seen.push(game.position().key());
    }
    Ok("adjudicated")
}

const START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";
const OPENINGS: [[&str; 4]; 3] = [
    ["e2e4", "c7c5", "g1f3", "d7d6"],
    ["d2d4", "g8f6", "c2c4", "e7e6"],
    ["e2e4", "e7e5", "f2f4", "e5f4"],
];
const SHUFFLED: [&str; 2] = [
    "bqnbrkrn/pppppppp/8/8/8/8/PPPPPPPP/BQNBRKRN w GEge - 0 1",
    "rkrnnqbb/pppppppp/8/8/8/8/PPPPPPPP/RKRNNQBB w CAca - 0 1",
];

/// By a clock that goes on with the work that is done, so that no other program takes time away.
#[test]
fn games_at_a_short_clock_end_by_the_rules_and_in_time() {
    let inside = || [Inside::new(), Inside::new()];
    for opening in &OPENINGS {
        let end = play(inside(), opening, CastlingMode::Standard, START);
        println!("{opening:?}: {}", end.unwrap());
    }
    for start in SHUFFLED {
        let end = play(inside(), &[], CastlingMode::Chess960, start);
        println!("{start}: {}", end.unwrap());
    }
}

/// A flag that falls here says how busy the machine is; it ends the game, no more.
#[test]
fn games_of_the_real_binary_end_by_the_rules() {
    let real = || [Rookery::start(), Rookery::start()];
    let end = play(real(), &OPENINGS[0], CastlingMode::Standard, START);
    println!("{end:?}");
    let end = play(real(), &[], CastlingMode::Chess960, SHUFFLED[0]);
    println!("{end:?}");
}

//! The strength levels: who beats whom, that each can mate, and that none is out of line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may fail by panicking.

use std::sync::Arc;
use std::time::Duration;

use rookery_engine::{Clock, Engine, Game, Level, Limits, Request};
use shakmaty::{CastlingMode, Color, KnownOutcome, Outcome, Position as _};

struct Player {
    engine: Option<Engine>,
    level: Level,
    limits: Limits,
    seed: u64,
}

/// Nobody has a clock here: all limits are nodes and plies, so the games are the same everywhere.
fn clock() -> Arc<dyn Clock> {
    Arc::new(|| Duration::ZERO)
}

impl Player {
    fn new(level: u64, seed: u64) -> Player {
        let level = Level::new(level).unwrap();
        let limits = Limits {
            // The highest has no limit of its own.
            nodes: (level == Level::MAX).then_some(60_000),
            ..Limits::default()
        };
        Player {
            engine: Some(Engine::new(4).unwrap()),
            level,
            limits,
            seed,
        }
    }

    fn play(&mut self, game: &mut Game) -> u64 {
        let request = Request {
            level: self.level,
            seed: self.seed,
            ..Request::new(game.clone(), self.limits.clone())
        };
        let (engine, outcome) = self.engine.take().unwrap().search(request, clock(), |_| {});
        self.engine = Some(engine);
        game.play(outcome.best.unwrap());
        outcome.nodes
    }
}

/// Plays on until the rules end the game, at most `plies`.
fn play(game: &mut Game, white: &mut Player, black: &mut Player, plies: usize) -> Outcome {
    let mut seen = vec![game.position().key()];
    for _ in 0..plies {
        let outcome = game.position().chess().outcome();
        if outcome.is_known() {
            return outcome;
        }
        let again = seen
            .iter()
            .filter(|key| **key == game.position().key())
            .count();
        if again >= 3 || game.position().halfmoves() >= 100 {
            return Outcome::Known(KnownOutcome::Draw);
        }
        if game.position().turn().is_white() {
            white.play(game);
        } else {
            black.play(game);
        }
        seen.push(game.position().key());
    }
    Outcome::Unknown
}

#[test]
fn the_lowest_level_loses_to_the_highest() {
    for seed in 0..4 {
        let mut game = Game::default();
        let (mut low, mut high) = (Player::new(1, seed), Player::new(8, seed));
        let winner = if seed % 2 == 0 {
            play(&mut game, &mut high, &mut low, 400).winner() == Some(Color::White)
        } else {
            play(&mut game, &mut low, &mut high, 400).winner() == Some(Color::Black)
        };
        assert!(winner, "seed {seed}: {}", game.fen());
    }
}

#[test]
fn a_higher_level_beats_one_two_below() {
    for (low, high) in [(1, 3), (3, 5), (5, 7)] {
        let mut points = 0;
        for seed in 0..6 {
            let mut game = Game::default();
            let (mut a, mut b) = (Player::new(high, seed), Player::new(low, 100 + seed));
            let outcome = if seed % 2 == 0 {
                play(&mut game, &mut a, &mut b, 300)
            } else {
                play(&mut game, &mut b, &mut a, 300)
            };
            points += match outcome.winner() {
                Some(color) if color.is_white() == (seed % 2 == 0) => 2,
                Some(_) => 0,
                None => 1,
            };
        }
        println!("level {high} against {low}: {points} of 12");
        assert!(points >= 8, "level {high} against {low}: {points} of 12");
    }
}

#[test]
fn every_level_mates_with_king_and_rook() {
    for level in 1..=8 {
        for (seed, fen) in [
            (1, "8/8/8/3k4/8/8/8/R3K3 w - - 0 1"),
            (2, "8/2k5/8/8/4K3/8/8/7R w - - 0 1"),
            (3, "8/8/4k3/8/8/3K4/8/R7 b - - 0 1"),
        ] {
            let mut game = Game::from_fen(fen, CastlingMode::Standard).unwrap();
            let (mut strong, mut defender) = (Player::new(level, seed), Player::new(8, seed));
            defender.limits.nodes = Some(20_000);
            let outcome = play(&mut game, &mut strong, &mut defender, 100);
            assert_eq!(
                outcome.winner(),
                Some(Color::White),
                "level {level}: {}",
                game.fen()
            );
        }
    }
}

#[test]
fn a_higher_level_looks_at_more_positions() {
    let fens = [
        "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
        "r4rk1/1pp1qppp/p1np1n2/2b1p1B1/2B1P1b1/P1NP1N2/1PP1QPPP/R4RK1 w - - 0 10",
        "1r3rk1/5pp1/p2p3p/2qPp3/1pP1P3/1P1Q1P2/P5PP/2R2RK1 w - - 0 25",
    ];
    let mut last = 0;
    for level in 1..=7 {
        let total: u64 = fens
            .iter()
            .map(|fen| {
                let mut game = Game::from_fen(fen, CastlingMode::Standard).unwrap();
                Player::new(level, 0).play(&mut game)
            })
            .sum();
        println!("level {level}: {total} nodes");
        assert!(total > last, "level {level}");
        last = total;
    }
}

#[test]
fn the_lowest_level_still_sees_a_mate_in_one() {
    for seed in 0..20 {
        let fen = "r1bqkbnr/pppp1ppp/2n5/4p2Q/2B1P3/8/PPPP1PPP/RNB1K1NR w KQkq - 4 4";
        let mut game = Game::from_fen(fen, CastlingMode::Standard).unwrap();
        Player::new(1, seed).play(&mut game);
        assert!(game.position().chess().is_checkmate());
    }
}

//! What the search must find: mates of a known length, draws by the rules, and the same tree however it is driven.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may fail by panicking.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rookery_engine::{Clock, Engine, Game, Level, Limits, Outcome, Request, Score, Step};
use shakmaty::{CastlingMode, Position as _};

fn clock() -> Arc<dyn Clock> {
    let started = Instant::now();
    Arc::new(move || started.elapsed())
}

fn game(fen: &str) -> Game {
    Game::from_fen(fen, CastlingMode::Standard).unwrap()
}

fn search(game: &Game, limits: Limits) -> Outcome {
    let engine = Engine::new(8).unwrap();
    engine
        .search(Request::new(game.clone(), limits), clock(), |_| {})
        .1
}

fn depth(depth: u32) -> Limits {
    Limits {
        depth: Some(depth),
        ..Limits::default()
    }
}

/// Plays the reported line out and returns the game at its end.
fn follow(game: &Game, outcome: &Outcome) -> Game {
    let mut game = game.clone();
    for &m in &outcome.info.as_ref().unwrap().pv {
        assert!(game.position().chess().is_legal(m), "{m} in {}", game.fen());
        game.play(m);
    }
    game
}

#[test]
fn mates_are_found_at_their_length_and_the_line_ends_in_mate() {
    for (fen, moves) in [
        ("6k1/5ppp/8/8/8/8/5PPP/3R2K1 w - - 0 1", 1),
        // Morphy's problem.
        ("kbK5/pp6/1P6/8/8/8/8/R7 w - - 0 1", 2),
        ("r5rk/5p1p/5R2/4B3/8/8/7P/7K w - - 0 1", 3),
        // Philidor's smothered mate.
        ("6rk/6pp/8/6N1/8/1Q6/8/7K w - - 0 1", 1),
        ("5r1k/6pp/8/6N1/8/1Q6/8/7K w - - 0 1", 4),
        ("8/8/8/8/8/4k3/3r4/4K3 b - - 0 1", 5),
    ] {
        let game = game(fen);
        let limits = Limits {
            mate: Some(moves),
            depth: Some(24),
            ..Limits::default()
        };
        let outcome = search(&game, limits);
        let score = outcome.info.as_ref().unwrap().score;
        let Score::Mate(found) = score else {
            panic!("{fen}: {score}");
        };
        assert!(found > 0 && found as u32 <= moves, "{fen}: {score}");
        let end = follow(&game, &outcome);
        assert!(
            end.position().chess().is_checkmate(),
            "{fen}: {}",
            end.fen()
        );
        assert_eq!(outcome.info.unwrap().pv.len() as i32, 2 * found - 1);
    }
}

#[test]
fn being_mated_is_seen_too() {
    let outcome = search(&game("7k/5Q2/8/6K1/8/8/8/8 b - - 0 1"), depth(8));
    assert!(
        outcome.best.is_none() || matches!(outcome.info.unwrap().score, Score::Mate(n) if n < 0)
    );
    let outcome = search(&game("k7/8/1K6/8/8/8/8/7R b - - 0 1"), depth(6));
    assert_eq!(outcome.info.unwrap().score, Score::Mate(-1));
}

#[test]
fn a_game_that_is_over_has_no_move() {
    for fen in [
        "R5k1/5ppp/8/8/8/8/8/7K b - - 0 1",
        "7k/5Q2/6K1/8/8/8/8/8 b - - 0 1",
    ] {
        let outcome = search(&game(fen), depth(5));
        assert!(outcome.best.is_none() && outcome.ponder.is_none());
    }
}

#[test]
fn the_fifty_move_rule_is_a_draw_unless_it_is_mate() {
    // A queen up, but no capture, pawn move or mate before the hundredth ply.
    let outcome = search(&game("8/8/8/3k4/8/8/8/KQ6 w - - 98 120"), depth(8));
    assert_eq!(outcome.info.unwrap().score, Score::Centipawns(0));
    // Mate on the hundredth ply counts.
    let outcome = search(&game("7k/8/6K1/8/8/8/8/R7 w - - 99 120"), depth(4));
    assert_eq!(outcome.info.unwrap().score, Score::Mate(1));
    // A pawn move starts the count again.
    let outcome = search(&game("8/8/8/3k4/8/8/P7/KQ6 w - - 98 120"), depth(6));
    assert!(matches!(outcome.info.unwrap().score, Score::Centipawns(cp) if cp > 300));
}

#[test]
fn a_third_repetition_in_the_game_is_a_draw() {
    let mut game = game("7k/8/8/8/8/8/Q7/K7 w - - 0 1");
    let dance = ["a2a3", "h8g7", "a3a2", "g7h8"];
    game.play_all(dance.into_iter().cycle().take(10)).unwrap();
    let back = game.legal("a3a2").unwrap();
    let only = Limits {
        search_moves: vec![back],
        ..depth(8)
    };
    assert_eq!(
        search(&game, only).info.unwrap().score,
        Score::Centipawns(0)
    );
    let outcome = search(&game, depth(8));
    assert_ne!(outcome.best, Some(back));
}

#[test]
fn the_losing_side_takes_a_perpetual_check() {
    // White is far behind and checks on e8 and h5 for ever.
    let outcome = search(&game("6k1/6p1/8/7Q/8/8/qr4PP/6K1 w - - 0 1"), depth(10));
    assert_eq!(outcome.info.unwrap().score, Score::Centipawns(0));
}

#[test]
fn positions_that_nobody_can_win_are_draws() {
    for fen in [
        "8/8/4k3/8/8/3NK3/8/8 w - - 0 1",
        "8/8/4k3/8/8/3BK3/8/8 b - - 0 1",
        "8/8/4k3/5b2/8/3BK3/8/8 b - - 0 1",
    ] {
        let score = search(&game(fen), depth(6)).info.unwrap().score;
        assert!(
            matches!(score, Score::Centipawns(cp) if cp.abs() < 30),
            "{fen}: {score}"
        );
    }
}

#[test]
fn the_tree_is_the_same_however_it_is_sliced() {
    let game = game("r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1");
    let whole = search(&game, depth(9));
    for slice in [1, 2, 5] {
        // A clock that ticks a millisecond whenever it is read: slices end after a few looks at it.
        let ticks = AtomicU64::new(0);
        let clock: Arc<dyn Clock> =
            Arc::new(move || Duration::from_millis(ticks.fetch_add(1, Ordering::Relaxed)));
        let engine = Engine::new(8).unwrap();
        let mut search = engine.start(Request::new(game.clone(), depth(9)), clock);
        let mut slices = 0;
        let outcome = loop {
            match search.step(Duration::from_millis(slice), |_| {}) {
                Step::Done(done) => break done.1,
                Step::Running => slices += 1,
                Step::Waiting => panic!("nothing to wait for"),
            }
        };
        println!("slice {slice}: {slices} slices, {} nodes", outcome.nodes);
        assert!(slices > 2);
        assert_eq!(outcome.nodes, whole.nodes);
        assert_eq!(outcome.best, whole.best);
        assert_eq!(outcome.info.unwrap().pv, whole.info.as_ref().unwrap().pv);
    }
}

#[test]
fn node_limits_are_exact() {
    for nodes in [1, 2, 100, 5_000, 20_001] {
        let limits = Limits {
            nodes: Some(nodes),
            ..Limits::default()
        };
        let outcome = search(&Game::default(), limits);
        assert_eq!(outcome.nodes, nodes);
        assert!(outcome.best.is_some());
    }
}

#[test]
fn several_lines_are_distinct_and_ordered() {
    let game = game("r1bqkbnr/pppp1ppp/2n5/4p3/2B1P3/5N2/PPPP1PPP/RNBQK2R b KQkq - 3 3");
    let mut last = Vec::new();
    let request = Request {
        multipv: 5,
        ..Request::new(game, depth(7))
    };
    Engine::new(8).unwrap().search(request, clock(), |info| {
        if info.depth == 7 {
            last.push(info);
        }
    });
    assert_eq!(
        last.iter().map(|i| i.multipv).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    for pair in last.windows(2) {
        let value = |score| match score {
            Score::Centipawns(cp) => cp,
            Score::Mate(m) => m.signum() * 30_000 - m,
        };
        assert!(value(pair[0].score) >= value(pair[1].score));
        assert_ne!(pair[0].pv[0], pair[1].pv[0]);
    }
}

#[test]
fn levels_below_the_highest_are_seeded() {
    let game = game("r1bqkbnr/pppp1ppp/2n5/4p3/2B1P3/5N2/PPPP1PPP/RNBQK2R b KQkq - 3 3");
    let best = |seed| {
        let request = Request {
            level: Level::new(2).unwrap(),
            seed,
            ..Request::new(game.clone(), Limits::default())
        };
        Engine::new(1)
            .unwrap()
            .search(request, clock(), |_| {})
            .1
            .best
    };
    let choices: Vec<_> = (0..12).map(best).collect();
    assert_eq!(choices, (0..12).map(best).collect::<Vec<_>>());
    assert!(choices.iter().any(|m| *m != choices[0]));
}

//! The protocol through the real binary: every command, every limit, and everything that a user may get wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may fail by panicking.

use std::time::{Duration, Instant};

mod common;
use common::Rookery;

const START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";

fn field<T: std::str::FromStr>(line: &str, name: &str) -> Option<T> {
    let mut words = line.split(' ');
    words.find(|word| *word == name)?;
    words.next()?.parse().ok()
}

#[test]
fn it_introduces_itself_with_its_options() {
    let mut engine = Rookery::start();
    engine.send("uci");
    let said = engine.until("uciok");
    assert!(said.iter().any(|line| line.starts_with("id name Rookery ")));
    assert!(said.iter().any(|line| line.starts_with("id author ")));
    for name in [
        "Hash",
        "Clear Hash",
        "Threads",
        "MultiPV",
        "Ponder",
        "Move Overhead",
        "UCI_Chess960",
        "Level",
    ] {
        let option = format!("option name {name} type ");
        assert!(said.iter().any(|line| line.starts_with(&option)), "{name}");
    }
    assert!(engine.settle().is_empty());
}

#[test]
fn every_limit_ends_the_search() {
    let mut engine = Rookery::start();
    for limits in [
        "depth 5",
        "nodes 3000",
        "movetime 60",
        "wtime 400 btime 400",
        "wtime 400 btime 400 winc 10 binc 10 movestogo 3",
        "wtime 0 btime 0",
        "wtime -20 btime 100",
        "wtime 1 btime 1 winc 1000 binc 1000 movestogo 1",
        "movetime 0",
        "depth 3 nodes 100000 movetime 10000",
        "depth 1000 nodes 500",
        "mate 1 nodes 2000",
    ] {
        let (best, said) = engine.go(limits);
        assert_eq!(best.len(), 4, "{limits}: {best}");
        assert!(
            said.iter().all(|line| !line.contains("refused")),
            "{said:?}"
        );
        if limits == "depth 5" {
            assert_eq!(field::<u32>(said.last().unwrap(), "depth"), Some(5));
        }
    }
    let (best, _) = engine.go("depth 4 searchmoves a2a3 h2h4");
    assert!(["a2a3", "h2h4"].contains(&best.as_str()));
}

#[test]
fn information_lines_are_complete() {
    let mut engine = Rookery::start();
    engine.send("setoption name MultiPV value 3");
    let (_, said) = engine.go("depth 6");
    let lines: Vec<_> = said
        .iter()
        .filter(|line| line.starts_with("info depth 6 "))
        .collect();
    assert_eq!(lines.len(), 3);
    for line in lines {
        for name in ["seldepth", "multipv", "nodes", "hashfull", "time"] {
            assert!(field::<u64>(line, name).is_some(), "{name} in {line}");
        }
        assert!(
            line.contains(" score cp ") && line.contains(" pv "),
            "{line}"
        );
    }
}

#[test]
fn an_infinite_search_waits_for_stop_even_when_done() {
    let mut engine = Rookery::start();
    // One legal move, and a position without any.
    for fen in [
        "7k/8/8/8/8/8/6q1/7K w - - 0 1",
        "7k/5Q2/6K1/8/8/8/8/8 b - - 0 1",
    ] {
        engine.send(&format!("position fen {fen}"));
        engine.send("go infinite");
        assert!(
            engine
                .settle()
                .iter()
                .all(|line| !line.starts_with("bestmove"))
        );
        engine.send("stop");
        let said = engine.until("bestmove");
        assert_eq!(
            said.last().unwrap() == "bestmove (none)",
            fen.contains("b -")
        );
    }
    // A mate is found at once, but the answer still waits.
    engine.send("position fen 6k1/5ppp/8/8/8/8/5PPP/3R2K1 w - - 0 1");
    engine.send("go infinite depth 3");
    engine.until("info depth 3");
    assert!(
        engine
            .settle()
            .iter()
            .all(|line| !line.starts_with("bestmove"))
    );
    engine.send("stop");
    assert_eq!(engine.until("bestmove").last().unwrap(), "bestmove d1d8");
}

#[test]
fn pondering_ends_with_a_hit_or_a_stop() {
    let mut engine = Rookery::start();
    engine.send("position startpos moves e2e4 e7e5");
    engine.send("go ponder wtime 500 btime 500 winc 20 binc 20");
    engine.until("info depth 12");
    assert!(
        engine
            .settle()
            .iter()
            .all(|line| !line.starts_with("bestmove"))
    );
    let hit = Instant::now();
    engine.send("ponderhit");
    engine.until("bestmove");
    assert!(hit.elapsed() < Duration::from_millis(500));

    engine.send("go ponder movetime 10");
    assert!(
        engine
            .settle()
            .iter()
            .all(|line| !line.starts_with("bestmove"))
    );
    engine.send("stop");
    engine.until("bestmove");
}

#[test]
fn stop_is_followed_within_50_ms() {
    let mut engine = Rookery::start();
    let mut latencies: Vec<Duration> = (0..25)
        .map(|_| {
            engine.send("go infinite");
            engine.until("info depth 9");
            let asked = Instant::now();
            engine.send("stop");
            engine.until("bestmove");
            asked.elapsed()
        })
        .collect();
    latencies.sort();
    let (median, worst) = (latencies[12], latencies[24]);
    println!("median {median:?} worst {worst:?}");
    // Others may hold the processor for a moment, but not most of the time.
    assert!(median < Duration::from_millis(50), "{latencies:?}");
}

#[test]
fn a_hundred_rapid_searches_give_a_hundred_answers() {
    let mut engine = Rookery::start();
    for _ in 0..100 {
        engine.send("go infinite");
        engine.send("stop");
    }
    for _ in 0..100 {
        assert_eq!(
            engine
                .until("bestmove")
                .last()
                .unwrap()
                .split(' ')
                .nth(1)
                .unwrap()
                .len(),
            4
        );
    }
    assert!(engine.settle().is_empty());
}

#[test]
fn commands_out_of_place_are_refused_or_ignored() {
    let mut engine = Rookery::start();
    engine.send("stop");
    engine.send("ponderhit");
    assert!(engine.settle().is_empty());
    engine.send("go infinite");
    for command in [
        "go depth 3",
        "position startpos moves e2e4",
        "ucinewgame",
        "setoption name Hash value 8",
        "bench",
    ] {
        engine.send(command);
        let said = engine.until("info string");
        assert!(
            said.last().unwrap().contains("refused"),
            "{command}: {said:?}"
        );
    }
    engine.send("stop");
    engine.until("bestmove");
    assert_eq!(engine.fen(), START);
}

#[test]
fn bad_input_is_refused_and_changes_nothing() {
    let mut engine = Rookery::start();
    engine.send("position startpos moves e2e4 c7c5");
    let before = engine.fen();
    let huge = "9".repeat(400);
    let deep = "go depth 99999999999999999999999999".to_owned();
    let long_fen = format!("position fen {}", "p".repeat(5000));
    let many = format!(
        "position startpos moves {}",
        "g1f3 g8f6 f3g1 f6g8 ".repeat(50) + "e2e5"
    );
    for bad in [
        "nonsense",
        "position",
        "position fen",
        "position fen 8/8/8/8/8/8/8/8 w - - 0 1",
        "position fen rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR x KQkq - 0 1",
        "position fen rnbqkbnr/pppppppp/9/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
        "position fen rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 99999999999999 1",
        "position fen kkkkkkkk/8/8/8/8/8/8/K7 w - - 0 1",
        "position fen 4k3/8/8/8/8/8/4R3/4K3 w - - 0 1",
        "position fen QQQQQQQQ/QQQQQQQQ/QQQQQQQQ/8/8/8/8/K6k w - - 0 1",
        "position startpos e2e4",
        "position startpos moves e2e5",
        "position startpos moves e2e4 e2e4",
        "position startpos moves e7e8q",
        "position startpos moves 0000",
        "position startpos moves \u{1F600}",
        "position endpos",
        &long_fen,
        &many,
        "go depth",
        "go depth 0",
        "go depth -3",
        "go depth banana",
        &deep,
        &format!("go nodes {huge}"),
        "go nodes 0",
        "go movetime -1",
        &format!("go wtime {huge} btime 100"),
        "go wtime",
        "go movestogo 0",
        "go perft",
        "go perft 1000",
        "go searchmoves",
        "go searchmoves e2e4",
        "go searchmoves banana depth 2",
        "go fast",
        "setoption",
        "setoption name",
        "setoption name Hash",
        "setoption name Hash value",
        "setoption name Hash value 0",
        "setoption name Hash value lots",
        "setoption name Hash value 99999999999999999999",
        "setoption name Threads value 512",
        "setoption name MultiPV value 0",
        "setoption name Level value 9",
        "setoption name Move Overhead value -1",
        "setoption name UCI_Chess960 value maybe",
        "setoption name Nonsense value 1",
        "bench 0",
        "bench banana",
        &huge,
    ] {
        engine.send(bad);
        let said = engine.settle();
        assert_eq!(said.len(), 1, "{bad}: {said:?}");
        assert!(
            said[0].starts_with("info string refused: "),
            "{bad}: {said:?}"
        );
        assert!(said[0].len() < 200 && said[0].len() > 30, "{}", said[0]);
        assert_eq!(engine.fen(), before, "after {bad}");
    }
    assert_eq!(engine.go("depth 4").0.len(), 4);
}

#[test]
fn raw_bytes_do_no_harm() {
    let mut engine = Rookery::start();
    engine.send_bytes(b"\n\r\n \t \n\0\0\0\n\xff\xfe\xfd\nposition fen \xff\xff\n");
    engine.send_bytes(&vec![b'x'; 3 << 20]);
    engine.send_bytes(b"\nisready\r\n");
    let said = engine.until("readyok");
    assert!(
        said.iter().any(|line| line.contains("too long")),
        "{said:?}"
    );
    assert_eq!(engine.fen(), START);
}

#[test]
fn a_very_long_game_is_followed() {
    let mut engine = Rookery::start();
    let moves = "g1f3 g8f6 f3g1 f6g8 ".repeat(3000);
    engine.send(&format!("position startpos moves {moves}"));
    assert!(engine.settle().is_empty());
    assert_eq!(engine.go("depth 5").0.len(), 4);
}

#[test]
fn chess960_castles_onto_its_rook() {
    let mut engine = Rookery::start();
    let fen = "position fen 1r2k1r1/pppppppp/8/8/8/8/PPPPPPPP/1R2K1R1 w GBgb - 0 1";
    engine.send(fen);
    assert!(engine.settle()[0].contains("Chess960"));
    engine.send("setoption name UCI_Chess960 value true");
    engine.send(&format!("{fen} moves e1g1 e8b8"));
    assert!(engine.settle().is_empty());
    assert!(
        engine
            .fen()
            .starts_with("2kr2r1/pppppppp/8/8/8/8/PPPPPPPP/1R3RK1 w")
    );
    // In this mode castling is written as king takes rook, in the standard position too.
    engine.send("position fen 4k3/8/8/8/8/8/7P/4K2R w K - 0 1");
    assert_eq!(engine.go("depth 2 searchmoves e1h1").0, "e1h1");
    engine.send("setoption name UCI_Chess960 value false");
    engine.send("position fen 4k3/8/8/8/8/8/7P/4K2R w K - 0 1");
    assert_eq!(engine.go("depth 2 searchmoves e1g1").0, "e1g1");
}

#[test]
fn the_hash_table_can_be_resized_and_cleared() {
    let mut engine = Rookery::start();
    let (_, fresh) = engine.go("depth 9");
    for command in [
        "setoption name Hash value 64",
        "setoption name hash value 1",
        "setoption name Clear Hash",
    ] {
        engine.send(command);
        assert!(engine.settle().is_empty(), "{command}");
    }
    engine.send("setoption name Hash value 16");
    engine.send("ucinewgame");
    let (_, again) = engine.go("depth 9");
    let nodes = |said: &[String]| field::<u64>(said.last().unwrap(), "nodes");
    assert_eq!(nodes(&fresh), nodes(&again), "a new game starts afresh");
}

#[test]
fn the_benchmark_counts_the_same_every_time() {
    let mut engine = Rookery::start();
    let mut count = || {
        engine.send("bench 7");
        let said = engine.until("");
        let mut words = said.last().unwrap().split(' ');
        let nodes: u64 = words.next().unwrap().parse().unwrap();
        assert_eq!(words.next(), Some("nodes"));
        nodes
    };
    let first = count();
    assert!(first > 10_000);
    assert_eq!(first, count());
}

#[test]
fn the_end_of_input_and_quit_end_the_process() {
    let mut engine = Rookery::start();
    engine.send("go depth 8");
    engine.close_input();
    engine.until("bestmove");
    assert_eq!(engine.wait(), Some(0));

    for last in ["go infinite", "go ponder depth 2", "go perft 12"] {
        let mut engine = Rookery::start();
        engine.send(last);
        engine.send("quit");
        assert_eq!(engine.wait(), Some(0));
    }
    let mut engine = Rookery::start();
    engine.send("go infinite");
    engine.close_input();
    engine.until("bestmove");
    assert_eq!(engine.wait(), Some(0));
}

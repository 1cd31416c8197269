//! Commands in any order, as fast as they can be sent: one answer to each search, always a legal move, never a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may fail by panicking.

use proptest::prelude::*;
use rookery_engine::Game;
use rookery_engine::uci::Activity;
use shakmaty::CastlingMode;

mod common;
use common::Rookery;
use common::inside::{self, Inside};

#[test]
fn searches_that_are_stopped_at_once_answer_with_a_move_of_their_position() {
    let mut engine = Rookery::start();
    let mut game = Game::default();
    let mut moves = String::new();
    for number in 0..100 {
        engine.send(&format!("position startpos moves{moves}"));
        engine.send(
            [
                "go infinite",
                "go ponder wtime 1000 btime 1000",
                "go depth 60",
            ][number % 3],
        );
        engine.send("stop");
        let said = engine.until("bestmove");
        let best = inside::moves(&said).pop().unwrap();
        inside::check(&best, &game);
        if best == "(none)" || moves.len() > 5 * 200 {
            game = Game::default();
            moves.clear();
            continue;
        }
        game.play_all([best.as_str()]).unwrap();
        moves.push(' ');
        moves.push_str(&best);
    }
    assert!(engine.settle().is_empty());
}

#[test]
fn a_stop_or_a_ponderhit_out_of_place_does_nothing() {
    let mut engine = Inside::new();
    for line in ["stop", "ponderhit", "stop", "stop", "ponderhit"] {
        assert!(engine.send(line).is_empty());
    }
    // A search that nobody ponders goes on.
    let mut said = engine.send("go depth 60 nodes 30000");
    for _ in 0..3 {
        said.extend(engine.send("ponderhit"));
        said.extend(engine.step());
        assert_eq!(engine.activity(), Activity::Busy);
    }
    said.extend(engine.settle());
    assert_eq!(inside::moves(&said).len(), 1);

    // An infinite one waits for `stop` all the same.
    let mut said = engine.send("go infinite depth 2");
    said.extend(engine.settle());
    said.extend(engine.send("ponderhit"));
    said.extend(engine.settle());
    assert_eq!(engine.activity(), Activity::Waiting);
    assert!(inside::moves(&said).is_empty(), "{said:?}");
    assert_eq!(inside::moves(&engine.send("stop")).len(), 1);
    assert!(engine.send("stop").is_empty());

    // So does one that is both.
    let mut said = engine.send("go ponder infinite depth 2");
    said.extend(engine.settle());
    said.extend(engine.send("ponderhit"));
    said.extend(engine.settle());
    assert!(inside::moves(&said).is_empty(), "{said:?}");
    assert_eq!(inside::moves(&engine.send("stop")).len(), 1);

    // A pondered search that is long done answers at once, and once.
    let mut said = engine.send("go ponder depth 2");
    said.extend(engine.settle());
    assert_eq!(engine.activity(), Activity::Waiting);
    assert!(inside::moves(&said).is_empty(), "{said:?}");
    assert_eq!(inside::moves(&engine.send("ponderhit")).len(), 1);
    assert!(engine.send("ponderhit").is_empty());
    assert_eq!(engine.activity(), Activity::Idle);

    // A count goes on through a ponderhit and ends without a move.
    engine.send("go perft 5");
    assert!(engine.send("ponderhit").is_empty());
    let said = engine.settle();
    assert!(said.contains(&"Nodes searched: 4865609".to_owned()));
    assert!(inside::moves(&said).is_empty());
}

#[test]
fn moves_that_cannot_be_played_leave_the_position_as_it_was() {
    let mut engine = Inside::new();
    let start = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1";
    let line = format!("position fen {start} moves a2a3");
    assert!(engine.refused(&line).is_none());
    let before = engine.fen();
    for moves in [
        "e1g1 e8g8 e1g1",
        "e1e1",
        "a1h1",
        "e1h1q",
        "e1c1 h8g8 c1b1 g8h8 b1a1 e8g8",
        "a2a4 b4a3 a3a2",
        "d5d6q",
        "d5e6n",
        "P@e4",
        "e1g1 0000",
        "e1g1 (none)",
        "e1g1 bestmove",
        "E1G1",
        "e1-g1",
        "O-O",
        "exd6",
        "e9e4",
        "i1i2",
        "e1g",
        "e1g11",
        "\u{ff45}1g1",
    ] {
        let line = format!("position fen {start} moves {moves}");
        assert!(engine.refused(&line).is_some(), "{moves}");
        assert_eq!(engine.fen(), before, "after {moves}");
    }
}

/// Positions, some of them special, some of them Chess960.
const POSITIONS: [&str; 9] = [
    "startpos",
    "fen r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
    "fen R6R/3Q4/1Q4Q1/4Q3/2Q4Q/Q4Q2/pp1Q4/kBNN1KB1 w - - 0 1",
    "fen 7k/5Q2/6K1/8/8/8/8/8 b - - 0 1",
    "fen R5k1/5ppp/8/8/8/8/8/7K b - - 0 1",
    "fen 8/8/8/K2pP2r/8/8/8/4k3 w - d6 0 1",
    "fen 4k3/8/8/8/8/8/8/4K2R w K - 99 6000",
    "fen bqnbrkrn/pppppppp/8/8/8/8/PPPPPPPP/BQNBRKRN w GEge - 0 1",
    "fen 1r2k1r1/pppppppp/8/8/8/8/PPPPPPPP/1R2K1R1 w KQkq - 0 1",
];

fn position() -> impl Strategy<Value = String> {
    let moves = prop::collection::vec("[a-h][1-8][a-h][1-8]", 0..3);
    (prop::sample::select(&POSITIONS[..]), moves, any::<bool>()).prop_map(
        |(start, moves, knights)| {
            let mut line = format!("position {start}");
            if knights {
                line.push_str(" moves g1f3 g8f6 f3g1 f6g8");
            } else if !moves.is_empty() {
                line.push_str(&format!(" moves {}", moves.join(" ")));
            }
            line
        },
    )
}

fn go() -> impl Strategy<Value = String> {
    let limit = prop_oneof![
        (1..400_u32).prop_map(|n| format!("nodes {n}")),
        (1..4_u32).prop_map(|n| format!("depth {n}")),
        (0..8_u32).prop_map(|n| format!("movetime {n}")),
        (-5..200_i32, 0..200_u32).prop_map(|(w, b)| format!("wtime {w} btime {b}")),
        (0..9_u32, 0..9_u32).prop_map(|(w, b)| format!("winc {w} binc {b}")),
        (1..5_u32).prop_map(|n| format!("movestogo {n}")),
        (1..4_u32).prop_map(|n| format!("mate {n} nodes 300")),
        Just("infinite".to_owned()),
        Just("ponder".to_owned()),
        Just("searchmoves e2e4 g1f3".to_owned()),
        (0..3_u32).prop_map(|n| format!("perft {n}")),
    ];
    prop::collection::vec(limit, 0..4).prop_map(|limits| format!("go {}", limits.join(" ")))
}

fn option() -> impl Strategy<Value = String> {
    let (name, value) = (
        prop::sample::select(vec![
            "Hash",
            "MultiPV",
            "Level",
            "Seed",
            "Move Overhead",
            "Threads",
            "Ponder",
            "UCI_Chess960",
            "Clear Hash",
            "Nonsense",
            "",
        ]),
        prop_oneof![
            // Never a large table.
            (0..9_u32).prop_map(|n| n.to_string()),
            prop::sample::select(vec!["true", "false", "", "-1", "256", "99999999999", "x"])
                .prop_map(str::to_owned),
        ],
    );
    (name, value)
        .prop_filter("a table of 256 MiB takes its time", |(name, value)| {
            *name != "Hash" || value != "256"
        })
        .prop_map(|(name, value)| format!("setoption name {name} value {value}"))
}

/// A line that some user may send.
fn line() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        prop::sample::select(vec![
            "position",
            "startpos",
            "fen",
            "moves",
            "go",
            "depth",
            "nodes",
            "infinite",
            "ponder",
            "searchmoves",
            "setoption",
            "name",
            "value",
            "Hash",
            "stop",
            "ponderhit",
            "e2e4",
            "e7e8q",
            "0000",
            "-1",
            "0",
            "1",
            "18446744073709551616",
            "wtime",
            "btime",
            "perft",
            "d",
            "w",
            "KQkq",
            "8/8/8/8/8/8/8/8",
            "\u{265a}",
            "\0",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ];
    prop_oneof![
        4 => position(),
        6 => go(),
        3 => option(),
        3 => prop::sample::select(vec![
            "stop", "ponderhit", "ucinewgame", "isready", "uci", "d", "", " \t ", "debug on",
            "register later", "bench 1", "think",
        ]).prop_map(str::to_owned),
        2 => prop::collection::vec(word, 0..8).prop_map(|words| words.join(" ")),
    ]
}

/// The game that the session is at, in the notation that its answers should have.
fn game(engine: &mut Inside, chess960: bool) -> Game {
    let fen = engine.fen();
    let read = |mode| Game::from_fen(&fen, mode);
    match (read(CastlingMode::Standard), read(CastlingMode::Chess960)) {
        (Ok(game), _) if !chess960 => game,
        (_, Ok(game)) => game,
        (other, _) => panic!("{fen}: {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_lines_get_one_legal_answer_for_each_search(
        lines in prop::collection::vec((line(), 0..3_u32), 1..24),
    ) {
        let mut engine = Inside::new();
        let mut asked = None;
        // The mode when the position was taken, not the one that was set since.
        let (mut set, mut mode) = (false, false);
        for (line, steps) in lines {
            if line.trim() == "quit" {
                continue;
            }
            let idle = engine.activity() == Activity::Idle;
            let root = idle.then(|| game(&mut engine, mode));
            let mut said = engine.send(&line);
            let refused = said.iter().any(|line| line.starts_with("info string refused"));
            let mut words = line.split_whitespace();
            let command = words.next().unwrap_or_default();
            if idle && !refused && command == "go" && !line.contains("perft") {
                prop_assert!(asked.is_none());
                asked = root;
            }
            if idle && !refused && command == "position" {
                mode = set;
            }
            if idle && !refused && line.contains("UCI_Chess960") {
                set = line.ends_with("true");
            }
            for _ in 0..steps {
                said.extend(engine.step());
            }
            for best in inside::moves(&said) {
                let game = asked.take().expect("nobody asked");
                inside::check(&best, &game);
            }
        }
        let mut said = engine.send("stop");
        said.extend(engine.settle());
        let best = inside::moves(&said);
        prop_assert_eq!(best.len(), usize::from(asked.is_some()));
        if let (Some(game), Some(best)) = (asked, best.first()) {
            inside::check(best, &game);
        }
        prop_assert_eq!(engine.activity(), Activity::Idle);
        prop_assert_eq!(engine.send("isready"), ["readyok"]);
    }
}

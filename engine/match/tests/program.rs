//! The program from outside: its exit status, its rows, its file of games.

#![allow(clippy::unwrap_used, clippy::panic)] // A test may fail by panicking.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rookery_match::pgn::{self, PgnGame};
use serde_json::Value;
use shakmaty::CastlingMode;

const FAKE: &str = env!("CARGO_BIN_EXE_rookery-match-fake");

/// Runs `words` with two fake engines, A of the given habit.
fn run(habit: &str, words: &[&str]) -> Output {
    let engines = [
        format!("name=A \"cmd={FAKE}\" \"arg={habit}\""),
        format!("name=B \"cmd={FAKE}\""),
    ];
    let mut program = Command::new(env!("CARGO_BIN_EXE_rookery-match"));
    for engine in &engines {
        program.args(["--engine", engine]);
    }
    program.args(["--nodes", "9", "--max-plies", "30"]);
    program.args(words).output().unwrap()
}

fn text(output: &Output) -> String {
    let (out, error) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(error)
}

fn rows(file: &Path) -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

fn value<'a>(rows: &'a [Value], name: &str) -> &'a Value {
    let row = rows.iter().find(|row| row["name"] == name);
    &row.unwrap_or_else(|| panic!("no row {name}"))["value"]
}

fn games(file: &Path) -> Vec<PgnGame> {
    pgn::read(&fs::read_to_string(file).unwrap())
}

fn path(file: &Path) -> &str {
    file.to_str().unwrap()
}

struct Files {
    _folder: tempfile::TempDir,
    pgn: PathBuf,
    json: PathBuf,
}

fn files() -> Files {
    let folder = tempfile::tempdir().unwrap();
    Files {
        pgn: folder.path().join("games.pgn"),
        json: folder.path().join("rows.json"),
        _folder: folder,
    }
}

#[test]
fn a_match_succeeds_and_leaves_its_rows_and_its_games() {
    let files = files();
    let words = [
        "--games",
        "3",
        "--pgn",
        path(&files.pgn),
        "--json",
        path(&files.json),
    ];
    let output = run("", &words);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let rows = rows(&files.json);
    for row in &rows {
        let keys: Vec<_> = row.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["command", "name", "peer", "runs", "unit", "value"]);
        assert!(
            row["command"]
                .as_str()
                .unwrap()
                .starts_with("cargo xtask match --engine")
        );
    }
    // Rounded up to pairs.
    assert_eq!(value(&rows, "match.games"), 4.0);
    assert_eq!(value(&rows, "match.pairs"), 2.0);
    assert_eq!(value(&rows, "match.faults.A.crash"), 0.0);
    let games = games(&files.pgn);
    assert_eq!(games.len(), 4);
    for game in games {
        let (_, moves) = game.replay(CastlingMode::Standard).unwrap();
        assert_eq!(game.tag("PlyCount"), Some(moves.len().to_string().as_str()));
        assert_eq!(game.tag("Result"), game.result.as_deref());
    }
}

#[test]
fn a_fault_fails_the_run_unless_it_is_allowed() {
    let output = run("crash", &["--games", "2"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("A: 2 crash"), "{}", text(&output));
    let output = run("crash", &["--games", "2", "--allow-faults"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn an_interrupted_match_goes_on_where_it_broke_off() {
    let (whole, broken) = (files(), files());
    let play = |files: &Files, more: &[&str]| {
        let words = [
            "--games",
            "6",
            "--pgn",
            path(&files.pgn),
            "--json",
            path(&files.json),
        ];
        run("illegal", &[&words, more].concat())
    };
    play(&whole, &[]);
    // Broken off within the fourth game.
    let text_of_all = fs::read_to_string(&whole.pgn).unwrap();
    let fourth = text_of_all.match_indices("[Event ").nth(3).unwrap().0;
    fs::write(&broken.pgn, &text_of_all[..fourth + 300]).unwrap();

    let output = play(&broken, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let output = play(&broken, &["--resume"]);
    assert!(
        text(&output).contains("going on after 3 games"),
        "{}",
        text(&output)
    );
    // The faults of before the break count.
    assert_eq!(output.status.code(), Some(1));

    let numbers = |files: &Files| -> Vec<(Value, Value)> {
        let rows = rows(&files.json).into_iter();
        rows.map(|row| (row["name"].clone(), row["value"].clone()))
            .collect()
    };
    assert_eq!(numbers(&whole), numbers(&broken));
    let moves = |files: &Files| -> Vec<_> {
        let games = games(&files.pgn).into_iter();
        games
            .map(|game| (game.tag("Round").map(str::to_owned), game.moves))
            .collect()
    };
    assert_eq!(moves(&whole), moves(&broken));
}

#[test]
fn games_by_other_settings_do_not_count() {
    let files = files();
    let words = ["--games", "2", "--pgn", path(&files.pgn)];
    run("", &words);
    let output = run("", &[&words[..], &["--resume", "--seed", "2"]].concat());
    assert!(!text(&output).contains("going on"), "{}", text(&output));
    assert_eq!(games(&files.pgn).len(), 4);
}

#[test]
fn a_rating_comes_from_all_anchors() {
    let files = files();
    let anchor = |name: &str, habit: &str, rating: u32| {
        format!("name={name} \"cmd={FAKE}\" \"arg={habit}\" rating={rating}")
    };
    let output = Command::new(env!("CARGO_BIN_EXE_rookery-match"))
        .args(["rating", "--engine", &anchor("A", "", 0)])
        .args(["--anchor", &anchor("even", "", 2000)])
        .args(["--anchor", &anchor("weak", "illegal", 1000)])
        .args([
            "--nodes",
            "9",
            "--max-plies",
            "30",
            "--games",
            "4",
            "--allow-faults",
        ])
        .args(["--json", path(&files.json)])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let rows = rows(&files.json);
    assert_eq!(value(&rows, "rating.anchors-weaker"), 1.0);
    let rating = value(&rows, "rating").as_f64().unwrap();
    let low = value(&rows, "rating.low").as_f64().unwrap();
    assert!(
        low < rating && (1900.0..2300.0).contains(&rating),
        "{rating}"
    );
}

#[test]
fn what_cannot_be_played_is_an_error_in_a_sentence() {
    for (words, sentence) in [
        (&["--sprt", "elo0=9", "elo1=3"][..], "needs elo0 < elo1"),
        (
            &["--openings", "/nowhere.epd"],
            "no openings from /nowhere.epd",
        ),
        (&["--draw", "after"], "`after` needs a whole number"),
    ] {
        let output = run("", words);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains(sentence), "{}", text(&output));
    }
}

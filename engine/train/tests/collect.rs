//! Games of another engine: `rookery-train collect`.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use rookery_train::games::{Game, Reader};

const FILES: [&str; 2] = ["games-5-00000.zst", "games-5-00001.zst"];

/// Collects from an engine that plays the first legal move and calls it 7 centipawns, or has a bad habit.
fn collect(folder: &Path, engine: &str, more: &[&str]) -> Output {
    let teacher = env!("CARGO_BIN_EXE_rookery-train-fake");
    Command::new(env!("CARGO_BIN_EXE_rookery-train"))
        .current_dir(folder)
        .args(["collect", "--engine", &format!("cmd={teacher} {engine}")])
        .args([
            "--out", "out", "--files", "2", "--games", "3", "--seed", "5",
        ])
        .args(more)
        .output()
        .unwrap()
}

fn bytes(folder: &Path) -> Vec<Vec<u8>> {
    let read = |file| fs::read(folder.join("out").join(file)).unwrap();
    FILES.map(read).to_vec()
}

#[test]
fn games_are_legal_begin_at_random_carry_the_scores_and_are_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let done = collect(folder, "option.Hash=1", &[]);
    assert!(done.status.success(), "{done:?}");
    let first = bytes(folder);

    let mut openings = Vec::new();
    for file in FILES {
        let file = fs::read(folder.join("out").join(file)).unwrap();
        let games: Result<Vec<Game>, _> = Reader::new(file.as_slice()).unwrap().collect();
        let games = games.unwrap();
        assert_eq!(games.len(), 3);
        for game in games {
            let opening = usize::from(game.opening);
            assert!(opening == 8 || opening == 9, "{opening}");
            let visited = game.replay(|_, _, index, ply| {
                assert_eq!(ply.score, (index >= opening).then_some(7), "{index}");
            });
            visited.unwrap();
            // The engine sees nothing in it, so after move 30 it is drawn, if no rule ends it before.
            assert!(
                (10..=72).contains(&game.plies.len()),
                "{}",
                game.plies.len()
            );
            openings.push(game.plies.first().copied().zip(game.plies.get(1).copied()));
        }
    }
    openings.dedup();
    assert!(openings.len() > 3, "{openings:?}");

    // What is there stays; what is missing is made as it was.
    fs::write(folder.join("out").join(FILES[0]), "kept").unwrap();
    fs::remove_file(folder.join("out").join(FILES[1])).unwrap();
    let again = collect(folder, "option.Hash=1", &["--threads", "2"]);
    assert!(again.status.success(), "{again:?}");
    assert_eq!(bytes(folder), [b"kept".to_vec(), first[1].clone()]);
}

#[test]
fn games_of_other_settings_are_not_mixed_and_two_processes_neither() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let refused = |engine: &str, more: &[&str], said: &str| {
        let output = collect(folder, engine, more);
        assert!(!output.status.success(), "{engine} {more:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains(said), "{engine} {more:?}: {errors}");
    };
    assert!(collect(folder, "", &[]).status.success());
    refused("", &["--nodes", "7"], "nodes=200 games=3`, not");
    refused("option.Hash=1", &[], "choose another folder or seed");
    let first = bytes(folder);

    let settings = folder.join("out").join("games-5.settings");
    let held = fs::File::open(settings).unwrap();
    held.lock().unwrap();
    refused("", &[], "another process is making the files of");
    drop(held);
    assert!(collect(folder, "", &[]).status.success());
    assert_eq!(bytes(folder), first);
}

#[test]
fn an_engine_that_fails_is_named_and_leaves_no_file() {
    for (engine, said) in [
        ("arg=crash", "the engine ended"),
        (
            "arg=illegal",
            "the engine's move `e1e8` is not legal after `position fen",
        ),
        ("arg=none", "the engine's move `(none)` is not legal"),
        ("arg=empty", "the engine's move `` is not legal"),
        ("option.Nonsense=1", "the engine has no option `Nonsense`"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = collect(folder.path(), engine, &[]);
        assert!(!output.status.success(), "{engine}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains(said), "{engine}: {errors}");
        for file in FILES {
            assert!(!folder.path().join("out").join(file).exists(), "{engine}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let missing = collect(folder.path(), "cmd=/no/such/program", &[]);
    let errors = String::from_utf8(missing.stderr).unwrap();
    assert!(
        errors.contains("cannot start `/no/such/program`"),
        "{errors}"
    );
    let zero = collect(folder.path(), "", &["--threads", "0"]);
    let errors = String::from_utf8(zero.stderr).unwrap();
    assert!(errors.contains("are at least 1"), "{errors}");
}

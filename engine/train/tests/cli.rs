//! The program from games to a network.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

use rookery_train::quantise::Quantised;
// What the samples look for in their crate.
use rookery_train::{filter, games, positions};
use shakmaty::{CastlingMode, Chess, Position as _, fen::Fen};

#[path = "../src/samples.rs"]
mod samples;

fn run(folder: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rookery-train"));
    command.current_dir(folder).args(line.split(' '));
    command.output().unwrap()
}

fn succeed(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn fail(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    assert!(!output.status.success(), "{line}");
    String::from_utf8(output.stderr).unwrap()
}

const TRAIN: &str = "train --data a b --hidden 32 --superbatches 4 --batches 40 --batch 512 --rate 0.005 --last-rate \
                     0.0001 --scale 600 --blend 0.1 --seed 3 --device cpu";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    samples::write(&folder.path().join("a"), 1, 120);
    samples::write(&folder.path().join("b"), 2, 60);
    folder
}

fn evaluate(net: &Quantised, fen: &str) -> i32 {
    let fen: Fen = fen.parse().unwrap();
    let chess: Chess = fen.into_position(CastlingMode::Standard).unwrap();
    let (board, turn) = (chess.board(), chess.turn());
    net.evaluate(&positions::Position::new(board, turn, 0, None))
}

#[test]
fn a_network_learns_what_material_is_worth() {
    let folder = folder();
    let folder = folder.path();
    let stats = succeed(folder, "stats a b");
    assert!(stats.contains("games      120"), "{stats}");

    // Any number of threads, in one go or in two, gives the same bytes.
    let one = succeed(folder, &format!("{TRAIN} --threads 1 --out one"));
    assert_eq!(one.matches("positions/s").count(), 4, "{one}");
    succeed(
        folder,
        &format!("{TRAIN} --threads 2 --out two --checkpoint c"),
    );
    let again = succeed(folder, &format!("{TRAIN} --out three --checkpoint c"));
    assert_eq!(again.matches("positions/s").count(), 0, "{again}");
    let bytes = std::fs::read(folder.join("one")).unwrap();
    assert_eq!(bytes, std::fs::read(folder.join("two")).unwrap());
    assert_eq!(bytes, std::fs::read(folder.join("three")).unwrap());

    let net = Quantised::from_bytes(&bytes).unwrap();
    let queen = "r1b1kb1r/pp3p1p/8/8/8/8/PP3P1P/R1BQKB1R w - - 0 1";
    let (up, down) = (
        evaluate(&net, queen),
        evaluate(&net, &queen.replace(" w ", " b ")),
    );
    assert!(up > 300 && down < -300, "{up} {down}");
    let (mut right, mut all) = (0, 0);
    for position in samples::positions(20) {
        if position.score().abs() >= 500 {
            all += 1;
            let value = net.evaluate(&position);
            right += i32::from(value.signum() == i32::from(position.score().signum()));
        }
    }
    assert!(right * 10 > all * 9, "{right} of {all}");

    let checked = succeed(folder, "check one --data b --checkpoint c");
    assert!(checked.contains("rounding   mean difference"), "{checked}");

    let manifest = std::fs::read(folder.join("one.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["settings"]["seed"], 3);
    assert_eq!(manifest["data"][1]["file"], "b");
    assert_eq!(manifest["data"][1]["games"], 60);
    assert_eq!(manifest["losses"].as_array().unwrap().len(), 4);
    assert_eq!(manifest["devices"], serde_json::json!(["CPU"]));
    let loss = |index: usize| manifest["losses"][index]["validation"].as_f64().unwrap();
    assert!(loss(3) < 0.7 * loss(0), "{manifest}");
    assert!(
        manifest["quantisation"]["max"].as_f64().unwrap() < 200.0,
        "{manifest}"
    );
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = folder();
    let folder = folder.path();
    assert!(fail(folder, "stats none").contains("cannot read none"));
    std::fs::write(folder.join("text"), "no games").unwrap();
    assert!(fail(folder, "stats text").contains("no sound file of games"));
    let narrow = fail(folder, "train --data a --hidden 20 --out net");
    assert!(narrow.contains("multiple of 16"), "{narrow}");
    let few = fail(
        folder,
        "train --data a --hidden 16 --out net --batch 999999",
    );
    assert!(few.contains("a batch needs 999999 positions"), "{few}");
    assert!(fail(folder, "check text --data a").contains("text cannot be used"));

    let short =
        "train --data a --hidden 16 --superbatches 1 --batches 1 --batch 512 --checkpoint c --out";
    succeed(folder, &format!("{short} net"));
    assert!(
        succeed(folder, &format!("{short} net --device cpu")).contains("device: CPU, threads: ")
    );
    #[cfg(not(feature = "gpu"))]
    assert!(fail(folder, &format!("{short} net --device gpu")).contains("`--features gpu`"));
    let other = fail(folder, &format!("{short} net --seed 2"));
    assert!(other.contains("other settings"), "{other}");
}

//! From nothing to a network: the real `rookery datagen` plays, the trainer learns from its games, and the engine judges
//! with what was learnt, bit by bit as the trainer says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may fail by panicking.

use std::fs::File;
use std::io::BufReader;
use std::process::Command;
use std::time::Instant;

use rookery_engine::Position as EnginePosition;
use rookery_engine::evaluation::{HIDDEN, Network};
use rookery_games::Reader;
use rookery_train::filter::Filter;
use rookery_train::positions::{Data, Position};
use rookery_train::quantise::{Difference, Quantised};
use rookery_train::scale::fit;
use rookery_train::train::device::{Choice, Device};
use rookery_train::train::{Settings, Trainer};

const POSITIONS: u64 = 20_000;

#[test]
fn a_network_learns_from_the_engines_own_games_and_the_engine_judges_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("games.zst");
    let started = Instant::now();
    let played = Command::new(env!("CARGO_BIN_EXE_rookery"))
        .args(["datagen", "--out"])
        .arg(&file)
        .args(["--positions", &POSITIONS.to_string()])
        .args("--nodes 100 --hard-factor 3 --hash 1 --seed 7".split(' '))
        .status()
        .unwrap();
    assert!(played.success());
    println!("played in {:?}", started.elapsed());

    let filter = Filter { first_plies: 8 };
    let mut data = Data::default();
    // A fifth of the games is held out.
    data.add(&file, &filter, 1, 200).unwrap();
    let (training, held_out) = (&data.training, &data.validation);
    assert!(data.sources[0].counts.total() >= POSITIONS);
    assert!(training.len() > 6_000 && held_out.len() > 1_000);

    let started = Instant::now();
    let settings = Settings {
        superbatches: 6,
        batches: 25,
        batch: 512,
        rate: 3e-3,
        last_rate: 1e-4,
        decay: 0.5,
        blend: 0.1,
        scale: fit(training),
        ..Settings::new(HIDDEN)
    };
    let device = Device::find(Choice::Cpu, None).unwrap();
    let mut trainer = Trainer::new(settings, training, held_out, &device, None).unwrap();
    while let Some(progress) = trainer.superbatch().unwrap() {
        println!("{:?}", progress.losses);
    }
    println!("trained in {:?}", started.elapsed());
    let state = trainer.state();
    let (first, last) = (state.history[0], state.history[5]);
    assert!(last.training < 0.8 * first.training, "{:?}", state.history);
    assert!(
        last.validation < 0.95 * first.validation,
        "{:?}",
        state.history
    );

    // Who is ahead, in games that it has not seen.
    let quantised = Quantised::new(&state.network);
    let difference = Difference::of(&state.network, &quantised, held_out);
    assert!(difference.mean < 10.0, "{difference:?}");
    let clear = held_out
        .iter()
        .filter(|position| position.score().abs() > 300);
    let (mut right, mut all) = (0, 0);
    for position in clear {
        all += 1;
        right += i32::from(quantised.evaluate(position) > 0) ^ i32::from(position.score() < 0);
    }
    assert!(all > 100 && right * 4 > all * 3, "{right} of {all}");

    // The engine has it from the file, as it has its own.
    let network = folder.path().join("network");
    std::fs::write(&network, quantised.to_bytes()).unwrap();
    let network = Network::from_bytes(&std::fs::read(&network).unwrap()).unwrap();
    let games = Reader::new(BufReader::new(File::open(&file).unwrap())).unwrap();
    let mut compared = 0;
    for game in games.take(60) {
        game.unwrap()
            .replay(|chess, _, _, _| {
                let position = EnginePosition::new(chess.clone());
                let packed = Position::new(position.board(), position.turn(), 0, None);
                assert_eq!(network.evaluate(&position), quantised.evaluate(&packed));
                compared += 1;
            })
            .unwrap();
    }
    assert!(compared > 2_000, "{compared}");
}

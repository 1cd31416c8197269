use super::*;
use crate::samples;

fn settings() -> Settings {
    Settings {
        superbatches: 6,
        batches: 20,
        batch: 512,
        rate: 5e-3,
        scale: 600.0,
        blend: 0.1,
        ..Settings::new(32)
    }
}

fn train(settings: Settings, positions: &[Position], threads: usize) -> State {
    let (training, validation) = positions.split_at(positions.len() * 9 / 10);
    let mut trainer =
        Trainer::new(settings, training, validation, &Device::Cpu(threads), None).unwrap();
    let mut done = 0;
    while let Some(progress) = trainer.superbatch().unwrap() {
        done += 1;
        assert_eq!(progress.superbatch, done);
        assert!(progress.speed > 0.0);
    }
    assert_eq!(done, settings.superbatches);
    trainer.state().clone()
}

#[test]
fn the_loss_falls_and_any_number_of_threads_gives_the_same_network() {
    let positions = samples::positions(200);
    let one = train(settings(), &positions, 1);
    let (first, last) = (one.history[0], one.history[5]);
    assert!(last.training < 0.6 * first.training, "{:?}", one.history);
    assert!(
        last.validation < 0.6 * first.validation,
        "{:?}",
        one.history
    );
    assert_eq!(one.devices, ["CPU"]);
    assert!(one == train(settings(), &positions, 2));
    assert!(one == train(settings(), &positions, 5));
    let other = Settings {
        seed: 2,
        ..settings()
    };
    assert!(one.network != train(other, &positions, 2).network);
}

#[test]
fn going_on_gives_the_same_as_never_stopping() {
    let positions = samples::positions(20);
    let whole = train(settings(), &positions, 2);
    let (training, validation) = positions.split_at(positions.len() * 9 / 10);
    let device = Device::Cpu(1);
    let begin = |state| Trainer::new(settings(), training, validation, &device, state).unwrap();
    let mut first = begin(None);
    first.superbatch().unwrap();
    first.superbatch().unwrap();
    let mut second = begin(Some(first.state().clone()));
    while second.superbatch().unwrap().is_some() {}
    assert!(*second.state() == whole);
}

#[test]
fn the_rate_falls_from_first_to_last() {
    let settings = settings();
    assert_eq!(settings.rate_at(0), settings.rate);
    assert!((settings.rate_at(settings.steps()) - settings.last_rate).abs() < 1e-7);
    assert!(settings.rate_at(50) > settings.rate_at(51));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let positions = samples::positions(2);
    let refused = |settings| match Trainer::new(settings, &positions, &[], &Device::Cpu(1), None) {
        Ok(_) => panic!("{settings:?}"),
        Err(error) => error,
    };
    let usual = settings();
    for settings in [
        Settings {
            superbatches: 0,
            ..usual
        },
        Settings { batch: 0, ..usual },
        Settings {
            rate: f32::NAN,
            ..usual
        },
        Settings {
            last_rate: 1.0,
            ..usual
        },
        Settings {
            decay: 1.0,
            ..usual
        },
        Settings {
            scale: 0.0,
            ..usual
        },
        Settings {
            blend: 1.1,
            ..usual
        },
    ] {
        assert!(matches!(refused(settings), TrainError::Settings(_)));
    }
    let narrow = refused(Settings { hidden: 8, ..usual });
    assert!(matches!(narrow, TrainError::Shape(ShapeError(8))));
    let few = refused(Settings {
        batch: 1 << 20,
        ..usual
    });
    assert!(matches!(few, TrainError::Positions { .. }));
}

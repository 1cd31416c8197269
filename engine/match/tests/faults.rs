//! Whole matches against engines that misbehave: each fault is told apart, counted once a game, and loses no more than
//! its game.

#![allow(clippy::unwrap_used, clippy::panic)] // A test may fail by panicking.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rookery_match::adjudication::Adjudication;
use rookery_match::fault::FaultKind;
use rookery_match::game::{Conditions, GameRecord};
use rookery_match::limit::Limit;
use rookery_match::openings::{Openings, RandomOpenings};
use rookery_match::player::StartError;
use rookery_match::spec::EngineSpec;
use rookery_match::standing::{Slot, Standing};
use rookery_match::statistics::Sprt;
use rookery_match::tournament::{MatchError, Tournament};
use shakmaty::{CastlingMode, Position};

/// Long enough for a good engine on a busy machine.
const PATIENCE: Duration = Duration::from_secs(3);

fn fake(name: &str, arguments: &[&str]) -> EngineSpec {
    EngineSpec {
        name: name.to_owned(),
        command: PathBuf::from(env!("CARGO_BIN_EXE_rookery-match-fake")),
        arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
        ..EngineSpec::default()
    }
}

fn tournament(first: EngineSpec, limit: Limit) -> Tournament {
    Tournament {
        engines: [first, fake("good", &[])],
        conditions: Conditions {
            limit,
            margin: Duration::from_millis(300),
            adjudication: Adjudication {
                max_plies: 20,
                resign: None,
                draw: None,
            },
        },
        chess960: false,
        patience: PATIENCE,
        pairs: 1,
        concurrency: 1,
        sprt: None,
        played: HashSet::new(),
        standing: Standing::default(),
    }
}

type Played = Result<(Standing, Vec<GameRecord>), StartError>;

fn play(tournament: Tournament) -> Played {
    let mode = CastlingMode::from_chess960(tournament.chess960);
    let openings = Openings::Random(Box::new(RandomOpenings::new(1, mode)));
    let mut records = Vec::new();
    let standing = tournament.run(openings, |_, record, _| {
        records.push(record.clone());
        Ok::<(), Infallible>(())
    });
    match standing {
        Ok(standing) => Ok((standing, records)),
        Err(MatchError::Start(error)) => Err(error),
        Err(MatchError::Report(never)) => match never {},
    }
}

/// Plays `games` games, 1 or 2, in each of which the first engine has to commit this fault and no other, and nobody else
/// any. Gives what was said of them.
fn commits(first: EngineSpec, limit: Limit, kind: FaultKind, games: u64) -> Vec<String> {
    let mut tournament = tournament(first, limit);
    if games == 1 {
        tournament.played.insert(Slot {
            pair: 0,
            swapped: true,
        });
    }
    let (standing, records) = play(tournament).unwrap();
    let [first, second] = standing.faults;
    assert_eq!((first.of(kind), first.sum()), (games, games), "{first}");
    assert_eq!(second.sum(), 0, "{second}");
    assert_eq!((standing.games(), standing.losses), (games, games));
    let details = records.into_iter().filter_map(|record| record.fault);
    details.map(|(_, fault)| fault.detail).collect()
}

const NODES: Limit = Limit::Nodes(100);

#[test]
fn good_engines_play_to_the_end_without_a_fault() {
    let (standing, records) = play(tournament(fake("chatter", &["chatter"]), NODES)).unwrap();
    assert_eq!(standing.fault_sum(), 0, "{:?}", standing.faults);
    assert_eq!(standing.games(), 2);
    assert!(records.iter().all(|record| record.moves.len() == 20));
    // Both games of the pair begin alike.
    let opening = |record: &GameRecord| -> Vec<_> {
        record.moves[..8].iter().map(|played| played.m).collect()
    };
    assert_eq!(opening(&records[0]), opening(&records[1]));
}

#[test]
fn a_crash_is_counted_each_time_and_its_last_words_are_kept() {
    let details = commits(fake("bad", &["crash"]), NODES, FaultKind::Crash, 2);
    for detail in details {
        assert!(detail.contains("exit status: 3"), "{detail}");
        assert!(detail.contains("out of ideas"), "{detail}");
    }
}

#[test]
fn illegal_missing_and_empty_moves_are_illegal() {
    for habit in ["illegal", "none", "empty"] {
        commits(fake("bad", &[habit]), NODES, FaultKind::IllegalMove, 2);
    }
}

#[test]
fn an_answer_after_the_time_is_a_forfeit_and_no_hang() {
    let limit = Limit::MoveTime(Duration::from_millis(200));
    commits(fake("bad", &["slow"]), limit, FaultKind::TimeForfeit, 2);
}

#[test]
fn the_clock_of_a_game_forfeits_too() {
    let limit = Limit::Clock {
        base: Duration::from_millis(800),
        increment: Duration::ZERO,
    };
    commits(fake("bad", &["slow"]), limit, FaultKind::TimeForfeit, 1);
}

#[test]
fn no_answer_is_a_hang() {
    let details = commits(fake("bad", &["hang"]), NODES, FaultKind::Hang, 1);
    assert!(details[0].contains("killed"), "{details:?}");
}

#[test]
fn endless_output_is_a_hang() {
    commits(fake("bad", &["flood"]), NODES, FaultKind::Hang, 1);
}

#[test]
fn a_closed_output_of_a_living_process_is_a_disconnection() {
    // A shell can close its own output and live on.
    let script = "\"$0\" crash 2>&1; exec >&-; while read -r line; do :; done";
    let shell = EngineSpec {
        command: PathBuf::from("sh"),
        arguments: ["-c", script, env!("CARGO_BIN_EXE_rookery-match-fake")]
            .map(str::to_owned)
            .to_vec(),
        ..fake("bad", &[])
    };
    commits(shell, NODES, FaultKind::Disconnect, 1);
}

#[test]
fn an_engine_that_never_speaks_or_does_not_exist_ends_the_match() {
    let error = play(tournament(fake("bad", &["mute"]), NODES)).unwrap_err();
    assert!(matches!(error, StartError::Greeting { .. }), "{error}");
    let nowhere = EngineSpec {
        command: PathBuf::from("/nowhere/engine"),
        ..fake("bad", &[])
    };
    let error = play(tournament(nowhere, NODES)).unwrap_err();
    assert!(matches!(error, StartError::Spawn { .. }), "{error}");
}

#[test]
fn an_option_that_the_engine_lacks_is_refused() {
    let mut spec = fake("bad", &[]);
    spec.options.push(("Hush".to_owned(), "1".to_owned()));
    let error = play(tournament(spec, NODES)).unwrap_err();
    assert!(
        error.to_string().contains("`Hush`; it has: Hash"),
        "{error}"
    );
}

#[test]
fn an_engine_that_does_not_listen_to_quit_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("process");
    let path = file.to_str().unwrap();
    play(tournament(fake("deaf", &["deaf", path]), NODES)).unwrap();
    let number = fs::read_to_string(&file).unwrap();
    let alive = Command::new("kill").args(["-0", &number]).output().unwrap();
    assert!(!alive.status.success(), "process {number} is left");
}

#[test]
fn chess960_is_told_to_the_engines_and_played() {
    let mut tournament = tournament(fake("first", &[]), NODES);
    tournament.chess960 = true;
    tournament.pairs = 4;
    tournament.conditions.adjudication.max_plies = 60;
    let (standing, records) = play(tournament).unwrap();
    assert_eq!(standing.fault_sum(), 0, "{:?}", standing.faults);
    assert!(
        records
            .iter()
            .all(|record| record.mode == CastlingMode::Chess960)
    );
    assert!(
        records
            .iter()
            .any(|record| record.start.board() != shakmaty::Chess::default().board())
    );
}

#[test]
fn several_games_at_once_are_counted_like_one_after_another() {
    let run = |concurrency| {
        let mut tournament = tournament(fake("bad", &["illegal"]), NODES);
        tournament.pairs = 6;
        tournament.concurrency = concurrency;
        play(tournament).unwrap().0
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn the_sequential_test_stops_the_match() {
    let mut tournament = tournament(fake("bad", &["illegal"]), NODES);
    tournament.pairs = 1000;
    let sprt = Sprt::parse(&["elo0=0", "elo1=100"]).unwrap();
    tournament.sprt = Some(sprt);
    let (standing, _) = play(tournament).unwrap();
    assert!(standing.games() < 100, "{} games", standing.games());
    let (lower, _) = sprt.bounds();
    assert!(sprt.ratio(&standing.pairs) <= lower);
}

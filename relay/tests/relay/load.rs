//! The load tool: real clients, each from an address of its own, a report in the agreed shape, kills, refusals of what makes
//! no run. That its oracle finds faults is shown beside it, in `relay/src/load/oracle/tests.rs`.

use std::path::Path;

use serde_json::Value;

use crate::support::{PROGRAM, Relay, run};

/// What the oracle counts, and has to find nothing of.
const FAULTS: [&str; 12] = [
    "lost records",
    "doubled places",
    "diverging copies",
    "empty places",
    "broken links",
    "receipts whose time falls",
    "receipts with a wrong time",
    "wrong clocks",
    "bad signatures",
    "illegal records",
    "receipts after the end",
    "malformed items",
];

struct Report(Vec<Value>);

impl Report {
    fn find(&self, name: &str) -> Option<f64> {
        let found = self.0.iter().find(|measure| measure["name"] == name)?;
        found["value"].as_f64()
    }

    fn value(&self, name: &str) -> f64 {
        self.find(name)
            .unwrap_or_else(|| panic!("{name} in {:#?}", self.0))
    }
}

fn load(arguments: &[&str]) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("load.json");
    let mut all = vec!["load", "--json", file.to_str().unwrap()];
    all.extend(arguments);
    let (code, out, err) = run(&all);
    assert_eq!(code, 0, "{out}{err}");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let report = Report(report.as_array().unwrap().clone());
    for measure in &report.0 {
        for key in ["name", "unit", "value", "runs", "peer", "command"] {
            assert!(measure.get(key).is_some(), "{key} in {measure}");
        }
    }
    for name in FAULTS {
        assert_eq!(report.value(name), 0.0, "{name}");
    }
    for delay in [
        "submit to opponent",
        "due to opponent",
        "submit to own receipt",
    ] {
        let [half, most] = ["p50", "max"].map(|word| report.value(&format!("{delay} {word}")));
        assert!(half > 0.0 && half <= most, "{delay}: {half}, {most}");
    }
    // The genesis, the Seat and a few moves of each game at least.
    let (receipts, moves) = (report.value("receipts checked"), report.value("moves"));
    assert!(receipts > moves && moves > 0.0, "{receipts}, {moves}");
    report
}

fn command(data: &Path) -> String {
    format!(
        "{PROGRAM} serve --data {} --listen /ip4/127.0.0.1/tcp/0/ws --http 127.0.0.1:0 --metrics 127.0.0.1:0",
        data.display()
    )
}

#[test]
fn load_starts_a_relay_plays_at_once_and_measures_memory_and_time() {
    let report = load(&[
        "--games",
        "4",
        "--seconds",
        "2",
        "--idle",
        "20",
        "--watch-each",
        "2",
    ]);
    let clients = "relay RSS at 30 connections";
    let (empty, full) = (
        report.value("relay RSS at 0 connections"),
        report.value(clients),
    );
    assert!(empty > 1_000.0 && full > empty, "{empty} kB, {full} kB");
    assert!(report.value("relay CPU") > 0.0 && report.value("generator CPU") > 0.0);
    assert!(report.value("whole games") >= 1.0 && report.value("games begun") >= 5.0);
}

#[test]
fn load_keeps_to_its_rate_over_two_processes_and_a_relay_that_runs() {
    let dir = tempfile::tempdir().unwrap();
    // One connection an address, as each client has its own.
    let relay = Relay::start(
        &dir.path().join("data"),
        &["--limit", "connections_per_address=1"],
    );
    let address = relay.at("ws").to_string();
    let words = "--games 6 --seconds 3 --rate 40 --processes 2 --relay";
    let mut words: Vec<&str> = words.split(' ').collect();
    words.push(&address);
    let report = load(&words);
    let moves = report.value("moves");
    assert!(moves > 40.0 && moves < 3.0 * 40.0 * 1.7, "{moves}");
    assert_eq!(
        report.find("relay CPU"),
        None,
        "it is not this tool's process"
    );
}

#[test]
fn load_kills_the_relay_that_it_started_and_every_receipt_is_there_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let command = command(&dir.path().join("data"));
    let words = "--games 6 --seconds 6 --rate 60 --kill-every 2 --watch-each 3 --relay-cmd";
    let mut words: Vec<&str> = words.split(' ').collect();
    words.push(&command);
    let report = load(&words);
    assert!(report.value("kill to ready again") > 0.0);
    // 14 sessions, each of which ends with the relay.
    assert!(report.value("reconnections") >= 14.0);
}

#[test]
fn crowds_at_one_seat_and_one_game_all_learn_the_same() {
    let words =
        "--games 4 --seconds 5 --rate 20 --processes 2 --first-moves --joiners 30 --watchers 30";
    let report = load(&words.split(' ').collect::<Vec<_>>());
    // Nobody of them is left without knowing who sits, or the run would have failed.
    assert!(report.value("crowd, coming to who sits max") > 0.0);
    assert!(report.value("crowd, coming to the game p50") > 0.0);
    assert!(report.find("crowd, order to watcher p50").is_some());
}

#[test]
fn what_makes_no_run_is_refused_with_what_to_do() {
    for (words, says) in [
        ("--relay /ip4/192.0.2.1/tcp/4751/ws", "on this machine"),
        ("--relay /ip4/127.0.0.1/tcp/4751", "no WebSocket address"),
        ("--games 1000 --rate 1", "more moves or fewer games"),
        ("--relay-cmd /nonexistent/relay", "/nonexistent/relay"),
        ("--relay-cmd /bin/true", "no ready line"),
        (
            "--relay /ip4/127.0.0.1/tcp/1/ws --kill-every 2",
            "cannot be used with",
        ),
        ("--kill-every 2 --joiners 5", "cannot be used with"),
        ("--games 0", "is not in 1..=10000"),
        ("--seconds x", "invalid digit"),
        (
            "--games 2 --relay /ip4/127.0.0.1/tcp/1/ws",
            "cannot connect",
        ),
    ] {
        let mut all = vec!["load", "--seconds", "1"];
        if words.starts_with("--seconds") {
            all.truncate(1);
        }
        all.extend(words.split(' '));
        let (code, out, err) = run(&all);
        assert_ne!(code, 0, "{words}: {out}");
        assert!(err.contains(says), "{words}: {err}");
    }
}

//! The load tool: real clients, and a report in the agreed shape.

use serde_json::Value;

use crate::support::{Relay, run};

fn value(report: &Value, name: &str) -> f64 {
    let found = report
        .as_array()
        .unwrap()
        .iter()
        .find(|measure| measure["name"] == name);
    found.unwrap_or_else(|| panic!("{name} in {report}"))["value"]
        .as_f64()
        .unwrap()
}

fn report(arguments: &[&str]) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("load.json");
    let mut all = vec!["load", "--json", file.to_str().unwrap(), "--seconds", "2"];
    all.extend(arguments);
    let (code, out, err) = run(&all);
    assert_eq!(code, 0, "{out}{err}");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    for measure in report.as_array().unwrap() {
        for key in ["name", "unit", "value", "runs", "peer", "command"] {
            assert!(measure.get(key).is_some(), "{key} in {measure}");
        }
    }
    for name in ["lost moves", "doubled moves", "diverging games"] {
        assert_eq!(value(&report, name), 0.0, "{name}");
    }
    assert!(value(&report, "moves") > 20.0, "{report}");
    assert!(value(&report, "submit to opponent p50") <= value(&report, "submit to opponent p99"));
    report
}

#[test]
fn load_starts_a_relay_measures_its_memory_and_finds_nothing_lost() {
    let report = report(&["--games", "4", "--connections", "40"]);
    let (empty, full) = (
        value(&report, "relay RSS at 0 connections"),
        value(&report, "relay RSS at 40 connections"),
    );
    assert!(empty > 1_000.0 && full > empty, "{empty} kB, {full} kB");
    assert!(value(&report, "whole games") >= 1.0);
}

#[test]
fn load_uses_a_relay_that_runs_keeps_to_its_rate_and_to_this_machine() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("data"), &[]);
    let report = report(&[
        "--games",
        "2",
        "--rate",
        "20",
        "--relay",
        &relay.at("ws").to_string(),
    ]);
    assert!(value(&report, "moves") <= 2.0 * 20.0 + 2.0, "{report}");
    let (code, _, err) = run(&["load", "--relay", "/ip4/192.0.2.1/tcp/4751/ws"]);
    assert_ne!(code, 0);
    assert!(err.contains("not on this machine"), "{err}");
}

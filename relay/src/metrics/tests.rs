//! The text against the rules of its format, and dashboard and alerts against the table.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;
use crate::order_log::Stock;

const DASHBOARD: &str = include_str!("../../deploy/grafana.json");
const ALERTS: &str = include_str!("../../deploy/alerts.yml");

fn sampled() -> Sampled {
    Sampled {
        started_s: 1_700_000_000.25,
        ready: true,
        draining: false,
        connections: 3,
        connections_refused: 1,
        streams_refused: 0,
        keys_given_up: 2,
        stun_answered: 4,
        stun_ignored: 1,
        stun_limited: 0,
        codes: 2,
        codes_issued: 5,
        code_tries: [3, 1, 0],
        tokens: 2,
        health: Health::Busy,
        log: Counts {
            commits: 7,
            appends: 9,
            failures: 0,
        },
        stock: Some(Stock {
            live: 3,
            archived: 5,
        }),
        log_bytes: Some(4096),
        free_bytes: Some(1 << 40),
        process: Process {
            resident_bytes: Some(1 << 20),
            cpu_seconds: Some(1.25),
            open_files: Some(12),
            most_files: Some(1024),
        },
    }
}

fn text() -> String {
    let metrics = Metrics::default();
    metrics.refused("bad-signature");
    metrics.refused("bad-signature");
    metrics.refused("rate-limited");
    for millis in [0, 3, 3, 40, 9_000] {
        metrics.ordering.observe(Duration::from_millis(millis));
    }
    metrics.render(&sampled())
}

/// A metric as the text has it.
struct Told {
    name: String,
    kind: String,
    /// Name, labels as they are written, value.
    samples: Vec<(String, String, f64)>,
}

/// One line: name, labels as they are written, value.
fn sample(line: &str) -> (&str, &str, f64) {
    let (series, value) = line.rsplit_once(' ').expect(line);
    let value = value.parse().expect(line);
    match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').expect(line), value),
        None => (series, "", value),
    }
}

/// The samples of each family in the order of the text, after checks of what the format demands.
fn parse(text: &str) -> Vec<Told> {
    assert!(text.ends_with('\n'));
    let mut families: Vec<Told> = Vec::new();
    let mut help = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, words) = rest.split_once(' ').expect(line);
            assert!(words.ends_with('.') && !words.contains('\\'), "{line}");
            help = Some(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect(line);
            assert_eq!(help.take().as_deref(), Some(name), "HELP before TYPE");
            assert!(families.iter().all(|known| known.name != name), "{line}");
            families.push(Told {
                name: name.into(),
                kind: kind.into(),
                samples: Vec::new(),
            });
        } else {
            let (name, labels, value) = sample(line);
            let family = families.last_mut().expect(line);
            let suffix = name.strip_prefix(family.name.as_str()).expect(line);
            let allowed: &[&str] = match family.kind.as_str() {
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            assert!(allowed.contains(&suffix), "{line}");
            let mut samples = family.samples.iter();
            let same = samples.any(|(known, of, _)| known == name && of == labels);
            assert!(!same, "twice: {line}");
            family.samples.push((name.into(), labels.into(), value));
        }
    }
    families
}

#[test]
fn the_text_has_each_metric_of_the_table_once_by_the_rules_of_its_format() {
    let families = parse(&text());
    let names: Vec<_> = families.iter().map(|told| told.name.as_str()).collect();
    let table: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
    assert_eq!(names, table);
    for Told {
        name,
        kind,
        samples,
    } in &families
    {
        let word = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(name.chars().all(word), "{name}");
        assert!(name.starts_with("rookery_") || name.starts_with("process_"));
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
        assert!(!samples.is_empty(), "{name}");
        for unit in ["_ms", "_kb", "_mb", "_milliseconds", "_kilobytes"] {
            assert!(!name.contains(unit), "{name} is not in a base unit");
        }
        if kind == "histogram" {
            let bucket = |(of, labels, value): &(String, String, f64)| {
                let bound = labels.strip_prefix("le=\"")?.strip_suffix('"')?;
                let bound = bound.replace("+Inf", "inf").parse::<f64>().ok()?;
                of.ends_with("_bucket").then_some((bound, *value))
            };
            let buckets: Vec<_> = samples.iter().filter_map(bucket).collect();
            assert!(
                buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1),
                "{buckets:?}"
            );
            assert_eq!(buckets.last().map(|(_, count)| *count), Some(5.0));
            assert_eq!(samples.last().map(|(_, _, count)| *count), Some(5.0));
        }
    }
}

#[test]
fn what_was_counted_is_what_is_told() {
    let text = text();
    for line in [
        "rookery_refusals_total{code=\"bad-signature\"} 2",
        "rookery_ordering_duration_seconds_bucket{le=\"0.002\"} 1",
        "rookery_ordering_duration_seconds_bucket{le=\"0.005\"} 3",
        "rookery_ordering_duration_seconds_bucket{le=\"2.000\"} 4",
        "rookery_ordering_duration_seconds_sum 9.046000",
        "rookery_log_state{state=\"busy\"} 1",
        "rookery_log_state{state=\"down\"} 0",
        "rookery_log_commits_total 7",
        "rookery_log_games{part=\"live\"} 3",
        "rookery_log_games{part=\"archived\"} 5",
        "rookery_games_archived_total 0",
        "process_start_time_seconds 1700000000.25",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

/// Prometheus' own judge, where it is installed: `promtool` of Debian's package `prometheus`.
fn promtool(arguments: &[&str], input: &str) {
    let tool = std::env::var("PROMTOOL").unwrap_or_else(|_| "promtool".into());
    let child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        return println!("promtool is not installed; the checks of this file stand alone");
    };
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{arguments:?}: {}{}",
        said(&output.stdout),
        said(&output.stderr)
    );
}

#[test]
fn promtool_finds_nothing_to_complain_about() {
    promtool(&["check", "metrics"], &text());
    let alerts = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/alerts.yml");
    promtool(&["check", "rules", alerts], "");
}

/// Names of series that a relay gives, and of what Prometheus itself adds.
fn series() -> BTreeSet<String> {
    let text = text();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut series: BTreeSet<String> = lines.map(|line| sample(line).0.to_owned()).collect();
    series.insert("up".into());
    series
}

/// The metrics that a PromQL expression names: identifiers that are no function, no keyword and not within braces,
/// brackets, quotes or a list of labels.
fn metrics_of(query: &str) -> Vec<String> {
    const GROUPINGS: [&str; 6] = [
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
    ];
    const WORDS: [&str; 5] = ["and", "or", "unless", "bool", "offset"];
    let chars: Vec<char> = query.chars().collect();
    let (mut found, mut at) = (Vec::new(), 0);
    let until = |at: usize, end: char| {
        let rest = chars[at..].iter().position(|c| *c == end);
        at + rest.unwrap_or_else(|| panic!("no {end} in {query}")) + 1
    };
    while let Some(c) = chars.get(at).copied() {
        at = match c {
            '{' => until(at, '}'),
            '[' => until(at, ']'),
            '"' => until(at + 1, '"'),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let is_word = |c: &&char| c.is_ascii_alphanumeric() || **c == '_' || **c == ':';
                let word: String = chars[at..].iter().take_while(is_word).collect();
                let end = at + word.len();
                let rest: String = chars[end..].iter().collect();
                let rest = rest.trim_start();
                // An aggregation may say by what before its brackets.
                let groups = GROUPINGS.iter().any(|word| rest.starts_with(word));
                let called = rest.starts_with('(') || groups;
                if GROUPINGS.contains(&word.as_str()) {
                    until(end, ')')
                } else {
                    if !called && !WORDS.contains(&word.as_str()) {
                        found.push(word);
                    }
                    end
                }
            }
            c if c.is_ascii_digit() => {
                let is_number = |c: &&char| c.is_ascii_alphanumeric() || **c == '.';
                at + chars[at..].iter().take_while(is_number).count()
            }
            _ => at + 1,
        };
    }
    found
}

#[test]
fn the_metrics_of_a_query_are_found() {
    let query = "sum by (code) (rate(a_total{code=~\"b|c\"}[5m])) / on(x) max_over_time(d[1h]) > 0.5e3 and up == 1";
    assert_eq!(metrics_of(query), ["a_total", "d", "up"]);
}

fn assert_known(queries: &[(String, String)]) {
    let series = series();
    for (place, query) in queries {
        let named = metrics_of(query);
        assert!(!named.is_empty(), "{place}: {query}");
        for name in named {
            assert!(series.contains(&name), "{place} asks for {name}: {query}");
        }
    }
}

/// Every member of this name, anywhere.
fn members(value: &serde_json::Value, name: &str, found: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Object(object) => {
            if let Some(serde_json::Value::String(text)) = object.get(name) {
                found.push((format!("{name} {}", found.len()), text.clone()));
            }
            object
                .values()
                .for_each(|value| members(value, name, found));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| members(value, name, found)),
        _ => {}
    }
}

#[test]
fn each_query_of_the_dashboard_names_metrics_that_there_are() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let title = panel["title"].as_str().unwrap();
        assert!(!title.is_empty());
        if panel["type"] == "row" {
            continue;
        }
        let mut queries = Vec::new();
        members(panel, "expr", &mut queries);
        assert!(!queries.is_empty(), "{title} shows nothing");
        let named = |(place, query)| (format!("{title}: {place}"), query);
        let queries: Vec<_> = queries.into_iter().map(named).collect();
        assert_known(&queries);
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
}

#[test]
fn each_alert_asks_for_metrics_that_there_are_and_says_what_to_do() {
    let mut alerts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let (mut queries, mut alert) = (Vec::new(), "");
    for line in ALERTS.lines().map(str::trim) {
        let line = line.strip_prefix("- ").unwrap_or(line);
        let Some((key, value)) = line.split_once(": ") else {
            continue;
        };
        if key == "alert" {
            assert!(!alerts.contains_key(value), "{value} twice");
            alert = value;
        }
        if key == "expr" {
            queries.push((alert.to_owned(), value.to_owned()));
        }
        alerts.entry(alert).or_default().insert(key);
    }
    alerts.remove("");
    assert!(alerts.len() >= 8, "{alerts:?}");
    assert_eq!(queries.len(), alerts.len());
    for (alert, keys) in &alerts {
        for key in ["expr", "for", "severity", "summary", "description"] {
            assert!(keys.contains(key), "{alert} has no {key}");
        }
    }
    assert_known(&queries);
}

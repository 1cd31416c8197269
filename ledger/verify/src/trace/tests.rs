use std::path::Path;
use std::time::Duration;

use super::actions::{MAPPED, markdown};
use super::doctor::{self, DOCTORINGS};
use super::*;
use crate::real::test_plan;

const WORLD: &str = include_str!("../model/world.rs");
const STEPS: &str = include_str!("../model/steps.rs");
const EVENTS: &str = include_str!("../../../../relay/src/trace/event.rs");
const DOCS: &str = include_str!("../../../../docs/verification.md");

/// The variants of an enum, from its source.
fn variants(source: &str, name: &str) -> Vec<String> {
    let start = source.find(&format!("enum {name} {{")).unwrap();
    let body = &source[start..];
    let body = &body[..body.find("\n}").unwrap()];
    let lines = body.lines().skip(1);
    let named = lines.filter(|line| {
        let rest = line.strip_prefix("    ");
        rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
    });
    let words = named.map(|line| {
        let word = line.trim().split(|c: char| !c.is_ascii_alphanumeric());
        word.into_iter().next().unwrap().to_owned()
    });
    words.collect()
}

#[test]
fn the_table_has_every_action_of_the_model_and_every_line_of_a_trace() {
    let actions = [
        (WORLD, "Action"),
        (STEPS, "PlayerInput"),
        (STEPS, "RelayInput"),
    ];
    let mut wanted: Vec<String> = Vec::new();
    for (source, name) in actions {
        let found = variants(source, name);
        assert!(found.len() >= 5, "{name}: {found:?}");
        wanted.extend(found.iter().map(|variant| format!("{name}::{variant}")));
    }
    let mapped: Vec<&str> = MAPPED.iter().map(|row| row.action).collect();
    for action in &wanted {
        assert_eq!(
            mapped.iter().filter(|known| *known == action).count(),
            1,
            "{action}"
        );
    }
    for action in mapped.iter().filter(|action| !action.is_empty()) {
        assert!(wanted.iter().any(|known| known == action), "no {action}");
    }
    let events = variants(EVENTS, "Event");
    assert!(events.len() > 20, "{events:?}");
    let told: Vec<&str> = MAPPED.iter().flat_map(|row| row.events).copied().collect();
    for event in &events {
        assert!(told.contains(&event.as_str()), "{event} is no action's");
    }
    for event in told {
        assert!(events.iter().any(|known| known == event), "no {event}");
    }
}

#[test]
fn the_table_names_functions_that_are_there_and_is_that_of_the_documents() {
    let relay = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../relay/src");
    for code in MAPPED.iter().flat_map(|row| row.code) {
        let (file, function) = code.split_once(": ").unwrap();
        let source = std::fs::read_to_string(relay.join(file)).unwrap();
        let there = source.contains(&format!("fn {function}("));
        assert!(there, "{code}");
    }
    assert!(DOCS.contains(&markdown()), "the table is:\n{}", markdown());
}

/// A recording of each sort, checked.
fn recordings(seed: u64) -> Vec<String> {
    let plan = test_plan(Duration::ZERO);
    let mut run = Run::new(&Plan { seed, ..plan }).unwrap();
    let rest = Duration::from_millis(300);
    let faults = 3;
    let mut texts = Vec::new();
    for relays in [1, 2] {
        let session = Session {
            relays,
            faults,
            rest,
        };
        let recorded = session.record(&run.program, &mut run.random);
        texts.extend(run.runtime.block_on(recorded).unwrap());
    }
    let played = homes::record(&run.program, false, &mut run.random);
    texts.extend(run.runtime.block_on(played).unwrap());
    texts.into_iter().map(|recorded| recorded.text).collect()
}

#[test]
fn recorded_traces_pass_and_each_kind_of_doctoring_is_rejected_with_the_right_words() {
    let mut random = Random::new(1);
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 1..4 {
        for text in recordings(seed) {
            let mut tools = Tools::default();
            let verdict = check(&text, &mut tools);
            assert_eq!(verdict.broken, None);
            assert!(verdict.games > 0 && verdict.steps > 100);
            let lines = lines::read(&text).unwrap().lines;
            let lines: Vec<_> = lines.into_iter().map(|read| read.line).collect();
            for kind in DOCTORINGS {
                let Some((at, doctored)) = kind.apply(&lines, &mut random) else {
                    continue;
                };
                let verdict = judge_doctored(&doctored, &mut tools);
                let broken = verdict.broken.map(|broken| broken.words);
                let words = broken.unwrap_or_else(|| panic!("{}: line {at} passes", kind.name));
                assert!(kind.is_told(&words), "{}: line {at}: {words}", kind.name);
                *found.entry(kind.name).or_default() += 1;
            }
        }
    }
    // A flag and a refused epoch need their time; the way itself waits for them.
    let rare = [
        "a flag too early",
        "a refusal of an epoch that is not durable",
    ];
    for kind in DOCTORINGS {
        assert!(
            found.contains_key(kind.name) || rare.contains(&kind.name),
            "no place for: {}",
            kind.name
        );
    }
}

#[test]
fn what_is_no_trace_is_said_so_and_half_a_line_is_taken_only_where_a_relay_was_killed() {
    let start = |run: &str, n: u64| {
        format!(
            "{{\"v\":1,\"run\":\"{run}\",\"n\":{n},\"now\":5,\"game\":null,\"event\":{{\"start\":{{\"order\":\"{}\",\
             \"last_mark\":null,\"serving_since\":5}}}}}}\n",
            "07".repeat(32)
        )
    };
    let event = |run: &str, n: u64, event: &str| {
        format!(
            "{{\"v\":1,\"run\":\"{run}\",\"n\":{n},\"now\":6,\"game\":null,\"event\":{event}}}\n"
        )
    };
    let said = |text: &str| match check(text, &mut Tools::default()) {
        Verdict {
            broken: Some(broken),
            ..
        } => broken.to_string(),
        Verdict {
            hole: Some((line, lost)),
            ..
        } => format!("hole at {line} of {lost}"),
        _ => String::new(),
    };
    let (a, b) = ("aa", "bb");
    let whole = start(a, 0) + &event(a, 1, "\"draining\"");
    assert_eq!(said(&whole), "");
    let half = &whole[..whole.len() - 9];
    assert_eq!(said(half), "");
    let behind = format!("{half}\n{}", start(b, 0));
    assert_eq!(said(&behind), "");
    let goes_on = format!("{half}\n{}", event(a, 2, "\"draining\""));
    assert!(said(&goes_on).starts_with("line 2: half a line"));
    let hole = format!("{half}\n{}", event(a, 4, "{\"hole\":{\"lines\":3}}"));
    assert_eq!(said(&hole), "hole at 3 of 3");
    for (text, words) in [
        (
            event(a, 0, "\"draining\""),
            "line 1: a run that does not begin",
        ),
        (
            whole.clone() + &event(a, 3, "\"ended\""),
            "line 3: lines 2 to 2 of this run are missing",
        ),
        (whole.clone() + &start(a, 2), "line 3: a run begins twice"),
        (
            start(a, 0) + &event(a, 1, "\"dreaming\""),
            "line 2: no line of a trace: unknown variant",
        ),
        (
            start(a, 0) + "{\"v\":1}\n",
            "line 2: no line of a trace: missing field",
        ),
        (
            start(a, 0) + &event(a, 1, "{\"alive\":{\"at\":9}}"),
            "line 2: P6: an alive mark at 9",
        ),
        (whole.replace("\"v\":1", "\"v\":2"), "line 1: version 2"),
        (
            whole.replace("\"now\":6", "\"now\":4"),
            "line 2: P6: the clock runs back",
        ),
        (
            start(a, 0) + &start(b, 0) + &event(a, 1, "\"ended\""),
            "line 3: a run that does not begin",
        ),
    ] {
        assert!(said(&text).starts_with(words), "{text}: {}", said(&text));
    }
}

#[test]
fn a_doctored_trace_is_rejected_as_a_file_too() {
    let text = recordings(9).swap_remove(0);
    let lines = lines::read(&text).unwrap().lines;
    let lines: Vec<_> = lines.into_iter().map(|read| read.line).collect();
    let kind = &DOCTORINGS[0];
    let (_, doctored) = kind.apply(&lines, &mut Random::new(1)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    for (text, violations) in [(text, 0), (doctor::text(&doctored), 1)] {
        let input = dir.path().join("trace.jsonl");
        std::fs::write(&input, text).unwrap();
        let plan = Plan {
            input: Some(input),
            ..test_plan(Duration::ZERO)
        };
        assert_eq!(run(&plan).unwrap().violations, violations);
    }
}

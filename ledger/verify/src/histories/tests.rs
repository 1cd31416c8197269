use std::time::Duration;

use super::checker::{Verdict, check};
use super::history::{Answer, Call, History, Op, Place};
use crate::real::test_plan;

fn op(client: usize, times: (u64, u64), call: Call, answer: Answer) -> Op {
    Op {
        client,
        invoked: times.0,
        call,
        answer: Some((times.1, answer)),
    }
}

fn submit(record: &str, prev: &str) -> Call {
    Call::Submit {
        record: record.into(),
        prev: prev.into(),
    }
}

fn placed(seq: u64) -> Answer {
    Answer::Placed { seq }
}

fn refused(head: &str) -> Answer {
    Answer::Refused {
        code: "stale-head".into(),
        head: Some(head.into()),
    }
}

fn chain(holds: &[&str]) -> Answer {
    let place = |(seq, holds): (u64, &&str)| Place {
        seq,
        holds: (*holds).into(),
        record: !holds.starts_with("gap"),
    };
    Answer::Chain {
        places: (0..).zip(holds).map(place).collect(),
    }
}

fn verdict(ops: Vec<Op>) -> Verdict {
    check(&History {
        game: "g".into(),
        ops,
    })
}

fn holds(ops: Vec<Op>) -> bool {
    verdict(ops) == Verdict::Linearizable
}

/// Two clients race for one place, one wins, a third one reads while they do and afterwards.
fn race() -> Vec<Op> {
    vec![
        op(0, (0, 10), submit("a", "g"), placed(1)),
        op(1, (1, 9), submit("b", "g"), refused("a")),
        op(2, (2, 8), Call::Read, chain(&["g"])),
        op(2, (11, 12), Call::Read, chain(&["g", "a"])),
        op(0, (13, 14), submit("a", "g"), placed(1)),
        op(1, (15, 20), submit("c", "a"), placed(2)),
        op(2, (16, 18), Call::Read, chain(&["g", "a", "c"])),
        op(2, (30, 31), Call::Read, chain(&["g", "a", "c"])),
    ]
}

#[test]
fn what_a_register_could_have_said_is_taken() {
    assert!(holds(race()));
}

#[test]
fn a_stale_read_is_told() {
    let mut ops = race();
    ops[3].answer = Some((12, chain(&["g"])));
    assert!(!holds(ops));
}

#[test]
fn two_records_for_one_place_are_told() {
    let mut ops = race();
    ops[1].answer = Some((9, placed(1)));
    assert!(!holds(ops));
}

#[test]
fn a_lost_acknowledged_record_is_told() {
    let mut ops = race();
    ops[7].answer = Some((31, chain(&["g", "a"])));
    assert!(!holds(ops));
}

#[test]
fn a_refusal_of_what_fits_is_told() {
    assert!(!holds(vec![op(0, (0, 1), submit("a", "g"), refused("g"))]));
}

#[test]
fn a_refusal_with_a_head_that_never_was_is_told() {
    let mut ops = race();
    ops[1].answer = Some((9, refused("b")));
    assert!(!holds(ops));
}

#[test]
fn a_place_left_out_or_given_twice_is_told() {
    let mut ops = race();
    ops[5].answer = Some((20, placed(3)));
    assert!(!holds(ops));
    let mut ops = race();
    if let Some((_, Answer::Chain { places })) = &mut ops[7].answer {
        places[2].seq = 1;
    }
    assert!(!holds(ops));
}

#[test]
fn what_was_never_answered_may_have_happened_or_not() {
    let pending = Op {
        client: 0,
        invoked: 0,
        call: submit("a", "g"),
        answer: None,
    };
    let read = |holds: &[&str]| op(1, (5, 6), Call::Read, chain(holds));
    assert!(holds(vec![pending.clone(), read(&["g"])]));
    assert!(holds(vec![pending.clone(), read(&["g", "a"])]));
    assert!(!holds(vec![pending.clone(), read(&["g", "b"])]));
    let mut late = pending;
    late.invoked = 7;
    assert!(!holds(vec![late, read(&["g", "a"])]), "before it was asked");
}

#[test]
fn the_relays_own_entry_may_stand_anywhere_but_only_once() {
    let own = Op {
        client: 9,
        invoked: 0,
        call: Call::Own {
            entry: "gap".into(),
        },
        answer: None,
    };
    let read = |times, holds: &[&str]| op(1, times, Call::Read, chain(holds));
    let ops = vec![
        own,
        op(0, (1, 2), submit("a", "g"), placed(2)),
        read((3, 4), &["g", "gap", "a"]),
    ];
    assert!(holds(ops.clone()));
    let mut twice = ops;
    twice.push(read((5, 6), &["g", "gap", "a", "gap"]));
    assert!(!holds(twice));
}

#[test]
fn an_append_at_an_end_that_is_passed_is_told() {
    let append = |times, prev: &str, entries: &[&str], seq| {
        let entries = entries.iter().map(|entry| (*entry).to_owned()).collect();
        let prev = prev.into();
        op(0, times, Call::Append { entries, prev }, placed(seq))
    };
    let right = vec![
        append((0, 1), "g", &["a", "b"], 2),
        append((2, 3), "b", &["c"], 3),
        op(1, (4, 5), Call::Read, chain(&["g", "a", "b", "c"])),
    ];
    assert!(holds(right.clone()));
    let mut short = right.clone();
    short[0].answer = Some((1, placed(1)));
    assert!(!holds(short));
    let mut passed = right;
    passed[1] = append((2, 3), "a", &["c"], 3);
    assert!(!holds(passed));
}

#[test]
fn the_shipped_relay_is_linearizable_across_kills() {
    let row = super::run(&test_plan(Duration::from_secs(4))).unwrap();
    assert_eq!(row.violations, 0);
    assert!(row.cases >= 4 && row.states >= 100, "{row:?}");
}

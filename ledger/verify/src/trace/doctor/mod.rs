//! Copies of a trace that were changed in one place, each so that no relay that keeps its promises could have written it.

#![expect(clippy::ptr_arg, reason = "all ways to doctor a trace have one type")]

mod find;
mod logs;
mod receipts;
mod steps;

use rookery_ledger::id::{Hash, Millis};
use rookery_ledger::record::What;
use rookery_relay::trace::Line;

use crate::real::Random;
use logs::{
    change_entry, commit_of_one, expect_other, hide_receipt, lapse_unstored, lose_end, other_key,
    other_mark, show_nothing,
};
use receipts::{
    double_receipt, drop_gap, early_flag, edit_gap, edit_receipt, forge, forge_receipt,
};
use steps::{
    answer_twice, done_though_failed, done_to_refusal, done_too_soon, double_line, drop_line,
    drop_step, refusal_to_done, swap_lines, told_too_soon,
};

/// A way to doctor a trace: changes the lines, and gives the number of the first that is changed; nothing where the trace
/// has no place for it.
type Change = fn(&mut Vec<Line>, &mut Random) -> Option<usize>;

/// A kind of doctoring, and a word that the checker's answer has to have.
pub(super) struct Doctoring {
    pub(super) name: &'static str,
    change: Change,
    /// Whether the lines are numbered anew, so that the numbers betray nothing.
    renumbers: bool,
    /// What the answer says, one of these.
    says: &'static [&'static str],
}

const fn change(name: &'static str, change: Change, says: &'static [&'static str]) -> Doctoring {
    Doctoring {
        name,
        change,
        renumbers: true,
        says,
    }
}

/// All kinds.
pub(super) const DOCTORINGS: &[Doctoring] = &[
    Doctoring {
        name: "a line is dropped",
        change: drop_line,
        renumbers: false,
        says: &["missing", "does not begin"],
    },
    Doctoring {
        name: "two lines change places",
        change: swap_lines,
        renumbers: false,
        says: &["missing"],
    },
    Doctoring {
        name: "a line is there twice",
        change: double_line,
        renumbers: false,
        says: &["stands where"],
    },
    change(
        "a step is dropped and the lines numbered anew",
        drop_step,
        &[
            "P3",
            "P4",
            "P6",
            "P9",
            "the log",
            "nothing led to",
            "not in memory",
            "told of as ordered",
        ],
    ),
    change(
        "acknowledged before it is durable",
        done_too_soon,
        &["P3: something is acknowledged"],
    ),
    change(
        "published before it is durable",
        told_too_soon,
        &["P3: the receipt"],
    ),
    change("answered twice", answer_twice, &["answered 2 times"]),
    change(
        "acknowledged although the log failed",
        done_though_failed,
        &["P3"],
    ),
    change("a refusal becomes `done`", refusal_to_done, &["P3", "P6"]),
    change("`done` becomes a refusal", done_to_refusal, &["P9"]),
    change(
        "another place",
        |lines, random| {
            edit_receipt(lines, random, |receipt| {
                receipt.seq = receipt.seq.next();
            })
        },
        &["P2"],
    ),
    change(
        "another receipt before",
        |lines, random| {
            edit_receipt(lines, random, |receipt| {
                receipt.prev = Some(Hash([9; 32]));
            })
        },
        &["P2"],
    ),
    change(
        "an earlier time",
        |lines, random| {
            edit_receipt(lines, random, |receipt| {
                receipt.at_ms = Millis::new(receipt.at_ms.get() - 1);
            })
        },
        &["P6"],
    ),
    change(
        "a later time",
        |lines, random| {
            edit_receipt(lines, random, |receipt| {
                receipt.at_ms = Millis::new(receipt.at_ms.get() + 1);
            })
        },
        &["P6"],
    ),
    change(
        "another record",
        |lines, random| {
            edit_receipt(lines, random, |receipt| {
                receipt.what = What::Record(Hash([8; 32]));
            })
        },
        &["P3"],
    ),
    change(
        "another game",
        |lines, random| {
            edit_receipt(lines, random, |receipt| {
                receipt.game.0[0] ^= 1;
            })
        },
        &["P2"],
    ),
    change("a receipt twice", double_receipt, &["P2", "P4"]),
    change(
        "a gap is left out",
        drop_gap,
        &["P6: something is ordered before the outage"],
    ),
    change(
        "a gap is longer",
        |lines, random| edit_gap(lines, random, 20_000),
        &["P6: a gap of"],
    ),
    change(
        "an outage is not charged to nobody",
        |lines, random| edit_gap(lines, random, 0),
        &["P6: a gap of"],
    ),
    change("a flag too early", early_flag, &["P6"]),
    change("a forged signature", forge, &["bad-signature"]),
    change(
        "a published receipt that is not signed",
        forge_receipt,
        &["P4: a receipt is published"],
    ),
    change("the log has lost its end", lose_end, &["P3"]),
    change("the log holds something else", change_entry, &["P3", "P2"]),
    change("a receipt is not shown", hide_receipt, &["P9: who asks"]),
    change(
        "a receipt is shown that is not there",
        show_nothing,
        &["P3: a receipt is shown"],
    ),
    change(
        "another end of the chain is expected",
        expect_other,
        &["P2: the append expects"],
    ),
    change(
        "another alive mark",
        other_mark,
        &["P6: the log gives an alive mark"],
    ),
    change(
        "another order key",
        other_key,
        &["P2: the relay goes on under another"],
    ),
    change(
        "a commit with one signature",
        commit_of_one,
        &["P3", "P4", "P2: the log appends 0 entries"],
    ),
    change(
        "a refusal of an epoch that is not durable",
        lapse_unstored,
        &["P2: the refusal"],
    ),
];

impl Doctoring {
    /// Whether an answer says what was done.
    pub(super) fn is_told(&self, words: &str) -> bool {
        self.says.iter().any(|says| words.contains(says))
    }

    /// A doctored copy, and where it was changed.
    pub(super) fn apply(&self, lines: &[Line], random: &mut Random) -> Option<(usize, Vec<Line>)> {
        let mut lines = lines.to_vec();
        let at = (self.change)(&mut lines, random)?;
        if self.renumbers {
            let mut next = 0;
            let mut run = None;
            for line in &mut lines {
                if run.as_ref() != Some(&line.run) {
                    (run, next) = (Some(line.run.clone()), 0);
                }
                line.n = next;
                next += 1;
            }
        }
        Some((at, lines))
    }
}

/// The lines as a file.
pub(super) fn text(lines: &[Line]) -> String {
    let lines = lines
        .iter()
        .map(|line| serde_json::to_string(line).unwrap_or_default() + "\n");
    lines.collect()
}

//! Copies of a trace that were changed in one place, each so that no relay that keeps its promises could have written it.

// Every doctor has one shape, whether it adds lines or not.
#![allow(clippy::ptr_arg)]

use rookery_ledger::codec;
use rookery_ledger::id::{Hash, Millis, Seq, Signature};
use rookery_ledger::record::{Item, Receipt, What};
use rookery_relay::trace::{Bytes, Event, Line, Name, Said};

use super::known::{LAPSE_SEQ, read_item};
use crate::real::Random;

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
        &["P", "the log", "nothing led to", "not in memory"],
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
    change("a commit with one signature", commit_of_one, &["P3", "P4"]),
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

fn pick(
    lines: &[Line],
    random: &mut Random,
    wanted: impl Fn(usize, &Line) -> bool,
) -> Option<usize> {
    let places = lines.iter().enumerate();
    let places: Vec<usize> = places
        .filter(|(at, line)| wanted(*at, line))
        .map(|(at, _)| at)
        .collect();
    random.pick(&places).copied()
}

/// Whether the run goes on behind a line.
fn goes_on(lines: &[Line], at: usize) -> bool {
    lines
        .get(at + 1)
        .is_some_and(|next| next.run == lines[at].run)
}

/// The next line of the same game in the same run.
fn next_of(lines: &[Line], at: usize) -> Option<usize> {
    let same = |line: &Line| line.run == lines[at].run && line.game == lines[at].game;
    (at + 1..lines.len()).find(|next| same(&lines[*next]))
}

fn is_input(event: &Event) -> bool {
    matches!(
        event,
        Event::Read
            | Event::Submit { .. }
            | Event::Tick { .. }
            | Event::Returned { .. }
            | Event::Learn { .. }
    )
}

/// The input that led to a line.
fn input_of(lines: &[Line], at: usize) -> Option<usize> {
    let same = |line: &Line| line.run == lines[at].run && line.game == lines[at].game;
    (0..at)
        .rev()
        .find(|before| same(&lines[*before]) && is_input(&lines[*before].event))
}

fn drop_line(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, _| goes_on(lines, at))?;
    lines.remove(at);
    Some(at)
}

fn swap_lines(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| line.n > 0 && goes_on(lines, at))?;
    lines.swap(at, at + 1);
    Some(at)
}

fn double_line(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| line.n > 0 && goes_on(lines, at))?;
    lines.insert(at, lines[at].clone());
    Some(at)
}

/// Without this line the rest of its step makes no sense, if the step goes on.
fn drop_step(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        let settles = next_of(lines, at).is_some();
        let carries = match &line.event {
            Event::Submit { .. }
            | Event::Append { .. }
            | Event::Appended { .. }
            | Event::Found { .. }
            | Event::Ordered { .. }
            | Event::Opened => true,
            Event::Entries { entries } => !entries.is_empty(),
            Event::Publish { items } => has_receipt(items) && orders(lines, at),
            Event::Reply { .. } => next_input(lines, at).is_some(),
            _ => false,
        };
        carries && settles && next_input(lines, at).is_some()
    })?;
    lines.remove(at);
    Some(at)
}

/// Whether something became durable in the step of this line, before it.
fn orders(lines: &[Line], at: usize) -> bool {
    input_of(lines, at).is_some_and(|input| {
        let own = |line: usize| lines[line].game == lines[at].game;
        (input..at).any(|line| own(line) && appended(lines, line).is_some())
    })
}

fn has_receipt(items: &[Bytes]) -> bool {
    items
        .iter()
        .any(|item| matches!(read_item(&item.0), Ok(Item::Receipt { .. })))
}

/// The next input of the same game in the same run, which ends the step.
fn next_input(lines: &[Line], at: usize) -> Option<usize> {
    let mut next = next_of(lines, at);
    while let Some(line) = next {
        if is_input(&lines[line].event) {
            return Some(line);
        }
        next = next_of(lines, line);
    }
    None
}

/// An append of the own chain that was carried out, and the lines of its answer.
fn appended(lines: &[Line], at: usize) -> Option<usize> {
    let Event::Append { entries, .. } = &lines[at].event else {
        return None;
    };
    let answer = next_of(lines, at)?;
    let carried_out = matches!(lines[answer].event, Event::Appended { .. });
    (carried_out && is_own(lines, at) && !entries.is_empty()).then_some(answer)
}

fn is_own(lines: &[Line], at: usize) -> bool {
    let Event::Append { key, .. } = &lines[at].event else {
        return false;
    };
    lines
        .iter()
        .any(|line| matches!(&line.event, Event::Start { order, .. } if order == key))
}

/// The line of this step that is of a kind, behind a line.
fn behind(lines: &[Line], at: usize, kind: fn(&Event) -> bool) -> Option<usize> {
    let until = next_input(lines, at).unwrap_or(lines.len());
    let mut next = next_of(lines, at)?;
    loop {
        if next >= until {
            return None;
        }
        if kind(&lines[next].event) {
            return Some(next);
        }
        next = next_of(lines, next)?;
    }
}

/// Moves the line at `from` before the one at `to`, to the same time.
fn move_line(lines: &mut Vec<Line>, from: usize, to: usize) {
    let mut line = lines.remove(from);
    line.now = lines[to].now;
    lines.insert(to, line);
}

fn is_done(event: &Event) -> bool {
    matches!(event, Event::Reply { said: Said::Done })
}

fn done_too_soon(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, _| {
        appended(lines, at).is_some_and(|answer| behind(lines, answer, is_done).is_some())
    })?;
    let reply = behind(lines, at, is_done)?;
    move_line(lines, reply, at);
    Some(at)
}

fn told_too_soon(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let tells = |event: &Event| matches!(event, Event::Publish { items } if has_receipt(items));
    let at = pick(lines, random, |at, _| {
        appended(lines, at).is_some_and(|answer| behind(lines, answer, tells).is_some())
    })?;
    let told = behind(lines, at, tells)?;
    move_line(lines, told, at);
    Some(at)
}

fn answer_twice(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        matches!(line.event, Event::Reply { .. }) && next_input(lines, at).is_some()
    })?;
    lines.insert(at, lines[at].clone());
    Some(at)
}

fn done_though_failed(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, _| {
        appended(lines, at).is_some_and(|answer| behind(lines, answer, is_done).is_some())
    })?;
    let answer = next_of(lines, at)?;
    let words = "the disk is gone".to_owned();
    lines[answer].event = Event::LogFailed { words };
    Some(answer)
}

fn refusal_to_done(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        let refused = matches!(
            &line.event,
            Event::Reply {
                said: Said::Refused(_)
            }
        );
        refused
            && offered(lines, at).is_some_and(|item| match item {
                Item::Record(record) => !is_ordered(lines, record.hash()),
                _ => false,
            })
    })?;
    lines[at].event = Event::Reply { said: Said::Done };
    Some(at)
}

fn done_to_refusal(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        is_done(&line.event)
            && offered(lines, at).is_some_and(|item| match item {
                // Off the chain a record is no head, and one that came too late is not on it.
                Item::Record(record) => record.body.place().is_some(),
                _ => false,
            })
            && orders(lines, at)
    })?;
    let code = "wrong-height".to_owned();
    lines[at].event = Event::Reply {
        said: Said::Refused(code),
    };
    Some(at)
}

/// Whether any append is for this record.
fn is_ordered(lines: &[Line], record: Hash) -> bool {
    lines
        .iter()
        .any(|line| last_receipt(line).is_some_and(|last| last.what == What::Record(record)))
}

fn offered(lines: &[Line], at: usize) -> Option<Item> {
    match &lines[input_of(lines, at)?].event {
        Event::Submit { item, .. } => read_item(&item.0).ok(),
        _ => None,
    }
}

/// Changes the last receipt of an append.
fn edit_receipt(lines: &mut [Line], random: &mut Random, edit: fn(&mut Receipt)) -> Option<usize> {
    let at = pick(lines, random, |at, _| {
        appended(lines, at).is_some() && last_receipt(&lines[at]).is_some()
    })?;
    let mut receipt = last_receipt(&lines[at])?;
    edit(&mut receipt);
    if let Event::Append { entries, .. } = &mut lines[at].event
        && let Some(entry) = entries.last_mut()
    {
        entry.receipt = Bytes(codec::encode(&receipt));
        (entry.epoch, entry.seq) = (receipt.epoch.get(), receipt.seq.get());
    }
    Some(at)
}

fn last_receipt(line: &Line) -> Option<Receipt> {
    let Event::Append { entries, .. } = &line.event else {
        return None;
    };
    let entry = entries.last().filter(|entry| entry.seq != LAPSE_SEQ)?;
    codec::decode(&entry.receipt.0, codec::MAX_ITEM_BYTES).ok()
}

fn double_receipt(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, _| {
        let record =
            last_receipt(&lines[at]).is_some_and(|last| matches!(last.what, What::Record(_)));
        record && appended(lines, at).is_some()
    })?;
    let mut again = last_receipt(&lines[at])?;
    again.prev = Some(codec::hash(&again));
    again.seq = again.seq.next();
    if let Event::Append { entries, .. } = &mut lines[at].event {
        let mut entry = entries.last()?.clone();
        entry.receipt = Bytes(codec::encode(&again));
        entry.seq = again.seq.get();
        entries.push(entry);
    }
    Some(at)
}

/// The gap at the head of an append.
fn gap_of(line: &Line) -> Option<Receipt> {
    let Event::Append { entries, .. } = &line.event else {
        return None;
    };
    let receipt: Receipt =
        codec::decode(&entries.first()?.receipt.0, codec::MAX_ITEM_BYTES).ok()?;
    matches!(receipt.what, What::Gap { .. }).then_some(receipt)
}

fn drop_gap(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |_, line| {
        let Event::Append { entries, .. } = &line.event else {
            return false;
        };
        entries.len() > 1 && gap_of(line).is_some()
    })?;
    let gap = gap_of(&lines[at])?;
    if let Event::Append { entries, .. } = &mut lines[at].event {
        entries.remove(0);
        let (mut seq, mut prev) = (gap.seq, gap.prev);
        for entry in entries {
            let mut receipt: Receipt =
                codec::decode(&entry.receipt.0, codec::MAX_ITEM_BYTES).ok()?;
            (receipt.seq, receipt.prev) = (seq, prev);
            entry.seq = seq.get();
            entry.receipt = Bytes(codec::encode(&receipt));
            (seq, prev) = (Seq::new(seq.get() + 1), Some(codec::hash(&receipt)));
        }
    }
    Some(at)
}

fn edit_gap(lines: &mut [Line], random: &mut Random, more: u64) -> Option<usize> {
    let at = pick(lines, random, |_, line| {
        let long = gap_of(line)
            .is_some_and(|gap| matches!(gap.what, What::Gap { ms } if ms.get() > 1_500));
        long || (more > 0 && gap_of(line).is_some())
    })?;
    let mut gap = gap_of(&lines[at])?;
    if let What::Gap { ms } = &mut gap.what {
        *ms = if more > 0 {
            Millis::new(ms.get() + more)
        } else {
            Millis::ZERO
        };
    }
    if let Event::Append { entries, .. } = &mut lines[at].event {
        entries.first_mut()?.receipt = Bytes(codec::encode(&gap));
    }
    Some(at)
}

fn early_flag(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        let flag = last_receipt(line).is_some_and(|last| last.what == What::Flag);
        let alone = matches!(&line.event, Event::Append { entries, .. } if entries.len() == 1);
        let ticks = input_of(lines, at)
            .is_some_and(|input| matches!(lines[input].event, Event::Tick { .. }));
        flag && alone && ticks
    })?;
    let input = input_of(lines, at)?;
    let mut flag = last_receipt(&lines[at])?;
    // At the moment of the receipt before it no time has passed.
    let same = |line: &Line| line.run == lines[at].run && line.game == lines[at].game;
    let before = (0..at).rev().filter(|before| same(&lines[*before]));
    let early = before
        .filter_map(|before| last_receipt(&lines[before]))
        .next()?
        .at_ms
        .get();
    flag.at_ms = Millis::new(early);
    if let Event::Tick { taken, .. } = &mut lines[input].event {
        *taken = early;
    }
    if let Event::Append { entries, .. } = &mut lines[at].event {
        entries.first_mut()?.receipt = Bytes(codec::encode(&flag));
    }
    Some(input)
}

fn forge(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        let Event::Append { entries, .. } = &line.event else {
            return false;
        };
        let item = entries.last().and_then(|entry| entry.item.as_ref());
        let item = item.and_then(|item| read_item(&item.0).ok());
        matches!(item, Some(Item::Record(_))) && appended(lines, at).is_some()
    })?;
    let input = input_of(lines, at)?;
    let Event::Append { entries, .. } = &mut lines[at].event else {
        return None;
    };
    let entry = entries.last_mut()?;
    let Ok(Item::Record(mut record)) = read_item(&entry.item.as_ref()?.0) else {
        return None;
    };
    record.sig = Signature([7; 64]);
    let forged = Bytes(codec::encode(&Item::Record(record)));
    entry.item = Some(forged.clone());
    match &mut lines[input].event {
        Event::Submit { item, .. } => *item = forged,
        Event::Learn { items, .. } => items.push(forged),
        _ => return None,
    }
    Some(input)
}

fn forge_receipt(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(
        lines,
        random,
        |_, line| matches!(&line.event, Event::Publish { items } if has_receipt(items)),
    )?;
    let Event::Publish { items } = &mut lines[at].event else {
        return None;
    };
    for bytes in items {
        if let Ok(Item::Receipt { by, mut receipt }) = read_item(&bytes.0) {
            receipt.sig = Signature([7; 64]);
            *bytes = Bytes(codec::encode(&Item::Receipt { by, receipt }));
        }
    }
    Some(at)
}

/// A game is read without the last entry of its chain.
fn lose_end(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        let Event::Entries { entries } = &line.event else {
            return false;
        };
        // What was asked for and never answered might as well not be there.
        let acknowledged = |receipt: &Bytes| {
            (0..at).any(|line| {
                let asked = matches!(&lines[line].event, Event::Append { entries, .. }
                    if entries.iter().any(|entry| entry.receipt == *receipt));
                asked && appended(lines, line).is_some()
            })
        };
        let last = entries.last().map(|(_, entry)| &entry.receipt);
        entries.len() > 1 && last.is_some_and(acknowledged) && found_before(lines, at).is_some()
    })?;
    let found = found_before(lines, at)?;
    let Event::Entries { entries } = &mut lines[at].event else {
        return None;
    };
    entries.pop();
    let (end, _) = entries.last()?;
    let end = *end;
    let key = match &lines[at - 1].event {
        Event::ReadChain { key, .. } => Some(key.clone()),
        _ => None,
    };
    if let Event::Found { game: Some(game) } = &mut lines[found].event {
        for (own, last) in &mut game.chains {
            if key.as_ref().is_none_or(|key| key == own) {
                *last = end;
            }
        }
    }
    Some(found)
}

/// The line in which the game was found that these entries are of.
fn found_before(lines: &[Line], at: usize) -> Option<usize> {
    let same = |line: &Line| line.run == lines[at].run && line.game == lines[at].game;
    let mut before = (0..at).rev().filter(|before| same(&lines[*before]));
    let asked = before.next()?;
    let found = before.next()?;
    let reads = matches!(&lines[asked].event, Event::ReadChain { .. });
    let first = matches!(&lines[found].event, Event::Found { game: Some(_) });
    (reads && first && asked + 1 == at).then_some(found)
}

fn change_entry(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(
        lines,
        random,
        |_, line| matches!(&line.event, Event::Entries { entries } if !entries.is_empty()),
    )?;
    if let Event::Entries { entries } = &mut lines[at].event {
        let which = usize::try_from(random.below(entries.len() as u64)).ok()?;
        entries[which].1.receipt.0.push(0);
    }
    Some(at)
}

fn hide_receipt(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let own = own_key(lines)?;
    let is_own = |name: &Name| matches!(name, Name::Receipt(by, _) if *by == own);
    let at = pick(
        lines,
        random,
        |_, line| matches!(&line.event, Event::Shown { items, after: None } if items.iter().any(is_own)),
    )?;
    if let Event::Shown { items, .. } = &mut lines[at].event {
        // The first one counts, whatever comes later.
        let first = items.iter().position(is_own)?;
        items.remove(first);
    }
    Some(at)
}

fn own_key(lines: &[Line]) -> Option<Bytes> {
    lines.iter().find_map(|line| match &line.event {
        Event::Start { order, .. } => Some(order.clone()),
        _ => None,
    })
}

fn show_nothing(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let own = own_key(lines)?;
    let at = pick(lines, random, |_, line| {
        matches!(line.event, Event::Shown { .. })
    })?;
    if let Event::Shown { items, .. } = &mut lines[at].event {
        items.push(Name::Receipt(own, Bytes(random.bytes::<32>().to_vec())));
    }
    Some(at)
}

fn expect_other(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, _| appended(lines, at).is_some())?;
    if let Event::Append { expected, .. } = &mut lines[at].event {
        *expected += 1;
    }
    Some(at)
}

fn other_mark(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        at > 0
            && matches!(
                line.event,
                Event::Start {
                    last_mark: Some(_),
                    ..
                }
            )
    })?;
    if let Event::Start {
        last_mark: Some(mark),
        ..
    } = &mut lines[at].event
    {
        *mark += 1;
    }
    Some(at)
}

fn other_key(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        at > 0 && matches!(line.event, Event::Start { .. })
    })?;
    if let Event::Start { order, .. } = &mut lines[at].event {
        *order = Bytes(vec![1; 32]);
    }
    Some(at)
}

/// The commit of a move of home.
fn commit(lines: &[Line], at: usize) -> bool {
    last_receipt(&lines[at]).is_some_and(|last| matches!(last.what, What::Home(_)))
}

/// Of the two signatures under a `Home` one never came.
fn commit_of_one(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, _| {
        commit(lines, at) && appended(lines, at).is_some()
    })?;
    let same = |line: &Line| line.run == lines[at].run && line.game == lines[at].game;
    let kept = (0..at).rev().find(|before| {
        let keeps = matches!(&lines[*before].event, Event::Append { key, .. } if key.0 == [0; 32]);
        same(&lines[*before]) && keeps
    })?;
    let What::Home(hash) = last_receipt(&lines[at])?.what else {
        return None;
    };
    if let Event::Append { entries, .. } = &mut lines[kept].event {
        let signed = entries.iter().position(|entry| {
            let item = read_item(&entry.receipt.0);
            matches!(item, Ok(Item::Home(home)) if home.hash() == hash)
        });
        entries.remove(signed?);
    }
    Some(kept)
}

/// The refusal of an epoch is published, and was never appended.
fn lapse_unstored(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        let lapses = matches!(&line.event, Event::Append { entries, .. } if entries.iter().any(|entry| entry.seq == LAPSE_SEQ));
        lapses && appended(lines, at).is_some()
    })?;
    let answer = next_of(lines, at)?;
    lines.remove(answer);
    lines.remove(at);
    Some(at)
}

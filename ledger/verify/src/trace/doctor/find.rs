//! Places in a trace.

use rookery_ledger::codec;
use rookery_ledger::id::Hash;
use rookery_ledger::record::{Item, Receipt, What};
use rookery_relay::trace::{Bytes, Event, Line, Said};

use crate::real::Random;
use crate::trace::known::{LAPSE_SEQ, read_item};

pub(super) fn pick(
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
pub(super) fn goes_on(lines: &[Line], at: usize) -> bool {
    lines
        .get(at + 1)
        .is_some_and(|next| next.run == lines[at].run)
}

/// The next line of the same game in the same run.
pub(super) fn next_of(lines: &[Line], at: usize) -> Option<usize> {
    let same = |line: &Line| line.run == lines[at].run && line.game == lines[at].game;
    (at + 1..lines.len()).find(|next| same(&lines[*next]))
}

/// The line before of the same game in the same run.
pub(super) fn before(lines: &[Line], at: usize) -> Option<usize> {
    let same = |line: &Line| line.run == lines[at].run && line.game == lines[at].game;
    (0..at).rev().find(|line| same(&lines[*line]))
}

pub(super) fn is_input(event: &Event) -> bool {
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
pub(super) fn input_of(lines: &[Line], at: usize) -> Option<usize> {
    let same = |line: &Line| line.run == lines[at].run && line.game == lines[at].game;
    (0..at)
        .rev()
        .find(|before| same(&lines[*before]) && is_input(&lines[*before].event))
}

/// Whether something became durable in the step of this line, before it.
pub(super) fn orders(lines: &[Line], at: usize) -> bool {
    input_of(lines, at).is_some_and(|input| {
        let own = |line: usize| lines[line].game == lines[at].game;
        (input..at).any(|line| own(line) && appended(lines, line).is_some())
    })
}

pub(super) fn has_receipt(items: &[Bytes]) -> bool {
    items
        .iter()
        .any(|item| matches!(read_item(&item.0), Ok(Item::Receipt { .. })))
}

/// The next input of the same game in the same run, which ends the step.
pub(super) fn next_input(lines: &[Line], at: usize) -> Option<usize> {
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
pub(super) fn appended(lines: &[Line], at: usize) -> Option<usize> {
    let Event::Append { entries, .. } = &lines[at].event else {
        return None;
    };
    let answer = next_of(lines, at)?;
    let carried_out = matches!(lines[answer].event, Event::Appended { .. });
    (carried_out && is_own(lines, at) && !entries.is_empty()).then_some(answer)
}

pub(super) fn is_own(lines: &[Line], at: usize) -> bool {
    let Event::Append { key, .. } = &lines[at].event else {
        return false;
    };
    lines
        .iter()
        .any(|line| matches!(&line.event, Event::Start { order, .. } if order == key))
}

/// The line of this step that is of a kind, behind a line.
pub(super) fn behind(lines: &[Line], at: usize, kind: fn(&Event) -> bool) -> Option<usize> {
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

pub(super) fn is_done(event: &Event) -> bool {
    matches!(event, Event::Reply { said: Said::Done })
}

/// Whether any append is for this record.
pub(super) fn is_ordered(lines: &[Line], record: Hash) -> bool {
    lines
        .iter()
        .any(|line| last_receipt(line).is_some_and(|last| last.what == What::Record(record)))
}

pub(super) fn offered(lines: &[Line], at: usize) -> Option<Item> {
    match &lines[input_of(lines, at)?].event {
        Event::Submit { item, .. } => read_item(&item.0).ok(),
        _ => None,
    }
}

pub(super) fn last_receipt(line: &Line) -> Option<Receipt> {
    let Event::Append { entries, .. } = &line.event else {
        return None;
    };
    let entry = entries.last().filter(|entry| entry.seq != LAPSE_SEQ)?;
    codec::decode(&entry.receipt.0, codec::MAX_ITEM_BYTES).ok()
}

/// The gap at the head of an append.
pub(super) fn gap_of(line: &Line) -> Option<Receipt> {
    let Event::Append { entries, .. } = &line.event else {
        return None;
    };
    let receipt: Receipt =
        codec::decode(&entries.first()?.receipt.0, codec::MAX_ITEM_BYTES).ok()?;
    matches!(receipt.what, What::Gap { .. }).then_some(receipt)
}

/// The line in which the game was found that these entries are of.
pub(super) fn found_before(lines: &[Line], at: usize) -> Option<usize> {
    let same = |line: &Line| line.run == lines[at].run && line.game == lines[at].game;
    let mut before = (0..at).rev().filter(|before| same(&lines[*before]));
    let asked = before.next()?;
    let found = before.next()?;
    let reads = matches!(&lines[asked].event, Event::ReadChain { .. });
    let first = matches!(&lines[found].event, Event::Found { game: Some(_) });
    (reads && first && asked + 1 == at).then_some(found)
}

pub(super) fn own_key(lines: &[Line]) -> Option<Bytes> {
    lines.iter().find_map(|line| match &line.event {
        Event::Start { order, .. } => Some(order.clone()),
        _ => None,
    })
}

/// The commit of a move of home.
pub(super) fn commit(lines: &[Line], at: usize) -> bool {
    last_receipt(&lines[at]).is_some_and(|last| matches!(last.what, What::Home(_)))
}

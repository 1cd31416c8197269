//! Lines that are dropped, doubled or moved, and answers that are changed.

use rookery_ledger::record::{Item, What};
use rookery_relay::trace::{Event, Line, Said};

use super::find::{
    appended, before, behind, goes_on, has_receipt, is_done, is_ordered, last_receipt, next_input,
    next_of, offered, orders, pick,
};
use crate::real::Random;

pub(super) fn drop_line(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, _| goes_on(lines, at))?;
    lines.remove(at);
    Some(at)
}

pub(super) fn swap_lines(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| line.n > 0 && goes_on(lines, at))?;
    lines.swap(at, at + 1);
    Some(at)
}

pub(super) fn double_line(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| line.n > 0 && goes_on(lines, at))?;
    lines.insert(at, lines[at].clone());
    Some(at)
}

/// Without this line the rest of its step makes no sense, if the step goes on.
pub(super) fn drop_step(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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
            // The own receipt, not what another relay's told in the same step.
            Event::Publish { items } => {
                has_receipt(items)
                    && before(lines, at)
                        .is_some_and(|line| matches!(lines[line].event, Event::Ordered { .. }))
            }
            Event::Reply { .. } => next_input(lines, at).is_some(),
            _ => false,
        };
        carries && settles && next_input(lines, at).is_some()
    })?;
    lines.remove(at);
    Some(at)
}

/// Moves the line at `from` before the one at `to`, to the same time.
pub(super) fn move_line(lines: &mut Vec<Line>, from: usize, to: usize) {
    let mut line = lines.remove(from);
    line.now = lines[to].now;
    lines.insert(to, line);
}

pub(super) fn done_too_soon(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        // `Done` is said of a Home too, which the signer has to keep.
        let for_offered = match (offered(lines, at), last_receipt(line)) {
            (Some(Item::Genesis(_)), Some(last)) => last.what == What::Genesis,
            (Some(Item::Record(record)), Some(last)) => last.what == What::Record(record.hash()),
            _ => false,
        };
        for_offered
            && appended(lines, at).is_some_and(|answer| behind(lines, answer, is_done).is_some())
    })?;
    let reply = behind(lines, at, is_done)?;
    move_line(lines, reply, at);
    Some(at)
}

pub(super) fn told_too_soon(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let tells = |event: &Event| matches!(event, Event::Publish { items } if has_receipt(items));
    let at = pick(lines, random, |at, _| {
        appended(lines, at).is_some_and(|answer| behind(lines, answer, tells).is_some())
    })?;
    let told = behind(lines, at, tells)?;
    move_line(lines, told, at);
    Some(at)
}

pub(super) fn answer_twice(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        matches!(line.event, Event::Reply { .. }) && next_input(lines, at).is_some()
    })?;
    lines.insert(at, lines[at].clone());
    Some(at)
}

pub(super) fn done_though_failed(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, _| {
        appended(lines, at).is_some_and(|answer| behind(lines, answer, is_done).is_some())
    })?;
    let answer = next_of(lines, at)?;
    let words = "the disk is gone".to_owned();
    lines[answer].event = Event::LogFailed { words };
    Some(answer)
}

pub(super) fn refusal_to_done(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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

pub(super) fn done_to_refusal(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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

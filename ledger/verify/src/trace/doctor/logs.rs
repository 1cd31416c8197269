//! A log that lies, marks and keys that are others, and what is shown.

use rookery_ledger::record::{Item, What};
use rookery_relay::trace::{Bytes, Event, Line, Name};

use super::find::{appended, commit, found_before, last_receipt, next_of, own_key, pick};
use crate::real::Random;
use crate::trace::known::{LAPSE_SEQ, read_item};

/// A game is read without the last entry of its chain.
pub(super) fn lose_end(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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

pub(super) fn change_entry(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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

pub(super) fn hide_receipt(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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

pub(super) fn show_nothing(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let own = own_key(lines)?;
    let at = pick(lines, random, |_, line| {
        matches!(line.event, Event::Shown { .. })
    })?;
    if let Event::Shown { items, .. } = &mut lines[at].event {
        items.push(Name::Receipt(own, Bytes(random.bytes::<32>().to_vec())));
    }
    Some(at)
}

pub(super) fn expect_other(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, _| appended(lines, at).is_some())?;
    if let Event::Append { expected, .. } = &mut lines[at].event {
        *expected += 1;
    }
    Some(at)
}

pub(super) fn other_mark(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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

pub(super) fn other_key(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        at > 0 && matches!(line.event, Event::Start { .. })
    })?;
    if let Event::Start { order, .. } = &mut lines[at].event {
        *order = Bytes(vec![1; 32]);
    }
    Some(at)
}

/// Of the two signatures under a `Home` one never came.
pub(super) fn commit_of_one(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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
pub(super) fn lapse_unstored(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
    let at = pick(lines, random, |at, line| {
        let lapses = matches!(&line.event, Event::Append { entries, .. } if entries.iter().any(|entry| entry.seq == LAPSE_SEQ));
        lapses && appended(lines, at).is_some()
    })?;
    let answer = next_of(lines, at)?;
    lines.remove(answer);
    lines.remove(at);
    Some(at)
}

//! Receipts that are changed, gaps and flags above all, and signatures that are forged.

use rookery_ledger::codec;
use rookery_ledger::id::{Millis, Seq, Signature};
use rookery_ledger::record::{Item, Receipt, What};
use rookery_relay::trace::{Bytes, Event, Line};

use super::find::{appended, gap_of, has_receipt, input_of, last_receipt, pick};
use crate::real::Random;
use crate::trace::known::read_item;

/// Changes the last receipt of an append.
pub(super) fn edit_receipt(
    lines: &mut [Line],
    random: &mut Random,
    edit: fn(&mut Receipt),
) -> Option<usize> {
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

pub(super) fn double_receipt(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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

pub(super) fn drop_gap(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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

pub(super) fn edit_gap(lines: &mut [Line], random: &mut Random, more: u64) -> Option<usize> {
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

pub(super) fn early_flag(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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

pub(super) fn forge(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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

pub(super) fn forge_receipt(lines: &mut Vec<Line>, random: &mut Random) -> Option<usize> {
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

//! Which receipts of a clocked game count, in their order.

use std::collections::{BTreeMap, BTreeSet};

use super::{Board, Content, For, Home, Id, Receipt, Record, Setup};

/// How many records for one place are kept without a receipt.
const RIVALS: usize = 3;

/// The receipts that count: those of the highest epoch that is committed, back to the first, and what follows them.
#[must_use]
pub fn counting<'a>(
    setup: &Setup,
    records: &[Record],
    receipts: &'a [Receipt],
    homes: &[Home],
) -> Vec<&'a Receipt> {
    let mut homes: Vec<&Home> = homes.iter().collect();
    homes.sort_by(|one, other| (other.epoch, one.hash).cmp(&(one.epoch, other.hash)));
    let committed = homes.iter().find_map(|home| {
        let commits = receipts.iter().filter(|receipt| {
            receipt.key == home.to
                && (receipt.epoch, receipt.seq) == (home.epoch, 0)
                && receipt.prev == Some(home.after)
                && receipt.what == For::Home(home.hash)
        });
        let commit = commits.min_by_key(|receipt| receipt.hash)?;
        led_to(setup, records, receipts, &homes, commit)
    });
    let named = names(setup, records, receipts);
    let mut counting = committed.unwrap_or_default();
    loop {
        let last = counting.last().copied();
        let (key, epoch, seq) = last.map_or((setup.home, 0, 0), |last| {
            (last.key, last.epoch, last.seq + 1)
        });
        let next = receipts.iter().filter(|receipt| {
            (receipt.key, receipt.epoch, receipt.seq) == (key, epoch, seq)
                && receipt.prev == last.map(|last| last.hash)
        });
        let mut next: Vec<_> = next.collect();
        next.sort_by_key(|receipt| receipt.hash);
        // The heaviest; of equals the first.
        let Some(best) = next
            .iter()
            .rev()
            .max_by_key(|receipt| weight(receipt, receipts, &named))
        else {
            return counting;
        };
        counting.push(best);
    }
}

/// The chain that ends in `last`, if each of its links is known and by who had to sign it.
fn led_to<'a>(
    setup: &Setup,
    records: &[Record],
    receipts: &'a [Receipt],
    homes: &[&Home],
    last: &'a Receipt,
) -> Option<Vec<&'a Receipt>> {
    let mut links = vec![last];
    while let Some(prev) = links[links.len() - 1].prev {
        let next = links[links.len() - 1];
        let link = receipts.iter().find(|receipt| receipt.hash == prev)?;
        let fits = if next.seq == 0 {
            link.epoch < next.epoch
        } else {
            (link.epoch, link.seq + 1) == (next.epoch, next.seq)
        };
        if !fits {
            return None;
        }
        links.push(link);
    }
    let first = links[links.len() - 1];
    if (first.epoch, first.seq) != (0, 0) {
        return None;
    }
    let (mut key, mut joiner, mut chain) = (setup.home, None, Vec::new());
    for link in links.into_iter().rev() {
        match link.what {
            For::Record(hash) if joiner.is_none() => {
                let record = records.iter().find(|record| record.hash == hash)?;
                // A Seat that may not stand seats nobody.
                let stands = || Board::new(setup)?.after(setup, record);
                if let Content::Seat { joiner: who, .. } = record.content
                    && stands().is_some()
                {
                    joiner = Some(who);
                }
            }
            For::Home(hash) if link.seq == 0 && link.epoch > 0 => {
                let home = homes.iter().find(|home| home.hash == hash)?;
                let both = [setup.creator, joiner?];
                let signed = both.iter().all(|player| home.by.contains(player));
                if !signed || home.epoch != link.epoch || Some(home.after) != link.prev {
                    return None;
                }
                key = home.to;
            }
            _ if link.seq == 0 && link.epoch > 0 => return None,
            _ => {}
        }
        let signed = receipts
            .iter()
            .find(|receipt| receipt.hash == link.hash && receipt.key == key)?;
        chain.push(signed);
    }
    Some(chain)
}

/// How often records name the receipt or one that follows it in its epoch.
fn weight(receipt: &Receipt, receipts: &[Receipt], named: &BTreeMap<Id, u64>) -> u64 {
    let follow = receipts.iter().filter(|next| {
        next.key == receipt.key
            && next.epoch == receipt.epoch
            && next.seq == receipt.seq + 1
            && next.prev == Some(receipt.hash)
    });
    let own = named.get(&receipt.hash).copied().unwrap_or(0);
    own + follow
        .map(|next| weight(next, receipts, named))
        .sum::<u64>()
}

/// How many records name each receipt, of those that may stand where they say.
fn names(setup: &Setup, records: &[Record], receipts: &[Receipt]) -> BTreeMap<Id, u64> {
    let mut named = BTreeMap::new();
    let places: BTreeSet<_> = receipts
        .iter()
        .map(|receipt| (receipt.key, receipt.epoch, receipt.seq))
        .collect();
    if places.len() == receipts.len() {
        // No place is taken twice, so that no weight is asked for.
        return named;
    }
    let mut boards: Vec<Board> = Board::new(setup).into_iter().collect();
    while let Some(board) = boards.pop() {
        let next = records
            .iter()
            .filter_map(|record| Some((record, board.after(setup, record)?)));
        let mut next: Vec<(&Record, Board)> = next.collect();
        next.sort_by_key(|(record, _)| {
            let receipted = receipts
                .iter()
                .any(|receipt| receipt.what == For::Record(record.hash));
            (!receipted, record.hash)
        });
        next.dedup_by_key(|(record, _)| record.hash);
        let receipted = next.iter().filter(|(record, _)| {
            let mut receipts = receipts.iter();
            receipts.any(|receipt| receipt.what == For::Record(record.hash))
        });
        let kept = receipted.count().max(RIVALS);
        for (record, board) in next.into_iter().take(kept) {
            if let Some(on) = record.on {
                *named.entry(on).or_insert(0) += 1;
            }
            boards.push(board);
        }
    }
    named
}

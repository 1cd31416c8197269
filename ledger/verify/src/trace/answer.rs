//! Answers of the log to one game.

use rookery_ledger::codec;
use rookery_ledger::id::Hash;
use rookery_ledger::record::{Item, What};
use rookery_relay::trace::{Entry, Stored};

use super::game::{Asked, Checked, Game, Reading, Run, goes_on, id, outage_is_due, placed};
use super::known::{Known, LAPSE_SEQ, Placed, Tools, read_item};
use crate::reference::Id;

impl Game {
    /// Whether the log holds this receipt in the own chain, for certain.
    pub(super) fn holds_receipt(&self, own: Id, hash: Hash) -> bool {
        let chain = self.chains.get(&own);
        chain.is_some_and(|chain| {
            let mut entries = chain.entries().rev();
            entries.any(|entry| codec::hash_bytes(&entry.receipt.0) == hash)
        })
    }

    /// Whether the log holds the refusal of this epoch in the own chain, for certain.
    pub(super) fn holds_lapse(&self, own: Id, epoch: u64) -> bool {
        let chain = self.chains.get(&own);
        chain.is_some_and(|chain| {
            let mut entries = chain.entries();
            entries.any(|entry| (entry.epoch, entry.seq) == (epoch, LAPSE_SEQ))
        })
    }

    pub(super) fn found(&mut self, run: &Run, game: Option<&Stored>, tools: &mut Tools) -> Checked {
        let Some(memory) = &mut self.memory else {
            return Ok(());
        };
        if !matches!(memory.asked.take(), Some(Asked::Find)) {
            return Err("the log answers what it was not asked".into());
        }
        let Some(stored) = game else {
            if self.stored.is_some() {
                return Err("P3: the log has lost a game that it held".into());
            }
            for chain in self.chains.values_mut() {
                chain.ends_at(0)?;
            }
            self.adopts = false;
            return Ok(());
        };
        match &self.stored {
            Some(known) if *known != stored.genesis => {
                return Err("P3: the log gives another genesis than it was given".into());
            }
            None if !self.maybe_stored && !self.adopts => {
                return Err("P2: the log holds a game that nobody put there".into());
            }
            _ => {}
        }
        let Item::Genesis(genesis) = read_item(&stored.genesis.0)? else {
            return Err("P4: a game that does not begin with a genesis".into());
        };
        if genesis.body.id() != self.id {
            return Err("P4: the log gives the genesis of another game".into());
        }
        self.stored = Some(stored.genesis.clone());
        self.open = Some(stored.open);
        let mut left = Vec::new();
        for (key, end) in &stored.chains {
            let key = id(key)?;
            let chain = self.chains.entry(key).or_default();
            if !self.adopts {
                chain.ends_at(*end)?;
            }
            left.push((key, *end));
        }
        for (key, chain) in &mut self.chains {
            if left.iter().all(|(there, _)| there != key) {
                chain.ends_at(0)?;
            }
        }
        left.reverse();
        memory.reading = Some(Reading {
            known: Known::new(self.id, genesis),
            left,
            own_end: 0,
        });
        self.read_on(run, tools)
    }

    pub(super) fn entries(
        &mut self,
        run: &Run,
        found: &[(u64, Entry)],
        tools: &mut Tools,
    ) -> Checked {
        let Some(memory) = &mut self.memory else {
            return Ok(());
        };
        let Some(Asked::Read { key, after, limit }) = memory.asked.take() else {
            return Err("the log answers what it was not asked".into());
        };
        let chain = self.chains.entry(key).or_default();
        if self.adopts {
            chain.adopt(found);
        } else {
            chain.read(after, limit, found)?;
        }
        let Some(reading) = &mut memory.reading else {
            return Ok(());
        };
        let Some((reads, end)) = reading.left.last().copied() else {
            return Ok(());
        };
        if reads != key {
            return Err("another chain is read than the log has".into());
        }
        for (_, entry) in found {
            let placed = placed(self.id, run, key, entry)?;
            if let Placed::Foreign(Item::Receipt { by, receipt }, _) = &placed
                && !tools.ordered(*by, self.id, receipt)
            {
                return Err("P4: the log keeps a receipt that its key did not sign".into());
            }
            reading.known.add_placed(run.own.0, &placed);
        }
        let last = found.last().map_or(after, |(place, _)| *place);
        if found.is_empty() || last >= end {
            reading.left.pop();
            if key == run.own.0 {
                reading.own_end = last;
            }
        }
        self.read_on(run, tools)
    }

    /// All of the game is read: from here on it is in memory.
    fn read_on(&mut self, run: &Run, tools: &mut Tools) -> Checked {
        let Some(memory) = &mut self.memory else {
            return Ok(());
        };
        let Some(reading) = memory.reading.take_if(|reading| reading.left.is_empty()) else {
            return Ok(());
        };
        self.adopts = false;
        let mut known = reading.known;
        let view = known.view(tools)?;
        memory.due = outage_is_due(&view, run);
        if self.open == Some(false) && view.orderer().0 == run.own.0 && goes_on(&view) {
            return Err("P9: a clocked game that goes on is not listed as open".into());
        }
        if let Some(before) = &memory.known {
            known.merge(before);
        }
        memory.own_end = reading.own_end;
        memory.known = Some(known);
        memory.creating = false;
        Ok(())
    }

    pub(super) fn appended(&mut self, run: &Run, head: u64, tools: &mut Tools) -> Checked {
        let Some(memory) = &mut self.memory else {
            return Ok(());
        };
        let Some(Asked::Append {
            key,
            expected,
            entries,
            placed,
            genesis,
            open,
        }) = memory.asked.take()
        else {
            return Err("the log answers what it was not asked".into());
        };
        let chain = self.chains.entry(key).or_default();
        chain.appended(expected, entries, head)?;
        self.open = open.or(self.open);
        if genesis.is_some() && self.stored.is_none() {
            self.stored = genesis;
        }
        let (Some(known), Some(doing)) = (&mut memory.known, &mut memory.doing) else {
            return Ok(());
        };
        for placed in &placed {
            known.add_placed(run.own.0, placed);
        }
        if key != run.own.0 {
            return Ok(());
        }
        (memory.own_end, memory.creating) = (head, false);
        for placed in &placed {
            match placed {
                Placed::Receipt(body, _) => {
                    doing.unpublished.push(codec::hash(body).0);
                    doing.uncounted += 1;
                    if matches!(body.what, What::Gap { .. }) {
                        memory.due = false;
                    }
                }
                Placed::Lapsed(body) => {
                    doing.unsaid.push(body.epoch.get());
                    memory
                        .asked_homes
                        .retain(|(home, _)| home.epoch != body.epoch);
                }
                Placed::Foreign(..) => {}
            }
        }
        let (_, epoch) = known.view(tools)?.orderer();
        memory
            .asked_homes
            .retain(|(home, _)| home.epoch.get() > epoch);
        Ok(())
    }

    pub(super) fn conflict(&mut self, actual: u64) -> Checked {
        let Some(memory) = &mut self.memory else {
            return Ok(());
        };
        let Some(Asked::Append { key, expected, .. }) = memory.asked.take() else {
            return Err("the log answers what it was not asked".into());
        };
        if actual == expected {
            return Err("P2: the log refuses an append at the end that it has".into());
        }
        self.chains.entry(key).or_default().conflict(expected)?;
        if let Some(doing) = &mut memory.doing {
            doing.conflicts += 1;
        }
        memory.uncreate();
        Ok(())
    }

    pub(super) fn log_failed(&mut self) -> Checked {
        let Some(memory) = &mut self.memory else {
            return Ok(());
        };
        memory.reading = None;
        if let Some(doing) = &mut memory.doing {
            doing.failed = true;
        }
        if let Some(Asked::Append {
            key,
            expected,
            entries,
            genesis,
            ..
        }) = memory.asked.take()
        {
            self.maybe_stored |= genesis.is_some();
            let chain = self.chains.entry(key).or_default();
            chain.unknown(expected, entries);
            memory.uncreate();
        }
        Ok(())
    }
}

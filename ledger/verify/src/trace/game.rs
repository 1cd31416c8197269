//! One game at one relay, as the protocol sees it: what its log holds, what of that is in memory, what is being done. Each
//! line of the trace must be a step that is allowed in that state; the steps are those of `model/relay_steps` and
//! `model/world`.

#![allow(clippy::collapsible_match)]

use std::collections::BTreeMap;

use rookery_ledger::codec;
use rookery_ledger::id::{GameId, Hash, OrderKey};
use rookery_ledger::order::{LAPSE_MS, RETURN_MS};
use rookery_ledger::record::{Home, Item};
use rookery_relay::trace::{Bytes, Entry, Event, Stored};

use super::chain::Chain;
use super::known::{Known, Placed, Tools, View, foreign_entry, own_entry, read_item};
use crate::reference::Id;

/// What is known of the process that writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) own: OrderKey,
    /// The last alive mark before it.
    pub(super) last_mark: Option<u64>,
    /// From when it serves.
    pub(super) since: u64,
}

/// What time makes due at a moment; it must be done before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Must {
    Gap,
    Flag,
    /// A `Home` that was asked for is to be committed or refused.
    Answer,
}

/// The input that is being worked at.
#[derive(Debug)]
pub(super) struct Doing {
    pub(super) number: usize,
    pub(super) input: Input,
    /// When what it is about arrived or was noticed, and the lag that goes with it.
    pub(super) at: u64,
    pub(super) lag: u64,
    pub(super) taken: u64,
    pub(super) answers: u32,
    pub(super) must: Option<Must>,
    /// Own receipts that became durable and are to be published.
    pub(super) unpublished: Vec<Id>,
    /// Own refusals of epochs that became durable and are to be published.
    pub(super) unsaid: Vec<u64>,
    /// Receipts that became durable and are to be counted.
    pub(super) uncounted: u64,
    /// A flag got the receipt instead of what was offered.
    pub(super) flagged: bool,
    pub(super) failed: bool,
    pub(super) conflicts: u32,
    /// The signature under a `Home` came again after the time in which it should have been answered.
    pub(super) again: bool,
}

#[derive(Debug)]
pub(super) enum Input {
    Read,
    Submit(Box<Item>),
    Tick,
    Returned,
    Learn(Vec<Item>),
}

/// What the log was asked.
#[derive(Debug)]
enum Asked {
    Find,
    Read {
        key: Id,
        after: u64,
        limit: u64,
    },
    Append {
        key: Id,
        expected: u64,
        entries: Vec<Entry>,
        placed: Vec<Placed>,
        genesis: Option<Bytes>,
        open: Option<bool>,
    },
}

/// A game on its way from the log into memory.
#[derive(Debug)]
struct Reading {
    known: Known,
    /// The chains still to be read, the next one last, each with its end.
    left: Vec<(Id, u64)>,
    own_end: u64,
}

/// What a relay has of a game in memory.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) known: Option<Known>,
    /// A new game before its first entry is durable.
    pub(super) creating: bool,
    /// The end of the own chain, as the log said last.
    pub(super) own_end: u64,
    /// The outage before this process is to be stamped.
    pub(super) due: bool,
    /// `Home`s to this relay, and when the first signature came.
    pub(super) asked_homes: Vec<(Home, u64)>,
    pub(super) doing: Option<Doing>,
    asked: Option<Asked>,
    reading: Option<Reading>,
}

/// One game.
#[derive(Debug)]
pub(super) struct Game {
    pub(super) id: GameId,
    /// It may be older than the trace: what the log holds is taken as it is found first.
    adopts: bool,
    /// The genesis, once the log holds it for certain.
    pub(super) stored: Option<Bytes>,
    /// An append that would have stored it was never answered.
    maybe_stored: bool,
    /// Whether the log lists it as one that goes on; nothing where that is not known.
    pub(super) open: Option<bool>,
    pub(super) chains: BTreeMap<Id, Chain>,
    pub(super) memory: Option<Memory>,
    /// Whether this run found the outage before it still to be stamped, for a game that is not in memory.
    due_in_log: Option<bool>,
    /// Receipts of other keys that were taken for true, with the line.
    pub(super) foreign: Vec<(usize, Id, Id)>,
}

type Checked<T = ()> = Result<T, String>;

impl Game {
    pub(super) fn new(id: GameId, adopts: bool) -> Self {
        Self {
            id,
            adopts,
            stored: None,
            maybe_stored: false,
            open: None,
            chains: BTreeMap::new(),
            memory: None,
            due_in_log: None,
            foreign: Vec::new(),
        }
    }

    /// The process is gone: memory is lost, and what was asked of the log and not answered was carried out or never will be.
    pub(super) fn crash(&mut self) {
        self.forget();
        for chain in self.chains.values_mut() {
            chain.settle();
        }
        self.due_in_log = None;
    }

    /// Memory is lost.
    fn forget(&mut self) {
        let asked = self.memory.take().and_then(|memory| memory.asked);
        if let Some(Asked::Append {
            key,
            expected,
            entries,
            genesis,
            ..
        }) = asked
        {
            self.maybe_stored |= genesis.is_some();
            let chain = self.chains.entry(key).or_default();
            chain.unknown(expected, entries);
        }
    }

    /// Whether the outage before this run is still to be stamped.
    pub(super) fn is_due(&mut self, run: &Run, tools: &mut Tools) -> Checked<bool> {
        if let Some(memory) = &self.memory
            && memory.known.is_some()
        {
            return Ok(memory.due);
        }
        if let Some(due) = self.due_in_log {
            return Ok(due);
        }
        let Some(genesis) = &self.stored else {
            return Ok(false);
        };
        let Item::Genesis(genesis) = read_item(&genesis.0)? else {
            return Ok(false);
        };
        let mut known = Known::new(self.id, genesis);
        for (key, chain) in &self.chains {
            for entry in chain.entries() {
                known.add_placed(run.own.0, &placed(self.id, run, *key, entry)?);
            }
        }
        let due = outage_is_due(&*known.view(tools)?, run);
        self.due_in_log = Some(due);
        Ok(due)
    }

    /// A line about this game.
    pub(super) fn step(
        &mut self,
        run: &Run,
        number: usize,
        event: &Event,
        tools: &mut Tools,
    ) -> Checked {
        match event {
            Event::Opened => {
                // A task that died leaves no other line.
                self.forget();
                self.memory = Some(Memory::default());
                return Ok(());
            }
            Event::Left => {
                self.settle(number)?;
                let memory = self.memory.take();
                if memory.is_none_or(|memory| memory.asked.is_some()) {
                    return Err("a game leaves memory in the midst of a step".into());
                }
                return Ok(());
            }
            _ => {}
        }
        let Some(memory) = &self.memory else {
            return Err("a step of a game that is not in memory".into());
        };
        let answers = matches!(
            event,
            Event::Found { .. }
                | Event::Entries { .. }
                | Event::Appended { .. }
                | Event::Conflict { .. }
                | Event::LogFailed { .. }
        );
        match (&memory.asked, answers) {
            (Some(_), false) => {
                return Err("the game goes on before the log has answered".into());
            }
            (None, true) => return Err("the log answers what it was not asked".into()),
            _ => {}
        }
        match event {
            Event::Read
            | Event::Submit { .. }
            | Event::Tick { .. }
            | Event::Returned { .. }
            | Event::Learn { .. } => {
                self.settle(number)?;
                self.begin(run, number, event, tools)
            }
            Event::Shown { after, items } => {
                self.settle(number)?;
                self.shown(run, after.as_ref(), items, tools)
            }
            _ if memory.doing.is_none() => Err("something is done that nothing led to".into()),
            Event::FindGame => self.ask(Asked::Find),
            Event::ReadChain { key, after, limit } => {
                let key = id(key)?;
                self.ask(Asked::Read {
                    key,
                    after: *after,
                    limit: *limit,
                })
            }
            Event::Append {
                key,
                expected,
                genesis,
                entries,
                open,
            } => {
                let key = id(key)?;
                let placed: Vec<Placed> = entries
                    .iter()
                    .map(|entry| placed(self.id, run, key, entry))
                    .collect::<Checked<_>>()?;
                self.may_append(run, key, *expected, genesis.as_ref(), &placed, *open, tools)?;
                self.ask(Asked::Append {
                    key,
                    expected: *expected,
                    entries: entries.clone(),
                    placed,
                    genesis: genesis.clone(),
                    open: *open,
                })
            }
            Event::Found { game } => self.found(run, game.as_ref(), tools),
            Event::Entries { entries } => self.entries(run, entries, tools),
            Event::Appended { head } => self.appended(run, *head, tools),
            Event::Conflict { actual } => self.conflict(*actual),
            Event::LogFailed { .. } => self.log_failed(),
            told => self.told(run, told, tools),
        }
    }

    fn ask(&mut self, asked: Asked) -> Checked {
        if let Some(memory) = &mut self.memory {
            memory.asked = Some(asked);
        }
        Ok(())
    }

    /// What was begun is over: nothing may be left of it.
    fn settle(&mut self, number: usize) -> Checked {
        let doing = self.memory.as_mut().and_then(|memory| memory.doing.take());
        let Some(doing) = doing else {
            return Ok(());
        };
        let from = doing.number;
        if let Input::Submit(_) = doing.input
            && doing.answers != 1
        {
            return Err(format!(
                "P9: what was offered at line {from} is answered {} times before line {number}",
                doing.answers
            ));
        }
        if !doing.unpublished.is_empty() || !doing.unsaid.is_empty() {
            return Err(format!(
                "P9: what became durable behind line {from} is not published before line {number}"
            ));
        }
        if doing.uncounted != 0 {
            return Err(format!(
                "receipts that became durable behind line {from} are not told of as ordered"
            ));
        }
        match doing.must {
            None => Ok(()),
            Some(Must::Gap) => Err(format!(
                "P6: the outage of the relay is due to be stamped at line {from}, and is not"
            )),
            Some(Must::Flag) => Err(format!(
                "P6: the flag is due to fall at line {from}, and does not"
            )),
            Some(Must::Answer) => Err(format!(
                "P9: a home that was asked for is neither committed nor refused at line {from}"
            )),
        }
    }

    fn begin(&mut self, run: &Run, number: usize, event: &Event, tools: &mut Tools) -> Checked {
        let (input, at, lag, taken) = match event {
            Event::Submit {
                item,
                at,
                lag,
                taken,
            } => {
                if at > taken {
                    return Err("P6: something arrived after it was taken up".into());
                }
                let item = Box::new(read_item(&item.0)?);
                (Input::Submit(item), *at, *lag, *taken)
            }
            Event::Tick { lag, taken } => (Input::Tick, *taken, *lag, *taken),
            Event::Returned { taken } => (Input::Returned, *taken, 0, *taken),
            Event::Learn { items, taken } => {
                let items = items.iter().map(|item| read_item(&item.0));
                (
                    Input::Learn(items.collect::<Checked<_>>()?),
                    *taken,
                    0,
                    *taken,
                )
            }
            _ => (Input::Read, 0, 0, 0),
        };
        let offered: Vec<Item> = match &input {
            Input::Submit(item) => vec![(**item).clone()],
            Input::Learn(items) => items.clone(),
            _ => Vec::new(),
        };
        let submits = matches!(input, Input::Submit(_));
        for item in &offered {
            self.offered(run, number, item, submits, tools)?;
        }
        let id = self.id;
        let Some(memory) = &mut self.memory else {
            return Ok(());
        };
        let mut again = false;
        if let (Input::Submit(item), Some(known)) = (&input, &memory.known)
            && let Item::Home(home) = &**item
            && home.body.to == run.own
            && known
                .players
                .iter()
                .any(|player| tools.checked.signed(*player, id, home))
        {
            let view = known.view(tools)?;
            let asked = memory
                .asked_homes
                .iter()
                .find(|(asked, _)| *asked == home.body);
            match asked {
                Some((_, first)) => again = at >= first + LAPSE_MS,
                None if home.body.epoch.get() > view.orderer().1 => {
                    memory.asked_homes.push((home.body, at));
                }
                None => {}
            }
        }
        let must = match (&input, &memory.known) {
            (Input::Tick, Some(known)) => {
                let view = known.view(tools)?;
                must_at(memory, &view, run, lag, taken)
            }
            (Input::Returned, Some(known)) => {
                let own = known.view(tools)?.orderer().0 == run.own.0;
                (memory.due && own).then_some(Must::Gap)
            }
            _ => None,
        };
        memory.doing = Some(Doing {
            number,
            input,
            at,
            lag,
            taken,
            answers: 0,
            must,
            unpublished: Vec::new(),
            unsaid: Vec::new(),
            uncounted: 0,
            flagged: false,
            failed: false,
            conflicts: 0,
            again,
        });
        Ok(())
    }

    /// Takes in what a client or another relay gives. What bears no good signature of a relay is nothing.
    fn offered(
        &mut self,
        run: &Run,
        number: usize,
        item: &Item,
        submits: bool,
        tools: &mut Tools,
    ) -> Checked {
        let genuine = match item {
            Item::Receipt { by, receipt } => tools.ordered(*by, self.id, receipt),
            Item::Lapsed { by, lapsed } => tools.ordered(*by, self.id, lapsed),
            _ => true,
        };
        if !genuine {
            return Ok(());
        }
        match item {
            Item::Receipt { by, receipt } if *by == run.own => {
                if !self.holds_receipt(run.own.0, receipt.hash()) {
                    return Err(
                        "P3: somebody has a receipt of this relay that its log does not hold"
                            .into(),
                    );
                }
            }
            Item::Lapsed { by, lapsed } if *by == run.own => {
                if !self.holds_lapse(run.own.0, lapsed.body.epoch.get()) {
                    return Err(
                        "P3: somebody has a refusal of this relay that its log does not hold"
                            .into(),
                    );
                }
            }
            Item::Receipt { by, receipt } => {
                self.foreign.push((number, by.0, receipt.hash().0));
            }
            _ => {}
        }
        let Some(memory) = &mut self.memory else {
            return Ok(());
        };
        match (&mut memory.known, item) {
            (Some(known), item) => known.add(item),
            (None, Item::Genesis(genesis)) if genesis.body.id() == self.id => {
                memory.known = Some(Known::new(self.id, genesis.clone()));
                memory.creating = submits;
            }
            (None, _) => {}
        }
        Ok(())
    }

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
            entries.any(|entry| (entry.epoch, entry.seq) == (epoch, super::known::LAPSE_SEQ))
        })
    }

    fn found(&mut self, run: &Run, game: Option<&Stored>, tools: &mut Tools) -> Checked {
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

    fn entries(&mut self, run: &Run, found: &[(u64, Entry)], tools: &mut Tools) -> Checked {
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

    fn appended(&mut self, run: &Run, head: u64, tools: &mut Tools) -> Checked {
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
                    if matches!(body.what, rookery_ledger::record::What::Gap { .. }) {
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

    fn conflict(&mut self, actual: u64) -> Checked {
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

    fn log_failed(&mut self) -> Checked {
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

impl Memory {
    /// A game that could not be created is not known.
    pub(super) fn uncreate(&mut self) {
        if std::mem::take(&mut self.creating) {
            self.known = None;
        }
    }
}

/// What time makes due.
fn must_at(memory: &Memory, view: &View, run: &Run, lag: u64, now: u64) -> Option<Must> {
    let last = view.last().map_or(0, |last| last.at_ms);
    if view.is_clocked() && last > now + super::order::MAX_BEHIND_MS {
        return None;
    }
    if view.is_clocked() && view.orderer().0 == run.own.0 {
        if memory.due {
            if now >= run.since + RETURN_MS {
                return Some(Must::Gap);
            }
        } else if view.flag_at(lag).is_some_and(|flag| now >= flag) {
            return Some(Must::Flag);
        }
    }
    let mut asked = memory.asked_homes.iter();
    let late = asked.any(|(_, at)| now >= at + LAPSE_MS);
    (view.is_live() && late).then_some(Must::Answer)
}

fn goes_on(view: &View) -> bool {
    view.is_clocked() && view.board.end().is_none()
}

/// Whether the time before this run is to be stamped: a clock was running, and nothing was ordered since.
fn outage_is_due(view: &View, run: &Run) -> bool {
    let running = view.orderer().0 == run.own.0 && view.flag_at(0).is_some();
    let before = view.last().is_some_and(|last| last.at_ms < run.since);
    run.last_mark.is_some() && running && before
}

fn placed(game: GameId, run: &Run, key: Id, entry: &Entry) -> Checked<Placed> {
    if key == run.own.0 {
        own_entry(game, entry)
    } else {
        foreign_entry(entry)
    }
}

/// A key or a hash from its bytes.
pub(super) fn id(bytes: &Bytes) -> Checked<Id> {
    let id = bytes.0.as_slice().try_into();
    id.map_err(|_| format!("{} bytes where 32 should be", bytes.0.len()))
}

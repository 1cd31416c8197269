//! One game at one relay, as the protocol sees it: what its log holds, what of that is in memory, what is being done. Each
//! line of the trace must be a step that is allowed in that state; the steps are those of `model/relay_steps` and
//! `model/world`.

use std::collections::BTreeMap;

use rookery_ledger::id::{GameId, OrderKey};
use rookery_ledger::record::{Home, Item};
use rookery_relay::trace::{Bytes, Entry, Event};

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
pub(super) enum Asked {
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
pub(super) struct Reading {
    pub(super) known: Known,
    /// The chains still to be read, the next one last, each with its end.
    pub(super) left: Vec<(Id, u64)>,
    pub(super) own_end: u64,
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
    pub(super) asked: Option<Asked>,
    pub(super) reading: Option<Reading>,
}

/// One game.
#[derive(Debug)]
pub(super) struct Game {
    pub(super) id: GameId,
    /// It may be older than the trace: what the log holds is taken as it is found first.
    pub(super) adopts: bool,
    /// The genesis, once the log holds it for certain.
    pub(super) stored: Option<Bytes>,
    /// An append that would have stored it was never answered.
    pub(super) maybe_stored: bool,
    /// Whether the log lists it as one that goes on; nothing where that is not known.
    pub(super) open: Option<bool>,
    pub(super) chains: BTreeMap<Id, Chain>,
    pub(super) memory: Option<Memory>,
    /// Whether this run found the outage before it still to be stamped, for a game that is not in memory.
    due_in_log: Option<bool>,
    /// Receipts of other keys that were taken for true, with the line.
    pub(super) foreign: Vec<(usize, Id, Id)>,
}

pub(super) type Checked<T = ()> = Result<T, String>;

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
}

impl Memory {
    /// A game that could not be created is not known.
    pub(super) fn uncreate(&mut self) {
        if std::mem::take(&mut self.creating) {
            self.known = None;
        }
    }
}

pub(super) fn goes_on(view: &View) -> bool {
    view.is_clocked() && view.board.end().is_none()
}

/// Whether the time before this run is to be stamped: a clock was running, and nothing was ordered since.
pub(super) fn outage_is_due(view: &View, run: &Run) -> bool {
    let running = view.orderer().0 == run.own.0 && view.flag_at(0).is_some();
    let before = view
        .last_stamping()
        .is_some_and(|last| last.at_ms < run.since);
    run.last_mark.is_some() && running && before
}

/// Reads an entry of a chain.
pub(super) fn placed(game: GameId, run: &Run, key: Id, entry: &Entry) -> Checked<Placed> {
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

//! Steps of relays: the shipped sequencer over a log that answers reads at once, and appends when it comes to it.

use std::sync::Arc;

use rookery_ledger::codec;
use rookery_ledger::id::{Millis, OrderKey};
use rookery_ledger::order::Orderer;
use rookery_ledger::record::{Item, Record, What};
use rookery_relay::order_log::{Append, AppendError, Request, Response};
use rookery_relay::sequencer::{Command, Input, Progress, Reading, Reply, Sequencer, Step};

use super::facts::{Facts, broken, digest};
use super::logs::Log;
use super::steps::{Fate, NOBODY, RelayInput, RelayNode, RelayStep, Steps, order_key};

impl Steps {
    fn put_relay(&self, host: u8, sequencer: Sequencer) -> u32 {
        let (mut known, mut facts) = (Vec::new(), Facts::default());
        if let Some(orderer) = sequencer.orderer() {
            let items = orderer.game().items();
            known = self.known(&items);
            let own = format!("{:?}", orderer.beside());
            let (guilty, sound) = (&self.guilty, &self.sound);
            facts = Facts::of(orderer.game(), &items, known.clone(), &own, guilty, sound);
        }
        let beside = digest((facts.view, format!("{:?}", sequencer.beside())));
        let node = RelayNode {
            sequencer: Some(sequencer),
            facts,
        };
        self.relays.put((host, known, beside), node)
    }

    /// The state after a relay's step over this log, what it asks the log to append, and the promises that the step broke.
    pub(super) fn relay(&self, host: u8, node: u32, log: u32, input: RelayInput) -> RelayStep {
        self.relay_steps.or_take((host, node, log, input), || {
            self.relay_step(host, node, &self.logs.get(log), input)
        })
    }

    fn relay_step(&self, host: u8, node: u32, log: &Log, input: RelayInput) -> RelayStep {
        let before = self.relays.get(node);
        let mut sequencer = match (input, &before.sequencer) {
            (RelayInput::Start(outage), _) => {
                let outage = outage.map(|(from, to)| (self.at(from), self.at(to)));
                Sequencer::new(self.genesis.body.id(), Arc::new(order_key(host)), outage)
            }
            (_, Some(sequencer)) => sequencer.clone(),
            (_, None) => return (NOBODY, None, 0),
        };
        let mut wrong = 0;
        let mut step = self.put_in(&mut sequencer, log, input);
        let asked = loop {
            wrong |= self.untrue(host, log, &sequencer, input, &step);
            match step.ask {
                None => break None,
                Some(Request::Append(append)) => break Some(append),
                Some(read) => step = sequencer.answered(log.answer(&read)),
            }
        };
        if let (Some(append), RelayInput::Submit(item, _)) = (&asked, input)
            && before.facts.seat.is_some()
            && self.genesis.body.clock.is_clocked()
            && seats(append, &self.items.get(item))
        {
            wrong |= broken::SEATS;
        }
        let asked = asked.map(|append| self.append_number(append));
        (self.put_relay(host, sequencer), asked, wrong)
    }

    fn put_in(&self, sequencer: &mut Sequencer, log: &Log, input: RelayInput) -> Step {
        let input = match input {
            RelayInput::Start(_) | RelayInput::Read => Input::Read,
            RelayInput::Submit(item, at) => Input::Submit {
                item: Box::new((*self.items.get(item)).clone()),
                at: self.at(at),
                lag: Millis::ZERO,
                now: self.at(at),
            },
            RelayInput::Learn(from, entry, at) => {
                let from = self.logs.get(from);
                let numbers = from.items.get(usize::from(entry)).into_iter().flatten();
                Input::Learn {
                    items: numbers
                        .map(|item| (*self.items.get(*item)).clone())
                        .collect(),
                    now: self.at(at),
                }
            }
            RelayInput::Tick(at) => Input::Tick {
                now: self.at(at),
                lag: Millis::ZERO,
            },
            RelayInput::Returned(at) => Input::Returned { now: self.at(at) },
            RelayInput::Answered(append, fate) => {
                let appending = self.appends.get(append);
                return sequencer.answered(Response::Append(match fate {
                    Fate::Durable => Ok(appending.end()),
                    Fate::Conflict => Err(AppendError::Conflict {
                        actual: log.end(appending.append.chain.order_key),
                    }),
                    Fate::Unknown => Err(AppendError::Unavailable("no answer".into())),
                }));
            }
        };
        sequencer.begin(input)
    }

    /// What is told of the order is in the log, and so is a record that is said to be carried out.
    fn untrue(
        &self,
        host: u8,
        log: &Log,
        sequencer: &Sequencer,
        input: RelayInput,
        step: &Step,
    ) -> u16 {
        let own = self.order_keys[usize::from(host)];
        if self.guilty.relay == Some(own) {
            // Who has this key tells what it likes.
            return 0;
        }
        let is_true = |command: &Command| match command {
            Command::Publish(items) => {
                let mut told = items.iter().filter(|item| is_promise(item, own));
                told.all(|item| log.holds(self.item(item)))
            }
            Command::Answer(Reply::Done) => match input {
                RelayInput::Submit(item, _) => {
                    self.is_ordered(own, log, sequencer, &self.items.get(item))
                }
                _ => true,
            },
            _ => true,
        };
        if step.commands.iter().all(is_true) {
            0
        } else {
            broken::UNTRUE
        }
    }

    /// Whether a record has a receipt: one of another key, or an own one that is in the log.
    fn is_ordered(&self, own: OrderKey, log: &Log, sequencer: &Sequencer, item: &Item) -> bool {
        let (Item::Record(record), Some(orderer)) = (item, sequencer.orderer()) else {
            return true;
        };
        let hash = record.hash();
        orderer.game().items().iter().any(|item| match item {
            Item::Receipt { by, receipt } if receipt.body.what == What::Record(hash) => {
                *by != own || log.holds(self.item(item))
            }
            _ => false,
        })
    }

    /// The game as a relay of `host` reads it from its log.
    pub(super) fn read(&self, host: u8, log: &Log) -> Option<Orderer> {
        let key = order_key(host);
        let (mut reading, mut request) = Reading::start(self.genesis.body.id());
        loop {
            match reading.next(&key, log.answer(&request)) {
                Progress::Ask(next) => request = next,
                Progress::Ended(read) => return Some(read.ok()??.orderer),
            }
        }
    }
}

/// Whether a relay promises something by this item.
fn is_promise(item: &Item, own: OrderKey) -> bool {
    matches!(item, Item::Receipt { by, .. } | Item::Lapsed { by, .. } if *by == own)
}

/// Whether an append orders this item, and it is a Seat.
fn seats(append: &Append, item: &Item) -> bool {
    let is_seat = matches!(item, Item::Record(record) if matches!(record.body, Record::Seat(_)));
    is_seat && {
        let bytes = codec::encode(item);
        let mut entries = append.entries.iter();
        entries.any(|entry| entry.item.as_ref() == Some(&bytes))
    }
}

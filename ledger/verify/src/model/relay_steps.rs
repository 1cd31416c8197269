//! Steps of relays: what the shipped relay does around its orderer, over a log that is asked and not awaited.

use rookery_ledger::Game;
use rookery_ledger::id::{Millis, OrderKey};
use rookery_ledger::order::{Decision, Orderer};
use rookery_ledger::record::{Item, Record, What};

use super::facts::{Facts, broken};
use super::steps::{Log, LogEntry, NOBODY, RelayInput, RelayNode, Steps, order_key};

impl Steps {
    fn put_relay(&self, host: u8, orderer: Orderer) -> u32 {
        let items = orderer.game().items();
        let known = self.known(&items);
        let own = format!("{:?}", orderer.beside());
        let facts = Facts::of(
            orderer.game(),
            &items,
            known.clone(),
            &own,
            &self.guilty,
            &self.sound,
        );
        let key = (host, known, facts.view);
        self.relays.put(
            key,
            RelayNode {
                orderer: Some(orderer),
                facts,
            },
        )
    }

    /// The state after a relay's step, what it asks the log to append, and the promises that the step broke.
    pub(super) fn relay(&self, host: u8, node: u32, input: RelayInput) -> (u32, Option<u32>, u16) {
        self.relay_steps
            .or_take((host, node, input), || self.relay_step(host, node, input))
    }

    fn relay_step(&self, host: u8, node: u32, input: RelayInput) -> (u32, Option<u32>, u16) {
        let (before, key) = (self.relays.get(node), order_key(host));
        if let RelayInput::Load(log, outage) = input {
            let orderer = self.load(host, &self.logs.get(log), outage);
            return (
                orderer.map_or(NOBODY, |orderer| self.put_relay(host, orderer)),
                None,
                0,
            );
        }
        let Some(mut orderer) = before.orderer.clone() else {
            return self.create(host, input);
        };
        let (mut wrong, mut batch) = (0, None);
        let decision = match input {
            RelayInput::Submit(item, at) => {
                let item = self.items.get(item);
                let decision = orderer.submit(&item, self.at(at), Millis::ZERO);
                if let Decision::Elsewhere(_) = decision {
                    let _ = orderer.learn((*item).clone());
                }
                let ordered = matches!(decision, Decision::Append { then: None, .. });
                if ordered
                    && before.facts.seat.is_some()
                    && is_seat(&item)
                    && orderer.game().is_clocked()
                {
                    wrong |= broken::SEATS;
                }
                decision
            }
            RelayInput::Tick(at) => orderer.tick(self.at(at), Millis::ZERO),
            RelayInput::Returned(at) => orderer.mover_returned(self.at(at)),
            RelayInput::Commit(batch) => {
                for entry in &self.batches.get(batch).entries {
                    match entry {
                        LogEntry::Order(entry) => {
                            drop(orderer.commit(&key, std::slice::from_ref(entry)))
                        }
                        LogEntry::Lapse(lapsed) => drop(orderer.lapse(&key, *lapsed)),
                        LogEntry::Foreign(_) => {}
                    }
                }
                Decision::Done
            }
            RelayInput::Load(..) => Decision::Done,
        };
        match decision {
            Decision::Append { entries, .. } => {
                let takes_over = entries
                    .iter()
                    .any(|entry| matches!(entry.receipt.what, What::Home(_)));
                let mut appended = if takes_over {
                    foreign(orderer.game(), key.order())
                } else {
                    Vec::new()
                };
                appended.extend(
                    entries
                        .into_iter()
                        .map(|entry| LogEntry::Order(Box::new(entry))),
                );
                batch = Some(self.batch(appended));
            }
            Decision::Lapse(lapsed) if !orderer.game().has_lapsed(key.order(), lapsed.epoch) => {
                batch = Some(self.batch(vec![LogEntry::Lapse(lapsed)]));
            }
            Decision::Lapse(_) | Decision::Done | Decision::Elsewhere(_) | Decision::Refused(_) => {
            }
        }
        (self.put_relay(host, orderer), batch, wrong)
    }

    fn create(&self, host: u8, input: RelayInput) -> (u32, Option<u32>, u16) {
        let RelayInput::Submit(item, at) = input else {
            return (NOBODY, None, 0);
        };
        let Item::Genesis(genesis) = &*self.items.get(item) else {
            return (NOBODY, None, 0);
        };
        let created = Orderer::create(genesis.clone(), order_key(host).order(), self.at(at));
        let Ok((orderer, entry)) = created else {
            return (NOBODY, None, 0);
        };
        let elsewhere = orderer.elsewhere().is_some();
        let batch = (!elsewhere).then(|| self.batch(vec![LogEntry::Order(Box::new(entry))]));
        (self.put_relay(host, orderer), batch, 0)
    }

    /// The game as a relay of `host` reads it from its log, after the relay's own `sequencer::Reading`.
    pub(super) fn load(&self, host: u8, log: &Log, outage: Option<(u8, u8)>) -> Option<Orderer> {
        let key = order_key(host);
        if log.entries.is_empty() {
            return None;
        }
        let mut game = Game::new(self.genesis.clone()).ok()?;
        let mut lapsed = Vec::new();
        for entry in &log.entries {
            match entry {
                LogEntry::Foreign(item) => drop(game.insert((**item).clone())),
                LogEntry::Lapse(body) => {
                    lapsed.push(body.epoch);
                    drop(game.insert(Item::Lapsed {
                        by: key.order(),
                        lapsed: key.sign(game.id(), *body),
                    }));
                }
                LogEntry::Order(entry) => {
                    if let Some(item) = &entry.item {
                        drop(game.insert(item.clone()));
                    }
                    drop(game.insert(Game::sign_receipt(&key, entry.receipt)));
                }
            }
        }
        let mut orderer = Orderer::new(game, key.order(), lapsed);
        if let Some((from, to)) = outage {
            let last = orderer.game().state().last_receipt();
            if last.is_some_and(|last| last.receipt.at_ms < self.at(to)) {
                orderer.resumed(self.at(from), self.at(to));
            }
        }
        Some(orderer)
    }
}

fn is_seat(item: &Item) -> bool {
    matches!(item, Item::Record(record) if matches!(record.body, Record::Seat(_)))
}

/// What a relay that takes over keeps of what others ordered and signed.
fn foreign(game: &Game, own: OrderKey) -> Vec<LogEntry> {
    let mut kept = Vec::new();
    for item in game.items() {
        match &item {
            Item::Receipt { by, receipt } if *by != own => {
                if let What::Record(hash) = receipt.body.what
                    && let Some(entry) = game.record(hash)
                {
                    kept.push(LogEntry::Foreign(Box::new(Item::Record(
                        entry.signed.clone(),
                    ))));
                }
                kept.push(LogEntry::Foreign(Box::new(item)));
            }
            Item::Home(_) => kept.push(LogEntry::Foreign(Box::new(item))),
            _ => {}
        }
    }
    kept
}

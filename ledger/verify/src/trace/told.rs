//! What the relay tells: nothing of its own that is not durable, nothing that nobody signed, all that it should, and each
//! answer with a reason.

use rookery_ledger::id::PlayerKey;
use rookery_ledger::record::{Item, What};
use rookery_relay::trace::{Bytes, Event, Said};

use super::game::{Checked, Game, Input, Run, id};
use super::known::{Known, Placed, Tools, own_entry, read_item};
use super::order::MAX_BEHIND_MS;
use super::refusals::true_codes;
use crate::reference::Id;

impl Game {
    /// A command of the step that is being worked at.
    pub(super) fn told(&mut self, run: &Run, event: &Event, tools: &mut Tools) -> Checked {
        match event {
            Event::Publish { items } => self.published(run, items, tools),
            Event::Reply { said } => self.replied(run, said, tools),
            Event::Forward { to, otherwise } => self.forwarded(run, to, otherwise, tools),
            Event::Upstream { item } => {
                let item = read_item(&item.0)?;
                self.is_known(&item)
            }
            Event::Later { .. } | Event::Trouble { .. } => Ok(()),
            Event::Mark { open, entries } => {
                if !entries.is_empty() {
                    return Err("P3: entries are appended, and nobody waits for the answer".into());
                }
                let over = self
                    .known()
                    .map(|known| known.view(tools))
                    .transpose()?
                    .is_some_and(|view| view.board.end().is_some());
                if *open == Some(false) && !over {
                    return Err("P9: a game that goes on is no longer listed as open".into());
                }
                // Nobody hears whether it was carried out.
                self.open = None;
                Ok(())
            }
            Event::Ordered { receipts } => {
                let doing = self
                    .memory
                    .as_mut()
                    .and_then(|memory| memory.doing.as_mut());
                let Some(doing) = doing.filter(|doing| doing.uncounted == *receipts) else {
                    return Err(format!(
                        "P3: {receipts} receipts are ordered that are not durable"
                    ));
                };
                doing.uncounted = 0;
                Ok(())
            }
            Event::Reached { turn } => self.reached(run, turn, tools),
            _ => Err("a line that has no place there".into()),
        }
    }

    pub(super) fn known(&self) -> Option<&Known> {
        self.memory.as_ref()?.known.as_ref()
    }

    fn is_known(&self, item: &Item) -> Checked {
        match self.known() {
            Some(known) if known.has(item) => Ok(()),
            _ => Err("P4: something is told that nobody gave the relay".into()),
        }
    }

    fn published(&mut self, run: &Run, items: &[Bytes], tools: &mut Tools) -> Checked {
        for bytes in items {
            let item = read_item(&bytes.0)?;
            match &item {
                Item::Receipt { by, receipt } => {
                    if !tools.ordered(*by, self.id, receipt) {
                        return Err("P4: a receipt is published that its key did not sign".into());
                    }
                    let hash = receipt.hash();
                    if *by != run.own {
                        let known = self
                            .known()
                            .is_some_and(|known| known.has_receipt(by.0, hash.0));
                        if !known {
                            return Err(
                                "P4: another relay's receipt is published that nobody gave".into(),
                            );
                        }
                    } else if !self.holds_receipt(by.0, hash) {
                        return Err(format!(
                            "P3: the receipt for epoch {} place {} is published before it is durable",
                            receipt.body.epoch.get(),
                            receipt.body.seq.get()
                        ));
                    }
                    if let Some(doing) = self
                        .memory
                        .as_mut()
                        .and_then(|memory| memory.doing.as_mut())
                    {
                        doing.unpublished.retain(|due| *due != hash.0);
                    }
                }
                Item::Lapsed { by, lapsed } => {
                    if !tools.ordered(*by, self.id, lapsed) {
                        return Err(
                            "P4: a refusal of an epoch is published that its key did not sign"
                                .into(),
                        );
                    }
                    let epoch = lapsed.body.epoch.get();
                    if *by == run.own && !self.holds_lapse(by.0, epoch) {
                        return Err(format!(
                            "P2: the refusal of epoch {epoch} is published before it is durable"
                        ));
                    }
                    if let Some(doing) = self
                        .memory
                        .as_mut()
                        .and_then(|memory| memory.doing.as_mut())
                    {
                        doing.unsaid.retain(|due| *due != epoch);
                    }
                }
                _ => self.is_known(&item)?,
            }
        }
        Ok(())
    }

    fn replied(&mut self, run: &Run, said: &Said, tools: &mut Tools) -> Checked {
        let Some(memory) = &mut self.memory else {
            return Ok(());
        };
        let Some(doing) = &mut memory.doing else {
            return Ok(());
        };
        let Input::Submit(item) = &doing.input else {
            return Err("P9: an answer, and nobody asked".into());
        };
        let item = (**item).clone();
        doing.answers += 1;
        let (taken, flagged, failed) = (doing.taken, doing.flagged, doing.failed);
        let conflicts = doing.conflicts;
        if *said == Said::Done && flagged {
            return Err("P6: a record is acknowledged, and the flag got the receipt".into());
        }
        match said {
            Said::Done => self.is_done(run, &item, tools),
            Said::Refused(code) if code == "out-of-time" => {
                if flagged {
                    Ok(())
                } else {
                    Err("P6: refused as too late, and no flag has fallen".into())
                }
            }
            Said::Refused(code) => {
                if flagged {
                    return Err(format!(
                        "P6: the flag has fallen, and the answer is `{code}`"
                    ));
                }
                if memory.creating {
                    memory.uncreate();
                    return Ok(());
                }
                self.is_refused(run, &item, code, tools)
            }
            Said::Failed if failed => Ok(()),
            Said::Failed => Err("P9: the log is said to have failed, and it has not".into()),
            Said::ClockBehind(ms) => {
                let last = match self.known() {
                    Some(known) => known.view(tools)?.last().map_or(0, |last| last.at_ms),
                    None => 0,
                };
                let behind = last.saturating_sub(taken);
                if behind == *ms && behind > MAX_BEHIND_MS {
                    Ok(())
                } else {
                    Err(format!(
                        "P6: the clock is said to be {ms} ms behind, and is {behind}"
                    ))
                }
            }
            Said::Contended if conflicts > 0 => Ok(()),
            Said::Contended => Err("P9: another relay is said to have been faster".into()),
            Said::NoHome => self.is_elsewhere(run, tools),
            Said::Unknown if self.known().is_none() => Ok(()),
            Said::Unknown => Err("P9: a game that is known is said not to be".into()),
            Said::Busy => Err("P9: an answer that no driver lets come about".into()),
        }
    }

    fn is_elsewhere(&self, run: &Run, tools: &mut Tools) -> Checked {
        let Some(known) = self.known() else {
            return Ok(());
        };
        let view = known.view(tools)?;
        if view.is_clocked() && view.orderer().0 != run.own.0 {
            Ok(())
        } else {
            Err("P9: a game of this relay's own is sent elsewhere".into())
        }
    }

    fn forwarded(&mut self, run: &Run, to: &Bytes, otherwise: &Said, tools: &mut Tools) -> Checked {
        let Some(memory) = &mut self.memory else {
            return Ok(());
        };
        memory.creating = false;
        let Some(doing) = &mut memory.doing else {
            return Ok(());
        };
        let Input::Submit(item) = &doing.input else {
            return Err("P9: something is passed on that nobody offered".into());
        };
        let item = (**item).clone();
        doing.answers += 1;
        if id(to)? == run.own.0 || !matches!(otherwise, Said::Done | Said::NoHome) {
            return Err("P9: something is passed on to who has it".into());
        }
        if let Item::Home(home) = &item {
            return if home.body.to.0 == id(to)? {
                Ok(())
            } else {
                Err("P9: a `home` is passed on to another relay than it names".into())
            };
        }
        self.is_elsewhere(run, tools)
    }

    /// `done` is said of what is durable here, or counts by another relay's receipt, or needs nothing more.
    fn is_done(&mut self, run: &Run, item: &Item, tools: &mut Tools) -> Checked {
        let Some(known) = self.known() else {
            return Err("P3: `done`, and the game is not known".into());
        };
        let view = known.view(tools)?;
        let elsewhere = view.is_clocked() && view.orderer().0 != run.own.0;
        let what = match item {
            Item::Genesis(_) => What::Genesis,
            Item::Record(record) => What::Record(record.hash()),
            Item::Continued { seat, .. } => What::Continued(seat.hash()),
            Item::Home(_) | Item::Receipt { .. } | Item::Lapsed { .. } => return Ok(()),
        };
        if elsewhere {
            let counts = match what {
                What::Record(record) => view.is_counted(record.0),
                _ => true,
            };
            return if counts {
                Ok(())
            } else {
                Err("P3: a record is acknowledged that its home has not ordered".into())
            };
        }
        let mut durable = false;
        for entry in self
            .chains
            .get(&run.own.0)
            .into_iter()
            .flat_map(|chain| chain.entries())
        {
            if let Placed::Receipt(body, _) = own_entry(self.id, entry)? {
                durable |= body.what == what;
            }
        }
        let kept = matches!(what, What::Record(record) if view.is_counted(record.0));
        // A game that came from another home began there.
        let began = matches!(what, What::Genesis) && view.last().is_some();
        if durable || kept || began {
            Ok(())
        } else {
            Err("P3: something is acknowledged before it is durable".into())
        }
    }

    /// A refusal has a reason.
    fn is_refused(&self, run: &Run, item: &Item, code: &str, tools: &mut Tools) -> Checked {
        let Some(known) = self.known() else {
            return Ok(());
        };
        let view = known.view(tools)?;
        match item {
            Item::Record(signed) => {
                if view.is_clocked() && view.orderer().0 != run.own.0 {
                    return Ok(());
                }
                let plain = known.plain(signed, tools);
                let own = if view.is_clocked() {
                    view.is_counted(plain.hash) && view.board.has(plain.hash)
                } else {
                    self.holds_record(run, plain.hash)?
                };
                if own {
                    return Err(format!(
                        "P9: a record that has its receipt is refused as `{code}`"
                    ));
                }
                let codes = true_codes(&view, known, &plain);
                if codes.contains(&code) {
                    Ok(())
                } else if codes.is_empty() {
                    Err(format!(
                        "P9: a record that may stand is refused as `{code}`"
                    ))
                } else {
                    Err(format!(
                        "P9: a record is refused as `{code}`, and what is true of it is {}",
                        codes.join(", ")
                    ))
                }
            }
            Item::Home(home) => {
                let players = view.board.players().into_iter().flatten();
                let mut signed = players.map(PlayerKey);
                let by = signed.any(|player| tools.checked.signed(player, self.id, home));
                if by && home.body.epoch.get() > 0 && code != "too-many" && view.is_clocked() {
                    return Err(format!("P9: a player's `home` is refused as `{code}`"));
                }
                Ok(())
            }
            Item::Genesis(genesis) if genesis.body.id() == self.id => Err(format!(
                "P9: the genesis of a known game is refused as `{code}`"
            )),
            _ => Ok(()),
        }
    }

    fn holds_record(&self, run: &Run, record: Id) -> Checked<bool> {
        let chain = self.chains.get(&run.own.0);
        for entry in chain.into_iter().flat_map(|chain| chain.entries()) {
            if let Placed::Receipt(body, _) = own_entry(self.id, entry)?
                && matches!(body.what, What::Record(hash) if hash.0 == record)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn reached(&self, run: &Run, turn: &str, tools: &mut Tools) -> Checked {
        let view = match self.known() {
            Some(known) => known.view(tools)?,
            None => return Err("a turn of a game that is not known".into()),
        };
        let own = self.chains.get(&run.own.0);
        let right = match turn {
            "created" => own.is_some_and(|chain| !chain.is_empty()),
            "seated" => view.board.players().is_some(),
            "taken-over" => view.orderer().0 == run.own.0 && view.orderer().1 > 0,
            "over" => view.board.end().is_some(),
            _ => false,
        };
        if right {
            Ok(())
        } else {
            Err(format!("P1: the game is said to be {turn}, and is not"))
        }
    }
}

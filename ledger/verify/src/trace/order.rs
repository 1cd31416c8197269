//! What may be appended: the next places of the order, for what may stand there, when it may.

use rookery_ledger::codec;
use rookery_ledger::id::OrderKey;
use rookery_ledger::order::RETURN_MS;
use rookery_ledger::record::{Item, Receipt, What};
use rookery_relay::trace::Bytes;

use super::game::{Checked, Doing, Game, Input, Memory, Must, Run};
use super::known::{Known, Placed, Tools, View, read_item};
use super::refusals::why_not;
use crate::reference::Id;

/// A relay whose clock is further behind a game's last receipt orders nothing there, ms.
pub(super) const MAX_BEHIND_MS: u64 = 100;
/// The chain of what nobody ordered.
pub(super) const NOBODY: OrderKey = OrderKey([0; 32]);

impl Game {
    /// Whether the relay may ask its log for this append.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn may_append(
        &mut self,
        run: &Run,
        key: Id,
        expected: u64,
        genesis: Option<&Bytes>,
        placed: &[Placed],
        open: Option<bool>,
        tools: &mut Tools,
    ) -> Checked {
        let game = self.id;
        if let Some(genesis) = genesis {
            let is_own = match read_item(&genesis.0)? {
                Item::Genesis(genesis) => genesis.body.id() == game,
                _ => false,
            };
            if !is_own {
                return Err("P4: a game is stored under another genesis than its own".into());
            }
        } else if self.stored.is_none() {
            return Err("P3: an append to a game that the log does not hold".into());
        }
        let Some(memory) = &self.memory else {
            return Ok(());
        };
        let (Some(known), Some(doing)) = (&memory.known, &memory.doing) else {
            return Err("P4: an append to a game that is not known".into());
        };
        if key != run.own.0 {
            return keeps(known, key, placed, tools);
        }
        if expected != memory.own_end {
            return Err(format!(
                "P2: the append expects the chain to end at {expected}, and it ends at {}",
                memory.own_end
            ));
        }
        if placed.is_empty() {
            return Err("an append of nothing".into());
        }
        let clocked = known.genesis.body.clock.is_clocked();
        let must = match placed {
            [Placed::Lapsed(lapsed)] => {
                self.may_lapse(run, known, memory, doing, lapsed, tools)?;
                Some(Must::Answer)
            }
            _ if clocked => {
                let goes_on = known.view(tools)?.board.end().is_none();
                if goes_on && open.or(self.open) != Some(true) {
                    return Err(
                        "P9: a clocked game is ordered and not listed as one that goes on".into(),
                    );
                }
                Some(self.may_order(run, known, memory, doing, placed, tools)?)
            }
            _ => {
                self.may_store(run, known, doing, placed, tools)?;
                None
            }
        };
        let flagged = placed
            .iter()
            .any(|placed| matches!(placed, Placed::Receipt(body, _) if body.what == What::Flag));
        if let Some(memory) = &mut self.memory
            && let Some(doing) = &mut memory.doing
        {
            doing.flagged |= flagged && matches!(doing.input, Input::Submit(_));
            if doing.must == must {
                doing.must = None;
            }
        }
        Ok(())
    }

    /// Receipts of an untimed game: each for one valid record, in one chain of this relay's own.
    fn may_store(
        &self,
        run: &Run,
        known: &Known,
        doing: &Doing,
        placed: &[Placed],
        tools: &mut Tools,
    ) -> Checked {
        let view = known.view(tools)?;
        let (mut last, mut now): (Option<Receipt>, Vec<What>) = (None, Vec::new());
        if let Some(chain) = self.chains.get(&run.own.0)
            && let Some(entry) = chain.entries().last()
            && let Placed::Receipt(body, _) = super::known::own_entry(self.id, entry)?
        {
            last = Some(body);
        }
        for placed in placed {
            let Placed::Receipt(body, Some(item)) = placed else {
                return Err("P2: what has no meaning in an untimed game gets a receipt".into());
            };
            is_next(last.as_ref(), 0, body)?;
            is_timely(last.as_ref().map(|last| last.at_ms.get()), doing, body)?;
            match item {
                Item::Genesis(_) if last.is_none() => {}
                Item::Genesis(_) => return Err("P2: a genesis in the midst of a game".into()),
                Item::Record(signed) => {
                    // What waited for a record, or could not be stored, is ordered with it.
                    if !known.has(item) {
                        is_of(doing, item)?;
                    }
                    let plain = known.plain(signed, tools);
                    if !view.accepts(&plain) {
                        let why = why_not(&view, known, &plain);
                        return Err(format!(
                            "P4: a receipt for a record that cannot stand: {why}"
                        ));
                    }
                    let chain = self.chains.get(&run.own.0);
                    let mut before = chain.into_iter().flat_map(|chain| chain.entries());
                    let has_one = before.any(|entry| {
                        let placed = super::known::own_entry(self.id, entry);
                        matches!(placed, Ok(Placed::Receipt(old, _)) if old.what == body.what)
                    });
                    if has_one || now.contains(&body.what) {
                        return Err("P2: a second receipt for a record".into());
                    }
                }
                _ => return Err("P2: what has no meaning in an untimed game".into()),
            }
            now.push(body.what);
            last = Some(*body);
        }
        Ok(())
    }

    /// Receipts of a clocked game: `[gap] record`, `[gap] flag`, `[gap] continued`, a gap alone, the genesis, or a commit.
    fn may_order(
        &self,
        run: &Run,
        known: &Known,
        memory: &Memory,
        doing: &Doing,
        placed: &[Placed],
        tools: &mut Tools,
    ) -> Checked<Must> {
        let mut known = known.clone();
        let mut must = Must::Gap;
        let mut gap_due = memory.due;
        for placed in placed {
            let Placed::Receipt(body, item) = placed else {
                return Err("P2: a refusal of an epoch beside receipts".into());
            };
            let view = known.view(tools)?;
            let last = view.last().cloned();
            let commit = matches!(body.what, What::Home(_));
            let own = view.orderer().0 == run.own.0;
            if !own && !commit {
                return Err("P2: another relay orders this game".into());
            }
            if let Some(last) = &last
                && last.at_ms > doing.taken + MAX_BEHIND_MS
            {
                return Err("P6: a relay whose clock is behind the game's orders".into());
            }
            if commit {
                self.may_commit(run, &known, &view, body, item.as_ref(), tools)?;
            } else {
                let (epoch, next) = last
                    .as_ref()
                    .map_or((0, 0), |last| (last.epoch, last.seq + 1));
                let prev = last.as_ref().map(|last| last.hash);
                let right = (
                    body.epoch.get(),
                    body.seq.get(),
                    body.prev.map(|prev| prev.0),
                );
                if right != (epoch, next, prev) {
                    return Err(format!(
                        "P2: the receipt is for epoch {} place {}, or behind another one; the next is epoch {epoch} place {next}",
                        body.epoch.get(),
                        body.seq.get()
                    ));
                }
            }
            is_timely(last.as_ref().map(|last| last.at_ms), doing, body)?;
            let stamps = matches!(body.what, What::Gap { .. });
            if gap_due && !stamps && !commit {
                return Err(
                    "P6: something is ordered before the outage of the relay is stamped".into(),
                );
            }
            match (&body.what, item) {
                (What::Gap { ms }, _) => {
                    if !gap_due {
                        return Err("P6: a gap, and there was no outage".into());
                    }
                    gap_due = false;
                    is_right_gap(run, &view, doing, ms.get())?;
                }
                (What::Genesis, _) if last.is_none() => {}
                (What::Genesis, _) => return Err("P2: a genesis in the midst of a game".into()),
                (What::Record(_), Some(item @ Item::Record(signed))) => {
                    is_of(doing, item)?;
                    let plain = known.plain(signed, tools);
                    if !view.accepts(&plain) {
                        let why = why_not(&view, &known, &plain);
                        return Err(format!(
                            "P4: a receipt for a record that cannot stand: {why}"
                        ));
                    }
                    not_flagged(&view, body)?;
                }
                (What::Continued(_), Some(item)) => {
                    is_of(doing, item)?;
                    not_flagged(&view, body)?;
                }
                (What::Flag, _) => must = Must::Flag,
                (What::Home(_), _) => must = Must::Answer,
                _ => return Err("P3: a receipt without the record that it is for".into()),
            }
            known.add_placed(run.own.0, placed);
            let after = known.view(tools)?;
            let hash = codec::hash(body).0;
            if after.last().is_none_or(|last| last.hash != hash) {
                return Err("P2: a receipt that does not count where it stands".into());
            }
            let guilty = after
                .clocked
                .as_ref()
                .is_some_and(|state| state.guilty.contains(&hash));
            if guilty {
                return Err(match body.what {
                    What::Flag => "P6: the flag falls too early".into(),
                    What::Gap { .. } => "P6: a gap that is longer than the turn".into(),
                    _ => "P4: a receipt for what cannot stand there".to_owned(),
                });
            }
        }
        Ok(must)
    }
}

/// Keeps what others signed: only that, and only what is known.
fn keeps(known: &Known, key: Id, placed: &[Placed], tools: &mut Tools) -> Checked {
    for placed in placed {
        let right = match placed {
            Placed::Foreign(item @ Item::Receipt { by, receipt }, _) => {
                by.0 == key
                    && known.has_receipt(key, receipt.hash().0)
                    && known.has(item)
                    && tools.ordered(*by, known.game, receipt)
            }
            Placed::Foreign(item @ Item::Home(_), None) => key == NOBODY.0 && known.has(item),
            _ => false,
        };
        if !right {
            return Err("P4: the relay keeps what its signer did not give it".into());
        }
    }
    Ok(())
}

/// The next place of a chain of one key.
fn is_next(last: Option<&Receipt>, epoch: u64, body: &Receipt) -> Checked {
    let (seq, prev) = last.map_or((0, None), |last| {
        (last.seq.get() + 1, Some(codec::hash(last)))
    });
    if (body.epoch.get(), body.seq.get(), body.prev) == (epoch, seq, prev) {
        Ok(())
    } else {
        Err(format!(
            "P2: the receipt is for place {}, or behind another one; the next is {seq}",
            body.seq.get()
        ))
    }
}

/// The arrival of what it is for, raised to the time of the receipt before; and the lag that was measured.
fn is_timely(last: Option<u64>, doing: &Doing, body: &Receipt) -> Checked {
    let right = doing.at.max(last.unwrap_or(0));
    if body.at_ms.get() != right {
        return Err(format!(
            "P6: the receipt says {}, and what it is for came at {right}",
            body.at_ms.get()
        ));
    }
    let measured = matches!(body.what, What::Record(_) | What::Flag | What::Continued(_));
    if measured && body.lag_ms.get() != doing.lag {
        return Err("P6: the receipt says another lag than was measured".into());
    }
    Ok(())
}

/// A receipt is for what was offered.
fn is_of(doing: &Doing, item: &Item) -> Checked {
    let offered = match &doing.input {
        Input::Submit(offered) => **offered == *item,
        Input::Learn(items) => items.contains(item),
        _ => false,
    };
    if offered {
        Ok(())
    } else {
        Err("P4: a receipt for something that nobody offered".into())
    }
}

/// A record whose author's flag has fallen gets no receipt: the flag does.
fn not_flagged(view: &View, body: &Receipt) -> Checked {
    let flag = view.flag_at(body.lag_ms.get());
    if flag.is_some_and(|flag| body.at_ms.get() >= flag) {
        return Err("P6: a record is ordered, and the flag had fallen".into());
    }
    Ok(())
}

/// The gap is the outage: from the last alive mark (or the turn's beginning, if that is later; at most what lies behind the
/// last receipt) to the moment of this step, at most 10 s after the relay serves again.
fn is_right_gap(run: &Run, view: &View, doing: &Doing, ms: u64) -> Checked {
    let (Some(mark), Some(state)) = (run.last_mark, &view.clocked) else {
        return Err("P6: a gap, and there was no outage".into());
    };
    let until = doing.at.min(run.since + RETURN_MS);
    let turn = state.clocks.since.unwrap_or(until);
    let last = view.last().map_or(0, |last| last.at_ms);
    let elapsed = state.clocks.elapsed(doing.at);
    let most = until.saturating_sub(mark.max(turn)).min(elapsed);
    let least = until.saturating_sub(mark.max(turn).max(last)).min(elapsed);
    if ms < least || ms > most {
        return Err(format!(
            "P6: a gap of {ms} ms for an outage of {least} to {most} ms"
        ));
    }
    Ok(())
}

//! Inputs of a game: what is offered, and what time makes due.

use rookery_ledger::order::{LAPSE_MS, RETURN_MS};
use rookery_ledger::record::Item;
use rookery_relay::trace::Event;

use super::game::{Checked, Doing, Game, Input, Memory, Must, Run};
use super::known::{Known, Tools, View, read_item};
use super::order::MAX_BEHIND_MS;

impl Game {
    pub(super) fn begin(
        &mut self,
        run: &Run,
        number: usize,
        event: &Event,
        tools: &mut Tools,
    ) -> Checked {
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
            Item::Receipt { by, receipt }
                if *by == run.own && !self.holds_receipt(by.0, receipt.hash()) =>
            {
                return Err(
                    "P3: somebody has a receipt of this relay that its log does not hold".into(),
                );
            }
            Item::Lapsed { by, lapsed }
                if *by == run.own && !self.holds_lapse(by.0, lapsed.body.epoch.get()) =>
            {
                return Err(
                    "P3: somebody has a refusal of this relay that its log does not hold".into(),
                );
            }
            Item::Receipt { by, receipt } if *by != run.own => {
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
}

/// What time makes due.
fn must_at(memory: &Memory, view: &View, run: &Run, lag: u64, now: u64) -> Option<Must> {
    let last = view.last().map_or(0, |last| last.at_ms);
    if view.is_clocked() && last > now + MAX_BEHIND_MS {
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

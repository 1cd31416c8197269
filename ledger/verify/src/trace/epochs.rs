//! Epochs of a clocked game: committed or refused, never both, and each with its reason.

use rookery_ledger::id::PlayerKey;
use rookery_ledger::order::LAPSE_MS;
use rookery_ledger::record::{Home, Item, Lapsed, Receipt};

use super::game::{Checked, Doing, Game, Memory, Run};
use super::known::{Known, Tools, View, read_item};
use super::order::NOBODY;

impl Game {
    /// A commit: both players signed the same bytes, which are on disk with all that lies before them, for the newest
    /// receipt that this relay counts and an epoch that it did not refuse.
    pub(super) fn may_commit(
        &self,
        run: &Run,
        known: &Known,
        view: &View,
        body: &Receipt,
        item: Option<&Item>,
        tools: &mut Tools,
    ) -> Checked {
        let Some(Item::Home(home)) = item else {
            return Err("P2: a commit without the signature that it is for".into());
        };
        let (home, hash) = (home.body, home.hash().0);
        let epoch = home.epoch.get();
        if self.holds_lapse(run.own.0, epoch) {
            return Err(format!(
                "P2: epoch {epoch} is committed, and was refused before"
            ));
        }
        let after = view.last().map(|last| last.hash);
        let (_, now) = view.orderer();
        if home.to != run.own
            || epoch <= now
            || (body.epoch.get(), body.seq.get()) != (epoch, 0)
            || body.prev != Some(home.after)
        {
            return Err("P2: a commit that is not for the home that it names".into());
        }
        if after != Some(home.after.0) {
            return Err("P2: a commit behind another receipt than the newest that counts".into());
        }
        let homes = known.plain_homes(tools);
        let signed = homes.iter().find(|known| known.hash == hash);
        let both = view.board.players().is_some_and(|players| {
            signed.is_some_and(|home| players.iter().all(|player| home.by.contains(player)))
        });
        if !both {
            return Err("P4: a commit that not both players signed".into());
        }
        self.is_kept(run, view, &home, tools)
    }

    /// Whether the log holds what a commit rests on: it must be there after a restart too.
    fn is_kept(&self, run: &Run, view: &View, home: &Home, tools: &mut Tools) -> Checked {
        let mut signers = Vec::new();
        for entry in self
            .chains
            .get(&NOBODY.0)
            .into_iter()
            .flat_map(|chain| chain.entries())
        {
            if let Item::Home(signed) = read_item(&entry.receipt.0)?
                && signed.body == *home
            {
                let players = view.board.players().into_iter().flatten();
                let by = players.map(PlayerKey);
                signers.extend(by.filter(|by| tools.checked.signed(*by, self.id, &signed)));
            }
        }
        signers.sort_unstable();
        signers.dedup();
        if signers.len() < 2 {
            return Err("P3: a commit before both signatures under it are on disk".into());
        }
        for receipt in view
            .counted
            .iter()
            .filter(|receipt| receipt.key != run.own.0)
        {
            let chain = self.chains.get(&receipt.key);
            let mut entries = chain.into_iter().flat_map(|chain| chain.entries());
            let there = entries.any(|entry| {
                let item = read_item(&entry.receipt.0);
                matches!(item, Ok(Item::Receipt { receipt: kept, .. }) if kept.hash().0 == receipt.hash)
            });
            if !there {
                return Err("P3: a commit before what it follows is on disk".into());
            }
        }
        Ok(())
    }

    /// A refusal of an epoch: never of one that was committed, and only with a reason.
    pub(super) fn may_lapse(
        &self,
        run: &Run,
        known: &Known,
        memory: &Memory,
        doing: &Doing,
        lapsed: &Lapsed,
        tools: &mut Tools,
    ) -> Checked {
        let epoch = lapsed.epoch;
        let chain = self.chains.get(&run.own.0);
        let mut entries = chain.into_iter().flat_map(|chain| chain.entries());
        if entries.any(|entry| (entry.epoch, entry.seq) == (epoch.get(), 0)) {
            return Err(format!(
                "P2: epoch {} is refused, and was committed before",
                epoch.get()
            ));
        }
        let view = known.view(tools)?;
        let mut bodies: Vec<Home> = known
            .homes
            .iter()
            .map(|home| home.body)
            .filter(|home| home.epoch == epoch)
            .collect();
        bodies.sort_unstable();
        bodies.dedup();
        let own = bodies.iter().any(|home| home.to == run.own);
        let rivals = bodies.len() > 1;
        let later = bodies.iter().any(|home| {
            let counts = view
                .counted
                .iter()
                .any(|receipt| receipt.hash == home.after.0);
            counts && view.last().is_some_and(|last| last.hash != home.after.0)
        });
        let mut asked = memory.asked_homes.iter();
        let late = asked.any(|(home, at)| {
            home.epoch == epoch && doing.at >= at + LAPSE_MS && (view.is_live() || doing.again)
        });
        if own && (rivals || later || late) {
            Ok(())
        } else {
            Err(format!(
                "P9: epoch {} is refused without a reason",
                epoch.get()
            ))
        }
    }
}

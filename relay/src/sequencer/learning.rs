//! Items that another relay ordered or knows.

use rookery_ledger::order::Orderer;
use rookery_ledger::record::Item;
use rookery_ledger::{Game, Inserted};

use super::entries::receipted;
use super::jobs::{Learning, Submission, Waiting, publish};
use super::{Command, Sequencer, Step};

impl Sequencer {
    /// Takes in what another relay told, as far as it can without the log.
    pub(super) fn learn_on(&mut self, step: &mut Step) {
        while self.waiting.is_none()
            && let Some(mut learning) = self.learning.take()
        {
            let Some(item) = learning.rest.pop_front() else {
                if let Some((keeping, request)) = self.keep_move() {
                    self.learning = Some(learning);
                    return self.wait(Waiting::GivingUp(keeping, None), request, step);
                }
                return self.learnt(learning, step);
            };
            let now = learning.now;
            let fresh = self.learn(&item);
            match fresh {
                Learnt::News => {
                    // What was passed on from here is no news, and who watches here has not seen it yet.
                    let of = self
                        .receipted(&item)
                        .filter(|of| !learning.fresh.contains(of));
                    learning.fresh.extend(of);
                    learning.fresh.push(item);
                }
                Learnt::Nothing => {}
                Learnt::ToStore => {
                    self.learning = Some(learning);
                    self.submit(Submission::of_fellow(item, now), step);
                    continue;
                }
            }
            self.learning = Some(learning);
        }
    }

    pub(super) fn learnt(&mut self, learning: Learning, step: &mut Step) {
        publish(learning.fresh, step);
        if learning.whole {
            self.tell_missed(step);
        }
        self.tell_stage(step);
    }

    /// Tells the relay that an untimed game is followed at what it has no receipt for: it may have been out of reach when
    /// that came here, or had no room, and whoever signed it has a receipt of this relay and sends it no more.
    fn tell_missed(&self, step: &mut Step) {
        let (Some(orderer), Some(followed)) = (&self.orderer, self.followed) else {
            return;
        };
        let game = orderer.game();
        if game.is_clocked() || !self.stored {
            return;
        }
        let missed = game
            .records()
            .filter(|(hash, _)| !game.is_receipted_by(followed, *hash));
        let mut missed: Vec<_> = missed.map(|(_, entry)| &entry.signed).collect();
        missed.sort_by_key(|record| {
            let place = record.body.place();
            place.map_or(u64::MAX, |place| place.height.get())
        });
        let told = missed.into_iter().cloned().map(Item::Record);
        step.commands.extend(told.map(Command::Upstream));
    }

    /// What a receipt is for, if this is one.
    pub(super) fn receipted(&self, item: &Item) -> Option<Item> {
        match (item, &self.orderer) {
            (Item::Receipt { receipt, .. }, Some(orderer)) => {
                receipted(orderer.game(), &receipt.body)
            }
            _ => None,
        }
    }

    fn learn(&mut self, item: &Item) -> Learnt {
        let Some(orderer) = &mut self.orderer else {
            let Item::Genesis(genesis) = item else {
                return Learnt::Nothing;
            };
            return match Game::new(genesis.clone()) {
                Ok(game) if game.id() == self.id => {
                    self.orderer = Some(Orderer::new(game, self.key.order(), Vec::new()));
                    Learnt::News
                }
                _ => Learnt::Nothing,
            };
        };
        if matches!(item, Item::Record(_)) && self.stored && !orderer.game().is_clocked() {
            // What this relay stores of an untimed game gets its own receipt too.
            return Learnt::ToStore;
        }
        match orderer.learn(item.clone()) {
            Ok(Inserted::New | Inserted::Held) => Learnt::News,
            Ok(Inserted::Duplicate) => Learnt::Nothing,
            Err(refusal) => {
                tracing::debug!(%refusal, game = %self.id, "a fellow relay sent what does not count");
                Learnt::Nothing
            }
        }
    }
}

/// What an item of another relay is.
enum Learnt {
    News,
    Nothing,
    /// To be ordered here too.
    ToStore,
}

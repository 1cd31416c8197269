//! What comes to a simulated device, and what it makes of a refusal.

use rookery_ledger::PlayError;
use rookery_ledger::id::{Hash, Millis};
use rookery_ledger::record::{Item, Said, Signed};
use rookery_ledger::wire::Push;

use super::{Asked, Client, MOST_RETRY_MS, RETRY_MS, Role, VOID_MS};
use crate::simulation::witness::Witness;

impl Client {
    pub(in crate::simulation) fn receive(&mut self, item: Item, witness: &mut Witness) {
        if let Item::Receipt { by, receipt } = &item {
            witness.sees(self.id, *by, receipt);
        }
        self.fresh.push(item.clone());
        if self.fresh.len() > 8 {
            let kept = self.fresh.len() - 4;
            self.stored.extend(self.fresh.drain(..kept));
        }
        if let Err(refusal) = self.player.receive(item) {
            let words = format!("P4: {} was sent what does not count: {refusal}", self.name);
            witness.broken(words);
        }
    }

    pub(in crate::simulation) fn on_push(&mut self, push: Push, witness: &mut Witness) {
        match push {
            Push::Items { game, items } if game == self.id => {
                for item in items {
                    match &item {
                        Item::Genesis(_) => drop(self.shown_here.get_or_insert_default()),
                        Item::Receipt { receipt, .. } => {
                            let shown = self.shown_here.as_mut();
                            shown.map(|shown| shown.insert(receipt.hash()));
                        }
                        _ => {}
                    }
                    self.receive(item, witness);
                }
            }
            Push::Joined { game, join } if game == self.id && self.role == Role::Creator => {
                match self.player.seat(join) {
                    Ok(seat) => self.sign(seat, witness),
                    Err(PlayError::NotReady) => self.try_again(RETRY_MS),
                    Err(_) => {}
                }
            }
            Push::Said { game, said } if game == self.id => self.on_said(&said),
            Push::Done { id } => {
                let asked = self.asked.remove(&id);
                if self.watch == Some(id) {
                    self.watch = None;
                    // What was signed on something that was not stored yet when the page was loaded again stands from now on.
                    self.forward(self.player.to_forward());
                    if let (Some(session), true) = (self.session, self.role != Role::Watcher) {
                        self.forward(self.player.unstored_at(session.order));
                        self.catch_up(session);
                    }
                }
                if let Some(hash) = asked.and_then(|asked| asked.item.filter(|_| asked.record)) {
                    witness.acknowledged(self.id, hash);
                    self.again_if_void(hash);
                }
            }
            Push::Refused {
                id,
                code,
                words,
                item,
                retry_ms,
                ..
            } => {
                let asked = self.asked.remove(&id);
                if let Some(item) = item {
                    self.receive(item, witness);
                }
                self.on_refused(asked, &code, &words, retry_ms, witness);
            }
            _ => {}
        }
        self.look(witness);
    }

    /// A home that the game has left since may have ordered it, where that counts nothing: then it is said again.
    fn again_if_void(&mut self, record: Hash) {
        let (player, clocked) = (&self.player, self.player.game().is_clocked());
        if !clocked || player.moving().is_some() {
            return;
        }
        let mut open = player.to_forward().into_iter();
        if open.any(|item| matches!(item, Item::Record(open) if open.hash() == record)) {
            self.try_again(VOID_MS);
        }
    }

    pub(super) fn try_again(&mut self, ms: u64) {
        let at = self.now + ms;
        self.again = Some(self.again.map_or(at, |known| known.min(at)));
        self.wake_at(at);
    }

    fn on_refused(
        &mut self,
        asked: Option<Asked>,
        code: &str,
        words: &str,
        retry: Option<Millis>,
        witness: &mut Witness,
    ) {
        let wait = retry.map_or(RETRY_MS, |ms| ms.get().clamp(50, 2_000));
        match code {
            "no-home" => {
                self.no_home.get_or_insert(self.now);
                self.try_again(self.no_home_patience(self.no_home_wait));
                self.no_home_wait = (2 * self.no_home_wait).min(MOST_RETRY_MS);
            }
            "unknown-game" => {
                let genesis = Item::Genesis(self.genesis.clone());
                self.submit(genesis);
                self.try_again(RETRY_MS);
            }
            "unknown-prev" | "not-seated" if !self.player.game().is_clocked() => {
                // What comes before may be confirmed by a relay that has lost it since.
                if self.told_at.is_none_or(|at| self.now >= at + 2_000)
                    && let Some(session) = self.session
                {
                    self.told_at = Some(self.now);
                    self.told_all.remove(&session.order);
                    self.tell_all();
                } else {
                    self.try_again(wait);
                }
            }
            "clock-behind" => {
                self.behind_at = Some(self.now);
                self.try_again(wait);
            }
            "creator-away" | "stale-head" | "unknown-prev" | "not-seated" | "log-unavailable"
            | "log-full" | "rate-limited" => self.try_again(wait),
            // It crossed what it was about.
            "seat-taken" | "game-over" | "out-of-time" | "seat-reserved" => {}
            "not-a-player" if asked.is_none_or(|asked| asked.item.is_none()) => {}
            _ => witness.broken(format!(
                "P4: {}, who is honest, was refused: {code}: {words}",
                self.name
            )),
        }
    }

    fn on_said(&mut self, said: &Signed<Said>) {
        let other = self.player.heard(said);
        if other.is_some() && other != self.player.colour() && self.heard.len() < 4 {
            self.heard.push_back(said.body.message.clone());
        }
    }
}

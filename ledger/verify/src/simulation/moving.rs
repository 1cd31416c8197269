//! When a simulated player goes to another relay, and when it signs that a game moves home.

use rookery_ledger::id::{Epoch, OrderKey};
use rookery_ledger::record::Item;

use super::client::{Client, Role, Session};
use super::witness::Witness;

/// A home that said nothing for so long is silent.
const SILENT_MS: u64 = 2_000;
/// Who has nothing to send waits longer.
const PATIENCE_MS: u64 = 4_000;
/// After so long the same signature asks for an answer.
const ASK_AGAIN_MS: u64 = 10_100;

/// Who waits for the other player, as the home is gone for good, asks again after this share of the time that has passed, so
/// that the signatures that a player has for a game last for weeks ...
const WAITED_SHARE: u64 = 2;
/// ... and after so long at most, ms.
const MOST_WAIT_MS: u64 = 24 * 3_600_000;

impl Client {
    /// Where to go after `relay` was lost.
    pub(super) fn next_target(&self, relay: usize) -> usize {
        let asked = self.player.moving().and_then(|home| {
            let mut keys = self.keys.iter();
            keys.position(|key| *key == Some(home.to))
        });
        match asked {
            // Only the relay that was asked can answer.
            Some(asked) if asked != relay => asked,
            _ => 1 - (relay & 1),
        }
    }

    /// Says again what a new session's relay needs of an open move of home.
    pub(super) fn bring_home(&mut self) {
        let Some((home, session)) = self.player.moving().zip(self.session) else {
            return;
        };
        if home.to == session.order {
            let own = self.player.key();
            let signatures = self.player.game().home_signatures();
            let signed: Vec<Item> = signatures
                .filter(|(by, signed)| *by == own && signed.body == home)
                .map(|(_, signed)| Item::Home(*signed))
                .collect();
            for item in signed {
                self.submit(item);
            }
        }
    }

    /// Signs a move of home where the own home is silent, answers the other player's, asks again.
    pub(super) fn think_of_home(&mut self, session: Session, witness: &mut Witness) {
        let game = self.player.game();
        if !game.is_clocked() || self.player.colour().is_none() {
            return;
        }
        let Some((home_key, epoch)) = game.orderer() else {
            return;
        };
        let moving = self.player.moving();
        if session.order == home_key {
            self.no_home = None;
            if moving.is_none() {
                // Whoever signed a move that nobody can commit or refuse any more counts nothing past it until another one,
                // to the same home perhaps, is committed: also when the game is over for everybody else.
                self.agree(session, epoch, witness);
                return;
            }
        }
        if let Some(home) = moving.filter(|home| home.to == session.order) {
            let asked = self.signed_home.unwrap_or(0);
            if self.now >= asked + ASK_AGAIN_MS {
                self.signed_home = Some(self.now);
                self.bring_home();
            }
            self.agree(session, home.epoch, witness);
            return self.wake_at(self.signed_home.unwrap_or(self.now) + ASK_AGAIN_MS);
        }
        // The home may be in reach, and the other player be held by a signature that nobody can commit or refuse any more.
        let answers = moving.is_none() && self.is_over();
        if answers && (self.agree(session, epoch, witness) || self.meet(session, epoch)) {
            return;
        }
        // Who has to answer: the relay that was asked, else the home.
        let key = moving.map_or(home_key, |home| home.to);
        let relay_of = |key| self.keys.iter().position(|known| *known == Some(key));
        if let (None, Some(home)) = (relay_of(key), relay_of(home_key))
            && session.order != home_key
            && self.failed[home & 1].is_none_or(|at| self.now > at + PATIENCE_MS)
        {
            // Nobody can commit or refuse what was asked; the home is where the other player is, and may be there again.
            self.go_to(home_key);
            return;
        }
        let Some(since) = self.silent_since(key, session) else {
            // It may be there: says so, if it is. Who has nothing to send learns that it is not from who asks for another.
            let wait = self.no_home.map_or(session.since, |at| at) + 600;
            if moving.is_some() || self.no_home.is_some() || self.is_asked(epoch) {
                if self.now < wait {
                    return self.wake_at(wait);
                }
                self.no_home = None;
                self.go_to(key);
            }
            return;
        };
        if self.now < since + SILENT_MS {
            return self.wake_at(since + SILENT_MS);
        }
        let above = moving.map_or(epoch, |home| home.epoch);
        if self.agree(session, above, witness) {
            return;
        }
        if self.is_over() {
            self.meet(session, epoch);
            return;
        }
        // Each may have found another relay: then both meet where the creator is.
        if self.role != Role::Creator && self.meet(session, above) {
            return;
        }
        if self.no_home.is_none() && moving.is_none() && self.now < since + PATIENCE_MS {
            return self.wake_at(since + PATIENCE_MS);
        }
        let relay = self.keys.iter().position(|known| *known == Some(key));
        let tried = relay.and_then(|relay| self.failed[relay & 1]);
        if relay.is_some() && tried.is_none_or(|at| self.now > at + PATIENCE_MS) {
            // It may be back.
            self.go_to(key);
            return;
        }
        let patience = self.patience(ASK_AGAIN_MS);
        if let Some(at) = self.signed_home.filter(|at| self.now < at + patience) {
            return self.wake_at(at + patience);
        }
        if let Ok(item) = self.player.move_home(session.order) {
            self.signs_home(item, witness);
        }
    }

    /// How long to wait before the relay is asked again whether the home is there, `least` where that may help at once:
    /// where no relay has the home's key any more, or that of whom this player asked to be it, only the other player can
    /// bring the game on, and whoever comes says so by itself.
    pub(super) fn no_home_patience(&self, least: u64) -> u64 {
        let home = self.player.game().orderer().map(|(key, _)| key);
        let asked = self.player.moving().map(|home| home.to);
        let gone = |key: OrderKey| {
            let mut keys = self.keys.iter();
            keys.all(|known| known.is_some_and(|known| known != key))
        };
        if home.into_iter().chain(asked).any(gone) {
            self.patience(least)
        } else {
            least
        }
    }

    /// How long to wait before the other player is asked for another home again: a player has so many signatures under a
    /// `Home` and no more, so the wait doubles with every eighth.
    fn patience(&self, least: u64) -> u64 {
        let stirred = self.stirred.max(self.asleep);
        let waited = self.now.saturating_sub(stirred) / WAITED_SHARE;
        let own = self.key.player();
        let signatures = self.player.game().home_signatures();
        let signed = signatures.filter(|(by, _)| *by == own).count();
        let spaced = 1_000 << (signed / 8).min(16);
        waited.max(spaced).clamp(least, MOST_WAIT_MS)
    }

    /// Since when the relay with this key is out of reach; none where that is not known.
    fn silent_since(&self, key: OrderKey, session: Session) -> Option<u64> {
        match self.keys.iter().position(|known| *known == Some(key)) {
            Some(relay) => self.down[relay & 1],
            // No relay has this key any more.
            None => Some(session.since),
        }
    }

    /// Signs what the other player signed for the relay that is heard, if that is above an epoch. Whether there was any.
    fn agree(&mut self, session: Session, above: Epoch, witness: &mut Witness) -> bool {
        let (own, game) = (self.player.key(), self.player.game());
        let signatures = game.home_signatures();
        let owns = signatures.filter(|(by, _)| *by == own);
        // Whoever signed for an epoch signs nothing else for it nor for one before.
        let newest = owns.map(|(_, home)| home.body.epoch).max();
        let asked = game
            .home_signatures()
            .filter(|(by, home)| {
                *by != own && home.body.epoch > above && home.body.to == session.order
            })
            .map(|(_, home)| home.body)
            .filter(|home| !game.has_lapsed(home.to, home.epoch) && newest < Some(home.epoch))
            .max_by_key(|home| home.epoch);
        let Some(asked) = asked else { return false };
        if let Ok(item) = self.player.agree_home(asked) {
            self.signs_home(item, witness);
            return true;
        }
        // One knows less than the other: says all, and who knows more signs anew.
        if self.told_at.is_none_or(|at| self.now >= at + 2_000) {
            let counted = &self.player.game().state().counted;
            let more = counted.iter().any(|counted| counted.hash == asked.after);
            self.told_at = Some(self.now);
            self.told_all.remove(&session.order);
            self.tell_all();
            if more && let Ok(item) = self.player.move_home(session.order) {
                self.signs_home(item, witness);
            }
        }
        self.wake_at(self.now + 1_000);
        true
    }

    /// Whether the other player asked for another home since the game came to the one that it has.
    fn is_asked(&self, epoch: Epoch) -> bool {
        let own = self.player.key();
        let mut signed = self.player.game().home_signatures();
        signed.any(|(by, home)| by != own && home.body.epoch > epoch)
    }

    /// Goes where the other player asks for a home, to agree there. Whether that is elsewhere, and may be in reach.
    fn meet(&mut self, session: Session, epoch: Epoch) -> bool {
        let own = self.player.key();
        let signed = self.player.game().home_signatures();
        let asked = signed.filter(|(by, home)| *by != own && home.body.epoch > epoch);
        let asked = asked.max_by_key(|(_, home)| home.body.epoch);
        let elsewhere = asked.map(|(_, home)| home.body.to);
        let elsewhere = elsewhere.filter(|to| {
            let relay = self.keys.iter().position(|known| *known == Some(*to));
            let tried = relay.and_then(|relay| self.failed[relay & 1]);
            *to != session.order && tried.is_none_or(|at| self.now > at + PATIENCE_MS)
        });
        elsewhere.is_some_and(|to| self.go_to(to))
    }

    /// Leaves for the relay with this key, where that is known and another one.
    fn go_to(&mut self, key: OrderKey) -> bool {
        let relay = self.keys.iter().position(|known| *known == Some(key));
        let session = self.session.zip(relay);
        let Some((session, relay)) = session.filter(|(session, relay)| session.relay != *relay)
        else {
            return false;
        };
        self.leave();
        self.target = relay;
        // The one that is left is in reach.
        self.down[session.relay & 1] = None;
        true
    }

    fn signs_home(&mut self, item: Item, witness: &mut Witness) {
        self.signed_home = Some(self.now);
        self.sign(item, witness);
        self.tell_all();
        self.wake_at(self.now + ASK_AGAIN_MS);
    }
}

//! A player and the move of a clocked game to another home.

use super::{PlayError, Player};
use crate::id::{Epoch, Hash, OrderKey};
use crate::record::{Home, Item};
use crate::refusal::Refusal;

impl Player {
    /// Signs the move of a clocked game to the order key `to`, under the first epoch number above all that either player is
    /// known to have signed. Until it is committed or lapses no receipt of a lower epoch counts for this player. Where the
    /// key that was asked before has fallen silent too, this signs the next epoch number.
    ///
    /// # Errors
    ///
    /// [`PlayError::NotReady`] in an untimed game or where epoch numbers are used up, [`PlayError::Refused`] in an ended one
    /// that the other player does not wish to move.
    pub fn move_home(&mut self, to: OrderKey) -> Result<Item, PlayError> {
        let after = self.last_for_home()?;
        let signed = self.game.home_signatures();
        let used = signed.map(|(_, home)| home.body.epoch);
        let used = used.fold(self.epoch_now(), Epoch::max);
        let epoch = used.next();
        if epoch == used {
            return Err(PlayError::NotReady);
        }
        self.sign_home(Home {
            game: self.game.id(),
            epoch,
            to,
            after,
        })
    }

    /// Signs the bytes that the other player signed, where this player counts the same receipt last, or would if it were not
    /// bound by an earlier `Home`. What was signed before is given again. Where the other counts less, answer with
    /// [`Player::move_home`] to the same key.
    ///
    /// # Errors
    ///
    /// [`PlayError::NotReady`] where this player counts another receipt last, or has signed another `Home` for that epoch or
    /// a higher one.
    pub fn agree_home(&mut self, home: Home) -> Result<Item, PlayError> {
        let own = self.key();
        let own_homes = || self.game.home_signatures().filter(|(by, _)| *by == own);
        if let Some((_, signed)) = own_homes().find(|(_, signed)| signed.body == home) {
            return Ok(Item::Home(*signed));
        }
        let later = own_homes().any(|(_, other)| other.body.epoch >= home.epoch);
        let after = self.last_for_home()?;
        let fits = home.game == self.game.id() && home.epoch > self.epoch_now();
        if !fits || later || (after != home.after && !self.would_count_last(home.after)) {
            return Err(PlayError::NotReady);
        }
        self.sign_home(home)
    }

    fn sign_home(&mut self, home: Home) -> Result<Item, PlayError> {
        let item = Item::Home(self.key.sign(self.game.id(), home));
        self.game.insert(item.clone())?;
        self.settle();
        Ok(item)
    }

    /// The `Home` that this player signed and that is neither committed nor lapsed.
    #[must_use]
    pub fn moving(&self) -> Option<Home> {
        self.moving
    }

    /// Finds the `Home`s that are open, from what is known: own signatures under epochs that are neither committed nor
    /// lapsed. No receipt counts behind the `after` of any of them; each `after` lies behind those of lower epochs.
    pub(super) fn settle(&mut self) {
        loop {
            let open = self.open_homes();
            let highest = open.iter().max_by_key(|home| home.epoch).copied();
            let lowest = open.iter().min_by_key(|home| home.epoch);
            self.moving = highest;
            let bound = highest.zip(lowest).map(|(highest, lowest)| Home {
                after: lowest.after,
                ..highest
            });
            if bound == self.bound {
                return;
            }
            // Fewer receipts held back may show a higher epoch, which closes what is open below it.
            self.bound = bound;
            self.game.freeze(bound);
        }
    }

    fn epoch_now(&self) -> Epoch {
        self.game.orderer().map_or(Epoch::ZERO, |(_, epoch)| epoch)
    }

    fn open_homes(&self) -> Vec<Home> {
        let (own, now) = (self.key(), self.epoch_now());
        let signed = self.game.home_signatures();
        let open = signed.filter(|(by, home)| {
            let home = home.body;
            *by == own && home.epoch > now && !self.game.has_lapsed(home.to, home.epoch)
        });
        open.map(|(_, home)| home.body).collect()
    }

    /// Whether this player would count `after` last, and every `after` that it signed before it, if it were not bound.
    fn would_count_last(&self, after: Hash) -> bool {
        let mut game = self.game.clone();
        game.freeze(None);
        let counted = &game.state().counted;
        counted.last().is_some_and(|last| last.hash == after)
            && self
                .open_homes()
                .iter()
                .all(|open| counted.iter().any(|counted| counted.hash == open.after))
    }

    /// The last receipt that counts, for a `Home`. An ended game moves only where the other player asks: who is bound
    /// before the end learns of it by that.
    fn last_for_home(&self) -> Result<Hash, PlayError> {
        self.colour().ok_or(PlayError::NotAPlayer)?;
        let (own, now, state) = (self.key(), self.epoch_now(), self.game.state());
        let mut signed = self.game.home_signatures();
        let asked = signed.any(|(by, home)| by != own && home.body.epoch > now);
        if let (Some(outcome), false) = (state.outcome(), asked) {
            return Err(Refusal::GameOver(outcome).into());
        }
        let last = state.last_receipt().filter(|_| self.game.is_clocked());
        last.map(|last| last.hash).ok_or(PlayError::NotReady)
    }
}

//! A player and the move of a clocked game to another home.

use super::{PlayError, Player};
use crate::game::{Game, State};
use crate::id::{Epoch, Hash, OrderKey};
use crate::mutant::Mutant;
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

    /// Signs the bytes that the other player signed, where this player counts the same receipt last, or would if it waited
    /// for no answer. What was signed before is given again. Where the other knows less, answer with [`Player::move_home`]
    /// to the same key.
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
        let last = self.last_for_home()?;
        let counts = self.game.state().last_receipt().map(|last| last.hash);
        let after = [Some(last), counts].contains(&Some(home.after));
        let fits = home.game == self.game.id() && home.epoch > self.epoch_now();
        if !fits || later || !after {
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

    /// Finds what is open, from what is known: own signatures under epochs that are neither committed nor lapsed, nor below
    /// a commit that the highest of them rests on. What counts is what lies before the `after` of every one of them.
    pub(super) fn settle(&mut self) {
        let (own, now) = (self.key(), self.epoch_now());
        let signed = self.game.home_signatures();
        let signed = signed.map(|(by, home)| (by, home.body));
        let mut open: Vec<Home> = signed
            .filter(|(by, home)| {
                let lapsed = self.game.has_lapsed(home.to, home.epoch);
                *by == own && (!lapsed || Mutant::NO_LAPSE.is_on())
            })
            .map(|(_, home)| home)
            .collect();
        if self.moving.is_none() && open.iter().all(|home| home.epoch <= now) {
            return;
        }
        open.sort_by_key(|home| home.epoch);
        self.game.freeze(open.last().copied());
        let now = self.epoch_now();
        open.retain(|home| home.epoch > now);
        self.moving = open.pop();
        let Some(highest) = self.moving else {
            return self.game.freeze(None);
        };
        let counted = |game: &Game| -> Vec<Hash> {
            let counted = game.state().counted.iter();
            counted.map(|counted| counted.hash).collect()
        };
        let mut shared = counted(&self.game);
        for home in open {
            let after = home.after;
            self.game.freeze(Some(Home { after, ..highest }));
            let other = counted(&self.game);
            let same = shared.iter().zip(&other).take_while(|(a, b)| a == b);
            shared.truncate(same.count());
        }
        let after = shared.last().copied().unwrap_or(highest.after);
        self.game.freeze(Some(Home { after, ..highest }));
    }

    fn epoch_now(&self) -> Epoch {
        self.game.orderer().map_or(Epoch::ZERO, |(_, epoch)| epoch)
    }

    /// The receipt for the `after` of a `Home`: the last that counts, or that would count if this player waited for no
    /// answer. An ended game moves only where the other player asks, who may be held before the end.
    fn last_for_home(&self) -> Result<Hash, PlayError> {
        self.colour().ok_or(PlayError::NotAPlayer)?;
        let (own, now, state) = (self.key(), self.epoch_now(), self.game.state());
        let mut signed = self.game.home_signatures();
        let asked = signed.any(|(by, home)| by != own && home.body.epoch > now);
        if let (Some(outcome), false) = (state.outcome(), asked) {
            return Err(Refusal::GameOver(outcome).into());
        }
        let free = self.moving.map(|_| {
            let mut game = self.game.clone();
            game.freeze(None);
            game
        });
        let free = free.as_ref().map_or(state, |game| game.state());
        let hashes = |state: &State| state.counted.iter().map(|counted| counted.hash).collect();
        let (counts, would_count): (Vec<_>, Vec<_>) = (hashes(state), hashes(free));
        let last = would_count.last().filter(|_| self.game.is_clocked());
        let last = last.filter(|_| would_count.starts_with(&counts));
        last.copied().ok_or(PlayError::NotReady)
    }
}

//! Leaving the clock: both players of a clocked game agree on one without a clock that goes on from its head, by whatever way they
//! can still talk; the old game ends when its relay hears of the Seat.

use rookery_ledger::id::{GameId, Nonce};
use rookery_ledger::record::{Genesis, Item, Signed};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Direct, Request};
use rookery_ledger::{PlayError, Player, codec, genesis};

use super::{Core, Waiting, direct, send, tell_notices};
use crate::failure::Failure;
use crate::intake::From;
use crate::notes::Notes;
use crate::onward::{Onward, Saying};
use crate::output::{Now, Output};
use crate::session::Asked;
use crate::table::Table;

impl Core {
    /// Offers to go on without the clock, or accepts the other player's offer where there is one. `random` is 16 fresh random
    /// bytes. Said again it gives the same.
    ///
    /// # Errors
    ///
    /// [`Failure`]; [`Failure::BadInput`] in a game without a clock, [`Failure::GoneOn`] where both have left already.
    pub fn leave_clock(
        &mut self,
        id: GameId,
        random: &[u8],
        now: Now,
    ) -> Result<Vec<Output>, Failure> {
        self.check_writer()?;
        let [nonce] = Self::nonces(random)?;
        let table = self.tables.get(&id).ok_or(Failure::NoSuchGame)?;
        if !table.player.game().is_clocked() {
            return Err(Failure::BadInput("this game has no clock"));
        }
        if table.goes_on_in().is_some() {
            return Err(Failure::GoneOn);
        }
        if !table.may_leave_clock() {
            return Err(PlayError::NotAPlayer.into());
        }
        if table.preparing.is_some() {
            return Err(PlayError::OnItsWay.into());
        }
        let mut out = Vec::new();
        if table.own_onward().is_some() && table.asked_onward().is_none() {
            self.remind(id, now, &mut out);
            return Ok(out);
        }
        let onward = if let Some(asked) = table.asked_onward() {
            accept(asked.clone(), nonce, &self.key)?
        } else {
            let genesis = table.onward_genesis(table.player.key(), nonce)?;
            let genesis = self.key.sign(genesis.id(), genesis);
            genesis::verify(&genesis)?;
            Onward {
                genesis,
                join: None,
            }
        };
        self.keep_onward(id, Some(onward), &mut out);
        Ok(out)
    }

    /// Keeps what was offered or accepted before it is said.
    fn keep_onward(&mut self, id: GameId, onward: Option<Onward>, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        let notes = Notes {
            onward: onward.clone(),
            ..table.notes.clone()
        };
        let token = match onward {
            Some(onward) => Some(self.wait(Waiting::Onward(id, Box::new(onward)))),
            // Taken back: it counts at once, and comes again after a crash at worst.
            None => {
                table.notes.onward = None;
                None
            }
        };
        out.push(Output::Store {
            token,
            game: id,
            notes: Some(notes.encode()),
            items: Vec::new(),
        });
        out.push(Output::Changed(id));
    }

    pub(super) fn onward_stored(
        &mut self,
        id: GameId,
        onward: Onward,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        if let Some(table) = self.tables.get_mut(&id) {
            table.preparing = None;
            table.notes.onward = Some(onward);
            self.remind(id, now, out);
        }
    }

    /// Says again what the other player may have missed, for nobody keeps what is said.
    pub(super) fn remind(&mut self, id: GameId, now: Now, out: &mut Vec<Output>) {
        let Some(table) = self
            .tables
            .get(&id)
            .filter(|table| table.kept && self.writer)
        else {
            return;
        };
        let own = table.player.key();
        let left = table.continuation().filter(|_| table.outcome().is_none());
        let saying = match (left, table.own_onward()) {
            (Some((genesis, seat)), _) if genesis.body.creator == own => Saying::Seat {
                game: genesis.body.id(),
                seat: seat.clone(),
            },
            (None, Some(onward)) => match &onward.join {
                Some(join) => Saying::Join {
                    game: onward.id(),
                    join: join.clone(),
                },
                None => Saying::Offer {
                    genesis: onward.genesis.clone(),
                },
            },
            _ => return,
        };
        self.say_onward(id, &saying, now, out);
    }

    /// By the relay and by the channel: either may lead to nobody.
    fn say_onward(&mut self, id: GameId, saying: &Saying, now: Now, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get(&id) else {
            return;
        };
        let said = table.player.say(saying.message(), now.wall);
        if table.channel.is_some() {
            let said = said.clone();
            direct::tell(id, &Direct::Said { said }, out);
        }
        let at = table.at;
        if table.here().is_live() && !matches!(saying, Saying::Here { .. }) {
            self.ask(at, Asked::Say(id), out, |request| Request::Say {
                id: request,
                game: id,
                said,
            });
        }
    }

    /// The other player says something of it.
    pub(super) fn heard_onward(
        &mut self,
        id: GameId,
        saying: Saying,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let Some(table) = self
            .tables
            .get(&id)
            .filter(|table| table.kept && self.writer)
        else {
            return;
        };
        if !table.player.game().is_clocked() {
            return;
        }
        match saying {
            Saying::Offer { genesis } => self.hear_offer(id, genesis, now, out),
            Saying::Join { game, join } => {
                if table.goes_on_in() == Some(game) {
                    return self.remind(id, now, out);
                }
                let mine = table.own_onward().filter(|own| {
                    own.join.is_none() && own.id() == game && table.preparing.is_none()
                });
                let seat = mine.and_then(|own| {
                    let key = self.key.clone();
                    let mut next = Player::open(key, own.genesis.clone(), None).ok()?;
                    let Ok(Item::Record(seat)) = next.seat(join) else {
                        return None;
                    };
                    let genesis = Box::new(own.genesis.clone());
                    Some(Item::Continued { genesis, seat })
                });
                let Some(item) = seat else {
                    return self.say_onward(id, &Saying::Decline { game }, now, out);
                };
                let items = vec![codec::encode(&item)];
                let token = self.wait(Waiting::Seat(id, Box::new(item)));
                out.push(Output::Store {
                    token: Some(token),
                    game: id,
                    notes: None,
                    items,
                });
            }
            Saying::Seat { game, seat } => {
                let accepted = table.notes.onward.as_ref();
                let accepted = accepted.filter(|own| own.join.is_some() && own.id() == game);
                if let Some(onward) = accepted {
                    let genesis = Box::new(onward.genesis.clone());
                    let items = vec![Item::Continued { genesis, seat }];
                    self.take_in(id, items, From::OtherPlayer, None, now, out);
                    self.flush(id, out);
                }
            }
            Saying::Here { game } => {
                if table.goes_on_in() == Some(game) {
                    self.carry_over(id, game, out);
                }
            }
            Saying::Decline { game } => {
                if table
                    .notes
                    .onward
                    .as_ref()
                    .is_some_and(|own| own.id() == game)
                {
                    self.keep_onward(id, None, out);
                    let words = "Your opponent declined.".to_owned();
                    tell_notices(id, vec![("declined", words)], out);
                } else if let Some(table) = self.tables.get_mut(&id) {
                    table.offered = table.offered.take().filter(|it| it.body.id() != game);
                    out.push(Output::Changed(id));
                }
            }
        }
    }

    fn hear_offer(
        &mut self,
        id: GameId,
        offered: Signed<Genesis>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        let own = table.player.key();
        let other = table.player.players().map(|players| {
            if players.white == own {
                players.black
            } else {
                players.white
            }
        });
        // Whether it follows from here is looked at when it is shown: what it rests on may come later.
        let Ok(offer) = genesis::verify(&offered) else {
            return;
        };
        if Some(offered.body.creator) != other || table.declined_onward == Some(offer) {
            return;
        }
        if table.goes_on_in().is_some()
            || table.own_onward().is_some_and(|own| own.genesis == offered)
        {
            return self.remind(id, now, out);
        }
        table.offered = Some(offered);
        out.push(Output::Changed(id));
        // Both offered: the game with the lower name counts, on both sides.
        let mine = table.own_onward().filter(|own| own.join.is_none());
        let mine = mine.filter(|own| offer < own.id() && table.preparing.is_none());
        if let (Some(mine), Some(asked)) = (mine, table.asked_onward()) {
            let nonce = mine.genesis.body.nonce;
            if let Ok(onward) = accept(asked.clone(), nonce, &self.key) {
                self.keep_onward(id, Some(onward), out);
            }
        }
    }

    /// Declines the other player's offer, or takes the own word back; false where there is neither.
    pub(super) fn decline_onward(&mut self, id: GameId, now: Now, out: &mut Vec<Output>) -> bool {
        let Some(table) = self.tables.get_mut(&id) else {
            return false;
        };
        let asked = table.asked_onward().map(|genesis| genesis.body.id());
        let own = table.own_onward().map(Onward::id);
        let Some(game) = own.or(asked) else {
            return false;
        };
        if own.is_some() {
            self.keep_onward(id, None, out);
        } else {
            (table.offered, table.declined_onward) = (None, asked);
            out.push(Output::Changed(id));
        }
        self.say_onward(id, &Saying::Decline { game }, now, out);
        true
    }

    /// The own Seat is stored where it belongs first: in the game that is left, which never signs another.
    pub(super) fn seat_stored(&mut self, id: GameId, item: Item, now: Now, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        table.preparing = None;
        // Refused only where the game went on meanwhile: then it will not be sent.
        let _ = table.receive(item);
        let relay = self.links.get(table.at).source();
        let notices = table.settle(now.mono, relay);
        tell_notices(id, notices, out);
        self.go_on(id, out);
        self.flush(id, out);
    }

    /// Begins the game without a clock in which both players of this one go on.
    pub(super) fn go_on(&mut self, id: GameId, out: &mut Vec<Output>) {
        let Some(table) = self
            .tables
            .get(&id)
            .filter(|table| table.kept && self.writer)
        else {
            return;
        };
        let (Some((genesis, seat)), Some(_)) = (table.continuation(), table.player.colour()) else {
            return;
        };
        let next = genesis.body.id();
        let begun =
            |waiting: &Waiting| matches!(waiting, Waiting::Game(table) if table.id() == next);
        if !self.tables.contains_key(&next) && !self.waiting.values().any(begun) {
            let Ok(mut player) = Player::open(self.key.clone(), genesis.clone(), None) else {
                return;
            };
            if player.receive(Item::Record(seat.clone())).is_err() {
                return;
            }
            let notes = Notes {
                listed: table.notes.listed,
                direct: table.notes.direct,
                ..Notes::default()
            };
            let encoded = notes.encode();
            let items = player.game().items().iter().map(codec::encode).collect();
            let mut table = Table::new(player, notes, true);
            table.at = self.links.best();
            let token = self.token(Waiting::Game(Box::new(table)));
            out.push(Output::Store {
                token: Some(token),
                game: next,
                notes: Some(encoded),
                items,
            });
        }
        self.end_left(id, out);
    }

    /// A game is opened that may be the one in which another one goes on, and was never begun for want of time.
    pub(super) fn go_on_into(&mut self, id: GameId, out: &mut Vec<Output>) {
        let before = self
            .tables
            .values()
            .find(|table| table.goes_on_in() == Some(id));
        if let Some(before) = before.map(Table::id) {
            self.go_on(before, out);
        }
    }

    /// A new game is stored: where it follows another one, the other player hears of it, and the channel is its own.
    pub(super) fn went_on(&mut self, id: GameId, now: Now, out: &mut Vec<Output>) {
        let next = self.tables.get(&id);
        let from = next.and_then(|table| table.player.game().genesis().body.from);
        let Some(from) = from.map(|from| from.game) else {
            return;
        };
        let offered = next.is_some_and(Table::is_creator);
        self.flush(id, out);
        let Some(before) = self.tables.get(&from) else {
            return;
        };
        out.push(Output::Changed(from));
        if offered {
            let items = before.player.game().items();
            self.remind(from, now, out);
            self.tell_direct(from, items, out);
        } else if before.channel.is_some() {
            self.say_onward(from, &Saying::Here { game: id }, now, out);
            self.carry_over(from, id, out);
        }
    }

    fn carry_over(&mut self, from: GameId, to: GameId, out: &mut Vec<Output>) {
        let known = self.tables.contains_key(&to);
        let Some(table) = self.tables.get_mut(&from).filter(|_| known) else {
            return;
        };
        if table.channel.take_if(|channel| channel.is_told()).is_some() {
            out.push(Output::Changed(from));
            out.push(Output::CarryOver { from, to });
            out.extend(self.direct_opened(to));
        }
    }

    /// Tells the relay that orders a game which its players left.
    pub(super) fn end_left(&mut self, id: GameId, out: &mut Vec<Output>) {
        let Some(table) = self
            .tables
            .get(&id)
            .filter(|table| table.kept && self.writer)
        else {
            return;
        };
        let at = table.at;
        let home = table.player.game().orderer().map(|(home, _)| home);
        let here = home.is_some() && self.links.order(at) == home && table.here().is_live();
        let asked = Asked::Continued(id);
        if !here || self.links.get(at).session.is_asking(asked) {
            return;
        }
        if let Some(item) = table.to_end() {
            let request = self.links.get_mut(at).session.ask(asked);
            let submit = Request::Submit {
                id: request,
                game: id,
                item,
            };
            send(at, out, &submit);
        }
    }
}

fn accept(genesis: Signed<Genesis>, nonce: Nonce, key: &Keypair) -> Result<Onward, Failure> {
    let join = Player::open(key.clone(), genesis.clone(), None)?.join(nonce)?;
    Ok(Onward {
        genesis,
        join: Some(join),
    })
}

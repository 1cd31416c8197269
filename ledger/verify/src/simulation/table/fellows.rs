//! What goes between a game and the fellow relay: whom it is followed at, wishes and messages.

use rookery_ledger::Colour;
use rookery_ledger::id::OrderKey;
use rookery_ledger::record::{Join, Message, Said, Signed};
use rookery_ledger::sign::Verifier as _;
use rookery_ledger::wire::{Push, Request};
use rookery_relay::outbox::{Refused, SessionId};
use rookery_relay::sequencer::{Input, refuse_join};

use super::{Answer, News, Table, Then, is_relay};
use crate::simulation::relay::Relay;

impl Table {
    pub(super) fn ask_upstream(&mut self, relay: &mut Relay) {
        let in_reach: Vec<OrderKey> = relay.link.iter().map(|link| link.order).collect();
        if self.sequencer.follow(&in_reach).is_some() {
            if !self.upstream {
                self.upstream = true;
                relay.follow(self.id);
            }
        } else if self.game().is_some_and(|game| !game.is_clocked()) {
            self.upstream = false;
        }
    }

    pub(super) fn tell_old_home(&self, relay: &mut Relay) {
        if let Some((before, items)) = self.sequencer.moved_from()
            && relay.fellow_has(before)
        {
            for item in items {
                relay.tell_fellow(self.id, item);
            }
        }
    }

    pub(super) fn on_fellow(&mut self, relay: &mut Relay, news: News) {
        match news {
            News::Items(items) => {
                self.arrived = relay.now;
                let now = relay.wall();
                self.drive(relay, Input::Learn { items, now }, None, Then::AskUpstream);
            }
            News::Joined(join) => {
                let pass_on = self.wished.is_new(join.sig);
                self.to_creator(relay, &join, pass_on);
                let line = self.game().map(|game| &game.state().line);
                if line.is_some_and(|line| line.players().is_none()) {
                    self.keep_wish(join);
                }
            }
            News::Said(said) => {
                if self.heard.is_new(said.sig) {
                    self.pass_on(relay, &said, None);
                }
            }
            News::Unknown => {
                if let (Some(item), true) = (self.sequencer.for_unknowing(), self.upstream) {
                    relay.tell_fellow(self.id, item);
                }
            }
        }
    }

    pub(super) fn on_join(&mut self, relay: &mut Relay, join: Signed<Join>, answer: Answer) {
        let Some(game) = self.game() else { return };
        if let Some(refusal) = refuse_join(game, &join) {
            let refused = Refused::ledger(&refusal, Some(game));
            return relay.refuse(answer, refused);
        }
        let pass_on = self.wished.is_new(join.sig) || !is_relay(relay, answer.session);
        let heard = self.to_creator(relay, &join, pass_on);
        if !heard && self.upstream && !is_relay(relay, answer.session) {
            let game = self.id;
            return relay.forward(answer, move |id| Request::Join { id, game, join });
        }
        self.keep_wish(join);
        relay.done(answer);
    }

    fn keep_wish(&mut self, join: Signed<Join>) {
        if !self.joins.contains(&join) {
            self.joins.push(join);
        }
    }

    fn to_creator(&self, relay: &mut Relay, join: &Signed<Join>, pass_on: bool) -> bool {
        let Some(creator) = self.game().map(|game| game.genesis().body.creator) else {
            return false;
        };
        let here = relay
            .guests
            .iter()
            .filter(|(_, guest)| guest.player == Some(creator));
        let here: Vec<SessionId> = here.map(|(session, _)| *session).collect();
        let heard = !here.is_empty();
        let relays = self
            .watchers
            .iter()
            .copied()
            .filter(|session| pass_on && is_relay(relay, *session));
        let to: Vec<SessionId> = here.into_iter().chain(relays).collect();
        let (game, join) = (self.id, join.clone());
        relay.push(to, Push::Joined { game, join });
        heard
    }

    pub(super) fn on_say(&mut self, relay: &mut Relay, said: Signed<Said>, answer: Answer) {
        let Some(game) = self.game() else { return };
        let author = said.body.player;
        let from = relay.guests.get(&answer.session);
        let own = from.is_some_and(|guest| guest.is_relay || guest.player == Some(author));
        if !own || game.colour_of(author).is_none() || !author.signed(self.id, &said) {
            let words = "Only the players of a game talk in it.";
            return relay.refuse(answer, Refused::new("not-a-player", words));
        }
        if self.heard.is_new(said.sig) || !is_relay(relay, answer.session) {
            self.pass_on(relay, &said, Some(answer.session));
        }
        if self.upstream && !is_relay(relay, answer.session) {
            let game = self.id;
            return relay.forward(answer, move |id| Request::Say { id, game, said });
        }
        relay.done(answer);
    }

    fn pass_on(&self, relay: &mut Relay, said: &Signed<Said>, from: Option<SessionId>) {
        let Some(game) = self.game() else { return };
        let Some(author) = game.colour_of(said.body.player) else {
            return;
        };
        let chat = matches!(said.body.message, Message::Chat { .. });
        let meant = |colour: Colour| chat || colour != author;
        let to = self.watchers.iter().copied().filter(|session| {
            let guest = relay.guests.get(session);
            let player = guest.and_then(|guest| guest.player);
            let colour = player.and_then(|player| game.colour_of(player));
            from != Some(*session) && (is_relay(relay, *session) || colour.is_some_and(meant))
        });
        let (to, game, said) = (to.collect(), self.id, said.clone());
        relay.push(to, Push::Said { game, said });
    }
}

//! What the page wishes: to create, open, join and play games. Each wish is checked, signed, and then waits for storage.

use rookery_ledger::id::GameId;
use rookery_ledger::player::Options;
use rookery_ledger::record::{Item, Message};
use rookery_ledger::wire::{Direct, Request};
use rookery_ledger::{PlayError, Player, Refusal, codec};

use super::{Core, NewGame, Waiting, direct, send, tell_notices};
use crate::failure::Failure;
use crate::notes::Notes;
use crate::output::{LinkId, Now, Output, Token};
use crate::place::Watching;
use crate::session::Asked;
use crate::table::Table;
use crate::talk::Answer;

impl Core {
    /// Creates a game that the front relay orders; one with a clock can go on at the other relay, where there is one. `random` is 32 fresh random bytes.
    ///
    /// # Errors
    ///
    /// [`Failure`]; [`Failure::Offline`] where no relay was reached yet.
    pub fn create(
        &mut self,
        new: NewGame,
        random: &[u8],
    ) -> Result<(GameId, Vec<Output>), Failure> {
        self.check_writer()?;
        if !self.is_ready() {
            return Err(Failure::Offline);
        }
        let front = self.links.front;
        let order = self.links.order(front).ok_or(Failure::Offline)?;
        let mut homes = vec![order];
        if new.clock.is_clocked() && self.links.is_ready(front.other()) {
            // Where the first is gone, the game can go on at the other.
            let standby = self.links.order(front.other());
            homes.extend(standby.filter(|standby| *standby != order));
        }
        let [nonce, secret] = Self::nonces(random)?;
        let options = Options {
            variant: new.variant,
            start: new.start,
            moves: Vec::new(),
            clock: new.clock,
            colour: new.colour,
            seat: new.opponent,
            takebacks: new.takebacks,
            homes,
            from: None,
        };
        let player = Player::create(self.key.clone(), options, nonce, secret)?;
        let notes = Notes {
            secret: new.colour.is_none().then_some(secret),
            wish: None,
            listed: new.listed,
            ..Notes::default()
        };
        let id = player.id();
        let mut table = Table::new(player, notes, true);
        (table.shown, table.at) = (true, front);
        let items = vec![codec::encode(&Item::Genesis(
            table.player.game().genesis().clone(),
        ))];
        let notes = Some(table.notes.encode());
        let token = self.wait(Waiting::Game(Box::new(table)));
        Ok((
            id,
            vec![Output::Store {
                token: Some(token),
                game: id,
                notes,
                items,
            }],
        ))
    }

    /// Opens a game for playing or watching. [`Output::Changed`] follows when something is known of it, or
    /// [`Output::Unknown`].
    pub fn open(&mut self, id: GameId) -> Vec<Output> {
        let mut out = Vec::new();
        match self.tables.get_mut(&id) {
            Some(table) => {
                table.shown = true;
                out.push(Output::Changed(id));
            }
            None => {
                self.opening.insert(id);
                self.go_on_into(id, &mut out);
            }
        }
        if !self
            .links
            .get(self.at(id))
            .session
            .is_asking(Asked::Watch(id))
        {
            self.watch(id, &mut out);
        }
        out
    }

    /// The page shows the game no more. One's own goes on being served until it is over.
    pub fn close(&mut self, id: GameId) -> Vec<Output> {
        let mut out = Vec::new();
        self.opening.remove(&id);
        let Some(table) = self.tables.get_mut(&id) else {
            return out;
        };
        table.shown = false;
        if table.kept && table.outcome().is_none() {
            return out;
        }
        for link in LinkId::ALL {
            if table.places.get(link).watching != Watching::Off {
                send(link, &mut out, &Request::Unwatch { game: id });
            }
        }
        self.tables.remove(&id);
        out
    }

    /// Whether the relay has the game and tells what is new of it.
    #[must_use]
    pub fn is_live(&self, id: GameId) -> bool {
        self.tables
            .get(&id)
            .is_some_and(|table| table.here().is_live())
    }

    /// Forgets a game that no relay took and of which the page keeps nothing.
    pub fn forget(&mut self, id: GameId) {
        self.tables.remove(&id);
    }

    /// Takes back an own open invitation: off the lobby, and nobody is seated here any more. The protocol has no record
    /// for that, so whoever asks for the seat gets no answer.
    ///
    /// # Errors
    ///
    /// [`Failure`]; [`Failure::BadInput`] where it is not an open game of one's own.
    pub fn withdraw(&mut self, id: GameId) -> Result<Vec<Output>, Failure> {
        self.check_writer()?;
        let table = self.tables.get(&id).ok_or(Failure::NoSuchGame)?;
        if !table.is_creator() || !table.is_open() || table.preparing.is_some() {
            return Err(Failure::BadInput(
                "only an open game of one's own can be taken back",
            ));
        }
        let mut out = Vec::new();
        let (at, listed) = (table.at, table.notes.listed);
        if self.links.is_ready(at) {
            if listed {
                self.ask(at, Asked::List(id), &mut out, |request| Request::List {
                    id: request,
                    game: id,
                    listed: false,
                });
            }
            send(at, &mut out, &Request::Unwatch { game: id });
        }
        self.tables.remove(&id);
        Ok(out)
    }

    /// Asks for the open seat. `random` is 16 fresh random bytes.
    ///
    /// # Errors
    ///
    /// [`Failure`]; code `seat-taken` where another player sits.
    pub fn join(&mut self, id: GameId, random: &[u8], now: Now) -> Result<Vec<Output>, Failure> {
        self.check_writer()?;
        let [nonce] = Self::nonces(random)?;
        let table = self.tables.get_mut(&id).ok_or(Failure::NoSuchGame)?;
        if table.preparing.is_some() {
            return Err(PlayError::OnItsWay.into());
        }
        let join = table.player.join(nonce)?;
        let mut out = Vec::new();
        if table.notes.wish.is_some() {
            // The same bytes again, never a second wish.
            table.join_at = Some(now.mono);
            self.ask_for_seat(id, now, &mut out);
            return Ok(out);
        }
        let notes = Notes {
            wish: Some(join.clone()),
            listed: self.of_strangers.contains(&id),
            ..table.notes.clone()
        };
        let items = if table.kept {
            Vec::new()
        } else {
            table
                .player
                .game()
                .items()
                .iter()
                .map(codec::encode)
                .collect()
        };
        let token = self.wait(Waiting::Wish(id, join));
        out.push(Output::Store {
            token: Some(token),
            game: id,
            notes: Some(notes.encode()),
            items,
        });
        Ok(out)
    }

    /// Makes a move, written in any usual form of UCI.
    ///
    /// # Errors
    ///
    /// [`Failure`]
    pub fn play(
        &mut self,
        id: GameId,
        uci: &str,
        offer: bool,
        now: Now,
    ) -> Result<Vec<Output>, Failure> {
        let table = self.tables.get(&id).ok_or(Failure::NoSuchGame)?;
        let (think, offer) = (table.think(now.mono), offer || table.offer_next);
        self.sign(id, now, |player| player.play(uci, think, offer))
    }

    /// Takes the draw that is offered or can be claimed.
    ///
    /// # Errors
    ///
    /// [`Failure`]
    pub fn draw(&mut self, id: GameId, now: Now) -> Result<Vec<Output>, Failure> {
        self.sign(id, now, Player::draw)
    }

    /// Ends the game without result instead of one's first move.
    ///
    /// # Errors
    ///
    /// [`Failure`]
    pub fn abort(&mut self, id: GameId, now: Now) -> Result<Vec<Output>, Failure> {
        self.sign(id, now, Player::abort)
    }

    /// Resigns, whoever is to move.
    ///
    /// # Errors
    ///
    /// [`Failure`]
    pub fn resign(&mut self, id: GameId, now: Now) -> Result<Vec<Output>, Failure> {
        self.sign(id, now, Player::resign)
    }

    /// Keeps a draw offer for one's next move.
    ///
    /// # Errors
    ///
    /// [`Failure`]
    pub fn offer_draw(&mut self, id: GameId) -> Result<Vec<Output>, Failure> {
        self.check_writer()?;
        let table = self.tables.get_mut(&id).ok_or(Failure::NoSuchGame)?;
        table.player.colour().ok_or(PlayError::NotAPlayer)?;
        if let Some(outcome) = table.player.game().state().outcome() {
            return Err(Refusal::GameOver(outcome).into());
        }
        table.offer_next = true;
        Ok(vec![Output::Changed(id)])
    }

    /// Asks for the return to the position before one's own last move.
    ///
    /// # Errors
    ///
    /// [`Failure`]
    pub fn ask_takeback(&mut self, id: GameId, now: Now) -> Result<Vec<Output>, Failure> {
        self.check_talk(id)?;
        let table = self.tables.get_mut(&id).ok_or(Failure::NoSuchGame)?;
        let message = table.ask_takeback()?;
        Ok(self.say(id, message, now))
    }

    /// Accepts the takeback that the other player asks for.
    ///
    /// # Errors
    ///
    /// [`Failure`]
    pub fn accept_takeback(&mut self, id: GameId, now: Now) -> Result<Vec<Output>, Failure> {
        self.check_writer()?;
        let table = self.tables.get(&id).ok_or(Failure::NoSuchGame)?;
        match table.answer_takeback()? {
            Answer::Rewind(consent) => self.sign(id, now, |player| player.rewind(consent)),
            Answer::Say(message) => {
                self.check_talk(id)?;
                Ok(self.say(id, message, now))
            }
        }
    }

    /// Declines what the other player asks for or offers, and withdraws one's own.
    ///
    /// # Errors
    ///
    /// [`Failure`]
    pub fn decline(&mut self, id: GameId, now: Now) -> Result<Vec<Output>, Failure> {
        self.check_writer()?;
        let mut out = Vec::new();
        if self.decline_onward(id, now, &mut out) {
            return Ok(out);
        }
        let table = self.tables.get_mut(&id).ok_or(Failure::NoSuchGame)?;
        match table.decline()? {
            Some(message) if self.can_talk(id) => Ok(self.say(id, message, now)),
            _ => Ok(vec![Output::Changed(id)]),
        }
    }

    /// Says a line to the other player.
    ///
    /// # Errors
    ///
    /// [`Failure`]; [`Failure::BadInput`] for an empty or too long line.
    pub fn chat(&mut self, id: GameId, text: String, now: Now) -> Result<Vec<Output>, Failure> {
        self.check_talk(id)?;
        let table = self.tables.get(&id).ok_or(Failure::NoSuchGame)?;
        let message = table.chat(text)?;
        Ok(self.say(id, message, now))
    }

    /// Hears of the lobby, or no more.
    pub fn set_lobby(&mut self, on: bool) -> Vec<Output> {
        let mut out = Vec::new();
        if self.lobby != on {
            self.lobby = on;
            if self.is_ready() {
                send(self.links.front, &mut out, &Request::Lobby { on });
            }
            if !on {
                self.seeks.clear();
            }
        }
        out
    }

    /// What waited under `token` is durable now: it counts here, and is sent.
    pub fn stored(&mut self, token: u32, now: Now) -> Vec<Output> {
        let mut out = Vec::new();
        let Some(waiting) = self.waiting.remove(&token) else {
            return out;
        };
        let id = waiting.game();
        match waiting {
            Waiting::Game(mut table) => {
                // The page is told by `Changed`; there is no news in an empty game.
                let _ = table.settle(now.mono, self.links.get(table.at).source());
                table.home.since = now.mono;
                table.shown |= self.opening.remove(&id);
                self.tables.insert(id, *table);
                self.watch(id, &mut out);
                self.went_on(id, now, &mut out);
            }
            Waiting::Wish(_, join) => {
                let listed = self.of_strangers.contains(&id);
                if let Some(table) = self.tables.get_mut(&id) {
                    table.preparing = None;
                    table.notes.listed = listed;
                    table.kept = true;
                    table.notes.wish = Some(join);
                    table.join_at = Some(now.mono);
                    table.home.since = now.mono;
                }
                self.ask_for_seat(id, now, &mut out);
            }
            Waiting::Record(_, item, mono) => {
                if let Some(table) = self.tables.get_mut(&id) {
                    let relay = self.links.get(table.at).source();
                    table.preparing = None;
                    table.offer_next = false;
                    table.take_signed((*item).clone(), mono);
                    let notices = table.settle(now.mono, relay);
                    tell_notices(id, notices, &mut out);
                }
                self.flush(id, &mut out);
                let news = vec![*item];
                self.is_news(id, &news, now);
                self.tell_direct(id, news, &mut out);
            }
            Waiting::Home(_, item) => self.home_stored(id, *item, now, &mut out),
            Waiting::TakenUp(_) => {
                if let Some(table) = self.tables.get_mut(&id) {
                    table.preparing = None;
                }
                self.flush(id, &mut out);
            }
            Waiting::Onward(_, onward) => self.onward_stored(id, *onward, now, &mut out),
            Waiting::Seat(_, item) => self.seat_stored(id, *item, now, &mut out),
            Waiting::Received(_, item) => {
                if self.has_channel(id) {
                    direct::tell(id, &Direct::Kept { item }, &mut out);
                }
                return out;
            }
        }
        out.push(Output::Changed(id));
        out
    }

    /// What waited under `token` could not be stored: nothing of it is known or sent.
    pub fn not_stored(&mut self, token: u32) -> Vec<Output> {
        let Some(waiting) = self.waiting.remove(&token) else {
            return Vec::new();
        };
        if matches!(waiting, Waiting::Received(..)) {
            // It is known here, and never said to be stored.
            return Vec::new();
        }
        let id = waiting.game();
        let Some(table) = self.tables.get_mut(&id) else {
            return Vec::new();
        };
        if matches!(waiting, Waiting::TakenUp(_)) {
            (table.kept, table.notes.handed) = (false, false);
        }
        if matches!(waiting, Waiting::Home(..)) {
            table.home.signing = None;
        } else {
            table.preparing = None;
        }
        vec![Output::Changed(id)]
    }

    pub(super) fn check_writer(&self) -> Result<(), Failure> {
        if self.writer {
            Ok(())
        } else {
            Err(Failure::ReadOnlyTab)
        }
    }

    /// Messages are not stored, so there must be someone to take them.
    fn check_talk(&self, id: GameId) -> Result<(), Failure> {
        self.check_writer()?;
        if self.can_talk(id) {
            Ok(())
        } else {
            Err(Failure::Offline)
        }
    }

    /// Something of one's own waits; nothing else is signed meanwhile.
    pub(super) fn wait(&mut self, waiting: Waiting) -> Token {
        let game = waiting.game();
        let token = self.token(waiting);
        if let Some(table) = self.tables.get_mut(&game) {
            table.preparing = Some(token);
        }
        token
    }

    pub(super) fn token(&mut self, waiting: Waiting) -> Token {
        let token = self.next_token;
        self.next_token = self.next_token.wrapping_add(1).max(1);
        self.waiting.insert(token, waiting);
        token
    }

    /// Signs a record that the page asked for.
    fn sign(
        &mut self,
        id: GameId,
        now: Now,
        act: impl FnOnce(&mut Player) -> Result<Item, PlayError>,
    ) -> Result<Vec<Output>, Failure> {
        let mut out = Vec::new();
        self.act(id, now, &mut out, act)?;
        Ok(out)
    }

    /// Signs a record and asks for it to be stored.
    pub(super) fn act(
        &mut self,
        id: GameId,
        now: Now,
        out: &mut Vec<Output>,
        act: impl FnOnce(&mut Player) -> Result<Item, PlayError>,
    ) -> Result<(), Failure> {
        self.check_writer()?;
        let table = self.tables.get(&id).ok_or(Failure::NoSuchGame)?;
        table.check_device()?;
        if !table.kept {
            return Err(PlayError::NotAPlayer.into());
        }
        if table.goes_on_in().is_some() {
            return Err(Failure::GoneOn);
        }
        let item = table.sign(act)?;
        let bytes = codec::encode(&item);
        let token = self.wait(Waiting::Record(id, Box::new(item), now.mono));
        out.push(Output::Store {
            token: Some(token),
            game: id,
            notes: None,
            items: vec![bytes],
        });
        out.push(Output::Changed(id));
        Ok(())
    }

    pub(super) fn say(&mut self, id: GameId, message: Message, now: Now) -> Vec<Output> {
        let mut out = vec![Output::Changed(id)];
        if let Some(table) = self.tables.get(&id) {
            let said = table.player.say(message, now.wall);
            let at = table.at;
            if self.links.is_ready(at) {
                self.ask(at, Asked::Say(id), &mut out, |request| Request::Say {
                    id: request,
                    game: id,
                    said,
                });
            } else if table.channel.is_some() {
                direct::tell(id, &Direct::Said { said }, &mut out);
            }
        }
        out
    }
}

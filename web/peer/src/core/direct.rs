//! The other player, heard without a relay: items by a channel between the two devices, which the relay only helps to open.

use rookery_ledger::codec;
use rookery_ledger::id::GameId;
use rookery_ledger::record::{Item, Message};
use rookery_ledger::wire::{self, Direct};

use super::{Core, Waiting, tell_notices};
use crate::direct::{Channel, name};
use crate::failure::Failure;
use crate::intake::From;
use crate::output::{Now, Output};

/// The longest signal that is passed on, bytes: descriptions have a few thousand.
const MAX_SIGNAL_BYTES: usize = 16_384;

impl Core {
    /// Whether a channel to the other player's device is wanted now, and if so, whether this side offers it.
    #[must_use]
    pub fn direct_role(&self, id: GameId) -> Option<bool> {
        let table = self.tables.get(&id)?;
        let wanted = self.writer && table.kept && table.may_connect() == Some(true);
        // The channel of a game that goes on in another one is carried over to that.
        let left = table.channel.is_none() && table.goes_on_in().is_some();
        (wanted && !left && (table.plays() || table.shown)).then(|| table.is_creator())
    }

    /// Whether the relay can pass something on to the other player's device now.
    #[must_use]
    pub fn can_signal(&self, id: GameId) -> bool {
        let Some(table) = self.tables.get(&id) else {
            return false;
        };
        self.links.is_ready(table.at)
            && table.here().present.is_none_or(
                |(creator, joiner)| {
                    if table.is_creator() { joiner } else { creator }
                },
            )
    }

    /// Keeps what the person says about a channel to the other player's device, which then sees where this one is.
    ///
    /// # Errors
    ///
    /// [`Failure`]
    pub fn allow_direct(&mut self, id: GameId, allowed: bool) -> Result<Vec<Output>, Failure> {
        self.check_writer()?;
        let table = self.tables.get_mut(&id).ok_or(Failure::NoSuchGame)?;
        if table.player.colour().is_none() || !table.kept {
            return Err(rookery_ledger::PlayError::NotAPlayer.into());
        }
        table.notes.direct = Some(allowed);
        let store = Output::Store {
            token: None,
            game: id,
            notes: Some(table.notes.encode()),
            items: Vec::new(),
        };
        Ok(vec![store, Output::Changed(id)])
    }

    /// Says something to the other player that only helps to open a channel.
    ///
    /// # Errors
    ///
    /// [`Failure`]; [`Failure::Offline`] without a relay, [`Failure::BadInput`] where it is too long.
    pub fn signal(&mut self, id: GameId, data: String, now: Now) -> Result<Vec<Output>, Failure> {
        self.check_writer()?;
        if !self.links.is_ready(self.at(id)) {
            return Err(Failure::Offline);
        }
        if data.len() > MAX_SIGNAL_BYTES {
            return Err(Failure::BadInput("a signal has at most 16,384 bytes"));
        }
        let table = self.tables.get(&id).ok_or(Failure::NoSuchGame)?;
        if table.player.colour().is_none() {
            return Err(rookery_ledger::PlayError::NotAPlayer.into());
        }
        Ok(self.say(id, Message::Signal { data }, now))
    }

    /// A channel to the other player is open. What each lacks is exchanged.
    pub fn direct_opened(&mut self, id: GameId) -> Vec<Output> {
        let mut out = Vec::new();
        let Some(table) = self.tables.get_mut(&id) else {
            return out;
        };
        if !self.writer || !table.kept || table.player.colour().is_none() {
            return out;
        }
        let (channel, greeting) = Channel::open(&table.player.game().items());
        table.channel = Some(channel);
        for message in greeting {
            tell(id, &message, &mut out);
        }
        out.push(Output::Changed(id));
        out
    }

    /// The channel is gone.
    pub fn direct_closed(&mut self, id: GameId) -> Vec<Output> {
        let Some(table) = self.tables.get_mut(&id) else {
            return Vec::new();
        };
        table.channel = None;
        vec![Output::Changed(id)]
    }

    /// Takes in a message of the channel.
    ///
    /// # Errors
    ///
    /// [`Failure::BadFrame`]: the channel is to be closed.
    pub fn direct_received(
        &mut self,
        id: GameId,
        message: &[u8],
        now: Now,
    ) -> Result<Vec<Output>, Failure> {
        let message =
            wire::decode_direct(message).map_err(|error| Failure::BadFrame(error.code()))?;
        let mut out = Vec::new();
        let Some(table) = self.tables.get_mut(&id) else {
            return Ok(out);
        };
        let Some(channel) = &mut table.channel else {
            return Ok(out);
        };
        match message {
            Direct::Know { items, more } => {
                table.delivered.extend(&items);
                if channel.know(items, more)? {
                    let items = table.player.game().items();
                    self.tell_direct(id, items, &mut out);
                    self.remind(id, now, &mut out);
                    out.push(Output::Changed(id));
                }
            }
            Direct::Item { item } => {
                let item_name = name(&item);
                if channel.came(item_name)? {
                    tell(id, &Direct::Kept { item: item_name }, &mut out);
                } else {
                    // Durable first, and only then said to be so.
                    let token = self.token(Waiting::Received(id, item_name));
                    if self.take_in(
                        id,
                        vec![item],
                        From::OtherPlayer,
                        Some(token),
                        now,
                        &mut out,
                    ) {
                        self.flush(id, &mut out);
                    } else {
                        // Refused: nothing is stored, so nothing waits for it.
                        self.waiting.remove(&token);
                    }
                }
            }
            Direct::Kept { item } => {
                // Nothing is stored there that was never sent.
                if channel.has(item) {
                    table.delivered.insert(item);
                }
                let relay = self.links.get(table.at).source();
                let notices = table.settle(now.mono, relay);
                out.push(Output::Changed(id));
                tell_notices(id, notices, &mut out);
            }
            Direct::Said { said } => self.said(id, &said, now, &mut out),
        }
        Ok(out)
    }

    /// Sends by the channel what the other has not, of what is stored here.
    pub(super) fn tell_direct(&mut self, id: GameId, items: Vec<Item>, out: &mut Vec<Output>) {
        let table = self.tables.get_mut(&id);
        let Some(channel) = table.and_then(|table| table.channel.as_mut()) else {
            return;
        };
        for message in channel.lacking(items) {
            tell(id, &message, out);
        }
    }

    /// Whether the other player can be told something now, by any way.
    pub(super) fn can_talk(&self, id: GameId) -> bool {
        self.links.is_ready(self.at(id)) || self.has_channel(id)
    }

    pub(super) fn has_channel(&self, id: GameId) -> bool {
        self.tables
            .get(&id)
            .is_some_and(|table| table.channel.is_some())
    }
}

pub(super) fn tell(game: GameId, message: &Direct, out: &mut Vec<Output>) {
    out.push(Output::Direct {
        game,
        message: codec::encode(message),
    });
}

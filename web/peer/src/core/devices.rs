//! One key on several devices: which of them may sign in a game, and how another one takes it over.

use rookery_ledger::id::GameId;
use rookery_ledger::{PlayError, Refusal, codec};

use super::{Core, Waiting};
use crate::direct::Channel;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;

impl Core {
    /// Plays a game on this device that another one with this key began, once the relay has told how it stands.
    ///
    /// # Errors
    ///
    /// [`Failure`]; [`Failure::Unheard`] before that, [`Failure::NothingThere`] where this device plays it already.
    pub fn take_up(&mut self, id: GameId) -> Result<Vec<Output>, Failure> {
        self.check_writer()?;
        let table = self.tables.get_mut(&id).ok_or(Failure::NoSuchGame)?;
        table.player.colour().ok_or(PlayError::NotAPlayer)?;
        if table.kept {
            return Err(Failure::NothingThere("this device plays this game already"));
        }
        if let Some(outcome) = table.player.game().state().outcome() {
            return Err(Refusal::GameOver(outcome).into());
        }
        if !table.here().is_live() {
            return Err(Failure::Unheard);
        }
        // From here on what comes is stored behind this; nothing is signed before this is.
        (table.kept, table.notes.handed) = (true, true);
        let items = table.player.game().items();
        let notes = Some(table.notes.encode());
        let token = self.wait(Waiting::TakenUp(id));
        let store = Output::Store {
            token: Some(token),
            game: id,
            notes,
            items: items.iter().map(codec::encode).collect(),
        };
        Ok(vec![store, Output::Changed(id)])
    }
}

impl Table {
    /// Whether this device may sign: in games that it began, and in those that it took over once it heard, in this session, from the
    /// relay or the other player how they stand.
    pub(crate) fn check_device(&self) -> Result<(), Failure> {
        let told = || self.channel.as_ref().is_some_and(Channel::is_told);
        if !self.kept && self.player.colour().is_some() {
            Err(Failure::Elsewhere)
        } else if self.notes.handed && !self.here().is_live() && !told() {
            Err(Failure::Unheard)
        } else {
            Ok(())
        }
    }
}

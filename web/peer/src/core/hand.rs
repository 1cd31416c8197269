//! Moves of an untimed game that go from device to device by hand: as a text, a picture or a file that people pass on.

use rookery_ledger::id::GameId;
use rookery_ledger::record::Item;
use rookery_ledger::{Inserted, PlayError, Player, codec, rook};

use super::Core;
use crate::failure::Failure;
use crate::intake::From;
use crate::output::{Now, Output};
use crate::table::Table;

/// More than any two players can owe each other.
const MAX_BYTES: usize = 64 * 1024;
/// Records that are handed over at most.
const MAX_RECORDS: usize = 128;

impl Core {
    /// What this player signed since the other one was last heard, and where that is nothing the last of it: the game's name,
    /// then the records. None where there is nothing of one's own, or the game has a clock.
    #[must_use]
    pub fn by_hand(&self, id: GameId) -> Option<Vec<u8>> {
        let table = self.tables.get(&id).filter(|table| goes_by_hand(table))?;
        let records = own_since_heard(&table.player);
        if records.is_empty() {
            return None;
        }
        let mut bytes = id.0.to_vec();
        bytes.extend(records.iter().flat_map(codec::encode));
        Some(bytes)
    }

    /// Takes in what [`Core::by_hand`] gave on the other player's device. It is judged as what comes by any other way.
    ///
    /// # Errors
    ///
    /// [`Failure::BadInput`] in words for whoever passed it on, [`Failure::NothingThere`] where all of it is known,
    /// [`Failure::Play`] with the rule that forbids it.
    pub fn take_by_hand(
        &mut self,
        id: GameId,
        bytes: &[u8],
        now: Now,
    ) -> Result<Vec<Output>, Failure> {
        self.check_writer()?;
        let table = self.tables.get(&id).ok_or(Failure::NoSuchGame)?;
        if !goes_by_hand(table) {
            return Err(if table.player.colour().is_none() {
                PlayError::NotAPlayer.into()
            } else {
                Failure::BadInput("in a game with a clock a move counts only when its relay has it")
            });
        }
        let broken = Failure::BadInput("this is no move from Rookery, or a part of it is missing");
        if bytes.len() > MAX_BYTES {
            return Err(broken);
        }
        let Some((game, records)) = bytes.split_at_checked(id.0.len()) else {
            return Err(broken);
        };
        if game != id.0 {
            return Err(Failure::BadInput("this belongs to another game"));
        }
        let records = rook::read(records).map_err(|_| broken.clone())?;
        let only_records = records.iter().all(|item| matches!(item, Item::Record(_)));
        if records.is_empty() || records.len() > MAX_RECORDS || !only_records {
            return Err(broken);
        }
        // First on a copy: it is taken whole, or the person is told why not.
        let (mut copy, mut news) = (table.player.clone(), false);
        for item in &records {
            match copy.receive(item.clone())? {
                Inserted::Held => {
                    return Err(Failure::BadInput(
                        "a move before this one is missing here: let your opponent hand over all that is on their screen",
                    ));
                }
                inserted => news |= inserted == Inserted::New,
            }
        }
        if !news {
            return Err(Failure::NothingThere("this is known here already"));
        }
        let mut out = Vec::new();
        self.take_in(id, records, From::OtherPlayer, None, now, &mut out);
        self.flush(id, &mut out);
        Ok(out)
    }
}

fn goes_by_hand(table: &Table) -> bool {
    let player = &table.player;
    table.kept && player.colour().is_some() && !player.game().is_clocked()
}

/// Own records above the highest one of the other player; the last own one where there are none.
fn own_since_heard(player: &Player) -> Vec<Item> {
    let own = player.key();
    let height = |item: &Item| match item {
        Item::Record(signed) => signed.body.place().map_or(u64::MAX, |at| at.height.get()),
        _ => 0,
    };
    let author = |item: &Item| match item {
        Item::Record(signed) => player
            .game()
            .record(signed.hash())
            .map(|entry| entry.author),
        _ => None,
    };
    let items = player.game().items();
    let theirs = items
        .iter()
        .filter(|item| author(item).is_some_and(|by| by != own));
    let heard = theirs.map(height).max().unwrap_or(0);
    let mine: Vec<_> = items
        .iter()
        .filter(|item| author(item) == Some(own))
        .collect();
    let since = mine.iter().filter(|item| height(item) > heard);
    let since: Vec<Item> = since.map(|item| (*item).clone()).collect();
    if since.is_empty() {
        let last = mine.into_iter().max_by_key(|item| height(item));
        return last.into_iter().cloned().collect();
    }
    since
}

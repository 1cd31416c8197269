//! Items as they come in, by the relay or by the channel to the other player, and what that says about the relay.

use rookery_ledger::Refusal;
use rookery_ledger::record::Item;

use crate::suspicion::Complaint;
use crate::table::{Source, Table};

/// From whom items come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// The relay that the game is played at.
    Relay,
    /// Another relay, which passes on what it was told.
    Standby,
    OtherPlayer,
}

impl Table {
    /// Takes items in; those that are new.
    pub(crate) fn take_in(
        &mut self,
        items: impl Iterator<Item = Item>,
        from: From,
        relay: Source<'_>,
        mono: f64,
    ) -> Vec<Item> {
        let (mut new, mut refused) = (Vec::new(), Vec::new());
        for item in items {
            match self.receive(item.clone()) {
                Ok(is_new) => {
                    self.weigh(&item, is_new, from, relay, mono);
                    if is_new {
                        new.push(item);
                    }
                }
                Err(refusal) if from == From::Relay => refused.push((item, refusal)),
                Err(_) => {}
            }
        }
        for (item, refusal) in refused {
            match &item {
                // What can never count is evidence once a receipt for it is known.
                Item::Record(_) if self.receive(item.clone()) == Ok(true) => new.push(item),
                Item::Receipt { .. } if refusal == Refusal::BadSignature => {
                    self.suspicion.complain(Complaint::BadReceipt);
                    self.findings.exhibit(item);
                }
                _ => {}
            }
        }
        new
    }

    fn weigh(&mut self, item: &Item, is_new: bool, from: From, relay: Source<'_>, mono: f64) {
        let live = self.here().is_live();
        match item {
            Item::Receipt { by, receipt } => {
                let hash = receipt.hash();
                let own = is_new && live && Some(*by) == relay.order;
                match from {
                    From::Relay => self.suspicion.told(hash),
                    From::Standby | From::OtherPlayer => self.suspicion.known(hash),
                }
                if own && from != From::Relay {
                    self.suspicion.owes(hash);
                }
                if let (true, From::Relay, Some(now)) = (own, from, relay.now(mono)) {
                    self.suspicion.dated(receipt.body.at_ms.get() as f64, now);
                }
            }
            Item::Record(record) => {
                let game = self.player.game();
                // After a move of home a record may name what never counted and what not everybody got; and who only passes on
                // what another relay orders may be cut off from it.
                let stays = game.home_signatures().next().is_none() && self.is_ordered_by(relay);
                let on = record.body.place().and_then(|place| place.on);
                let unknown = on.filter(|on| game.receipt(*on).is_none());
                if let Some(on) = unknown.filter(|_| is_new && live && stays) {
                    self.suspicion.is_named(on);
                }
            }
            _ => {}
        }
    }
}

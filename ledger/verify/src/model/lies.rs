//! What no honest player or relay signs.

use std::collections::BTreeSet;

use rookery_ledger::id::Millis;
use rookery_ledger::record::{Item, Lapsed, Move, Place, Receipt, Record, Seat, Signed, What};
use rookery_ledger::{Colour, Game, codec};

use super::facts::digest;
use super::logs::Log;
use super::steps::{MOVES, PlayerNode, Stash, Steps, order_key, player_key};

impl Steps {
    pub(super) fn stash(&self, stash: u32, more: &[u32]) -> u32 {
        let mut items = self.stashes.get(stash).items.clone();
        items.extend(more);
        items.sort_unstable();
        items.dedup();
        self.stashes.find(&items).unwrap_or_else(|| {
            let hashes = items
                .iter()
                .map(|item| codec::hash(&*self.items.get(*item)));
            let view = digest(hashes.collect::<BTreeSet<_>>());
            let stash = Stash {
                items: items.clone(),
                view,
            };
            self.stashes.put(items, stash)
        })
    }

    /// The signature of a player who signs any `Home` that the other signed.
    pub(super) fn countersigned(&self, who: u8, item: u32) -> Option<u32> {
        let Item::Home(home) = &*self.items.get(item) else {
            return None;
        };
        let signed = player_key(who).sign(home.body.game, home.body);
        Some(self.item(&Item::Home(signed)))
    }

    /// A second record of a player's for the place of its last one.
    pub(super) fn rival(&self, node: &PlayerNode) -> Option<u32> {
        let game = node.player.game();
        let key = player_key(node.who);
        let own = game
            .records()
            .filter(|(_, entry)| entry.author == node.player.key());
        let last = own.max_by_key(|(_, entry)| entry.signed.body.place().map(|place| place.height));
        let body = match last?.1.signed.body.clone() {
            Record::Seat(seat) => {
                let other = if seat.join.body.player == player_key(1).player() {
                    2
                } else {
                    1
                };
                Record::Seat(Seat {
                    join: self.join(other),
                    ..seat
                })
            }
            Record::Move(played) => {
                let other = MOVES.iter().find_map(|both| match both {
                    [a, b] if *a == played.uci => Some(*b),
                    [a, b] if *b == played.uci => Some(*a),
                    _ => None,
                })?;
                Record::Move(Move {
                    uci: other.into(),
                    ..played
                })
            }
            _ => return None,
        };
        Some(self.item(&Item::Record(key.sign(game.id(), body))))
    }

    /// What the lying relay publishes: `kind` 0 a second receipt for the last place, 1 one for the place
    /// before it, 2 a flag too early, 3 a receipt out of order, 4 a forged move and
    /// its receipt, 5 the refusal of an epoch that it committed.
    pub(super) fn lie(&self, log: &Log, kind: u8) -> Option<Vec<u32>> {
        let key = order_key(self.scenario.liar);
        let own = &log.receipts;
        let last = *own.last()?;
        let (next, prev) = (last.seq.next(), Some(codec::hash(&last)));
        let told = |receipt: Receipt| self.item(&Game::sign_receipt(&key, receipt));
        let second = |receipt: Receipt| {
            told(Receipt {
                what: What::Flag,
                ..receipt
            })
        };
        match kind {
            0 => Some(vec![second(last)]),
            1 => Some(vec![second(*own.get(own.len().checked_sub(2)?)?)]),
            2 => Some(vec![told(Receipt {
                seq: next,
                prev,
                what: What::Flag,
                ..last
            })]),
            3 => {
                let record = own.iter().find_map(|receipt| match receipt.what {
                    What::Record(hash) => Some(hash),
                    _ => None,
                })?;
                Some(vec![told(Receipt {
                    seq: next,
                    prev,
                    what: What::Record(record),
                    ..last
                })])
            }
            4 => {
                let forged = self.forged(log, last)?;
                let hash = codec::hash(&forged.body);
                let receipt = Receipt {
                    seq: next,
                    prev,
                    what: What::Record(hash),
                    ..last
                };
                Some(vec![self.item(&Item::Record(forged)), told(receipt)])
            }
            _ => {
                let mut receipts = own.iter();
                let commit = receipts.find(|receipt| matches!(receipt.what, What::Home(_)))?;
                let (game, epoch) = (commit.game, commit.epoch);
                let lapsed = key.sign(game, Lapsed { game, epoch });
                let by = key.order();
                Some(vec![self.item(&Item::Lapsed { by, lapsed })])
            }
        }
    }

    /// A move for the side to move that the relay signed with its own key.
    fn forged(&self, log: &Log, last: Receipt) -> Option<Signed<Record>> {
        let orderer = self.read(self.scenario.liar, log)?;
        let line = &orderer.game().state().line;
        line.players()?;
        let side = usize::from(line.turn() == Colour::Black);
        let at = Place {
            prev: line.head(),
            height: line.height().next(),
            on: orderer.game().is_clocked().then(|| codec::hash(&last)),
        };
        let uci = MOVES[side][0].to_owned();
        let body = Record::Move(Move {
            at,
            uci,
            think_ms: Millis::ZERO,
            offer: false,
        });
        Some(order_key(self.scenario.liar).sign(orderer.game().id(), body))
    }
}

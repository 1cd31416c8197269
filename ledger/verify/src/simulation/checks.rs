//! What must be so when a run is over: in the logs, at every player, and beside readings that share no code with the
//! ledger.

use std::collections::{BTreeMap, BTreeSet};

use rookery_ledger::id::{GameId, Hash, Nonce, OrderKey, PlayerKey};
use rookery_ledger::record::{Item, Lapsed, Receipt, What};
use rookery_ledger::sign::Verifier as _;
use rookery_ledger::{Game, PlayError, Refusal, codec};
use rookery_relay::order_log::{ChainId, Entry, Position};

use super::cast::Hosting;
use super::client::Client;
use super::replay::replay;
use super::world::World;
use crate::properties::adapter;

/// One game in this many is folded anew from all that is known, in another order.
const FOLD_ANEW: u64 = 6;

impl World {
    /// Looks at every game; gives the plies of each.
    pub(super) fn check(&mut self) -> Vec<u64> {
        let games: BTreeSet<GameId> = self.clients.iter().map(|client| client.id).collect();
        let mut plies = Vec::new();
        for game in games {
            let (found, broken) = self.check_game(game);
            plies.push(found);
            for words in broken {
                self.witness.broken(format!("{words}; {}", self.tell()));
            }
        }
        plies
    }

    fn check_game(&mut self, id: GameId) -> (u64, Vec<String>) {
        let mut broken = Vec::new();
        let at_game: Vec<&Client> = self
            .clients
            .iter()
            .filter(|client| client.id == id)
            .collect();
        let players: Vec<PlayerKey> = at_game.iter().map(|client| client.key.player()).collect();
        let items = union(at_game.iter().map(|client| client.player.game()));
        let Some(first) = at_game.first().map(|client| client.player.game()) else {
            return (0, broken);
        };
        let view = adapter::of_game(first);
        for client in &at_game {
            let game = client.player.game();
            if adapter::of_game(game) != view {
                broken.push(format!("P1: {} sees another state", client.name));
            }
            if let Some(proof) = game.state().proofs.first() {
                broken.push(format!("P5: an honest party is proven guilty: {proof:?}"));
            }
            broken.extend(seats(client));
        }
        if adapter::of_reference(&items, &players).as_ref() != Some(&view) {
            broken.push("P1: the reference sees another state than the players".into());
        }
        if self.random.below(FOLD_ANEW) == 0 {
            broken.extend(self.fold_anew(first, &items, &view));
        }
        for item in &items {
            if let Item::Record(record) = item
                && !self.witness.signed.contains(&(id, record.hash()))
            {
                broken.push("P4: a record is known that nobody signed".into());
            }
        }
        let at_game: Vec<&Client> = self
            .clients
            .iter()
            .filter(|client| client.id == id)
            .collect();
        let Some(first) = at_game.first().map(|client| client.player.game()) else {
            return (0, broken);
        };
        // A clock that was ahead misstates the time, and with that a relay is trusted.
        let jumped = self.hosting == Hosting::Cluster && self.witness.faults.of("clock jump") > 0;
        let served = |by: OrderKey, from: u64, to: u64| self.served(by, from, to);
        let replayed = replay(first, &items, &self.witness, (!jumped).then_some(&served));
        broken.extend(replayed.broken);
        broken.extend(self.check_logs(id, first));
        self.witness.count(&items);
        (replayed.plies as u64, broken)
    }

    /// All that is known, in another order, gives the same.
    fn fold_anew(&self, game: &Game, items: &[Item], view: &adapter::View) -> Vec<String> {
        let mut random = self.random.clone();
        let mut order: Vec<&Item> = items.iter().collect();
        for at in (1..order.len()).rev() {
            order.swap(
                at,
                usize::try_from(random.below(at as u64 + 1)).unwrap_or(0),
            );
        }
        let Ok(mut anew) = Game::new(game.genesis().clone()) else {
            return vec!["P1: the genesis is refused".into()];
        };
        // What had to wait for its turn and found no room is offered again.
        for _ in 0..2 {
            for item in &order {
                let _ = anew.insert((*item).clone());
            }
        }
        if adapter::of_game(&anew) == *view {
            Vec::new()
        } else {
            vec!["P1: the same items in another order give another state".into()]
        }
    }

    /// For how long a relay with this key served between two moments, by its own clock at most: a clock that is set while a
    /// turn runs misstates that turn.
    fn served(&self, by: OrderKey, from: u64, to: u64) -> u64 {
        let passed = to.saturating_sub(from);
        if self.hosting == Hosting::Cluster {
            return passed;
        }
        let mut keys = self.keys.iter();
        let Some((_, relay)) = keys.find(|(key, _)| *key == by) else {
            return passed;
        };
        let outages = self.outages.get(*relay).into_iter().flatten();
        let down: u64 = outages
            .map(|(begin, end)| (*end).min(to).saturating_sub((*begin).max(from)))
            .sum();
        let set = self.clocks_set.iter().filter(|set| set.relay == *relay);
        let set: u64 = set
            .filter(|set| set.at >= from && set.at <= to)
            .map(|set| set.by)
            .sum();
        passed.saturating_sub(down) + set
    }

    /// One chain for each epoch in each log, and in them all that was seen.
    fn check_logs(&self, id: GameId, game: &Game) -> Vec<String> {
        let mut broken = Vec::new();
        let mut stored: BTreeMap<(OrderKey, u64, u64), Receipt> = BTreeMap::new();
        for (key, relay) in &self.keys {
            let host = &self.hosts[self.host_of(*relay)];
            let chain = ChainId {
                game: id,
                order_key: *key,
            };
            let entries = match host.log.read(chain, Position::START, usize::MAX) {
                Ok(entries) => entries,
                Err(error) => {
                    broken.push(format!("P3: the log cannot be read: {error}"));
                    continue;
                }
            };
            let (mut last, mut opened, mut lapsed): (Option<(Receipt, Hash)>, _, _) =
                (None, BTreeSet::new(), BTreeSet::new());
            for (_, entry) in entries {
                if entry.seq == u64::MAX {
                    match lapse_of(*key, &entry) {
                        Ok(body) => drop(lapsed.insert(body.epoch)),
                        Err(error) => broken.push(format!("P3: a lapse cannot be read: {error}")),
                    }
                    continue;
                }
                let Ok(receipt) = codec::decode::<Receipt>(&entry.receipt, codec::MAX_ITEM_BYTES)
                else {
                    // What another relay ordered is kept signed, and what a key ordered that was given up.
                    continue;
                };
                let links = match last {
                    _ if receipt.seq.get() == 0 => opened.insert(receipt.epoch),
                    Some((before, hash)) => {
                        let next =
                            before.epoch == receipt.epoch && before.seq.next() == receipt.seq;
                        next && receipt.prev == Some(hash) && receipt.at_ms >= before.at_ms
                    }
                    None => false,
                };
                if !links {
                    let (epoch, seq) = (receipt.epoch, receipt.seq);
                    broken.push(format!(
                        "P2: place {seq} of epoch {epoch} does not follow in the log"
                    ));
                }
                if matches!(receipt.what, What::Record(_) | What::Genesis) && entry.item.is_none() {
                    broken.push("P3: an item is lost in the log".into());
                }
                last = Some((receipt, codec::hash(&receipt)));
                stored.insert((*key, receipt.epoch.get(), receipt.seq.get()), receipt);
            }
            if opened.iter().any(|epoch| lapsed.contains(epoch)) {
                broken.push("P2: an epoch is committed and lapsed".into());
            }
        }
        broken.extend(self.missing(id, game, &stored));
        broken
    }

    /// What was seen or acknowledged and is in no log.
    fn missing(
        &self,
        id: GameId,
        game: &Game,
        stored: &BTreeMap<(OrderKey, u64, u64), Receipt>,
    ) -> Vec<String> {
        let mut broken = Vec::new();
        for ((_, by, epoch, seq), receipt) in self
            .witness
            .receipts
            .iter()
            .filter(|(place, _)| place.0 == id)
        {
            if self.is_lost(*by) {
                continue;
            }
            match stored.get(&(*by, epoch.get(), seq.get())) {
                None => broken.push(format!(
                    "P3: the receipt of place {seq} of epoch {epoch} is lost"
                )),
                Some(entry) if *entry != receipt.body => {
                    broken.push(format!(
                        "P2: the log has another receipt for place {seq} of epoch {epoch}"
                    ));
                }
                Some(_) => {}
            }
        }
        let kept: BTreeSet<Hash> = stored
            .values()
            .filter_map(|receipt| match receipt.what {
                What::Record(hash) => Some(hash),
                _ => None,
            })
            .collect();
        let lost = self.keys.iter().any(|(key, _)| self.is_lost(*key));
        for (_, hash) in self
            .witness
            .acknowledged
            .iter()
            .filter(|(game, _)| *game == id)
        {
            if !kept.contains(hash) && !lost {
                let stands = game.record(*hash).is_some();
                broken.push(format!(
                    "P3: an acknowledged record {hash:?} is in no log (known to players: {stands})"
                ));
            }
        }
        broken
    }

    /// Whether an old copy took the place of this key's log, so that its end is gone.
    fn is_lost(&self, key: OrderKey) -> bool {
        let mut had = self.keys.iter().filter(|(known, _)| *known == key);
        had.any(|(_, relay)| {
            let restored = self.hosts[self.host_of(*relay)].restored;
            restored && self.relays[*relay].key.order() != key
        })
    }
}

/// The refusal in a key's own chain: unsigned as long as the key signs, signed by it once it was given up.
fn lapse_of(key: OrderKey, entry: &Entry) -> Result<Lapsed, String> {
    let bytes = entry.receipt.as_slice();
    if let Ok(body) = codec::decode::<Lapsed>(bytes, codec::MAX_ITEM_BYTES) {
        return Ok(body);
    }
    match codec::decode::<Item>(bytes, codec::MAX_ITEM_BYTES) {
        Ok(Item::Lapsed { by, lapsed }) if by == key && by.signed(lapsed.body.game, &lapsed) => {
            Ok(lapsed.body)
        }
        Ok(_) => Err("it is signed by another key, or not well".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// Whoever wished to sit and does not knows it by the Seat (P8).
fn seats(client: &Client) -> Option<String> {
    let game = client.player.game();
    if game.children(id_of(game)).count() > 1 {
        return Some(format!("P8: {} knows two Seats", client.name));
    }
    if client.player.colour().is_some() || game.state().line.players().is_none() {
        return None;
    }
    match client.player.join(Nonce([7; 16])) {
        Err(PlayError::Refused(Refusal::SeatTaken { .. })) => None,
        other => Some(format!(
            "P8: {} is not refused by the Seat: {other:?}",
            client.name
        )),
    }
}

fn id_of(game: &Game) -> Hash {
    game.id().as_hash()
}

/// All that anybody knows, each once, the genesis first.
fn union<'a>(games: impl Iterator<Item = &'a Game>) -> Vec<Item> {
    let (mut seen, mut items) = (BTreeSet::new(), Vec::new());
    for game in games {
        for item in game.items() {
            if seen.insert(codec::hash(&item)) {
                items.push(item);
            }
        }
    }
    items
}

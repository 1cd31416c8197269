//! What is known of a game, by what it rests on. Only what is valid where it stands is kept as a record; what cannot be
//! judged yet waits for what it rests on, within bounds for each author.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{Epoch, Hash, OrderKey, PlayerKey, Seq};
use crate::line::Node;
use crate::links::Links;
use crate::mutant::Mutant;
use crate::proof::Proof;
use crate::record::{Genesis, Home, Item, Lapsed, Receipt, Record, Signed, What};
use crate::refusal::Refusal;

/// The most records of players that one game keeps: every place of the chain, as much again for each player's
/// contradictions, and what waits.
pub const MAX_RECORDS: usize = 8_000;
/// The most receipts of one order key that a game keeps: one for each record, the rest for gaps and what is void.
pub const MAX_RECEIPTS: usize = 8_000;
/// The most items of unknown origin that are kept until what they rest on is known.
pub const MAX_HELD: usize = 256;
/// The most records of one player that are kept until what they rest on, or a receipt that they need, is known.
pub const MAX_HELD_RECORDS: usize = 1_024;
/// The most signatures of one player under `Home`s that a game keeps.
pub const MAX_HOME_SIGNATURES: usize = 128;
/// The most order keys besides the game's homes whose receipts an untimed game keeps.
pub const MAX_OTHER_RELAYS: usize = 16;

/// The most rival records for one place that count without a receipt: two are a proof, the third keeps "the lowest" right
/// while they come in.
pub(crate) const MAX_RIVALS: usize = 3;
/// The most continuations of one game that are kept.
pub(crate) const MAX_CONTINUED: usize = 8;

/// A player's record and who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The record.
    pub signed: Signed<Record>,
    /// Who signed it.
    pub author: PlayerKey,
}

/// What an item waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wait {
    /// The record before it.
    Prev(Hash),
    /// A receipt for it, one rival too many without.
    Receipt(Hash),
    /// Somebody to sit down.
    Seat,
    /// A `Home` to this key.
    Home(OrderKey),
}

/// An item that waits, and whose share of the room it takes: a player's where its signature was checked.
type Waiting = (Option<PlayerKey>, Item);

/// Ordered maps, so that iteration never depends on arrival.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    /// Valid where they stand.
    pub(crate) records: BTreeMap<Hash, Entry>,
    /// The genesis and every chain record, as places to stand.
    pub(crate) nodes: BTreeMap<Hash, Node>,
    /// Chain records by `prev`.
    pub(crate) children: BTreeMap<Hash, BTreeSet<Hash>>,
    /// Places with more than one.
    pub(crate) rivals: BTreeSet<Hash>,
    /// Resignations off the chain by the head that they name.
    pub(crate) resigns: BTreeMap<Hash, Hash>,
    /// Records that a receipt is for and that may stand nowhere known: evidence against its signer.
    pub(crate) evidence: BTreeMap<Hash, Signed<Record>>,
    /// Receipts by order key, epoch and place; more than one at a place is a proof.
    pub(crate) receipts: BTreeMap<(OrderKey, Epoch, Seq), BTreeMap<Hash, Signed<Receipt>>>,
    /// Where a receipt is kept. Its hash does not say who signed it, and a second key may have signed a copy.
    pub(crate) receipt_at: BTreeMap<Hash, BTreeSet<(OrderKey, Epoch, Seq)>>,
    /// How many receipts of each key there are.
    pub(crate) receipts_of: BTreeMap<OrderKey, usize>,
    /// Whether some place has more than one receipt.
    pub(crate) forked: bool,
    /// How receipts name each other.
    pub(crate) links: Links,
    /// Receipts that a record names as the newest that its author counts, with how many do.
    pub(crate) named: BTreeMap<Hash, u32>,
    /// Records that some receipt is for, with who signed it.
    pub(crate) receipted: BTreeSet<(Hash, OrderKey)>,
    pub(crate) homes: BTreeMap<Home, BTreeMap<PlayerKey, Signed<Home>>>,
    pub(crate) lapsed: BTreeMap<(OrderKey, Epoch), Signed<Lapsed>>,
    pub(crate) continued: BTreeMap<Hash, (Signed<Genesis>, Signed<Record>)>,
    waiting: BTreeMap<Wait, Vec<Waiting>>,
    /// What the records wait for that wait, by their hash.
    waits_for: BTreeMap<Hash, BTreeSet<Wait>>,
    waits_of: BTreeMap<Option<PlayerKey>, usize>,
}

impl Store {
    /// Keeps a chain record that is valid at `prev`. Of rivals the lowest hashes count, in whatever order they come, and
    /// those that a receipt is for; the one that is too many is returned, to be uprooted.
    pub(crate) fn put_chain(
        &mut self,
        hash: Hash,
        prev: Hash,
        node: Node,
        entry: Entry,
    ) -> Option<Hash> {
        let on = entry.signed.body.place().and_then(|place| place.on);
        self.records.insert(hash, entry);
        self.nodes.insert(hash, node);
        if let Some(on) = on {
            *self.named.entry(on).or_default() += 1;
        }
        let children = self.children.entry(prev).or_default();
        children.insert(hash);
        if children.len() > 1 {
            self.rivals.insert(prev);
        }
        if children.len() <= MAX_RIVALS {
            return None;
        }
        let children = self.children.get(&prev).into_iter().flatten().rev();
        children.copied().find(|hash| !self.is_receipted(*hash))
    }

    /// Takes a chain record and all that rests on it out again: each waits for what it lacks, within its author's share of
    /// the room. Whether the record itself found room.
    pub(crate) fn uproot(&mut self, root: Hash) -> bool {
        let (mut out, mut kept) = (vec![(root, Wait::Receipt(root))], false);
        while let Some((hash, wait)) = out.pop() {
            let Some(entry) = self.records.remove(&hash) else {
                continue;
            };
            if let Some(place) = entry.signed.body.place() {
                if let Some(siblings) = self.children.get_mut(&place.prev) {
                    siblings.remove(&hash);
                }
                if let Some(named) = place.on.and_then(|on| self.named.get_mut(&on)) {
                    *named = named.saturating_sub(1);
                }
            }
            self.nodes.remove(&hash);
            self.rivals.remove(&hash);
            let resting = self.children.remove(&hash).unwrap_or_default();
            let resting = resting.into_iter().chain(self.resigns.remove(&hash));
            out.extend(resting.map(|record| (record, Wait::Prev(hash))));
            if Mutant::RIVAL_DROPPED.is_on() {
                continue;
            }
            if self.is_receipted(hash) {
                self.evidence.insert(hash, entry.signed.clone());
            }
            let (author, item) = (entry.author, Item::Record(entry.signed));
            let waits = self.wait(wait, Some(author), item, Refusal::TooMany);
            kept |= hash == root && waits.is_ok();
        }
        kept
    }

    /// The keys that sit beside the creator by some Seat that is known.
    pub(crate) fn joiners(&self, genesis: Hash) -> impl Iterator<Item = PlayerKey> + '_ {
        let seats = self.children.get(&genesis).into_iter().flatten();
        seats.filter_map(|hash| match &self.records.get(hash)?.signed.body {
            Record::Seat(seat) => Some(seat.join.body.player),
            _ => None,
        })
    }

    /// Whether some receipt is for this record.
    pub(crate) fn is_receipted(&self, record: Hash) -> bool {
        let keys = (record, OrderKey([0; 32]))..=(record, OrderKey([0xff; 32]));
        self.receipted.range(keys).next().is_some()
    }

    /// Whether there is a first receipt of a higher epoch under a known `Home`, which may come to count.
    pub(crate) fn commits_above(&self, epoch: Epoch) -> bool {
        self.homes.keys().any(|home| {
            let first = (home.to, home.epoch, Seq::ZERO);
            home.epoch > epoch && self.receipts.contains_key(&first)
        })
    }

    /// A receipt by its hash, whoever signed it.
    pub(crate) fn receipt(&self, hash: Hash) -> Option<&Signed<Receipt>> {
        let at = self.receipt_at.get(&hash)?.first()?;
        self.receipts.get(at)?.get(&hash)
    }

    /// The pairs who may have moved the game to another home: the creator with each joiner whose Seat the first home
    /// ordered. More than one only where the creator or that home cheats.
    pub(crate) fn may_move_home(&self, genesis: &Genesis) -> Vec<[PlayerKey; 2]> {
        let Some(first_home) = genesis.homes.first() else {
            return Vec::new();
        };
        let seats = self.children.get(&genesis.id().as_hash());
        let ordered = |seat: &&Hash| self.receipted.contains(&(**seat, *first_home));
        let seats = seats.into_iter().flatten().filter(ordered);
        let joiner = |seat| match &self.records.get(seat)?.signed.body {
            Record::Seat(seat) => Some(seat.join.body.player),
            _ => None,
        };
        seats
            .filter_map(joiner)
            .map(|joiner| [genesis.creator, joiner])
            .collect()
    }

    /// Whether both players signed this body.
    pub(crate) fn home_is_signed(&self, home: &Home, players: [PlayerKey; 2]) -> bool {
        let by = self.homes.get(home);
        by.is_some_and(|by| {
            let signed = |player: &PlayerKey| by.contains_key(player);
            players.iter().all(signed)
                || (players.iter().any(signed) && Mutant::HOME_OF_ONE.is_on())
        })
    }

    /// Whether a player moved, or wished to move, the game to this key in this epoch.
    pub(crate) fn is_asked(&self, key: OrderKey, epoch: Epoch) -> bool {
        self.homes
            .keys()
            .any(|home| home.to == key && home.epoch == epoch)
    }

    /// Whether a first receipt of this epoch by this key is known, be it that it waits.
    pub(crate) fn has_committed(&self, key: OrderKey, epoch: Epoch) -> bool {
        let waiting = self.waiting.get(&Wait::Home(key)).into_iter().flatten();
        let waits = |item: &Item| {
            matches!(item, Item::Receipt { by, receipt }
                if *by == key && (receipt.body.epoch, receipt.body.seq) == (epoch, Seq::ZERO))
        };
        epoch > Epoch::ZERO
            && (self.receipts.contains_key(&(key, epoch, Seq::ZERO))
                || waiting.map(|(_, item)| item).any(waits))
    }

    /// The keys of which a receipt of an epoch above this is known, be it that it waits.
    pub(crate) fn ordering_above(&self, epoch: Epoch) -> BTreeSet<OrderKey> {
        let kept = self.receipts_of.keys().filter(|key| {
            let from = (**key, epoch.next(), Seq::ZERO);
            let next = self.receipts.range(from..).next();
            next.is_some_and(|((by, of, _), _)| by == *key && *of > epoch)
        });
        let waiting = self.waiting.iter().filter_map(|(wait, items)| {
            let Wait::Home(key) = wait else { return None };
            let above = |item: &Item| matches!(item, Item::Receipt { receipt, .. } if receipt.body.epoch > epoch);
            let waits = items.iter().any(|(_, item)| above(item));
            waits.then_some(*key)
        });
        kept.copied().chain(waiting).collect()
    }

    /// Keeps an item until what it waits for is known. `by` is its author where the signature was checked: what one
    /// author sends early cannot take the room of the other.
    pub(crate) fn wait(
        &mut self,
        wait: Wait,
        by: Option<PlayerKey>,
        item: Item,
        refusal: Refusal,
    ) -> Result<bool, Refusal> {
        if Mutant::NOTHING_WAITS.is_on() {
            return Err(refusal);
        }
        let queue = self.waiting.get(&wait).into_iter().flatten();
        if queue.map(|(_, other)| other).any(|other| *other == item) {
            return Ok(false);
        }
        let most = if by.is_some() {
            MAX_HELD_RECORDS
        } else {
            MAX_HELD
        };
        let taken = self.waits_of.entry(by).or_default();
        if *taken >= most {
            return Err(refusal);
        }
        *taken += 1;
        if let Item::Record(record) = &item {
            self.waits_for
                .entry(record.hash())
                .or_default()
                .insert(wait);
        }
        self.waiting.entry(wait).or_default().push((by, item));
        Ok(true)
    }

    /// What waited for this and may be judged now.
    pub(crate) fn release(&mut self, wait: Wait) -> impl Iterator<Item = Item> {
        let released = self.waiting.remove(&wait).unwrap_or_default();
        for (by, item) in &released {
            if let Some(taken) = self.waits_of.get_mut(by) {
                *taken = taken.saturating_sub(1);
            }
            if let Item::Record(record) = item {
                let hash = record.hash();
                let waits = self.waits_for.get_mut(&hash);
                if waits.is_some_and(|waits| waits.remove(&wait) && waits.is_empty()) {
                    self.waits_for.remove(&hash);
                }
            }
        }
        released.into_iter().map(|(_, item)| item)
    }

    /// The copies of a record that wait.
    pub(crate) fn copies_waiting(&self, record: Hash) -> Vec<Item> {
        let waits = self.waits_for.get(&record).into_iter().flatten();
        let queues = waits.filter_map(|wait| self.waiting.get(wait));
        let items = queues.flatten().map(|(_, item)| item);
        let copies = items.filter(|item| {
            let Item::Record(signed) = item else {
                return false;
            };
            signed.hash() == record
        });
        copies.cloned().collect()
    }

    /// Everything that waits.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Item> {
        self.waiting.values().flatten().map(|(_, item)| item)
    }

    /// The proofs that no fold is needed for: rivals at one place, forks and wrong links of receipts, epochs
    /// refused and committed.
    pub(crate) fn proofs(&self) -> Vec<Proof> {
        let rivals = self.rivals.iter().filter_map(|prev| {
            let mut children = self.children.get(prev)?.iter();
            let first = self.records.get(children.next()?)?;
            let second = self.records.get(children.next()?)?;
            Some(Proof::Equivocation {
                author: first.author,
                first: first.signed.clone(),
                second: second.signed.clone(),
            })
        });
        let mut proofs: Vec<_> = rivals.collect();
        if self.forked {
            let forks = self.receipts.iter().filter_map(|((by, _, _), place)| {
                let mut place = place.values();
                let (first, second) = (*place.next()?, *place.next()?);
                Some(Proof::DoubleReceipt {
                    by: *by,
                    first,
                    second,
                })
            });
            proofs.extend(forks);
        }
        proofs.extend(self.broken_links());
        for ((by, epoch), lapsed) in &self.lapsed {
            let place = self.receipts.get(&(*by, *epoch, Seq::ZERO));
            let mut commits = place.into_iter().flat_map(BTreeMap::values);
            let commit = commits.find(|receipt| matches!(receipt.body.what, What::Home(_)));
            proofs.extend(commit.map(|commit| Proof::LapsedAndCommitted {
                by: *by,
                lapsed: *lapsed,
                commit: *commit,
            }));
        }
        proofs
    }
}

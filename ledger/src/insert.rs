//! Taking items into a game: what is judged, refused, kept as evidence, or waits for what it rests on.

use std::collections::BTreeMap;

use crate::clocked;
use crate::game::{Game, Inserted};
use crate::id::{Epoch, Hash, OrderKey, PlayerKey};
use crate::line::Node;
use crate::mutant::Mutant;
use crate::record::{
    Body, Clock, Genesis, Home, Item, Lapsed, Move, Place, Receipt, Record, Signed, What,
};
use crate::refusal::Refusal;
use crate::sign::Verifier as _;
use crate::store::{
    Entry, MAX_CONTINUED, MAX_HOME_SIGNATURES, MAX_OTHER_RELAYS, MAX_RECEIPTS, MAX_RECORDS, Wait,
};
use crate::untimed;

/// The longest text of a move: `e7e8q`.
const MAX_UCI_BYTES: usize = 5;

/// Whether an item's own signature is still to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    No,
    /// This process made it or checked it, these very bytes: a second look costs as much as all the rest of a move.
    Yes,
}

impl Game {
    /// Takes an item in, and what waited for it.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] where the item can never count in this game, or where there is no room to let it wait: then it is to be sent
    /// again when what it rests on is known.
    pub fn insert(&mut self, item: Item) -> Result<Inserted, Refusal> {
        self.insert_as(item, Checked::No)
    }

    /// The same, for a record that was judged at the head where it stands, or a receipt that was signed here.
    pub(crate) fn insert_as(&mut self, item: Item, checked: Checked) -> Result<Inserted, Refusal> {
        let mut released = Vec::new();
        let inserted = self.insert_one(item, checked, &mut released)?;
        while let Some(item) = released.pop() {
            // What turns out to be refused is dropped: it was never acknowledged.
            let _ = self.insert_one(item, Checked::No, &mut released);
        }
        Ok(inserted)
    }

    /// Takes one item in; `released` gets what waited for it.
    fn insert_one(
        &mut self,
        item: Item,
        checked: Checked,
        released: &mut Vec<Item>,
    ) -> Result<Inserted, Refusal> {
        match item {
            Item::Genesis(genesis) if genesis.body == *self.body => Ok(Inserted::Duplicate),
            Item::Genesis(_) => Err(Refusal::WrongGame),
            Item::Record(signed) => self.insert_record(signed, checked, released),
            Item::Receipt { by, receipt } => self.insert_receipt(by, receipt, checked, released),
            Item::Home(signed) => self.insert_home(signed, released),
            Item::Lapsed { by, lapsed } => self.insert_lapsed(by, lapsed),
            Item::Continued { genesis, seat } => self.insert_continued(*genesis, seat),
        }
    }

    fn wait(
        &mut self,
        wait: Wait,
        by: Option<PlayerKey>,
        item: Item,
        refusal: Refusal,
    ) -> Result<Inserted, Refusal> {
        self.store.wait(wait, by, item, refusal).map(|new| {
            if new {
                Inserted::Held
            } else {
                Inserted::Duplicate
            }
        })
    }

    /// Which player that is known signed this, if any.
    fn signer<B: Body>(&self, signed: &Signed<B>) -> Option<PlayerKey> {
        let joiners = self.store.joiners(self.id.as_hash());
        let mut players = std::iter::once(self.body.creator).chain(joiners);
        players.find(|player| player.signed(self.id, signed))
    }

    fn insert_record(
        &mut self,
        signed: Signed<Record>,
        checked: Checked,
        released: &mut Vec<Item>,
    ) -> Result<Inserted, Refusal> {
        let hash = signed.hash();
        if self.store.records.contains_key(&hash) {
            return Ok(Inserted::Duplicate);
        }
        if let Record::Move(Move { uci, .. }) = &signed.body
            && uci.len() > MAX_UCI_BYTES
        {
            return Err(Refusal::IllegalMove {
                uci: uci.chars().take(16).collect(),
                expected: None,
            });
        }
        let verdict = match signed.body.place().copied() {
            Some(place) => self.insert_chain(hash, place, &signed, checked, released),
            None => self.insert_resignation(hash, &signed),
        };
        if let Ok(Inserted::New) = verdict {
            self.store.evidence.remove(&hash);
            return verdict;
        }
        if self.store.is_receipted(hash) && !self.store.evidence.contains_key(&hash) {
            // A receipt names this body. Where it can never stand there it is evidence, whoever signed it; the fold sees.
            self.store.evidence.insert(hash, signed);
            self.refold();
            if !self.state.missing.contains(&hash) {
                return Ok(Inserted::New);
            }
        }
        verdict
    }

    fn insert_chain(
        &mut self,
        hash: Hash,
        place: Place,
        signed: &Signed<Record>,
        checked: Checked,
        released: &mut Vec<Item>,
    ) -> Result<Inserted, Refusal> {
        if place.on.is_some() != self.is_clocked() {
            return Err(Refusal::WrongOn);
        }
        if matches!(signed.body, Record::Seat(_)) && place.prev != self.id.as_hash() {
            return Err(match self.store.children.get(&self.id.as_hash()) {
                Some(seats) => seats
                    .first()
                    .map_or(self.state.line.unknown_prev(), |seat| Refusal::SeatTaken {
                        seat: *seat,
                    }),
                None => self.state.line.unknown_prev(),
            });
        }
        let Some(node) = self.store.nodes.get(&place.prev).copied() else {
            return self.wait_for_prev(place.prev, signed);
        };
        if let Some(outcome) = node.over {
            return Err(Refusal::GameOver(outcome));
        }
        let next = self.judge_at(place.prev, node, hash, signed, checked)?;
        if self.store.records.len() >= MAX_RECORDS && !self.store.is_receipted(hash) {
            return Err(Refusal::TooMany);
        }
        let mut rivals = self.store.children.get(&place.prev).into_iter().flatten();
        if Mutant::FIRST_RIVAL.is_on() && rivals.next().is_some() {
            return Err(Refusal::TooMany);
        }
        let author = node.moves;
        let entry = Entry {
            signed: signed.clone(),
            author,
        };
        if let Some(surplus) = self.store.put_chain(hash, place.prev, next, entry) {
            let waits = self.store.uproot(surplus);
            if surplus == hash {
                return waits.then_some(Inserted::Held).ok_or(Refusal::TooMany);
            }
        }
        if matches!(signed.body, Record::Seat(_)) {
            released.extend(self.store.release(Wait::Seat));
        }
        released.extend(self.store.release(Wait::Prev(hash)));
        self.after_record(hash, place.prev);
        Ok(Inserted::New)
    }

    /// Judges a record at a head that is known: rules, the signatures inside it, its own. At the head that counts the rules are
    /// cheaper than the signature; elsewhere the state of play must be built first, so only for who may sign there.
    fn judge_at(
        &mut self,
        prev: Hash,
        node: Node,
        hash: Hash,
        signed: &Signed<Record>,
        checked: Checked,
    ) -> Result<Node, Refusal> {
        let line = &self.state.line;
        if prev == line.head() && line.outcome().is_none() {
            let step = line.check(&signed.body)?;
            if checked == Checked::No {
                self.check_author(node, signed)?;
            }
            return Ok(line.node_after(&step));
        }
        self.check_author(node, signed)?;
        let side = self.side.take().filter(|side| side.head() == prev);
        let side = side.or_else(|| self.line_at(prev));
        let Some(mut side) = side else {
            return Err(self.state.line.unknown_prev());
        };
        let judged = side.check(&signed.body).map(|step| {
            let next = side.node_after(&step);
            side.apply(hash, step);
            next
        });
        self.side = Some(side);
        judged
    }

    fn check_author(&self, node: Node, signed: &Signed<Record>) -> Result<(), Refusal> {
        if node.moves.signed(self.id, signed) || Mutant::ANY_AUTHOR.is_on() {
            return Ok(());
        }
        match (node.waits, node.turn) {
            (Some(waits), Some(turn)) if waits.signed(self.id, signed) => {
                Err(Refusal::NotYourTurn { turn })
            }
            _ => Err(Refusal::BadSignature),
        }
    }

    /// A record whose `prev` is not known: it waits. Who signed it may be known only by a Seat that is still to come, for the
    /// first that is known need not be the one that counts.
    fn wait_for_prev(&mut self, prev: Hash, signed: &Signed<Record>) -> Result<Inserted, Refusal> {
        let item = Item::Record(signed.clone());
        let seated = self.store.children.contains_key(&self.id.as_hash());
        match self.signer(signed) {
            Some(author) => {
                let refusal = self.state.line.unknown_prev();
                self.wait(Wait::Prev(prev), Some(author), item, refusal)
            }
            None if seated => self.wait(Wait::Prev(prev), None, item, Refusal::BadSignature),
            None => self.wait(Wait::Seat, None, item, Refusal::NotSeated),
        }
    }

    fn insert_resignation(
        &mut self,
        hash: Hash,
        signed: &Signed<Record>,
    ) -> Result<Inserted, Refusal> {
        let Record::ResignAt { at } = signed.body else {
            return Err(self.state.line.unknown_prev());
        };
        let Some(node) = self.store.nodes.get(&at).copied() else {
            return self.wait_for_prev(at, signed);
        };
        let Some(waits) = node.waits else {
            return Err(Refusal::NotSeated);
        };
        if let Some(outcome) = node.over {
            return Err(Refusal::GameOver(outcome));
        }
        if !waits.signed(self.id, signed) && !Mutant::ANYONE_RESIGNS.is_on() {
            return Err(if node.moves.signed(self.id, signed) {
                Refusal::ResignOnChain
            } else {
                Refusal::BadSignature
            });
        }
        let entry = Entry {
            signed: signed.clone(),
            author: waits,
        };
        if self.store.records.len() >= MAX_RECORDS && !self.store.is_receipted(hash) {
            return Err(Refusal::TooMany);
        }
        self.store.records.insert(hash, entry);
        self.store.resigns.insert(at, hash);
        self.after_record(hash, at);
        Ok(Inserted::New)
    }

    /// Brings the state up to date after a record at `at`, without a fold where one step is enough.
    fn after_record(&mut self, hash: Hash, at: Hash) {
        let rivals = self.store.rivals.contains(&at);
        if !self.is_clocked() {
            if at == self.state.line.head() && !rivals && self.state.outcome().is_none() {
                untimed::advance(&self.store, &mut self.state);
            } else {
                self.refold();
            }
        } else if rivals || self.store.forked {
            self.refold();
        } else if self.state.missing.contains(&hash) {
            if self.store.homes.is_empty() {
                self.state.missing.clear();
                clocked::advance(&self.store, self.frozen, &mut self.state);
            } else {
                self.refold();
            }
        }
        // Else no receipt waits for it, so it changes nothing yet.
    }

    /// Whether receipts of this key may say something about this game.
    fn may_order(&self, key: OrderKey) -> bool {
        if self.body.homes.contains(&key) {
            return true;
        }
        if self.is_clocked() {
            let creator = self.body.creator;
            self.store
                .homes
                .iter()
                .any(|(home, by)| home.to == key && by.len() > 1 && by.contains_key(&creator))
        } else {
            let others = self.store.receipts_of.keys();
            self.store.receipts_of.contains_key(&key)
                || others
                    .filter(|other| !self.body.homes.contains(other))
                    .count()
                    < MAX_OTHER_RELAYS
        }
    }

    fn insert_receipt(
        &mut self,
        by: OrderKey,
        receipt: Signed<Receipt>,
        checked: Checked,
        released: &mut Vec<Item>,
    ) -> Result<Inserted, Refusal> {
        let (hash, body) = (receipt.hash(), receipt.body);
        let at = (by, body.epoch, body.seq);
        let known_at = self.store.receipt_at.get(&hash);
        if known_at.is_some_and(|known| known.contains(&at)) {
            return Ok(Inserted::Duplicate);
        }
        if body.game != self.id && !Mutant::ANY_GAME.is_on() {
            return Err(Refusal::WrongGame);
        }
        let stores = matches!(body.what, What::Genesis | What::Record(_));
        if !self.is_clocked() && (body.epoch != Epoch::ZERO || !stores) {
            return Err(Refusal::BadOrder(
                "in an untimed game a receipt is for the genesis or a record, in epoch 0",
            ));
        }
        let known = self.may_order(by);
        if !known && !self.is_clocked() {
            return Err(Refusal::TooMany);
        }
        let is_signed = checked == Checked::Yes || by.signed(self.id, &receipt);
        if !is_signed && !Mutant::ANY_RECEIPT.is_on() {
            return Err(Refusal::BadSignature);
        }
        if !known {
            let refusal = Refusal::BadOrder("the game has no home with this key");
            return self.wait(Wait::Home(by), None, Item::Receipt { by, receipt }, refusal);
        }
        let count = self.store.receipts_of.entry(by).or_default();
        if *count >= MAX_RECEIPTS {
            return Err(Refusal::TooMany);
        }
        *count += 1;
        let place = self.store.receipts.entry(at).or_default();
        let forks = !place.is_empty();
        place.insert(hash, receipt);
        self.store.receipt_at.entry(hash).or_default().insert(at);
        self.store.forked |= forks;
        let broken = self.store.link(at, hash);
        if let What::Record(record) = body.what {
            self.store.receipted.insert((record, by));
            released.extend(self.store.release(Wait::Receipt(record)));
            // What still waits for another record may be evidence from now on, as if it had come after this.
            released.extend(self.store.copies_waiting(record));
        }
        self.after_receipt(by, &body, forks || broken);
        Ok(Inserted::New)
    }

    /// Brings the state up to date after a receipt, without a fold where one step is enough: not where it `proves` something.
    fn after_receipt(&mut self, by: OrderKey, body: &Receipt, proves: bool) {
        // Where a relay signed two orders, each receipt weighs on those that it follows.
        let weighs = self.store.forked && self.is_clocked() && !Mutant::FORK_NOT_WEIGHED.is_on();
        if proves || weighs {
            return self.refold();
        }
        if !self.is_clocked() {
            return;
        }
        let last = self.state.counted.last();
        let same_chain = last.is_some_and(|last| last.by == by && last.receipt.epoch == body.epoch);
        let next = last.is_some_and(|last| last.receipt.seq.next() == body.seq);
        let waits = self.store.commits_above(body.epoch) || !self.state.missing.is_empty();
        if same_chain && next && !waits {
            clocked::advance(&self.store, self.frozen, &mut self.state);
            let head = self.state.line.head();
            self.side.take_if(|side| side.head() == head);
        } else if !self.store.homes.is_empty() || last.is_none() {
            self.refold();
        }
        // Else it lies behind what is not known yet.
    }

    fn insert_home(
        &mut self,
        signed: Signed<Home>,
        released: &mut Vec<Item>,
    ) -> Result<Inserted, Refusal> {
        let home = signed.body;
        if home.game != self.id {
            return Err(Refusal::WrongGame);
        }
        if !self.is_clocked() || home.epoch == Epoch::ZERO {
            return Err(Refusal::BadOrder(
                "only a clocked game moves home, and not to epoch 0",
            ));
        }
        let Some(by) = self.signer(&signed) else {
            return self.wait(Wait::Seat, None, Item::Home(signed), Refusal::BadSignature);
        };
        let of_player = |by_home: &&BTreeMap<PlayerKey, Signed<Home>>| by_home.contains_key(&by);
        if self.store.homes.get(&home).as_ref().is_some_and(of_player) {
            return Ok(Inserted::Duplicate);
        }
        if self.store.homes.values().filter(of_player).count() >= MAX_HOME_SIGNATURES {
            return Err(Refusal::TooMany);
        }
        self.store.homes.entry(home).or_default().insert(by, signed);
        released.extend(self.store.release(Wait::Home(home.to)));
        self.refold();
        Ok(Inserted::New)
    }

    fn insert_lapsed(&mut self, by: OrderKey, lapsed: Signed<Lapsed>) -> Result<Inserted, Refusal> {
        if lapsed.body.game != self.id {
            return Err(Refusal::WrongGame);
        }
        let at = (by, lapsed.body.epoch);
        if self.store.lapsed.contains_key(&at) {
            return Ok(Inserted::Duplicate);
        }
        if !by.signed(self.id, &lapsed) {
            return Err(Refusal::BadSignature);
        }
        if !self.store.is_asked(by, lapsed.body.epoch) {
            let refusal = Refusal::BadOrder("nobody asked this key to take the game in this epoch");
            return self.wait(Wait::Home(by), None, Item::Lapsed { by, lapsed }, refusal);
        }
        self.store.lapsed.insert(at, lapsed);
        self.refold();
        Ok(Inserted::New)
    }

    fn insert_continued(
        &mut self,
        genesis: Signed<Genesis>,
        seat: Signed<Record>,
    ) -> Result<Inserted, Refusal> {
        const WRONG: Refusal = Refusal::BadOrder(
            "the other game is not an untimed one that goes on from this with both its players",
        );
        let hash = seat.hash();
        if self.store.continued.contains_key(&hash) {
            return Ok(Inserted::Duplicate);
        }
        let follows = genesis.body.from.is_some_and(|from| from.game == self.id);
        if !self.is_clocked() || !follows || genesis.body.clock != Clock::None {
            return Err(WRONG);
        }
        let Record::Seat(body) = &seat.body else {
            return Err(WRONG);
        };
        let (creator, joiner) = (genesis.body.creator, body.join.body.player);
        let mut next = Self::new(genesis.clone())?;
        next.insert(Item::Record(seat.clone()))?;
        let joiners: Vec<_> = self.store.joiners(self.id.as_hash()).collect();
        let both = |one, other| one == self.body.creator && joiners.contains(&other);
        if !both(creator, joiner) && !both(joiner, creator) {
            let refusal = if joiners.is_empty() {
                Refusal::NotSeated
            } else {
                WRONG
            };
            let genesis = Box::new(genesis);
            return self.wait(Wait::Seat, None, Item::Continued { genesis, seat }, refusal);
        }
        if self.store.continued.len() >= MAX_CONTINUED {
            return Err(Refusal::TooMany);
        }
        self.store.continued.insert(hash, (genesis, seat));
        if self.state.missing.contains(&hash) {
            self.refold();
        }
        Ok(Inserted::New)
    }
}

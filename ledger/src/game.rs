//! All that is known of one game, and the state that follows from it. Items may come in any order and more than once;
//! the state is a function of the set (P1). Rules of play are in `line`, the two folds in `untimed` and `clocked`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::clock::Clocks;
use crate::clocked::{self, Counted};
use crate::codec;
use crate::genesis::{self, Start};
use crate::id::{Epoch, GameId, Hash, Height, Millis, OrderKey, PlayerKey, Seq};
use crate::line::{Line, Step};
use crate::outcome::{Colour, Outcome};
use crate::proof::Proof;
use crate::record::{Genesis, Home, Item, Lapsed, Receipt, Record, Signed, What};
use crate::refusal::Refusal;
use crate::sign::{Keypair, Verifier as _};
use crate::untimed;

/// The most records of players that one game keeps: every place of the chain, as much again for resignations and
/// records of equivocators, which at most double it.
pub const MAX_RECORDS: usize = 8_000;
/// The most receipts that one game keeps.
pub const MAX_RECEIPTS: usize = 32_000;
/// The most items kept until what they rest on is known.
pub const MAX_HELD: usize = 256;
/// The most signatures under `Home`s that one game keeps.
pub const MAX_HOME_SIGNATURES: usize = 256;

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is kept; the state may have changed.
    New,
    /// It was known.
    Duplicate,
    /// It cannot be judged before other items come, and is kept until then.
    Held,
}

/// A player's record and who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The record.
    pub signed: Signed<Record>,
    /// Who signed it.
    pub author: PlayerKey,
}

/// What is known, by what it rests on. Ordered maps, so that iteration never depends on arrival.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    pub(crate) records: BTreeMap<Hash, Entry>,
    /// Chain records by `prev`.
    pub(crate) children: BTreeMap<Hash, BTreeSet<Hash>>,
    /// Resignations off the chain by the head that they name.
    pub(crate) resigns: BTreeMap<Hash, BTreeSet<Hash>>,
    /// Receipts by order key, epoch and place; more than one at a place is a proof.
    pub(crate) receipts: BTreeMap<(OrderKey, Epoch, Seq), BTreeMap<Hash, Signed<Receipt>>>,
    /// Where a receipt is kept.
    pub(crate) receipt_at: BTreeMap<Hash, (OrderKey, Epoch, Seq)>,
    /// Receipts that a record names as the newest that its author counts, with how many do.
    pub(crate) named: BTreeMap<Hash, u32>,
    /// Records that some receipt is for.
    pub(crate) receipted: BTreeSet<Hash>,
    pub(crate) homes: BTreeMap<Home, BTreeMap<PlayerKey, Signed<Home>>>,
    pub(crate) lapsed: BTreeMap<(OrderKey, Epoch), Signed<Lapsed>>,
    pub(crate) continued: BTreeMap<Hash, (Signed<Genesis>, Signed<Record>)>,
}

impl Store {
    /// A body is counted as `Home` once both players signed it.
    pub(crate) fn home_is_signed(&self, home: &Home) -> bool {
        self.homes
            .get(home)
            .is_some_and(|signatures| signatures.len() >= 2)
    }
}

/// The state of a game, as it follows from what is known.
#[derive(Debug, Clone)]
pub struct State {
    /// The chain up to the head that counts.
    pub line: Line,
    /// The clocks of a clocked game.
    pub clocks: Option<Clocks>,
    /// The receipts that count, in order (clocked games).
    pub counted: Vec<Counted>,
    /// Items that are named and not known: ask for them.
    pub missing: BTreeSet<Hash>,
    /// What an honest author or relay could not have signed.
    pub proofs: Vec<Proof>,
}

impl State {
    /// How the game ended, if it did.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.line.outcome()
    }

    /// The newest receipt that counts.
    #[must_use]
    pub fn last_receipt(&self) -> Option<&Counted> {
        self.counted.last()
    }
}

/// One game.
#[derive(Debug, Clone)]
pub struct Game {
    id: GameId,
    genesis: Signed<Genesis>,
    pub(crate) body: Arc<Genesis>,
    start: Start,
    pub(crate) store: Store,
    held: Vec<Item>,
    state: State,
}

impl Game {
    /// A game of which only the genesis is known.
    ///
    /// # Errors
    ///
    /// As [`genesis::verify`].
    pub fn new(genesis: Signed<Genesis>) -> Result<Self, Refusal> {
        let (id, start) = genesis::open(&genesis)?;
        let body = Arc::new(genesis.body.clone());
        let state = Self::blank(id, &body, &start);
        Ok(Self {
            id,
            genesis,
            body,
            start,
            store: Store::default(),
            held: Vec::new(),
            state,
        })
    }

    fn blank(id: GameId, body: &Arc<Genesis>, start: &Start) -> State {
        State {
            line: Line::new(id, Arc::clone(body), start),
            clocks: body.clock.is_clocked().then(|| Clocks::new(body.clock)),
            counted: Vec::new(),
            missing: BTreeSet::new(),
            proofs: Vec::new(),
        }
    }

    /// The game's name.
    #[must_use]
    pub fn id(&self) -> GameId {
        self.id
    }

    /// The genesis.
    #[must_use]
    pub fn genesis(&self) -> &Signed<Genesis> {
        &self.genesis
    }

    /// Whether receipts decide.
    #[must_use]
    pub fn is_clocked(&self) -> bool {
        self.body.clock.is_clocked()
    }

    /// The state that follows from what is known.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// A record of a player, by its hash.
    #[must_use]
    pub fn record(&self, hash: Hash) -> Option<&Entry> {
        self.store.records.get(&hash)
    }

    /// Every record of a player, in the order of hashes.
    pub fn records(&self) -> impl Iterator<Item = (Hash, &Entry)> {
        self.store
            .records
            .iter()
            .map(|(hash, entry)| (*hash, entry))
    }

    /// The chain records that name `prev`, in the order of hashes.
    pub fn children(&self, prev: Hash) -> impl Iterator<Item = (Hash, &Entry)> {
        let hashes = self.store.children.get(&prev).into_iter().flatten();
        hashes.filter_map(|hash| self.store.records.get(hash).map(|entry| (*hash, entry)))
    }

    /// Whether some relay signed a receipt for this record.
    #[must_use]
    pub fn is_receipted(&self, record: Hash) -> bool {
        self.store.receipted.contains(&record)
    }

    /// Whether the relay of `key` signed a receipt for this record.
    #[must_use]
    pub fn is_receipted_by(&self, key: OrderKey, record: Hash) -> bool {
        let range = (key, Epoch::ZERO, Seq::ZERO)..=(key, Epoch::new(u64::MAX), Seq::new(u64::MAX));
        self.is_receipted(record)
            && self.store.receipts.range(range).any(|(_, place)| {
                place
                    .values()
                    .any(|receipt| receipt.body.what == What::Record(record))
            })
    }

    /// A receipt, by its hash, with who signed it.
    #[must_use]
    pub fn receipt(&self, hash: Hash) -> Option<(OrderKey, &Signed<Receipt>)> {
        let at = self.store.receipt_at.get(&hash)?;
        self.store
            .receipts
            .get(at)?
            .get(&hash)
            .map(|receipt| (at.0, receipt))
    }

    /// Whether an item of this hash is known (a record, a receipt or the genesis).
    #[must_use]
    pub fn knows(&self, hash: Hash) -> bool {
        hash == self.id.as_hash()
            || self.store.records.contains_key(&hash)
            || self.store.receipt_at.contains_key(&hash)
    }

    /// The `Home` bodies that both players signed.
    pub fn homes(&self) -> impl Iterator<Item = &Home> {
        self.store
            .homes
            .keys()
            .filter(|home| self.store.home_is_signed(home))
    }

    /// Every signature under a `Home`, those of one player alone included.
    pub fn home_signatures(&self) -> impl Iterator<Item = (PlayerKey, &Signed<Home>)> {
        self.store
            .homes
            .values()
            .flat_map(|by| by.iter().map(|(player, signed)| (*player, signed)))
    }

    /// Whether the relay of `key` said that it will not commit `epoch`.
    #[must_use]
    pub fn has_lapsed(&self, key: OrderKey, epoch: Epoch) -> bool {
        self.store.lapsed.contains_key(&(key, epoch))
    }

    /// Everything known, genesis first, then records by height, then receipts in order: the content of a `.rook` file.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let mut records: Vec<_> = self.store.records.iter().collect();
        let height = |record: &Record| record.place().map_or(u64::MAX, |place| place.height.get());
        records.sort_by_key(|(hash, entry)| (height(&entry.signed.body), **hash));
        let mut items = vec![Item::Genesis(self.genesis.clone())];
        items.extend(
            records
                .into_iter()
                .map(|(_, entry)| Item::Record(entry.signed.clone())),
        );
        let homes = self.store.homes.values().flat_map(BTreeMap::values);
        items.extend(homes.map(|home| Item::Home(*home)));
        for ((by, _, _), receipts) in &self.store.receipts {
            items.extend(receipts.values().map(|receipt| Item::Receipt {
                by: *by,
                receipt: *receipt,
            }));
        }
        items.extend(
            self.store
                .lapsed
                .iter()
                .map(|((by, _), lapsed)| Item::Lapsed {
                    by: *by,
                    lapsed: *lapsed,
                }),
        );
        items.extend(
            self.store
                .continued
                .values()
                .map(|(genesis, seat)| Item::Continued {
                    genesis: Box::new(genesis.clone()),
                    seat: seat.clone(),
                }),
        );
        items.extend(self.held.iter().cloned());
        items
    }

    /// Takes an item in, and what was held for it.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] where the item can never count in this game. A record that is well signed and may stand nowhere known is kept
    /// only where it may be a contradiction; else it is refused.
    pub fn insert(&mut self, item: Item) -> Result<Inserted, Refusal> {
        let inserted = self.insert_one(item)?;
        if inserted == Inserted::New && !self.held.is_empty() {
            loop {
                let before = self.held.len();
                for item in std::mem::take(&mut self.held) {
                    // What turns out to be refused is dropped: it was never acknowledged.
                    let _ = self.insert_one(item);
                }
                if self.held.len() >= before {
                    break;
                }
            }
        }
        Ok(inserted)
    }

    fn hold(&mut self, item: Item, refusal: Refusal) -> Result<Inserted, Refusal> {
        if self.held.contains(&item) {
            return Ok(Inserted::Duplicate);
        }
        if self.held.len() >= MAX_HELD {
            return Err(refusal);
        }
        self.held.push(item);
        Ok(Inserted::Held)
    }

    fn insert_one(&mut self, item: Item) -> Result<Inserted, Refusal> {
        match item {
            Item::Genesis(genesis) if genesis.body == *self.body => Ok(Inserted::Duplicate),
            Item::Genesis(_) => Err(Refusal::WrongGame),
            Item::Record(signed) => self.insert_record(signed),
            Item::Receipt { by, receipt } => self.insert_receipt(by, receipt),
            Item::Home(signed) => self.insert_home(signed),
            Item::Lapsed { by, lapsed } => {
                if lapsed.body.game != self.id {
                    return Err(Refusal::WrongGame);
                }
                if !by.signed(self.id, &lapsed) {
                    return Err(Refusal::BadSignature);
                }
                if self.store.lapsed.len() >= MAX_HOME_SIGNATURES {
                    return Err(Refusal::TooMany);
                }
                match self.store.lapsed.insert((by, lapsed.body.epoch), lapsed) {
                    Some(_) => Ok(Inserted::Duplicate),
                    None => {
                        self.refold();
                        Ok(Inserted::New)
                    }
                }
            }
            Item::Continued { genesis, seat } => self.insert_continued(*genesis, seat),
        }
    }

    /// Every key that sits at this game by some Seat that is known.
    fn seated(&self) -> impl Iterator<Item = PlayerKey> + '_ {
        let seats = self
            .store
            .children
            .get(&self.id.as_hash())
            .into_iter()
            .flatten();
        seats.filter_map(|hash| match &self.store.records.get(hash)?.signed.body {
            Record::Seat(seat) => Some(seat.join.body.player),
            _ => None,
        })
    }

    /// Who signed `signed`, of the players that are known; `Err(None)` where the joiner is not known yet.
    fn author_of(&self, signed: &Signed<Record>) -> Result<PlayerKey, Option<Refusal>> {
        let creator = self.body.creator;
        if creator.signed(self.id, signed) {
            return Ok(creator);
        }
        if matches!(signed.body, Record::Seat(_)) {
            return Err(Some(Refusal::BadSignature));
        }
        let mut nobody = true;
        for joiner in self.seated() {
            nobody = false;
            if joiner.signed(self.id, signed) {
                return Ok(joiner);
            }
        }
        Err((!nobody).then_some(Refusal::BadSignature))
    }

    fn insert_record(&mut self, signed: Signed<Record>) -> Result<Inserted, Refusal> {
        let hash = signed.hash();
        if self.store.records.contains_key(&hash) {
            return Ok(Inserted::Duplicate);
        }
        let place = signed.body.place().copied();
        // Cheap refusals first. A record that extends the head is judged by the rules before its signature.
        if let Some(place) = place {
            if place.on.is_some() != self.is_clocked() {
                return Err(Refusal::WrongOn);
            }
            if let Some((height, _)) = self.state.line.find(place.prev) {
                // The chain up to `prev` is fixed by its hash, so this verdict holds for ever.
                if place.prev == self.state.line.head() && self.state.outcome().is_none() {
                    self.state.line.check(&signed.body)?;
                } else {
                    self.line_at(height).check(&signed.body)?;
                }
            }
        }
        let author = match self.author_of(&signed) {
            Ok(author) => author,
            Err(Some(refusal)) => return Err(refusal),
            Err(None) => return self.hold(Item::Record(signed), Refusal::NotSeated),
        };
        let on_chain = place.and_then(|place| self.state.line.find(place.prev));
        if let Some((_, turn)) = on_chain {
            // The one who may not extend this head has no say here.
            let may = turn.map_or(Some(self.body.creator), |turn| {
                self.state.line.players().map(|p| *p.get(turn))
            });
            if may.is_some_and(|may| may != author) {
                return Err(
                    turn.map_or(Refusal::BadSignature, |turn| Refusal::NotYourTurn { turn })
                );
            }
        }
        if let (Record::ResignAt { at }, Some(players)) = (&signed.body, self.state.line.players())
        {
            let turn = self.state.line.find(*at).and_then(|(_, turn)| turn);
            if turn.is_some_and(|turn| *players.get(turn) == author) {
                return Err(Refusal::ResignOnChain);
            }
        }
        if self.store.records.len() >= MAX_RECORDS {
            return Err(Refusal::TooMany);
        }
        let is_seat = matches!(signed.body, Record::Seat(_));
        let extends_head = match (&signed.body, place) {
            (Record::ResignAt { at }, _) => {
                self.store.resigns.entry(*at).or_default().insert(hash);
                *at == self.state.line.head()
            }
            (_, Some(place)) => {
                let children = self.store.children.entry(place.prev).or_default();
                if children.len() >= MAX_CHILDREN && !is_seat {
                    // Two that may stand are a proof already; more change nothing.
                    return Err(Refusal::TooMany);
                }
                children.insert(hash);
                if children.len() > MAX_CHILDREN {
                    // Of many Seats the lowest hash names the colours, so the highest goes, in whatever order they came.
                    let surplus = children.pop_last();
                    if surplus == Some(hash) {
                        return Err(Refusal::TooMany);
                    }
                    surplus.map(|surplus| self.store.records.remove(&surplus));
                }
                place.prev == self.state.line.head()
            }
            (_, None) => false,
        };
        if let Some(on) = place.and_then(|place| place.on) {
            *self.store.named.entry(on).or_default() += 1;
        }
        self.store.records.insert(hash, Entry { signed, author });
        if self.is_clocked() {
            // Without a receipt a record changes nothing, unless one waits for it or it contradicts another.
            let siblings = place
                .and_then(|place| self.store.children.get(&place.prev))
                .map_or(0, BTreeSet::len);
            if self.state.missing.contains(&hash) || siblings > 1 {
                self.refold();
            }
        } else if extends_head && !is_seat && self.state.outcome().is_none() {
            untimed::advance(&self.store, &mut self.state);
        } else {
            self.refold();
        }
        Ok(Inserted::New)
    }

    fn insert_receipt(
        &mut self,
        by: OrderKey,
        receipt: Signed<Receipt>,
    ) -> Result<Inserted, Refusal> {
        let hash = receipt.hash();
        if self.store.receipt_at.contains_key(&hash) {
            return Ok(Inserted::Duplicate);
        }
        let body = receipt.body;
        if body.game != self.id {
            return Err(Refusal::WrongGame);
        }
        if !by.signed(self.id, &receipt) {
            return Err(Refusal::BadSignature);
        }
        if self.store.receipt_at.len() >= MAX_RECEIPTS {
            return Err(Refusal::TooMany);
        }
        let at = (by, body.epoch, body.seq);
        let place = self.store.receipts.entry(at).or_default();
        let forked = !place.is_empty();
        place.insert(hash, receipt);
        self.store.receipt_at.insert(hash, at);
        if let What::Record(record) = body.what {
            self.store.receipted.insert(record);
        }
        let next = !forked
            && self.state.missing.is_empty()
            && self.state.counted.last().is_some_and(|last| {
                last.by == by
                    && last.receipt.epoch == body.epoch
                    && last.receipt.seq.next() == body.seq
            });
        if self.is_clocked() && next {
            clocked::advance(&self.store, self.id, &mut self.state);
        } else {
            self.refold();
        }
        Ok(Inserted::New)
    }

    fn insert_home(&mut self, signed: Signed<Home>) -> Result<Inserted, Refusal> {
        if signed.body.game != self.id {
            return Err(Refusal::WrongGame);
        }
        if !self.is_clocked() || signed.body.epoch == Epoch::ZERO {
            return Err(Refusal::BadOrder(
                "only a clocked game moves home, and not to epoch 0",
            ));
        }
        let mut players: Vec<PlayerKey> = self.seated().collect();
        if players.is_empty() {
            return self.hold(Item::Home(signed), Refusal::NotSeated);
        }
        players.push(self.body.creator);
        let by = players
            .into_iter()
            .find(|player| player.signed(self.id, &signed))
            .ok_or(Refusal::BadSignature)?;
        if self.store.homes.values().map(BTreeMap::len).sum::<usize>() >= MAX_HOME_SIGNATURES {
            return Err(Refusal::TooMany);
        }
        match self
            .store
            .homes
            .entry(signed.body)
            .or_default()
            .insert(by, signed)
        {
            Some(_) => Ok(Inserted::Duplicate),
            None => {
                self.refold();
                Ok(Inserted::New)
            }
        }
    }

    fn insert_continued(
        &mut self,
        genesis: Signed<Genesis>,
        seat: Signed<Record>,
    ) -> Result<Inserted, Refusal> {
        const WRONG: Refusal =
            Refusal::BadOrder("the other game does not go on from this one with both its players");
        let hash = seat.hash();
        if self.store.continued.contains_key(&hash) {
            return Ok(Inserted::Duplicate);
        }
        if !self.is_clocked() || genesis.body.from.is_none_or(|from| from.game != self.id) {
            return Err(WRONG);
        }
        let mut next = Self::new(genesis.clone())?;
        next.insert(Item::Record(seat.clone()))?;
        // In a clocked successor the Seat waits for its receipt; seated here means signed by both.
        let Record::Seat(body) = &seat.body else {
            return Err(WRONG);
        };
        let players = [genesis.body.creator, body.join.body.player];
        let Some(ours) = self.state.line.players() else {
            return self.hold(
                Item::Continued {
                    genesis: Box::new(genesis),
                    seat,
                },
                Refusal::NotSeated,
            );
        };
        if !players.contains(&ours.white) || !players.contains(&ours.black) {
            return Err(WRONG);
        }
        if self.store.continued.len() >= MAX_CHILDREN {
            return Err(Refusal::TooMany);
        }
        self.store.continued.insert(hash, (genesis, seat));
        self.refold();
        Ok(Inserted::New)
    }

    /// The state of play at a height of the present chain, without what ended it off the chain.
    fn line_at(&self, height: Height) -> Line {
        let mut line = Line::new(self.id, Arc::clone(&self.body), &self.start);
        for hash in self.state.line.path_to(height) {
            let record = self
                .store
                .records
                .get(&hash)
                .map(|entry| &entry.signed.body);
            if let Some(step) = record.and_then(|record| line.check(record).ok()) {
                line.apply(hash, step);
            }
        }
        line
    }

    /// Computes the state anew from all that is known.
    fn refold(&mut self) {
        let mut state = Self::blank(self.id, &self.body, &self.start);
        if self.is_clocked() {
            clocked::fold(&self.store, self.id, &self.body, &mut state);
        } else {
            untimed::fold(&self.store, self.id, &mut state);
        }
        self.state = state;
    }

    // What an orderer needs.

    /// Whether a record by a player would count if its receipt were the next: rules, author and signature, but not the clock.
    ///
    /// # Errors
    ///
    /// The [`Refusal`] to send back.
    pub fn judge(&self, signed: &Signed<Record>) -> Result<(), Refusal> {
        let line = &self.state.line;
        if let (true, Some(outcome)) = (self.is_clocked(), line.outcome()) {
            return Err(Refusal::GameOver(outcome));
        }
        line.check(&signed.body)?;
        let author = match &signed.body {
            Record::ResignAt { at } => {
                let turn = line
                    .find(*at)
                    .and_then(|(_, turn)| turn)
                    .ok_or(Refusal::NotSeated)?;
                line.players()
                    .map(|players| *players.get(turn.other()))
                    .ok_or(Refusal::NotSeated)?
            }
            _ => line.author(),
        };
        if author.signed(self.id, signed) {
            return Ok(());
        }
        // A good signature of the wrong player is another mistake than a bad one.
        match (line.players(), &signed.body) {
            (Some(players), Record::ResignAt { .. })
                if [players.white, players.black]
                    .iter()
                    .any(|p| p.signed(self.id, signed)) =>
            {
                Err(Refusal::ResignOnChain)
            }
            (Some(players), _) if players.get(line.turn().other()).signed(self.id, signed) => {
                Err(Refusal::NotYourTurn { turn: line.turn() })
            }
            _ => Err(Refusal::BadSignature),
        }
    }

    /// Who orders the game now, and in which epoch: the first home, or that of the highest committed `Home`.
    #[must_use]
    pub fn orderer(&self) -> Option<(OrderKey, Epoch)> {
        match self.state.counted.last() {
            Some(last) => Some((last.by, last.receipt.epoch)),
            None => self.body.homes.first().map(|home| (*home, Epoch::ZERO)),
        }
    }

    /// The next receipt of `key` for `what`: in a clocked game after the last that counts, else in the key's own chain.
    /// `at_ms` is raised to that of the receipt before where it is lower.
    #[must_use]
    pub fn next_receipt(&self, key: OrderKey, what: What, at: Millis, lag: Millis) -> Receipt {
        let last = if self.is_clocked() {
            self.state
                .counted
                .last()
                .map(|last| (last.receipt, last.hash))
        } else {
            let range = (key, Epoch::ZERO, Seq::ZERO)..=(key, Epoch::ZERO, Seq::new(u64::MAX));
            let last = self.store.receipts.range(range).next_back();
            last.and_then(|(_, place)| place.iter().next())
                .map(|(hash, receipt)| (receipt.body, *hash))
        };
        let (epoch, seq, prev, least) = match (last, what) {
            (Some((receipt, hash)), What::Home(_)) => {
                (receipt.epoch.next(), Seq::ZERO, Some(hash), receipt.at_ms)
            }
            (Some((receipt, hash)), _) => {
                (receipt.epoch, receipt.seq.next(), Some(hash), receipt.at_ms)
            }
            (None, _) => (Epoch::ZERO, Seq::ZERO, None, Millis::ZERO),
        };
        Receipt {
            game: self.id,
            epoch,
            seq,
            prev,
            at_ms: at.max(least),
            lag_ms: lag,
            what,
        }
    }

    /// The first receipt of the epoch that `home` opens.
    #[must_use]
    pub fn commit_receipt(&self, home: &Home, at: Millis) -> Receipt {
        let least = self
            .receipt(home.after)
            .map_or(Millis::ZERO, |(_, receipt)| receipt.body.at_ms);
        Receipt {
            game: self.id,
            epoch: home.epoch,
            seq: Seq::ZERO,
            prev: Some(home.after),
            at_ms: at.max(least),
            lag_ms: Millis::ZERO,
            what: What::Home(codec::hash(home)),
        }
    }

    /// Why the clock forbids a record of the side to move at `at`: a `Flag` is due instead.
    #[must_use]
    pub fn flag_is_due(&self, at: Millis, lag: Millis) -> bool {
        let (line, Some(clocks)) = (&self.state.line, &self.state.clocks) else {
            return false;
        };
        let turn = line.turn();
        line.players().is_some()
            && line.outcome().is_none()
            && clocks
                .check_flag(turn, line.has_moved(turn), at, lag)
                .is_err()
    }

    /// The first moment at which [`Game::flag_is_due`] for a mover with this lag; none where no clock runs.
    #[must_use]
    pub fn flag_at(&self, lag: Millis) -> Option<Millis> {
        let (line, clocks) = (&self.state.line, self.state.clocks.as_ref()?);
        if line.players().is_none() || line.outcome().is_some() {
            return None;
        }
        clocks.flag_at(line.turn(), line.has_moved(line.turn()), lag)
    }

    /// The longest `Gap` that may be stamped at `at`.
    #[must_use]
    pub fn longest_gap(&self, at: Millis) -> Millis {
        self.state
            .clocks
            .as_ref()
            .map_or(Millis::ZERO, |clocks| clocks.elapsed(at))
    }

    /// The colour of a seated player.
    #[must_use]
    pub fn colour_of(&self, player: PlayerKey) -> Option<Colour> {
        self.state.line.colour_of(player)
    }

    /// Signs a receipt as [`Item`].
    #[must_use]
    pub fn sign_receipt(key: &Keypair, receipt: Receipt) -> Item {
        Item::Receipt {
            by: key.order(),
            receipt: key.sign(receipt.game, receipt),
        }
    }
}

/// The most different records kept for one `prev`.
pub(crate) const MAX_CHILDREN: usize = 8;

/// The records at `head` that its author may have put there, in the order of hashes.
pub(crate) fn candidates(store: &Store, line: &Line) -> Vec<(Hash, Step)> {
    let author = line.author();
    let children = store.children.get(&line.head()).into_iter().flatten();
    children
        .filter_map(|hash| {
            let entry = store.records.get(hash)?;
            (entry.author == author).then(|| {
                line.check(&entry.signed.body)
                    .ok()
                    .map(|step| (*hash, step))
            })?
        })
        .collect()
}

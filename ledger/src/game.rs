//! All that is known of one game, and the state that follows from it. Items may come in any order and more than once;
//! the state is a function of the set (P1). Taking items in is in `insert`, rules of play are in `line`, the two folds in
//! `untimed` and `clocked`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::clock::Clocks;
use crate::clocked::{self, Counted};
use crate::codec;
use crate::genesis::{self, Start};
use crate::id::{Epoch, GameId, Hash, Millis, OrderKey, PlayerKey, Seq};
use crate::line::Line;
use crate::mutant::Mutant;
use crate::outcome::{Colour, Outcome};
use crate::proof::Proof;
use crate::record::{Genesis, Home, Item, Receipt, Record, Signed, What};
use crate::refusal::Refusal;
use crate::sign::{Keypair, Verifier as _};
use crate::store::{Entry, Store};
use crate::untimed;

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

    /// The newest receipt that counts and behind which an outage of its relay begins at the earliest: one that stamps the
    /// outage before it. A move of home to the key that orders already does not.
    #[must_use]
    pub fn last_stamping(&self) -> Option<&Counted> {
        let moves_nothing = |at: usize, counted: &Counted| {
            let before = at
                .checked_sub(1)
                .and_then(|before| self.counted.get(before));
            matches!(counted.receipt.what, What::Home(_))
                && before.is_some_and(|before| before.by == counted.by)
        };
        let mut counted = self.counted.iter().enumerate().rev();
        let stamping = counted.find(|(at, counted)| !moves_nothing(*at, counted));
        stamping.map(|(_, counted)| counted)
    }
}

/// One game.
#[derive(Debug, Clone)]
pub struct Game {
    pub(crate) id: GameId,
    genesis: Signed<Genesis>,
    pub(crate) body: Arc<Genesis>,
    start: Start,
    pub(crate) store: Store,
    pub(crate) state: State,
    /// The state of play where the last record was judged that does not extend the head.
    pub(crate) side: Option<Line>,
    /// The `Home` until whose answer no receipt of a lower epoch counts.
    pub(crate) frozen: Option<Home>,
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
        let mut store = Store::default();
        store.nodes.insert(id.as_hash(), state.line.root());
        Ok(Self {
            id,
            genesis,
            body,
            start,
            store,
            state,
            side: None,
            frozen: None,
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

    /// Whether a chain record may stand on this: the genesis, or one that stands itself.
    pub(crate) fn is_head(&self, hash: Hash) -> bool {
        self.store.nodes.contains_key(&hash)
    }

    /// The chain records that name `prev`, in the order of hashes.
    pub fn children(&self, prev: Hash) -> impl Iterator<Item = (Hash, &Entry)> {
        let hashes = self.store.children.get(&prev).into_iter().flatten();
        hashes.filter_map(|hash| self.store.records.get(hash).map(|entry| (*hash, entry)))
    }

    /// Whether some relay signed a receipt for this record.
    #[must_use]
    pub fn is_receipted(&self, record: Hash) -> bool {
        self.store.is_receipted(record)
    }

    /// Whether the relay of `key` signed a receipt for this record.
    #[must_use]
    pub fn is_receipted_by(&self, key: OrderKey, record: Hash) -> bool {
        self.store.receipted.contains(&(record, key))
    }

    /// The resignations off the chain.
    pub fn resignations(&self) -> impl Iterator<Item = &Entry> {
        let hashes = self.store.resigns.values();
        hashes.filter_map(|hash| self.store.records.get(hash))
    }

    /// A receipt, by its hash, with who signed it: of several who signed the same, the one by whom it counts.
    #[must_use]
    pub fn receipt(&self, hash: Hash) -> Option<(OrderKey, &Signed<Receipt>)> {
        let places = self.store.receipt_at.get(&hash)?;
        let counted = || {
            let mut counted = self.state.counted.iter().rev();
            counted
                .find(|counted| counted.hash == hash)
                .map(|counted| counted.by)
        };
        let by = if places.len() > 1 { counted() } else { None };
        let at = places
            .iter()
            .find(|(key, _, _)| by.is_none_or(|by| by == *key))?;
        let receipt = self.store.receipts.get(at)?.get(&hash)?;
        Some((at.0, receipt))
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
        let players = self
            .state
            .line
            .players()
            .map(|both| [both.white, both.black]);
        let signed = move |home: &&Home| {
            players.is_some_and(|players| self.store.home_is_signed(home, players))
        };
        self.store.homes.keys().filter(signed)
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

    /// Whether the relay of `key` opened `epoch` by a commit, whether or not what that rests on is known here.
    #[must_use]
    pub fn has_committed(&self, key: OrderKey, epoch: Epoch) -> bool {
        self.store.has_committed(key, epoch)
    }

    /// The games that go on from this one, each with its Seat; a receipt says which of them, if any, ends this one.
    pub fn continuations(&self) -> impl Iterator<Item = &(Signed<Genesis>, Signed<Record>)> {
        self.store.continued.values()
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
        items.extend(self.store.evidence.values().cloned().map(Item::Record));
        let is_evidence = |item: &&Item| match item {
            Item::Record(signed) => self.store.evidence.get(&signed.hash()) == Some(signed),
            _ => false,
        };
        let waiting = self.store.waiting().filter(|item| !is_evidence(item));
        items.extend(waiting.cloned());
        items
    }

    /// The state of play at a head, by the chain that leads there and without what ended it off the chain; none where the
    /// head is not known.
    #[must_use]
    pub fn line_at(&self, head: Hash) -> Option<Line> {
        let (mut path, mut at) = (Vec::new(), head);
        while at != self.id.as_hash() {
            let record = &self.store.records.get(&at)?.signed.body;
            path.push((at, record));
            at = record.place()?.prev;
        }
        let mut line = Line::new(self.id, Arc::clone(&self.body), &self.start);
        for (hash, record) in path.into_iter().rev() {
            let step = line.step(record).ok()?;
            line.apply(hash, step);
        }
        Some(line)
    }

    /// From now on no receipt of a lower epoch than that of `home` counts beyond `home.after`, until a commit of that epoch
    /// or a higher one is known; none: every receipt counts. A player freezes from signing a `Home` until its answer.
    pub fn freeze(&mut self, home: Option<Home>) {
        if self.frozen != home {
            self.frozen = home;
            self.refold();
        }
    }

    /// Computes the state anew from all that is known.
    pub(crate) fn refold(&mut self) {
        let mut state = Self::blank(self.id, &self.body, &self.start);
        state.proofs = self.store.proofs();
        if self.is_clocked() {
            clocked::fold(&self.store, &self.body, self.frozen, &mut state);
        } else {
            untimed::advance(&self.store, &mut state);
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
        if author.signed(self.id, signed) || Mutant::ANY_AUTHOR.is_on() {
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

    /// The keys that ordered something in an epoch above that of [`Game::orderer`]: the game moved to one of them, it seems, and
    /// what shows it is not all known.
    #[must_use]
    pub fn ordering_above(&self) -> BTreeSet<OrderKey> {
        let (_, epoch) = self.orderer().unzip();
        self.store.ordering_above(epoch.unwrap_or(Epoch::ZERO))
    }

    /// The next receipt of `key` for `what`: in a clocked game after the last that counts, else in the key's own chain.
    /// `at_ms` is raised to that of the receipt before where it is lower. A `Home` has [`Game::commit_receipt`].
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
        let (epoch, seq, prev, least) = match last {
            Some((receipt, hash)) => (receipt.epoch, receipt.seq.next(), Some(hash), receipt.at_ms),
            None => (Epoch::ZERO, Seq::ZERO, None, Millis::ZERO),
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

    /// Whether a `Flag` of the side to move would be right at `at`, if that player's lag is `lag`.
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

//! What a relay knows of a game, as items, and what the reference makes of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rookery_ledger::codec;
use rookery_ledger::id::{GameId, Hash, OrderKey, PlayerKey};
use rookery_ledger::record::{self, Genesis, Home, Item, Lapsed, Receipt, Signed, What};
use rookery_ledger::sign::Verifier as _;
use rookery_relay::trace::Entry;

use crate::plain::{Checked, Plain, continuations, receipt_of, setup};
use crate::reference::{self, Board, Clocked, Id, Setup, TimeControl, clocked, counting, untimed};

/// The place of a lapse in its epoch.
pub(super) const LAPSE_SEQ: u64 = u64::MAX;
/// Views that are kept: a few hundred bytes to some tens of kilobytes each.
const MOST_VIEWS: usize = 4_000;

/// What is worked out once and used again, by whoever checks the same trace or a copy that was changed.
#[derive(Debug, Default)]
pub(super) struct Tools {
    pub(super) checked: Checked,
    orders: HashMap<(OrderKey, Hash), bool>,
    views: HashMap<Hash, Arc<View>>,
}

impl Tools {
    /// Whether an order key signed this.
    pub(super) fn ordered<B: record::Body>(
        &mut self,
        by: OrderKey,
        game: GameId,
        signed: &Signed<B>,
    ) -> bool {
        let name = [&game.0[..], &signed.hash().0, &signed.sig.0].concat();
        let known = self.orders.entry((by, codec::hash_bytes(&name)));
        *known.or_insert_with(|| by.signed(game, signed))
    }
}

/// A place of the order or a refusal of an epoch, read from the log's bytes.
#[derive(Debug, Clone)]
pub(super) enum Placed {
    Receipt(Receipt, Option<Item>),
    Lapsed(Lapsed),
    /// An item that another key signed, with what it is for.
    Foreign(Item, Option<Item>),
}

/// Reads an entry of the own chain.
pub(super) fn own_entry(game: GameId, entry: &Entry) -> Result<Placed, String> {
    let item = entry.item.as_ref().map(|item| read_item(&item.0));
    let item = item.transpose()?;
    let canonical = |error| format!("P2: an entry that is no receipt: {error}");
    let of_game = |named: GameId| {
        if named == game {
            Ok(())
        } else {
            Err("P2: a receipt of another game in this one's chain".to_owned())
        }
    };
    if entry.seq == LAPSE_SEQ {
        let body: Lapsed =
            codec::decode(&entry.receipt.0, codec::MAX_ITEM_BYTES).map_err(canonical)?;
        of_game(body.game)?;
        if body.epoch.get() != entry.epoch || item.is_some() {
            return Err("P2: a refusal of another epoch than its place says".into());
        }
        return Ok(Placed::Lapsed(body));
    }
    let body: Receipt =
        codec::decode(&entry.receipt.0, codec::MAX_ITEM_BYTES).map_err(canonical)?;
    of_game(body.game)?;
    if (body.epoch.get(), body.seq.get()) != (entry.epoch, entry.seq) {
        return Err("P2: a receipt for another place than the one that it takes".into());
    }
    let fits = match (&body.what, &item) {
        (What::Genesis, Some(Item::Genesis(genesis))) => genesis.body.id() == game,
        (What::Record(hash), Some(Item::Record(signed))) => signed.hash() == *hash,
        (What::Home(hash), Some(Item::Home(signed))) => signed.hash() == *hash,
        (What::Continued(hash), Some(Item::Continued { seat, .. })) => seat.hash() == *hash,
        (What::Gap { .. } | What::Flag, None) => true,
        _ => false,
    };
    if !fits {
        return Err("P3: a receipt without the record that it is for".into());
    }
    Ok(Placed::Receipt(body, item))
}

/// Reads an entry of another chain: a whole item, and what it is for.
pub(super) fn foreign_entry(entry: &Entry) -> Result<Placed, String> {
    let of = entry.item.as_ref().map(|item| read_item(&item.0));
    Ok(Placed::Foreign(
        read_item(&entry.receipt.0)?,
        of.transpose()?,
    ))
}

/// An item from its canonical bytes.
pub(super) fn read_item(bytes: &[u8]) -> Result<Item, String> {
    codec::decode(bytes, codec::MAX_ITEM_BYTES)
        .map_err(|error| format!("P4: bytes that are no item: {error}"))
}

/// What the reference makes of what is known.
#[derive(Debug)]
pub(super) struct View {
    pub(super) setup: Setup,
    pub(super) records: Vec<reference::Record>,
    /// The receipts that count, of a clocked game.
    pub(super) counted: Vec<reference::Receipt>,
    pub(super) clocked: Option<Clocked>,
    /// The state of play that counts.
    pub(super) board: Board,
}

impl View {
    pub(super) fn is_clocked(&self) -> bool {
        self.setup.time != TimeControl::Untimed
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.setup.time, TimeControl::Live { .. })
    }

    pub(super) fn last(&self) -> Option<&reference::Receipt> {
        self.counted.last()
    }

    /// The newest that stamps the outage before it: a move of home to the key that orders already does not.
    pub(super) fn last_stamping(&self) -> Option<&reference::Receipt> {
        let moves_nothing = |at: usize| {
            let receipt = &self.counted[at];
            let home = receipt.epoch > 0 && receipt.seq == 0;
            home && at > 0 && self.counted[at - 1].key == receipt.key
        };
        let mut places = (0..self.counted.len()).rev();
        places
            .find(|at| !moves_nothing(*at))
            .map(|at| &self.counted[at])
    }

    /// Who orders, and in which epoch.
    pub(super) fn orderer(&self) -> (Id, u64) {
        self.last()
            .map_or((self.setup.home, 0), |last| (last.key, last.epoch))
    }

    /// When the flag falls, if that is not too far away, with this lag.
    pub(super) fn flag_at(&self, lag: u64) -> Option<u64> {
        self.clocked.as_ref()?.flag_at(&self.setup, lag)
    }

    /// The board at a head of the tree of records, whatever counts.
    pub(super) fn board_at(&self, head: Id) -> Option<Board> {
        let mut way = Vec::new();
        let mut at = head;
        while at != self.setup.name {
            let record = self.records.iter().find(|record| record.hash == at)?;
            record.height?;
            if way.len() > self.records.len() {
                return None;
            }
            way.push(record);
            at = record.prev;
        }
        let start = Board::new(&self.setup)?;
        way.into_iter()
            .rev()
            .try_fold(start, |board, record| board.after(&self.setup, record))
    }

    /// The board at which a record may stand, or else would be judged.
    pub(super) fn place_of(&self, record: &reference::Record) -> Option<Board> {
        if self.is_clocked() {
            Some(self.board.clone())
        } else {
            self.board_at(record.prev)
        }
    }

    /// Whether a record may stand where it says.
    pub(super) fn accepts(&self, record: &reference::Record) -> bool {
        let Some(board) = self.place_of(record) else {
            return false;
        };
        board.end().is_none()
            && (board.resigns_at(record).is_some() || board.after(&self.setup, record).is_some())
    }

    /// Whether the receipt for a record counts.
    pub(super) fn is_counted(&self, record: Id) -> bool {
        let what = reference::For::Record(record);
        self.counted.iter().any(|receipt| receipt.what == what)
    }
}

/// What is known of a game.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) game: GameId,
    pub(super) genesis: Arc<Signed<Genesis>>,
    /// Who may have signed something: the creator and all whom a Seat names.
    pub(super) players: Vec<PlayerKey>,
    records: Vec<Arc<Signed<record::Record>>>,
    receipts: BTreeMap<(Id, Id), reference::Receipt>,
    pub(super) homes: Vec<Signed<Home>>,
    pub(super) lapsed: BTreeSet<(Id, u64)>,
    continued: Vec<Arc<Item>>,
    /// Hashes of the items; own receipts are known by their place alone.
    items: BTreeSet<Hash>,
    digest: Hash,
}

impl Known {
    pub(super) fn new(game: GameId, genesis: Signed<Genesis>) -> Self {
        let item = Item::Genesis(genesis.clone());
        Self {
            game,
            players: vec![genesis.body.creator],
            genesis: Arc::new(genesis),
            records: Vec::new(),
            receipts: BTreeMap::new(),
            homes: Vec::new(),
            lapsed: BTreeSet::new(),
            continued: Vec::new(),
            items: BTreeSet::from([codec::hash(&item)]),
            digest: codec::hash(&item),
        }
    }

    fn stir(&mut self, bytes: &[u8]) {
        self.digest = codec::hash_bytes(&[&self.digest.0[..], bytes].concat());
    }

    /// Whether this very item is known.
    pub(super) fn has(&self, item: &Item) -> bool {
        self.items.contains(&codec::hash(item))
    }

    /// Whether a record is known, whoever signed it.
    pub(super) fn has_record(&self, hash: Id) -> bool {
        self.records.iter().any(|record| record.hash().0 == hash)
    }

    pub(super) fn has_receipt(&self, key: Id, hash: Id) -> bool {
        self.receipts.contains_key(&(key, hash))
    }

    pub(super) fn has_home(&self, item: Id) -> bool {
        self.items.contains(&Hash(item))
    }

    /// Adds an item. A receipt or a lapse must have been found to be signed by who is said to have signed it.
    pub(super) fn add(&mut self, item: &Item) {
        let name = codec::hash(item);
        if !self.items.insert(name) {
            return;
        }
        match item {
            Item::Genesis(_) => {}
            Item::Record(signed) => {
                if let record::Record::Seat(seat) = &signed.body
                    && !self.players.contains(&seat.join.body.player)
                {
                    self.players.push(seat.join.body.player);
                }
                self.records.push(Arc::new(signed.clone()));
                self.stir(&name.0);
            }
            Item::Receipt { by, receipt } => self.add_receipt(by.0, &receipt.body),
            Item::Home(home) => {
                self.homes.push(*home);
                self.stir(&name.0);
            }
            Item::Lapsed { by, lapsed } => {
                self.lapsed.insert((by.0, lapsed.body.epoch.get()));
            }
            Item::Continued { .. } => {
                self.continued.push(Arc::new(item.clone()));
                self.stir(&name.0);
            }
        }
    }

    fn add_receipt(&mut self, key: Id, body: &Receipt) {
        let plain = receipt_of(key, body);
        if body.game == self.game && !self.receipts.contains_key(&(key, plain.hash)) {
            self.stir(&[&key[..], &plain.hash].concat());
            self.receipts.insert((key, plain.hash), plain);
        }
    }

    /// Adds what a chain of the log holds at one place.
    pub(super) fn add_placed(&mut self, own: Id, placed: &Placed) {
        match placed {
            Placed::Receipt(body, item) => {
                if let Some(item) = item {
                    self.add(item);
                }
                self.add_receipt(own, body);
            }
            Placed::Lapsed(body) => {
                self.lapsed.insert((own, body.epoch.get()));
            }
            Placed::Foreign(item, of) => {
                if let Some(of) = of {
                    self.add(of);
                }
                self.add(item);
            }
        }
    }

    /// Adds all that is known elsewhere.
    pub(super) fn merge(&mut self, other: &Self) {
        for record in &other.records {
            self.add(&Item::Record((**record).clone()));
        }
        for home in &other.homes {
            self.add(&Item::Home(*home));
        }
        for item in &other.continued {
            self.add(item);
        }
        for (name, receipt) in &other.receipts {
            if !self.receipts.contains_key(name) {
                self.stir(&[&name.0[..], &name.1].concat());
                self.receipts.insert(*name, receipt.clone());
            }
        }
        self.lapsed.extend(&other.lapsed);
        self.items.extend(&other.items);
    }

    /// A record in the form of the reference.
    pub(super) fn plain(
        &self,
        signed: &Signed<record::Record>,
        tools: &mut Tools,
    ) -> reference::Record {
        let mut plain = Plain {
            game: self.game,
            players: &self.players,
            checked: &mut tools.checked,
        };
        plain.record(signed)
    }

    /// The `Home`s, each with who signed it.
    pub(super) fn plain_homes(&self, tools: &mut Tools) -> Vec<reference::Home> {
        let mut plain = Plain {
            game: self.game,
            players: &self.players,
            checked: &mut tools.checked,
        };
        plain.homes(&self.homes)
    }

    /// What the reference makes of it.
    pub(super) fn view(&self, tools: &mut Tools) -> Result<Arc<View>, String> {
        if let Some(view) = tools.views.get(&self.digest) {
            return Ok(view.clone());
        }
        let setup = setup(&self.genesis.body);
        let mut plain = Plain {
            game: self.game,
            players: &self.players,
            checked: &mut tools.checked,
        };
        let records = plain.records(self.records.iter().map(|record| &**record));
        let homes = plain.homes(&self.homes);
        let receipts: Vec<reference::Receipt> = self.receipts.values().cloned().collect();
        let unplayable = || "P4: a genesis that cannot be played".to_owned();
        let (board, state, counted) = if setup.time == TimeControl::Untimed {
            let board = untimed(&setup, &records).ok_or_else(unplayable)?;
            (board, None, Vec::new())
        } else {
            let items: Vec<Item> = self.continued.iter().map(|item| (**item).clone()).collect();
            let next = continuations(self.game, &items);
            let state =
                clocked(&setup, &records, &receipts, &homes, &next).ok_or_else(unplayable)?;
            let counted = counting(&setup, &records, &receipts, &homes);
            let counted = counted.into_iter().cloned().collect();
            (state.board.clone(), Some(state), counted)
        };
        let view = Arc::new(View {
            setup,
            records,
            counted,
            clocked: state,
            board,
        });
        if tools.views.len() >= MOST_VIEWS {
            tools.views.clear();
        }
        tools.views.insert(self.digest, view.clone());
        Ok(view)
    }
}

//! From the ledger's types to the plain data of the reference. Of the ledger only the forms and the signatures are used.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rookery_ledger::codec;
use rookery_ledger::id::{GameId, Hash, PlayerKey, Signature};
use rookery_ledger::record::{
    Body, Clock, Colours, Genesis, Home as SignedHome, Item, Receipt as SignedReceipt,
    Record as SignedRecord, Signed, Variant, What,
};
use rookery_ledger::sign::Verifier as _;

use crate::reference::{
    Content, Continuation, Creator, For, Home, Id, Receipt, Record, Setup, Side, TimeControl,
};

/// Which signatures were checked before, and what came of it: one costs as much as all else about a record.
#[derive(Debug, Default)]
pub(crate) struct Checked(HashMap<(PlayerKey, Signature, Hash), bool>);

impl Checked {
    /// Whether `player` signed this in `game`.
    pub(crate) fn signed<B: Body>(
        &mut self,
        player: PlayerKey,
        game: GameId,
        signed: &Signed<B>,
    ) -> bool {
        let name = [signed.body.kind().as_bytes(), &game.0, &signed.hash().0].concat();
        let key = (player, signed.sig, codec::hash_bytes(&name));
        let checked = self.0.entry(key);
        *checked.or_insert_with(|| player.signed(game, signed))
    }
}

/// Reads the items of one game.
pub(crate) struct Plain<'a> {
    pub(crate) game: GameId,
    /// Under whose keys a signature may be good.
    pub(crate) players: &'a [PlayerKey],
    pub(crate) checked: &'a mut Checked,
}

/// What the genesis says.
pub(crate) fn setup(genesis: &Genesis) -> Setup {
    Setup {
        name: genesis.id().0,
        start: genesis.start.clone(),
        moves: genesis.moves.clone(),
        chess960: genesis.variant == Variant::Chess960,
        time: match genesis.clock {
            Clock::None => TimeControl::Untimed,
            Clock::Live { initial_s, inc_s } => TimeControl::Live {
                initial_s: initial_s.into(),
                inc_s: inc_s.into(),
            },
            Clock::Days { days } => TimeControl::Days { days: days.into() },
        },
        creator: genesis.creator.0,
        colour: match genesis.colours {
            Colours::White => Creator::Plays(Side::White),
            Colours::Black => Creator::Plays(Side::Black),
            Colours::Drawn { commit } => Creator::Lot(commit.0),
        },
        seat: genesis.seat.map(|seat| seat.0),
        takebacks: genesis.takebacks,
        home: genesis.homes.first().map_or([0; 32], |home| home.0),
    }
}

/// The untimed games that go on from this one.
pub(crate) fn continuations(game: GameId, items: &[Item]) -> Vec<Continuation> {
    let next = items.iter().filter_map(|item| {
        let Item::Continued { genesis, seat } = item else {
            return None;
        };
        let SignedRecord::Seat(body) = &seat.body else {
            return None;
        };
        let from = genesis.body.from.filter(|from| from.game == game)?;
        (genesis.body.clock == Clock::None).then(|| Continuation {
            seat: seat.hash().0,
            head: from.head.0,
            players: [genesis.body.creator.0, body.join.body.player.0],
        })
    });
    next.collect()
}

/// A receipt of this game, if the key has signed it that is said to.
pub(crate) fn receipt(game: GameId, item: &Item) -> Option<Receipt> {
    match item {
        Item::Receipt { by, receipt } if receipt.body.game == game && by.signed(game, receipt) => {
            Some(receipt_of(by.0, &receipt.body))
        }
        _ => None,
    }
}

/// A receipt of a key.
pub(crate) fn receipt_of(key: Id, body: &SignedReceipt) -> Receipt {
    Receipt {
        hash: codec::hash(body).0,
        key,
        epoch: body.epoch.get(),
        seq: body.seq.get(),
        prev: body.prev.map(|prev| prev.0),
        at_ms: body.at_ms.get(),
        lag_ms: body.lag_ms.get(),
        what: match body.what {
            What::Genesis => For::Genesis,
            What::Record(hash) => For::Record(hash.0),
            What::Gap { ms } => For::Gap(ms.get()),
            What::Flag => For::Flag,
            What::Home(hash) => For::Home(hash.0),
            What::Continued(seat) => For::Continued(seat.0),
        },
    }
}

impl Plain<'_> {
    /// The players under whose keys a signature is good.
    fn signers<B: Body>(&mut self, signed: &Signed<B>) -> BTreeSet<Id> {
        let (game, checked) = (self.game, &mut *self.checked);
        let good = self
            .players
            .iter()
            .filter(|player| checked.signed(**player, game, signed));
        good.map(|player| player.0).collect()
    }

    /// The records, each once: a copy with another signature is the same record.
    pub(crate) fn records<'r>(
        &mut self,
        signed: impl IntoIterator<Item = &'r Signed<SignedRecord>>,
    ) -> Vec<Record> {
        let mut records: Vec<Record> = Vec::new();
        let mut places: HashMap<Id, usize> = HashMap::new();
        for signed in signed {
            let record = self.record(signed);
            match places.get(&record.hash) {
                Some(known) => records[*known].by.extend(record.by),
                None => {
                    places.insert(record.hash, records.len());
                    records.push(record);
                }
            }
        }
        records
    }

    /// One record.
    pub(crate) fn record(&mut self, signed: &Signed<SignedRecord>) -> Record {
        let game = self.game;
        let content = match &signed.body {
            SignedRecord::Seat(seat) => Content::Seat {
                joiner: seat.join.body.player.0,
                nonce: seat.join.body.nonce.0.to_vec(),
                join_signed: self.checked.signed(seat.join.body.player, game, &seat.join),
                reveal: seat.reveal.map(|secret| secret.0.to_vec()),
            },
            SignedRecord::Move(played) => Content::Move {
                uci: played.uci.clone(),
                think_ms: played.think_ms.get(),
                offer: played.offer,
            },
            SignedRecord::Rewind(rewind) => Content::Rewind {
                consent_at: rewind.consent.body.at.0,
                to_ply: usize::try_from(rewind.consent.body.to_ply.get()).unwrap_or(usize::MAX),
                consent_by: self.signers(&rewind.consent),
            },
            SignedRecord::Draw(_) => Content::Draw,
            SignedRecord::Resign(_) => Content::Resign,
            SignedRecord::Abort(_) => Content::Abort,
            SignedRecord::ResignAt { .. } => Content::ResignAt,
        };
        let place = signed.body.place();
        let prev = match (&signed.body, place) {
            (SignedRecord::ResignAt { at }, _) => at.0,
            (_, Some(place)) => place.prev.0,
            (_, None) => [0; 32],
        };
        Record {
            hash: signed.hash().0,
            prev,
            height: place.map(|place| place.height.get()),
            on: place.and_then(|place| place.on).map(|on| on.0),
            by: self.signers(signed),
            content,
        }
    }

    /// The wishes to move home, each with all who signed it.
    pub(crate) fn homes<'r>(
        &mut self,
        signed: impl IntoIterator<Item = &'r Signed<SignedHome>>,
    ) -> Vec<Home> {
        let mut homes: BTreeMap<Id, Home> = BTreeMap::new();
        for signed in signed {
            let body = signed.body;
            let hash = signed.hash().0;
            let home = homes.entry(hash).or_insert(Home {
                hash,
                epoch: body.epoch.get(),
                to: body.to.0,
                after: body.after.0,
                by: BTreeSet::new(),
            });
            let by = self.signers(signed);
            home.by.extend(by);
        }
        homes.into_values().collect()
    }
}

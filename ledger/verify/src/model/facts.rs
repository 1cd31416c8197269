//! What the properties look at in one node's game, computed once for each distinct local state, and what is wrong in it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};

use rookery_ledger::id::{Epoch, Hash, OrderKey, PlayerKey, Seq};
use rookery_ledger::record::{Item, Receipt, Record, Signed, What};
use rookery_ledger::sign::Verifier as _;
use rookery_ledger::{Colour, Game, Outcome, Proof};

use super::table::Memo;

/// Promises that are broken, as bits.
pub(super) mod broken {
    /// Two records under one place, or a gap in the receipts that count.
    pub(crate) const ORDER: u16 = 1;
    /// What counts is not signed by its author.
    pub(crate) const FORGED: u16 = 2;
    /// Two things that no honest party signs are known, and there is no proof, or one that does not hold.
    pub(crate) const UNPROVEN: u16 = 4;
    /// A record held back bettered its author's result.
    pub(crate) const BETTERED: u16 = 8;
    /// Two sit in one seat, or a loser was not refused by the Seat.
    pub(crate) const SEATS: u16 = 16;
    /// What an honest player had counted was undone.
    pub(crate) const UNDONE: u16 = 32;
    /// After a restart a node is not what it was.
    pub(crate) const RESTART: u16 = 64;
    /// A proof names an honest party.
    pub(crate) const FRAMED: u16 = 128;
    /// A relay told what is not in its log.
    pub(crate) const UNTRUE: u16 = 256;
}

/// Who may do what no honest party does.
#[derive(Clone, Debug, Default)]
pub(super) struct Guilty {
    pub(super) player: Option<PlayerKey>,
    pub(super) relay: Option<OrderKey>,
}

/// Signatures that were checked before.
#[derive(Default)]
pub(super) struct Sound(Memo<u64, bool>);

impl Sound {
    fn record(&self, game: &Game, by: PlayerKey, signed: &Signed<Record>) -> bool {
        let key = digest((by.0, signed.hash().0, signed.sig.0));
        self.0.or_take(key, || by.signed(game.id(), signed))
    }

    fn receipt(&self, game: &Game, by: OrderKey, signed: &Signed<Receipt>) -> bool {
        let key = digest((by.0, signed.hash().0, signed.sig.0));
        self.0.or_take(key, || by.signed(game.id(), signed))
    }
}

/// Kinds of proofs, as bits.
pub(super) mod proven {
    pub(crate) const EQUIVOCATION: u8 = 1;
    pub(crate) const DOUBLE: u8 = 2;
    pub(crate) const INVALID: u8 = 4;
    pub(crate) const LAPSED: u8 = 8;
    pub(crate) const SPLICE: u8 = 16;
    pub(crate) const RAN_BACK: u8 = 32;
}

#[derive(Default)]
pub(super) struct Facts {
    /// Numbers of the items that are known, ascending.
    pub(super) known: Vec<u32>,
    /// The protocol state: what counts, what it shows, what is signed and promised. Not what lies about and changes nothing.
    pub(super) view: u64,
    /// The receipts that count.
    pub(super) counted: Vec<(Epoch, Seq, Hash)>,
    /// The players' records.
    pub(super) records: Vec<(PlayerKey, Hash)>,
    pub(super) seat: Option<Hash>,
    pub(super) head: Option<Hash>,
    pub(super) outcome: Option<Outcome>,
    /// Kinds of proofs that are known.
    pub(super) proofs: u8,
    /// Counted receipts that are a `Gap`, a `Flag`.
    pub(super) gap: bool,
    pub(super) flag: bool,
    pub(super) broken: u16,
}

pub(super) fn digest(of: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Facts {
    /// `own` is what else the node holds (a player's open `Home`, an orderer's lapses and outage).
    pub(super) fn of(
        game: &Game,
        items: &[Item],
        known: Vec<u32>,
        own: &str,
        guilty: &Guilty,
        sound: &Sound,
    ) -> Self {
        let state = game.state();
        let counted: Vec<_> = state
            .counted
            .iter()
            .map(|c| (c.receipt.epoch, c.receipt.seq, c.hash))
            .collect();
        let records: Vec<_> = game
            .records()
            .map(|(hash, entry)| (entry.author, hash))
            .collect();
        let homes: Vec<_> = game
            .home_signatures()
            .map(|(by, home)| (by, home.body))
            .collect();
        let view = digest((
            state.line.head(),
            format!("{:?}{:?}", state.outcome(), state.clocks),
            &counted,
            &records,
            (
                format!("{homes:?}"),
                own,
                state.proofs.len(),
                &state.missing,
            ),
        ));
        let counts = |wanted: fn(&What) -> bool| {
            let mut valid = state.counted.iter().filter(|c| c.valid);
            valid.any(|c| wanted(&c.receipt.what))
        };
        Self {
            seat: seat(game),
            head: Some(state.line.head()),
            outcome: state.outcome(),
            proofs: state
                .proofs
                .iter()
                .fold(0, |bits, proof| bits | kind(proof)),
            gap: counts(|what| matches!(what, What::Gap { .. })),
            flag: counts(|what| matches!(what, What::Flag)),
            broken: wrong(game, items, guilty, sound),
            known,
            view,
            counted,
            records,
        }
    }

    pub(super) fn knows(&self, item: u32) -> bool {
        self.known.binary_search(&item).is_ok()
    }
}

const fn kind(proof: &Proof) -> u8 {
    match proof {
        Proof::Equivocation { .. } => proven::EQUIVOCATION,
        Proof::DoubleReceipt { .. } => proven::DOUBLE,
        Proof::InvalidReceipt { .. } => proven::INVALID,
        Proof::LapsedAndCommitted { .. } => proven::LAPSED,
        Proof::Splice { .. } => proven::SPLICE,
        Proof::TimeRunsBack { .. } => proven::RAN_BACK,
    }
}

/// The Seat that counts.
fn seat(game: &Game) -> Option<Hash> {
    game.state().line.players()?;
    let is_seat = |hash: &Hash| {
        let record = game.record(*hash).map(|entry| &entry.signed.body);
        matches!(record, Some(Record::Seat(_)))
    };
    if !game.is_clocked() {
        return game
            .children(game.id().as_hash())
            .map(|(hash, _)| hash)
            .next();
    }
    let valid = game.state().counted.iter().filter(|counted| counted.valid);
    let mut named = valid.filter_map(|counted| match counted.receipt.what {
        What::Record(hash) => Some(hash),
        _ => None,
    });
    named.find(is_seat)
}

fn wrong(game: &Game, items: &[Item], guilty: &Guilty, sound: &Sound) -> u16 {
    let mut wrong = 0;
    let state = game.state();
    // P2: the receipts that count are one chain without a gap.
    for (index, counted) in state.counted.iter().enumerate() {
        let receipt = &counted.receipt;
        let links = match index
            .checked_sub(1)
            .and_then(|before| state.counted.get(before))
        {
            None => {
                receipt.epoch == Epoch::ZERO && receipt.seq == Seq::ZERO && receipt.prev.is_none()
            }
            Some(before) => {
                let next = before.receipt.epoch == receipt.epoch
                    && before.receipt.seq.next() == receipt.seq;
                let opens = before.receipt.epoch < receipt.epoch && receipt.seq == Seq::ZERO;
                receipt.prev == Some(before.hash) && (next || opens)
            }
        };
        if !links {
            wrong |= broken::ORDER;
        }
    }
    // P4: every record and every receipt that counts carries its author's signature.
    for (_, entry) in game.records() {
        if !sound.record(game, entry.author, &entry.signed) {
            wrong |= broken::FORGED;
        }
    }
    for counted in &state.counted {
        let signed = game.receipt(counted.hash);
        let named = match counted.receipt.what {
            What::Record(hash) if counted.valid => game.record(hash).is_some(),
            _ => true,
        };
        if !named || !signed.is_some_and(|(by, receipt)| sound.receipt(game, by, receipt)) {
            wrong |= broken::FORGED;
        }
    }
    // P5: what contradicts itself is proven, the proof holds, and it names no honest party.
    let mut places: BTreeMap<(PlayerKey, Hash), usize> = BTreeMap::new();
    for (_, entry) in game.records() {
        if let Some(place) = entry.signed.body.place() {
            *places.entry((entry.author, place.prev)).or_default() += 1;
        }
    }
    let mut receipts: BTreeMap<(OrderKey, Epoch, Seq), usize> = BTreeMap::new();
    for item in items {
        if let Item::Receipt { by, receipt } = item {
            *receipts
                .entry((*by, receipt.body.epoch, receipt.body.seq))
                .or_default() += 1;
        }
    }
    let rivals = places.iter().filter(|(_, count)| **count > 1);
    let mut unproven = rivals.map(|((author, _), _)| author).any(|author| {
        let mut proofs = state.proofs.iter();
        !proofs.any(|proof| matches!(proof, Proof::Equivocation { author: by, .. } if by == author))
    });
    let doubled = receipts.iter().filter(|(_, count)| **count > 1);
    unproven |= doubled.map(|(place, _)| place).any(|(key, epoch, seq)| {
        let mut proofs = state.proofs.iter();
        !proofs.any(|proof| {
            matches!(proof, Proof::DoubleReceipt { by, first, .. }
                if by == key && (first.body.epoch, first.body.seq) == (*epoch, *seq))
        })
    });
    if unproven || !state.proofs.iter().all(|proof| proof.holds(game)) {
        wrong |= broken::UNPROVEN;
    }
    let framed = state.proofs.iter().any(|proof| match proof {
        Proof::Equivocation { author, .. } => Some(*author) != guilty.player,
        Proof::DoubleReceipt { by, .. }
        | Proof::Splice { by, .. }
        | Proof::TimeRunsBack { by, .. }
        | Proof::LapsedAndCommitted { by, .. }
        | Proof::InvalidReceipt { by, .. } => Some(*by) != guilty.relay,
    });
    if framed {
        wrong |= broken::FRAMED;
    }
    wrong
}

/// How good a result is for `colour`: 2 won, 1 drawn or none, 0 lost.
pub(super) fn worth(outcome: Option<Outcome>, colour: Colour) -> u8 {
    match outcome.and_then(|outcome| outcome.winner) {
        Some(winner) if winner == colour => 2,
        Some(_) => 0,
        None => 1,
    }
}

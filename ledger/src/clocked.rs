//! The fold of a clocked game: the receipts that count, applied in order. The first ending is final; what has no
//! receipt, comes after the end or is invalid where it stands is void.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::clock::{Charge, Overrun};
use crate::codec;
use crate::game::State;
use crate::id::{Epoch, Hash, Millis, OrderKey, PlayerKey, Seq};
use crate::line::Step;
use crate::mutant::Mutant;
use crate::outcome::{Colour, Outcome, Reason};
use crate::proof::Proof;
use crate::record::{Genesis, Home, Receipt, Record, Signed, What};
use crate::store::Store;

/// A receipt that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Its hash.
    pub hash: Hash,
    /// Who signed it.
    pub by: OrderKey,
    /// The receipt.
    pub receipt: Receipt,
    /// Whether what it is for changed the state; else it is void.
    pub valid: bool,
}

/// Why a receipt does not count.
enum Void {
    /// What it is for is not known, so that nothing after it can be judged.
    Missing(Hash),
    /// An honest relay may have signed it: it comes after the end, or too late.
    Innocent,
    /// No honest relay signs this.
    Guilty {
        /// Stable.
        code: &'static str,
        /// The record that it is for.
        record: Option<Box<Signed<Record>>>,
    },
}

const fn guilty(code: &'static str) -> Void {
    Void::Guilty { code, record: None }
}

type Link = (OrderKey, Hash, Signed<Receipt>);

/// Computes the state from nothing. While `frozen`, receipts of lower epochs count up to its `after` and no further.
pub(crate) fn fold(store: &Store, genesis: &Genesis, frozen: Option<Home>, state: &mut State) {
    let Some(first_home) = genesis.homes.first() else {
        return;
    };
    let weights = Weights::of(store);
    let chain = committed(store, genesis, frozen, &mut state.missing)
        .or_else(|| chain_to(store, genesis, frozen?.after).ok())
        .unwrap_or_else(|| {
            let first = successor(store, &weights, *first_home, Epoch::ZERO, Seq::ZERO, None);
            first.into_iter().collect()
        });
    for (by, hash, receipt) in chain {
        if !apply(store, state, by, hash, receipt) {
            return;
        }
    }
    follow(store, &weights, frozen, state);
}

/// Goes on from the last receipt that counts as far as the receipts of its key lead.
pub(crate) fn advance(store: &Store, frozen: Option<Home>, state: &mut State) {
    follow(store, &Weights::of(store), frozen, state);
}

fn follow(store: &Store, weights: &Weights, frozen: Option<Home>, state: &mut State) {
    while let Some(last) = state.counted.last().copied() {
        let (epoch, seq) = (last.receipt.epoch, last.receipt.seq.next());
        if frozen.is_some_and(|home| epoch < home.epoch && last.hash == home.after) {
            return;
        }
        let next = successor(store, weights, last.by, epoch, seq, Some(last.hash));
        let Some((by, hash, receipt)) = next else {
            return;
        };
        if !apply(store, state, by, hash, receipt) {
            return;
        }
    }
}

/// How often the players' records name a receipt or one that follows it in its epoch. Only asked where a relay forked
/// its chain, so only computed then.
struct Weights(BTreeMap<(OrderKey, Hash), u64>);

impl Weights {
    fn of(store: &Store) -> Self {
        let mut weights: BTreeMap<(OrderKey, Hash), u64> = BTreeMap::new();
        if !store.forked || Mutant::FORK_BY_HASH.is_on() {
            return Self(weights);
        }
        // Later places first, so that each receipt is complete when it is added to the one before.
        for ((by, _, seq), place) in store.receipts.iter().rev() {
            for (hash, receipt) in place {
                let named = u64::from(store.named.get(hash).copied().unwrap_or(0));
                let weight = weights.entry((*by, *hash)).or_default();
                *weight += named;
                let weight = *weight;
                let prev = receipt.body.prev.filter(|_| *seq > Seq::ZERO);
                if let Some(prev) = prev {
                    *weights.entry((*by, prev)).or_default() += weight;
                }
            }
        }
        Self(weights)
    }

    fn of_receipt(&self, by: OrderKey, hash: Hash) -> u64 {
        self.0.get(&(by, hash)).copied().unwrap_or(0)
    }
}

/// The receipt of `by` at a place, linked to `prev`. Where the relay signed two, the one whose branch the players'
/// own records name more often counts (a relay cannot forge those), then the lower hash.
fn successor(
    store: &Store,
    weights: &Weights,
    by: OrderKey,
    epoch: Epoch,
    seq: Seq,
    prev: Option<Hash>,
) -> Option<Link> {
    let place = store.receipts.get(&(by, epoch, seq))?;
    let linked = place
        .iter()
        .filter(|(_, receipt)| receipt.body.prev == prev || Mutant::ANY_PREV.is_on());
    let best = linked.max_by_key(|(hash, _)| (weights.of_receipt(by, **hash), Reverse(**hash)));
    best.map(|(hash, receipt)| (by, *hash, *receipt))
}

/// The receipts, oldest first, up to the commit of the highest epoch that is committed under a `Home` of both players.
/// What is missing to tell is added to `missing`, and the next lower epoch is shown meanwhile.
fn committed(
    store: &Store,
    genesis: &Genesis,
    frozen: Option<Home>,
    missing: &mut BTreeSet<Hash>,
) -> Option<Vec<Link>> {
    if store.homes.is_empty() {
        return None;
    }
    let least = frozen.map_or(Epoch::ZERO, |home| home.epoch);
    let players = store.may_move_home(genesis);
    let homes = store.homes.keys().filter(|home| {
        let signed = |pair: &[PlayerKey; 2]| store.home_is_signed(home, *pair);
        home.epoch >= least && players.iter().any(signed)
    });
    // Highest epoch first; players who sign two for one epoch get the lower hash.
    let mut homes: Vec<_> = homes.map(|home| (home, codec::hash(home))).collect();
    homes.sort_by_key(|(home, hash)| (Reverse(home.epoch), *hash));
    if Mutant::LOWEST_EPOCH.is_on() {
        homes.reverse();
    }
    for (home, hash) in homes {
        let Some(commit) = commit_of(store, home, hash) else {
            continue;
        };
        match chain_to(store, genesis, commit) {
            Ok(chain) => return Some(chain),
            Err(Broken::Missing(hash)) => {
                missing.insert(hash);
            }
            Err(Broken::Wrong) => {}
        }
    }
    None
}

/// The receipt with which the key that `home` names commits it; of two the lower hash.
fn commit_of(store: &Store, home: &Home, hash: Hash) -> Option<Hash> {
    let place = store.receipts.get(&(home.to, home.epoch, Seq::ZERO))?;
    let mut commits = place.iter().filter(|(_, receipt)| {
        receipt.body.prev == Some(home.after) && receipt.body.what == What::Home(hash)
    });
    commits.next().map(|(hash, _)| *hash)
}

/// Why a chain of receipts leads nowhere.
enum Broken {
    /// This is not known.
    Missing(Hash),
    Wrong,
}

/// The receipts from the first of the first home to the one of hash `last`, oldest first. Their bodies follow from the
/// links alone. Who must have signed each follows from the bodies: the first home, then whom each `Home` names, which the
/// two must have signed who sit by the first Seat before it.
fn chain_to(store: &Store, genesis: &Genesis, last: Hash) -> Result<Vec<Link>, Broken> {
    let mut bodies: Vec<(Hash, Receipt)> = Vec::new();
    let mut wanted = Some(last);
    while let Some(hash) = wanted {
        let receipt = store.receipt(hash).ok_or(Broken::Missing(hash))?.body;
        let fits = bodies.last().is_none_or(|(_, next)| {
            if next.seq == Seq::ZERO {
                receipt.epoch < next.epoch
            } else {
                receipt.epoch == next.epoch && receipt.seq.next() == next.seq
            }
        });
        if !fits {
            return Err(Broken::Wrong);
        }
        bodies.push((hash, receipt));
        wanted = receipt.prev;
    }
    let begins = bodies
        .last()
        .is_some_and(|(_, first)| (first.epoch, first.seq) == (Epoch::ZERO, Seq::ZERO));
    let (true, Some(first_home)) = (begins, genesis.homes.first()) else {
        return Err(Broken::Wrong);
    };
    let (mut by, mut joiner, mut chain) = (*first_home, None, Vec::with_capacity(bodies.len()));
    for (hash, body) in bodies.into_iter().rev() {
        match body.what {
            What::Record(record) if joiner.is_none() => match store.records.get(&record) {
                Some(entry) => {
                    if let Record::Seat(seat) = &entry.signed.body {
                        joiner = Some(seat.join.body.player);
                    }
                }
                None if store.evidence.contains_key(&record) => {}
                None => return Err(Broken::Missing(record)),
            },
            What::Home(named) if body.seq == Seq::ZERO && body.epoch > Epoch::ZERO => {
                let mut homes = store.homes.keys();
                let home = homes.find(|home| codec::hash(*home) == named);
                let home = home.ok_or(Broken::Missing(named))?;
                let both = joiner.map(|joiner| [genesis.creator, joiner]);
                let signed = both.is_some_and(|both| store.home_is_signed(home, both));
                if !signed || home.epoch != body.epoch || Some(home.after) != body.prev {
                    return Err(Broken::Wrong);
                }
                by = home.to;
            }
            _ if body.seq == Seq::ZERO && body.epoch > Epoch::ZERO => return Err(Broken::Wrong),
            _ => {}
        }
        let place = store.receipts.get(&(by, body.epoch, body.seq));
        let signed = place.and_then(|place| place.get(&hash));
        chain.push((by, hash, *signed.ok_or(Broken::Missing(hash))?));
    }
    Ok(chain)
}

/// Applies the next receipt. False where what it is for is not known, so that nothing after it can be judged.
fn apply(
    store: &Store,
    state: &mut State,
    by: OrderKey,
    hash: Hash,
    signed: Signed<Receipt>,
) -> bool {
    let receipt = signed.body;
    let last = state.counted.last().copied();
    // Time does not run back for a receipt that says so, but what it is for counts: its author has done nothing wrong.
    let last = last.filter(|_| !Mutant::TIME_RUNS_BACK.is_on());
    let at_ms = last.map_or(receipt.at_ms, |last| receipt.at_ms.max(last.receipt.at_ms));
    let last = state.counted.last().copied();
    let counted = Receipt { at_ms, ..receipt };
    let verdict = match count(store, state, last, by, counted) {
        Err(Void::Missing(missing)) => {
            state.missing.insert(missing);
            return false;
        }
        verdict => verdict,
    };
    let valid = verdict.is_ok();
    if let Err(Void::Guilty { code, record }) = verdict {
        state.proofs.push(Proof::InvalidReceipt {
            by,
            receipt: signed,
            code: code.to_owned(),
            record: record.map(|record| *record),
        });
    }
    state.counted.push(Counted {
        hash,
        by,
        receipt: counted,
        valid,
    });
    true
}

fn count(
    store: &Store,
    state: &mut State,
    last: Option<Counted>,
    by: OrderKey,
    receipt: Receipt,
) -> Result<(), Void> {
    let Some(last) = last else {
        return if receipt.what == What::Genesis {
            Ok(())
        } else {
            Err(guilty("no-genesis"))
        };
    };
    let at = receipt.at_ms;
    if let What::Home(_) = receipt.what {
        if receipt.seq != Seq::ZERO || receipt.epoch == Epoch::ZERO {
            return Err(guilty("home-inside-epoch"));
        }
        let outage = last.by != by && !Mutant::MOVE_CHARGED.is_on();
        if let (true, Some(clocks)) = (outage, state.clocks.as_mut()) {
            clocks.gap(at.saturating_sub(last.receipt.at_ms));
        }
        return Ok(());
    }
    if state.outcome().is_some() && !Mutant::END_NOT_FINAL.is_on() {
        return Err(Void::Innocent);
    }
    match receipt.what {
        What::Genesis | What::Home(_) => Err(guilty("second-genesis")),
        What::Gap { ms } => match state.clocks.as_mut() {
            Some(clocks)
                if clocks.since().is_some()
                    && (ms <= clocks.elapsed(at) || Mutant::GAP_OF_ANY_LENGTH.is_on()) =>
            {
                if !Mutant::GAP_CHARGED.is_on() {
                    clocks.gap(ms);
                }
                Ok(())
            }
            _ => Err(guilty("gap-too-long")),
        },
        What::Flag => match overrun(state, at, receipt.lag_ms) {
            Some(overrun) => {
                end_by_time(state, overrun);
                Ok(())
            }
            None => Err(guilty("flag-too-early")),
        },
        What::Continued(seat) => count_continued(store, state, seat),
        What::Record(hash) => count_record(store, state, hash, receipt),
    }
}

fn count_continued(store: &Store, state: &mut State, seat: Hash) -> Result<(), Void> {
    let (genesis, record) = store.continued.get(&seat).ok_or(Void::Missing(seat))?;
    let joiner = match &record.body {
        Record::Seat(seat) => Some(seat.join.body.player),
        _ => None,
    };
    let both = state.line.players().is_some_and(|players| {
        let next = (Some(genesis.body.creator), joiner);
        let (white, black) = (Some(players.white), Some(players.black));
        next == (white, black) || next == (black, white)
    });
    let here = genesis
        .body
        .from
        .is_some_and(|from| from.head == state.line.head());
    if !both || !(here || Mutant::CONTINUED_ANYWHERE.is_on()) {
        return Err(Void::Innocent);
    }
    state.line.end(Outcome::drawn(Reason::Continued));
    Ok(())
}

fn overrun(state: &State, at: Millis, lag: Millis) -> Option<Overrun> {
    let turn = state.line.turn();
    state.line.players()?;
    state
        .clocks
        .as_ref()?
        .check_flag(turn, state.line.has_moved(turn), at, lag)
        .err()
}

fn end_by_time(state: &mut State, overrun: Overrun) {
    use shakmaty::Position as _;
    let loser = state.line.turn();
    let outcome = match overrun {
        Overrun::FirstMove => Outcome::drawn(Reason::NoShow),
        Overrun::Clock
            if state
                .line
                .position()
                .has_insufficient_material(loser.other().into())
                && !Mutant::MATERIAL_IGNORED.is_on() =>
        {
            Outcome::drawn(Reason::TimeoutVsInsufficient)
        }
        Overrun::Clock => Outcome::lost(loser, Reason::Timeout),
    };
    state.line.end(outcome);
}

fn count_record(
    store: &Store,
    state: &mut State,
    hash: Hash,
    receipt: Receipt,
) -> Result<(), Void> {
    // What is kept as a record is by who may stand where it says it stands, so only the place is left to judge.
    let (record, step) = match (store.records.get(&hash), store.evidence.get(&hash)) {
        (Some(entry), _) => (&entry.signed, state.line.step(&entry.signed.body)),
        (None, Some(signed)) => match state.line.check(&signed.body) {
            // It could stand here, but who signed these bytes may not sign it. Another may have.
            Ok(_) => return Err(Void::Missing(hash)),
            refused => (signed, refused),
        },
        (None, None) => return Err(Void::Missing(hash)),
    };
    let step = step.map_err(|refusal| Void::Guilty {
        code: refusal.code(),
        record: Some(Box::new(record.clone())),
    })?;
    let record = &record.body;
    if let (Record::ResignAt { .. }, Step::End(outcome)) = (record, &step) {
        state.line.end(*outcome);
        return Ok(());
    }
    let turn = state.line.turn();
    let has_moved = state.line.has_moved(turn);
    let at = receipt.at_ms;
    if let (Some(_), Some(clocks)) = (state.line.players(), state.clocks.as_mut()) {
        let think = match record {
            Record::Move(played) => played.think_ms,
            // Only a move is credited.
            _ => clocks.elapsed(at),
        };
        let ends = matches!(record, Record::Resign(_) | Record::Abort(_));
        match clocks.charge(turn, has_moved, at, think, receipt.lag_ms) {
            Ok(charge) => clocks.turn(
                turn,
                has_moved,
                charge,
                matches!(record, Record::Move(_)),
                at,
            ),
            Err(_) if ends => {}
            Err(overrun) => {
                end_by_time(state, overrun);
                return Err(Void::Innocent);
            }
        }
    } else if let Some(clocks) = state.clocks.as_mut() {
        clocks.turn(Colour::White, false, Charge::default(), false, at);
    }
    state.line.apply(hash, step);
    Ok(())
}

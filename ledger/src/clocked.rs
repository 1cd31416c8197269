//! The fold of a clocked game: the receipts that count, applied in order. The first ending is final; what has no
//! receipt, comes after the end or is invalid where it stands is void.

use crate::clock::{Charge, Overrun};
use crate::codec;
use crate::game::{State, Store, candidates};
use crate::id::{Epoch, GameId, Hash, Millis, OrderKey, PlayerKey, Seq};
use crate::outcome::{Colour, Outcome, Reason};
use crate::proof::{self, Proof};
use crate::record::{Genesis, Home, Receipt, Record, Signed, What};

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

/// Why a receipt is void: a stable code, and whether an honest relay could have signed it.
struct Void {
    code: &'static str,
    guilty: bool,
}

const fn guilty(code: &'static str) -> Void {
    Void { code, guilty: true }
}

pub(crate) fn fold(store: &Store, game: GameId, genesis: &Genesis, state: &mut State) {
    let Some(first_home) = genesis.homes.first() else {
        return;
    };
    let mut chain = match highest_commit(store, genesis) {
        Some(commit) => chain_to(store, commit),
        None => Vec::new(),
    };
    if chain.is_empty() {
        chain.extend(successor(store, *first_home, Epoch::ZERO, Seq::ZERO, None));
    }
    for (by, hash, receipt) in chain {
        if !apply(store, game, state, by, hash, receipt) {
            break;
        }
    }
    advance(store, game, state);
    state.proofs.extend(proof::receipt_forks(store, game));
}

/// Goes on from the last receipt that counts as far as the receipts of its key lead.
pub(crate) fn advance(store: &Store, game: GameId, state: &mut State) {
    while state.missing.is_empty() {
        let Some(last) = state.counted.last().copied() else {
            return;
        };
        let (epoch, seq) = (last.receipt.epoch, last.receipt.seq.next());
        let Some((by, hash, receipt)) = successor(store, last.by, epoch, seq, Some(last.hash))
        else {
            return;
        };
        if !apply(store, game, state, by, hash, receipt) {
            return;
        }
    }
}

type Link = (OrderKey, Hash, Signed<Receipt>);

/// The receipt of `by` at a place, linked to `prev`. Where the relay signed two, the one whose branch the players'
/// own records name more often counts (a relay cannot forge those), then the lower hash.
fn successor(
    store: &Store,
    by: OrderKey,
    epoch: Epoch,
    seq: Seq,
    prev: Option<Hash>,
) -> Option<Link> {
    let place = store.receipts.get(&(by, epoch, seq))?;
    let linked = place
        .iter()
        .filter(|(_, receipt)| receipt.body.prev == prev);
    let best = linked.max_by_key(|(hash, _)| {
        let weight = if place.len() > 1 {
            named_from(store, by, epoch, seq, **hash)
        } else {
            0
        };
        (weight, std::cmp::Reverse(**hash))
    });
    best.map(|(hash, receipt)| (by, *hash, *receipt))
}

/// How often the players' records name the receipt `hash` or one that follows it in its epoch.
fn named_from(store: &Store, by: OrderKey, epoch: Epoch, mut seq: Seq, hash: Hash) -> u64 {
    // A fork under a fork widens the set; every receipt is looked at once.
    let mut branch = vec![hash];
    let mut total = 0;
    while !branch.is_empty() {
        total += branch
            .iter()
            .map(|hash| u64::from(store.named.get(hash).copied().unwrap_or(0)))
            .sum::<u64>();
        seq = seq.next();
        let next = store.receipts.get(&(by, epoch, seq)).into_iter().flatten();
        branch = next
            .filter(|(_, receipt)| receipt.body.prev.is_some_and(|prev| branch.contains(&prev)))
            .map(|(hash, _)| *hash)
            .collect();
    }
    total
}

/// The first receipt of the highest epoch that is committed under a `Home` of both players.
fn highest_commit(store: &Store, genesis: &Genesis) -> Option<Link> {
    let mut signed: Vec<(Epoch, Hash, &Home)> = store
        .homes
        .keys()
        .filter(|home| store.home_is_signed(home))
        .map(|home| (home.epoch, codec::hash(home), home))
        .collect();
    // Highest epoch first; players who sign two for one epoch get the lower hash.
    signed.sort_by_key(|(epoch, hash, _)| (std::cmp::Reverse(*epoch), *hash));
    signed.into_iter().find_map(|(_, hash, home)| {
        let commit = commit_of(store, home, hash)?;
        reaches_start(store, genesis, home.after, home.epoch).then_some(commit)
    })
}

fn commit_of(store: &Store, home: &Home, hash: Hash) -> Option<Link> {
    let commit = successor(store, home.to, home.epoch, Seq::ZERO, Some(home.after))?;
    (commit.2.body.what == What::Home(hash)).then_some(commit)
}

/// Whether the receipts from `hash` back lead to the start through known homes.
fn reaches_start(store: &Store, genesis: &Genesis, hash: Hash, below: Epoch) -> bool {
    walk_back(store, hash, below).is_some_and(|links| {
        links.last().is_some_and(|(by, _, receipt)| {
            receipt.body.epoch == Epoch::ZERO
                && receipt.body.seq == Seq::ZERO
                && receipt.body.prev.is_none()
                && genesis.homes.first() == Some(by)
        })
    })
}

/// The receipts from `hash` back to the start, newest first; none where a link is missing or leads to another epoch
/// without a `Home`.
fn walk_back(store: &Store, hash: Hash, below: Epoch) -> Option<Vec<Link>> {
    let mut links: Vec<Link> = Vec::new();
    let mut wanted = Some(hash);
    while let Some(hash) = wanted {
        let (by, epoch, seq) = *store.receipt_at.get(&hash)?;
        let receipt = *store.receipts.get(&(by, epoch, seq))?.get(&hash)?;
        let fits = match links.last() {
            None => epoch < below,
            Some((newer, _, next)) if next.body.seq == Seq::ZERO => {
                let home = store
                    .homes
                    .keys()
                    .find(|home| next.body.what == What::Home(codec::hash(*home)));
                home.is_some_and(|home| {
                    store.home_is_signed(home)
                        && home.to == *newer
                        && home.after == hash
                        && epoch < next.body.epoch
                })
            }
            Some((newer, _, next)) => {
                *newer == by && next.body.epoch == epoch && next.body.seq == seq.next()
            }
        };
        if !fits {
            return None;
        }
        links.push((by, hash, receipt));
        wanted = receipt.body.prev;
    }
    Some(links)
}

/// The receipts that count up to a commit, oldest first.
fn chain_to(store: &Store, commit: Link) -> Vec<Link> {
    let Some(after) = commit.2.body.prev else {
        return Vec::new();
    };
    let mut chain = walk_back(store, after, commit.2.body.epoch).unwrap_or_default();
    chain.reverse();
    chain.push(commit);
    chain
}

/// Applies the next receipt. False where what it is for is not known, so that nothing after it can be judged.
fn apply(
    store: &Store,
    game: GameId,
    state: &mut State,
    by: OrderKey,
    hash: Hash,
    signed: Signed<Receipt>,
) -> bool {
    let receipt = signed.body;
    let missing = match receipt.what {
        What::Record(record) if !store.records.contains_key(&record) => Some(record),
        What::Continued(seat) if !store.continued.contains_key(&seat) => Some(seat),
        _ => None,
    };
    if let Some(missing) = missing {
        state.missing.insert(missing);
        return false;
    }
    let last = state.counted.last().copied();
    let verdict = if last.is_some_and(|last| receipt.at_ms < last.receipt.at_ms) {
        Err(guilty("time-runs-back"))
    } else if state.outcome().is_some() {
        Err(Void {
            code: "game-over",
            guilty: false,
        })
    } else {
        count(store, game, state, last, by, receipt)
    };
    if let Err(void) = &verdict
        && void.guilty
    {
        let code = void.code.to_owned();
        state.proofs.push(Proof::InvalidReceipt {
            by,
            receipt: signed,
            code,
        });
    }
    // Time does not run back for a receipt that says so.
    let at_ms = last.map_or(receipt.at_ms, |last| receipt.at_ms.max(last.receipt.at_ms));
    let receipt = Receipt { at_ms, ..receipt };
    state.counted.push(Counted {
        hash,
        by,
        receipt,
        valid: verdict.is_ok(),
    });
    true
}

fn count(
    store: &Store,
    game: GameId,
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
    match receipt.what {
        What::Genesis => Err(guilty("second-genesis")),
        What::Home(_) if receipt.seq != Seq::ZERO || receipt.epoch == Epoch::ZERO => {
            Err(guilty("home-inside-epoch"))
        }
        What::Home(_) => {
            if let (true, Some(clocks)) = (last.by != by, state.clocks.as_mut()) {
                clocks.gap(at.saturating_sub(last.receipt.at_ms));
            }
            Ok(())
        }
        What::Gap { ms } => match state.clocks.as_mut() {
            Some(clocks) if clocks.since().is_some() && ms <= clocks.elapsed(at) => {
                clocks.gap(ms);
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
        What::Continued(seat) => {
            let from = store
                .continued
                .get(&seat)
                .and_then(|(genesis, _)| genesis.body.from);
            if from.is_some_and(|from| from.game == game && from.head == state.line.head()) {
                state.line.end(Outcome::drawn(Reason::Continued));
                Ok(())
            } else {
                Err(Void {
                    code: "head-moved-on",
                    guilty: false,
                })
            }
        }
        What::Record(hash) => count_record(store, state, hash, receipt),
    }
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
                .has_insufficient_material(loser.other().into()) =>
        {
            Outcome::drawn(Reason::TimeoutVsInsufficient)
        }
        Overrun::Clock => Outcome::lost(loser, Reason::Timeout),
    };
    state.line.end(outcome);
}

/// Who may have signed `record` at the present head.
fn may_sign(state: &State, record: &Record) -> Option<PlayerKey> {
    match record {
        Record::ResignAt { at } => {
            let (_, turn) = state.line.find(*at)?;
            Some(*state.line.players()?.get(turn?.other()))
        }
        _ => Some(state.line.author()),
    }
}

fn count_record(
    store: &Store,
    state: &mut State,
    hash: Hash,
    receipt: Receipt,
) -> Result<(), Void> {
    let Some(entry) = store.records.get(&hash) else {
        return Err(guilty("unknown-record"));
    };
    let record = &entry.signed.body;
    if may_sign(state, record) != Some(entry.author) {
        return Err(guilty("wrong-author"));
    }
    let step = state
        .line
        .check(record)
        .map_err(|refusal| guilty(refusal.code()))?;
    if matches!(record, Record::ResignAt { .. }) {
        if let crate::line::Step::End(outcome) = step {
            state.line.end(outcome);
        }
        return Ok(());
    }
    // A rival at this place is evidence against its author, no more.
    let rivals = candidates(store, &state.line);
    if rivals.len() > 1 {
        state.proofs.extend(Proof::equivocation(store, &rivals));
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
                return Err(Void {
                    code: "no-time-left",
                    guilty: false,
                });
            }
        }
    } else if let Some(clocks) = state.clocks.as_mut() {
        clocks.turn(Colour::White, false, Charge::default(), false, at);
    }
    state.line.apply(hash, step);
    Ok(())
}

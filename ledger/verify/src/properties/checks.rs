//! What must hold of every history.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use rookery_ledger::clock::Clocks;
use rookery_ledger::codec::MAX_ITEM_BYTES;
use rookery_ledger::id::{Hash, PlayerKey};
use rookery_ledger::record::{Clock, Item, Record, What};
use rookery_ledger::sign::Verifier as _;
use rookery_ledger::{Colour, Counted, Game, Proof, codec, rook};

use super::adapter::{self, View, keypair_of};
use super::history::{self, Act, Case};

type Checked = Result<(), TestCaseError>;

/// Everything that a history can hold.
const KINDS: [&str; 18] = [
    "seat",
    "move",
    "rewind",
    "draw",
    "resign",
    "abort",
    "resign_at",
    "genesis receipt",
    "record receipt",
    "gap",
    "flag",
    "proof",
    "second seat",
    "home",
    "home receipt",
    "lapse",
    "second receipt for a place",
    "receipt that a home makes void",
];

/// What the cases so far held.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) cases: u64,
    /// The heads of all states that were compared.
    pub(super) states: BTreeSet<Hash>,
    /// Items left out or doubled.
    pub(super) faults: u64,
    kinds: BTreeMap<&'static str, u64>,
    ends: BTreeMap<&'static str, u64>,
}

impl Seen {
    /// The kinds that never came up.
    pub(super) fn never(&self) -> Vec<&'static str> {
        let never = KINDS
            .into_iter()
            .filter(|kind| !self.kinds.contains_key(kind));
        never.collect()
    }

    fn count(&mut self, items: &[Item], game: &Game) {
        self.cases += 1;
        let mut kinds: BTreeSet<&str> = items.iter().filter_map(kind).collect();
        let seats = items
            .iter()
            .filter(|item| kind(item) == Some("seat"))
            .count();
        if seats > 1 {
            kinds.insert("second seat");
        }
        if game.is_clocked() {
            let receipts = items.iter().filter_map(|item| match item {
                Item::Receipt { by, receipt } => Some((*by, receipt.body)),
                _ => None,
            });
            let receipts: Vec<_> = receipts.collect();
            let places: BTreeSet<_> = receipts
                .iter()
                .map(|(by, body)| (*by, body.epoch, body.seq))
                .collect();
            if places.len() < receipts.len() {
                kinds.insert("second receipt for a place");
            } else if receipts.len() > game.state().counted.len() {
                kinds.insert("receipt that a home makes void");
            }
        }
        if !game.state().proofs.is_empty() {
            kinds.insert("proof");
        }
        for kind in KINDS {
            if kinds.contains(kind) {
                *self.kinds.entry(kind).or_default() += 1;
            }
        }
        if let Some(outcome) = game.state().outcome() {
            *self.ends.entry(outcome.reason.as_str()).or_default() += 1;
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "histories: {}", self.cases)?;
        for (kind, count) in &self.kinds {
            writeln!(f, "  with a {kind}: {count}")?;
        }
        for (end, count) in &self.ends {
            writeln!(f, "  ended by {end}: {count}")?;
        }
        Ok(())
    }
}

fn kind(item: &Item) -> Option<&'static str> {
    Some(match item {
        Item::Record(record) => match record.body {
            Record::Seat(_) => "seat",
            Record::Move(_) => "move",
            Record::Rewind(_) => "rewind",
            Record::Draw(_) => "draw",
            Record::Resign(_) => "resign",
            Record::Abort(_) => "abort",
            Record::ResignAt { .. } => "resign_at",
        },
        Item::Receipt { receipt, .. } => match receipt.body.what {
            What::Genesis => "genesis receipt",
            What::Record(_) => "record receipt",
            What::Gap { .. } => "gap",
            What::Flag => "flag",
            What::Home(_) => "home receipt",
            What::Continued(_) => return None,
        },
        Item::Home(_) => "home",
        Item::Lapsed { .. } => "lapse",
        _ => return None,
    })
}

/// Everything, on one case.
pub(super) fn check(case: &Case, seen: &mut Seen) -> Checked {
    let Some(items) = history::items(case) else {
        return Err(TestCaseError::fail("the case has no valid genesis"));
    };
    let straight = fold(&items)?;
    seen.count(&items, &straight);
    agreement(&items, &straight, case, seen)?;
    parts(&items, case, seen)?;
    proofs(&straight)?;
    honest(&straight, case)?;
    if case.clock == Clock::None {
        held_back(&items, case)?;
        signed_late(&items, &straight, case)?;
    } else {
        unreceipted(&items, &straight, case)?;
    }
    canonical(&items, case)
}

fn fold(items: &[Item]) -> Result<Game, TestCaseError> {
    let Some(Item::Genesis(genesis)) = items.first() else {
        return Err(TestCaseError::fail("a history begins with its genesis"));
    };
    let mut game = Game::new(genesis.clone()).map_err(|r| TestCaseError::fail(r.to_string()))?;
    for item in &items[1..] {
        // What is refused is refused in every order.
        let _ = game.insert(item.clone());
    }
    Ok(game)
}

/// P1: any order of arrival and any doubling gives the state that the reference works out.
fn agreement(items: &[Item], straight: &Game, case: &Case, seen: &mut Seen) -> Checked {
    let view = adapter::of_game(straight);
    let mut order: Vec<usize> = (1..items.len()).collect();
    order.sort_by_key(|i| mixed(case, *i));
    let doubled: Vec<usize> = order.iter().copied().filter(|i| i % 5 == 0).collect();
    seen.faults += doubled.len() as u64;
    let mut arrival = vec![items[0].clone()];
    arrival.extend(order.iter().chain(&doubled).map(|i| items[*i].clone()));
    let game = fold(&arrival)?;
    prop_assert_eq!(Whole::of(&game), Whole::of(straight), "in another order");
    let reference = adapter::of_reference(items);
    prop_assert_eq!(reference.as_ref(), Some(&view), "reference on the left");
    let file = rook::write(&straight.items());
    let read = rook::open(&file).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(Whole::of(&read.0), Whole::of(straight), "from its file");
    seen.states.insert(straight.state().line.head());
    Ok(())
}

/// P1 and P7: so does every part; merging is commutative, associative and idempotent.
fn parts(items: &[Item], case: &Case, seen: &mut Seen) -> Checked {
    let part = |n: u16| -> Vec<Item> {
        let kept = items
            .iter()
            .enumerate()
            .filter(|(i, _)| *i == 0 || !(mixed(case, *i) >> (3 * n)).is_multiple_of(8));
        kept.map(|(_, item)| item.clone()).collect()
    };
    let [a, b, c] = [part(0), part(1), part(2)];
    for part in [&a, &b, &c] {
        seen.faults += (items.len() - part.len()) as u64;
        let game = fold(part)?;
        seen.states.insert(game.state().line.head());
        let view = adapter::of_game(&game);
        prop_assert_eq!(
            adapter::of_reference(part),
            Some(view),
            "reference on the left, of a part"
        );
    }
    let [a, b, c] = [fold(&a)?, fold(&b)?, fold(&c)?];
    let whole = |one, other| Whole::of(&merge(one, other));
    prop_assert_eq!(whole(&a, &b), whole(&b, &a), "commutative");
    let (left, right) = (merge(&a, &b), merge(&b, &c));
    prop_assert_eq!(whole(&left, &c), whole(&a, &right), "associative");
    prop_assert_eq!(whole(&a, &a), Whole::of(&a), "idempotent");
    Ok(())
}

/// All that is known of a game and all that follows from it.
#[derive(Debug, PartialEq)]
struct Whole {
    state: View,
    clocks: Option<Clocks>,
    counted: Vec<Counted>,
    offer: Option<Colour>,
    missing: BTreeSet<Hash>,
    proofs: BTreeSet<String>,
    items: BTreeSet<String>,
}

impl Whole {
    fn of(game: &Game) -> Self {
        let state = game.state();
        Self {
            state: adapter::of_game(game),
            clocks: state.clocks.clone(),
            counted: state.counted.clone(),
            offer: state.line.draw_offer(),
            missing: state.missing.clone(),
            proofs: state
                .proofs
                .iter()
                .map(|proof| format!("{proof:?}"))
                .collect(),
            items: game
                .items()
                .iter()
                .map(|item| format!("{item:?}"))
                .collect(),
        }
    }
}

fn merge(one: &Game, other: &Game) -> Game {
    let mut merged = one.clone();
    for item in other.items() {
        let _ = merged.insert(item);
    }
    merged
}

/// P5: each proof can be checked by anyone who has the game.
fn proofs(game: &Game) -> Checked {
    for proof in &game.state().proofs {
        prop_assert!(proof.holds(game), "{proof:?}");
    }
    Ok(())
}

/// P5: nothing that the honest do looks like guilt.
fn honest(game: &Game, case: &Case) -> Checked {
    let relay = case
        .acts
        .iter()
        .any(|act| matches!(act, Act::SignTwice { .. }));
    let player = |act: &Act| {
        matches!(
            act,
            Act::Equivocate { .. } | Act::SecondSeat | Act::Forge { .. }
        )
    };
    let player = case.acts.iter().any(player);
    for proof in &game.state().proofs {
        let deserved = match proof {
            Proof::Equivocation { .. } => player,
            _ => relay,
        };
        prop_assert!(deserved, "{proof:?}");
    }
    Ok(())
}

/// P5: no record held back betters its author's result once an untimed game is over.
fn held_back(items: &[Item], case: &Case) -> Checked {
    let records: Vec<Item> = items
        .iter()
        .filter(|item| !matches!(item, Item::Receipt { .. }))
        .cloned()
        .collect();
    if records.len() < 2 {
        return Ok(());
    }
    let held = 1 + case.pick % (records.len() - 1);
    let mut without = records.clone();
    let late = without.remove(held);
    let before = fold(&without)?;
    let mut with = before.clone();
    let _ = with.insert(late.clone());
    let Item::Record(late) = late else {
        return Ok(());
    };
    if let Some(entry) = with.record(late.hash()) {
        not_better(&before, &with, entry.author)?;
    }
    Ok(())
}

/// P5: nothing that a player can still sign betters a finished untimed game.
fn signed_late(items: &[Item], over: &Game, case: &Case) -> Checked {
    if over.state().outcome().is_none() {
        return Ok(());
    }
    let rivals = (0..over.state().line.moves().len())
        .filter_map(|at| history::rival(over, at, case.pick))
        .collect::<Vec<_>>();
    let resignations = over.records().filter_map(|(at, entry)| {
        let by = keypair_of(entry.author)?;
        Some(Item::Record(by.sign(over.id(), Record::ResignAt { at })))
    });
    for late in rivals.into_iter().chain(resignations) {
        let Item::Record(record) = &late else {
            continue;
        };
        let author = [history::CREATOR, history::JOINER, history::SECOND]
            .map(|n| history::key(n).player())
            .into_iter()
            .find(|player| player.signed(over.id(), record));
        let mut with = fold(items)?;
        let _ = with.insert(late.clone());
        if let Some(author) = author {
            not_better(over, &with, author)?;
        }
    }
    Ok(())
}

/// P4 and P5: in a clocked game a record without a receipt changes nothing, where its relay signed one order.
fn unreceipted(items: &[Item], straight: &Game, case: &Case) -> Checked {
    let mut proofs = straight.state().proofs.iter();
    if proofs.any(|proof| matches!(proof, Proof::DoubleReceipt { .. })) {
        return Ok(());
    }
    let moves = straight.state().line.moves().len();
    let rivals = (0..moves).filter_map(|at| history::rival(straight, at, case.pick));
    for late in rivals {
        let mut with = fold(items)?;
        let _ = with.insert(late);
        prop_assert_eq!(adapter::of_game(&with), adapter::of_game(straight));
    }
    Ok(())
}

fn not_better(before: &Game, after: &Game, author: PlayerKey) -> Checked {
    if before.state().outcome().is_none() {
        return Ok(());
    }
    // A second Seat may seat its author with the other colour.
    let (was, is) = (worth(before, author), worth(after, author));
    prop_assert!(
        is <= was,
        "{author:?} had {:?}, now {:?}",
        before.state().outcome(),
        after.state().outcome()
    );
    Ok(())
}

/// How good the result is for a player: 2 won, 1 drawn, none, or not seated, 0 lost.
fn worth(game: &Game, player: PlayerKey) -> u8 {
    let winner = game.state().outcome().and_then(|outcome| outcome.winner);
    match (winner, game.colour_of(player)) {
        (Some(winner), Some(colour)) if winner == colour => 2,
        (Some(_), Some(_)) => 0,
        _ => 1,
    }
}

/// What is accepted is the one form of what it says.
fn canonical(items: &[Item], case: &Case) -> Checked {
    for (i, item) in items.iter().enumerate() {
        let bytes = codec::encode(item);
        let read: Result<Item, _> = codec::decode(&bytes, MAX_ITEM_BYTES);
        prop_assert_eq!(read.as_ref().ok(), Some(item));
        let mut spoilt = bytes.clone();
        let at = usize::from(mixed(case, i)) % bytes.len();
        spoilt[at] ^= 1 << (i % 8);
        let cut = &bytes[..at];
        // What may be a length or a number, in a longer form.
        let mut longer = bytes.clone();
        let head = longer[at];
        longer.splice(at..=at, [head & 0xe0 | 24, head & 0x1f]);
        for bytes in [spoilt.as_slice(), cut, &longer] {
            let read: Result<Item, _> = codec::decode(bytes, MAX_ITEM_BYTES);
            if let Ok(item) = read {
                let again = codec::encode(&item);
                prop_assert_eq!(again.as_slice(), bytes);
            }
        }
    }
    Ok(())
}

fn mixed(case: &Case, i: usize) -> u16 {
    let word = case.mix[i % case.mix.len()];
    word.rotate_left((i / case.mix.len()) as u32)
}

//! What must hold of every history.

use std::collections::BTreeSet;

use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use rookery_ledger::clock::Clocks;
use rookery_ledger::codec::{CodecError, MAX_ITEM_BYTES};
use rookery_ledger::id::{Epoch, Hash, MAX_INT, OrderKey, PlayerKey, Signature};
use rookery_ledger::record::{Clock, Item, Lapsed, Record, Signed, What};
use rookery_ledger::sign::Verifier as _;
use rookery_ledger::wire::{self, Frames, MAX_FRAME_BYTES};
use rookery_ledger::{Colour, Counted, Entry, Game, Player, Proof, Reason, codec, rook};

use super::adapter::{self, View, keypair_of};
use super::history::{self, Act, Case};
use super::seen::Seen;
use super::{lies, links, table};

pub(super) type Checked = Result<(), TestCaseError>;

/// Everything, on one case.
pub(super) fn check(case: &Case, seen: &mut Seen) -> Checked {
    let Some(played) = table::play(case) else {
        return Err(TestCaseError::fail("no valid genesis, or nobody sits"));
    };
    let (items, forged) = (played.items, &played.forged);
    prop_assert!(played.broken.is_empty(), "{:?}", played.broken);
    let straight = fold(&items)?;
    seen.count(&items, &straight);
    agreement(&items, &straight, case, forged, seen)?;
    parts(&items, case, forged, seen)?;
    proofs(&straight)?;
    honest(&straight, case)?;
    heard_all(&played.players, &items, &straight)?;
    if case.clock == Clock::None {
        held_back(&items, case)?;
        signed_late(&items, &straight, case)?;
    } else {
        unreceipted(&items, &straight, case)?;
    }
    canonical(&items, case)
}

/// What takes the least time of all that is checked on one case.
pub(super) fn check_first(case: &Case) -> Checked {
    let Some(played) = table::play(case) else {
        return Err(TestCaseError::fail("no valid genesis, or nobody sits"));
    };
    prop_assert!(played.broken.is_empty(), "{:?}", played.broken);
    let straight = fold(&played.items)?;
    let seen = &mut Seen::default();
    agreement(&played.items, &straight, case, &played.forged, seen)?;
    proofs(&straight)?;
    honest(&straight, case)?;
    heard_all(&played.players, &played.items, &straight)
}

/// What holds of any items whatever, whoever signed them; `and_parts`: of every part as well.
pub(super) fn any(
    items: &[Item],
    case: &Case,
    forged: &BTreeSet<Hash>,
    and_parts: bool,
) -> Checked {
    let straight = fold(items)?;
    let seen = &mut Seen::default();
    agreement(items, &straight, case, forged, seen)?;
    if and_parts {
        parts(items, case, forged, seen)?;
    }
    proofs(&straight)
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
    ask_again(&mut game, &items[1..]);
    Ok(game)
}

/// A record that was refused before the receipt came that it is evidence with is asked for again, of those who had it.
fn ask_again(game: &mut Game, items: &[Item]) {
    let mut before = 0;
    while game.items().len() > before {
        before = game.items().len();
        for item in items {
            if matches!(item, Item::Record(record) if game.state().missing.contains(&record.hash()))
            {
                let _ = game.insert(item.clone());
            }
        }
    }
}

/// P1: any order of arrival and any doubling gives the state that the reference works out.
fn agreement(
    items: &[Item],
    straight: &Game,
    case: &Case,
    forged: &BTreeSet<Hash>,
    seen: &mut Seen,
) -> Checked {
    let whole = |game: &Game| Whole::of(game, forged);
    let view = adapter::of_game(straight);
    let mut order: Vec<usize> = (1..items.len()).collect();
    order.sort_by_key(|i| mixed(case, *i));
    let doubled: Vec<usize> = order.iter().copied().filter(|i| i % 5 == 0).collect();
    seen.faults += doubled.len() as u64;
    let mut arrival = vec![items[0].clone()];
    arrival.extend(order.iter().chain(&doubled).map(|i| items[*i].clone()));
    let game = fold(&arrival)?;
    prop_assert_eq!(whole(&game), whole(straight), "in another order");
    let reference = adapter::of_reference(items, &adapter::players());
    prop_assert_eq!(reference.as_ref(), Some(&view), "reference on the left");
    let file = rook::write(&straight.items());
    let read = rook::open(&file).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(whole(&read.0), whole(straight), "from its file");
    seen.states.insert(straight.state().line.head());
    Ok(())
}

/// P1 and P7: so does every part; merging is commutative, associative and idempotent.
fn parts(items: &[Item], case: &Case, forged: &BTreeSet<Hash>, seen: &mut Seen) -> Checked {
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
            adapter::of_reference(part, &adapter::players()),
            Some(view),
            "reference on the left, of a part"
        );
    }
    let heard: Vec<Item> = [&a, &b, &c].into_iter().flatten().cloned().collect();
    let heard_by_one = a.clone();
    let [a, b, c] = [fold(&a)?, fold(&b)?, fold(&c)?];
    let twice = Whole::of(&merge(&a, &a, &heard_by_one), forged);
    prop_assert_eq!(twice, Whole::of(&a, forged), "idempotent");
    let merge = |one: &Game, other: &Game| merge(one, other, &heard);
    let whole = |one, other| Whole::of(&merge(one, other), forged);
    prop_assert_eq!(whole(&a, &b), whole(&b, &a), "commutative");
    let (left, right) = (merge(&a, &b), merge(&b, &c));
    prop_assert_eq!(whole(&left, &c), whole(&a, &right), "associative");
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
    fn of(game: &Game, forged: &BTreeSet<Hash>) -> Self {
        let state = game.state();
        Self {
            state: adapter::of_game(game),
            clocks: state.clocks.clone(),
            counted: state.counted.clone(),
            offer: state.line.draw_offer(),
            missing: state.missing.clone(),
            proofs: proven(game),
            items: game
                .items()
                .iter()
                .filter(|item| !is_idle(game, forged, item))
                .map(|item| format!("{item:?}"))
                .collect(),
        }
    }
}

/// What a game proves. Of a record that stands nowhere, and that a receipt is for, the copy that came first is shown: its
/// signature says nothing about who signed the receipt.
pub fn proven(game: &Game) -> BTreeSet<String> {
    let proofs = game.state().proofs.iter().map(|proof| {
        let mut proof = proof.clone();
        if let Proof::InvalidReceipt {
            record: Some(record),
            ..
        } = &mut proof
        {
            record.sig = Signature([0; Signature::LEN]);
        }
        format!("{proof:?}")
    });
    proofs.collect()
}

/// What cannot stand is kept only as evidence, where a receipt for it was there first, or while it cannot be judged: one
/// game heard it when what it rests on was known and refused it, another keeps it while that is a rival too many. What
/// follows from it is in the proofs.
fn is_idle(game: &Game, forged: &BTreeSet<Hash>, item: &Item) -> bool {
    let Item::Record(record) = item else {
        return false;
    };
    let hash = record.hash();
    let stands = game.record(hash).is_some();
    !stands && (game.is_receipted(hash) || forged.contains(&hash) || cannot_stand(game, record))
}

/// Whether a game of nothing but what `record` rests on refuses it.
fn cannot_stand(game: &Game, record: &Signed<Record>) -> bool {
    let items = game.items();
    let known = |hash: Hash| {
        items.iter().find_map(|item| match item {
            Item::Record(record) if record.hash() == hash => Some(record),
            _ => None,
        })
    };
    let below = |record: &Signed<Record>| match record.body {
        Record::ResignAt { at } => Some(at),
        _ => record.body.place().map(|place| place.prev),
    };
    let (mut path, mut at) = (Vec::new(), below(record));
    while let Some(hash) = at.filter(|hash| *hash != game.id().as_hash()) {
        let Some(next) = known(hash) else {
            return false;
        };
        path.push(next);
        at = below(next);
    }
    let Ok(mut alone) = Game::new(game.genesis().clone()) else {
        return false;
    };
    for below in path.into_iter().rev() {
        if alone.insert(Item::Record(below.clone())).is_err() {
            // It fell with what it rests on.
            return true;
        }
    }
    alone.insert(Item::Record(record.clone())).is_err()
}

/// Both games in one; `heard` is what those who had them heard, be it that they refused it.
fn merge(one: &Game, other: &Game, heard: &[Item]) -> Game {
    let mut merged = one.clone();
    for item in other.items() {
        let _ = merged.insert(item);
    }
    ask_again(&mut merged, heard);
    merged
}

/// P5: each proof can be checked by anyone who has the game.
fn proofs(game: &Game) -> Checked {
    links::links(game)?;
    for proof in &game.state().proofs {
        prop_assert!(proof.holds(game), "{proof:?}");
        let doctored = doctored(proof);
        prop_assert!(
            !doctored.holds(game),
            "a signature is wrong in {doctored:?}"
        );
    }
    for proof in false_proofs(game)
        .into_iter()
        .chain(links::false_proofs(game))
    {
        prop_assert!(!proof.holds(game), "{proof:?}");
    }
    Ok(())
}

/// What is signed well, and proves nothing: receipts for two places, records for two places, a lapse and a commit of two epochs.
fn false_proofs(game: &Game) -> Vec<Proof> {
    let counted = &game.state().counted;
    let receipts: Vec<_> = counted
        .iter()
        .filter_map(|counted| game.receipt(counted.hash))
        .map(|(by, receipt)| (by, *receipt))
        .collect();
    let ends = receipts.first().zip(receipts.last());
    let places = ends.filter(|((one, first), (other, last))| {
        one == other && first.body.seq != last.body.seq && first.body.epoch == last.body.epoch
    });
    let two_places = places.map(|((by, first), (_, second))| Proof::DoubleReceipt {
        by: *by,
        first: *first,
        second: *second,
    });
    let moves = game.records().map(|(_, entry)| entry);
    let moves: Vec<_> = moves
        .filter(|entry| matches!(entry.signed.body, Record::Move(_)))
        .collect();
    let same = moves.first().and_then(|first| {
        let elsewhere = moves.iter().find(|other| {
            let prev = |entry: &&Entry| entry.signed.body.place().map(|place| place.prev);
            other.author == first.author && prev(other) != prev(first)
        });
        Some((first, elsewhere?))
    });
    let two_moves = same.map(|(first, second)| Proof::Equivocation {
        author: first.author,
        first: first.signed.clone(),
        second: second.signed.clone(),
    });
    let items = game.items();
    let lapsed = items.iter().find_map(|item| match item {
        Item::Lapsed { by, lapsed } => Some((*by, *lapsed)),
        _ => None,
    });
    let commit = receipts.iter().find(|(by, receipt)| {
        let of = receipt.body;
        let of_another =
            |(key, lapse): (OrderKey, Signed<Lapsed>)| key == *by && lapse.body.epoch != of.epoch;
        matches!(of.what, What::Home(_)) && lapsed.is_some_and(of_another)
    });
    let two_epochs = lapsed.zip(commit).map(|((by, lapsed), (_, commit))| {
        let commit = *commit;
        Proof::LapsedAndCommitted { by, lapsed, commit }
    });
    [two_places, two_moves, two_epochs]
        .into_iter()
        .flatten()
        .collect()
}

/// The proof with a wrong signature in it.
fn doctored(proof: &Proof) -> Proof {
    let mut proof = proof.clone();
    let sig = match &mut proof {
        Proof::Equivocation { second, .. } => &mut second.sig,
        Proof::DoubleReceipt { second, .. }
        | Proof::Splice { second, .. }
        | Proof::TimeRunsBack { second, .. } => &mut second.sig,
        Proof::LapsedAndCommitted { commit, .. } => &mut commit.sig,
        Proof::InvalidReceipt { receipt, .. } => &mut receipt.sig,
    };
    sig.0[40] ^= 1;
    proof
}

/// P1 and P9: a player who heard all of it shows what everyone shows, and waits for no answer that has come.
fn heard_all(players: &[Player; 2], items: &[Item], straight: &Game) -> Checked {
    let epoch = straight.orderer().map(|(_, epoch)| epoch);
    let lapsed = |to: OrderKey, epoch: Epoch| {
        items.iter().any(|item| {
            matches!(item, Item::Lapsed { by, lapsed } if (*by, lapsed.body.epoch) == (to, epoch))
        })
    };
    for player in players {
        let open = items.iter().any(|item| match item {
            Item::Home(home) if player.key().signed(straight.id(), home) => {
                Some(home.body.epoch) > epoch && !lapsed(home.body.to, home.body.epoch)
            }
            _ => false,
        });
        if !open {
            prop_assert_eq!(player.moving(), None, "a Home that was answered is open");
            let (own, all) = (adapter::of_game(player.game()), adapter::of_game(straight));
            prop_assert_eq!(own, all, "a player on the left");
        }
    }
    Ok(())
}

/// P5: nothing that the honest do looks like guilt.
fn honest(game: &Game, case: &Case) -> Checked {
    let relay = case.acts.iter().any(lies_of_a_relay);
    let player = |act: &Act| {
        matches!(
            act,
            Act::Equivocate { .. } | Act::SecondSeat | Act::Forge { .. } | Act::SignWrong { .. }
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
    let moves = case
        .acts
        .iter()
        .any(|act| matches!(act, Act::MoveHome { .. }));
    if game.is_clocked() && !relay && !moves {
        // P2: whatever an honest home signs counts, and is for what may stand there.
        let receipts = game.items().into_iter();
        let receipts = receipts.filter(|item| matches!(item, Item::Receipt { .. }));
        let counted = &game.state().counted;
        prop_assert_eq!(
            receipts.count(),
            counted.len(),
            "receipts, and those that count"
        );
        // A record that took all of the time is void, and ends the game.
        let by_time = game.state().outcome().is_some_and(|outcome| {
            use Reason::{NoShow, Timeout, TimeoutVsInsufficient};
            matches!(outcome.reason, NoShow | Timeout | TimeoutVsInsufficient)
        });
        let void = counted.iter().filter(|counted| !counted.valid).count();
        prop_assert!(void == 0 || (by_time && void == 1), "a void receipt");
    }
    Ok(())
}

fn lies_of_a_relay(act: &Act) -> bool {
    match act {
        Act::SignTwice { .. } | Act::SignWrong { .. } => true,
        // A continuation that the relay receipts without looking.
        Act::Continue { pick } => pick.is_multiple_of(3),
        _ => false,
    }
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
        .filter_map(|at| lies::rival(over, at, case.pick))
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
    let rivals = (0..moves).filter_map(|at| lies::rival(straight, at, case.pick));
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
    // Numbers that every browser holds exactly, and no others.
    let number = |number: u64| codec::decode::<u64>(&codec::encode(&number), MAX_ITEM_BYTES);
    let least = 1 + (1_u64 << (54 - case.pick % 53)) / 2;
    prop_assert!(number(least.min(MAX_INT)).is_ok() && number(MAX_INT).is_ok());
    prop_assert!(number(MAX_INT + 1).is_err() && number(MAX_INT + least).is_err());
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
        let mut behind = bytes.clone();
        behind.push(case.mix[0] as u8);
        for bytes in [spoilt.as_slice(), cut, &longer, &behind] {
            let read: Result<Item, _> = codec::decode(bytes, MAX_ITEM_BYTES);
            if let Ok(item) = read {
                let again = codec::encode(&item);
                prop_assert_eq!(again.as_slice(), bytes);
            }
        }
    }
    framed(items, case)
}

/// Frames come out as they went in, in whatever pieces, and none that is longer than the longest.
fn framed(items: &[Item], case: &Case) -> Checked {
    // With the three bytes of its own head.
    let longest = "a".repeat(MAX_FRAME_BYTES - 3);
    let sent = wire::frame(&longest);
    let frames: Vec<u8> = items.iter().flat_map(wire::frame).collect();
    let mut cutter = Frames::default();
    let mut came = Vec::new();
    for (i, piece) in [sent, frames]
        .concat()
        .chunks(1 + usize::from(case.mix[1] >> 4))
        .enumerate()
    {
        cutter.push(piece);
        while let Some(frame) = cutter.next_frame().map_err(|e| failed(i, &e))? {
            came.push(frame.to_vec());
        }
    }
    prop_assert_eq!(came.len(), 1 + items.len());
    for (frame, item) in came[1..].iter().zip(items) {
        prop_assert_eq!(frame, &codec::encode(item));
    }
    cutter.push(&wire::frame(&(longest + "a")));
    prop_assert!(cutter.next_frame().is_err(), "a frame that is too long");
    Ok(())
}

fn failed(piece: usize, error: &CodecError) -> TestCaseError {
    TestCaseError::fail(format!("piece {piece} of the frames: {error}"))
}

fn mixed(case: &Case, i: usize) -> u16 {
    let word = case.mix[i % case.mix.len()];
    word.rotate_left((i / case.mix.len()) as u32)
}

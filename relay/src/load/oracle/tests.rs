//! Doctored histories: each class of fault is put into an honest game, and the oracle has to name it and no other.

use std::collections::BTreeSet;

use rookery_ledger::codec;
use rookery_ledger::id::{Epoch, Hash as Link, Height, Millis, Nonce, Seq, Signature};
use rookery_ledger::record::{
    Clock, Colours, Genesis, Item, Join, Move, Place, Receipt, Record, Seat, Signed, VERSION,
    Variant, What,
};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::Push;

use super::{Class, Copy, History, check};

/// When the game begins, ms since 1970.
const BEGIN: u64 = 1_800_000_000_000;

/// A game as a relay would order it, whatever is put into it.
#[derive(Clone)]
struct Tale {
    /// White, who created the game, and Black.
    players: [Keypair; 2],
    relay: Keypair,
    genesis: Signed<Genesis>,
    items: Vec<Item>,
    head: Link,
    height: u64,
    receipts: Vec<Receipt>,
    moves: usize,
}

impl Tale {
    /// Both have sat down, at `BEGIN`.
    fn seated() -> Self {
        let [white, black, relay] = [1, 2, 3].map(|seed| Keypair::from_secret(&[seed; 32]));
        let genesis = Genesis {
            v: VERSION,
            variant: Variant::Standard,
            start: "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1".into(),
            moves: Vec::new(),
            clock: Clock::Live {
                initial_s: 60,
                inc_s: 1,
            },
            creator: white.player(),
            colours: Colours::White,
            seat: None,
            takebacks: false,
            homes: vec![relay.order()],
            from: None,
            nonce: Nonce([4; 16]),
        };
        let game = genesis.id();
        let join = Join {
            player: black.player(),
            nonce: Nonce([5; 16]),
        };
        let join = black.sign(game, join);
        let genesis = white.sign(game, genesis);
        let mut tale = Self {
            players: [white, black],
            relay,
            items: vec![Item::Genesis(genesis.clone())],
            genesis,
            head: game.as_hash(),
            height: 0,
            receipts: Vec::new(),
            moves: 0,
        };
        tale.receipt(What::Genesis, 0);
        let at = tale.place();
        let seat = Seat {
            at,
            join,
            reveal: None,
        };
        tale.order(0, Record::Seat(seat), 0);
        tale
    }

    /// Six moves, a second each.
    fn played() -> Self {
        let mut tale = Self::seated();
        for (second, uci) in (1..).zip(["e2e4", "e7e5", "g1f3", "b8c6", "f1b5", "a7a6"]) {
            tale.play(uci, second * 1_000);
        }
        tale
    }

    fn place(&self) -> Place {
        Place {
            prev: self.head,
            height: Height::new(self.height + 1),
            on: self.receipts.last().map(codec::hash),
        }
    }

    fn game(&self) -> rookery_ledger::id::GameId {
        self.genesis.body.id()
    }

    /// A receipt `at` ms after the beginning.
    fn receipt(&mut self, what: What, at: u64) {
        let receipt = Receipt {
            game: self.game(),
            epoch: Epoch::new(0),
            seq: Seq::new(self.receipts.len() as u64),
            prev: self.receipts.last().map(codec::hash),
            at_ms: Millis::new(BEGIN + at),
            lag_ms: Millis::ZERO,
            what,
        };
        self.put(receipt);
    }

    fn put(&mut self, receipt: Receipt) {
        self.receipts.push(receipt);
        self.items.push(Item::Receipt {
            by: self.relay.order(),
            receipt: self.relay.sign(self.game(), receipt),
        });
    }

    /// A record of player `who`, and its receipt.
    fn order(&mut self, who: usize, record: Record, at: u64) {
        let signed = self.players[who].sign(self.game(), record);
        let hash = signed.hash();
        self.items.push(Item::Record(signed));
        self.receipt(What::Record(hash), at);
        (self.head, self.height) = (hash, self.height + 1);
    }

    fn play(&mut self, uci: &str, at: u64) {
        self.play_as(self.moves % 2, uci, at);
    }

    fn play_as(&mut self, who: usize, uci: &str, at: u64) {
        let record = Record::Move(Move {
            at: self.place(),
            uci: uci.into(),
            think_ms: Millis::new(0),
            offer: uci == "g8f6",
        });
        self.order(who, record, at);
        self.moves += 1;
    }

    fn copy(&self) -> Copy {
        let end = self
            .receipts
            .iter()
            .map(|receipt| receipt.at_ms.get())
            .max();
        let frames = self.items.iter().map(|item| {
            let push = Push::Items {
                game: self.game(),
                items: vec![item.clone()],
            };
            (end.unwrap_or(0) + 5, codec::encode(&push))
        });
        Copy {
            frames: frames.collect(),
        }
    }

    /// What comes of it where all get the same.
    fn history(&self) -> History {
        let records = self.items.iter().filter_map(|item| match item {
            Item::Record(record) => Some(record.hash().0),
            _ => None,
        });
        let acknowledged: Vec<_> = records.collect();
        History {
            game: self.game().0,
            home: self.relay.order().0,
            live: vec![
                ("the creator", self.copy()),
                ("the joiner", self.copy()),
                ("who watched", self.copy()),
            ],
            afterwards: self.copy(),
            sent: acknowledged.iter().map(|hash| (*hash, BEGIN)).collect(),
            acknowledged,
        }
    }
}

#[track_caller]
fn assert_found(history: &History, wanted: &[Class]) {
    let verdict = check(history);
    let found: BTreeSet<Class> = verdict.faults.iter().map(|fault| fault.class).collect();
    let wanted: BTreeSet<Class> = wanted.iter().copied().collect();
    assert_eq!(found, wanted, "{:#?}", verdict.faults);
}

/// The number of frames of a game's beginning: genesis, its receipt, the Seat, its receipt.
const SEATED: usize = 4;

#[test]
fn honest_games_have_no_fault_however_they_end() {
    let tale = Tale::played();
    assert_found(&tale.history(), &[]);
    assert_eq!(check(&tale.history()).receipts, 8);
    let mut resigned = tale.clone();
    resigned.order(0, Record::Resign(resigned.place()), 7_000);
    assert_found(&resigned.history(), &[]);
    let mut agreed = tale.clone();
    agreed.play("e1g1", 7_000);
    agreed.play("g8f6", 8_000);
    agreed.order(0, Record::Draw(agreed.place()), 9_000);
    assert_found(&agreed.history(), &[]);
    let mut flagged = tale.clone();
    flagged.receipt(
        What::Gap {
            ms: Millis::new(9_000),
        },
        16_000,
    );
    flagged.receipt(What::Flag, 6_000 + 9_000 + 61_000 + 1);
    assert_found(&flagged.history(), &[]);
    let mut mated = Tale::seated();
    for (second, uci) in (1..).zip(["f2f3", "e7e5", "g2g4", "d8h4"]) {
        mated.play(uci, second * 1_000);
    }
    assert_found(&mated.history(), &[]);
}

#[test]
fn what_nobody_was_told_to_get_is_not_missed() {
    let tale = Tale::played();
    let mut flagged = tale.clone();
    flagged.receipt(What::Flag, 90_000);
    let mut history = tale.history();
    history.afterwards = flagged.copy();
    assert_found(&history, &[]);
    let again = history.live[1].1.frames[5].clone();
    history.live[1].1.frames.push(again);
    assert_found(&history, &[]);
}

#[test]
fn a_lost_receipt_is_found() {
    let mut history = Tale::played().history();
    let cut = history.afterwards.frames.len() - 2;
    history.afterwards.frames.truncate(cut);
    assert_found(&history, &[Class::Lost]);
    // Also where no client saw more than that its record was taken.
    for (_, copy) in &mut history.live {
        copy.frames.truncate(cut);
    }
    assert_found(&history, &[Class::Lost]);
    history.afterwards.frames.clear();
    assert_found(&history, &[Class::Lost]);
}

#[test]
fn a_place_given_twice_is_found() {
    let tale = Tale::played();
    let mut other = tale.clone();
    let mut second = *other.receipts.last().unwrap();
    second.at_ms = second.at_ms.next();
    other.put(second);
    assert_found(&other.history(), &[Class::Doubled]);
    // One in each copy.
    let mut rival = tale.clone();
    rival.items.pop();
    rival.receipts.pop();
    rival.put(second);
    let mut history = tale.history();
    history.live[0].1 = rival.copy();
    assert_found(&history, &[Class::Doubled]);
    // One record at two places.
    let mut twice = tale.clone();
    let record = twice.receipts.last().unwrap().what;
    twice.receipt(record, 7_000);
    assert_found(&twice.history(), &[Class::Doubled]);
}

#[test]
fn diverging_copies_are_found() {
    let tale = Tale::played();
    let mut history = tale.history();
    history.live[1].1.frames.remove(SEATED + 3);
    assert_found(&history, &[Class::Diverging]);
    let mut history = tale.history();
    history.live[2].1.frames.truncate(SEATED + 4);
    assert_found(&history, &[Class::Diverging]);
    let mut other = tale.clone();
    if let Some(Item::Record(record)) = other.items.get_mut(SEATED) {
        record.sig = Signature([7; 64]);
    }
    let mut history = tale.history();
    history.live[0].1 = other.copy();
    assert_found(&history, &[Class::Diverging]);
}

#[test]
fn a_record_that_the_rules_forbid_is_found() {
    for uci in ["b5b8", "e1h1", "0000", "e8e7", "b5a6q"] {
        let mut tale = Tale::played();
        tale.play(uci, 7_000);
        assert_found(&tale.history(), &[Class::Illegal]);
    }
    let mut tale = Tale::played();
    tale.order(0, Record::Draw(tale.place()), 7_000);
    assert_found(&tale.history(), &[Class::Illegal]);
    let mut tale = Tale::played();
    tale.order(0, Record::Abort(tale.place()), 7_000);
    assert_found(&tale.history(), &[Class::Illegal]);
    let mut tale = Tale::played();
    let place = Place {
        on: None,
        ..tale.place()
    };
    tale.order(0, Record::Resign(place), 7_000);
    assert_found(&tale.history(), &[Class::Illegal]);
}

#[test]
fn wrong_clocks_are_found() {
    // White has 60,000 - 1,000 + 1,000 after the second move, and as much after the third.
    let mut early = Tale::played();
    early.receipt(What::Flag, 6_000 + 59_000);
    assert_found(&early.history(), &[Class::WrongClock]);
    let mut gap = Tale::played();
    gap.receipt(
        What::Gap {
            ms: Millis::new(1_001),
        },
        7_000,
    );
    assert_found(&gap.history(), &[Class::WrongClock]);
    let mut late = Tale::played();
    late.play("e1g1", 6_000 + 62_000);
    assert_found(&late.history(), &[Class::WrongClock]);
}

#[test]
fn time_that_falls_and_time_that_is_not_this_machines_are_found() {
    let mut falls = Tale::played();
    falls.play("e1g1", 5_999);
    assert_found(&falls.history(), &[Class::TimeRunsBack]);
    let mut history = Tale::played().history();
    let newest = *history.acknowledged.last().unwrap();
    history.sent.insert(newest, BEGIN + 8_000);
    assert_found(&history, &[Class::WrongTime]);
    let mut history = Tale::played().history();
    history.live[0].1.frames.last_mut().unwrap().0 = BEGIN + 4_000;
    assert_found(&history, &[Class::WrongTime]);
}

#[test]
fn what_is_not_signed_by_who_must_is_found() {
    let mut unsigned = Tale::played();
    if let Some(Item::Receipt { receipt, .. }) = unsigned.items.last_mut() {
        receipt.sig = Signature([0; 64]);
    }
    assert_found(&unsigned.history(), &[Class::BadSignature]);
    let mut foreign = Tale::played();
    foreign.relay = Keypair::from_secret(&[9; 32]);
    foreign.play("e1g1", 7_000);
    foreign.relay = Keypair::from_secret(&[3; 32]);
    assert_found(&foreign.history(), &[Class::BadSignature]);
    let mut other = Tale::played();
    other.play_as(1, "e1g1", 7_000);
    assert_found(&other.history(), &[Class::BadSignature]);
    let mut genesis = Tale::played();
    if let Some(Item::Genesis(signed)) = genesis.items.first_mut() {
        signed.sig = Signature([0; 64]);
    }
    assert_found(&genesis.history(), &[Class::BadSignature]);
}

#[test]
fn an_empty_place_and_a_broken_link_are_found() {
    let mut hole = Tale::played();
    hole.receipt(
        What::Gap {
            ms: Millis::new(10),
        },
        6_500,
    );
    hole.play("e1g1", 7_000);
    let gap = hole.items.len() - 3;
    hole.items.remove(gap);
    // What comes next names the receipt that is gone.
    assert_found(&hole.history(), &[Class::Hole, Class::Illegal]);
    let mut broken = Tale::played();
    broken.receipts.last_mut().unwrap().lag_ms = Millis::new(1);
    broken.play("e1g1", 7_000);
    // And names a receipt that nobody has.
    assert_found(&broken.history(), &[Class::BrokenLink, Class::Illegal]);
    let mut apart = Tale::played();
    apart.head = Link([8; 32]);
    apart.play("e1g1", 7_000);
    assert_found(&apart.history(), &[Class::BrokenLink]);
}

#[test]
fn whatever_is_ordered_after_the_end_is_found() {
    let mut tale = Tale::played();
    tale.order(0, Record::Resign(tale.place()), 7_000);
    tale.receipt(What::Flag, 90_000);
    assert_found(&tale.history(), &[Class::AfterEnd]);
}

#[test]
fn bytes_that_are_no_items_of_the_game_are_found() {
    let tale = Tale::played();
    let mut history = tale.history();
    history.live[0].1.frames.push((BEGIN, vec![0xa0, 0]));
    assert_found(&history, &[Class::Malformed]);
    let mut stranger = tale.clone();
    stranger.receipts.last_mut().unwrap().epoch = Epoch::new(1);
    let last = *stranger.receipts.last().unwrap();
    stranger.put(last);
    assert_found(&stranger.history(), &[Class::Malformed]);
}

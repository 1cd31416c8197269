//! A relay that lies, lie by lie, against the pages of two players with a channel between them; and what an honest relay may
//! do without being blamed.

use rookery_ledger::Game;
use rookery_ledger::id::{GameId, Hash, Millis};
use rookery_ledger::record::{Item, Move, Place, Receipt, Record, What};
use rookery_ledger::rook;
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Direct, Push};

use super::liar::{Liar, Lie};
use super::{LIVE, World};
use crate::suspicion::{TIME_MS, UNCONFIRMED_MS, WITHHELD_MS};

/// The place in the order at which the lie begins: White's second move.
const AT: u64 = 4;

impl World {
    /// A live game by a relay that lies.
    fn lied_to(lie: Lie) -> (Self, GameId) {
        let mut world = Self::new(2);
        world.liar = Some(Liar::new(lie, AT, world.key.clone()));
        // The relay hears who is who only now.
        for i in [0, 1] {
            world.disconnect(i);
            world.connect(i);
        }
        let id = world.create(0, super::new_game(LIVE));
        world.open(1, id);
        world.join(1, id).unwrap();
        assert_eq!(world.state(1, id)["seat"], "seated");
        world.beat();
        (world, id)
    }

    /// A beat to one page while what that page says is held up on the way.
    fn beat_one_way(&mut self, i: usize, ms: u64) {
        self.ms += ms;
        let beat = Push::Beat {
            n: 1,
            now_ms: Millis::new(super::EPOCH + self.ms),
            log_busy: false,
            rtt_ms: Millis::new(20),
        };
        self.push(i, &beat);
    }

    /// A heartbeat to who is there, with a round trip of 20 ms.
    fn beat(&mut self) {
        self.beat_after(1_000, false);
    }

    fn beat_after(&mut self, ms: u64, log_busy: bool) {
        self.ms += ms;
        let beat = Push::Beat {
            n: 1,
            now_ms: Millis::new(super::EPOCH + self.ms),
            log_busy,
            rtt_ms: Millis::new(20),
        };
        for i in 0..self.pages.len() {
            if self.pages[i].connected {
                self.push(i, &beat);
                let now = self.now();
                let outputs = self.pages[i].core.tick(now);
                self.outputs(i, outputs);
            }
        }
        self.settle();
    }

    fn beats(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.beat();
        }
    }

    /// What this page found, each kind once.
    fn found(&self, i: usize, id: GameId) -> Vec<String> {
        let state = self.state(i, id);
        let findings = state["findings"].as_array().unwrap();
        let mut codes: Vec<_> = findings
            .iter()
            .map(|finding| finding["code"].as_str().unwrap().to_owned())
            .collect();
        codes.sort();
        codes.dedup();
        codes
    }

    fn assert_nothing_found(&self, id: GameId) {
        for i in [0, 1] {
            assert_eq!(self.found(i, id), [""; 0], "page {i}");
        }
    }
}

/// Plays against a lie: what each page found.
fn play_against(lie: Lie) -> [Vec<String>; 2] {
    let (mut world, id) = World::lied_to(lie);
    world.open_channel(id);
    for (i, uci) in ["e2e4", "e7e5", "g1f3", "b8c6", "f1c4", "g8f6"]
        .into_iter()
        .enumerate()
    {
        world.beats(4);
        // Where the lie stops the game there is nothing to play on.
        let _ = world.play(i % 2, id, uci);
        world.beats(3);
    }
    world.beats(25);
    for i in [0, 1] {
        // Each finding was told as well, and whatever is proven anybody can check from the page's file.
        let state = world.state(i, id);
        let (game, refused) = rook::open(&world.pages[i].core.evidence(id).unwrap()).unwrap();
        for finding in state["findings"].as_array().unwrap() {
            let code = finding["code"].as_str().unwrap();
            assert!(
                world.pages[i].notices.iter().any(|told| told == code),
                "{code}"
            );
            assert_eq!(finding["against"], "relay");
            let words = finding["words"].as_str().unwrap();
            if finding["proven"] == true {
                let mut proofs = game.state().proofs.iter();
                assert!(
                    proofs.any(|proof| proof.code() == code && proof.holds(&game)),
                    "{code}"
                );
            } else {
                assert!(words.ends_with("This cannot be proven."), "{words}");
            }
        }
        assert_eq!(
            refused.is_some(),
            lie == Lie::Signature,
            "what is broken is kept to be shown"
        );
    }
    [world.found(0, id), world.found(1, id)]
}

/// The rows of the table of lies in the document: name, what the creator's page says, the joiner's.
fn documented() -> Vec<(String, [Vec<String>; 2])> {
    let text = include_str!("../../../../../docs/verification.md");
    let (_, table) = text.split_once("| lie | ").unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let codes = |cell: &str| {
        let words = cell.split('`').skip(1).step_by(2);
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        (
            codes(cells[1]).remove(0),
            [codes(cells[3]), codes(cells[4])],
        )
    })
    .collect()
}

#[test]
fn the_table_of_lies_is_what_the_pages_find() {
    let seen: Vec<_> = Lie::ALL
        .into_iter()
        .map(|(name, lie)| (name.to_owned(), play_against(lie)))
        .collect();
    assert_eq!(seen, documented());
}

#[test]
fn without_a_channel_the_opponents_move_tells_of_the_receipt_that_was_hidden() {
    let (mut world, id) = World::lied_to(Lie::Double);
    for (i, uci) in ["e2e4", "e7e5", "g1f3", "b8c6"].into_iter().enumerate() {
        world.play(i % 2, id, uci).unwrap();
    }
    world.beats(4);
    world.assert_nothing_found(id);
    world.beat();
    assert_eq!(world.found(0, id), ["unknown-receipt"]);
    assert_eq!(world.found(1, id), [""; 0]);
}

#[test]
fn what_is_withheld_is_noticed_within_five_seconds_of_the_evidence() {
    let (mut world, id) = World::lied_to(Lie::Withhold);
    world.open_channel(id);
    for (i, uci) in ["e2e4", "e7e5", "g1f3"].into_iter().enumerate() {
        world.play(i % 2, id, uci).unwrap();
    }
    assert_eq!(WITHHELD_MS, 5_000.0);
    world.beats(4);
    assert!(!world.pages[1].notices.contains(&"withheld".to_owned()));
    world.beat();
    assert_eq!(world.found(1, id), ["withheld"]);
    // The game goes on by what the channel brings.
    assert_eq!(world.state(1, id)["ply"], 3);
}

/// A live game with a channel, some moves old, by an honest relay.
fn honest() -> (World, GameId) {
    let (mut world, id) = World::game(LIVE);
    world.open_channel(id);
    for (i, uci) in ["e2e4", "e7e5", "g1f3", "b8c6"].into_iter().enumerate() {
        world.beats(2);
        world.play(i % 2, id, uci).unwrap();
    }
    world.beats(2);
    (world, id)
}

#[test]
fn an_outage_on_ones_own_turn_is_held_against_nobody() {
    let (mut world, id) = honest();
    world.disconnect(0);
    world.ms += 6_000;
    world.connect(0);
    world.beats(2);
    world.play(0, id, "f1c4").unwrap();
    world.beats(30);
    world.assert_nothing_found(id);
    // Nor one in which the opponent moved: the stopwatch begins late.
    world.disconnect(0);
    world.beat();
    world.play(1, id, "g8f6").unwrap();
    world.beats(4);
    world.connect(0);
    world.beats(2);
    world.play(0, id, "d2d3").unwrap();
    world.beats(30);
    world.assert_nothing_found(id);
}

#[test]
fn what_an_outage_kept_from_one_player_is_not_withheld() {
    let (mut world, id) = honest();
    world.disconnect(1);
    world.play(0, id, "f1c4").unwrap();
    world.beats(8);
    world.connect(1);
    world.beats(8);
    world.assert_nothing_found(id);
    assert_eq!(world.state(1, id)["ply"], 5);
}

/// The channel brings page 1 a move and its receipt, of which the relay has not told it.
fn told_by_the_channel_alone() -> (World, GameId) {
    let (mut world, id) = honest();
    world.watchers.remove(&(id, 1));
    world.play(0, id, "f1c4").unwrap();
    assert_eq!(world.state(1, id)["ply"], 5);
    world.beats(3);
    world.assert_nothing_found(id);
    (world, id)
}

#[test]
fn what_the_channel_brings_the_relay_may_tell_a_little_later() {
    let (mut world, id) = told_by_the_channel_alone();
    let items = super::in_order(&world.games[&id], None);
    world.push(1, &Push::Items { game: id, items });
    world.beats(10);
    world.assert_nothing_found(id);
}

#[test]
fn what_a_stream_that_hung_did_not_bring_is_not_withheld_by_the_next_one() {
    let (mut world, id) = told_by_the_channel_alone();
    world.disconnect(1);
    world.connect(1);
    world.beats(10);
    world.assert_nothing_found(id);
}

#[test]
fn a_device_that_slept_blames_nobody_for_the_time() {
    let (mut world, id) = honest();
    // Its monotonic clock stood still, and the stream outlived it: what was buffered comes in a burst.
    world.slept = 12_000;
    world.beat_after(12_000, false);
    for _ in 0..10 {
        world.beat_after(1, false);
    }
    world.beats(2);
    world.play(0, id, "f1c4").unwrap();
    world.beats(30);
    world.assert_nothing_found(id);
}

#[test]
fn a_clock_that_was_set_blames_nobody() {
    let (mut world, id) = honest();
    world.beat();
    let before = world.ms;
    // The wall clock jumps an hour while the monotonic one does not.
    world.wall_ahead = 3_600_000;
    world.beat();
    world.wall_ahead = 0;
    world.beat();
    world.play(0, id, "f1c4").unwrap();
    world.beats(30);
    assert!(world.ms > before);
    world.assert_nothing_found(id);
}

#[test]
fn a_busy_log_may_take_as_long_as_it_says_so() {
    let (mut world, id) = honest();
    world.refuse = Some("log-unavailable");
    world.play(0, id, "f1c4").unwrap();
    for _ in 0..60 {
        world.beat_after(1_000, true);
    }
    world.refuse = None;
    world.beats(30);
    world.assert_nothing_found(id);
    assert_eq!(world.state(1, id)["ply"], 5);
}

#[test]
fn a_relay_that_says_that_its_log_takes_writes_and_confirms_nothing_is_named_after_twenty_seconds()
{
    let (mut world, id) = honest();
    world.refuse = Some("log-unavailable");
    world.play(0, id, "f1c4").unwrap();
    assert_eq!(UNCONFIRMED_MS, 20_000.0);
    world.beats(20);
    world.assert_nothing_found(id);
    world.beats(2);
    assert_eq!(world.found(0, id), ["unconfirmed"]);
}

#[test]
fn a_reason_that_a_relay_may_well_have_is_no_ground_for_a_complaint() {
    for code in ["rate-limited", "no-home", "clock-behind"] {
        let (mut world, id) = honest();
        world.refuse = Some(code);
        world.play(0, id, "f1c4").unwrap();
        world.beats(60);
        world.assert_nothing_found(id);
    }
}

#[test]
fn a_restart_is_held_against_nobody() {
    let (mut world, id) = honest();
    world.play(0, id, "f1c4").unwrap();
    for i in [0, 1] {
        world.disconnect(i);
    }
    world.ms += 9_000;
    // What the outage cost is charged to nobody.
    let ms = Millis::new(9_000);
    let at = Millis::new(super::EPOCH + world.ms);
    let orderer = world.games.get_mut(&id).unwrap();
    let gap = orderer
        .game()
        .next_receipt(world.key.order(), What::Gap { ms }, at, Millis::ZERO);
    let entry = rookery_ledger::order::Entry {
        receipt: gap,
        item: None,
    };
    orderer.commit(&world.key, &[entry]);
    for i in [0, 1] {
        world.connect(i);
    }
    world.beats(1);
    world.play(1, id, "g8f6").unwrap();
    world.beats(1);
    world.play(0, id, "d2d3").unwrap();
    world.beats(30);
    world.assert_nothing_found(id);
}

#[test]
fn a_slow_way_to_the_relay_is_held_against_nobody() {
    let (mut world, id) = honest();
    // The move is stuck for 3 s, and so is the echo; the round trip is told by a beat after the receipt.
    let now = world.now();
    let outputs = world.pages[0].core.play(id, "f1c4", false, now).unwrap();
    world.outputs(0, outputs);
    for _ in 0..3 {
        world.beat_one_way(0, 1_000);
    }
    world.settle();
    world.ms += 1_000;
    let late = Push::Beat {
        n: 2,
        now_ms: Millis::new(super::EPOCH + world.ms),
        log_busy: false,
        rtt_ms: Millis::new(3_020),
    };
    world.push(0, &late);
    world.beats(10);
    world.assert_nothing_found(id);
}

#[test]
fn a_receipt_that_another_relay_signed_says_nothing_about_this_one() {
    let (mut world, id) = honest();
    // Home is elsewhere: the channel brings what gossip has not brought yet.
    let head = world.games[&id]
        .game()
        .state()
        .last_receipt()
        .copied()
        .unwrap();
    let elsewhere = Keypair::from_secret(&[201; 32]);
    let receipt = Receipt {
        seq: head.receipt.seq.next(),
        prev: Some(head.hash),
        what: What::Gap { ms: Millis::ZERO },
        ..head.receipt
    };
    let item = Game::sign_receipt(&elsewhere, receipt);
    let message = rookery_ledger::codec::encode(&Direct::Item { item });
    let now = world.now();
    let outputs = world.pages[1]
        .core
        .direct_received(id, &message, now)
        .unwrap();
    world.outputs(1, outputs);
    world.beats(30);
    world.assert_nothing_found(id);
}

#[test]
fn a_relay_that_is_cut_off_from_the_home_of_a_game_is_not_to_blame() {
    let (mut world, id) = honest();
    world.at = Some(Keypair::from_secret(&[201; 32]));
    for i in [0, 1] {
        world.disconnect(i);
        world.connect(i);
    }
    world.beats(2);
    // The other player hears of it by the channel alone, with the next move too.
    world.watchers.remove(&(id, 1));
    world.play(0, id, "f1c4").unwrap();
    world.play(1, id, "g8f6").unwrap();
    world.watchers.remove(&(id, 0));
    world.refuse = Some("log-unavailable");
    world.play(0, id, "d2d3").unwrap();
    world.beats(40);
    world.assert_nothing_found(id);
}

#[test]
fn an_opponent_who_invents_a_receipt_does_not_make_the_relay_the_liar() {
    let (mut world, id) = honest();
    let state = world.games[&id].game().state().clone();
    let at = Place {
        prev: state.line.head(),
        height: state.line.height().next(),
        on: Some(Hash([7; 32])),
    };
    let record = Record::Move(Move {
        at,
        uci: "f1c4".into(),
        think_ms: Millis::ZERO,
        offer: false,
    });
    let signed = Keypair::from_secret(&[1; 32]).sign(id, record);
    let request = super::Request::Submit {
        id: 900,
        game: id,
        item: Item::Record(signed),
    };
    world.answer(0, request);
    world.beats(10);
    let state = world.state(1, id);
    let findings = state["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0]["code"], "unknown-receipt");
    let words = findings[0]["words"].as_str().unwrap();
    assert!(words.contains("or your opponent made it up"), "{words}");
}

#[test]
fn a_charge_within_the_tolerance_is_no_complaint_and_one_beyond_is() {
    for (over, wanted) in [(900, false), (1_100, true)] {
        let (mut world, id) = honest();
        world.play(0, id, "f1c4").unwrap();
        world.beats(2);
        let now = world.now();
        let outputs = world.pages[1].core.play(id, "g8f6", false, now).unwrap();
        world.outputs(1, outputs);
        // The relay stamps it late, and nothing on the way was slow.
        world.beat_one_way(1, over / 2);
        world.ms += over / 2;
        world.settle();
        world.beat();
        assert_eq!(TIME_MS, 1_000.0);
        world.assert_nothing_found(id);
        world.beats(3);
        let found = world.found(1, id);
        assert_eq!(found == ["clock-complaint"], wanted, "{over}: {found:?}");
    }
}

#[test]
fn a_player_who_signs_twice_is_shown_to_both_by_whatever_way_it_came() {
    for by_relay in [false, true] {
        let (mut world, id) = World::game(rookery_ledger::record::Clock::None);
        world.open_channel(id);
        let head = world.games[&id].game().state().line.clone();
        world.play(0, id, "e2e4").unwrap();
        world.play(1, id, "e7e5").unwrap();
        let at = Place {
            prev: head.head(),
            height: head.height().next(),
            on: None,
        };
        let record = Record::Move(Move {
            at,
            uci: "d2d4".into(),
            think_ms: Millis::ZERO,
            offer: false,
        });
        let item = Item::Record(Keypair::from_secret(&[1; 32]).sign(id, record));
        if by_relay {
            world.push(
                1,
                &Push::Items {
                    game: id,
                    items: vec![item],
                },
            );
        } else {
            let message = rookery_ledger::codec::encode(&Direct::Item { item });
            let now = world.now();
            let outputs = world.pages[1]
                .core
                .direct_received(id, &message, now)
                .unwrap();
            world.outputs(1, outputs);
        }
        world.settle();
        for i in [0, 1] {
            let state = world.state(i, id);
            assert_eq!(state["result"]["outcome"], "0-1", "page {i}");
            assert_eq!(state["result"]["reason"], "equivocation");
            let finding = &state["findings"][0];
            assert_eq!(
                (&finding["code"], &finding["against"]),
                (&"equivocation".into(), &"white".into())
            );
            let words = finding["words"].as_str().unwrap();
            assert!(
                words.starts_with(["Whoever has your key", "Your opponent"][i]),
                "{words}"
            );
            assert!(world.pages[i].notices.contains(&"equivocation".to_owned()));
            let (game, refused) = rook::open(&world.pages[i].core.export(id).unwrap()).unwrap();
            assert_eq!(refused, None);
            assert!(game.state().proofs[0].holds(&game));
        }
    }
}

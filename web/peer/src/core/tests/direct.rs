//! Two players with a channel between them, with and without a relay.

use rookery_ledger::codec;
use rookery_ledger::id::GameId;
use rookery_ledger::record::{Clock, Item};
use rookery_ledger::wire::{Direct, MAX_KNOWN, Push, Request, Seek};

use super::{Core, LIVE, NewGame, World, new_game};
use crate::output::Output;

/// Forty plies, without an end.
const MOVES: [&str; 40] = [
    "e2e4", "e7e5", "g1f3", "b8c6", "f1b5", "a7a6", "b5a4", "g8f6", "e1g1", "f8e7", "f1e1", "b7b5",
    "a4b3", "d7d6", "c2c3", "e8g8", "h2h3", "c6a5", "b3c2", "c7c5", "d2d4", "d8c7", "b1d2", "c5d4",
    "c3d4", "a5c6", "d2b3", "a6a5", "c1e3", "a5a4", "b3d2", "c8d7", "a1c1", "c7b7", "d2f1", "f8e8",
    "f1g3", "g7g6", "c2d3", "e7f8",
];

impl World {
    pub(super) fn open_channel(&mut self, id: GameId) {
        self.channel = Some(std::collections::VecDeque::new());
        for i in [0, 1] {
            let outputs = self.pages[i].core.direct_opened(id);
            self.outputs(i, outputs);
        }
        self.settle();
    }

    /// What was on its way is lost.
    fn cut_channel(&mut self, id: GameId) {
        self.channel = None;
        for i in [0, 1] {
            let outputs = self.pages[i].core.direct_closed(id);
            self.outputs(i, outputs);
        }
    }

    fn agree(&self, id: GameId, plies: u64) {
        let [one, two] = [0, 1].map(|i| self.state(i, id));
        assert_eq!(one["ply"], plies);
        for field in ["fen", "ply", "moves", "result", "pending"] {
            assert_eq!(one[field], two[field], "{field}");
        }
    }
}

#[test]
fn an_untimed_game_does_not_notice_that_every_relay_is_gone_and_a_fresh_one_gets_it_whole() {
    let (mut world, id) = World::game(Clock::None);
    world.open_channel(id);
    assert_eq!(world.state(0, id)["path"], "direct");
    for (ply, uci) in MOVES.into_iter().enumerate() {
        if ply == 3 {
            world.disconnect(0);
            world.disconnect(1);
            world.games.clear();
        }
        world.play(ply % 2, id, uci).unwrap();
        world.agree(id, ply as u64 + 1);
    }
    world.cut_channel(id);
    assert_eq!(world.state(0, id)["path"], "none");
    world.agree(id, 40);
    world.connect(1);
    let ordered = world.games[&id].game().state();
    assert_eq!(ordered.line.ply().get(), 40);
    world.connect(0);
    world.agree(id, 40);
}

#[test]
fn what_one_side_missed_comes_with_the_channel_whatever_way_it_went_before() {
    let (mut world, id) = World::game(Clock::None);
    world.play(0, id, "e2e4").unwrap();
    world.disconnect(0);
    world.play(1, id, "e7e5").unwrap();
    world.disconnect(1);
    assert_eq!(world.state(0, id)["ply"], 1);
    world.open_channel(id);
    world.agree(id, 2);
    // A move on its way when the channel breaks is sent again by the next one, and once.
    let now = world.now();
    let outputs = world.pages[0].core.play(id, "g1f3", false, now).unwrap();
    world.outputs(0, outputs);
    world.cut_channel(id);
    assert_eq!(world.state(1, id)["ply"], 2);
    assert_eq!(world.state(0, id)["pending"]["uci"], "g1f3");
    world.open_channel(id);
    world.agree(id, 3);
    let count = |world: &World| world.pages[1].stored[&id].0.len();
    let before = count(&world);
    world.cut_channel(id);
    world.open_channel(id);
    world.connect(0);
    world.connect(1);
    world.agree(id, 3);
    let again = rookery_ledger::rook::read(&world.pages[1].stored[&id].0).unwrap();
    let mut names: Vec<_> = again.iter().map(codec::hash).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), again.len(), "an item was stored twice");
    assert!(count(&world) > before, "the relay's receipts");
}

#[test]
fn who_reaches_the_relay_brings_it_what_the_other_signed() {
    let (mut world, id) = World::game(Clock::None);
    world.open_channel(id);
    world.disconnect(0);
    world.play(0, id, "e2e4").unwrap();
    assert_eq!(world.games[&id].game().state().line.ply().get(), 1);
    world.agree(id, 1);
}

#[test]
fn nobody_says_anything_twice_on_one_channel() {
    let (mut world, id) = World::game(Clock::None);
    world.open_channel(id);
    for (ply, uci) in MOVES.into_iter().enumerate().take(6) {
        world.play(ply % 2, id, uci).unwrap();
    }
    let mut items = world.carried.clone();
    items.retain(|(_, message)| matches!(message, Direct::Item { .. }));
    assert!(items.len() >= 6, "{items:?}");
    let all = items.len();
    items.sort_by_key(|(from, message)| (*from, codec::encode(message)));
    items.dedup();
    assert_eq!(items.len(), all);
}

#[test]
fn an_own_move_is_on_its_way_until_the_other_device_has_stored_it() {
    let (mut world, id) = World::game(Clock::None);
    world.open_channel(id);
    world.disconnect(0);
    world.disconnect(1);
    world.pages[1].held = Some(Vec::new());
    world.play(0, id, "e2e4").unwrap();
    assert_eq!(world.state(0, id)["pending"]["uci"], "e2e4");
    let held = world.pages[1].held.take().unwrap();
    world.outputs(1, held);
    world.settle();
    world.agree(id, 1);
    // Nor where it could not be stored.
    world.pages[0].held = Some(Vec::new());
    world.play(1, id, "e7e5").unwrap();
    let held = world.pages[0].held.take().unwrap();
    for output in held {
        if let Output::Store {
            token: Some(token), ..
        } = output
        {
            let outputs = world.pages[0].core.not_stored(token);
            world.outputs(0, outputs);
        }
    }
    world.settle();
    assert_eq!(world.state(1, id)["pending"]["uci"], "e7e5");
}

#[test]
fn without_a_relay_takebacks_are_agreed_and_the_players_talk_by_the_channel() {
    let (mut world, id) = World::game(Clock::None);
    world.open_channel(id);
    world.disconnect(0);
    world.disconnect(1);
    world.play(0, id, "e2e4").unwrap();
    world.play(1, id, "e7e5").unwrap();
    assert_eq!(world.state(1, id)["can"]["askTakeback"], true);
    world
        .act(1, |core, now| core.ask_takeback(id, now))
        .unwrap();
    world
        .act(0, |core, now| core.accept_takeback(id, now))
        .unwrap();
    world.agree(id, 1);
    world
        .act(0, |core, now| core.chat(id, "well".into(), now))
        .unwrap();
    assert_eq!(world.pages[1].heard.len(), 1);
    world.cut_channel(id);
    let failed = world.act(0, |core, now| core.chat(id, "well".into(), now));
    assert_eq!(failed, Err("offline"));
}

#[test]
fn a_clocked_game_counts_by_receipts_alone_and_the_channel_carries_them() {
    let (mut world, id) = World::game(LIVE);
    world.open_channel(id);
    world.play(0, id, "e2e4").unwrap();
    world.agree(id, 1);
    // The relay goes; what is signed now waits.
    world.disconnect(0);
    world.disconnect(1);
    world.play(1, id, "e7e5").unwrap();
    assert_eq!(world.state(0, id)["ply"], 1);
    assert_eq!(world.state(1, id)["pending"]["uci"], "e7e5");
    // One of them reaches it again: the receipt comes to the other by the channel.
    world.connect(1);
    world.agree(id, 2);
}

#[test]
fn signals_pass_between_the_players_and_nobody_else_is_heard() {
    let (mut world, id) = World::game(Clock::None);
    world
        .act(0, |core, now| core.signal(id, "{}".into(), now))
        .unwrap();
    assert_eq!(world.pages[1].signals, ["{}"]);
    // Another device with the same key says this, not the other player.
    let said = world.pages[0].log.iter().find_map(|request| match request {
        Request::Say { said, .. } => Some(said.clone()),
        _ => None,
    });
    let said = said.unwrap();
    world.push(0, &Push::Said { game: id, said });
    assert!(world.pages[0].signals.is_empty());
    let long = "x".repeat(16_385);
    let failed = world.act(0, |core, now| core.signal(id, long, now));
    assert_eq!(failed, Err("bad-input"));
    world.disconnect(0);
    let failed = world.act(0, |core, now| core.signal(id, "{}".into(), now));
    assert_eq!(failed, Err("offline"));
}

#[test]
fn what_does_not_belong_on_the_channel_closes_it_or_counts_for_nothing() {
    let (mut world, id) = World::game(Clock::None);
    let (other, other_id) = World::game(Clock::Days { days: 2 });
    world.open_channel(id);
    let (now, before) = (world.now(), world.state(1, id));
    let core = &mut world.pages[1].core;
    for bytes in [&b""[..], &[0xff; 40], &[0xa1, 0x64, b'k', b'e', b'p', b't']] {
        assert!(core.direct_received(id, bytes, now).is_err());
    }
    let know = |count: usize| Direct::Know {
        items: vec![codec::hash(&0_u32); count],
        more: false,
    };
    for message in [know(0), know(MAX_KNOWN + 1)] {
        let bytes = codec::encode(&message);
        assert!(
            core.direct_received(id, &bytes, now).is_err(),
            "said already"
        );
    }
    // Another game's items, and a record with a wrong signature.
    let strange = other.games[&other_id].game().items();
    let forged = world.games[&id]
        .game()
        .items()
        .into_iter()
        .find_map(|item| {
            let Item::Record(mut signed) = item else {
                return None;
            };
            signed.sig.0[3] ^= 1;
            Some(Item::Record(signed))
        });
    let core = &mut world.pages[1].core;
    for item in strange.into_iter().chain(forged) {
        let bytes = codec::encode(&Direct::Item { item });
        let outputs = core.direct_received(id, &bytes, now).unwrap();
        let told = outputs.iter().any(|output| {
            matches!(
                output,
                Output::Store { .. } | Output::Direct { .. } | Output::Send(..)
            )
        });
        assert!(!told, "{outputs:?}");
    }
    assert!(
        core.waiting.is_empty(),
        "what was refused leaves nothing behind"
    );
    assert_eq!(world.state(1, id), before);
    // A tab that only reads opens none.
    let core = &mut world.pages[0].core;
    core.direct_closed(id);
    core.set_writer(false);
    assert!(core.direct_opened(id).is_empty());
}

#[test]
fn with_a_stranger_from_the_lobby_a_channel_is_asked_for_first() {
    let mut world = World::new(2);
    let outputs = world.pages[1].core.set_lobby(true);
    world.outputs(1, outputs);
    let id = world.create(
        0,
        NewGame {
            listed: true,
            ..new_game(Clock::None)
        },
    );
    let genesis = world.games[&id].game().genesis().clone();
    let seek = Seek {
        genesis,
        relay: Vec::new(),
    };
    let lobby = Push::Lobby {
        reset: true,
        add: vec![seek],
        remove: Vec::new(),
    };
    world.push(1, &lobby);
    // The page leaves the lobby before it asks for the seat.
    let outputs = world.pages[1].core.set_lobby(false);
    world.outputs(1, outputs);
    world.open(1, id);
    assert_eq!(world.state(1, id)["direct"], "none");
    world.join(1, id).unwrap();
    let role = |world: &World, i: usize| world.pages[i].core.direct_role(id);
    for i in [0, 1] {
        assert_eq!(world.state(i, id)["direct"], "ask");
        assert_eq!(role(&world, i), None);
    }
    let allow = |core: &mut Core| core.allow_direct(id, true);
    world.act(0, |core, _| allow(core)).unwrap();
    world.act(1, |core, _| allow(core)).unwrap();
    assert_eq!(
        (role(&world, 0), role(&world, 1)),
        (Some(true), Some(false))
    );
    // The answer is kept, and may be changed.
    world.reload(1);
    assert_eq!(role(&world, 1), Some(false));
    world
        .act(1, |core, _| core.allow_direct(id, false))
        .unwrap();
    assert_eq!(world.state(1, id)["direct"], "refused");
    assert_eq!(role(&world, 1), None);
}

#[test]
fn whoever_was_invited_by_a_link_is_connected_to_without_a_question() {
    let (world, id) = World::game(Clock::None);
    let role = |i: usize| world.pages[i].core.direct_role(id);
    assert_eq!((role(0), role(1)), (Some(true), Some(false)));
}

//! Players' cores against a small relay in memory.

mod devices;
mod direct;
mod hand;
mod homes;
// The liar of the relay's tests, without its network.
#[path = "../../../../relay/examples/liar/lies.rs"]
mod liar;
mod lies;
mod onward;
mod world;

use rookery_ledger::Colour;
use rookery_ledger::codec;
use rookery_ledger::id::{GameId, Millis, Nonce};
use rookery_ledger::order::Orderer;
use rookery_ledger::record::{Clock, Item, Join, Said, Signed};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{self, Push, Request};

use super::{Core, NewGame};
use crate::output::{LinkId, Output};
use world::{EPOCH, LIVE, World, in_order, new_game};

#[test]
fn two_players_agree_on_every_position_and_on_the_result() {
    for clock in [LIVE, Clock::Days { days: 3 }, Clock::None] {
        let (mut world, id) = World::game(clock);
        for (n, uci) in ["f2f3", "e7e5", "g2g4", "d8h4"].into_iter().enumerate() {
            world.ms += 1_000;
            let mover = n % 2;
            assert_eq!(world.state(mover, id)["can"]["move"], true);
            assert_eq!(world.state(1 - mover, id)["dests"], serde_json::json!({}));
            assert_eq!(world.play(1 - mover, id, uci), Err("not-your-turn"));
            assert_eq!(world.play(mover, id, "e1e5"), Err("illegal-move"));
            world.play(mover, id, uci).unwrap();
            assert_eq!(world.state(0, id)["fen"], world.state(1, id)["fen"]);
            assert_eq!(world.state(0, id)["ply"], n + 1);
        }
        for i in [0, 1] {
            let state = world.state(i, id);
            assert_eq!(
                state["result"],
                serde_json::json!({"outcome": "0-1", "reason": "checkmate"})
            );
            assert_eq!(state["moves"][3]["san"], "Qh4#");
            assert_eq!(state["phase"], "over");
        }
        assert_eq!(world.pages[0].core.pgn(id), world.pages[1].core.pgn(id));
        let file = world.pages[1].core.export(id).unwrap();
        let (game, refused) = rookery_ledger::rook::open(&file).unwrap();
        assert_eq!((game.id(), refused), (id, None));
        assert_eq!(
            game.state().outcome().map(|outcome| outcome.as_pgn()),
            Some("0-1")
        );
    }
}

#[test]
fn nothing_of_ones_own_is_sent_before_it_is_stored_nor_if_it_cannot_be() {
    let (mut world, id) = World::game(LIVE);
    world.pages[0].held = Some(Vec::new());
    let before = world.pages[0].log.len();
    world.play(0, id, "e2e4").unwrap();
    assert_eq!(world.pages[0].log.len(), before);
    assert_eq!(world.state(0, id)["can"]["move"], false);
    assert_eq!(world.play(0, id, "d2d4"), Err("on-its-way"));

    let held = world.pages[0].held.take().unwrap();
    let [
        Output::Store {
            token: Some(token), ..
        },
    ] = held[..]
    else {
        panic!("{held:?}");
    };
    let outputs = world.pages[0].core.not_stored(token);
    world.outputs(0, outputs);
    world.settle();
    assert_eq!(world.pages[0].log.len(), before);
    assert_eq!(world.state(0, id)["pending"], serde_json::Value::Null);

    world.play(0, id, "d2d4").unwrap();
    assert_eq!(world.state(1, id)["moves"][0]["uci"], "d2d4");
}

#[test]
fn after_an_outage_or_a_reload_the_same_bytes_are_sent_again() {
    for clock in [LIVE, Clock::None] {
        for reload in [false, true] {
            let (mut world, id) = World::game(clock);
            world.play(0, id, "e2e4").unwrap();
            world.disconnect(1);
            world.play(1, id, "e7e5").unwrap();
            let state = world.state(1, id);
            assert_eq!(state["pending"]["uci"], "e7e5");
            assert_eq!((&state["ply"], &state["path"]), (&1.into(), &"none".into()));
            assert!(world.play(1, id, "c7c5").is_err());
            let stored = world.pages[1].stored[&id].0.clone();
            if reload {
                world.reload(1);
            }
            world.connect(1);
            let resent = world.submitted(1).last().map(|item| codec::encode(*item));
            assert!(stored.ends_with(&resent.unwrap()));
            for i in [0, 1] {
                let state = world.state(i, id);
                assert_eq!((&state["ply"], &state["pending"]), (&2.into(), &().into()));
            }
            let after = world.pages[1].log.iter().rev().find_map(|r| match r {
                Request::Watch { after, .. } => Some(*after),
                _ => None,
            });
            assert!(after.flatten().is_some(), "only what is new is asked for");
        }
    }
}

#[test]
fn a_record_lost_by_the_relay_before_it_was_stored_there_is_not_lost() {
    let (mut world, id) = World::game(LIVE);
    // It is sent, and the relay dies before it reads it.
    let outputs = {
        let now = world.now();
        world.pages[0].core.play(id, "e2e4", false, now).unwrap()
    };
    world.outputs(0, outputs);
    world.disconnect(0);
    world.connect(0);
    assert_eq!(world.state(1, id)["ply"], 1);
}

#[test]
fn of_many_joiners_one_is_seated_and_the_others_are_refused_by_the_seat() {
    let mut world = World::new(9);
    let id = world.create(0, new_game(LIVE));
    for i in 1..9 {
        world.open(i, id);
    }
    // All wishes are on their way before the first is answered.
    for i in 1..9 {
        let (random, now) = (world.fresh::<16>(), world.now());
        let outputs = world.pages[i].core.join(id, &random, now).unwrap();
        world.outputs(i, outputs);
    }
    world.settle();
    let seats: Vec<_> = (1..9).map(|i| world.state(i, id)["seat"].clone()).collect();
    assert_eq!(seats.iter().filter(|seat| *seat == "seated").count(), 1);
    assert_eq!(seats.iter().filter(|seat| *seat == "refused").count(), 7);
    let told = world
        .pages
        .iter()
        .filter(|page| page.notices == ["seat-taken"]);
    assert_eq!(told.count(), 7);
    assert_eq!(world.join(2, id), Err("seat-taken"));
    world.play(0, id, "e2e4").unwrap();
    assert!((1..9).all(|i| world.state(i, id)["ply"] == 1), "all watch");
}

#[test]
fn a_wish_waits_for_a_creator_who_is_away_and_survives_a_reload() {
    let mut world = World::new(2);
    let id = world.create(
        0,
        NewGame {
            colour: None,
            ..new_game(LIVE)
        },
    );
    world.open(1, id);
    world.disconnect(0);
    world.join(1, id).unwrap();
    assert_eq!(world.state(1, id)["seat"], "waiting");
    assert_eq!(world.pages[1].notices, ["creator-away"]);
    world.reload(1);
    world.reload(0);
    world.connect(0);
    world.connect(1);
    for i in [0, 1] {
        assert_eq!(world.state(i, id)["seat"], "seated");
    }
    assert_ne!(world.state(0, id)["you"], world.state(1, id)["you"]);
}

#[test]
fn takebacks_are_agreed_whoever_is_to_move_and_can_be_declined() {
    let (mut world, id) = World::game(LIVE);
    for (i, uci) in ["e2e4", "e7e5", "g1f3"].into_iter().enumerate() {
        world.play(i % 2, id, uci).unwrap();
    }
    // White, not to move, takes its last move back: the other signs at once.
    world
        .act(0, |core, now| core.ask_takeback(id, now))
        .unwrap();
    assert_eq!(world.state(0, id)["can"]["askTakeback"], false);
    let asked = serde_json::json!({"by": "white", "toPly": 2});
    assert_eq!(world.state(1, id)["offers"]["takeback"], asked);
    world
        .act(1, |core, now| core.accept_takeback(id, now))
        .unwrap();
    assert!([0, 1].iter().all(|i| world.state(*i, id)["ply"] == 2));
    // White, to move, goes back before its own move: the other consents, and White's page signs by itself.
    world
        .act(0, |core, now| core.ask_takeback(id, now))
        .unwrap();
    world
        .act(1, |core, now| core.accept_takeback(id, now))
        .unwrap();
    assert!([0, 1].iter().all(|i| world.state(*i, id)["ply"] == 0));
    assert_eq!(
        world.act(0, |core, now| core.ask_takeback(id, now)),
        Err("nothing-there")
    );
    world.play(0, id, "d2d4").unwrap();
    world
        .act(0, |core, now| core.ask_takeback(id, now))
        .unwrap();
    world.act(1, |core, now| core.decline(id, now)).unwrap();
    assert_eq!(world.pages[0].notices, ["declined"]);
    assert_eq!(
        world.state(0, id)["offers"]["takeback"],
        serde_json::Value::Null
    );
    assert_eq!(
        world.act(1, |core, now| core.accept_takeback(id, now)),
        Err("nothing-there")
    );
    assert_eq!(world.state(0, id)["ply"], 1);
}

#[test]
fn a_draw_offer_is_kept_for_the_next_move_and_accepted_or_declined() {
    let (mut world, id) = World::game(LIVE);
    world.play(0, id, "e2e4").unwrap();
    world.act(0, |core, _| core.offer_draw(id)).unwrap();
    assert_eq!(world.state(0, id)["offers"]["draw"], "white");
    assert_eq!(
        world.state(1, id)["offers"]["draw"],
        serde_json::Value::Null
    );
    world.play(1, id, "e7e5").unwrap();
    world.play(0, id, "g1f3").unwrap();
    assert_eq!(world.state(1, id)["can"]["acceptDraw"], true);
    world.act(1, |core, now| core.decline(id, now)).unwrap();
    assert_eq!(world.state(1, id)["can"]["acceptDraw"], false);
    assert_eq!(
        world.state(0, id)["offers"]["draw"],
        serde_json::Value::Null
    );
    world.play(1, id, "b8c6").unwrap();
    assert_eq!(world.act(0, |core, now| core.draw(id, now)), Err("no-draw"));
    world
        .act(0, |core, now| core.play(id, "f1b5", true, now))
        .unwrap();
    world.act(1, |core, now| core.draw(id, now)).unwrap();
    assert_eq!(world.state(0, id)["result"]["reason"], "agreement");
}

#[test]
fn either_side_resigns_and_abort_is_for_the_first_move() {
    let (mut world, id) = World::game(Clock::None);
    world.act(1, |core, now| core.resign(id, now)).unwrap();
    assert_eq!(world.state(0, id)["result"]["outcome"], "1-0");
    let (mut world, id) = World::game(LIVE);
    assert_eq!(
        world.act(1, |core, now| core.abort(id, now)),
        Err("not-your-turn")
    );
    world.play(0, id, "e2e4").unwrap();
    world.act(1, |core, now| core.abort(id, now)).unwrap();
    assert_eq!(world.state(0, id)["result"]["reason"], "abort");
    assert_eq!(world.play(0, id, "d2d4"), Err("game-over"));
}

#[test]
fn a_tab_that_is_not_the_writer_signs_nothing_and_keeps_its_name_from_the_relay() {
    let (mut world, id) = World::game(LIVE);
    let mut core = Core::new(&[1; 32]);
    let (items, notes) = &world.pages[0].stored[&id];
    core.load(items, notes, world.now()).unwrap();
    world.pages[0].core = core;
    world.pages[0].log.clear();
    world.connect(0);
    let Some(Request::Hello { hello, .. }) = world.pages[0].log.first() else {
        panic!("no hello");
    };
    assert_eq!(*hello, None);
    assert_eq!(world.play(0, id, "e2e4"), Err("read-only-tab"));
    assert_eq!(world.state(0, id)["can"]["move"], false);
    assert_eq!(world.submitted(0), Vec::<&Item>::new());
}

#[test]
fn what_the_relay_cannot_take_now_is_sent_again_by_itself() {
    let (mut world, id) = World::game(LIVE);
    world.refuse = Some("log-unavailable");
    world.play(0, id, "e2e4").unwrap();
    assert_eq!(world.pages[0].notices, ["log-unavailable"]);
    assert_eq!(world.state(0, id)["pending"]["uci"], "e2e4");
    world.refuse = None;
    world.ms += 1_500;
    let now = world.now();
    let outputs = world.pages[0].core.tick(now);
    world.outputs(0, outputs);
    world.settle();
    assert_eq!(world.state(1, id)["ply"], 1);
    let [.., first, second] = world.submitted(0)[..] else {
        panic!("sent once");
    };
    assert_eq!(first, second);
}

#[test]
fn an_untimed_game_moves_to_a_relay_that_never_had_it() {
    let (mut world, id) = World::game(Clock::None);
    world.play(0, id, "e2e4").unwrap();
    world.disconnect(0);
    world.disconnect(1);
    world.games.clear();
    world.play(1, id, "e7e5").unwrap();
    world.connect(0);
    world.connect(1);
    for i in [0, 1] {
        let state = world.state(i, id);
        assert_eq!((&state["ply"], &state["pending"]), (&2.into(), &().into()));
    }
}

#[test]
fn a_relay_that_lost_what_it_confirmed_is_told_it_again() {
    let (mut world, id) = World::game(Clock::None);
    let backup = world.games[&id].clone();
    world.play(0, id, "e2e4").unwrap();
    world.play(1, id, "e7e5").unwrap();
    world.disconnect(0);
    world.disconnect(1);
    // An old copy of its log, under a new key.
    world.key = Keypair::from_secret(&[201; 32]);
    let game = backup.game().clone();
    let restored = Orderer::new(game, world.key.order(), Vec::new());
    world.games.insert(id, restored);
    world.connect(1);
    let height = |world: &World| world.games[&id].game().state().line.height().get();
    assert_eq!(height(&world), 3, "the seat and both moves");
    world.connect(0);
    let sent = world.submitted(0).len();
    world.disconnect(0);
    world.connect(0);
    assert_eq!(
        world.submitted(0).len(),
        sent,
        "nothing that is there already"
    );
}

#[test]
fn clocks_run_by_the_relays_time_and_stop_for_an_own_move_on_its_way() {
    let (mut world, id) = World::game(LIVE);
    let reading = |world: &World, i: usize| world.pages[i].core.clocks(id, world.now()).unwrap();
    world.ms += 4_000;
    assert_eq!(reading(&world, 1).first_move_ms, Some(26_000.0));
    world.play(0, id, "e2e4").unwrap();
    world.play(1, id, "e7e5").unwrap();
    world.ms += 10_000;
    for i in [0, 1] {
        let reading = reading(&world, i);
        assert_eq!(reading.running, Some(Colour::White));
        assert_eq!(reading.white_ms, Some(290_000.0));
        assert_eq!(reading.black_ms, Some(300_000.0));
    }
    world.disconnect(0);
    world.play(0, id, "g1f3").unwrap();
    world.ms += 5_000;
    assert_eq!(reading(&world, 0).white_ms, Some(290_000.0));
    assert_eq!(reading(&world, 1).white_ms, Some(285_000.0));
    world.connect(0);
    assert_eq!(reading(&world, 0).white_ms, Some(287_000.0));
}

#[test]
fn strangers_words_and_stale_words_change_nothing() {
    let (mut world, id) = World::game(LIVE);
    world.play(0, id, "e2e4").unwrap();
    let before = world.state(1, id);
    let head = world.games[&id].game().state().line.head();
    let stranger = Keypair::from_secret(&[77; 32]);
    let body = Said {
        player: world.pages[0].core.player(),
        at_ms: Millis::ZERO,
        message: rookery_ledger::record::Message::AskTakeback {
            at: head,
            to_ply: rookery_ledger::id::Ply::ZERO,
            consent: None,
        },
    };
    let forged: Signed<Said> = stranger.sign(id, body.clone());
    // White is not to move, so an ask without consent has no meaning even if White signs it.
    let empty = Keypair::from_secret(&[1; 32]).sign(id, body);
    for said in [forged, empty] {
        world.push(1, &Push::Said { game: id, said });
    }
    let join = stranger.sign(
        id,
        Join {
            player: stranger.player(),
            nonce: Nonce([0; 16]),
        },
    );
    world.push(0, &Push::Joined { game: id, join });
    world.push(
        1,
        &Push::Items {
            game: GameId([9; 32]),
            items: Vec::new(),
        },
    );
    assert_eq!(world.state(1, id), before);
    assert!(world.pages[0].sent.is_empty() && world.pages[1].sent.is_empty());
}

#[test]
fn the_players_talk_during_and_after_the_game_and_nobody_else_is_heard() {
    let (mut world, id) = World::game(LIVE);
    let say = |text: &str| {
        let text = text.to_owned();
        move |core: &mut Core, now| core.chat(id, text, now)
    };
    world.act(0, say("good luck")).unwrap();
    assert_eq!(
        world.pages[1].heard,
        [(Colour::White, "good luck".to_owned())]
    );
    assert!(world.pages[0].heard.is_empty(), "one's own words are known");
    world.act(1, |core, now| core.resign(id, now)).unwrap();
    world.act(1, say("well played")).unwrap();
    assert_eq!(
        world.pages[0].heard,
        [(Colour::Black, "well played".to_owned())]
    );

    assert_eq!(world.act(0, say(" ")), Err("bad-input"));
    assert_eq!(world.act(0, say(&"x".repeat(501))), Err("bad-input"));
    world.act(0, say(&"\u{1f600}".repeat(500))).unwrap();

    let stranger = Keypair::from_secret(&[77; 32]);
    for player in [stranger.player(), world.pages[0].core.player()] {
        let body = Said {
            player,
            at_ms: Millis::ZERO,
            message: rookery_ledger::record::Message::Chat {
                text: "forged".to_owned(),
            },
        };
        let said = stranger.sign(id, body);
        world.push(1, &Push::Said { game: id, said });
    }
    assert_eq!(world.pages[1].heard.len(), 2, "only what White signed");
}

#[test]
fn no_frame_and_no_stored_bytes_make_it_panic() {
    let (mut world, id) = World::game(LIVE);
    world.play(0, id, "e2e4").unwrap();
    let mut good = vec![
        codec::encode(&Push::Ready { v: 1 }),
        codec::encode(&Push::Done { id: 7 }),
        codec::encode(&Push::Items {
            game: id,
            items: world.games[&id].game().items(),
        }),
    ];
    good.push(world.pages[0].stored[&id].0.clone());
    // A linear congruential generator from a fixed seed; the seed is the number of the try.
    for seed in 0..4_000_u64 {
        let mut state = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut next = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below.max(1)
        };
        let mut bytes = good[next(good.len())].clone();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            bytes[at] = next(256) as u8;
        }
        bytes.truncate(bytes.len() - next(3).min(bytes.len()));
        let now = world.now();
        let page = &mut world.pages[1];
        // Whatever it says, it says so by a value.
        let _ = page.core.receive(LinkId::One, &bytes, now);
        let _ = Core::new(&[3; 32]).load(&bytes, &bytes, now);
    }
    assert_eq!(world.state(0, id)["ply"], 1);
    let now = world.now();
    let failure = world.pages[0].core.receive(LinkId::One, &[0xff], now);
    assert_eq!(failure.unwrap_err().code(), "bad-frame");
}

#[test]
fn an_invitation_that_is_taken_back_leaves_the_lobby_and_seats_nobody() {
    let mut world = World::new(3);
    let id = world.create(
        0,
        NewGame {
            listed: true,
            ..new_game(LIVE)
        },
    );
    world.open(1, id);
    assert_eq!(world.act(1, |core, _| core.withdraw(id)), Err("bad-input"));
    world.act(0, |core, _| core.withdraw(id)).unwrap();
    let unlisted = |request: &Request| matches!(request, Request::List { listed: false, .. });
    assert!(world.pages[0].log.iter().any(unlisted));
    world.join(1, id).unwrap();
    assert_eq!(world.state(1, id)["seat"], "waiting");

    let (mut world, id) = World::game(LIVE);
    let late = world.act(0, |core, _| core.withdraw(id));
    assert_eq!(late, Err("bad-input"), "somebody sits");
}

#[test]
fn the_lobby_is_shown_while_it_is_asked_for() {
    let mut world = World::new(2);
    let id = world.create(
        0,
        NewGame {
            listed: true,
            ..new_game(LIVE)
        },
    );
    let listed = |request: &Request| matches!(request, Request::List { listed: true, .. });
    assert!(world.pages[0].log.iter().any(listed));
    let genesis = world.games[&id].game().genesis().clone();
    let mut forged = genesis.clone();
    forged.body.takebacks = false;
    let lobby = Push::Lobby {
        reset: true,
        add: [genesis, forged]
            .map(|genesis| wire::Seek {
                genesis,
                relay: Vec::new(),
            })
            .to_vec(),
        remove: Vec::new(),
    };
    world.push(1, &lobby);
    assert_eq!(world.pages[1].core.seeks(), "[]", "it was not asked for");
    let outputs = world.pages[1].core.set_lobby(true);
    world.outputs(1, outputs);
    world.settle();
    world.push(1, &lobby);
    let seeks: serde_json::Value = serde_json::from_str(&world.pages[1].core.seeks()).unwrap();
    assert_eq!(seeks.as_array().map(Vec::len), Some(1));
    assert_eq!(seeks[0]["game"], id.to_string());
    world.open(1, GameId([5; 32]));
    assert_eq!(world.pages[1].unknown, [GameId([5; 32])]);
}

//! Untimed games, which every relay stores, and whom a relay follows.

use super::*;

#[test]
fn what_waited_for_an_untimed_move_is_ordered_with_it() {
    let (log, mut relay, mut players) = seated(Clock::None);
    let mut moves = Vec::new();
    for (who, uci) in [(0, "e2e4"), (1, "e7e5"), (0, "g1f3")] {
        let item = play(&mut players[who], uci);
        players[1 - who].receive(item.clone()).unwrap();
        moves.push(item);
    }
    let resign = players[0].resign().unwrap();
    for early in [&resign, &moves[2], &moves[1]] {
        let told = relay.submit(early, 2_000);
        let [Reply::Refused(Refusal::UnknownPrev { .. })] = replies(&told)[..] else {
            panic!("{told:?}");
        };
    }
    let told = relay.submit(&moves[0], 3_000);
    assert_eq!(replies(&told), [Reply::Done]);
    assert_eq!(receipts(&published(&told)), 4, "three moves, a resignation");
    // Whoever is followed is to have all of it too.
    let upstream = told
        .iter()
        .filter(|command| matches!(command, Command::Upstream(_)));
    assert_eq!(upstream.count(), 4);
    let again = Relay::new(&log, 9, players[0].id());
    let end = |game: &Game| (game.state().line.height(), game.state().outcome());
    assert_eq!(end(again.game()), end(relay.game()));
    assert!(end(again.game()).1.is_some());
}

#[test]
fn an_untimed_move_that_the_log_had_no_room_for_is_ordered_with_the_next() {
    let (log, mut relay, mut players) = seated(Clock::None);
    let opening = play(&mut players[0], "e2e4");
    players[1].receive(opening.clone()).unwrap();
    log.next_append(Fate::Fail(AppendError::DiskFull));
    let told = relay.submit(&opening, 2_000);
    assert_eq!(replies(&told), [Reply::Failed(AppendError::DiskFull)]);
    let reply = play(&mut players[1], "e7e5");
    let told = relay.submit(&reply, 3_000);
    assert_eq!(receipts(&published(&told)), 2);
    let again = Relay::new(&log, 9, players[0].id());
    assert!(again.game().knows(hash_of(&reply)));
}

#[test]
fn of_the_relays_in_reach_one_follows_nobody() {
    let follows = |own: u8, clock, in_reach: &[u8]| {
        let (_, far, players) = seated(clock);
        let mut relay = Relay::new(&MemoryLog::default(), own, players[0].id());
        relay.take(Input::Learn {
            items: in_order(far.game(), key(9).order(), None),
            now: Millis::new(2_000),
        });
        let keys: Vec<_> = in_reach.iter().map(|n| key(*n).order()).collect();
        let followed = relay.sequencer.follow(&keys)?;
        let at = keys.iter().position(|key| *key == followed);
        at.map(|at| in_reach[at])
    };
    // The homes are 9 and 8, in this order.
    for clock in [LIVE, Clock::None] {
        assert_eq!(follows(5, clock, &[7, 8, 9]), Some(9));
        assert_eq!(follows(5, clock, &[7, 8]), Some(8));
        assert_eq!(follows(8, clock, &[7, 9]), Some(9));
        assert_eq!(follows(8, clock, &[5, 7]), None);
        assert_eq!(follows(9, clock, &[5, 8]), None);
        let strangers = [follows(5, clock, &[7]), follows(7, clock, &[5])];
        assert!(
            matches!(strangers, [Some(7), None] | [None, Some(5)]),
            "{strangers:?}"
        );
    }
}

#[test]
fn records_of_a_fellow_relay_get_receipts_of_this_one() {
    let (_, far, mut players) = seated(Clock::None);
    let mut far = far;
    let (log, near) = (MemoryLog::default(), 8);
    let mut near = Relay::new(&log, near, players[0].id());
    let genesis = Item::Genesis(players[0].game().genesis().clone());
    assert_eq!(replies(&near.submit(&genesis, 1_000)), [Reply::Done]);
    let items = in_order(far.game(), key(9).order(), None);
    near.take(Input::Learn {
        items,
        now: Millis::new(2_000),
    });
    for (who, uci) in [(0, "e2e4"), (1, "e7e5"), (0, "g1f3")] {
        let item = play(&mut players[who], uci);
        hear(&mut players, &published(&far.submit(&item, 2_000)));
    }
    let items = in_order(far.game(), key(9).order(), None);
    log.next_append(Fate::Fail(AppendError::Conflict {
        actual: Position(7),
    }));
    let told = near.take(Input::Learn {
        items,
        now: Millis::new(3_000),
    });
    assert_eq!(replies(&told), []);
    let own = |item: &&Item| matches!(item, Item::Receipt { by, .. } if *by == key(8).order());
    assert_eq!(published(&told).iter().filter(own).count(), 3);
    let again = Relay::new(&log, 8, players[0].id());
    assert_eq!(again.game().state().line.height().get(), 4);
}

#[test]
fn what_a_fellow_relay_tells_is_shown_although_there_is_no_room_for_it() {
    let (_, mut far, mut players) = seated(Clock::None);
    let log = MemoryLog::default();
    let mut near = Relay::new(&log, 8, players[0].id());
    let genesis = Item::Genesis(players[0].game().genesis().clone());
    near.submit(&genesis, 1_000);
    let learn = |items, now| Input::Learn {
        items,
        now: Millis::new(now),
    };
    near.take(learn(in_order(far.game(), key(9).order(), None), 2_000));
    let item = play(&mut players[0], "e2e4");
    let mut told = published(&far.submit(&item, 2_000));
    // The receipt was heard before.
    near.take(learn(told.split_off(1), 3_000));
    log.next_append(Fate::Fail(AppendError::DiskFull));
    let shown = published(&near.take(learn(told, 4_000)));
    assert_eq!(shown, std::slice::from_ref(&item));
    // There is room again: it is ordered with what comes next.
    players[1].receive(item).unwrap();
    let next = play(&mut players[1], "e7e5");
    let told = published(&near.submit(&next, 5_000));
    assert_eq!(receipts(&told), 2);
}

#[test]
fn what_the_followed_relay_missed_is_told_when_it_is_heard_again() {
    let (_, far, mut players) = seated(Clock::None);
    let mut near = Relay::new(&MemoryLog::default(), 8, players[0].id());
    let genesis = Item::Genesis(players[0].game().genesis().clone());
    near.submit(&genesis, 1_000);
    assert_eq!(near.sequencer.follow(&[]), None);
    let home = key(9).order();
    assert_eq!(near.sequencer.follow(&[home]), Some(home));
    let items = in_order(far.game(), key(9).order(), None);
    let learn = Input::Learn {
        items,
        now: Millis::new(2_000),
    };
    assert_eq!(told_upstream(near.take(learn.clone())), []);
    // The relays are apart: what is told of these is lost.
    let moves = [(0, "e2e4"), (1, "e7e5")].map(|(who, uci)| {
        let item = play(&mut players[who], uci);
        hear(&mut players, &published(&near.submit(&item, 3_000)));
        item
    });
    assert!(players.iter().all(|player| player.unsent().is_empty()));
    // Single news do not say what the other relay lacks.
    let news = Input::Learn {
        items: in_order(far.game(), key(9).order(), None).split_off(1),
        now: Millis::new(4_000),
    };
    assert_eq!(told_upstream(near.take(news)), []);
    assert_eq!(told_upstream(near.take(learn)), moves);
}

#[test]
fn what_is_found_in_the_log_is_told_to_the_followed_relay() {
    let (log, mut relay, mut players) = seated(Clock::None);
    let item = play(&mut players[0], "e2e4");
    log.next_append(Fate::LostAnswer);
    let lost = relay.submit(&item, 2_000);
    assert!(matches!(replies(&lost)[..], [Reply::Failed(_)]));
    assert_eq!(told_upstream(lost), []);
    let again = relay.submit(&item, 3_000);
    assert_eq!(replies(&again), [Reply::Done]);
    assert_eq!(told_upstream(again), [item]);
}

#[test]
fn what_is_ordered_with_something_known_is_told_to_the_followed_relay() {
    let (log, mut relay, mut players) = seated(Clock::None);
    let opening = play(&mut players[0], "e2e4");
    let told = relay.submit(&opening, 2_000);
    hear(&mut players, &published(&told));
    let reply = play(&mut players[1], "e7e5");
    log.next_append(Fate::Fail(AppendError::DiskFull));
    let full = relay.submit(&reply, 3_000);
    assert_eq!(replies(&full), [Reply::Failed(AppendError::DiskFull)]);
    assert_eq!(told_upstream(full), []);
    // What the other player sends again brings it into the log.
    let again = relay.submit(&opening, 4_000);
    assert_eq!(replies(&again), [Reply::Done]);
    assert_eq!(told_upstream(again), [reply]);
}

#[test]
fn a_followed_relay_that_does_not_know_an_untimed_game_is_told_how_it_began() {
    let (home, far) = (key(9).order(), key(7).order());
    for clock in [LIVE, Clock::None] {
        let (_, relay, players) = seated(clock);
        assert_eq!(relay.sequencer.for_unknowing(), None, "it follows nobody");
        let mut near = Relay::new(&MemoryLog::default(), 8, players[0].id());
        let genesis = Item::Genesis(players[0].game().genesis().clone());
        near.submit(&genesis, 1_000);
        assert_eq!(near.sequencer.follow(&[far]), None);
        assert_eq!(near.sequencer.for_unknowing(), None);
        assert_eq!(near.sequencer.follow(&[home]), Some(home));
        let untimed = clock == Clock::None;
        assert_eq!(near.sequencer.for_unknowing(), untimed.then_some(genesis));
    }
}

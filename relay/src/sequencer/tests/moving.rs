//! Clocked games that move from one home to another.

use super::*;

#[test]
fn what_only_memory_knew_outlives_reading_the_log_again() {
    let (log, mut old, mut players) = seated(LIVE);
    let id = players[0].id();
    // Relay 8 follows the game and is to take it over: one player has asked, the other not yet.
    let mut told = in_order(old.game(), key(9).order(), None);
    let other = MemoryLog::default();
    let mut successor = Relay::new(&other, 8, id);
    let learn = |items: &[Item]| Input::Learn {
        items: items.to_vec(),
        now: Millis::new(2_000),
    };
    successor.take(learn(&told));
    let home = players[0].move_home(key(8).order()).unwrap();
    assert_eq!(replies(&successor.submit(&home, 5_000)), [Reply::Done]);
    players[1].receive(home.clone()).unwrap();
    let Item::Home(asked) = &home else { panic!() };
    let agreed = players[1].agree_home(asked.body).unwrap();
    // The log is lost sight of while the game moves; the retry reads the log, which knows neither signature.
    other.next_append(Fate::Fail(AppendError::Conflict {
        actual: Position(1),
    }));
    told = successor
        .submit(&agreed, 6_000)
        .iter()
        .fold(Vec::new(), |mut all, command| {
            if let Command::Publish(items) = command {
                all.extend(items.clone());
            }
            all
        });
    hear(&mut players, &told);
    assert_eq!(successor.sequencer.orderer().unwrap().elsewhere(), None);
    let (orderer, epoch) = players[0].game().orderer().unwrap();
    assert_eq!((orderer, epoch.get()), (key(8).order(), 1));
    let item = play(&mut players[0], "e2e4");
    assert_eq!(replies(&successor.submit(&item, 7_000)), [Reply::Done]);
    // The old home learns of it and orders no more.
    old.take(learn(&told));
    assert!(matches!(
        old.submit(&item, 8_000)[..],
        [Command::Forward { .. }]
    ));
    drop(log);
    // A restart of the successor finds what it kept of the old home.
    let again = Relay::new(&other, 8, id);
    assert_eq!(again.game().state().line.height().get(), 2);
}

#[test]
fn a_game_that_moves_here_is_listed_as_open_although_the_log_had_it_before() {
    let (_, mut old, mut players) = seated(LIVE);
    let id = players[0].id();
    let other = MemoryLog::default();
    let open = |log: &MemoryLog| {
        let listed = log.games(Which::Open, None, 9).now_or_never();
        listed.unwrap().unwrap()
    };
    let mut successor = Relay::new(&other, 8, id);
    successor.take(Input::Learn {
        items: in_order(old.game(), key(9).order(), None),
        now: Millis::new(2_000),
    });
    // Asked for by one player alone, and refused: so the log has the game, which is at home elsewhere.
    let alone = players[0].move_home(key(8).order()).unwrap();
    successor.submit(&alone, 5_000);
    let told = published(&successor.submit(&alone, 15_000));
    assert!(matches!(told[..], [Item::Lapsed { .. }]), "{told:?}");
    assert_eq!(open(&other), []);
    hear(&mut players, &told);
    let home = players[0].move_home(key(8).order()).unwrap();
    successor.submit(&home, 16_000);
    let Item::Home(asked) = &home else { panic!() };
    players[1].receive(home.clone()).unwrap();
    let agreed = players[1].agree_home(asked.body).unwrap();
    let told = successor.submit(&agreed, 17_000);
    assert!(told.contains(&Command::Reached(Event::TakenOver)));
    assert_eq!(open(&other), [id]);
    // The old home is shown that it is home no more, and follows.
    let (before, shown) = successor.sequencer.moved_from().unwrap();
    assert_eq!(before, key(9).order());
    assert_eq!(old.sequencer.follow(&[key(8).order()]), None);
    for item in shown {
        let told = replies(&old.submit(&item, 17_500));
        assert!(told.iter().all(|reply| *reply == Reply::Done), "{told:?}");
    }
    assert_eq!(
        old.sequencer.follow(&[key(8).order()]),
        Some(key(8).order())
    );
    // Its end takes it off the list.
    hear(&mut players, &published(&told));
    let over = players[0].resign().unwrap();
    let told = successor.submit(&over, 18_000);
    let mark = told.iter().find_map(|command| match command {
        Command::Mark(append) => Some(append.clone()),
        _ => None,
    });
    put(&other, Request::Append(mark.unwrap()));
    assert_eq!(open(&other), []);
}

/// A game that moved from relay 9, whose log this is, to relay 8.
struct Moved {
    log: MemoryLog,
    old: Relay,
    successor: Relay,
    players: [Player; 2],
    /// What shows relay 9 that it moved.
    shown: Vec<Item>,
}

impl Moved {
    fn new() -> Self {
        let (log, old, mut players) = seated(LIVE);
        let mut successor = Relay::new(&MemoryLog::default(), 8, players[0].id());
        successor.take(Input::Learn {
            items: in_order(old.game(), key(9).order(), None),
            now: Millis::new(2_000),
        });
        move_home(&mut players, 8, &mut successor, 3_000);
        let (before, shown) = successor.sequencer.moved_from().unwrap();
        assert_eq!(before, key(9).order());
        Self {
            log,
            old,
            successor,
            players,
            shown,
        }
    }
}

/// Both players ask the relay to be the home.
pub(super) fn move_home(players: &mut [Player; 2], to: u8, relay: &mut Relay, at: u64) {
    let home = players[0].move_home(key(to).order()).unwrap();
    let Item::Home(asked) = &home else { panic!() };
    players[1].receive(home.clone()).unwrap();
    let agreed = players[1].agree_home(asked.body).unwrap();
    relay.submit(&home, at);
    hear(players, &published(&relay.submit(&agreed, at)));
}

/// Who orders a game as the log of relay 9 has it.
fn home_in(log: &MemoryLog, game: GameId) -> OrderKey {
    let again = Relay::new(log, 9, game);
    again.game().orderer().unwrap().0
}

#[test]
fn that_a_game_moved_away_is_known_when_it_is_read_again() {
    for by_a_client in [true, false] {
        let Moved {
            log,
            mut old,
            shown,
            ..
        } = Moved::new();
        let id = old.game().id();
        assert_eq!(home_in(&log, id), key(9).order());
        if by_a_client {
            let replies: Vec<Reply> = shown
                .iter()
                .flat_map(|item| replies(&old.submit(item, 4_000)))
                .collect();
            assert!(replies.iter().all(|reply| *reply == Reply::Done));
        } else {
            old.take(Input::Learn {
                items: shown,
                now: Millis::new(4_000),
            });
        }
        assert_eq!(home_in(&log, id), key(8).order());
    }
}

#[test]
fn who_says_that_a_game_moved_away_is_told_that_the_log_had_no_room() {
    let Moved {
        log,
        mut old,
        mut shown,
        ..
    } = Moved::new();
    let id = old.game().id();
    let commit = shown.pop().unwrap();
    for signature in &shown {
        old.submit(signature, 4_000);
    }
    log.set_full(true);
    let told = replies(&old.submit(&commit, 4_000));
    assert_eq!(told, [Reply::Failed(AppendError::DiskFull)]);
    log.set_full(false);
    assert_eq!(home_in(&log, id), key(9).order());
    assert_eq!(replies(&old.submit(&commit, 5_000)), [Reply::Done]);
    assert_eq!(home_in(&log, id), key(8).order());
}

#[test]
fn who_asks_for_another_home_is_told_to_the_followed_relay_once() {
    let (_, home, mut players) = seated(LIVE);
    let mut relay = Relay::new(&MemoryLog::default(), 7, players[0].id());
    relay.take(Input::Learn {
        items: in_order(home.game(), key(9).order(), None),
        now: Millis::new(2_000),
    });
    // The home is gone; of the two that are left this one follows, and the other player is at the other.
    let asked = players[0].move_home(key(7).order()).unwrap();
    assert_eq!(
        told_upstream(relay.submit(&asked, 3_000)),
        std::slice::from_ref(&asked)
    );
    assert_eq!(told_upstream(relay.submit(&asked, 4_000)), []);
}

#[test]
fn what_is_kept_of_another_relay_is_kept_with_its_record_although_that_comes_later() {
    let mut moved = Moved::new();
    let opening = play(&mut moved.players[0], "e2e4");
    let told = published(&moved.successor.submit(&opening, 4_000));
    hear(&mut moved.players, &told);
    let learn = |items| Input::Learn {
        items,
        now: Millis::new(5_000),
    };
    let receipt = |item: &&Item| matches!(item, Item::Receipt { .. });
    let receipts = told.iter().filter(receipt).cloned();
    moved
        .old
        .take(learn(moved.shown.into_iter().chain(receipts).collect()));
    moved.old.take(learn(vec![opening.clone()]));
    move_home(&mut moved.players, 9, &mut moved.old, 6_000);
    let home = (key(9).order(), Epoch::new(2));
    assert_eq!(moved.old.game().orderer(), Some(home));
    let again = Relay::new(&moved.log, 9, moved.players[0].id());
    assert!(again.game().knows(hash_of(&opening)));
    assert_eq!(again.game().orderer(), Some(home));
}

#[test]
fn what_completes_a_move_of_home_is_shown_with_the_record_that_it_is_for() {
    let (_, mut old, mut players) = seated(LIVE);
    let mut successor = Relay::new(&MemoryLog::default(), 8, players[0].id());
    successor.take(Input::Learn {
        items: in_order(old.game(), key(9).order(), None),
        now: Millis::new(2_000),
    });
    let item = play(&mut players[0], "e2e4");
    let told = published(&old.submit(&item, 2_000));
    hear(&mut players, &told);
    // The old home is gone, and the successor has not heard of its last receipt.
    let home = players[0].move_home(key(8).order()).unwrap();
    let Item::Home(asked) = &home else { panic!() };
    players[1].receive(home.clone()).unwrap();
    let agreed = players[1].agree_home(asked.body).unwrap();
    for early in [&home, &agreed, &item] {
        assert_eq!(receipts(&published(&successor.submit(early, 3_000))), 0);
    }
    let receipt = told
        .iter()
        .find(|item| matches!(item, Item::Receipt { .. }));
    let shown = published(&successor.submit(receipt.unwrap(), 4_000));
    assert!(shown.contains(&item), "{shown:?}");
    assert_eq!(receipts(&shown), 2, "the old home's and the commit");
}

#[test]
fn a_record_that_brings_a_move_of_home_about_is_done_when_it_is_ordered_itself() {
    let (_, mut old, mut players) = seated(LIVE);
    let log = MemoryLog::default();
    let mut successor = Relay::new(&log, 8, players[0].id());
    let learn = |items| Input::Learn {
        items,
        now: Millis::new(2_000),
    };
    successor.take(learn(in_order(old.game(), key(9).order(), None)));
    let opening = play(&mut players[0], "e2e4");
    let told = published(&old.submit(&opening, 2_000));
    hear(&mut players, &told);
    let home = players[0].move_home(key(8).order()).unwrap();
    let Item::Home(asked) = &home else { panic!() };
    players[1].receive(home.clone()).unwrap();
    let agreed = players[1].agree_home(asked.body).unwrap();
    for early in [&home, &agreed] {
        assert_eq!(receipts(&published(&successor.submit(early, 3_000))), 0);
    }
    // What was missing is heard from another relay, which decides nothing.
    successor.take(learn(told));
    hear(&mut players, std::slice::from_ref(&agreed));
    let reply = play(&mut players[1], "e7e5");
    let told = successor.submit(&reply, 4_000);
    assert_eq!(replies(&told), [Reply::Done]);
    assert_eq!(receipts(&published(&told)), 2, "the commit and the record");
    let again = Relay::new(&log, 8, players[0].id());
    assert!(again.game().knows(hash_of(&reply)));
}

#[test]
fn a_game_that_moved_while_its_home_was_gone_is_followed_where_it_moved_to() {
    let (_, old, mut players) = seated(LIVE);
    let id = players[0].id();
    let before = in_order(old.game(), key(9).order(), None);
    // Relay 8 knows the game from before the move. The home is gone for good, and relay 7, which the genesis does not name, takes over.
    let learn = |items: &[Item]| Input::Learn {
        items: items.to_vec(),
        now: Millis::new(2_000),
    };
    let mut behind = Relay::new(&MemoryLog::default(), 8, id);
    behind.take(learn(&before));
    let mut successor = Relay::new(&MemoryLog::default(), 7, id);
    successor.take(learn(&before));
    let home = players[0].move_home(key(7).order()).unwrap();
    successor.submit(&home, 5_000);
    let Item::Home(asked) = &home else { panic!() };
    players[1].receive(home.clone()).unwrap();
    let agreed = players[1].agree_home(asked.body).unwrap();
    hear(&mut players, &published(&successor.submit(&agreed, 6_000)));
    let item = play(&mut players[0], "e2e4");
    let gossiped = published(&successor.submit(&item, 7_000));
    // Of that relay 8 hears the newest alone, by gossip.
    let in_reach = [key(7).order()];
    behind.take(learn(&gossiped));
    assert_eq!(behind.sequencer.follow(&in_reach), Some(key(7).order()));
    // What the followed relay shows then is all of it.
    behind.take(learn(&in_order(successor.game(), key(7).order(), None)));
    let (now, next) = (behind.game().state(), successor.game().state());
    assert_eq!(now.line.height(), next.line.height());
    assert_eq!(behind.sequencer.follow(&in_reach), Some(key(7).order()));
    assert_eq!(successor.sequencer.follow(&[key(8).order()]), None);
}

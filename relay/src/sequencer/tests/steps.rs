//! One relay and its log.

use super::*;

#[test]
fn nothing_is_told_before_the_log_has_it() {
    let (log, mut relay, mut players) = seated(LIVE);
    let item = play(&mut players[0], "e2e4");
    let step = relay.sequencer.begin(offered(&item, 2_000));
    assert_eq!(step.commands, []);
    let Some(Request::Append(append)) = step.ask else {
        panic!("{:?}", step.ask);
    };
    assert_eq!(append.entries.len(), 1);
    // Nothing else begins, and nothing of it is lost.
    let other = relay.sequencer.begin(offered(&item, 2_000));
    assert_eq!(replies(&other.commands), [Reply::Busy]);
    let tick = Input::Tick {
        now: Millis::new(500_000),
        lag: Millis::ZERO,
    };
    assert_eq!(relay.sequencer.begin(tick), Step::default());
    let response = put(&log, Request::Append(append));
    let step = relay.sequencer.answered(response);
    assert_eq!(receipts(&published(&step.commands)), 1);
    assert_eq!(replies(&step.commands), [Reply::Done]);
    assert_eq!(step.ask, None);
}

#[test]
fn the_mark_before_an_outage_has_to_stand_until_the_log_took_the_stamp() {
    let (log, mut relay, mut players) = seated(LIVE);
    relay.submit(&play(&mut players[0], "e2e4"), 2_000);
    let since = Millis::new(20_000);
    let outage = Some((Millis::new(3_000), since));
    let sequencer = Sequencer::new(players[0].id(), Arc::new(key(9)), outage);
    let mut again = Relay {
        sequencer,
        log: log.clone(),
        commands: Vec::new(),
    };
    let step = again.sequencer.begin(Input::Read);
    assert!(again.sequencer.owes_gap(), "it is not known yet");
    again.finish(step);
    assert!(again.sequencer.owes_gap());
    let tick = |now| Input::Tick {
        now: Millis::new(now),
        lag: Millis::ZERO,
    };
    log.set_full(true);
    let late = again.take(tick(40_000));
    assert_eq!(receipts(&published(&late)), 0);
    assert!(late.contains(&Command::Later(jobs::AGAIN)));
    assert!(again.sequencer.owes_gap(), "the log had no room");
    log.set_full(false);
    let stamped = again.take(tick(40_200));
    let gap = What::Gap {
        ms: Millis::new(27_000),
    };
    assert!(published(&stamped).iter().any(|item| matches!(
        item,
        Item::Receipt { receipt, .. } if receipt.body.what == gap
    )));
    assert!(!again.sequencer.owes_gap());
}

#[test]
fn after_a_crash_between_log_and_receipt_the_receipt_is_signed_again() {
    let (log, mut relay, mut players) = seated(LIVE);
    let item = play(&mut players[0], "e2e4");
    let step = relay.sequencer.begin(offered(&item, 2_000));
    put(&log, step.ask.unwrap());
    let mut again = Relay::new(&log, 9, players[0].id());
    assert_eq!(replies(&again.submit(&item, 3_000)), [Reply::Done]);
    let told = in_order(again.game(), key(9).order(), None);
    assert_eq!(receipts(&told), 3, "genesis, Seat, one move");
}

#[test]
fn of_two_relays_with_one_key_the_slower_reads_and_decides_anew() {
    for clock in [LIVE, Clock::None] {
        let (log, mut first, mut players) = seated(clock);
        let mut second = Relay::new(&log, 9, players[0].id());
        let opening = play(&mut players[0], "e2e4");
        hear(&mut players, &published(&second.submit(&opening, 2_000)));
        let reply = play(&mut players[1], "e7e5");
        let told = first.submit(&reply, 3_000);
        assert_eq!(replies(&told), [Reply::Done]);
        // Whoever watches at the first hears of both.
        assert_eq!(receipts(&published(&told)), 2);
        let numbers: Vec<u64> = in_order(first.game(), key(9).order(), None)
            .iter()
            .filter_map(|item| match item {
                Item::Receipt { receipt, .. } => Some(receipt.body.seq.get()),
                _ => None,
            })
            .collect();
        assert_eq!(numbers, [0, 1, 2, 3]);
    }
}

#[test]
fn whoever_loses_every_race_is_told_so() {
    let (log, mut relay, mut players) = seated(LIVE);
    for _ in 0..3 {
        log.next_append(Fate::Fail(AppendError::Conflict {
            actual: Position(7),
        }));
    }
    let item = play(&mut players[0], "e2e4");
    assert_eq!(replies(&relay.submit(&item, 2_000)), [Reply::Contended]);
    assert_eq!(replies(&relay.submit(&item, 2_000)), [Reply::Done]);
}

#[test]
fn a_move_whose_append_was_lost_sight_of_is_receipted_once() {
    for clock in [LIVE, Clock::None] {
        let (log, mut relay, mut players) = seated(clock);
        let item = play(&mut players[0], "e2e4");
        log.next_append(Fate::LostAnswer);
        let told = relay.submit(&item, 2_000);
        assert_eq!(receipts(&published(&told)), 0);
        assert!(matches!(
            replies(&told)[..],
            [Reply::Failed(AppendError::Unavailable(_))]
        ));
        let told = relay.submit(&item, 3_000);
        assert_eq!(receipts(&published(&told)), 1);
        assert_eq!(replies(&told), [Reply::Done]);
    }
}

#[test]
fn a_flag_that_the_log_fails_is_tried_later() {
    let (log, mut relay, mut players) = seated(LIVE);
    for (who, uci, at) in [(0, "e2e4", 2_000), (1, "e7e5", 3_000)] {
        let item = play(&mut players[who], uci);
        hear(&mut players, &published(&relay.submit(&item, at)));
    }
    let tick = |now| Input::Tick {
        now: Millis::new(now),
        lag: Millis::ZERO,
    };
    assert_eq!(relay.take(tick(62_999)), []);
    log.next_append(Fate::Fail(AppendError::DiskFull));
    let told = relay.take(tick(63_001));
    assert!(matches!(told[0], Command::Trouble(_)), "{told:?}");
    assert_eq!(told[1..], [Command::Later(Millis::new(200))]);
    let told = relay.take(tick(63_201));
    assert!(told.contains(&Command::Reached(Event::Over)));
    let marks = told
        .iter()
        .filter(|command| matches!(command, Command::Mark(_)));
    assert_eq!(marks.count(), 1, "the game is listed as over, once");
    // A clock that stands far behind the log brings nothing.
    assert_eq!(relay.take(tick(63_000)), [Command::Later(Millis::new(200))]);
}

#[test]
fn an_answer_of_another_kind_is_a_failure_and_no_more() {
    let (_, mut relay, mut players) = seated(LIVE);
    assert_eq!(
        relay.sequencer.answered(Response::Game(Ok(None))),
        Step::default()
    );
    let item = play(&mut players[0], "e2e4");
    let _ = relay.sequencer.begin(offered(&item, 2_000));
    let step = relay.sequencer.answered(Response::Read(Ok(Vec::new())));
    assert!(matches!(replies(&step.commands)[..], [Reply::Failed(_)]));
    let _ = relay.sequencer.begin(Input::Read);
    let gone = ReadError::Unavailable("closed".into());
    let step = relay.sequencer.answered(Response::Game(Err(gone)));
    assert!(matches!(step.commands[..], [Command::Trouble(_)]));
    assert!(relay.sequencer.is_unread());
    relay.take(Input::Read);
    assert!(!relay.sequencer.is_unread());
    let mut last = relay.submit(&item, 2_000);
    last.retain(|command| matches!(command, Command::Publish(_)));
    let ordered = published(&last);
    let moves = ordered.iter().filter(|item| {
        matches!(item, Item::Receipt { receipt, .. } if matches!(receipt.body.what, What::Record(_)))
    });
    assert_eq!(moves.count(), 1);
}

#[test]
fn a_game_that_is_not_here_takes_nothing_but_its_genesis() {
    let (_, _, mut players) = seated(LIVE);
    let mut stranger = Relay::new(&MemoryLog::default(), 9, GameId([7; 32]));
    let item = play(&mut players[0], "e2e4");
    assert_eq!(replies(&stranger.submit(&item, 2_000)), [Reply::Unknown]);
    let genesis = Item::Genesis(players[0].game().genesis().clone());
    assert_eq!(
        replies(&stranger.submit(&genesis, 2_000)),
        [Reply::Refused(Refusal::WrongGame)]
    );
    let tick = Input::Tick {
        now: Millis::new(5_000),
        lag: Millis::ZERO,
    };
    assert_eq!(stranger.take(tick), []);
    assert!(stranger.sequencer.orderer().is_none());
}

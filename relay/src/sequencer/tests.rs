//! Sequencers step by step over a log in memory, without a runtime.

use futures::FutureExt as _;
use rookery_ledger::id::Nonce;
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, What};
use rookery_ledger::{Colour, Game, Player};

use super::*;
use crate::client::usual_game;
use crate::order_log::memory::Fate;
use crate::order_log::{MemoryLog, OrderLog as _, ReadError, Which};

const LIVE: Clock = Clock::Live {
    initial_s: 60,
    inc_s: 0,
};

fn key(n: u8) -> Keypair {
    Keypair::from_secret(&[n; 32])
}

fn put(log: &MemoryLog, request: Request) -> Response {
    let response = request.put_to(log).now_or_never();
    response.expect("a log in memory answers at once")
}

/// A relay's sequencer over a log, with what it was told to do.
struct Relay {
    sequencer: Sequencer,
    log: MemoryLog,
    commands: Vec<Command>,
}

impl Relay {
    fn new(log: &MemoryLog, order_key: u8, game: GameId) -> Self {
        let sequencer = Sequencer::new(game, Arc::new(key(order_key)), None);
        let mut relay = Self {
            sequencer,
            log: log.clone(),
            commands: Vec::new(),
        };
        relay.take(Input::Read);
        relay
    }

    fn finish(&mut self, mut step: Step) {
        loop {
            self.commands.extend(step.commands);
            let Some(request) = step.ask else { return };
            let response = put(&self.log, request);
            step = self.sequencer.answered(response);
        }
    }

    fn take(&mut self, input: Input) -> Vec<Command> {
        let step = self.sequencer.begin(input);
        self.finish(step);
        std::mem::take(&mut self.commands)
    }

    fn submit(&mut self, item: &Item, at: u64) -> Vec<Command> {
        self.take(offered(item, at))
    }

    fn game(&self) -> &Game {
        self.sequencer.orderer().unwrap().game()
    }
}

fn offered(item: &Item, at: u64) -> Input {
    Input::Submit {
        item: Box::new(item.clone()),
        at: Millis::new(at),
        lag: Millis::ZERO,
        now: Millis::new(at),
    }
}

fn replies(commands: &[Command]) -> Vec<Reply> {
    let replies = commands.iter().filter_map(|command| match command {
        Command::Answer(reply) => Some(reply.clone()),
        _ => None,
    });
    replies.collect()
}

fn published(commands: &[Command]) -> Vec<Item> {
    let items = commands.iter().filter_map(|command| match command {
        Command::Publish(items) => Some(items.clone()),
        _ => None,
    });
    items.flatten().collect()
}

fn receipts(items: &[Item]) -> usize {
    let receipts = items
        .iter()
        .filter(|item| matches!(item, Item::Receipt { .. }));
    receipts.count()
}

fn hear(players: &mut [Player; 2], items: &[Item]) {
    for player in players {
        for item in items {
            player.receive(item.clone()).unwrap();
        }
    }
}

/// A seated game at relay 9 over a log, its time being 1 s.
fn seated(clock: Clock) -> (MemoryLog, Relay, [Player; 2]) {
    let options = Options {
        colour: Some(Colour::White),
        ..usual_game(clock, vec![key(9).order(), key(8).order()])
    };
    let white = Player::create(key(1), options, Nonce([1; 16]), Nonce([2; 16])).unwrap();
    let genesis = white.game().genesis().clone();
    let black = Player::open(key(2), genesis.clone(), None).unwrap();
    let log = MemoryLog::default();
    let mut relay = Relay::new(&log, 9, white.id());
    let mut players = [white, black];
    let created = relay.submit(&Item::Genesis(genesis), 1_000);
    assert_eq!(replies(&created), [Reply::Done]);
    hear(&mut players, &published(&created));
    let seat = players[0].seat(players[1].join(Nonce([3; 16])).unwrap());
    let seated = relay.submit(&seat.unwrap(), 1_000);
    assert!(seated.contains(&Command::Reached(Event::Seated)));
    hear(&mut players, &published(&seated));
    (log, relay, players)
}

fn hash_of(item: &Item) -> Hash {
    match item {
        Item::Record(record) => record.hash(),
        other => panic!("no record: {other:?}"),
    }
}

fn play(player: &mut Player, uci: &str) -> Item {
    player.play(uci, Millis::ZERO, false).unwrap()
}

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

/// A game that moved from relay 9, whose log is the first, to relay 8, and what shows relay 9 that it moved.
fn moved_away() -> (MemoryLog, Relay, Vec<Item>) {
    let (log, old, mut players) = seated(LIVE);
    let mut successor = Relay::new(&MemoryLog::default(), 8, players[0].id());
    successor.take(Input::Learn {
        items: in_order(old.game(), key(9).order(), None),
        now: Millis::new(2_000),
    });
    let home = players[0].move_home(key(8).order()).unwrap();
    let Item::Home(asked) = &home else { panic!() };
    players[1].receive(home.clone()).unwrap();
    let agreed = players[1].agree_home(asked.body).unwrap();
    successor.submit(&home, 3_000);
    successor.submit(&agreed, 3_000);
    let (before, shown) = successor.sequencer.moved_from().unwrap();
    assert_eq!(before, key(9).order());
    (log, old, shown)
}

/// Who orders a game as the log of relay 9 has it.
fn home_in(log: &MemoryLog, game: GameId) -> OrderKey {
    let again = Relay::new(log, 9, game);
    again.game().orderer().unwrap().0
}

#[test]
fn that_a_game_moved_away_is_known_when_it_is_read_again() {
    for by_a_client in [true, false] {
        let (log, mut old, shown) = moved_away();
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
    let (log, mut old, mut shown) = moved_away();
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
    let told = |commands: Vec<Command>| -> Vec<Item> {
        let told = commands.into_iter().filter_map(|command| match command {
            Command::Upstream(item) => Some(item),
            _ => None,
        });
        told.collect()
    };
    assert_eq!(told(near.take(learn.clone())), []);
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
    assert_eq!(told(near.take(news)), []);
    assert_eq!(told(near.take(learn)), moves);
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

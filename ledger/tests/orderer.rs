//! Two players and an orderer as pure steps: whole clocked games, gaps, flags, moves of home, and what must be refused.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use rookery_ledger::id::{Epoch, Millis, Nonce, Ply};
use rookery_ledger::order::{Decision, LAPSE_MS, Orderer, RETURN_MS};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, Item, Variant, What};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Colour, Game, Inserted, PlayError, Player, Reason, Refusal, rook};

const START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";
const T0: u64 = 1_700_000_000_000;

fn key(n: u8) -> Keypair {
    Keypair::from_secret(&[n; 32])
}

fn nonce(n: u8) -> Nonce {
    Nonce([n; 16])
}

fn ms(after: u64) -> Millis {
    Millis::new(T0 + after)
}

/// A game at a relay, with both players connected and no delay.
struct Table {
    relay: Keypair,
    orderer: Orderer,
    white: Player,
    black: Player,
    now: u64,
}

impl Table {
    fn open(clock: Clock) -> Self {
        let relay = key(9);
        let options = Options {
            variant: Variant::Standard,
            start: START.into(),
            moves: vec![],
            clock,
            colour: Some(Colour::White),
            seat: None,
            takebacks: true,
            homes: vec![relay.order(), key(8).order()],
            from: None,
        };
        let white = Player::create(key(1), options, nonce(1), nonce(2)).unwrap();
        let genesis = white.game().genesis().clone();
        let black = Player::open(key(2), genesis.clone(), None).unwrap();
        let (orderer, entry) = Orderer::create(genesis, relay.order(), ms(0)).unwrap();
        let mut table = Self {
            relay,
            orderer,
            white,
            black,
            now: 0,
        };
        table.commit(&[entry]);
        let join = table.black.join(nonce(3)).unwrap();
        let seat = table.white.seat(join).unwrap();
        assert_eq!(table.submit(&seat), Ok(()));
        table
    }

    fn commit(&mut self, entries: &[rookery_ledger::order::Entry]) {
        for item in self.orderer.commit(&self.relay, entries) {
            for player in [&mut self.white, &mut self.black] {
                player.receive(item.clone()).unwrap();
            }
        }
    }

    fn carry_out(&mut self, decision: Decision) -> Result<(), Refusal> {
        match decision {
            Decision::Append { entries, then } => {
                self.commit(&entries);
                then.map_or(Ok(()), Err)
            }
            Decision::Done => Ok(()),
            Decision::Refused(refusal) => Err(refusal),
            other => panic!("{other:?}"),
        }
    }

    fn submit(&mut self, item: &Item) -> Result<(), Refusal> {
        let decision = self.orderer.submit(item, ms(self.now), Millis::ZERO);
        self.carry_out(decision)
    }

    fn tick(&mut self) {
        let decision = self.orderer.tick(ms(self.now), Millis::ZERO);
        self.carry_out(decision).unwrap();
    }

    fn player(&mut self, colour: Colour) -> &mut Player {
        match colour {
            Colour::White => &mut self.white,
            Colour::Black => &mut self.black,
        }
    }

    fn play(&mut self, moves: &str, think: u64) {
        for uci in moves.split_whitespace() {
            let turn = self.white.game().state().line.turn();
            self.now += think;
            let item = self
                .player(turn)
                .play(uci, Millis::new(think), false)
                .unwrap();
            assert_eq!(self.submit(&item), Ok(()), "{uci}");
        }
    }

    fn remaining(&self, colour: Colour) -> u64 {
        self.black
            .game()
            .state()
            .clocks
            .as_ref()
            .unwrap()
            .remaining(colour)
            .get()
    }

    fn outcome(&self) -> Option<(Reason, Option<Colour>)> {
        let games = [self.white.game(), self.black.game(), self.orderer.game()];
        let outcomes = games.map(|game| game.state().outcome());
        assert!(
            outcomes.windows(2).all(|pair| pair[0] == pair[1]),
            "{outcomes:?}"
        );
        outcomes[0].map(|outcome| (outcome.reason, outcome.winner))
    }
}

const BLITZ: Clock = Clock::Live {
    initial_s: 180,
    inc_s: 2,
};

#[test]
fn a_clocked_game_ends_in_mate_and_reads_back_from_its_file() {
    let mut table = Table::open(BLITZ);
    table.play("e2e4 e7e5 f1c4 b8c6 d1h5 g8f6 h5f7", 1_000);
    assert_eq!(
        table.outcome(),
        Some((Reason::Checkmate, Some(Colour::White)))
    );
    // The first move is free; then 3 turns of 1 s, each with 2 s increment.
    assert_eq!(table.remaining(Colour::White), 180_000 + 3 * 1_000);
    assert_eq!(table.remaining(Colour::Black), 180_000 + 2 * 1_000);
    assert!(table.white.unsent().is_empty() && table.black.unsent().is_empty());
    let file = rook::write(&table.black.game().items());
    let (game, refused) = rook::open(&file).unwrap();
    assert_eq!(refused, None);
    assert_eq!(game.state().outcome(), table.white.game().state().outcome());
    assert_eq!(game.state().clocks, table.white.game().state().clocks);
}

#[test]
fn a_commit_takes_nothing_in_by_the_good_signature_of_another_record() {
    let mut table = Table::open(BLITZ);
    let item = table.white.play("e2e4", Millis::ZERO, false).unwrap();
    let Decision::Append { mut entries, .. } = table.orderer.submit(&item, ms(0), Millis::ZERO)
    else {
        panic!("not taken");
    };
    let (Item::Record(judged), id) = (&item, table.white.id()) else {
        panic!("no record");
    };
    // The same body, and so the same hash and receipt, by who may not sign it.
    let forged = key(2).sign(id, judged.body.clone());
    let hash = forged.hash();
    assert_eq!(hash, judged.hash());
    entries[0].item = Some(Item::Record(forged));
    let mut other = table.orderer.clone();
    other.commit(&table.relay, &entries);
    assert!(
        other.game().record(hash).is_none(),
        "what was not judged was checked"
    );
    entries[0].item = Some(item);
    table.commit(&entries);
    assert!(table.orderer.game().record(hash).is_some());
}

#[test]
fn an_outage_is_charged_to_nobody_and_no_flag_falls_in_it() {
    let mut table = Table::open(Clock::Live {
        initial_s: 60,
        inc_s: 0,
    });
    table.play("e2e4 e7e5 g1f3", 1_000);
    // Black thinks 5 s, the relay is gone for 10 minutes, Black comes back 3 s after it serves again.
    let last_mark = ms(table.now + 5_000);
    table.now += 605_000;
    table.orderer.resumed(last_mark, ms(table.now));
    table.tick();
    assert_eq!(table.outcome(), None);
    table.now += 3_000;
    let decision = table.orderer.mover_returned(ms(table.now));
    table.carry_out(decision).unwrap();
    table.play("b8c6", 2_000);
    assert_eq!(table.remaining(Colour::Black), 60_000 - 7_000);
}

#[test]
fn a_move_of_home_to_the_home_that_it_has_does_not_cut_an_outage_short() {
    let mut table = Table::open(BLITZ);
    table.play("e2e4 e7e5", 1_000);
    // White thinks 2 s, the relay is gone for 20 s, and what brings the players back is that they ask it to be the home.
    let last_mark = ms(table.now + 2_000);
    table.now += 22_000;
    table.orderer.resumed(last_mark, ms(table.now));
    let from_white = table.white.move_home(table.relay.order()).unwrap();
    let Item::Home(home) = &from_white else {
        panic!()
    };
    table.black.receive(from_white.clone()).unwrap();
    let from_black = table.black.agree_home(home.body).unwrap();
    assert_eq!(table.submit(&from_white), Ok(()));
    assert_eq!(table.submit(&from_black), Ok(()));
    assert_eq!(table.white.moving(), None);
    // Killed before the outage is stamped: no alive mark was written since.
    let mut game = Game::new(table.white.game().genesis().clone()).unwrap();
    for item in table.white.game().items() {
        let _ = game.insert(item);
    }
    table.orderer = Orderer::new(game, table.relay.order(), vec![]);
    table.now += 5_000;
    table.orderer.resumed(last_mark, ms(table.now));
    table.play("g1f3", 3_000);
    assert_eq!(table.remaining(Colour::White), 180_000 - 2_000 + 2_000);
}

#[test]
fn a_mover_who_stays_away_is_charged_from_ten_seconds_after_the_relay_serves_again() {
    let mut table = Table::open(Clock::Live {
        initial_s: 20,
        inc_s: 0,
    });
    table.play("e2e4 e7e5 g1f3", 1_000);
    table.now += 100_000;
    let back = table.now;
    table.orderer.resumed(ms(back - 100_000), ms(back));
    assert_eq!(
        table.orderer.wake_at(Millis::ZERO),
        Some(ms(back + RETURN_MS))
    );
    table.now = back + RETURN_MS;
    table.tick();
    let flag = table.orderer.wake_at(Millis::ZERO).unwrap();
    assert_eq!(flag, ms(back + RETURN_MS + 20_001));
    table.now = back + RETURN_MS + 20_000;
    table.tick();
    assert_eq!(table.outcome(), None);
    table.now += 1;
    table.tick();
    assert_eq!(
        table.outcome(),
        Some((Reason::Timeout, Some(Colour::White)))
    );
}

#[test]
fn a_move_that_comes_too_late_finds_the_flag_fallen() {
    let mut table = Table::open(Clock::Live {
        initial_s: 5,
        inc_s: 0,
    });
    table.play("e2e4 e7e5", 1_000);
    table.now += 5_001;
    let late = table.white.play("g1f3", Millis::new(5_001), false).unwrap();
    assert_eq!(
        table.submit(&late),
        Err(Refusal::OutOfTime {
            turn: Colour::White
        })
    );
    assert_eq!(
        table.outcome(),
        Some((Reason::Timeout, Some(Colour::Black)))
    );
}

#[test]
fn a_resignation_may_cross_the_opponents_move() {
    let mut table = Table::open(BLITZ);
    table.play("e2e4 e7e5", 1_000);
    // Black resigns while White is to move; White's move is ordered first.
    let resign = table.black.resign().unwrap();
    table.play("g1f3", 1_000);
    assert_eq!(table.submit(&resign), Ok(()));
    assert_eq!(
        table.outcome(),
        Some((Reason::Resignation, Some(Colour::White)))
    );
}

#[test]
fn a_takeback_needs_the_other_players_consent_and_gives_no_time_back() {
    let mut table = Table::open(BLITZ);
    table.play("e2e4 e7e5 g1f3", 1_000);
    let consent = table.white.consent(Ply::new(2)).unwrap();
    assert!(matches!(
        table.black.consent(Ply::new(2)),
        Err(PlayError::Refused(Refusal::NotYourTurn { .. }))
    ));
    table.now += 4_000;
    let rewind = table.black.rewind(consent).unwrap();
    assert_eq!(table.submit(&rewind), Ok(()));
    let line = &table.white.game().state().line;
    assert_eq!((line.ply(), line.turn()), (Ply::new(2), Colour::White));
    assert_eq!(table.remaining(Colour::Black), 180_000 - 4_000);
    table.play("f1c4", 500);
}

#[test]
fn a_player_never_signs_two_records_for_one_place() {
    let mut table = Table::open(BLITZ);
    let first = table.white.play("e2e4", Millis::ZERO, false).unwrap();
    assert_eq!(
        table.white.play("d2d4", Millis::ZERO, false),
        Err(PlayError::OnItsWay)
    );
    assert_eq!(table.white.abort(), Err(PlayError::OnItsWay));
    assert_eq!(table.white.unsent(), vec![first.clone()]);
    // The same after a reload, from the stored items.
    let mut again = Player::open(key(1), table.white.game().genesis().clone(), None).unwrap();
    for item in table.white.game().items() {
        again.receive(item).unwrap();
    }
    again.resume();
    assert_eq!(again.unsent(), vec![first.clone()]);
    assert_eq!(
        again.play("d2d4", Millis::ZERO, false),
        Err(PlayError::OnItsWay)
    );
    assert_eq!(table.submit(&first), Ok(()));
    assert!(table.white.unsent().is_empty());
    assert_eq!(table.submit(&first), Ok(()), "sent again it is harmless");
}

#[test]
fn one_of_two_joiners_sits_down_and_the_seat_refuses_the_other() {
    let mut table = Table::open(BLITZ);
    let third = Player::open(key(3), table.white.game().genesis().clone(), None).unwrap();
    let join = third.join(nonce(7)).unwrap();
    assert!(matches!(
        table.white.seat(join.clone()),
        Err(PlayError::Refused(Refusal::SeatTaken { .. }))
    ));
    // A creator that signs a second Seat is refused by the orderer, with the first one's hash.
    let mut cheat = Player::open(key(1), table.white.game().genesis().clone(), None).unwrap();
    let genesis_receipt = table.orderer.game().items().into_iter().find(
        |item| matches!(item, Item::Receipt { receipt, .. } if receipt.body.what == What::Genesis),
    );
    cheat.receive(genesis_receipt.unwrap()).unwrap();
    let second = cheat.seat(join).unwrap();
    assert!(matches!(
        table.submit(&second),
        Err(Refusal::SeatTaken { .. })
    ));
}

#[test]
fn a_clocked_game_moves_home_and_goes_on_with_the_same_bytes() {
    let mut table = Table::open(BLITZ);
    table.play("e2e4 e7e5", 1_000);
    // White's move is signed, but the home is gone before it orders it.
    let on_its_way = table.white.play("g1f3", Millis::new(500), false).unwrap();
    let successor = key(8);
    let mut items = table.white.game().items();
    items.remove(0);
    let mut game = Game::new(table.white.game().genesis().clone()).unwrap();
    for item in items.into_iter().filter(|item| *item != on_its_way) {
        assert_eq!(game.insert(item), Ok(Inserted::New));
    }
    let mut orderer = Orderer::new(game, successor.order(), vec![]);
    let from_white = table.white.move_home(successor.order()).unwrap();
    assert!(matches!(
        orderer.submit(&on_its_way, ms(60_000), Millis::ZERO),
        Decision::Elsewhere(_)
    ));
    assert_eq!(
        orderer.submit(&from_white, ms(60_000), Millis::ZERO),
        Decision::Done
    );
    let Item::Home(home) = &from_white else {
        panic!()
    };
    table.black.receive(from_white.clone()).unwrap();
    let from_black = table.black.agree_home(home.body).unwrap();
    let Decision::Append { entries, .. } = orderer.submit(&from_black, ms(61_000), Millis::ZERO)
    else {
        panic!()
    };
    let sent = orderer.commit(&successor, &entries);
    assert!(
        sent.contains(&from_white) && sent.contains(&from_black),
        "each player needs the other's signature to count the commit"
    );
    for item in sent {
        table.white.receive(item.clone()).unwrap();
        table.black.receive(item).unwrap();
    }
    assert_eq!(table.white.moving(), None);
    assert_eq!(
        table.white.game().orderer(),
        Some((successor.order(), Epoch::new(1)))
    );
    assert_eq!(
        table.white.unsent(),
        vec![on_its_way.clone()],
        "the same bytes again"
    );
    table.orderer = orderer;
    table.relay = successor;
    table.now = 62_000;
    assert_eq!(table.submit(&on_its_way), Ok(()));
    // From `after` (2,000) to the commit (61,000) nothing is charged; the second since is.
    assert_eq!(table.remaining(Colour::White), 180_000 - 1_000 + 2_000);
    table.play("b8c6", 1_000);
    assert_eq!(table.outcome(), None);
}

#[test]
fn a_home_that_one_player_signs_alone_lapses_and_is_never_committed() {
    let mut table = Table::open(BLITZ);
    table.play("e2e4 e7e5", 1_000);
    let successor = key(8);
    let mut game = Game::new(table.white.game().genesis().clone()).unwrap();
    for item in table.white.game().items() {
        let _ = game.insert(item);
    }
    let mut orderer = Orderer::new(game, successor.order(), vec![]);
    let home = table.white.move_home(successor.order()).unwrap();
    assert_eq!(
        orderer.submit(&home, ms(60_000), Millis::ZERO),
        Decision::Done
    );
    // Meanwhile no receipt of the old epoch counts for White.
    let before = table.white.game().state().counted.len();
    table.play_without_white_counting();
    assert_eq!(table.white.game().state().counted.len(), before);
    assert_eq!(
        orderer
            .wake_at(Millis::ZERO)
            .map(|at| at.min(ms(60_000 + LAPSE_MS))),
        Some(orderer.wake_at(Millis::ZERO).unwrap())
    );
    let Decision::Lapse(lapsed) = orderer.tick(ms(60_000 + LAPSE_MS), Millis::ZERO) else {
        panic!()
    };
    let item = orderer.lapse(&successor, lapsed);
    table.white.receive(item).unwrap();
    assert_eq!(table.white.moving(), None);
    assert!(
        table.white.game().state().counted.len() > before,
        "what was set aside counts again"
    );
    let Item::Home(signed) = &home else { panic!() };
    let late = table.black.agree_home(signed.body);
    if let Ok(late) = late {
        assert!(
            matches!(
                orderer.submit(&late, ms(90_000), Millis::ZERO),
                Decision::Lapse(_)
            ),
            "never both"
        );
    }
}

#[test]
fn a_commit_is_not_followed_by_a_lapse_where_what_it_rests_on_was_lost() {
    let mut table = Table::open(BLITZ);
    table.play("e2e4 e7e5", 1_000);
    let known = table.white.game().items();
    let successor = key(8);
    let mut game = Game::new(table.white.game().genesis().clone()).unwrap();
    for item in &known {
        let _ = game.insert(item.clone());
    }
    let mut orderer = Orderer::new(game, successor.order(), vec![]);
    let from_white = table.white.move_home(successor.order()).unwrap();
    let Item::Home(home) = &from_white else {
        panic!()
    };
    table.black.receive(from_white.clone()).unwrap();
    let from_black = table.black.agree_home(home.body).unwrap();
    let _ = orderer.submit(&from_white, ms(60_000), Millis::ZERO);
    let Decision::Append { entries, .. } = orderer.submit(&from_black, ms(61_000), Millis::ZERO)
    else {
        panic!()
    };
    let sent = orderer.commit(&successor, &entries);
    let commit = sent.last().unwrap();
    // Read again without the newest receipt, and without anything but the genesis: the commit counts in neither.
    let newest = |item: &Item| matches!(item, Item::Receipt { receipt, .. } if receipt.hash() == home.body.after);
    let lacking: [&dyn Fn(&Item) -> bool; 2] = [&|item| !newest(item), &|_| false];
    for keeps in lacking {
        let mut game = Game::new(table.white.game().genesis().clone()).unwrap();
        for item in known.iter().filter(|item| keeps(item)).chain([commit]) {
            let _ = game.insert(item.clone());
        }
        let mut orderer = Orderer::new(game, successor.order(), vec![]);
        for (signed, at) in [
            (&from_white, 62_000),
            (&from_black, 62_000),
            (&from_white, 62_000 + LAPSE_MS),
        ] {
            let decision = orderer.submit(signed, ms(at), Millis::ZERO);
            assert!(!matches!(decision, Decision::Lapse(_)), "{decision:?}");
        }
        let decision = orderer.tick(ms(63_000 + LAPSE_MS), Millis::ZERO);
        assert_eq!(decision, Decision::Done);
    }
}

impl Table {
    /// Black resigns at the old home; White hears it while its own `Home` is open.
    fn play_without_white_counting(&mut self) {
        let resign = self.black.resign().unwrap();
        let Decision::Append { entries, .. } =
            self.orderer
                .submit(&resign, ms(self.now + 10), Millis::ZERO)
        else {
            panic!()
        };
        for item in self.orderer.commit(&self.relay, &entries) {
            let kept = self.white.receive(item.clone()).unwrap();
            if matches!(item, Item::Receipt { .. }) {
                assert_eq!(kept, Inserted::Held);
            }
        }
    }
}

#[test]
fn a_successor_commits_as_soon_as_it_has_learnt_what_the_players_count() {
    let mut table = Table::open(BLITZ);
    table.play("e2e4 e7e5", 1_000);
    let successor = key(8);
    let seat_only: Vec<Item> = table
        .white
        .game()
        .items()
        .into_iter()
        .filter(|i| matches!(i, Item::Record(_)))
        .collect();
    let receipts: Vec<Item> = table
        .white
        .game()
        .items()
        .into_iter()
        .filter(|i| matches!(i, Item::Receipt { .. }))
        .collect();
    let mut game = Game::new(table.white.game().genesis().clone()).unwrap();
    for item in seat_only {
        game.insert(item).unwrap();
    }
    let mut orderer = Orderer::new(game, successor.order(), vec![]);
    let home = table.white.move_home(successor.order()).unwrap();
    let Item::Home(signed) = &home else { panic!() };
    table.black.receive(home.clone()).unwrap();
    let other = table.black.agree_home(signed.body).unwrap();
    for item in [&home, &other] {
        assert_eq!(
            orderer.submit(item, ms(60_000), Millis::ZERO),
            Decision::Done,
            "it lacks the receipts"
        );
    }
    for item in receipts {
        orderer.learn(item).unwrap();
    }
    assert_eq!(orderer.wake_at(Millis::ZERO), Some(ms(60_000)));
    let Decision::Append { entries, .. } = orderer.tick(ms(60_100), Millis::ZERO) else {
        panic!()
    };
    assert!(matches!(entries[0].receipt.what, What::Home(_)));
    orderer.commit(&successor, &entries);
    assert_eq!(orderer.elsewhere(), None);
}

#[test]
fn a_signer_who_asks_again_after_a_while_gets_the_lapse_in_a_game_of_days_too() {
    let mut table = Table::open(Clock::Days { days: 1 });
    table.play("e2e4 e7e5", 1_000);
    let successor = key(8);
    let mut orderer = Orderer::new(table.white.game().clone(), successor.order(), vec![]);
    let home = table.white.move_home(successor.order()).unwrap();
    assert_eq!(
        orderer.submit(&home, ms(60_000), Millis::ZERO),
        Decision::Done
    );
    assert_eq!(
        orderer.tick(ms(60_000 + 10 * LAPSE_MS), Millis::ZERO),
        Decision::Done,
        "days wait"
    );
    assert_eq!(
        orderer.submit(&home, ms(60_000 + LAPSE_MS - 1), Millis::ZERO),
        Decision::Done
    );
    let lapse = orderer.submit(&home, ms(60_000 + LAPSE_MS), Millis::ZERO);
    assert!(matches!(lapse, Decision::Lapse(lapsed) if lapsed.epoch == Epoch::new(1)));
}

#[test]
fn an_untimed_record_that_rests_on_nothing_known_is_refused_with_the_head() {
    let mut table = Table::open(Clock::None);
    let first = table.white.play("e2e4", Millis::ZERO, false).unwrap();
    table.black.receive(first.clone()).unwrap();
    let second = table.black.play("e7e5", Millis::ZERO, false).unwrap();
    assert!(
        matches!(table.submit(&second), Err(Refusal::UnknownPrev { height, .. }) if height.get() == 1)
    );
    assert_eq!(table.submit(&first), Ok(()));
    assert_eq!(
        table.submit(&second),
        Ok(()),
        "sent again it gets its receipt"
    );
    let Item::Record(second) = &second else {
        panic!()
    };
    assert!(
        table
            .orderer
            .game()
            .is_receipted_by(key(9).order(), second.hash())
    );
}

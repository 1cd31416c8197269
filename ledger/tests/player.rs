//! One honest player's side: what it signs, what it never signs twice, and what it sends again.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use rookery_ledger::id::{Epoch, Hash, Millis, Ply};
use rookery_ledger::player::Options;
use rookery_ledger::record::{
    Clock, Home, Item, Lapsed, MAX_CHAT_CHARS, Message, Record, Signed, Variant, What,
};
use rookery_ledger::{Colour, Game, Inserted, PlayError, Player, Reason, Refusal};
use support::*;

const NOW: Millis = Millis::ZERO;

struct Pair {
    white: Player,
    black: Player,
}

fn options(clock: Clock) -> Options {
    let genesis = genesis(clock);
    Options {
        variant: Variant::Standard,
        start: START.into(),
        moves: vec![],
        clock,
        colour: Some(Colour::White),
        seat: None,
        takebacks: true,
        homes: genesis.homes,
        from: None,
    }
}

impl Pair {
    fn new(clock: Clock) -> Self {
        let white = Player::create(key(1), options(clock), nonce(1), nonce(2)).unwrap();
        let black = Player::open(key(2), white.game().genesis().clone(), None).unwrap();
        let mut pair = Self { white, black };
        pair.receipt(What::Genesis);
        let join = pair.black.join(nonce(3)).unwrap();
        let seat = pair.white.seat(join).unwrap();
        pair.count(&seat);
        pair
    }

    fn both(&mut self, item: &Item) {
        self.white.receive(item.clone()).unwrap();
        self.black.receive(item.clone()).unwrap();
    }

    /// The first home's next receipt, which both hear.
    fn receipt(&mut self, what: What) {
        let receipt = self
            .white
            .game()
            .next_receipt(key(9).order(), what, ms(0), NOW);
        self.both(&Game::sign_receipt(&key(9), receipt));
    }

    fn count(&mut self, item: &Item) {
        self.both(item);
        let Item::Record(record) = item else { panic!() };
        self.receipt(What::Record(record.hash()));
    }

    fn play(&mut self, moves: &str) {
        for uci in moves.split_whitespace() {
            let mover = match self.white.game().state().line.turn() {
                Colour::White => &mut self.white,
                Colour::Black => &mut self.black,
            };
            let item = mover.play(uci, NOW, false).unwrap();
            self.count(&item);
        }
    }
}

/// The player as it comes back after a reload, from what it stored, in the worst order.
fn reloaded(player: &Player, n: u8) -> Player {
    let mut items = player.game().items();
    let Item::Genesis(genesis) = items.remove(0) else {
        panic!()
    };
    items.reverse();
    let mut again = Player::open(key(n), genesis, player.secret()).unwrap();
    for item in items {
        again.receive(item).unwrap();
    }
    again.resume();
    again
}

fn last(player: &Player) -> Hash {
    player.game().state().last_receipt().unwrap().hash
}

fn refused<T: std::fmt::Debug>(result: Result<T, PlayError>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn a_takeback_is_asked_for_by_either_player_and_made_by_the_side_to_move() {
    let mut pair = Pair::new(Clock::None);
    pair.play("e2e4 e7e5 g1f3");
    // Black, to move, asks; White consents.
    let ask = pair.black.say(
        Message::AskTakeback {
            at: pair.black.game().state().line.head(),
            to_ply: Ply::new(1),
            consent: None,
        },
        ms(1),
    );
    assert_eq!(pair.white.heard(&ask), Some(Colour::Black));
    let consent = pair.white.consent(Ply::new(1)).unwrap();
    let rewind = pair.black.rewind(consent).unwrap();
    pair.count(&rewind);
    assert_eq!(pair.white.game().state().line.ply(), Ply::new(1));
    pair.play("c7c5 g1f3");
    // White, not to move, asks with its consent in the ask.
    let consent = pair.white.consent(Ply::new(2)).unwrap();
    let stale = consent;
    let rewind = pair.black.rewind(consent).unwrap();
    pair.count(&rewind);
    pair.play("f1c4");
    assert_eq!(
        refused(pair.black.rewind(stale)),
        "bad-consent",
        "a consent is for one place"
    );
    assert_eq!(refused(pair.black.consent(Ply::new(1))), "not-your-turn");
    assert_eq!(refused(pair.white.consent(Ply::new(3))), "bad-ply");
}

#[test]
fn an_offer_is_accepted_by_a_record_and_declined_by_moving() {
    let mut pair = Pair::new(BLITZ);
    let offer = pair.white.play("e2e4", NOW, true).unwrap();
    pair.count(&offer);
    let mut declined = pair.black.clone();
    declined.play("e7e5", NOW, false).unwrap();
    assert_eq!(refused(declined.draw()), "on-its-way");
    let draw = pair.black.draw().unwrap();
    pair.count(&draw);
    assert_eq!(
        pair.white.game().state().outcome().unwrap().reason,
        Reason::Agreement
    );
    assert_eq!(refused(pair.white.resign()), "game-over");
    assert!(pair.black.unsent().is_empty());
}

#[test]
fn nothing_is_signed_twice_for_one_place_not_even_after_a_reload() {
    for clock in [Clock::None, BLITZ] {
        let mut pair = Pair::new(clock);
        let first = pair.white.play("e2e4", NOW, false).unwrap();
        let mut again = reloaded(&pair.white, 1);
        assert_eq!(again.unsent(), vec![first.clone()]);
        let expected = if clock.is_clocked() {
            "on-its-way"
        } else {
            "not-your-turn"
        };
        for player in [&mut pair.white, &mut again] {
            assert_eq!(refused(player.play("d2d4", NOW, false)), expected);
            assert_eq!(refused(player.abort()), expected);
            assert_eq!(refused(player.draw()), expected);
        }
        // Resigning goes behind what is on its way, and gives the same bytes each time.
        let resign = again.resign().unwrap();
        let Item::Record(Signed {
            body: Record::ResignAt { at },
            ..
        }) = &resign
        else {
            panic!()
        };
        let Item::Record(first_record) = &first else {
            panic!()
        };
        assert_eq!(*at, first_record.hash());
        if clock.is_clocked() {
            assert_eq!(again.resign(), Ok(resign.clone()));
            assert_eq!(again.unsent(), vec![first.clone(), resign.clone()]);
        }
        pair.count(&first);
        pair.count(&resign);
        let outcome = pair.black.game().state().outcome().unwrap();
        assert_eq!(
            (outcome.reason, outcome.winner),
            (Reason::Resignation, Some(Colour::Black))
        );
    }
}

#[test]
fn a_takeback_that_leads_to_ones_own_move_is_followed_by_resigning_on_the_chain() {
    let mut pair = Pair::new(BLITZ);
    pair.play("e2e4 e7e5");
    let consent = pair.black.consent(Ply::new(0)).unwrap();
    let rewind = pair.white.rewind(consent).unwrap();
    let resign = pair.white.resign().unwrap();
    assert!(matches!(
        &resign,
        Item::Record(Signed {
            body: Record::Resign(_),
            ..
        })
    ));
    assert_eq!(refused(pair.white.resign()), "on-its-way");
    assert_eq!(pair.white.unsent(), vec![rewind.clone(), resign.clone()]);
    pair.count(&rewind);
    pair.count(&resign);
    assert_eq!(
        pair.black.game().state().outcome().unwrap().winner,
        Some(Colour::Black)
    );
}

#[test]
fn one_of_many_joiners_is_seated_whatever_the_creator_is_asked_next() {
    for clock in [Clock::None, BLITZ] {
        let mut white = Player::create(key(1), options(clock), nonce(1), nonce(2)).unwrap();
        let joiners: Vec<_> = (2..6)
            .map(|n| Player::open(key(n), white.game().genesis().clone(), None).unwrap())
            .collect();
        let joins: Vec<_> = joiners
            .iter()
            .map(|joiner| joiner.join(nonce(9)).unwrap())
            .collect();
        if clock.is_clocked() {
            assert_eq!(
                white.seat(joins[0].clone()),
                Err(PlayError::NotReady),
                "no receipt to name yet"
            );
            let receipt = white
                .game()
                .next_receipt(key(9).order(), What::Genesis, ms(0), NOW);
            white.receive(Game::sign_receipt(&key(9), receipt)).unwrap();
        }
        let seat = white.seat(joins[2].clone()).unwrap();
        let mut again = reloaded(&white, 1);
        for join in joins {
            let expected = if clock.is_clocked() {
                "on-its-way"
            } else {
                "seat-taken"
            };
            assert_eq!(refused(white.seat(join.clone())), expected);
            assert_eq!(refused(again.seat(join)), expected);
        }
        assert_eq!(again.unsent(), vec![seat.clone()]);
        for (mut joiner, n) in joiners.into_iter().zip(2..6) {
            if !clock.is_clocked() {
                joiner.receive(seat.clone()).unwrap();
                assert_eq!(joiner.colour(), (n == 4).then_some(Colour::Black));
                assert_eq!(refused(joiner.join(nonce(5))), "seat-taken");
            }
        }
    }
}

#[test]
fn a_stranger_signs_nothing_here() {
    let pair = Pair::new(BLITZ);
    let mut stranger = reloaded(&pair.white, 5);
    assert_eq!(
        stranger.play("e2e4", NOW, false),
        Err(PlayError::NotAPlayer)
    );
    assert_eq!(stranger.resign(), Err(PlayError::NotAPlayer));
    assert_eq!(
        stranger.move_home(key(8).order()),
        Err(PlayError::NotAPlayer)
    );
    let said = stranger.say(
        Message::Chat {
            text: "hello".into(),
        },
        ms(0),
    );
    assert_eq!(pair.white.heard(&said), None);
    let chat = |text: String| pair.black.say(Message::Chat { text }, ms(0));
    assert_eq!(
        pair.white.heard(&chat("é".repeat(MAX_CHAT_CHARS))),
        Some(Colour::Black)
    );
    assert_eq!(
        pair.white.heard(&chat("é".repeat(MAX_CHAT_CHARS + 1))),
        None
    );
    let mut forged = chat("resign".into());
    forged.body.message = Message::Chat {
        text: "draw?".into(),
    };
    assert_eq!(pair.white.heard(&forged), None);
    let kept = Options {
        seat: Some(key(3).player()),
        ..options(Clock::None)
    };
    let white = Player::create(key(1), kept, nonce(1), nonce(2)).unwrap();
    let other = Player::open(key(2), white.game().genesis().clone(), None).unwrap();
    assert_eq!(
        other.join(nonce(1)),
        Err(PlayError::Refused(Refusal::SeatReserved))
    );
}

#[test]
fn from_signing_a_home_until_its_answer_no_receipt_of_a_lower_epoch_counts() {
    let mut pair = Pair::new(BLITZ);
    pair.play("e2e4 e7e5");
    // A receipt is known before the record that it is for, when White signs.
    let record = pair.white.play("g1f3", NOW, false).unwrap();
    pair.black.receive(record.clone()).unwrap();
    let Item::Record(signed) = &record else {
        panic!()
    };
    let receipt =
        pair.black
            .game()
            .next_receipt(key(9).order(), What::Record(signed.hash()), ms(5), NOW);
    let receipt = Game::sign_receipt(&key(9), receipt);
    let counted = pair.white.game().state().counted.len();
    let home = pair.white.move_home(key(8).order()).unwrap();
    let Item::Home(first) = &home else { panic!() };
    assert_eq!(pair.white.moving(), Some(first.body));
    assert_eq!(pair.white.receive(receipt.clone()), Ok(Inserted::Held));
    assert_eq!(pair.white.game().state().counted.len(), counted);
    let mut again = reloaded(&pair.white, 1);
    assert_eq!(
        (again.moving(), again.game().state().counted.len()),
        (Some(first.body), counted)
    );
    // Who counts more does not sign the same bytes; who signed them gives them again.
    pair.black.receive(receipt).unwrap();
    assert_eq!(pair.black.agree_home(first.body), Err(PlayError::NotReady));
    assert_eq!(again.agree_home(first.body), Ok(home.clone()));
    // The key that was asked falls silent: the next epoch number, after what would count, still frozen.
    let Item::Home(second) = again.move_home(key(7).order()).unwrap() else {
        panic!()
    };
    assert_eq!(
        (second.body.epoch, second.body.after),
        (Epoch::new(2), last(&pair.black))
    );
    assert_eq!(again.game().state().counted.len(), counted);
    let lapsed = |by: u8, epoch: u64| {
        let lapsed = Lapsed {
            game: first.body.game,
            epoch: Epoch::new(epoch),
        };
        Item::Lapsed {
            by: key(by).order(),
            lapsed: key(by).sign(lapsed.game, lapsed),
        }
    };
    again.receive(lapsed(7, 2)).unwrap();
    assert_eq!(again.moving(), Some(first.body), "the first is still open");
    assert_eq!(again.game().state().counted.len(), counted);
    again.receive(lapsed(8, 1)).unwrap();
    assert_eq!(again.moving(), None);
    assert_eq!(
        again.game().state().counted.len(),
        counted + 1,
        "what was held back counts now"
    );
    assert!(again.unsent().is_empty());
}

#[test]
fn who_waits_for_a_dead_relay_signs_what_the_other_counts() {
    for ends in [false, true] {
        let mut pair = Pair::new(BLITZ);
        pair.play(if ends { "f2f3 e7e5" } else { "e2e4 e7e5" });
        let uci = if ends { "g2g4" } else { "g1f3" };
        let third = pair.white.play(uci, NOW, false).unwrap();
        let mut white = pair.white.clone();
        // White asks a relay that never answers, while Black hears more receipts.
        let Item::Home(dead) = white.move_home(key(8).order()).unwrap() else {
            panic!()
        };
        let known = white.game().items().len();
        pair.count(&third);
        if ends {
            pair.play("d8h4");
            assert!(pair.black.move_home(key(7).order()).is_err(), "it is over");
        }
        // White's next one comes too early for Black, who answers it with one that White can sign.
        let Item::Home(early) = white.move_home(key(7).order()).unwrap() else {
            panic!()
        };
        assert_eq!(early.body.epoch, Epoch::new(2));
        for item in pair.black.game().items() {
            let _ = white.receive(item);
        }
        assert!(white.game().items().len() > known);
        let counted = white.game().state().counted.len();
        assert_eq!(last(&white), dead.body.after);
        let mut black = pair.black;
        black.receive(Item::Home(early)).unwrap();
        assert_eq!(black.agree_home(early.body), Err(PlayError::NotReady));
        let answer = black.move_home(key(7).order()).unwrap();
        let Item::Home(later) = &answer else { panic!() };
        assert_eq!(
            (later.body.epoch, later.body.after),
            (Epoch::new(3), last(&black))
        );
        white.receive(answer.clone()).unwrap();
        let agreed = white.agree_home(later.body).unwrap();
        assert_eq!(white.moving(), Some(later.body));
        assert_eq!(white.game().state().counted.len(), counted, "not yet");
        assert_eq!(reloaded(&white, 1).game().state().counted.len(), counted);
        black.receive(agreed).unwrap();
        let commit =
            Game::sign_receipt(&key(7), black.game().commit_receipt(&later.body, ms(9_000)));
        for player in [&mut white, &mut black] {
            player.receive(commit.clone()).unwrap();
            assert_eq!(player.moving(), None);
        }
        assert_eq!(last(&white), last(&black));
        assert_eq!(white.game().state().outcome().is_some(), ends);
    }
}

#[test]
fn no_later_home_is_signed_past_one_that_is_open_elsewhere() {
    let mut pair = Pair::new(BLITZ);
    pair.play("e2e4 e7e5");
    let mut white = pair.white.clone();
    let Item::Home(open) = white.move_home(key(8).order()).unwrap() else {
        panic!()
    };
    // Black, dishonest, names a receipt that is not the last one White could count.
    pair.play("g1f3");
    let third = pair.black.game().state().last_receipt().unwrap().hash;
    pair.play("b8c6");
    for item in pair.black.game().items() {
        let _ = white.receive(item);
    }
    let later = Home {
        epoch: Epoch::new(2),
        to: key(7).order(),
        after: third,
        ..open.body
    };
    assert_eq!(white.agree_home(later), Err(PlayError::NotReady));
    let last = pair.black.game().state().last_receipt().unwrap().hash;
    let later = Home {
        after: last,
        ..later
    };
    assert!(white.agree_home(later).is_ok());
    // The numbers are used up: nothing is signed rather than two for one.
    let high = Home {
        epoch: Epoch::new(u64::MAX),
        ..later
    };
    let high = Item::Home(key(2).sign(white.id(), high));
    white.receive(high).unwrap();
    assert_eq!(white.move_home(key(7).order()), Err(PlayError::NotReady));
}

#[test]
fn players_who_both_wait_for_a_dead_relay_return_to_what_their_home_counts() {
    let mut pair = Pair::new(BLITZ);
    pair.play("e2e4 e7e5");
    let home = pair.white.move_home(key(8).order()).unwrap();
    let Item::Home(dead) = &home else { panic!() };
    pair.black.agree_home(dead.body).unwrap();
    // Their home had ordered more than they knew when it fell silent, and returns.
    let mut relay = Pair::new(BLITZ);
    relay.play("e2e4 e7e5 g1f3");
    for item in relay.white.game().items() {
        let _ = pair.white.receive(item.clone());
        let _ = pair.black.receive(item);
    }
    assert_eq!(
        (last(&pair.white), last(&pair.black)),
        (dead.body.after, dead.body.after)
    );
    let Item::Home(back) = pair.white.move_home(key(9).order()).unwrap() else {
        panic!()
    };
    assert_eq!(
        (back.body.epoch, back.body.after),
        (Epoch::new(2), last(&relay.white))
    );
    let agreed = pair.black.agree_home(back.body).unwrap();
    pair.both(&agreed);
    pair.both(&Item::Home(back));
    let receipt = relay.white.game().commit_receipt(&back.body, ms(9_000));
    let commit = Game::sign_receipt(&key(9), receipt);
    pair.both(&commit);
    for player in [&pair.white, &pair.black] {
        assert_eq!(player.moving(), None);
        assert_eq!(player.game().state().line.moves().len(), 3);
        assert_eq!(
            player.game().state().counted.len(),
            reloaded(player, 1).game().state().counted.len()
        );
    }
}

#[test]
fn what_a_home_made_void_is_sent_again_as_the_same_bytes_by_whoever_has_it() {
    let mut pair = Pair::new(BLITZ);
    pair.play("e2e4 e7e5");
    let agreed = pair.black.clone();
    pair.play("g1f3 b8c6");
    let [.., third, fourth] = &pair.white.game().state().line.moves() else {
        panic!()
    };
    let [third, fourth] = [third, fourth].map(|played| played.record.unwrap());
    // Both agree on an older receipt: a black that had heard less, and a white that goes back to it.
    let mut white = agreed.game().items();
    white.remove(0);
    let mut older = Player::open(key(1), pair.white.game().genesis().clone(), None).unwrap();
    for item in white {
        older.receive(item).unwrap();
    }
    let mut black = agreed;
    let home = older.move_home(key(8).order()).unwrap();
    let Item::Home(signed) = &home else { panic!() };
    black.receive(home.clone()).unwrap();
    let other = black.agree_home(signed.body).unwrap();
    let commit = Game::sign_receipt(
        &key(8),
        black.game().commit_receipt(&signed.body, ms(9_000)),
    );
    let mut white = pair.white;
    assert!(white.unsent().is_empty() && white.to_forward().is_empty());
    for item in [home, other, commit] {
        white.receive(item).unwrap();
    }
    let hashes = |items: Vec<Item>| -> Vec<_> {
        items
            .iter()
            .map(|item| {
                if let Item::Record(record) = item {
                    record.hash()
                } else {
                    panic!()
                }
            })
            .collect()
    };
    assert_eq!(hashes(white.unsent()), [third]);
    assert_eq!(hashes(white.to_forward()), [third, fourth]);
    assert_eq!(white.play("f1c4", NOW, false), Err(PlayError::OnItsWay));
}

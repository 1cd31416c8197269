//! Every code with which an item is refused, from a mistake that a real sender could make.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use rookery_ledger::codec::{self, CodecError};
use rookery_ledger::id::{Epoch, GameId, Height, Millis, Ply};
use rookery_ledger::record::{
    Clock, Consent, From, Genesis, Item, Lapsed, Move, Place, Record, Rewind, Seat, What,
};
use rookery_ledger::{Colour, Game, Inserted, MAX_HELD, MAX_HELD_RECORDS, Refusal};
use support::*;

fn untimed() -> Duel {
    Duel::new(Clock::None)
}

/// What the game says to a record.
fn says(duel: &Duel, record: rookery_ledger::record::Signed<Record>) -> &'static str {
    let mut game = duel.game.clone();
    let inserted = game.insert(Item::Record(record));
    inserted.map_or_else(|refusal| refusal.code(), |_| "ok")
}

#[test]
fn a_record_out_of_place_is_refused_with_what_its_sender_needs() {
    let mut duel = untimed();
    duel.play("e2e4 e7e5");
    let at = duel.place();
    let by = duel.mover();
    let resign = |at| duel.sign(&by, Record::Resign(at));
    assert_eq!(says(&duel, resign(at)), "ok");
    assert_eq!(
        says(
            &duel,
            resign(Place {
                height: Height::new(9),
                ..at
            })
        ),
        "wrong-height"
    );
    assert_eq!(
        says(
            &duel,
            resign(Place {
                on: Some(nowhere()),
                ..at
            })
        ),
        "wrong-on"
    );
    assert_eq!(
        duel.game
            .judge(&resign(Place {
                prev: nowhere(),
                ..at
            }))
            .unwrap_err()
            .code(),
        "unknown-prev"
    );
    let stale = duel.game.state().line.moves()[0].record.unwrap();
    let refusal = duel
        .game
        .judge(&resign(Place { prev: stale, ..at }))
        .unwrap_err();
    assert_eq!(
        refusal,
        Refusal::StaleHead {
            head: at.prev,
            height: Height::new(3)
        }
    );
    let other = duel.sign(&key(2), Record::Resign(at));
    assert_eq!(
        duel.game.judge(&other),
        Err(Refusal::NotYourTurn {
            turn: Colour::White
        })
    );
    assert_eq!(says(&duel, other), "not-your-turn");
    assert_eq!(
        says(&duel, duel.sign(&key(5), Record::Resign(at))),
        "bad-signature"
    );
    assert_eq!(
        duel.game.judge(&duel.sign(&key(5), Record::Resign(at))),
        Err(Refusal::BadSignature)
    );
    // Another game's record: the signature is over this game's name, the head is not of this game.
    let elsewhere = Duel::of(Genesis {
        nonce: nonce(9),
        ..genesis(Clock::None)
    });
    let foreign = elsewhere.moving("e2e4");
    assert_eq!(
        duel.game.judge(&foreign).unwrap_err().code(),
        "unknown-prev"
    );
    // Its signer may yet be seated, by a Seat that is not known: it waits, and not in a player's room.
    assert_eq!(duel.game.insert(Item::Record(foreign)), Ok(Inserted::Held));
}

#[test]
fn moves_and_draws_that_the_rules_forbid_are_refused() {
    let mut duel = untimed();
    let long = "x".repeat(3_000);
    for uci in [
        "e2e5", "e7e5", "e2", "", "0000", "e2e4q", "Q@e4", "é", &long,
    ] {
        let refusal = duel
            .game
            .clone()
            .insert(Item::Record(duel.moving(uci)))
            .unwrap_err();
        let Refusal::IllegalMove { uci: told, .. } = &refusal else {
            panic!("{uci}: {refusal}")
        };
        assert!(told.chars().count() <= 16);
    }
    assert_eq!(
        says(&duel, duel.sign(&key(1), Record::Draw(duel.place()))),
        "no-draw"
    );
    duel.play("e2e4 e7e5");
    assert_eq!(
        says(&duel, duel.sign(&key(1), Record::Abort(duel.place()))),
        "abort-too-late"
    );
    assert_eq!(says(&duel, duel.rewinding(2)), "bad-ply");
    let at = duel.place();
    for (by, consented) in [(key(1), at.prev), (key(2), nowhere()), (key(5), at.prev)] {
        let consent = by.sign(
            duel.game.id(),
            Consent {
                at: consented,
                to_ply: Ply::new(1),
            },
        );
        let rewind = duel.sign(&key(1), Record::Rewind(Rewind { at, consent }));
        assert_eq!(says(&duel, rewind), "bad-consent");
    }
    let mut strict = Duel::of(Genesis {
        takebacks: false,
        ..genesis(Clock::None)
    });
    strict.play("e2e4");
    assert_eq!(says(&strict, strict.rewinding(0)), "no-takebacks");
    let resign = duel.sign(&key(1), Record::Resign(duel.place()));
    let head = resign.hash();
    duel.count(resign).unwrap();
    let late = duel.sign(&key(2), Record::ResignAt { at: head });
    assert_eq!(says(&duel, late), "game-over");
}

#[test]
fn resigning_off_the_chain_is_for_the_player_who_is_not_to_move() {
    let duel = untimed();
    let at = duel.place().prev;
    assert_eq!(
        says(&duel, duel.sign(&key(2), Record::ResignAt { at })),
        "ok"
    );
    assert_eq!(
        says(&duel, duel.sign(&key(1), Record::ResignAt { at })),
        "resign-on-chain"
    );
    assert_eq!(
        duel.game
            .judge(&duel.sign(&key(1), Record::ResignAt { at })),
        Err(Refusal::ResignOnChain)
    );
    assert_eq!(
        says(&duel, duel.sign(&key(5), Record::ResignAt { at })),
        "bad-signature"
    );
    let at = duel.game.id().as_hash();
    assert_eq!(
        says(&duel, duel.sign(&key(2), Record::ResignAt { at })),
        "not-seated"
    );
}

#[test]
fn a_seat_is_refused_where_it_is_taken_or_kept() {
    let open = Duel::unseated(genesis(Clock::None));
    assert_eq!(says(&open, open.seat(1, None)), "seat-reserved");
    assert_eq!(says(&open, open.seat(2, Some(nonce(1)))), "bad-reveal");
    let kept = Duel::unseated(Genesis {
        seat: Some(key(3).player()),
        ..genesis(Clock::None)
    });
    assert_eq!(says(&kept, kept.seat(2, None)), "seat-reserved");
    assert_eq!(says(&kept, kept.seat(3, None)), "ok");
    let at = open.place();
    assert_eq!(
        open.game.judge(&open.sign(&key(1), Record::Resign(at))),
        Err(Refusal::NotSeated)
    );
    // A join that its joiner did not sign, and a Seat that the creator did not.
    let mut join = open.join(2);
    join.body.nonce = nonce(9);
    let forged = open.sign(
        &key(1),
        Record::Seat(Seat {
            at,
            join,
            reveal: None,
        }),
    );
    assert_eq!(says(&open, forged), "bad-signature");
    let by_other = open.sign(
        &key(2),
        Record::Seat(Seat {
            at,
            join: open.join(2),
            reveal: None,
        }),
    );
    assert_eq!(says(&open, by_other), "bad-signature");
    // In a clocked game the receipt of the first Seat refuses the second.
    let clocked = Duel::new(BLITZ);
    let seat = clocked.game.state().line.head();
    assert_eq!(
        clocked.game.judge(&clocked.seat(3, None)),
        Err(Refusal::SeatTaken { seat })
    );
}

#[test]
fn receipts_and_homes_of_strangers_and_of_other_games_are_refused() {
    let mut duel = Duel::new(BLITZ);
    let mut receipt = duel.next_receipt(What::Flag);
    let forged = {
        let Item::Receipt { receipt, .. } = Game::sign_receipt(&key(7), receipt) else {
            panic!()
        };
        Item::Receipt {
            by: key(9).order(),
            receipt,
        }
    };
    assert_eq!(duel.game.insert(forged), Err(Refusal::BadSignature));
    receipt.game = GameId([3; 32]);
    assert_eq!(
        duel.game.insert(Game::sign_receipt(&key(9), receipt)),
        Err(Refusal::WrongGame)
    );
    let home = duel.home(1, &key(8));
    let sign = |home, by: &rookery_ledger::sign::Keypair| Item::Home(by.sign(duel.game.id(), home));
    let mut wrong = home;
    wrong.game = GameId([3; 32]);
    let (stranger, first, wrong) = (
        sign(home, &key(5)),
        sign(duel.home(0, &key(8)), &key(1)),
        sign(wrong, &key(1)),
    );
    assert_eq!(duel.game.insert(stranger), Ok(Inserted::Held));
    assert_eq!(duel.game.home_signatures().count(), 0);
    assert_eq!(duel.game.insert(first).unwrap_err().code(), "bad-order");
    assert_eq!(duel.game.insert(wrong), Err(Refusal::WrongGame));
    let mut free = untimed();
    let elsewhere = Item::Home(key(1).sign(
        free.game.id(),
        rookery_ledger::record::Home {
            game: free.game.id(),
            ..home
        },
    ));
    assert_eq!(free.game.insert(elsewhere).unwrap_err().code(), "bad-order");
    let flag = free.next_receipt(What::Flag);
    assert_eq!(
        free.game
            .insert(Game::sign_receipt(&key(9), flag))
            .unwrap_err()
            .code(),
        "bad-order"
    );
    let other = signed(Genesis {
        nonce: nonce(5),
        ..genesis(Clock::None)
    });
    assert_eq!(
        free.game.insert(Item::Genesis(other)),
        Err(Refusal::WrongGame)
    );
}

#[test]
fn a_continuation_must_be_untimed_follow_this_game_and_seat_both_its_players() {
    let mut duel = Duel::new(BLITZ);
    duel.play("e2e4");
    let from = From {
        game: duel.game.id(),
        head: duel.place().prev,
    };
    let offer = |genesis: Genesis, joiner: u8, duel: &mut Duel| {
        let next = Duel::unseated(genesis);
        let seat = next.seat(joiner, None);
        let item = Item::Continued {
            genesis: Box::new(next.game.genesis().clone()),
            seat,
        };
        duel.game.insert(item).map_err(|refusal| refusal.code())
    };
    let follows = Genesis {
        from: Some(from),
        ..genesis(Clock::None)
    };
    assert_eq!(
        offer(
            Genesis {
                from: None,
                ..follows.clone()
            },
            2,
            &mut duel
        ),
        Err("bad-order")
    );
    assert_eq!(
        offer(
            Genesis {
                clock: BLITZ,
                ..follows.clone()
            },
            2,
            &mut duel
        ),
        Err("bad-order")
    );
    // The creator alone cannot make one, with a Seat behind a place that nobody knows and a wish that nobody signed.
    let next = Duel::unseated(follows.clone());
    let Record::Seat(mut made_up) = next.seat(2, None).body else {
        unreachable!()
    };
    made_up.at.prev = nowhere();
    made_up.join.sig = next.join(3).sig;
    let forged = Item::Continued {
        genesis: Box::new(next.game.genesis().clone()),
        seat: next.sign(&key(1), Record::Seat(made_up)),
    };
    let refused = duel.game.insert(forged).map_err(|refusal| refusal.code());
    assert_eq!(refused, Err("unknown-prev"));
    assert_eq!(offer(follows.clone(), 3, &mut duel), Ok(Inserted::Held));
    assert_eq!(offer(follows.clone(), 2, &mut duel), Ok(Inserted::New));
    assert_eq!(offer(follows, 2, &mut duel), Ok(Inserted::Duplicate));
}

#[test]
fn what_comes_early_waits_and_one_player_cannot_take_the_room_of_the_other() {
    let mut duel = untimed();
    let early = |by: u8, n: u64| {
        let at = Place {
            prev: nowhere(),
            height: Height::new(n),
            on: None,
        };
        Item::Record(duel.sign(&key(by), Record::Resign(at)))
    };
    let mut game = duel.game.clone();
    for n in 0..MAX_HELD_RECORDS as u64 {
        assert_eq!(game.insert(early(2, n)), Ok(Inserted::Held));
    }
    assert_eq!(game.insert(early(2, 0)), Ok(Inserted::Duplicate));
    assert_eq!(
        game.insert(early(2, 5_000)).unwrap_err().code(),
        "unknown-prev"
    );
    assert_eq!(
        game.insert(early(1, 0)),
        Ok(Inserted::Held),
        "the other's room is its own"
    );
    // What nobody seated signed has the common room, which is smaller.
    for n in 0..MAX_HELD as u64 {
        assert_eq!(game.insert(early(5, n)), Ok(Inserted::Held));
    }
    assert_eq!(
        game.insert(early(5, 5_000)).unwrap_err().code(),
        "bad-signature"
    );

    // Junk of the opponent's for a head that is not known yet does not keep out what belongs there.
    let white = duel.moving("e2e4");
    let head = white.hash();
    let mut game = duel.game.clone();
    for n in 0..20 {
        let at = Place {
            prev: head,
            height: Height::new(3),
            on: None,
        };
        let junk = Record::Move(Move {
            at,
            uci: "e7e5".into(),
            think_ms: Millis::new(n),
            offer: false,
        });
        assert_eq!(
            game.insert(Item::Record(duel.sign(&key(1), junk))),
            Ok(Inserted::Held)
        );
    }
    assert_eq!(game.insert(Item::Record(white.clone())), Ok(Inserted::New));
    duel.count(white).unwrap();
    let black = duel.moving("e7e5");
    assert_eq!(game.insert(Item::Record(black.clone())), Ok(Inserted::New));
    assert_eq!(game.state().line.head(), black.hash());
    assert!(game.state().proofs.is_empty());

    // Before anybody sits the room is common, because nobody can say whose the record is.
    let mut open = Duel::unseated(genesis(Clock::None));
    for n in 0..MAX_HELD as u64 {
        let at = Place {
            prev: nowhere(),
            height: Height::new(n),
            on: None,
        };
        let record = Item::Record(open.sign(&key(5), Record::Resign(at)));
        assert_eq!(open.game.insert(record), Ok(Inserted::Held));
    }
    let at = Place {
        prev: nowhere(),
        height: Height::new(9_999),
        on: None,
    };
    let record = Item::Record(open.sign(&key(5), Record::Resign(at)));
    assert_eq!(open.game.insert(record), Err(Refusal::NotSeated));
}

#[test]
fn there_is_an_end_to_what_one_key_may_add() {
    let mut duel = Duel::new(BLITZ);
    let mut refused = Vec::new();
    for n in 0..200 {
        let signed = Item::Home(key(2).sign(duel.game.id(), duel.home(n + 1, &key(8))));
        refused.extend(duel.game.insert(signed).err());
    }
    assert_eq!(refused.len(), 200 - rookery_ledger::MAX_HOME_SIGNATURES);
    assert!(refused.iter().all(|refusal| refusal.code() == "too-many"));
    let own = Item::Home(key(1).sign(duel.game.id(), duel.home(1, &key(8))));
    assert_eq!(
        duel.game.insert(own),
        Ok(Inserted::New),
        "the other player may still sign"
    );
    // Strangers cannot fill an untimed game with receipts.
    let mut free = untimed();
    let receipt = free.next_receipt(What::Genesis);
    let taken = (20..60).filter(|n| {
        free.game
            .insert(Game::sign_receipt(&key(*n), receipt))
            .is_ok()
    });
    assert_eq!(taken.count(), rookery_ledger::MAX_OTHER_RELAYS);
    assert_eq!(
        free.game.insert(Game::sign_receipt(&key(8), receipt)),
        Ok(Inserted::New),
        "a home always may"
    );
    // A lapse that nobody asked for waits, and does not count.
    let lapsed = Lapsed {
        game: duel.game.id(),
        epoch: Epoch::new(500),
    };
    let lapsed = Item::Lapsed {
        by: key(33).order(),
        lapsed: key(33).sign(duel.game.id(), lapsed),
    };
    assert_eq!(duel.game.insert(lapsed), Ok(Inserted::Held));
    assert!(!duel.game.has_lapsed(key(33).order(), Epoch::new(500)));
}

#[test]
fn bytes_that_are_no_item_carry_the_codes_of_the_codec() {
    let item = codec::encode(&Item::Genesis(signed(genesis(Clock::None))));
    let says = |bytes: &[u8]| {
        codec::decode::<Item>(bytes, codec::MAX_ITEM_BYTES)
            .map_err(Refusal::from)
            .unwrap_err()
            .code()
    };
    assert_eq!(says(&item[..item.len() - 1]), "malformed");
    assert_eq!(says(&[item.clone(), vec![0]].concat()), "malformed");
    assert_eq!(says(&[0x61; 9_000]), "too-large");
    assert_eq!(says(&[0xbf, 0xff]), "not-canonical");
    let long = codec::encode(&"x".repeat(4_000));
    let Err(CodecError::Malformed(text)) =
        codec::decode::<rookery_ledger::record::Variant>(&long, 8_192)
    else {
        panic!()
    };
    assert!(text.len() <= 120, "what a peer sends does not swell a log");
}

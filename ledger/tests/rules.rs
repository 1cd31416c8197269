//! The rules of play as the ledger applies them: moves in their one form, every way in which the chain ends a game, draws,
//! takebacks, the seat, and the PGN.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use rookery_ledger::id::Ply;
use rookery_ledger::record::{Clock, Colours, Genesis, Record, Variant};
use rookery_ledger::{Colour, Inserted, Reason, Refusal, pgn};
use support::*;

#[test]
fn castling_is_the_kings_two_step_in_standard_and_king_takes_rook_in_chess960() {
    let fen = "r3k2r/pppppppp/8/8/8/8/PPPPPPPP/R3K2R w KQkq - 0 1";
    for (variant, short, long, wrong) in [
        (Variant::Standard, "e1g1", "e8c8", "e1h1"),
        (Variant::Chess960, "e1h1", "e8a8", "e1g1"),
    ] {
        let mut duel = Duel::from_fen(fen, variant);
        let refused = duel.count(duel.moving(wrong));
        let expected = Some(short.to_owned());
        assert_eq!(
            refused,
            Err(Refusal::IllegalMove {
                uci: wrong.into(),
                expected
            })
        );
        duel.play(short);
        duel.play(long);
        let fen = duel.game.state().line.fen();
        assert!(
            fen.starts_with("2kr3r/pppppppp/8/8/8/8/PPPPPPPP/R4RK1 w - -"),
            "{fen}"
        );
    }
    // The other two, and a king that stands beside its rook, which has no two-step at all.
    let mut duel = Duel::from_fen(fen, Variant::Standard);
    duel.play("e1c1 e8g8");
    assert!(
        duel.game
            .state()
            .line
            .fen()
            .starts_with("r4rk1/pppppppp/8/8/8/8/PPPPPPPP/2KR3R w")
    );
    let mut duel = Duel::from_fen(
        "1rk4r/pppppppp/8/8/8/8/PPPPPPPP/1RK4R w KQkq - 0 1",
        Variant::Chess960,
    );
    duel.play("c1b1 c8h8");
    assert!(
        duel.game
            .state()
            .line
            .fen()
            .starts_with("1r3rk1/pppppppp/8/8/8/8/PPPPPPPP/2KR3R w")
    );
}

#[test]
fn en_passant_and_under_promotion_are_played_as_written() {
    let mut duel = Duel::new(Clock::None);
    duel.play("e2e4 a7a6 e4e5 d7d5 e5d6");
    assert!(
        duel.game
            .state()
            .line
            .fen()
            .starts_with("rnbqkbnr/1pp1pppp/p2P4/8/8/8/PPPP1PPP/RNBQKBNR b")
    );
    let mut duel = Duel::from_fen("8/P6k/8/8/8/8/6p1/K7 w - - 0 1", Variant::Standard);
    assert!(matches!(
        duel.count(duel.moving("a7a8")),
        Err(Refusal::IllegalMove { expected: None, .. })
    ));
    assert!(matches!(
        duel.count(duel.moving("a7a8Q")),
        Err(Refusal::IllegalMove { .. })
    ));
    duel.play("a7a8n g2g1r");
    assert!(
        duel.game
            .state()
            .line
            .fen()
            .starts_with("N7/7k/8/8/8/8/8/K5r1 w")
    );
}

#[test]
fn mate_stalemate_and_dead_positions_end_the_game_by_themselves() {
    let mut duel = Duel::new(Clock::None);
    duel.play("f2f3 e7e5 g2g4 d8h4");
    assert_eq!(duel.ended(), Some((Reason::Checkmate, Some(Colour::Black))));
    let outcome = duel.game.state().outcome().unwrap();
    assert_eq!(
        duel.count(duel.moving("a2a3")),
        Err(Refusal::GameOver(outcome))
    );

    let mut duel = Duel::from_fen("k7/8/1K6/8/8/8/8/2Q5 w - - 0 1", Variant::Standard);
    duel.play("c1c7");
    assert_eq!(duel.ended(), Some((Reason::Stalemate, None)));

    // A queen that is taken leaves two kings; a pawn that becomes a knight leaves nobody who can mate.
    for (moves, at_once) in [("a1a2 b2b1q a2b1", false), ("a1a2 b2b1n", true)] {
        let mut duel = Duel::from_fen("8/8/8/8/8/2k5/1p6/K7 w - - 0 1", Variant::Standard);
        duel.play(moves);
        assert_eq!(duel.ended(), Some((Reason::DeadPosition, None)));
        assert_eq!(duel.game.state().line.moves().len() == 2, at_once);
    }
}

#[test]
fn a_third_repetition_may_be_claimed_and_a_fifth_ends_the_game() {
    let mut duel = Duel::new(Clock::None);
    duel.play("g1f3 g8f6 f3g1 f6g8");
    let early = duel.sign(&duel.mover(), Record::Draw(duel.place()));
    assert_eq!(duel.count(early), Err(Refusal::NoDraw));
    duel.play("g1f3 g8f6 f3g1 f6g8");
    let third = duel.game.clone();
    duel.play("g1f3 g8f6 f3g1 f6g8 g1f3 g8f6 f3g1 f6g8");
    assert_eq!(duel.ended(), Some((Reason::Fivefold, None)));
    duel.game = third;
    let draw = duel.sign(&duel.mover(), Record::Draw(duel.place()));
    assert_eq!(duel.count(draw), Ok(Inserted::New));
    assert_eq!(duel.ended(), Some((Reason::Threefold, None)));
}

#[test]
fn what_was_taken_back_does_not_repeat() {
    let mut duel = Duel::new(Clock::None);
    duel.play("g1f3 g8f6 f3g1 f6g8 g1f3 g8f6 f3g1 f6g8");
    assert_eq!(duel.game.state().line.repetitions(), 3);
    assert_eq!(duel.count(duel.rewinding(4)), Ok(Inserted::New));
    assert_eq!(duel.game.state().line.repetitions(), 2);
    let draw = duel.sign(&duel.mover(), Record::Draw(duel.place()));
    assert_eq!(duel.count(draw), Err(Refusal::NoDraw));
}

#[test]
fn fifty_quiet_moves_may_be_claimed_and_seventy_five_end_the_game() {
    let mut duel = Duel::from_fen("k7/8/8/8/8/8/8/KR6 w - - 98 80", Variant::Standard);
    duel.play("b1b2");
    let draw = |duel: &Duel| duel.sign(&duel.mover(), Record::Draw(duel.place()));
    assert_eq!(duel.count(draw(&duel)), Err(Refusal::NoDraw));
    duel.play("a8a7");
    assert_eq!(duel.count(draw(&duel)), Ok(Inserted::New));
    assert_eq!(duel.ended(), Some((Reason::Fifty, None)));

    let mut duel = Duel::from_fen("k7/8/8/8/8/8/8/KR6 w - - 149 90", Variant::Standard);
    duel.play("b1b2");
    assert_eq!(duel.ended(), Some((Reason::SeventyFive, None)));
    let mut duel = Duel::from_fen("k7/8/1K6/8/8/8/8/2Q5 w - - 149 90", Variant::Standard);
    duel.play("c1c8");
    assert_eq!(
        duel.ended(),
        Some((Reason::Checkmate, Some(Colour::White))),
        "mate comes first"
    );
}

#[test]
fn record_two_thousand_ends_the_game_unless_it_mates() {
    let mut duel = Duel::from_fen("k7/8/1K6/8/8/8/8/2Q5 w - - 0 1", Variant::Standard);
    while duel.game.state().line.height().get() < 1_999 {
        duel.play("c1c2");
        assert_eq!(duel.count(duel.rewinding(0)), Ok(Inserted::New));
    }
    let before = duel.game.clone();
    duel.play("c1c2");
    assert_eq!(duel.ended(), Some((Reason::RecordLimit, None)));
    duel.game = before;
    duel.play("c1c8");
    assert_eq!(duel.ended(), Some((Reason::Checkmate, Some(Colour::White))));
}

#[test]
fn an_offer_stands_until_the_next_record_and_moving_declines_it() {
    let mut duel = Duel::new(Clock::None);
    assert_eq!(
        duel.count(duel.moving_after("e2e4", 0, true)),
        Ok(Inserted::New)
    );
    assert_eq!(duel.game.state().line.draw_offer(), Some(Colour::White));
    let open = duel.game.clone();
    duel.play("e7e5");
    let draw = duel.sign(&duel.mover(), Record::Draw(duel.place()));
    assert_eq!(duel.count(draw), Err(Refusal::NoDraw));
    duel.game = open;
    let draw = duel.sign(&duel.mover(), Record::Draw(duel.place()));
    assert_eq!(duel.count(draw), Ok(Inserted::New));
    assert_eq!(duel.ended(), Some((Reason::Agreement, None)));
}

#[test]
fn a_takeback_returns_to_any_earlier_ply_but_not_into_the_moves_of_the_genesis() {
    let moves = vec!["e2e4".to_owned(), "e7e5".to_owned()];
    let mut duel = Duel::of(Genesis {
        moves,
        ..genesis(Clock::None)
    });
    let bounds = |least, most| {
        Err(Refusal::BadPly {
            least: Ply::new(least),
            most: Ply::new(most),
        })
    };
    assert_eq!(
        duel.count(duel.rewinding(1)),
        bounds(2, 2),
        "nothing was played yet"
    );
    duel.play("g1f3 b8c6 f1c4");
    assert_eq!(duel.count(duel.rewinding(1)), bounds(2, 4));
    assert_eq!(duel.count(duel.rewinding(5)), bounds(2, 4));
    assert_eq!(duel.count(duel.rewinding(2)), Ok(Inserted::New));
    let line = &duel.game.state().line;
    assert_eq!(
        (line.ply().get(), line.turn(), line.height().get()),
        (2, Colour::White, 5)
    );
    let abort = duel.sign(&duel.mover(), Record::Abort(duel.place()));
    assert_eq!(
        duel.count(abort),
        Err(Refusal::AbortTooLate),
        "it moved once, taken back or not"
    );
}

#[test]
fn resigning_and_aborting_end_the_game() {
    let mut duel = Duel::new(Clock::None);
    duel.play("e2e4");
    let fresh = duel.game.clone();
    let abort = duel.sign(&duel.mover(), Record::Abort(duel.place()));
    assert_eq!(duel.count(abort), Ok(Inserted::New));
    assert_eq!(duel.ended(), Some((Reason::Abort, None)));
    duel.game = fresh;
    let resign = duel.sign(&duel.mover(), Record::Resign(duel.place()));
    assert_eq!(duel.count(resign), Ok(Inserted::New));
    assert_eq!(
        duel.ended(),
        Some((Reason::Resignation, Some(Colour::White)))
    );
}

#[test]
fn colours_drawn_by_lot_follow_from_both_nonces() {
    let duel = Duel::unseated(drawn());
    let mut seen = std::collections::BTreeSet::new();
    for joiner in 2..8 {
        let mut game = duel.game.clone();
        let seat = duel.seat(joiner, Some(nonce(7)));
        assert_eq!(
            game.insert(rookery_ledger::record::Item::Record(seat)),
            Ok(Inserted::New)
        );
        seen.insert(game.colour_of(key(1).player()));
    }
    assert_eq!(seen.len(), 2, "both colours come up");
    for reveal in [None, Some(nonce(8))] {
        let mut game = duel.game.clone();
        let seat = rookery_ledger::record::Item::Record(duel.seat(2, reveal));
        assert_eq!(game.insert(seat), Err(Refusal::BadReveal));
    }
}

#[test]
fn a_genesis_is_refused_where_it_breaks_a_rule() {
    let live = |initial_s, inc_s| Clock::Live { initial_s, inc_s };
    let plain = || genesis(Clock::None);
    let fen = |start: &str| Genesis {
        start: start.into(),
        ..plain()
    };
    let moves = |moves: &[&str]| Genesis {
        moves: moves.iter().map(|m| (*m).into()).collect(),
        ..plain()
    };
    let dance = ["g1f3", "g8f6", "f3g1", "f6g8"];
    for (bad, why) in [
        (genesis(live(0, 1)), "clock"),
        (genesis(live(86_401, 1)), "clock"),
        (genesis(live(60, 3_601)), "clock"),
        (genesis(Clock::Days { days: 0 }), "clock"),
        (genesis(Clock::Days { days: 367 }), "clock"),
        (
            Genesis {
                seat: Some(key(1).player()),
                ..plain()
            },
            "both seats",
        ),
        (
            Genesis {
                homes: vec![],
                ..genesis(BLITZ)
            },
            "needs a home",
        ),
        (
            Genesis {
                homes: vec![key(9).order(); 2],
                ..plain()
            },
            "twice",
        ),
        (
            Genesis {
                homes: (20..29).map(|n| key(n).order()).collect(),
                ..plain()
            },
            "more homes",
        ),
        (fen("not a fen"), "not a FEN"),
        (fen("8/8/8/8/8/8/8/8 w - - 0 1"), "not a legal position"),
        (
            fen("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq -"),
            "canonical",
        ),
        (fen("k7/2Q5/1K6/8/8/8/8/8 b - - 0 1"), "over"),
        (fen("k7/8/1K6/8/8/8/8/8 b - - 0 1"), "over"),
        (fen("k7/8/1K6/8/8/8/8/1R6 w - - 150 90"), "over"),
        (moves(&["e2e5"]), "not legal"),
        (moves(&["e4"]), "not UCI"),
        (moves(&["f2f3", "e7e5", "g2g4", "d8h4"]), "over"),
        (moves(&dance.repeat(4)), "over"),
        (moves(&dance.repeat(151)), "more moves"),
    ] {
        let refused = rookery_ledger::genesis::verify(&signed(bad.clone()));
        let Err(Refusal::BadGenesis(text)) = refused else {
            panic!("{bad:?}: {refused:?}")
        };
        assert!(
            why.split('|').any(|why| text.contains(why)),
            "{why}: {text}"
        );
    }
    assert!(rookery_ledger::genesis::verify(&signed(moves(&dance.repeat(3)))).is_ok());
    // A game that was over in between: quiet to 75 moves, then a pawn.
    let quiet = Genesis {
        moves: vec!["b1b2".into(), "a7a6".into()],
        ..fen("k7/p7/8/8/8/8/8/KR6 w - - 149 90")
    };
    assert!(matches!(
        rookery_ledger::genesis::verify(&signed(quiet)),
        Err(Refusal::BadGenesis(_))
    ));
    let unknown = Genesis { v: 2, ..plain() };
    assert_eq!(
        rookery_ledger::genesis::verify(&signed(unknown)),
        Err(Refusal::UnknownVersion(2))
    );
    let mut forged = signed(plain());
    forged.sig.0[5] ^= 1;
    assert_eq!(
        rookery_ledger::genesis::verify(&forged),
        Err(Refusal::BadSignature)
    );
}

#[test]
fn the_largest_genesis_fits_into_an_item() {
    // 600 promotions cannot be, so the bound is shown with moves of four characters and every other part at its largest.
    let mut moves = Vec::new();
    for file in 'a'..='h' {
        for (white, black) in [('2', '7'), ('3', '6')] {
            let step = |rank: char, by: i8| {
                format!(
                    "{file}{rank}{file}{}",
                    (rank as u8).wrapping_add_signed(by) as char
                )
            };
            moves.extend([step(white, 1), step(black, -1)]);
        }
    }
    while moves.len() < rookery_ledger::genesis::MAX_MOVES {
        moves.push("e2e4".into());
    }
    let genesis = Genesis {
        moves,
        variant: Variant::Chess960,
        clock: Clock::Live {
            initial_s: 86_400,
            inc_s: 3_600,
        },
        colours: Colours::Drawn { commit: nowhere() },
        seat: Some(key(2).player()),
        homes: (20..28).map(|n| key(n).order()).collect(),
        from: Some(rookery_ledger::record::From {
            game: rookery_ledger::id::GameId([1; 32]),
            head: nowhere(),
        }),
        ..genesis(Clock::None)
    };
    let item = rookery_ledger::record::Item::Genesis(signed(genesis));
    let len = rookery_ledger::codec::encode(&item).len() + rookery_ledger::genesis::MAX_MOVES;
    assert!(len <= rookery_ledger::codec::MAX_ITEM_BYTES, "{len}");
}

#[test]
fn a_pgn_has_the_start_the_moves_and_the_result() {
    let mut duel = Duel::new(BLITZ);
    duel.play("f2f3 e7e5 g2g4 d8h4");
    let text = pgn::write(&duel.game);
    assert!(text.ends_with("\n\n1. f3 e5 2. g4 Qh4# 0-1\n"), "{text}");
    for tag in [
        format!("[White \"{}\"]", key(1).player()),
        format!("[Site \"rookery:{}\"]", duel.game.id()),
        "[Date \"2023.11.14\"]".into(),
        "[Result \"0-1\"]".into(),
        "[UTCTime \"22:13:20\"]".into(),
        "[TimeControl \"180+2\"]".into(),
        "[Termination \"normal\"]".into(),
    ] {
        assert!(text.contains(&tag), "{tag} in {text}");
    }
    assert!(!text.contains("FEN"));

    // Black begins, in the middle of a game; what was taken back is not shown.
    let fen = "r3k3/8/8/8/8/8/8/4K2R b Kq - 3 41";
    let mut duel = Duel::from_fen(fen, Variant::Standard);
    duel.play("e8c8 e1g1 d8e8 f1f2");
    duel.count(duel.rewinding(2)).unwrap();
    duel.play("d8d2");
    let text = pgn::write(&duel.game);
    assert!(
        text.contains(&format!("[SetUp \"1\"]\n[FEN \"{fen}\"]")),
        "{text}"
    );
    assert!(text.ends_with("\n\n41... O-O-O 42. O-O Rd2 *\n"), "{text}");
    // Every move reads back as the one that was played.
    let line = &duel.game.state().line;
    for ((san, played), position) in pgn::sans(&duel.game)
        .iter()
        .zip(line.moves())
        .zip(line.positions())
    {
        let read: shakmaty::san::San = san.trim_end_matches(['+', '#']).parse().unwrap();
        let read = read.to_move(position).unwrap();
        assert_eq!(read.to_uci(line.castling_mode()).to_string(), played.uci);
    }
}

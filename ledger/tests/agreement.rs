//! P1 and P5 as properties: any order of arrival, any doubling gives one state, and a record held back helps nobody.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use proptest::prelude::*;
use rookery_ledger::id::{Hash, Millis, Nonce, Ply};
use rookery_ledger::order::{Decision, Orderer};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, Item, Move, Place, Record, Variant};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Colour, Game, Outcome, Player};
use shakmaty::Position as _;

const START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";

fn key(n: u8) -> Keypair {
    Keypair::from_secret(&[n; 32])
}

/// What a random history does next.
#[derive(Debug, Clone)]
enum Act {
    Move {
        pick: usize,
        offer: bool,
    },
    Takeback {
        back: u64,
    },
    Draw,
    Resign,
    ResignOffTurn,
    /// A second record for the place of the last move, by its author.
    Equivocate {
        pick: usize,
    },
    Wait {
        ms: u64,
    },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        24 => (any::<usize>(), any::<bool>()).prop_map(|(pick, offer)| Act::Move { pick, offer }),
        3 => (1..4_u64).prop_map(|back| Act::Takeback { back }),
        2 => Just(Act::Draw),
        1 => Just(Act::Resign),
        1 => Just(Act::ResignOffTurn),
        1 => any::<usize>().prop_map(|pick| Act::Equivocate { pick }),
        2 => (0..20_000_u64).prop_map(|ms| Act::Wait { ms }),
    ]
}

/// What two players (and a relay, where the game is clocked) sign in a random history; genesis first.
fn history(clock: Clock, acts: &[Act]) -> Vec<Item> {
    let relay = key(9);
    let options = Options {
        variant: Variant::Standard,
        start: START.into(),
        moves: vec![],
        clock,
        colour: Some(Colour::White),
        seat: None,
        takebacks: true,
        homes: vec![relay.order()],
        from: None,
    };
    let mut white = Player::create(key(1), options, Nonce([1; 16]), Nonce([2; 16])).unwrap();
    let genesis = white.game().genesis().clone();
    let mut black = Player::open(key(2), genesis.clone(), None).unwrap();
    let (mut orderer, entry) =
        Orderer::create(genesis, relay.order(), Millis::new(1_000_000)).unwrap();
    let mut items = orderer.commit(&relay, &[entry]);
    for item in &items {
        let _ = white.receive(item.clone());
        let _ = black.receive(item.clone());
    }
    let seat = white.seat(black.join(Nonce([3; 16])).unwrap()).unwrap();
    let (mut now, mut rivals) = (1_000_000, 0);
    let mut sent: Vec<Item> = vec![seat];
    for act in acts {
        now += 500;
        // Everyone hears everything in the order of sending.
        for item in std::mem::take(&mut sent) {
            let new = match orderer.submit(&item, Millis::new(now), Millis::new(50)) {
                Decision::Append { entries, .. } => orderer.commit(&relay, &entries),
                _ => vec![item],
            };
            for item in new {
                let _ = white.receive(item.clone());
                let _ = black.receive(item.clone());
                items.push(item);
            }
        }
        let line = white.game().state().line.clone();
        let (mover, other) = match line.turn() {
            Colour::White => (&mut white, &mut black),
            Colour::Black => (&mut black, &mut white),
        };
        let legal = line.position().legal_moves();
        let nth = |pick: usize| {
            legal
                .get(pick % legal.len().max(1))
                .map(|m| m.to_uci(line.castling_mode()).to_string())
        };
        let signed = match act {
            Act::Move { pick, offer } => {
                nth(*pick).and_then(|uci| mover.play(&uci, Millis::new(400), *offer).ok())
            }
            Act::Takeback { back } => {
                let to = Ply::new(line.ply().get().saturating_sub(*back));
                other
                    .consent(to)
                    .and_then(|consent| mover.rewind(consent))
                    .ok()
            }
            Act::Draw => mover.draw().ok(),
            Act::Resign => mover.resign().ok(),
            Act::ResignOffTurn => other.resign().ok(),
            // Of more rivals for one place only some are kept, so that then the order of arrival may decide which.
            Act::Equivocate { .. } if rivals == 2 => None,
            Act::Equivocate { pick } => {
                rivals += 1;
                let last = line.moves().last().and_then(|played| played.record);
                last.and_then(|last| rival(white.game(), last, *pick))
            }
            Act::Wait { ms } => {
                now += ms;
                if let Decision::Append { entries, .. } =
                    orderer.tick(Millis::new(now), Millis::ZERO)
                {
                    sent.extend(orderer.commit(&relay, &entries));
                }
                None
            }
        };
        sent.extend(signed);
    }
    items.extend(sent);
    items
}

/// Another move for the place of the record `last`, signed by its author.
fn rival(game: &Game, last: Hash, pick: usize) -> Option<Item> {
    let positions = game.state().line.positions();
    rival_after(game, last, &positions[positions.len() - 2], pick)
}

fn rival_after(game: &Game, last: Hash, before: &shakmaty::Chess, pick: usize) -> Option<Item> {
    let entry = game.record(last)?;
    let Record::Move(played) = &entry.signed.body else {
        return None;
    };
    let by = [key(1), key(2)]
        .into_iter()
        .find(|key| key.player() == entry.author)?;
    let legal = before.legal_moves();
    let uci = legal
        .get(pick % legal.len())?
        .to_uci(shakmaty::CastlingMode::Standard)
        .to_string();
    let at = Place { ..played.at };
    let record = Record::Move(Move {
        at,
        uci,
        think_ms: Millis::ZERO,
        offer: false,
    });
    Some(Item::Record(by.sign(game.id(), record)))
}

fn fold(items: &[Item]) -> Game {
    let Item::Genesis(genesis) = &items[0] else {
        panic!()
    };
    let mut game = Game::new(genesis.clone()).unwrap();
    for item in &items[1..] {
        let _ = game.insert(item.clone());
    }
    game
}

/// All that a person could see of a state.
fn seen(game: &Game) -> impl PartialEq + std::fmt::Debug + use<> {
    let state = game.state();
    let proofs: std::collections::BTreeSet<String> = state
        .proofs
        .iter()
        .map(|proof| format!("{proof:?}"))
        .collect();
    (
        state.line.head(),
        state.line.fen(),
        state.line.moves().to_vec(),
        state.outcome(),
        state.clocks.clone(),
        state.counted.clone(),
        state.line.draw_offer(),
        proofs,
    )
}

/// How good a result is for `colour`: 2 won, 1 drawn or none, 0 lost.
fn worth(outcome: Option<Outcome>, colour: Colour) -> u8 {
    match outcome.and_then(|outcome| outcome.winner) {
        Some(winner) if winner == colour => 2,
        Some(_) => 0,
        None => 1,
    }
}

fn shuffled(len: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((1..len).collect::<Vec<_>>()).prop_shuffle()
}

fn clocks() -> impl Strategy<Value = Clock> {
    prop_oneof![
        Just(Clock::None),
        Just(Clock::Live {
            initial_s: 30,
            inc_s: 1
        }),
        Just(Clock::Days { days: 1 })
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_and_any_doubling_gives_one_state(
        (items, order, doubled) in (clocks(), prop::collection::vec(act(), 1..40))
            .prop_map(|(clock, acts)| history(clock, &acts))
            .prop_flat_map(|items| {
                let len = items.len();
                (Just(items), shuffled(len), prop::collection::vec(0..len, 0..8))
            })
    ) {
        let straight = fold(&items);
        let mut mixed = vec![items[0].clone()];
        mixed.extend(order.iter().map(|i| items[*i].clone()));
        mixed.extend(doubled.iter().map(|i| items[*i].clone()));
        prop_assert_eq!(seen(&fold(&mixed)), seen(&straight));
        let again = rookery_ledger::rook::write(&straight.items());
        prop_assert_eq!(seen(&rookery_ledger::rook::open(&again).unwrap().0), seen(&straight));
        for proof in &straight.state().proofs {
            prop_assert!(proof.holds(&straight), "{proof:?}");
        }
    }

    #[test]
    fn no_record_held_back_betters_its_authors_result_once_an_untimed_game_is_over(
        acts in prop::collection::vec(act(), 4..40),
        held in any::<prop::sample::Index>(),
    ) {
        let items: Vec<Item> =
            history(Clock::None, &acts).into_iter().filter(|item| !matches!(item, Item::Receipt { .. })).collect();
        let held = 1 + held.index(items.len().max(2) - 1);
        prop_assume!(held < items.len());
        let mut without = items.clone();
        let late = without.remove(held);
        let before = fold(&without);
        let after = fold(&without.iter().cloned().chain([late.clone()]).collect::<Vec<_>>());
        let (Item::Record(record), Some(_)) = (&late, before.state().outcome()) else { return Ok(()) };
        let author = after.records().find(|(hash, _)| *hash == record.hash()).and_then(|(_, e)| after.colour_of(e.author));
        if let Some(colour) = author {
            prop_assert!(worth(after.state().outcome(), colour) <= worth(before.state().outcome(), colour));
        }
    }

    #[test]
    fn nothing_that_a_player_can_still_sign_betters_a_finished_untimed_game(
        acts in prop::collection::vec(act(), 4..40),
        pick in any::<usize>(),
    ) {
        let items: Vec<Item> =
            history(Clock::None, &acts).into_iter().filter(|item| !matches!(item, Item::Receipt { .. })).collect();
        let over = fold(&items);
        if over.state().outcome().is_none() {
            return Ok(());
        }
        let records: Vec<_> = over.records().map(|(hash, entry)| (hash, entry.author)).collect();
        for (hash, author) in records {
            let colour = over.colour_of(author).unwrap();
            let by = [key(1), key(2)].into_iter().find(|key| key.player() == author).unwrap();
            let resign = Item::Record(by.sign(over.id(), Record::ResignAt { at: hash }));
            for late in [rival_in_place(&over, hash, pick), Some(resign)].into_iter().flatten() {
                let after = fold(&items.iter().cloned().chain([late]).collect::<Vec<_>>());
                prop_assert!(worth(after.state().outcome(), colour) <= worth(over.state().outcome(), colour));
            }
        }
    }
}

/// A rival of `hash`, where that is a move of the current line.
fn rival_in_place(game: &Game, hash: Hash, pick: usize) -> Option<Item> {
    let line = &game.state().line;
    let at = line
        .moves()
        .iter()
        .position(|played| played.record == Some(hash))?;
    rival_after(game, hash, &line.positions()[at], pick)
}

//! SIGKILL at any moment: what was receipted is there afterwards, in one order, and nobody pays for the outage.

use std::collections::BTreeSet;
use std::time::Duration;

use rookery_ledger::Game;
use rookery_ledger::record::{Clock, Item, What};
use rookery_relay::client::{ClientError, Session};
use shakmaty::{CastlingMode, Position as _};

use crate::support::{Pair, Random, Relay, assert_one_order, receipts_of};

const ROUNDS: u64 = 5;
/// Without increment, so that what a turn costs can be read from the clock.
const CLOCK: Clock = Clock::Live {
    initial_s: 300,
    inc_s: 0,
};
/// How long the relay stays away: far longer than any turn of this test.
const OUTAGE: Duration = Duration::from_millis(2_500);
/// The most that the turn around the outage may cost: the players answer within milliseconds, and the last alive mark
/// may be a second old.
const MOST_MS: u64 = 1_200;

/// A legal move after which the game goes on.
fn any_move(game: &Game, random: &mut Random) -> String {
    let position = game.state().line.position();
    let mut moves = position.legal_moves();
    loop {
        let at = random.below(moves.len() as u64) as usize;
        let choice = moves.swap_remove(at);
        let mut next = position.clone();
        next.play_unchecked(choice);
        if !next.is_game_over() || moves.is_empty() {
            return choice.to_uci(CastlingMode::Standard).to_string();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_loses_no_receipt_and_charges_nobody_for_the_outage() {
    let mut random = Random::new();
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut relay = Relay::start(&data, &["--limit", "submits_per_second=10000"]);
    let address = relay.at("ws");
    for round in 0..ROUNDS {
        let mut pair = Pair::sit([&address, &address], CLOCK).await.unwrap();
        pair.play_all("e2e4 e7e5").await.unwrap();
        let moment = Duration::from_micros(1 + random.below(400_000));
        let mut acknowledged = BTreeSet::new();
        let playing = async {
            loop {
                let uci = any_move(pair.tables[0].game(), &mut random);
                match pair.play(&uci).await {
                    Ok(hash) => acknowledged.insert(hash),
                    Err(ClientError::Closed { .. }) => break,
                    Err(error) => panic!("{error}"),
                };
            }
        };
        let killing = async {
            tokio::time::sleep(moment).await;
            relay.kill();
        };
        tokio::join!(playing, killing);
        // All that had reached the clients when the relay died.
        for table in &mut pair.tables {
            while table.next().await.is_ok() {}
        }
        let seen: BTreeSet<_> = pair
            .tables
            .iter()
            .flat_map(|table| receipts_of(table.arrived()))
            .collect();
        tokio::time::sleep(OUTAGE).await;
        relay.restart(&data, &["--limit", "submits_per_second=10000"]);

        let found = relay.replay(pair.id());
        let there = receipts_of(&found.items());
        assert!(
            seen.is_subset(&there),
            "round {round}: a receipt that a client has seen is lost"
        );
        for hash in &acknowledged {
            assert!(
                found.is_receipted(*hash),
                "round {round}: an acknowledged move is lost"
            );
        }
        let mover = found.state().line.turn();
        let before = found
            .state()
            .clocks
            .as_ref()
            .unwrap()
            .remaining(mover)
            .get();
        let (first, second) = (random.below(2) as usize, pair.keys.clone());
        for who in [first, 1 - first] {
            let session = Session::connect(&address, Some(&second[who]))
                .await
                .unwrap();
            pair.tables[who].resume(session).await.unwrap();
        }
        let head = relay.replay(pair.id()).state().line.head();
        for table in &mut pair.tables {
            table
                .until("what was in flight", |game| {
                    game.state().line.head() == head
                })
                .await
                .unwrap();
        }
        for _ in 0..4 {
            let uci = any_move(pair.tables[0].game(), &mut random);
            pair.play(&uci).await.unwrap();
        }
        let after = relay.replay(pair.id());
        assert_one_order(&after);
        assert!(seen.is_subset(&receipts_of(&after.items())));
        let gaps: Vec<u64> = after
            .items()
            .iter()
            .filter_map(|item| match item {
                Item::Receipt { receipt, .. } => match receipt.body.what {
                    What::Gap { ms } => Some(ms.get()),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        let [gap] = gaps[..] else {
            panic!("round {round}: one outage, so one gap: {gaps:?}")
        };
        assert!(
            u128::from(gap) >= OUTAGE.as_millis(),
            "round {round}: {gap} ms of the outage are a gap"
        );
        // Four turns or five, all answered at once, hold the one around the outage.
        let left = after
            .state()
            .clocks
            .as_ref()
            .unwrap()
            .remaining(mover)
            .get();
        let cost = before - left;
        assert!(cost < MOST_MS, "round {round}: the outage cost {cost} ms");
        println!(
            "round {round}: killed after {moment:?} and {} moves, gap {gap} ms, cost {cost} ms",
            acknowledged.len()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_runs_out_ends_the_game_for_both_at_the_same_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("data"), &[]);
    let address = relay.at("ws");
    let mut pair = Pair::sit(
        [&address, &address],
        Clock::Live {
            initial_s: 1,
            inc_s: 0,
        },
    )
    .await
    .unwrap();
    pair.play_all("e2e4 e7e5").await.unwrap();
    let mut ends = Vec::new();
    for table in &mut pair.tables {
        table
            .until("the flag", |game| game.state().outcome().is_some())
            .await
            .unwrap();
        let state = table.game().state();
        let outcome = state.outcome().unwrap();
        assert_eq!(
            (outcome.reason.as_str(), outcome.winner),
            ("timeout", Some(rookery_ledger::Colour::Black))
        );
        ends.push(*state.last_receipt().unwrap());
    }
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0].receipt.what, What::Flag);
    let (mover, _) = pair.by_turn();
    assert_eq!(mover.play("g1f3").await.unwrap_err().code(), "game-over");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_in_order_right_after_a_restart_does_not_hide_the_outage_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut relay = Relay::start(&data, &[]);
    let address = relay.at("ws");
    let mut pair = Pair::sit([&address, &address], CLOCK).await.unwrap();
    pair.play_all("e2e4 e7e5 g1f3").await.unwrap();
    relay.kill();
    tokio::time::sleep(OUTAGE).await;
    relay.restart(&data, &[]);
    relay.terminate();
    assert!(relay.wait().success());
    relay.restart(&data, &[]);
    for who in [0, 1] {
        let session = Session::connect(&address, Some(&pair.keys[who]))
            .await
            .unwrap();
        pair.tables[who].resume(session).await.unwrap();
    }
    pair.play("b8c6").await.unwrap();
    let found = relay.replay(pair.id());
    let gaps = found
        .state()
        .counted
        .iter()
        .filter_map(|counted| match counted.receipt.what {
            What::Gap { ms } => Some(u128::from(ms.get())),
            _ => None,
        });
    let gaps: Vec<_> = gaps.collect();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0] >= OUTAGE.as_millis(), "{gaps:?}");
    assert_one_order(&found);
}

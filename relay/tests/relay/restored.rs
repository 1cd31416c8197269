//! A log that was replaced by an older copy: the relay goes on under a new order key, says so, and shows what the old one
//! signed as it was.

use std::collections::BTreeSet;

use rookery_ledger::codec;
use rookery_ledger::id::OrderKey;
use rookery_ledger::record::{Clock, Item};
use rookery_relay::client::Session;
use rookery_relay::sequencer::in_order;
use serde_json::Value;

use crate::support::{LIVE, Pair, Relay, assert_one_order, get, moves_of};

fn card(relay: &Relay) -> Value {
    serde_json::from_slice(&relay.get("/.well-known/rookery.json").body).unwrap()
}

fn receipts_by(items: &[Item], key: OrderKey) -> BTreeSet<Vec<u8>> {
    let signed = items.iter().filter(|item| match item {
        Item::Receipt { by, .. } => *by == key,
        _ => false,
    });
    signed.map(codec::encode).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_older_log_is_put_back_games_go_on_under_a_new_order_key_and_nothing_is_signed_anew()
 {
    let dir = tempfile::tempdir().unwrap();
    let (data, copy) = (dir.path().join("data"), dir.path().join("copy"));
    let file = data.join("order.redb");
    let mut relay = Relay::start(&data, &[]);
    let address = relay.at("ws");
    let mut pair = Pair::sit([&address, &address], LIVE).await.unwrap();
    let mut finished = Pair::sit([&address, &address], LIVE).await.unwrap();
    finished.play_all("f2f3 e7e5 g2g4 d8h4").await.unwrap();
    pair.play_all("e2e4 e7e5").await.unwrap();
    let mut untimed = Pair::sit([&address, &address], Clock::None).await.unwrap();
    untimed.play_all("e2e4 e7e5").await.unwrap();
    let old = pair.tables[0].session().welcome().order;
    assert_eq!(card(&relay)["given_up"], serde_json::json!([]));
    relay.terminate();
    assert!(relay.wait().success());
    std::fs::copy(&file, &copy).unwrap();
    relay.restart(&data, &[]);
    for table in 0..2 {
        let session = Session::connect(&address, Some(&pair.keys[table]))
            .await
            .unwrap();
        pair.tables[table].resume(session).await.unwrap();
    }
    // The copy knows nothing of these, and both players have their receipts.
    pair.play_all("g1f3 b8c6").await.unwrap();
    for table in 0..2 {
        let session = Session::connect(&address, Some(&untimed.keys[table]))
            .await
            .unwrap();
        untimed.tables[table].resume(session).await.unwrap();
    }
    untimed.play("g1f3").await.unwrap();
    relay.kill();
    let finished_before = finished.tables[0].game().items();
    let before = pair.tables[0].game().items();
    std::fs::copy(&copy, &file).unwrap();
    relay.restart(&data, &[]);

    let said = card(&relay);
    let new: OrderKey = said["order"].as_str().unwrap().parse().unwrap();
    assert_ne!(new, old);
    assert_eq!(said["given_up"][0]["order"], old.to_string());
    assert!(said["given_up"][0]["at_ms"].as_u64().unwrap() > 1_600_000_000_000);
    let metrics = get(relay.metrics, "/metrics").text();
    assert!(
        metrics.contains("\nrookery_order_keys_given_up 1\n"),
        "{metrics}"
    );
    let logged = relay.logged();
    let line = logged
        .lines()
        .find(|line| line.contains("restored from a backup"))
        .unwrap();
    assert!(
        line.contains("WARN") && line.contains(&new.to_string()),
        "{line}"
    );

    // A game from before is shown as it was signed, though the key is gone.
    let shown = relay.replay(finished.id());
    assert_eq!(moves_of(&shown), ["f2f3", "e7e5", "g2g4", "d8h4"]);
    assert_eq!(
        receipts_by(&shown.items(), old),
        receipts_by(&finished_before, old)
    );
    assert_eq!(receipts_by(&shown.items(), new), BTreeSet::new());
    let pgn = relay.get(&format!("/games/{}.pgn", finished.id())).text();
    assert!(pgn.contains("0-1"), "{pgn}");
    // Of a game that went on, what the copy had.
    let shown = relay.replay(pair.id());
    assert_eq!(moves_of(&shown), ["e2e4", "e7e5"]);
    let known = receipts_by(&shown.items(), old);
    assert!(known.is_subset(&receipts_by(&before, old)) && known.len() >= 4);

    // The players bring what it lacks and agree; then it goes on here, with all its moves.
    for who in [0, 1] {
        let session = Session::connect(&address, Some(&pair.keys[who]))
            .await
            .unwrap();
        let id = pair.id();
        for item in pair.tables[who].game().items() {
            if let Err(error) = session.requests().submit(id, item).await {
                assert_eq!(error.code(), "no-home", "{error}");
            }
        }
        pair.tables[who].resume(session).await.unwrap();
    }
    let home = pair.tables[0].player().move_home(new).unwrap();
    pair.tables[0].submit(home).await.unwrap();
    let asked = |game: &rookery_ledger::Game| game.home_signatures().count() == 1;
    pair.tables[1]
        .until("the bytes to sign", asked)
        .await
        .unwrap();
    let shown = pair.tables[1]
        .game()
        .home_signatures()
        .next()
        .unwrap()
        .1
        .body;
    let agreed = pair.tables[1].player().agree_home(shown).unwrap();
    pair.tables[1].submit(agreed).await.unwrap();
    for table in &mut pair.tables {
        let moved =
            |game: &rookery_ledger::Game| game.orderer().is_some_and(|(home, _)| home == new);
        table.until("the commit", moved).await.unwrap();
    }
    pair.play("f1b5").await.unwrap();
    let shown = relay.replay(pair.id());
    assert_eq!(moves_of(&shown), ["e2e4", "e7e5", "g1f3", "b8c6", "f1b5"]);
    assert_eq!(receipts_by(&shown.items(), old), receipts_by(&before, old));
    assert_eq!(shown.state().proofs, []);
    // An untimed game goes on by itself, once the players have sent what has no receipt of the new key.
    for who in [0, 1] {
        let session = Session::connect(&address, Some(&untimed.keys[who]))
            .await
            .unwrap();
        let id = untimed.id();
        for item in in_order(untimed.tables[who].game(), new, None) {
            if matches!(item, Item::Record(_)) {
                session.requests().submit(id, item).await.unwrap();
            }
        }
        untimed.tables[who].resume(session).await.unwrap();
    }
    let before = untimed.tables[0].game().items();
    untimed.play("b8c6").await.unwrap();
    let shown = relay.replay(untimed.id());
    assert_eq!(moves_of(&shown), ["e2e4", "e7e5", "g1f3", "b8c6"]);
    let known = receipts_by(&shown.items(), old);
    assert!(known.is_subset(&receipts_by(&before, old)) && known.len() >= 4);
    assert!(
        receipts_by(&shown.items(), new).len() >= 5,
        "the Seat and each move"
    );
    // New games begin under the new key.
    let mut fresh = Pair::sit([&address, &address], LIVE).await.unwrap();
    fresh.play("d2d4").await.unwrap();
    assert_eq!(receipts_by(&relay.replay(fresh.id()).items(), new).len(), 3);

    // A restart keeps the key; the same copy put back once more gives up that one too.
    relay.kill();
    relay.restart(&data, &[]);
    assert_eq!(card(&relay)["order"], new.to_string());
    assert_eq!(moves_of(&relay.replay(pair.id())).len(), 5);
    assert_one_order(&relay.replay(fresh.id()));
    relay.kill();
    std::fs::copy(&copy, &file).unwrap();
    relay.restart(&data, &[]);
    let given_up = card(&relay)["given_up"].as_array().unwrap().len();
    assert_eq!(given_up, 2);
    let shown = relay.replay(finished.id());
    assert_eq!(
        receipts_by(&shown.items(), old),
        receipts_by(&finished_before, old)
    );
}

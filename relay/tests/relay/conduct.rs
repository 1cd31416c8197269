//! Who misbehaves is warned, kept out for a while, listed to the host, and let in again; who shares the address plays on.

use std::time::Duration;

use rookery_ledger::record::{Item, Record};
use rookery_relay::client::{ClientError, Session, new_key};

use crate::support::{LIVE, Pair, Relay, run};

const LIMITS: [&str; 2] = ["--limit", "ban_ms=2000"];

#[tokio::test(flavor = "multi_thread")]
async fn wrong_signatures_lead_to_a_warning_then_a_ban_that_ends_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let relay = Relay::start(&data, &LIMITS);
    let address = relay.at("ws");
    let mut pair = Pair::sit([&address, &address], LIVE).await.unwrap();
    pair.play("e2e4").await.unwrap();
    let id = pair.id();
    let liar = new_key().unwrap();
    let session = Session::connect(&address, Some(&liar)).await.unwrap();
    let head = pair.tables[0].game().state().line.head();
    let moved = pair.tables[0]
        .game()
        .record(head)
        .unwrap()
        .signed
        .body
        .clone();
    let Record::Move(mut moved) = moved else {
        panic!()
    };
    moved.at.prev = head;
    moved.at.height = pair.tables[0].game().state().line.height().next();
    moved.at.on = pair.tables[0]
        .game()
        .state()
        .last_receipt()
        .map(|last| last.hash);
    moved.uci = "e7e5".into();
    let forged = Item::Record(liar.sign(id, Record::Move(moved)));
    let (mut refused, mut warned) = (0, 0);
    loop {
        match session.requests().submit(id, forged.clone()).await {
            Err(ClientError::Refused(refusal)) => {
                assert_eq!(refusal.code, "bad-signature");
                refused += 1;
                warned += u32::from(refusal.words.contains("slowed down"));
            }
            Err(_) => break,
            Ok(()) => panic!("a forged move was taken"),
        }
        assert!(refused < 30, "nobody stops it");
    }
    assert!(
        (10..=14).contains(&refused) && warned > 0,
        "{refused} refused, {warned} with a warning"
    );
    let again = Session::connect(&address, Some(&liar)).await;
    assert_eq!(again.err().unwrap().code(), "banned");
    let (code, words, err) = run(&["bans", "--data", data.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    assert!(words.contains(&format!("not {}", liar.player())), "{words}");
    let metrics = crate::support::get(relay.metrics, "/metrics").text();
    assert!(metrics.contains("rookery_bans_total 1\n"), "{metrics}");
    let (logged, key) = (relay.logged(), liar.player().to_string());
    assert!(
        logged.contains("somebody misbehaves") && !logged.contains(&key),
        "{logged}"
    );
    // The others have the same address.
    pair.play("e7e5").await.unwrap();
    Session::connect(&address, None).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    Session::connect(&address, Some(&liar)).await.unwrap();
    let (_, words, _) = run(&["bans", "--data", data.to_str().unwrap()]);
    assert_eq!(words.trim(), "everybody may come");
}

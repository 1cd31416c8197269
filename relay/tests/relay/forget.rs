//! `forget` removes a game for good, also from a relay that starts again and from its backups.

use rookery_ledger::record::Item;
use rookery_relay::client::{Session, new_key};

use crate::support::{LIVE, Pair, Relay, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_game_is_gone_and_stays_gone_and_others_are_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let name = data.to_str().unwrap();
    let mut relay = Relay::start(&data, &[]);
    let address = relay.at("ws");
    let mut pair = Pair::sit([&address, &address], LIVE).await.unwrap();
    pair.play_all("e2e4 e7e5").await.unwrap();
    let mut other = Pair::sit([&address, &address], LIVE).await.unwrap();
    other.play("d2d4").await.unwrap();
    let id = pair.id().to_string();
    let rook = format!("/games/{id}.rook");
    assert_eq!(relay.get(&rook).status, 200);
    let (code, words, err) = run(&["forget", &id, "--data", name]);
    assert_eq!(
        (code, words.trim()),
        (0, format!("{id}: forgotten").as_str()),
        "{err}"
    );
    let genesis = pair.tables[0].game().genesis().clone();
    let (code, _, err) = run(&["forget", "e2e4", "--data", name]);
    assert!(code != 0 && err.contains("64 hexadecimal digits"), "{err}");
    for round in 0..2 {
        assert_eq!(relay.get(&rook).status, 404);
        let key = new_key().unwrap();
        let session = Session::connect(&relay.at("ws"), Some(&key)).await.unwrap();
        let brought = session
            .requests()
            .submit(pair.id(), Item::Genesis(genesis.clone()))
            .await;
        assert_eq!(brought.unwrap_err().code(), "forgotten");
        let watched = session.requests().watch(pair.id(), None).await;
        assert_eq!(watched.unwrap_err().code(), "forgotten");
        assert_eq!(relay.replay(other.id()).state().line.height().get(), 2);
        if round == 0 {
            relay.kill();
            relay.restart(&data, &[]);
        }
    }
    let copy = dir.path().join("copy");
    let file = copy.join("order.redb");
    std::fs::create_dir(&copy).unwrap();
    let (code, _, err) = run(&["backup", file.to_str().unwrap(), "--data", name]);
    assert_eq!(code, 0, "{err}");
    let restored = Relay::start(&copy, &[]);
    let key = new_key().unwrap();
    let session = Session::connect(&restored.at("ws"), Some(&key))
        .await
        .unwrap();
    let brought = session
        .requests()
        .submit(pair.id(), Item::Genesis(genesis))
        .await;
    assert_eq!(brought.unwrap_err().code(), "forgotten");
    assert_eq!(restored.replay(other.id()).state().line.height().get(), 2);
}

//! Games that rest move into the archive; whoever asks for one, brings something for it or kills the relay cannot tell.

use std::path::Path;
use std::time::{Duration, Instant};

use rookery_ledger::record::{Clock, Item};
use rookery_relay::client::{Session, new_key};

use crate::support::{LIVE, OPERA, Pair, Relay, assert_one_order, run};

const AT_ONCE: [&str; 2] = ["--limit", "archive_after_ms=1"];

/// Waits until the log has so many games in its archive, and as many others.
fn until_archived(relay: &Relay, archived: u64, live: u64) {
    let late = Instant::now() + Duration::from_secs(30);
    let lines = [
        format!("rookery_log_games{{part=\"archived\"}} {archived}"),
        format!("rookery_log_games{{part=\"live\"}} {live}"),
    ];
    loop {
        let text = crate::support::get(relay.metrics, "/metrics").text();
        if lines
            .iter()
            .all(|line| text.lines().any(|have| have == line))
        {
            return;
        }
        assert!(Instant::now() < late, "{text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn size(data: &Path) -> u64 {
    std::fs::metadata(data.join("order.redb")).unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_game_is_served_refused_restored_and_forgotten_as_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let name = data.to_str().unwrap();
    let mut relay = Relay::start(&data, &[]);
    let address = relay.at("ws");
    let mut over = Pair::sit([&address, &address], LIVE).await.unwrap();
    over.play_all(OPERA).await.unwrap();
    let mut untimed = Pair::sit([&address, &address], Clock::None).await.unwrap();
    untimed.play_all("e2e4 e7e5").await.unwrap();
    let mut running = Pair::sit([&address, &address], LIVE).await.unwrap();
    running.play_all("d2d4 d7d5").await.unwrap();
    let served = |relay: &Relay| {
        [over.id(), untimed.id()].map(|id| {
            let pgn = relay.get(&format!("/games/{id}.pgn"));
            assert_eq!(pgn.status, 200);
            (relay.rook(id), pgn.body)
        })
    };
    let before = served(&relay);
    relay.kill();
    relay.restart(&data, &AT_ONCE);
    until_archived(&relay, 2, 1);
    assert_eq!(served(&relay), before);
    for moment in [1, 30] {
        tokio::time::sleep(Duration::from_millis(moment)).await;
        relay.kill();
        relay.restart(&data, &AT_ONCE);
        until_archived(&relay, 2, 1);
        assert_eq!(served(&relay), before);
    }

    // A record, a wish to sit down, the genesis again.
    for (pair, keys) in [
        (&mut over.tables, &over.keys),
        (&mut running.tables, &running.keys),
    ] {
        for who in [0, 1] {
            let session = Session::connect(&address, Some(&keys[who])).await.unwrap();
            pair[who].resume(session).await.unwrap();
        }
    }
    let game = over.tables[0].game();
    let (genesis, last) = (game.genesis().clone(), game.items());
    let session = Session::connect(&address, Some(&over.keys[0]))
        .await
        .unwrap();
    let submit = |item| session.requests().submit(over.id(), item);
    submit(Item::Genesis(genesis)).await.unwrap();
    for item in last
        .into_iter()
        .filter(|item| matches!(item, Item::Record(_)))
    {
        submit(item).await.unwrap();
    }
    let stranger = new_key().unwrap();
    let visitor = Session::connect(&address, Some(&stranger)).await.unwrap();
    let mut table = rookery_relay::client::Table::watch(visitor, stranger, over.id())
        .await
        .unwrap();
    assert_eq!(table.join().await.unwrap_err().code(), "seat-taken");
    let (mover, _) = over.by_turn();
    assert_eq!(mover.play("a2a3").await.unwrap_err().code(), "game-over");
    until_archived(&relay, 2, 1);
    assert_eq!(
        relay.rook(over.id()),
        before[0].0,
        "nothing was ordered twice"
    );

    // What still may come brings a game back, and it is archived again.
    for who in [0, 1] {
        let session = Session::connect(&address, Some(&untimed.keys[who]))
            .await
            .unwrap();
        untimed.tables[who].resume(session).await.unwrap();
    }
    untimed.play("g1f3").await.unwrap();
    until_archived(&relay, 2, 1);
    let found = relay.replay(untimed.id());
    assert_eq!(found.state().line.height().get(), 4);
    assert_one_order(&found);
    running.play("g1f3").await.unwrap();

    let copy = dir.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    let file = copy.join("order.redb");
    let (code, _, err) = run(&["backup", file.to_str().unwrap(), "--data", name]);
    assert_eq!(code, 0, "{err}");
    let restored = Relay::start(&copy, &[]);
    assert_eq!(
        restored.replay(over.id()).items(),
        relay.replay(over.id()).items()
    );
    assert_eq!(restored.replay(untimed.id()).items(), found.items());
    drop(restored);

    let id = over.id().to_string();
    let (code, words, err) = run(&["forget", &id, "--data", name]);
    assert_eq!((code, words.contains("forgotten")), (0, true), "{err}");
    assert_eq!(relay.get(&format!("/games/{id}.rook")).status, 404);
    until_archived(&relay, 1, 1);

    let (code, _, err) = run(&["compact", "--data", name]);
    assert!(
        code != 0 && err.contains("order.redb"),
        "the relay has it open: {err}"
    );
    relay.terminate();
    assert!(relay.wait().success());
    let large = size(&data);
    let (code, words, err) = run(&["compact", "--data", name]);
    assert_eq!(code, 0, "{err}");
    assert!(size(&data) < large, "{words}");
    relay.restart(&data, &AT_ONCE);
    assert_eq!(relay.replay(untimed.id()).items(), found.items());
    assert_eq!(relay.get(&format!("/games/{id}.rook")).status, 404);
    let (code, _, err) = run(&[
        "compact",
        "--data",
        dir.path().join("none").to_str().unwrap(),
    ]);
    assert!(code != 0, "{err}");
}

//! Status and backup over the socket in the data folder, while games are played.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rookery_ledger::id::OrderKey;
use rookery_ledger::record::Item;
use rookery_relay::client::{Session, new_key};
use serde_json::Value;

use crate::support::{LIVE, OPERA, PROGRAM, Pair, Relay, assert_one_order, moves_of, run};

fn status(data: &Path) -> Value {
    let (code, out, err) = run(&["status", "--json", "--data", data.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn status_tells_a_person_and_a_program_how_the_relay_is() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let name = data.to_str().unwrap();
    let mut relay = Relay::start(&data, &[]);
    let socket = data.join("control.sock");
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let address = relay.at("ws");
    let mut pair = Pair::sit([&address, &address], LIVE).await.unwrap();
    pair.play_all("e2e4 e7e5").await.unwrap();
    let _onlooker = Session::connect(&address, None).await.unwrap();
    let said = status(&data);
    let order = pair.tables[0].session().welcome().order.to_string();
    assert_eq!(said["order_key"], order);
    assert_eq!(said["peer_id"], relay.peer_id);
    assert_eq!(said["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(said["pid"], relay.pid());
    assert_eq!(
        (&said["ready"], &said["draining"]),
        (&true.into(), &false.into())
    );
    let numbers = ["sessions", "players", "games", "games_created", "receipts"];
    let told = numbers.map(|number| said[number].as_u64().unwrap());
    assert_eq!(told, [3, 2, 1, 1, 4], "{said}");
    let position = said["log"]["position"].as_u64().unwrap();
    assert!(position >= 4, "{said}");
    assert_eq!(said["log"]["state"], "ready");
    pair.play("g1f3").await.unwrap();
    assert!(status(&data)["log"]["position"].as_u64().unwrap() > position);
    let (code, words, _) = run(&["status", "--data", name]);
    assert_eq!(code, 0);
    for part in [": ready", &order, "1 in memory", "3 sessions, 2 of players"] {
        assert!(words.contains(part), "{part}: {words}");
    }

    relay.terminate();
    assert!(relay.wait().success());
    assert!(
        !socket.exists(),
        "a relay that ends in order takes its socket along"
    );
    let (code, _, err) = run(&["status", "--data", name]);
    assert_eq!(code, 1);
    assert!(
        err.contains("control.sock") && err.contains("does it run"),
        "{err}"
    );
    // What a killed relay leaves behind is in nobody's way.
    relay.restart(&data, &[]);
    relay.kill();
    assert!(socket.exists());
    relay.restart(&data, &[]);
    assert_eq!(status(&data)["ready"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_made_while_games_go_on_starts_as_a_relay_with_all_that_was_acknowledged()
{
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("backup.redb"));
    let mut relay = Relay::start(&data, &["--limit", "submits_per_second=10000"]);
    let address = relay.at("ws");
    let mut finished = Pair::sit([&address, &address], LIVE).await.unwrap();
    finished.play_all("f2f3 e7e5 g2g4 d8h4").await.unwrap();
    let mut pair = Pair::sit([&address, &address], LIVE).await.unwrap();
    let mut script = OPERA.split_whitespace();
    let mut acknowledged = 0;
    for uci in script.by_ref().take(4) {
        pair.play(uci).await.unwrap();
        acknowledged += 1;
    }
    let backup = |file: &Path| {
        let mut command = Command::new(PROGRAM);
        command.arg("backup").arg(file).arg("--data").arg(&data);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let mut child = backup(&file);
    let mut during = 0;
    while child.try_wait().unwrap().is_none() {
        match script.next() {
            Some(uci) => drop(pair.play(uci).await.unwrap()),
            None => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
        }
        during += 1;
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(during > 0);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = backup(&file).wait_with_output().unwrap();
    assert!(!again.status.success(), "nothing is written over");
    for uci in script {
        pair.play(uci).await.unwrap();
    }
    let whole = moves_of(&relay.replay(pair.id()));

    // On another machine, which has none of its keys.
    let elsewhere = dir.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::copy(&file, elsewhere.join("order.redb")).unwrap();
    let copy = Relay::start(&elsewhere, &[]);
    let old = pair.tables[0].session().welcome().order;
    let shown = copy.replay(finished.id());
    assert_eq!(
        shown.items(),
        finished.tables[0].game().items(),
        "as it was signed"
    );
    let shown = copy.replay(pair.id());
    let had = moves_of(&shown).len();
    assert!(had >= acknowledged && had <= whole.len(), "{had}");
    assert_eq!(moves_of(&shown), whole[..had], "of one moment");
    assert_one_order(&shown);
    let by = |item: &Item| match item {
        Item::Receipt { by, .. } => Some(*by),
        _ => None,
    };
    assert!(shown.items().iter().filter_map(by).all(|by| by == old));
    let said = status(&elsewhere);
    assert_ne!(said["order_key"], old.to_string());
    assert_eq!(said["given_up"], serde_json::json!([old.to_string()]));
    drop(copy);

    // In the place of the log that it was made of: the old key signs no more.
    relay.kill();
    std::fs::copy(&file, data.join("order.redb")).unwrap();
    relay.restart(&data, &[]);
    let new: OrderKey = status(&data)["order_key"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_ne!(new, old);
    assert_eq!(moves_of(&relay.replay(pair.id())), whole[..had]);
    let session = Session::connect(&relay.at("ws"), Some(&new_key().unwrap()))
        .await
        .unwrap();
    assert_eq!(session.welcome().order, new);
}

//! Limits and lists that change while the relay runs.

use std::path::Path;
use std::time::{Duration, Instant};

use rookery_ledger::wire::Push;
use rookery_relay::client::{ClientError, Session, new_key};
use serde_json::{Value, json};

use crate::support::{Relay, get, run};

/// How long the relay may take to obey a signal.
const SOON: Duration = Duration::from_secs(20);

fn bans(data: &Path) -> Value {
    let (code, out, err) = run(&["bans", "--json", "--data", data.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let late = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < late, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The last word of the relay in a session.
async fn goodbye(session: &mut Session) -> String {
    loop {
        match session.next().await {
            Ok(event) => {
                if let Push::Bye { code, .. } = event.push {
                    return code;
                }
            }
            Err(ClientError::Closed { code, .. }) => return code,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_makes_new_lists_and_limits_hold_and_mistakes_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("relay.toml"));
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    write("[limits]\nseeks = 7\n");
    let relay = Relay::start(&data, &["--config", file.to_str().unwrap()]);
    let address = relay.at("ws");
    let policy = || {
        let card = relay.get("/.well-known/rookery.json");
        let card: Value = serde_json::from_slice(&card.body).unwrap();
        card["policy"]["limits"]["seeks"].clone()
    };
    assert_eq!(policy(), 7);
    let nobody = json!({
        "allow_addresses": [], "deny_addresses": [], "allow_keys": [], "deny_keys": [],
        "for_a_while": []
    });
    assert_eq!(bans(&data), nobody);
    let (welcome, unwelcome) = (new_key().unwrap(), new_key().unwrap());
    let mut stays = Session::connect(&address, Some(&welcome)).await.unwrap();
    let mut goes = Session::connect(&address, Some(&unwelcome)).await.unwrap();

    let denied = format!("deny_keys = [\"{}\"]\n", unwelcome.player());
    write(&format!(
        "{denied}log_format = \"json\"\n[limits]\nseeks = 9\n"
    ));
    relay.hang_up();
    assert_eq!(goodbye(&mut goes).await, "denied");
    until("the new limit", || policy() == 9).await;
    assert_eq!(
        bans(&data)["deny_keys"],
        json!([unwelcome.player().to_string()])
    );
    let refused = Session::connect(&address, Some(&unwelcome))
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code(), "denied", "{refused}");
    stays.requests().lobby(true).await.unwrap();
    drop(Session::connect(&address, None).await.unwrap());
    let words = relay.logged();
    let later = words
        .lines()
        .find(|line| line.contains("at the next start"));
    assert!(later.unwrap().contains("log_format"), "{words}");

    // With mistakes in it everything stays as it is.
    write("deny_addresses = [\"127.0.0.0/8\", \"127.0.0.1/8\"]\n");
    relay.hang_up();
    let metric = |line: &str| get(relay.metrics, "/metrics").text().contains(line);
    let bad = "\nrookery_config_last_reload_successful 0\n";
    until("the metric", || metric(bad)).await;
    let words = relay.logged();
    assert!(
        words.contains("relay.toml:1") && words.contains("127.0.0.0/8?"),
        "{words}"
    );
    assert_eq!(bans(&data)["deny_addresses"], json!([]));
    stays.requests().lobby(false).await.unwrap();
    drop(Session::connect(&address, None).await.unwrap());

    // An address that is not admitted any more is cut off, and comes back when it is.
    write("allow_addresses = [\"10.0.0.0/8\"]\n");
    relay.hang_up();
    goodbye(&mut stays).await;
    assert!(Session::connect(&address, Some(&welcome)).await.is_err());
    assert!(metric("\nrookery_config_last_reload_successful 1\n"));
    assert_eq!(
        relay.get("/livez").status,
        200,
        "HTTP is for a proxy to limit"
    );
    let (_, said, _) = run(&["bans", "--data", data.to_str().unwrap()]);
    assert_eq!(said, "only addresses in 10.0.0.0/8\n");
    write("");
    relay.hang_up();
    until("everybody may come", || bans(&data) == nobody).await;
    let late = Instant::now() + SOON;
    while let Err(error) = Session::connect(&address, Some(&unwelcome)).await {
        assert!(Instant::now() < late, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_for_some_keys_admits_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let (member, stranger) = (new_key().unwrap(), new_key().unwrap());
    let member_key = member.player().to_string();
    let relay = Relay::start(&dir.path().join("data"), &["--allow-keys", &member_key]);
    let address = relay.at("ws");
    Session::connect(&address, Some(&member)).await.unwrap();
    for who in [Some(&stranger), None] {
        let refused = Session::connect(&address, who).await.err().unwrap();
        assert_eq!(refused.code(), "denied", "{refused}");
    }
}

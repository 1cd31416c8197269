//! Codes to type: asked for and tried by plain HTTP, as any page does.

use rookery_ledger::id::GameId;
use rookery_relay::client::{Session, Table, new_key, usual_game};
use serde_json::Value;

use crate::support::{Answer, LIVE, Relay, request};

/// The relay's limits for a test.
fn start(dir: &tempfile::TempDir, limits: &str) -> Relay {
    let config = dir.path().join("relay.toml");
    std::fs::write(&config, format!("[limits]\n{limits}\n")).unwrap();
    Relay::start(
        &dir.path().join("data"),
        &["--config", config.to_str().unwrap()],
    )
}

fn ask(relay: &Relay, game: GameId) -> Answer {
    request(relay.http, "POST", &format!("/codes/{game}"))
}

fn try_code(relay: &Relay, code: &str) -> Answer {
    relay.get(&format!("/codes/{code}"))
}

fn body(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["v"], 1);
    body
}

/// The status and the stable word of a refusal, which also has a sentence.
fn refusal(answer: &Answer) -> (u16, String) {
    let body = body(answer);
    assert!(body["words"].as_str().unwrap().ends_with('.'), "{body}");
    (answer.status, body["error"].as_str().unwrap().to_owned())
}

async fn open_game(relay: &Relay) -> Table {
    let key = new_key().unwrap();
    let session = Session::connect(&relay.at("ws"), Some(&key)).await.unwrap();
    let options = usual_game(LIVE, vec![session.welcome().order]);
    Table::create(session, key, options).await.unwrap()
}

async fn sit_down(relay: &Relay, creator: &mut Table) {
    let key = new_key().unwrap();
    let session = Session::connect(&relay.at("ws"), Some(&key)).await.unwrap();
    let mut joiner = Table::watch(session, key, creator.id()).await.unwrap();
    let seated = creator.until("the joiner to sit", |game| {
        game.state().line.players().is_some()
    });
    let (joined, seated) = tokio::join!(joiner.join(), seated);
    joined.unwrap();
    seated.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_leads_any_page_to_an_open_game_until_somebody_sits() {
    let dir = tempfile::tempdir().unwrap();
    let relay = start(&dir, "");
    let card: Value = serde_json::from_slice(&relay.get("/.well-known/rookery.json").body).unwrap();
    assert_eq!(card["codes"], "/codes");
    let mut creator = open_game(&relay).await;
    let issued = body(&ask(&relay, creator.id()));
    let code = issued["code"].as_str().unwrap();
    assert_eq!(code.len(), 8, "{issued}");
    assert_eq!(issued["holdsMs"], 1_800_000);
    assert_eq!(
        body(&ask(&relay, creator.id()))["code"],
        code,
        "it keeps its code"
    );
    let found = body(&try_code(&relay, code));
    assert_eq!(found["game"], creator.id().to_string());

    sit_down(&relay, &mut creator).await;
    assert_eq!(
        refusal(&try_code(&relay, code)),
        (404, "unknown-code".into())
    );
    assert_eq!(
        refusal(&ask(&relay, creator.id())),
        (404, "no-such-game".into())
    );
    let metrics = crate::support::get(relay.metrics, "/metrics").text();
    for line in [
        "rookery_codes 0",
        "rookery_codes_issued_total 1",
        "rookery_code_tries_total{result=\"found\"} 2",
        "rookery_code_tries_total{result=\"unknown\"} 0",
    ] {
        assert!(
            metrics.lines().any(|told| told == line),
            "{line}: {metrics}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_code_or_no_game_is_refused_in_words_and_at_last_not_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let relay = start(&dir, "code_tries_per_minute = 5\ncodes_per_minute = 2");
    assert_eq!(
        refusal(&ask(&relay, GameId([7; 32]))),
        (404, "no-such-game".into())
    );
    let none = request(relay.http, "POST", "/codes/0000-0000");
    assert_eq!(refusal(&none), (404, "no-such-game".into()));
    assert_eq!(
        refusal(&ask(&relay, GameId([7; 32]))),
        (429, "rate-limited".into())
    );
    for (code, expected) in [
        ("00000000", (404, "unknown-code")),
        ("0000000a", (400, "no-code")),
        ("%00%ff", (400, "")),
        (&"0".repeat(4000), (400, "no-code")),
        ("..%2Fgames%2Fx.rook", (400, "no-code")),
        ("%F0%9F%90%B4AAAA", (400, "no-code")),
    ] {
        let answer = try_code(&relay, code);
        if expected.1.is_empty() {
            // No UTF-8: not even looked at, and not counted.
            assert_eq!(answer.status, 400, "{code}");
        } else {
            assert_eq!(refusal(&answer), (expected.0, expected.1.into()), "{code}");
        }
    }
    assert_eq!(
        refusal(&try_code(&relay, "00000000")),
        (429, "rate-limited".into())
    );
    for path in ["/codes", "/codes/", "/codes/a/b"] {
        assert_eq!(relay.get(path).status, 404, "{path}");
    }
    assert_eq!(request(relay.http, "DELETE", "/codes/00000000").status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_holds_few_codes_and_after_a_restart_none() {
    let dir = tempfile::tempdir().unwrap();
    let mut relay = start(&dir, "codes = 1");
    let (first, second) = (open_game(&relay).await, open_game(&relay).await);
    let code = body(&ask(&relay, first.id()))["code"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        refusal(&ask(&relay, second.id())),
        (503, "too-many-codes".into())
    );
    assert_eq!(
        try_code(&relay, &code).status,
        200,
        "the first is not pushed out"
    );
    relay.kill();
    relay.restart(&dir.path().join("data"), &[]);
    assert_eq!(
        refusal(&try_code(&relay, &code)),
        (404, "unknown-code".into())
    );
}

#[test]
fn a_host_may_offer_no_codes() {
    let dir = tempfile::tempdir().unwrap();
    let relay = start(&dir, "codes = 0");
    let card: Value = serde_json::from_slice(&relay.get("/.well-known/rookery.json").body).unwrap();
    assert_eq!(card["codes"], Value::Null);
    assert_eq!(
        refusal(&try_code(&relay, "00000000")),
        (404, "no-codes".into())
    );
    assert_eq!(
        refusal(&ask(&relay, GameId([7; 32]))),
        (404, "no-codes".into())
    );
}

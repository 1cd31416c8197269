//! A private relay: nothing but the page and its card without one of its tokens, by session and by HTTP; guesses are few, tokens
//! come and go while it runs, and none is ever logged.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rookery_ledger::wire::{Push, Request, Token};
use rookery_relay::client::{ClientError, Connection, Session, Table, new_key, usual_game};
use serde_json::Value;

use crate::support::{Answer, LIVE, Relay, get, request, request_with, run};

const FIRST: &str = "q7m2x-kd93v-0hzrt-8wbnc";
const SECOND: &str = "zzzzz-bcdef-ghjkm-npqrs";
const WRONG: &str = "q7m2x-kd93v-0hzrt-8wbnd";
/// How long the relay may take to obey a signal.
const SOON: Duration = Duration::from_secs(20);

fn token(text: &str) -> Token {
    Token(text.into())
}

fn write_tokens(path: &Path, tokens: &[&str]) {
    std::fs::write(path, tokens.join("\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A private relay, its configuration and the file of its tokens.
fn start(dir: &Path, tokens: &[&str], more: &[&str]) -> (Relay, PathBuf, PathBuf) {
    let (config, file) = (dir.join("relay.toml"), dir.join("tokens"));
    write_tokens(&file, tokens);
    std::fs::write(&config, format!("token_file = {file:?}\n")).unwrap();
    let mut arguments = vec!["--config", config.to_str().unwrap()];
    arguments.extend(more);
    (Relay::start(&dir.join("data"), &arguments), config, file)
}

async fn refusal(relay: &Relay, given: Option<&str>) -> String {
    let address = relay.at("ws");
    let key = new_key().unwrap();
    let session = match given {
        Some(given) => Session::connect_with(&address, Some(&key), &token(given)).await,
        None => Session::connect(&address, Some(&key)).await,
    };
    match session {
        Ok(_) => "welcome".into(),
        Err(error) => error.code().to_owned(),
    }
}

fn bearer(relay: &Relay, path: &str, given: &str) -> Answer {
    let header = format!("Authorization: Bearer {given}\r\n");
    request_with(relay.http, "GET", path, &header)
}

fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

fn metric(relay: &Relay, line: &str) -> bool {
    let metrics = get(relay.metrics, "/metrics").text();
    metrics.lines().any(|told| told == line)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_there_is_no_session_and_each_of_several_opens() {
    let dir = tempfile::tempdir().unwrap();
    let (relay, ..) = start(dir.path(), &[FIRST, SECOND], &[]);
    assert_eq!(refusal(&relay, None).await, "token-needed");
    assert_eq!(refusal(&relay, Some(WRONG)).await, "wrong-token");
    for given in [FIRST, SECOND] {
        assert_eq!(refusal(&relay, Some(given)).await, "welcome");
    }
    // Who only watches needs one as well.
    let watcher = Session::connect(&relay.at("tcp"), None).await;
    assert_eq!(watcher.err().unwrap().code(), "token-needed");
    for line in [
        "rookery_tokens 2",
        "rookery_refusals_total{code=\"token-needed\"} 2",
        "rookery_refusals_total{code=\"wrong-token\"} 1",
        "rookery_misdeeds_total{kind=\"wrong-token\"} 1",
    ] {
        assert!(metric(&relay, line), "{line}");
    }
    let logged = relay.logged();
    for given in [FIRST, SECOND, WRONG] {
        assert!(!logged.contains(given), "{logged}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_version_1_is_told_in_words_and_an_open_relay_asks_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let (relay, ..) = start(dir.path(), &[FIRST], &[]);
    let old = Request::Hello {
        versions: vec![1],
        agent: "old".into(),
        hello: None,
        token: None,
    };
    let connection = Connection::dial(&relay.at("ws")).await.unwrap();
    let mut raw = connection.open().await.unwrap();
    assert_eq!(raw.welcome().await.unwrap().versions, [2, 1]);
    raw.send(&old).await.unwrap();
    let said = raw.until_closed(SOON).await.unwrap();
    let [Push::Bye { code, words }] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert!(
        code == "token-needed" && words.starts_with("This relay is private"),
        "{words}"
    );

    let open = Relay::start(&dir.path().join("open"), &[]);
    let connection = Connection::dial(&open.at("ws")).await.unwrap();
    let mut raw = connection.open().await.unwrap();
    raw.welcome().await.unwrap();
    raw.send(&old).await.unwrap();
    assert_eq!(raw.next().await.unwrap(), Some(Push::Ready { v: 1 }));
    for given in [None, Some(WRONG)] {
        assert_eq!(refusal(&open, given).await, "welcome");
    }
    assert!(metric(&open, "rookery_tokens 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn http_gives_its_card_to_all_and_games_codes_and_lists_to_who_has_the_token() {
    let dir = tempfile::tempdir().unwrap();
    let (relay, ..) = start(dir.path(), &[FIRST], &[]);
    let card = body(&relay.get("/.well-known/rookery.json"));
    assert_eq!(card["private"], true);
    assert_eq!(relay.get("/readyz").status, 200);
    let key = new_key().unwrap();
    let address = relay.at("ws");
    let session = Session::connect_with(&address, Some(&key), &token(FIRST)).await;
    let session = session.unwrap();
    let options = usual_game(LIVE, vec![session.welcome().order]);
    let game = Table::create(session, key, options).await.unwrap().id();
    for path in [
        format!("/games/{game}.rook"),
        format!("/games/{game}.pgn"),
        "/live.json".into(),
        "/codes/00000000".into(),
    ] {
        let refused = relay.get(&path);
        assert_eq!(refused.status, 401, "{path}");
        assert_eq!(body(&refused)["error"], "token-needed", "{path}");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
        assert_eq!(refused.header("access-control-allow-origin"), "*");
        assert_eq!(body(&bearer(&relay, &path, WRONG))["error"], "wrong-token");
        let status = bearer(&relay, &path, FIRST).status;
        assert_eq!(status, if path.starts_with("/codes") { 404 } else { 200 });
        // Never in an address, which is logged and passed on.
        let query = relay.get(&format!("{path}?token={FIRST}"));
        assert_eq!(query.status, 401, "{path}");
        // A page of another site asks first.
        let may = request(relay.http, "OPTIONS", &path);
        assert_eq!(may.status, 204, "{path}");
        assert_eq!(may.header("access-control-allow-headers"), "authorization");
        assert_eq!(may.header("access-control-allow-origin"), "*");
    }
    assert_eq!(
        request(relay.http, "POST", &format!("/codes/{game}")).status,
        401
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_few_a_minute_whichever_way_they_come_and_at_last_the_address_is_out() {
    let dir = tempfile::tempdir().unwrap();
    let limits = ["--limit", "token_tries_per_minute=4"];
    let (relay, ..) = start(dir.path(), &[FIRST], &limits);
    for _ in 0..2 {
        assert_eq!(refusal(&relay, Some(WRONG)).await, "wrong-token");
        assert_eq!(bearer(&relay, "/live.json", WRONG).status, 401);
    }
    for given in [WRONG, FIRST] {
        assert_eq!(refusal(&relay, Some(given)).await, "rate-limited");
        assert_eq!(bearer(&relay, "/live.json", given).status, 429);
    }
    assert_eq!(refusal(&relay, None).await, "token-needed");
    assert!(metric(
        &relay,
        "rookery_misdeeds_total{kind=\"wrong-token\"} 4"
    ));

    let other = tempfile::tempdir().unwrap();
    let limits = [
        "--limit",
        "conduct_address_factor=1",
        "--limit",
        "ban_ms=600000",
    ];
    let (relay, ..) = start(other.path(), &[FIRST], &limits);
    let mut tries = 0;
    while refusal(&relay, Some(WRONG)).await == "wrong-token" {
        tries += 1;
        assert!(tries < 15, "nobody stops it");
    }
    assert!(
        (9..=11).contains(&tries),
        "{tries} of 20 points each, out at 200"
    );
    assert!(
        Session::connect_with(&relay.at("ws"), None, &token(FIRST))
            .await
            .is_err()
    );
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
async fn a_token_is_retired_and_another_one_added_while_the_relay_runs() {
    let dir = tempfile::tempdir().unwrap();
    let (relay, config, file) = start(dir.path(), &[FIRST], &[]);
    let address = relay.at("ws");
    let connect = async |given| Session::connect_with(&address, None, &token(given)).await;
    let mut old = connect(FIRST).await.unwrap();
    assert_eq!(connect(SECOND).await.err().unwrap().code(), "wrong-token");
    let until = async |line: &str| {
        let late = Instant::now() + SOON;
        while !metric(&relay, line) {
            assert!(Instant::now() < late, "{line}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    write_tokens(&file, &[FIRST, SECOND]);
    relay.hang_up();
    until("rookery_tokens 2").await;
    old.requests().lobby(true).await.unwrap();
    let new = connect(SECOND).await.unwrap();

    write_tokens(&file, &[SECOND]);
    relay.hang_up();
    assert_eq!(goodbye(&mut old).await, "wrong-token");
    assert_eq!(connect(FIRST).await.err().unwrap().code(), "wrong-token");
    assert_eq!(bearer(&relay, "/live.json", FIRST).status, 401);
    assert_eq!(bearer(&relay, "/live.json", SECOND).status, 200);
    new.requests().lobby(true).await.unwrap();

    // A weak one changes nothing.
    write_tokens(&file, &[SECOND, "letmein"]);
    relay.hang_up();
    until("rookery_config_last_reload_successful 0").await;
    assert!(metric(&relay, "rookery_tokens 1"));
    assert!(!relay.logged().contains("letmein"));

    // An open relay that becomes private shows out who has none.
    std::fs::write(&config, "").unwrap();
    relay.hang_up();
    until("rookery_tokens 0").await;
    let mut guest = Session::connect(&address, None).await.unwrap();
    write_tokens(&file, &[SECOND]);
    std::fs::write(&config, format!("token_file = {file:?}\n")).unwrap();
    relay.hang_up();
    assert_eq!(goodbye(&mut guest).await, "token-needed");
    new.requests().lobby(false).await.unwrap();
    assert!(!relay.logged().contains(SECOND));
}

#[test]
fn check_refuses_weak_tokens_and_public_files_and_the_relay_makes_good_ones() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tokens");
    let check = || run(&["check", "--token-file", file.to_str().unwrap()]);
    let (code, made, err) = run(&["token"]);
    assert_eq!(code, 0, "{err}");
    write_tokens(&file, &["# the club", made.trim(), FIRST]);
    let (code, out, err) = check();
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("tokens   2: the relay is private"), "{out}");
    assert!(!out.contains(made.trim()), "{out}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, err) = check();
    assert!(code == 1 && err.contains("chmod 640"), "{err}");
    write_tokens(&file, &[FIRST, "hunter2"]);
    let (code, _, err) = check();
    assert!(
        code == 1 && err.contains("line 2") && err.contains("64 are needed"),
        "{err}"
    );
    assert!(!err.contains("hunter2"), "{err}");
}

#[test]
fn the_load_tool_plays_at_a_private_relay() {
    let dir = tempfile::tempdir().unwrap();
    let (relay, ..) = start(dir.path(), &[FIRST], &["--limit", "games_per_minute=1000"]);
    let address = relay.at("ws").to_string();
    let arguments = [
        "load",
        "--games",
        "2",
        "--seconds",
        "1",
        "--relay",
        &address,
    ];
    let (code, _, err) = run(&arguments);
    assert!(code != 0 && err.contains("token-needed"), "{err}");
    let mut arguments = arguments.to_vec();
    arguments.extend(["--token", FIRST]);
    let (code, out, err) = run(&arguments);
    assert_eq!(code, 0, "{out}{err}");
}

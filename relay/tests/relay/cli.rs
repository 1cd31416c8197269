//! The commands as a host meets them.

use std::time::{Duration, Instant};

use rookery_ledger::wire::{Push, Request};
use rookery_relay::client::{Connection, Session, new_key};

use crate::support::{LIVE, OPERA, Pair, Relay, get, run, serve, wait};

#[test]
fn help_names_every_command_and_a_wrong_flag_is_explained() {
    let (code, out, _) = run(&["--help"]);
    assert_eq!(code, 0);
    for command in ["serve", "check", "verify", "load"] {
        assert!(out.contains(command), "{out}");
        let (code, help, _) = run(&[command, "--help"]);
        assert!(code == 0 && help.contains("Usage:"), "{help}");
    }
    let (code, _, err) = run(&["serve", "--lisen", "x"]);
    assert_eq!(code, 2);
    assert!(err.contains("--lisen") && err.contains("--listen"), "{err}");
    assert_eq!(run(&["--version"]).0, 0);
}

#[test]
fn check_names_every_mistake_with_its_line_and_accepts_the_example() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("relay.toml");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "htpp = \"127.0.0.1:1\"\n").unwrap();
    let (code, out, err) = run(&["check", "--config", path]);
    assert_eq!(code, 1);
    let said = out + &err;
    assert!(
        said.contains("relay.toml:1") && said.contains("htpp"),
        "{said}"
    );
    std::fs::write(&file, "http = \"127.0.0.1\"\n\n[limits]\nconections = 5\n").unwrap();
    let (code, out, err) = run(&["check", "--config", path]);
    let said = out + &err;
    assert_eq!(code, 1);
    assert!(
        said.contains("relay.toml:1") && said.contains("relay.toml:4"),
        "{said}"
    );
    assert!(
        said.contains("connections"),
        "the key that was meant: {said}"
    );
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/rookery-relay.example.toml");
    let (code, out, err) = run(&["check", "--config", example]);
    assert_eq!(code, 0, "{out}{err}");
    let (code, _, err) = run(&[
        "serve",
        "--config",
        dir.path().join("nowhere.toml").to_str().unwrap(),
    ]);
    assert_ne!(code, 0);
    assert!(err.contains("nowhere.toml"), "{err}");
}

#[test]
fn a_port_that_is_taken_is_named_and_the_process_ends() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let tcp = format!("/ip4/127.0.0.1/tcp/{}", at.port());
    for flags in [
        vec!["--listen", tcp.as_str()],
        vec![
            "--listen",
            "/ip4/127.0.0.1/tcp/0",
            "--http",
            &at.to_string(),
        ],
    ] {
        let data = dir.path().join("data");
        let mut arguments = vec![
            "serve",
            "--data",
            data.to_str().unwrap(),
            "--metrics",
            "127.0.0.1:0",
        ];
        if !flags.contains(&"--http") {
            arguments.extend(["--http", "127.0.0.1:0"]);
        }
        arguments.extend(flags);
        let (code, out, err) = run(&arguments);
        assert_ne!(code, 0);
        assert!(out.is_empty(), "not ready: {out}");
        assert!(err.contains(&at.port().to_string()), "{err}");
    }
}

#[test]
fn a_second_relay_on_the_same_data_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let _relay = Relay::start(&data, &[]);
    let mut second = serve(&data);
    second
        .args(["--listen", "/ip4/127.0.0.1/tcp/0"])
        .stdout(std::process::Stdio::null());
    let log = std::fs::File::create(dir.path().join("second.log")).unwrap();
    let mut second = second.stderr(log).spawn().unwrap();
    assert!(!wait(&mut second).success());
    let said = std::fs::read_to_string(dir.path().join("second.log")).unwrap();
    assert!(said.contains("open") || said.contains("lock"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_says_goodbye_to_every_session_and_ends_well() {
    let dir = tempfile::tempdir().unwrap();
    let mut relay = Relay::start(&dir.path().join("data"), &[]);
    let mut sessions = Vec::new();
    for part in ["ws", "tcp", "quic-v1"] {
        let key = new_key().unwrap();
        sessions.push(Session::connect(&relay.at(part), Some(&key)).await.unwrap());
    }
    relay.terminate();
    for session in &mut sessions {
        let goodbye = loop {
            match session.next().await {
                Ok(event) => {
                    if let Push::Bye { code, words } = event.push {
                        break (code, words);
                    }
                }
                Err(error) => panic!("no goodbye: {error}"),
            }
        };
        assert_eq!(goodbye.0, "draining");
        assert!(!goodbye.1.is_empty());
    }
    assert_eq!(relay.wait().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_holds_up_neither_the_end_nor_the_log() {
    const DRAIN_MS: u64 = 2_000;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let drain = format!("drain_ms={DRAIN_MS}");
    let mut relay = Relay::start(
        &data,
        &[
            "--limit",
            &drain,
            "slow_reader_ms=600000",
            "outbox_frames=65536",
            "replays_per_minute=100000",
        ],
    );
    let address = relay.at("ws");
    let mut pair = Pair::sit([&address, &address], LIVE).await.unwrap();
    pair.play_all(OPERA).await.unwrap();
    let id = pair.id();
    let connection = Connection::dial(&address).await.unwrap();
    let mut stream = connection.open().await.unwrap();
    stream.welcome().await.unwrap();
    stream.hello(None).await.unwrap();
    // Each answer is the whole game; together they are more than any stream holds that nobody reads.
    for n in 0..100 {
        let watch = Request::Watch {
            id: n,
            game: id,
            after: None,
        };
        stream.send(&watch).await.unwrap();
    }
    let frames = || {
        let text = get(relay.metrics, "/metrics").text();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("rookery_frames_received_total "));
        line.unwrap().parse::<u64>().unwrap()
    };
    let asked = Instant::now();
    while frames() < 100 {
        assert!(asked.elapsed() < Duration::from_secs(20), "not asked");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let told = Instant::now();
    relay.terminate();
    let ready = loop {
        let ready = get(relay.metrics, "/readyz");
        if ready.status != 200 {
            break ready;
        }
    };
    assert_eq!(
        (ready.status, ready.text().as_str()),
        (503, "the relay is ending\n")
    );
    assert_eq!(get(relay.metrics, "/livez").status, 200);
    let metrics = get(relay.metrics, "/metrics").text();
    assert!(metrics.contains("\nrookery_draining 1\n"), "{metrics}");
    assert!(metrics.contains("\nrookery_ready 0\n"), "{metrics}");
    assert_eq!(relay.wait().code(), Some(0));
    let took = told.elapsed();
    let most = Duration::from_millis(DRAIN_MS) + Duration::from_secs(3);
    assert!(took < most, "{took:?}");
    assert!(
        took > Duration::from_millis(DRAIN_MS / 2),
        "nothing hung: {took:?}"
    );
    let logged = relay.logged();
    assert!(
        logged.contains("not every session ended in time"),
        "{logged}"
    );
    assert!(
        !logged.contains("not everything ended in time"),
        "the log was closed: {logged}"
    );

    relay.restart(&data, &[]);
    assert_eq!(relay.replay(id).items(), pair.tables[0].game().items());
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_lines_of_json_where_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let flags = ["--log-format", "json", "--log", "debug"];
    let mut relay = Relay::start(&data, &flags);
    let address = relay.at("ws");
    let mut pair = Pair::sit([&address, &address], LIVE).await.unwrap();
    pair.play("e2e4").await.unwrap();
    relay.terminate();
    assert!(relay.wait().success());
    // One that cannot start says so in the same way.
    let mut second = serve(&data);
    let taken = format!("/ip4/127.0.0.1/tcp/{}", relay.http.port());
    let _held = std::net::TcpListener::bind(relay.http).unwrap();
    second.args(flags).args(["--listen", &taken]);
    let second = second.output().unwrap();
    assert!(!second.status.success());
    let failed = String::from_utf8(second.stderr).unwrap();

    let mut messages = Vec::new();
    for line in relay.logged().lines().chain(failed.lines()) {
        let event: serde_json::Value = serde_json::from_str(line).expect(line);
        let text = |key: &str| event[key].as_str().expect(line).to_owned();
        assert!(
            text("timestamp").starts_with("20") && text("timestamp").ends_with('Z'),
            "{line}"
        );
        let level = text("level");
        assert!(
            ["ERROR", "WARN", "INFO", "DEBUG"].contains(&level.as_str()),
            "{line}"
        );
        assert!(!text("target").is_empty());
        if text("target").starts_with("rookery_relay") {
            messages.push((level, text("message")));
        }
    }
    let has = |level: &str, words: &str| {
        let mut same = messages.iter().filter(|(of, _)| of == level);
        same.any(|(_, message)| message.contains(words))
    };
    assert!(has("INFO", "the relay serves"), "{messages:?}");
    assert!(has("ERROR", &relay.http.port().to_string()), "{messages:?}");
    let (code, _, refused) = run(&["check", "--log-format", "yaml"]);
    assert_eq!(code, 1);
    assert!(
        refused.contains("yaml") && refused.contains("json"),
        "{refused}"
    );
}

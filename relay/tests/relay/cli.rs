//! The commands as a host meets them.

use rookery_ledger::wire::Push;
use rookery_relay::client::{Session, new_key};

use crate::support::{Relay, run, serve, wait};

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

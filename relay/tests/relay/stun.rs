//! STUN from outside: where the port is named, what it answers, how often, and what it costs when it is off.

use std::net::UdpSocket;
use std::time::Duration;

use crate::support::{Relay, get};

const TRANSACTION: [u8; 12] = *b"a devices id";

fn request() -> Vec<u8> {
    [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42], &TRANSACTION[..]].concat()
}

fn card(relay: &Relay) -> serde_json::Value {
    serde_json::from_str(&relay.get("/.well-known/rookery.json").text()).unwrap()
}

/// A socket that asks at the port that the relay names.
fn asking(relay: &Relay) -> UdpSocket {
    let port = card(relay)["stun"]["port"].as_u64().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .connect(("127.0.0.1", u16::try_from(port).unwrap()))
        .unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    socket
}

fn counted(relay: &Relay, name: &str) -> u64 {
    let text = get(relay.metrics, "/metrics").text();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("rookery_{name} ")));
    line.unwrap().parse().unwrap()
}

#[test]
fn a_device_is_told_where_it_is_seen_at_the_port_that_is_named_and_not_without_end() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("relay.toml");
    let turn =
        "[[turn]]\nurls = [\"turn:turn.example.org:3478\"]\nusername = \"u\"\ncredential = \"c\"\n";
    std::fs::write(&file, turn).unwrap();
    let file = file.display().to_string();
    let more = [
        "--stun",
        "127.0.0.1:0",
        "--limit",
        "stun_per_minute=3",
        "--config",
        &file,
    ];
    let relay = Relay::start(&dir.path().join("data"), &more);
    let socket = asking(&relay);
    let mut answer = [0; 600];
    for _ in 0..3 {
        socket.send(&request()).unwrap();
        let len = socket.recv(&mut answer).unwrap();
        let own = socket.local_addr().unwrap();
        assert_eq!(len, 32);
        assert_eq!(answer[..4], [1, 1, 0, 12]);
        assert_eq!(answer[8..20], TRANSACTION);
        assert_eq!(answer[20..26], [0, 0x20, 0, 8, 0, 1]);
        let port = u16::from_be_bytes([answer[26], answer[27]]) ^ 0x2112;
        assert_eq!(port, own.port());
        let ip = [28, 29, 30, 31].map(|at| answer[at] ^ answer[at - 24]);
        assert_eq!(ip, [127, 0, 0, 1]);
    }
    socket.send(&request()).unwrap();
    socket.send(b"no such thing").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    assert!(
        socket.recv(&mut answer).is_err(),
        "more than a minute's answers"
    );
    assert_eq!(counted(&relay, "stun_answers_total"), 3);
    assert_eq!(counted(&relay, "stun_limited_total"), 1);
    assert_eq!(counted(&relay, "stun_ignored_total"), 1);
    let turn = &card(&relay)["turn"];
    let wanted = serde_json::json!([{
        "urls": ["turn:turn.example.org:3478"], "username": "u", "credential": "c",
    }]);
    assert_eq!(*turn, wanted);
}

#[test]
fn where_stun_is_off_or_its_port_is_taken_none_is_named_and_the_relay_serves() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("off"), &[]);
    assert!(card(&relay)["stun"].is_null());
    assert_eq!(card(&relay)["turn"], serde_json::json!([]));
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let relay = Relay::start(&dir.path().join("taken"), &["--stun", &address]);
    assert!(card(&relay)["stun"].is_null());
    assert!(relay.logged().contains("no STUN"), "{}", relay.logged());
}

//! Two nodes over real sockets: every transport carries a stream, relays find each other again, gossip is for relays.

use futures::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::config::Peer;
use crate::limits::Limits;

fn config(listen: &[&str], peers: Vec<Peer>) -> Config {
    let listen = listen
        .iter()
        .map(|address| address.parse().unwrap())
        .collect();
    Config {
        listen,
        peers,
        ..Config::default()
    }
}

fn keys() -> (tempfile::TempDir, Keys) {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::load_or_make(dir.path()).unwrap();
    (dir, keys)
}

fn id(keys: &Keys) -> PeerId {
    keys.identity.public().to_peer_id()
}

const LOOPBACK: [&str; 4] = [
    "/ip4/127.0.0.1/tcp/0",
    "/ip4/127.0.0.1/udp/0/quic-v1",
    "/ip4/127.0.0.1/tcp/0/ws",
    "/ip4/127.0.0.1/udp/0/webrtc-direct",
];

async fn next(events: &mut mpsc::Receiver<Event>) -> Event {
    tokio::time::timeout(Duration::from_secs(20), events.recv())
        .await
        .expect("within 20 s")
        .expect("running")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transport_carries_a_stream_of_the_game_protocol() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (_one, server_keys) = keys();
    let (server, mut inbound, _events) = start(&config(&LOOPBACK, vec![]), &server_keys)
        .await
        .unwrap();
    let addresses = server.addresses().borrow().clone();
    assert_eq!(addresses.len(), 4);
    assert!(
        addresses[3]
            .iter()
            .any(|part| matches!(part, Protocol::Certhash(_))),
        "{}",
        addresses[3]
    );
    for address in addresses {
        let (_two, client_keys) = keys();
        let mut address = address;
        address.pop();
        let peers = vec![Peer {
            id: server.local(),
            address: Some(address.clone()),
        }];
        // The native WebRTC transport dials from the socket of a listener.
        let (client, _inbound, mut events) = start(&config(&LOOPBACK[3..], peers), &client_keys)
            .await
            .unwrap();
        assert!(
            matches!(next(&mut events).await, Event::RelayUp(peer) if peer == server.local()),
            "{address}"
        );
        let mut out = client.open_stream(server.local()).await.unwrap();
        out.write_all(b"hello").await.unwrap();
        out.flush().await.unwrap();
        let mut got = inbound.recv().await.unwrap();
        assert_eq!(
            (got.peer, got.address.is_loopback()),
            (id(&client_keys), true)
        );
        let mut word = [0; 5];
        got.stream.read_exact(&mut word).await.unwrap();
        assert_eq!(&word, b"hello", "{address}");
        client.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_that_know_each_other_gossip_and_find_each_other_again() {
    let ((_one, a_keys), (_two, b_keys)) = (keys(), keys());
    let b_peer = Peer {
        id: id(&b_keys),
        address: None,
    };
    let (a, _inbound, mut a_events) = start(&config(&LOOPBACK[..1], vec![b_peer]), &a_keys)
        .await
        .unwrap();
    let a_address = a.addresses().borrow()[0].clone();
    for round in 0..2 {
        let a_peer = Peer {
            id: a.local(),
            address: Some(a_address.clone()),
        };
        let (b, _inbound, mut b_events) = start(&config(&[], vec![a_peer]), &b_keys).await.unwrap();
        assert!(matches!(next(&mut b_events).await, Event::RelayUp(_)));
        assert!(matches!(next(&mut a_events).await, Event::RelayUp(_)));
        // A message sent before the other side's subscription is known is lost, as gossip may be; so it is repeated.
        let mut repeat = tokio::time::interval(Duration::from_millis(50));
        let gossip = loop {
            tokio::select! {
                _ = repeat.tick() => a.publish(Topic::Moves(3), vec![round, repeat.period().as_millis() as u8]),
                event = next(&mut b_events) => match event {
                    Event::Gossip(gossip) => break gossip,
                    other => panic!("{other:?}"),
                }
            }
        };
        assert_eq!(
            (gossip.source, gossip.topic, gossip.data[0]),
            (a.local(), Topic::Moves(3), round)
        );
        b.stop().await;
        assert!(matches!(next(&mut a_events).await, Event::RelayDown(peer) if peer == id(&b_keys)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_beyond_the_limit_of_a_connection_are_cut_off_and_room_comes_back() {
    let ((_one, server_keys), (_two, client_keys)) = (keys(), keys());
    let limits = Limits {
        streams_per_connection: 2,
        ..Limits::default()
    };
    let server_config = Config {
        limits,
        ..config(&LOOPBACK[..1], vec![])
    };
    let (server, mut inbound, _events) = start(&server_config, &server_keys).await.unwrap();
    let address = server.addresses().borrow()[0].clone();
    let peers = vec![Peer {
        id: server.local(),
        address: Some(address),
    }];
    let (client, _inbound, mut events) = start(&config(&[], peers), &client_keys).await.unwrap();
    next(&mut events).await;
    let mut kept = Vec::new();
    for _ in 0..2 {
        let stream = client.open_stream(server.local()).await.unwrap();
        kept.push((stream, inbound.recv().await.unwrap()));
    }
    let mut third = client.open_stream(server.local()).await.unwrap();
    assert!(
        matches!(third.read(&mut [0]).await, Ok(0) | Err(_)),
        "cut off"
    );
    kept.pop();
    let stream = client.open_stream(server.local()).await.unwrap();
    kept.push((stream, inbound.recv().await.unwrap()));
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("/ip4/127.0.0.1/tcp/{}", taken.local_addr().unwrap().port());
    let (_dir, keys) = keys();
    let error = start(&config(&[&address], vec![]), &keys)
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains(&address), "{error}");
}

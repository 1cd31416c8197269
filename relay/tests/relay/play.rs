//! Whole games between two clients, and what an outsider makes of the relay's files.

use rookery_ledger::record::{Clock, Item, Move, Record};
use rookery_ledger::{Colour, Reason, pgn, rook};
use serde_json::Value;

use crate::support::{LIVE, NO_STUN, OPERA, Pair, Relay, assert_one_order, moves_of, run, serve};

async fn a_whole_game(relay: &Relay, transport: &str, clock: Clock) -> Pair {
    let address = relay.at(transport);
    let mut pair = Pair::sit([&address, &address], clock).await.unwrap();
    let played = pair.play_all(OPERA).await.unwrap();
    let outsider = relay.replay(pair.id());
    for hash in played {
        assert!(
            outsider.is_receipted(hash),
            "{transport} {clock:?}: a move without a receipt"
        );
    }
    for table in &pair.tables {
        let (seen, replayed) = (table.game().state(), outsider.state());
        let outcome = seen.outcome().unwrap();
        assert_eq!(
            (outcome.reason, outcome.winner),
            (Reason::Checkmate, Some(Colour::White))
        );
        assert_eq!(replayed.outcome(), Some(outcome));
        assert_eq!(replayed.line.fen(), seen.line.fen());
        assert_eq!(replayed.line.head(), seen.line.head());
        assert_eq!(replayed.clocks, seen.clocks);
        assert_eq!(
            moves_of(&outsider).join(" "),
            OPERA.split_whitespace().collect::<Vec<_>>().join(" ")
        );
    }
    assert_one_order(&outsider);
    let served = relay.get(&format!("/games/{}.pgn", pair.id()));
    assert_eq!(served.status, 200);
    assert_eq!(served.text(), pgn::write(&outsider));
    assert!(served.text().contains("17. Rd8# 1-0"), "{}", served.text());
    pair
}

#[tokio::test(flavor = "multi_thread")]
async fn untimed_and_live_games_are_played_over_every_transport_and_an_outsider_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("data"), &[]);
    for transport in ["ws", "tcp", "quic-v1"] {
        for clock in [Clock::None, LIVE] {
            a_whole_game(&relay, transport, clock).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_game_is_played_over_webrtc_direct() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut command = serve(&data);
    command.args(["--listen", "/ip4/127.0.0.1/udp/0/webrtc-direct"]);
    command.args(NO_STUN);
    let relay = Relay::spawn(command, &data);
    a_whole_game(&relay, "webrtc-direct", LIVE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn players_on_different_transports_meet() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("data"), &[]);
    let mut pair = Pair::sit([&relay.at("ws"), &relay.at("quic-v1")], LIVE)
        .await
        .unwrap();
    pair.play_all("e2e4 e7e5").await.unwrap();
    // Resigning off the chain: it is White's turn, and Black gives up.
    let (_, black) = pair.by_turn();
    let resignation = black.player().resign().unwrap();
    black.submit(resignation).await.unwrap();
    for table in &mut pair.tables {
        table
            .until("the end", |game| game.state().outcome().is_some())
            .await
            .unwrap();
        let outcome = table.game().state().outcome().unwrap();
        assert_eq!(
            (outcome.reason, outcome.winner),
            (Reason::Resignation, Some(Colour::White))
        );
    }
}

fn verify(dir: &std::path::Path, name: &str, bytes: &[u8]) -> (i32, Value) {
    let file = dir.join(name);
    std::fs::write(&file, bytes).unwrap();
    let (code, out, err) = run(&["verify", file.to_str().unwrap(), "--json"]);
    let verdict = serde_json::from_str(&out)
        .unwrap_or_else(|error| panic!("{name}: {error}: {out:?} {err:?}"));
    (code, verdict)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_a_game_verifies_and_a_doctored_one_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("data"), &[]);
    for clock in [Clock::None, LIVE] {
        let pair = a_whole_game(&relay, "ws", clock).await;
        let good = relay.rook(pair.id());
        let (code, verdict) = verify(dir.path(), "good.rook", &good);
        assert_eq!(
            (code, &verdict["status"]),
            (0, &Value::from("verified")),
            "{verdict}"
        );
        assert_eq!(verdict["game"], pair.id().to_string());
        assert_eq!(
            (&verdict["plies"], &verdict["result"]),
            (&33.into(), &"1-0".into())
        );

        // Another move under the old signature.
        let mut items = rook::read(&good).unwrap();
        let place = items
            .iter()
            .position(|item| matches!(item, Item::Record(r) if matches!(&r.body, Record::Move(_))));
        let place = place.unwrap();
        if let Item::Record(record) = &mut items[place]
            && let Record::Move(first) = &mut record.body
        {
            first.uci = if first.uci == "e2e4" { "d2d4" } else { "e2e4" }.into();
        }
        let (code, verdict) = verify(dir.path(), "forged.rook", &rook::write(&items));
        assert_eq!(
            (code, &verdict["status"]),
            (1, &Value::from("broken")),
            "{verdict}"
        );

        // A move taken out of the middle.
        let mut items = rook::read(&good).unwrap();
        items.remove(place + 3);
        let (code, verdict) = verify(dir.path(), "gap.rook", &rook::write(&items));
        assert_eq!(
            (code, &verdict["status"]),
            (1, &Value::from("broken")),
            "{verdict}"
        );

        // A second move that its author signed for a place that is taken.
        let mut items = rook::read(&good).unwrap();
        let Some(Item::Record(record)) = items.get(place) else {
            panic!()
        };
        let Record::Move(Move { at, .. }) = record.body else {
            panic!()
        };
        let other = Move {
            at,
            uci: "a2a3".into(),
            think_ms: Default::default(),
            offer: false,
        };
        let game = pair.tables[0].game();
        let white = game.state().line.players().unwrap().white;
        let key = pair.keys.iter().find(|key| key.player() == white).unwrap();
        items.push(Item::Record(key.sign(game.id(), Record::Move(other))));
        let (code, verdict) = verify(dir.path(), "twice.rook", &rook::write(&items));
        assert_eq!(
            (code, &verdict["status"]),
            (1, &Value::from("proof")),
            "{verdict}"
        );

        // Half a file, noise, nothing.
        for (name, bytes) in [
            ("half.rook", &good[..good.len() / 2 + 1]),
            ("noise.rook", &b"\x00no game"[..]),
            ("empty.rook", b""),
        ] {
            let (code, verdict) = verify(dir.path(), name, bytes);
            assert_eq!(code, 2, "{name}: {verdict}");
        }
    }
    let (code, _, _) = run(&[
        "verify",
        dir.path().join("nowhere.rook").to_str().unwrap(),
        "--json",
    ]);
    assert_eq!(code, 2);
}

//! What the public and the private listener give, and what they do not.

use rookery_ledger::id::GameId;
use rookery_relay::client::{Session, Table, new_key, usual_game};

use crate::support::{LIVE, Pair, Relay, get};

#[tokio::test(flavor = "multi_thread")]
async fn rookery_json_names_the_relay_for_any_page() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("data"), &[]);
    let answer = relay.get("/.well-known/rookery.json");
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, "*")
    );
    assert!(
        answer
            .header("content-type")
            .starts_with("application/json"),
        "{answer:?}"
    );
    let card: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(card["v"], 1);
    assert_eq!(card["peer_id"], relay.peer_id.as_str());
    assert_eq!(card["protocols"][0], "/rookery/game/1");
    assert_eq!(card["versions"], serde_json::json!([2, 1]));
    assert_eq!(card["private"], false);
    assert!(
        card.get("policy").is_some_and(serde_json::Value::is_object),
        "{card}"
    );
    assert!(card.get("stun").is_some(), "{card}");
    assert_eq!(card["standby"], serde_json::json!([]));
    let listed: Vec<_> = card["addresses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a.as_str().unwrap().to_owned())
        .collect();
    let listening: Vec<_> = relay.listen.iter().map(ToString::to_string).collect();
    assert_eq!(listed, listening);
    assert!(
        listed
            .iter()
            .all(|address| address.ends_with(&format!("/p2p/{}", relay.peer_id)))
    );
    let pair = Pair::sit([&relay.at("ws"), &relay.at("ws")], LIVE)
        .await
        .unwrap();
    assert_eq!(
        card["order"],
        pair.tables[0].session().welcome().order.to_string()
    );
}

#[test]
fn the_page_is_served_with_its_types_and_a_policy_and_nothing_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let (site, data) = (dir.path().join("site"), dir.path().join("data"));
    std::fs::create_dir_all(site.join("packages")).unwrap();
    let files = [
        ("index.html", "text/html"),
        ("app.js", "text/javascript"),
        ("packages/engine.wasm", "application/wasm"),
        ("style.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
        ("rookery.json", "application/json"),
    ];
    for (name, _) in files {
        std::fs::write(site.join(name), name).unwrap();
    }
    let relay = Relay::start(&data, &["--site", site.to_str().unwrap()]);
    for (name, kind) in files {
        let answer = relay.get(&format!("/{name}"));
        assert_eq!((answer.status, answer.text().as_str()), (200, name));
        assert!(
            answer.header("content-type").starts_with(kind),
            "{name}: {answer:?}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{name}");
    }
    let page = relay.get("/");
    assert_eq!((page.status, page.text().as_str()), (200, "index.html"));
    let policy = page.header("content-security-policy");
    // The page says the rest of its policy itself; this is what only a header can say.
    for rule in [
        "frame-ancestors 'self'",
        "object-src 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(rule), "{policy:?}");
    }
    for path in [
        "/../data/order.key",
        "/%2e%2e/data/order.key",
        "/packages/../../data/order.key",
        "/nothing",
        "/metrics",
    ] {
        assert!(matches!(relay.get(path).status, 400 | 404), "{path}");
    }
}

#[test]
fn health_is_public_and_metrics_are_private() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("data"), &[]);
    for path in ["/healthz", "/livez", "/readyz"] {
        for at in [relay.http, relay.metrics] {
            let answer = get(at, path);
            assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }
    let metrics = get(relay.metrics, "/metrics");
    assert_eq!(metrics.status, 200);
    let text = metrics.text();
    assert!(
        text.lines().any(|line| line.starts_with("rookery_")),
        "{text}"
    );
    for line in [
        "# TYPE rookery_sessions gauge",
        "rookery_ready 1",
        "rookery_log_state{state=\"ready\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    let value = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
        lines.next().unwrap().trim().parse::<f64>().unwrap()
    };
    assert!(value("rookery_log_size_bytes") > 0.0, "{text}");
    assert!(value("rookery_data_free_bytes") > 0.0, "{text}");
    assert!(value("process_resident_memory_bytes") > 1e6, "{text}");
    assert!(relay.metrics.ip().is_loopback());
    assert_eq!(relay.get("/metrics").status, 404);
}

#[test]
fn a_game_that_nobody_knows_is_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("data"), &[]);
    for path in [
        format!("/games/{}.rook", GameId([7; 32])),
        format!("/games/{}.pgn", GameId([7; 32])),
        "/games/x.rook".into(),
    ] {
        assert!(matches!(relay.get(&path).status, 400 | 404), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_of_the_lobby_is_listed_while_it_is_played_and_one_by_link_never() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("data"), &[]);
    let at = relay.at("ws");
    let live = || {
        let answer = relay.get("/live.json");
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (200, "*")
        );
        serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()
    };
    let mut by_link = Pair::sit([&at, &at], LIVE).await.unwrap();
    by_link.play("e2e4").await.unwrap();
    assert_eq!(
        live(),
        serde_json::json!({ "v": 1, "total": 0, "games": [] })
    );

    let keys = [new_key().unwrap(), new_key().unwrap()];
    let session = Session::connect(&at, Some(&keys[0])).await.unwrap();
    let options = usual_game(LIVE, vec![session.welcome().order]);
    let mut creator = Table::create(session, keys[0].clone(), options)
        .await
        .unwrap();
    let id = creator.id();
    creator.session().requests().list(id, true).await.unwrap();
    assert_eq!(live()["total"], 0, "nobody plays yet");
    let session = Session::connect(&at, Some(&keys[1])).await.unwrap();
    let mut joiner = Table::watch(session, keys[1].clone(), id).await.unwrap();
    let seated = creator.until("the joiner to sit", |game| {
        game.state().line.players().is_some()
    });
    let (joined, seated) = tokio::join!(joiner.join(), seated);
    joined.unwrap();
    seated.unwrap();
    let mut pair = Pair {
        tables: [creator, joiner],
        keys,
    };
    pair.play_all("f2f3 e7e5 g2g4").await.unwrap();
    let listed = live();
    let game = &listed["games"][0];
    assert_eq!(
        (&listed["total"], &game["game"]),
        (&1.into(), &id.to_string().into())
    );
    assert_eq!((&game["ply"], &game["last"]), (&3.into(), &"g2g4".into()));
    assert_eq!(game["clock"]["initialS"], 600);
    assert_eq!(game["watchers"], 0, "players do not watch");
    let fen = game["fen"].as_str().unwrap();
    assert!(fen.starts_with("rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/"), "{fen}");

    let onlooker = Session::connect(&at, None).await.unwrap();
    onlooker.requests().watch(id, None).await.unwrap();
    assert_eq!(live()["games"][0]["watchers"], 1);
    pair.play("d8h4").await.unwrap();
    assert_eq!(live()["total"], 0, "it is over");
}

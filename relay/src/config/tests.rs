//! The configuration from text: precedence, problems with their lines, the example.

use super::*;

const EXAMPLE: &str = include_str!("../../rookery-relay.example.toml");

fn problems(text: &str) -> Vec<String> {
    let error = Config::from_text("test.toml", text, &Overrides::default()).unwrap_err();
    error.0.iter().map(ToString::to_string).collect()
}

/// The example with every commented key made real, as a host would who uncomments it all.
fn uncommented() -> String {
    let keys = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with([' ', '#']) && !rest.is_empty() => rest,
        _ => line,
    });
    keys.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_changes_nothing_and_names_every_key_with_its_default() {
    let defaults = Config::default();
    assert_eq!(defaults.listen.len(), DEFAULT_LISTEN.len());
    assert_eq!(
        Config::from_text("test.toml", EXAMPLE, &Overrides::default()),
        Ok(defaults.clone())
    );
    let text = uncommented();
    let table: toml::Table = text.parse().unwrap();
    for key in [
        "data", "listen", "announce", "http", "metrics", "stun", "site", "peers", "log", "trace",
        "turn",
    ] {
        assert!(table.contains_key(key), "{key} is not in the example");
    }
    let limits = table["limits"].as_table().unwrap();
    for spec in Limits::SPECS {
        let value = limits.get(spec.name).and_then(toml::Value::as_integer);
        assert_eq!(
            value,
            i64::try_from(spec.default).ok(),
            "limits.{}",
            spec.name
        );
    }
    assert_eq!(limits.len(), Limits::SPECS.len());
    let (text, _) = text.split_once("[[turn]]").unwrap();
    let without_places = text
        .lines()
        .filter(|line| {
            let unset = ["site", "announce", "peers", "trace"];
            unset.iter().all(|key| !line.starts_with(key))
        })
        .collect::<Vec<_>>()
        .join("\n");
    assert_eq!(
        Config::from_text("test.toml", &without_places, &Overrides::default()),
        Ok(defaults)
    );
}

#[test]
fn flags_go_over_the_file_and_the_file_over_defaults() {
    let file = "http = \"127.0.0.1:1\"\nmetrics = \"127.0.0.1:2\"\nlisten = [\"/ip4/127.0.0.1/tcp/3\"]\n[limits]\ngames = 5\n";
    let flags = Overrides {
        http: Some("127.0.0.1:9".into()),
        limits: vec!["seeks=7".into()],
        ..Overrides::default()
    };
    let config = Config::from_text("test.toml", file, &flags).unwrap();
    assert_eq!(config.http.port(), 9);
    assert_eq!(config.metrics.port(), 2);
    assert_eq!(config.listen, ["/ip4/127.0.0.1/tcp/3".parse().unwrap()]);
    assert_eq!((config.limits.games, config.limits.seeks), (5, 7));
    assert_eq!(config.limits.connections, Limits::default().connections);
}

#[test]
fn every_problem_is_reported_with_its_line_and_a_remedy() {
    let text = "http = \"nowhere\"\nlisten = [\n  \"/ip4/127.0.0.1/tcp/0\",\n  \"/ip4/x\",\n  \"/dns4/a/tcp/1\",\n]\n\
                peers = [\"/ip4/127.0.0.1/tcp/1\"]\nlog = \"a=b=c\"\n[limits]\nconections = 5\ngames = 0\nseeks = \"x\"\n";
    let found = problems(text);
    let has = |start: &str, word: &str| {
        found
            .iter()
            .any(|line| line.starts_with(start) && line.contains(word))
    };
    assert!(has("test.toml:1: ", "127.0.0.1:4780"), "{found:#?}");
    assert!(has("test.toml:4: ", "no multiaddr"), "{found:#?}");
    assert!(has("test.toml:5: ", "nothing to listen on"), "{found:#?}");
    assert!(has("test.toml:7: ", "/p2p/"), "{found:#?}");
    assert!(has("test.toml:8: ", "no filter"), "{found:#?}");
    assert!(has("test.toml:10: ", "\"connections\""), "{found:#?}");
    assert!(has("test.toml:11: ", "from 1 to"), "{found:#?}");
    assert!(has("test.toml:12: ", "whole number"), "{found:#?}");
    assert_eq!(found.len(), 8, "{found:#?}");
}

#[test]
fn unknown_keys_and_broken_toml_are_refused_with_their_line() {
    assert!(problems("\n\nhtpp = 1\n")[0].starts_with("test.toml:3: unknown field `htpp`"));
    assert!(problems("a = [\n")[0].starts_with("test.toml:"));
    assert!(problems("site = \"/nonexistent\"\n")[0].contains("index.html"));
    assert!(problems("trace = \"/nonexistent/trace\"\n")[0].contains("its folder"));
    assert!(problems("trace = \"/\"\n")[0].contains("name a file"));
    let missing = Config::load(
        Some(Path::new("/nonexistent/x.toml")),
        &Overrides::default(),
    )
    .unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("/nonexistent/x.toml: cannot be read"),
        "{missing}"
    );
}

#[test]
fn a_fellow_relay_may_be_named_without_an_address() {
    let id = PeerId::random();
    let config = Config::from_text(
        "test.toml",
        &format!("peers = [\"/p2p/{id}\", \"/ip4/127.0.0.1/tcp/1/p2p/{id}\"]"),
        &Overrides::default(),
    );
    let peers = config.unwrap().peers;
    assert_eq!(peers[0], Peer { id, address: None });
    assert_eq!(
        peers[1].address,
        Some("/ip4/127.0.0.1/tcp/1".parse().unwrap())
    );
}

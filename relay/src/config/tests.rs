//! The configuration from text: precedence, problems with their lines, the example.

use rookery_ledger::id::PlayerKey;

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

/// Every key that a file may have, as the reader of files itself lists them.
fn keys() -> Vec<String> {
    let refusal = &problems("no-key = 1")[0];
    let listed = refusal.split('`').skip(3).step_by(2);
    listed.map(str::to_owned).collect()
}

#[test]
fn the_example_changes_nothing_and_names_every_key_once_with_its_default() {
    let defaults = Config::default();
    assert_eq!(defaults.listen.len(), DEFAULT_LISTEN.len());
    assert_eq!(
        Config::from_text("test.toml", EXAMPLE, &Overrides::default()),
        Ok(defaults.clone())
    );
    let text = uncommented();
    // A key that is there twice is no TOML.
    let table: toml::Table = text.parse().unwrap();
    let (mut named, mut known): (Vec<_>, Vec<_>) = (table.keys().cloned().collect(), keys());
    named.sort();
    known.sort();
    assert!(known.len() > 8, "{known:?}");
    assert_eq!(named, known);
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
            let unset = [
                "site",
                "announce",
                "standby",
                "peers",
                "token_file",
                "trace",
            ];
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
fn each_key_of_the_example_stands_behind_its_flag_and_its_variable_and_what_it_is_for() {
    use clap::Args as _;
    let command = Overrides::augment_args(clap::Command::new("relay"));
    let mut words = String::new();
    let mut described = Vec::new();
    for line in EXAMPLE.lines() {
        let key = line.trim_start_matches(['#', '[']);
        let key = key.split([' ', ']', '=']).next().unwrap_or_default();
        if line.starts_with("# ") {
            words.push_str(line);
        } else if keys().iter().any(|known| known == key) {
            described.push((key.to_owned(), std::mem::take(&mut words)));
        } else {
            words.clear();
        }
    }
    let mut flags = command.get_arguments().filter_map(|flag| {
        let env = flag.get_env()?.to_str()?.to_owned();
        Some((format!("Flag --{} ", flag.get_long()?), env))
    });
    assert_eq!(described.len(), keys().len());
    for (key, words) in &described {
        assert!(words.len() > 40, "{key}: {words}");
        if key == "turn" {
            // A table for each server is more than a flag can say.
            assert!(words.contains("Only in this file."), "{words}");
            continue;
        }
        let words = words.replace([',', '.'], " ");
        let (flag, env) = flags.next().unwrap();
        assert!(words.contains(&flag), "{key}: {flag}: {words}");
        assert!(
            words.contains(&format!("environment {env} ")),
            "{key}: {env}: {words}"
        );
    }
    assert!(flags.next().is_none(), "an option has no key");
    for spec in Limits::SPECS {
        let place = EXAMPLE.find(&format!("\n#{} = ", spec.name)).unwrap();
        let above = EXAMPLE[..place].lines().next_back().unwrap();
        assert!(above.starts_with("# "), "limits.{} has no words", spec.name);
    }
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
                peers = [\"/ip4/127.0.0.1/tcp/1\"]\nlog = \"a=b=c\"\nlog_format = \"xml\"\n[limits]\nconections = 5\ngames = 0\nseeks = \"x\"\n";
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
    assert!(has("test.toml:9: ", "neither"), "{found:#?}");
    assert!(has("test.toml:11: ", "\"connections\""), "{found:#?}");
    assert!(has("test.toml:12: ", "from 1 to"), "{found:#?}");
    assert!(has("test.toml:13: ", "whole number"), "{found:#?}");
    assert_eq!(found.len(), 9, "{found:#?}");
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
fn lists_of_who_may_come_are_read_and_each_mistake_is_told() {
    let key = PlayerKey([7; 32]);
    let text = format!("deny_addresses = [\"10.0.0.0/8\", \"::1\"]\nallow_keys = [\"{key}\"]\n");
    let flags = Overrides {
        deny_addresses: vec!["192.0.2.1".into()],
        ..Overrides::default()
    };
    let read = |flags: &Overrides| Config::from_text("test.toml", &text, flags).unwrap().access;
    let access = read(&Overrides::default());
    assert_eq!(access.deny_addresses.len(), 2);
    assert_eq!(access.allow_keys, [key]);
    assert_eq!(
        read(&flags).deny_addresses,
        ["192.0.2.1/32".parse().unwrap()]
    );
    let found =
        problems("allow_addresses = [\n\"10.0.0.0/8\",\n\"10.0.0.1/8\"]\ndeny_keys = [\"7\"]\n");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0].starts_with("test.toml:3: ") && found[0].contains("10.0.0.0/8?"),
        "{found:#?}"
    );
    assert!(found[1].starts_with("test.toml:4: deny_keys"), "{found:#?}");
}

#[test]
fn what_a_running_relay_cannot_take_on_is_named() {
    let read = |text: &str| Config::from_text("test.toml", text, &Overrides::default()).unwrap();
    let before = read("");
    let after = read(
        "http = \"127.0.0.1:1\"\nlog_format = \"json\"\ndeny_addresses = [\"::1\"]\n[limits]\nseeks = 5\n",
    );
    assert_eq!(before.differs(&after), ["http", "log_format"]);
    assert!(before.differs(&before).is_empty());
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

#[test]
fn a_standby_is_an_address_of_a_site_or_of_a_named_relay() {
    let read = |list: &str| {
        let text = format!("standby = [{list}]");
        Config::from_text("test.toml", &text, &Overrides::default())
    };
    let peer = "12D3KooWBhVJbm3GJUSVa6SX6kSp2EBvNTfLCnVkt1oN5AkyCGBM";
    let good = format!("\"https://b.example\", \"/dns4/b.example/tcp/443/wss/p2p/{peer}\"");
    assert_eq!(read(&good).unwrap().standby.len(), 2);
    for bad in [
        "\"b.example\"",
        "\"https://\"",
        "\"/ip4/192.0.2.1/tcp/4751/ws\"",
        "\"ftp://b\"",
    ] {
        let problems = read(bad).unwrap_err().to_string();
        assert!(problems.contains("standby"), "{bad}: {problems}");
    }
    let five = ["\"https://b.example\""; 5].join(",");
    assert!(
        read(&five)
            .unwrap_err()
            .to_string()
            .contains("more than four")
    );
}

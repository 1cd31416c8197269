//! The relay's configuration: the text of a file and the words of a command line, by the way of `serve` and `check`.

use clap::{Args as _, FromArgMatches as _};
use rookery_relay::config::{Config, Overrides};
use rookery_relay::limits::Limits;

/// The file's text; behind a zero byte the words of the command line, one a line.
pub fn config(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (file, line) = text.split_once('\0').unwrap_or((&text, ""));
    let words = std::iter::once("relay").chain(line.split('\n').filter(|word| !word.is_empty()));
    let command = Overrides::augment_args(clap::Command::new("relay").disable_help_flag(true));
    let Ok(matches) = command.try_get_matches_from(words) else {
        return;
    };
    let Ok(overrides) = Overrides::from_arg_matches(&matches) else {
        return;
    };
    match Config::from_text("relay.toml", file, &overrides) {
        Ok(config) => sound(&config, &overrides),
        Err(error) => {
            assert!(!error.0.is_empty(), "refused for nothing");
            for problem in &error.0 {
                assert!(
                    !problem.place.is_empty() && !problem.what.is_empty(),
                    "{problem:?}"
                );
                let line = problem.place.strip_prefix("relay.toml:");
                let line = line.and_then(|line| line.parse::<usize>().ok());
                let lines = 1 + file.matches('\n').count();
                assert!(
                    line.is_none_or(|line| (1..=lines).contains(&line)),
                    "{problem:?}"
                );
            }
        }
    }
}

/// What is taken can be used: every number within its range, every override above the file.
fn sound(config: &Config, overrides: &Overrides) {
    assert!(!config.listen.is_empty(), "nobody could connect");
    let values = serde_json::to_value(&config.limits).unwrap_or_default();
    let mut limits = Limits::default();
    for spec in Limits::SPECS {
        let value = values[spec.name].as_u64();
        let value = value.expect("a limit is a number");
        assert_eq!(limits.set(spec.name, value).ok(), Some(()), "{}", spec.name);
    }
    assert_eq!(limits, config.limits);
    assert!(
        overrides
            .data
            .as_ref()
            .is_none_or(|data| *data == config.data)
    );
    assert!(overrides.site.is_none() || overrides.site == config.site);
    assert!(overrides.log.as_ref().is_none_or(|log| *log == config.log));
    let same = |given: &Option<String>, taken: String| {
        let given = given.as_ref().map(|given| given.parse().ok());
        given.is_none_or(|given: Option<std::net::SocketAddr>| {
            given.map(|given| given.to_string()) == Some(taken)
        })
    };
    assert!(same(&overrides.http, config.http.to_string()));
    assert!(same(&overrides.metrics, config.metrics.to_string()));
    if !overrides.peers.is_empty() {
        assert_eq!(config.peers.len(), overrides.peers.len());
    }
    for (given, taken) in overrides.peers.iter().zip(&config.peers) {
        assert!(
            given.ends_with(&taken.id.to_string()) || given.contains("/p2p/"),
            "{given}"
        );
    }
}

//! Reads file and overrides into a configuration, and notes everything that is wrong on the way.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use serde::Deserialize;
use toml::Spanned;

use super::{
    Config, ConfigError, DEFAULT_LISTEN, LogFormat, MAX_STANDBY, MAX_TURN, Overrides, Peer,
    Problem, Stun, Turn,
};
use crate::limits::Limits;
use crate::tokens::Tokens;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    listen: Option<Vec<Spanned<String>>>,
    announce: Option<Vec<Spanned<String>>>,
    http: Option<Spanned<String>>,
    metrics: Option<Spanned<String>>,
    stun: Option<Spanned<String>>,
    turn: Option<Vec<Spanned<Turn>>>,
    standby: Option<Vec<Spanned<String>>>,
    site: Option<PathBuf>,
    peers: Option<Vec<Spanned<String>>>,
    log: Option<Spanned<String>>,
    log_format: Option<Spanned<String>>,
    allow_addresses: Option<Vec<Spanned<String>>>,
    deny_addresses: Option<Vec<Spanned<String>>>,
    allow_keys: Option<Vec<Spanned<String>>>,
    deny_keys: Option<Vec<Spanned<String>>>,
    token_file: Option<PathBuf>,
    trace: Option<PathBuf>,
    limits: Option<toml::Table>,
}

#[derive(Default)]
pub(super) struct Reader {
    config: Config,
    token_file: Option<PathBuf>,
    problems: Vec<Problem>,
}

impl Reader {
    pub(super) fn problem(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.problems.push(Problem {
            place: place.into(),
            what: what.into(),
        });
    }

    pub(super) fn file(&mut self, name: &str, text: &str) {
        let at = |offset: usize| {
            let line = 1 + text.get(..offset).unwrap_or(text).matches('\n').count();
            format!("{name}:{line}")
        };
        let file: File = match toml::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                let place = error
                    .span()
                    .map_or_else(|| name.to_owned(), |span| at(span.start));
                let what = error.message().replace('\n', ", ");
                return self.problem(
                    place,
                    format!("{what}; the example configuration lists every key"),
                );
            }
        };
        let spanned = |values: Vec<Spanned<String>>| -> Vec<(String, String)> {
            values
                .into_iter()
                .map(|value| (at(value.span().start), value.into_inner()))
                .collect()
        };
        let one = |value: Spanned<String>| (at(value.span().start), value.into_inner());
        if let Some(data) = file.data {
            self.config.data = data;
        }
        if let Some(listen) = file.listen {
            let list = spanned(listen);
            self.listen(name, &list);
        }
        if let Some(announce) = file.announce {
            let list = spanned(announce);
            self.config.announce = self.addresses("announce", &list);
        }
        if let Some((place, value)) = file.http.map(one) {
            self.http(&place, &value);
        }
        if let Some((place, value)) = file.metrics.map(one) {
            self.metrics(&place, &value);
        }
        if let Some((place, value)) = file.stun.map(one) {
            self.stun(&place, &value);
        }
        for turn in file.turn.unwrap_or_default() {
            self.turn(&at(turn.span().start), turn.into_inner());
        }
        if let Some(standby) = file.standby {
            let list = spanned(standby);
            self.standby(&list);
        }
        if let Some(site) = file.site {
            self.config.site = Some(site);
        }
        if let Some(peers) = file.peers {
            let list = spanned(peers);
            self.peers(&list);
        }
        if let Some((place, value)) = file.log.map(one) {
            self.log(&place, &value);
        }
        if let Some((place, value)) = file.log_format.map(one) {
            self.log_format(&place, &value);
        }
        if let Some(list) = file.allow_addresses.map(spanned) {
            self.config.access.allow_addresses = self.items("allow_addresses", &list);
        }
        if let Some(list) = file.deny_addresses.map(spanned) {
            self.config.access.deny_addresses = self.items("deny_addresses", &list);
        }
        if let Some(list) = file.allow_keys.map(spanned) {
            self.config.access.allow_keys = self.items("allow_keys", &list);
        }
        if let Some(list) = file.deny_keys.map(spanned) {
            self.config.access.deny_keys = self.items("deny_keys", &list);
        }
        if let Some(path) = file.token_file {
            self.token_file = Some(path);
        }
        if let Some(trace) = file.trace {
            self.config.trace = Some(trace);
        }
        for (key, value) in file.limits.unwrap_or_default() {
            // A table of unknown keys carries no spans; the key is found by its own line.
            let place = text
                .lines()
                .position(|line| {
                    line.trim_start()
                        .strip_prefix(&key)
                        .is_some_and(|l| l.trim_start().starts_with('='))
                })
                .map_or_else(|| name.to_owned(), |line| format!("{name}:{}", line + 1));
            match value
                .as_integer()
                .and_then(|value| u64::try_from(value).ok())
            {
                Some(value) => self.limit(&place, &key, value),
                None => self.problem(
                    place,
                    format!("limits.{key} = {value} is not a whole number of at least 0"),
                ),
            }
        }
    }

    pub(super) fn overrides(&mut self, overrides: &Overrides) {
        let named = |place: &str, values: &[String]| -> Vec<(String, String)> {
            values
                .iter()
                .map(|value| (place.to_owned(), value.clone()))
                .collect()
        };
        if let Some(data) = &overrides.data {
            self.config.data.clone_from(data);
        }
        if !overrides.listen.is_empty() {
            self.listen("--listen", &named("--listen", &overrides.listen));
        }
        if !overrides.standby.is_empty() {
            self.standby(&named("--standby", &overrides.standby));
        }
        if !overrides.announce.is_empty() {
            self.config.announce =
                self.addresses("announce", &named("--announce", &overrides.announce));
        }
        if let Some(value) = &overrides.http {
            self.http("--http", value);
        }
        if let Some(value) = &overrides.metrics {
            self.metrics("--metrics", value);
        }
        if let Some(value) = &overrides.stun {
            self.stun("--stun", value);
        }
        if let Some(site) = &overrides.site {
            self.config.site = Some(site.clone());
        }
        if !overrides.peers.is_empty() {
            self.peers(&named("--peer", &overrides.peers));
        }
        if let Some(value) = &overrides.log {
            self.log("--log", value);
        }
        if let Some(value) = &overrides.log_format {
            self.log_format("--log-format", value);
        }
        if !overrides.allow_addresses.is_empty() {
            let list = named("--allow-addresses", &overrides.allow_addresses);
            self.config.access.allow_addresses = self.items("allow_addresses", &list);
        }
        if !overrides.deny_addresses.is_empty() {
            let list = named("--deny-addresses", &overrides.deny_addresses);
            self.config.access.deny_addresses = self.items("deny_addresses", &list);
        }
        if !overrides.allow_keys.is_empty() {
            let list = named("--allow-keys", &overrides.allow_keys);
            self.config.access.allow_keys = self.items("allow_keys", &list);
        }
        if !overrides.deny_keys.is_empty() {
            let list = named("--deny-keys", &overrides.deny_keys);
            self.config.access.deny_keys = self.items("deny_keys", &list);
        }
        if let Some(path) = &overrides.token_file {
            self.token_file = Some(path.clone());
        }
        if let Some(trace) = &overrides.trace {
            self.config.trace = Some(trace.clone());
        }
        for pair in &overrides.limits {
            match pair
                .split_once('=')
                .map(|(key, value)| (key, value.parse()))
            {
                Some((key, Ok(value))) => self.limit("--limit", key, value),
                _ => self.problem(
                    "--limit",
                    format!("{pair:?} is not NAME=NUMBER, such as connections=500"),
                ),
            }
        }
    }

    pub(super) fn finish(mut self) -> Result<Config, ConfigError> {
        if let Some(site) = self.config.site.clone()
            && !site.join("index.html").is_file()
        {
            self.problem(
                format!("site = {}", site.display()),
                "there is no index.html in this folder; name the folder that holds the built page, or leave it out",
            );
        }
        if self.config.data.exists() && !self.config.data.is_dir() {
            let place = format!("data = {}", self.config.data.display());
            self.problem(
                place,
                "is not a folder; name a folder that the relay may write to",
            );
        }
        if let Some(path) = self.token_file.take() {
            match Tokens::read(&path) {
                Ok(tokens) => self.config.tokens = tokens,
                Err(errors) => {
                    for error in errors {
                        let place = format!("token_file = {}", path.display());
                        self.problem(place, error.to_string());
                    }
                }
            }
        }
        if let Some(trace) = self.config.trace.clone() {
            let folder = trace
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let what = if trace.is_dir() {
                Some("is a folder; name a file")
            } else if folder.is_some_and(|folder| !folder.is_dir()) {
                Some("its folder does not exist; make it, or name a file elsewhere")
            } else {
                None
            };
            if let Some(what) = what {
                self.problem(format!("trace = {}", trace.display()), what);
            }
        }
        if self.problems.is_empty() {
            Ok(self.config)
        } else {
            Err(ConfigError(self.problems))
        }
    }

    fn addresses(&mut self, key: &str, list: &[(String, String)]) -> Vec<Multiaddr> {
        let mut good = Vec::new();
        for (place, value) in list {
            match value.parse() {
                Ok(address) => good.push(address),
                Err(error) => {
                    let what = format!(
                        "{key}: {value:?} is no multiaddr ({error}); one looks like {}",
                        DEFAULT_LISTEN[0]
                    );
                    self.problem(place.clone(), what);
                }
            }
        }
        good
    }

    fn listen(&mut self, place: &str, list: &[(String, String)]) {
        if list.is_empty() {
            self.problem(
                place,
                "listen is empty, so nobody could connect; name an address or leave the key out",
            );
        }
        for (place, value) in list {
            if let Ok(address) = value.parse::<Multiaddr>()
                && !can_listen(&address)
            {
                let kinds = "/tcp/N, /tcp/N/ws, /udp/N/quic-v1 or /udp/N/webrtc-direct after /ip4/.. or /ip6/..";
                self.problem(
                    place.clone(),
                    format!("listen: {value:?} is nothing to listen on; use {kinds}"),
                );
            }
        }
        self.config.listen = self.addresses("listen", list);
    }

    /// Items of one of the lists of who may come.
    fn items<T: FromStr<Err: fmt::Display>>(
        &mut self,
        key: &str,
        list: &[(String, String)],
    ) -> Vec<T> {
        let mut good = Vec::new();
        for (place, value) in list {
            match value.parse() {
                Ok(item) => good.push(item),
                Err(error) => self.problem(place.clone(), format!("{key}: {value:?} {error}")),
            }
        }
        good
    }

    fn socket(&mut self, place: &str, key: &str, value: &str) -> Option<SocketAddr> {
        let parsed = value.parse().ok();
        if parsed.is_none() {
            let what = format!(
                "{key}: {value:?} is no address with a port; one looks like 127.0.0.1:4780 or [::1]:4780"
            );
            self.problem(place, what);
        }
        parsed
    }

    fn http(&mut self, place: &str, value: &str) {
        if let Some(address) = self.socket(place, "http", value) {
            self.config.http = address;
        }
    }

    fn metrics(&mut self, place: &str, value: &str) {
        if let Some(address) = self.socket(place, "metrics", value) {
            self.config.metrics = address;
        }
    }

    fn stun(&mut self, place: &str, value: &str) {
        if value == "off" {
            self.config.stun = Stun::Off;
        } else if let Some(address) = self.socket(place, "stun", value) {
            self.config.stun = Stun::At(address);
        }
    }

    fn turn(&mut self, place: &str, turn: Turn) {
        let named = |url: &String| ["turn:", "turns:"].iter().any(|kind| url.starts_with(kind));
        if turn.urls.is_empty() || turn.urls.len() > MAX_TURN || !turn.urls.iter().all(named) {
            let what = "turn: urls must be one to four addresses such as turn:turn.example.org:3478 or turns:turn.example.org:5349";
            self.problem(place, what);
        } else if self.config.turn.len() >= MAX_TURN {
            self.problem(
                place,
                "turn: there are more than four servers; leave some out",
            );
        } else {
            self.config.turn.push(turn);
        }
    }

    fn standby(&mut self, list: &[(String, String)]) {
        self.config.standby.clear();
        for (place, value) in list {
            let web = ["https://", "http://"].iter().any(|scheme| {
                value
                    .strip_prefix(scheme)
                    .is_some_and(|rest| !rest.is_empty())
            });
            let named = value.parse::<Multiaddr>().is_ok_and(|address| {
                matches!(address.iter().last(), Some(Protocol::P2p(_)))
                    && address.iter().count() > 1
            });
            if !web && !named {
                let what = format!(
                    "standby: {value:?} is neither an address such as https://other.example.org nor a multiaddr that ends in /p2p/ID"
                );
                self.problem(place, what);
            } else if self.config.standby.len() >= MAX_STANDBY {
                self.problem(
                    place,
                    "standby: there are more than four relays; leave some out",
                );
            } else {
                self.config.standby.push(value.clone());
            }
        }
    }

    fn peers(&mut self, list: &[(String, String)]) {
        self.config.peers.clear();
        for (place, value) in list {
            let mut address = match value.parse::<Multiaddr>() {
                Ok(address) => address,
                Err(error) => {
                    self.problem(
                        place.clone(),
                        format!("peers: {value:?} is no multiaddr ({error})"),
                    );
                    continue;
                }
            };
            let Some(Protocol::P2p(id)) = address.pop() else {
                let what = format!(
                    "peers: {value:?} does not say which relay it is; end it with /p2p/ and its peer id"
                );
                self.problem(place.clone(), what);
                continue;
            };
            self.config.peers.push(Peer {
                id,
                address: (!address.is_empty()).then_some(address),
            });
        }
    }

    fn log(&mut self, place: &str, value: &str) {
        match value.parse::<tracing_subscriber::filter::Targets>() {
            Ok(_) => value.clone_into(&mut self.config.log),
            Err(_) => {
                let what = format!(
                    "log: {value:?} is no filter; use error, warn, info, debug or trace, or info,libp2p=warn"
                );
                self.problem(place, what);
            }
        }
    }

    fn log_format(&mut self, place: &str, value: &str) {
        match value {
            "text" => self.config.log_format = LogFormat::Text,
            "json" => self.config.log_format = LogFormat::Json,
            _ => {
                let what = format!("log_format: {value:?} is neither \"text\" nor \"json\"");
                self.problem(place, what);
            }
        }
    }

    fn limit(&mut self, place: &str, key: &str, value: u64) {
        match self.config.limits.set(key, value) {
            Ok(()) => {}
            Err(Some(spec)) => {
                let what = format!(
                    "limits.{key} = {value} is out of range; it goes from {} to {}",
                    spec.min, spec.max
                );
                self.problem(place, what);
            }
            Err(None) => {
                let near = Limits::SPECS
                    .iter()
                    .map(|spec| spec.name)
                    .min_by_key(|name| distance(name, key));
                let what = format!(
                    "there is no limit called {key:?}; did you mean {:?}?",
                    near.unwrap_or_default()
                );
                self.problem(place, what);
            }
        }
    }
}

fn can_listen(address: &Multiaddr) -> bool {
    use Protocol::{Ip4, Ip6, QuicV1, Tcp, Udp, WebRTCDirect, Ws};
    let parts: Vec<_> = address.iter().collect();
    matches!(
        parts.as_slice(),
        [Ip4(_) | Ip6(_), Tcp(_)]
            | [Ip4(_) | Ip6(_), Tcp(_), Ws(_)]
            | [Ip4(_) | Ip6(_), Udp(_), QuicV1 | WebRTCDirect]
    )
}

/// Levenshtein's distance, to guess which key was meant.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let swap = before + usize::from(x != y);
            before = row[j + 1];
            row[j + 1] = swap.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

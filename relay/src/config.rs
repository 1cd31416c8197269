//! The configuration: flag over environment over file over default. Whatever is wrong is reported all at once, with the
//! line and what to do about it.

mod reader;

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use libp2p::{Multiaddr, PeerId};
use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::limits::Limits;
use crate::stun;
use crate::tokens::Tokens;
use reader::Reader;

/// What the relay listens on when nothing is configured: one port number for TCP and QUIC, the next for WebSocket, the
/// one after for WebRTC.
pub const DEFAULT_LISTEN: [&str; 4] = [
    "/ip4/0.0.0.0/tcp/4750",
    "/ip4/0.0.0.0/udp/4750/quic-v1",
    "/ip4/0.0.0.0/tcp/4751/ws",
    "/ip4/0.0.0.0/udp/4752/webrtc-direct",
];
const DEFAULT_HTTP: &str = "0.0.0.0:4780";
const DEFAULT_METRICS: &str = "127.0.0.1:4790";
const DEFAULT_DATA: &str = "rookery-data";

/// A fellow relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Who it is.
    pub id: PeerId,
    /// Where to dial it; `None` where it is expected to dial this relay.
    pub address: Option<Multiaddr>,
}

/// How a logged event looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// A line of text.
    #[default]
    Text,
    /// A line of JSON.
    Json,
}

/// Whether STUN is answered, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stun {
    /// Nowhere.
    Off,
    /// At this address, by UDP. Where another program has the port the relay serves without.
    At(SocketAddr),
}

/// A TURN server of the host's, of which pages are told: they send it to the browser as it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// `turn:` or `turns:` addresses of one server.
    pub urls: Vec<String>,
    /// The account. Whoever opens the page can read it.
    pub username: String,
    /// Its password, likewise.
    pub credential: String,
}

/// The most TURN servers that pages are told of, and the most addresses of one.
const MAX_TURN: usize = 4;
/// The most standbys that pages are told of.
const MAX_STANDBY: usize = 4;

/// Everything that `serve` needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The folder of keys and log.
    pub data: PathBuf,
    /// Where libp2p listens.
    pub listen: Vec<Multiaddr>,
    /// Addresses under which the relay is reached from outside, where they differ from those it listens on.
    pub announce: Vec<Multiaddr>,
    /// Where HTTP listens.
    pub http: SocketAddr,
    /// Where metrics are served.
    pub metrics: SocketAddr,
    /// Where STUN is answered.
    pub stun: Stun,
    /// TURN servers that pages are told of.
    pub turn: Vec<Turn>,
    /// Other relays at which games with a clock can go on if this one is gone, as pages are told.
    pub standby: Vec<String>,
    /// The folder of the page, if it is served here.
    pub site: Option<PathBuf>,
    /// Fellow relays.
    pub peers: Vec<Peer>,
    /// Which events are logged: a level, or `target=level` pairs.
    pub log: String,
    /// How a logged event looks.
    pub log_format: LogFormat,
    /// Who may come.
    pub access: Access,
    /// What whoever comes must have; none where the relay is open to everybody.
    pub tokens: Tokens,
    /// Where each step of each game is written down, if that is wanted.
    pub trace: Option<PathBuf>,
    /// How much anyone may use.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        let parse = |text: &&str| text.parse().ok();
        Self {
            data: DEFAULT_DATA.into(),
            listen: DEFAULT_LISTEN.iter().filter_map(parse).collect(),
            announce: Vec::new(),
            http: DEFAULT_HTTP
                .parse()
                .unwrap_or_else(|_| ([0, 0, 0, 0], 4780).into()),
            metrics: DEFAULT_METRICS
                .parse()
                .unwrap_or_else(|_| ([127, 0, 0, 1], 4790).into()),
            stun: Stun::At(([0, 0, 0, 0], stun::DEFAULT_PORT).into()),
            turn: Vec::new(),
            standby: Vec::new(),
            site: None,
            peers: Vec::new(),
            log: "info".into(),
            log_format: LogFormat::default(),
            access: Access::default(),
            tokens: Tokens::default(),
            trace: None,
            limits: Limits::default(),
        }
    }
}

/// Options as flags or environment variables give them; what is absent falls through to the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Overrides {
    /// Folder for the keys and the log [default: rookery-data]
    #[arg(long, value_name = "DIR", env = "ROOKERY_DATA")]
    pub data: Option<PathBuf>,
    /// Addresses to listen on; may be given several times; port 0 takes a free one
    #[arg(long, value_name = "MULTIADDR", num_args = 1.., value_delimiter = ',', env = "ROOKERY_LISTEN")]
    pub listen: Vec<String>,
    /// Addresses under which the relay is reached from outside, if they differ
    #[arg(long, value_name = "MULTIADDR", num_args = 1.., value_delimiter = ',', env = "ROOKERY_ANNOUNCE")]
    pub announce: Vec<String>,
    /// Address and port for the page, game files and rookery.json [default: 0.0.0.0:4780]
    #[arg(long, value_name = "ADDR", env = "ROOKERY_HTTP")]
    pub http: Option<String>,
    /// Address and port for metrics; keep it private [default: 127.0.0.1:4790]
    #[arg(long, value_name = "ADDR", env = "ROOKERY_METRICS")]
    pub metrics: Option<String>,
    /// UDP address and port for STUN, or off [default: 0.0.0.0:3478]
    #[arg(long, value_name = "ADDR|off", env = "ROOKERY_STUN")]
    pub stun: Option<String>,
    /// Relays at which games with a clock go on if this one is gone: http(s) addresses or multiaddrs that end in /p2p/ID; may be given several times
    #[arg(long, value_name = "URL|MULTIADDR", num_args = 1.., value_delimiter = ',', env = "ROOKERY_STANDBY")]
    pub standby: Vec<String>,
    /// Folder with the page to serve; without it only the files of games are served
    #[arg(long, value_name = "DIR", env = "ROOKERY_SITE")]
    pub site: Option<PathBuf>,
    /// Fellow relays, each ending in /p2p/ID; may be given several times
    #[arg(long = "peer", value_name = "MULTIADDR", num_args = 1.., value_delimiter = ',', env = "ROOKERY_PEERS")]
    pub peers: Vec<String>,
    /// What to log: error, warn, info, debug, trace, or pairs such as info,libp2p=debug [default: info]
    #[arg(long, value_name = "FILTER", env = "ROOKERY_LOG")]
    pub log: Option<String>,
    /// How a logged event looks: a line of text, or a line of JSON [default: text]
    #[arg(long, value_name = "text|json", env = "ROOKERY_LOG_FORMAT")]
    pub log_format: Option<String>,
    /// Address ranges that alone may connect, such as 203.0.113.0/24; may be given several times
    #[arg(long, value_name = "RANGE", num_args = 1.., value_delimiter = ',', env = "ROOKERY_ALLOW_ADDRESSES")]
    pub allow_addresses: Vec<String>,
    /// Address ranges that may not connect; may be given several times
    #[arg(long, value_name = "RANGE", num_args = 1.., value_delimiter = ',', env = "ROOKERY_DENY_ADDRESSES")]
    pub deny_addresses: Vec<String>,
    /// Keys of players who alone may have a session, 64 hexadecimal digits each; may be given several times
    #[arg(long, value_name = "KEY", num_args = 1.., value_delimiter = ',', env = "ROOKERY_ALLOW_KEYS")]
    pub allow_keys: Vec<String>,
    /// Keys of players who may have no session; may be given several times
    #[arg(long, value_name = "KEY", num_args = 1.., value_delimiter = ',', env = "ROOKERY_DENY_KEYS")]
    pub deny_keys: Vec<String>,
    /// File of tokens, one a line: without one of them nobody gets anything but the page; leave it out for an open relay
    #[arg(long, value_name = "FILE", env = "ROOKERY_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// File to write each step of each game to, behind what is in it, for `rookery-verify --way trace`; it grows without
    /// bound and holds the players' signed records
    #[arg(long, value_name = "FILE", env = "ROOKERY_TRACE")]
    pub trace: Option<PathBuf>,
    /// A limit, as NAME=NUMBER; may be given several times
    #[arg(long = "limit", value_name = "NAME=NUMBER", num_args = 1.., value_delimiter = ',', env = "ROOKERY_LIMITS")]
    pub limits: Vec<String>,
}

/// One thing that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `relay.toml:12`, or `--listen`.
    pub place: String,
    /// What is wrong and what to do, in a sentence.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Everything that is wrong with the configuration; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(pub Vec<Problem>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl Config {
    /// The configuration from the file `path`, if there is one, under the overrides.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with everything that is wrong.
    pub fn load(path: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigError> {
        let mut reader = Reader::default();
        if let Some(path) = path {
            match fs::read_to_string(path) {
                Ok(text) => reader.file(&path.display().to_string(), &text),
                Err(error) => reader.problem(
                    path.display().to_string(),
                    format!("cannot be read ({error}); give the path of a file that exists, or leave out --config"),
                ),
            }
        }
        reader.overrides(overrides);
        reader.finish()
    }

    /// The keys in which another configuration differs, but for those that a running relay can take on: the limits, who
    /// may come, and the tokens.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Vec<&'static str> {
        let fixed = [
            ("data", self.data == other.data),
            ("listen", self.listen == other.listen),
            ("announce", self.announce == other.announce),
            ("standby", self.standby == other.standby),
            ("http", self.http == other.http),
            ("metrics", self.metrics == other.metrics),
            ("site", self.site == other.site),
            ("peers", self.peers == other.peers),
            ("log", self.log == other.log),
            ("log_format", self.log_format == other.log_format),
            ("trace", self.trace == other.trace),
        ];
        let differ = fixed.into_iter().filter(|(_, same)| !same);
        differ.map(|(key, _)| key).collect()
    }

    /// The configuration from the text of a file called `name`, under the overrides.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with everything that is wrong.
    pub fn from_text(name: &str, text: &str, overrides: &Overrides) -> Result<Self, ConfigError> {
        let mut reader = Reader::default();
        reader.file(name, text);
        reader.overrides(overrides);
        reader.finish()
    }
}

#[cfg(test)]
mod tests;

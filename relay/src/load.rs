//! `rookery-relay load`: real clients over WebSocket, each from an address of its own, play whole games against a relay on
//! this machine; afterwards an oracle checks all that they got.
//!
//! This file starts the relay and the generators, tells them when to play, kills the relay where that is asked for, and
//! reports. What a generator does is in `generator` and `board`, what is checked in `oracle`.

mod board;
mod crowd;
mod figures;
mod generator;
mod line;
mod oracle;
mod process;
mod random;
mod report;
mod run;
mod script;
mod seat;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

pub use run::run;

/// Files that a generator needs besides its sockets.
const OTHER_FILES: u64 = 64;
/// The longest that a player may think in the mean; beyond that it is no load.
const SLOWEST: Duration = Duration::from_secs(60);

/// Options of `rookery-relay load`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Games that are played at the same time, each by two clients
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub games: u32,
    /// Seconds of play that are measured
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// Moves a second in all, spread as people's moves are; without it each player answers at once
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: Option<u32>,
    /// Processes that the clients are spread over
    #[arg(long, value_name = "P", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub processes: u32,
    /// Command of a relay to start, its words parted by spaces (no shell); may be given more than once. Without it and
    /// without --relay this program serves, with its log in a temporary folder
    #[arg(long, value_name = "CMD")]
    pub relay_cmd: Vec<String>,
    /// A relay that runs already, on this machine; may be given more than once
    #[arg(long, value_name = "MULTIADDR", conflicts_with = "relay_cmd")]
    pub relay: Vec<Multiaddr>,
    /// Kill the relay (SIGKILL) each so many seconds, and start it again
    #[arg(long, value_name = "T", conflicts_with_all = ["relay", "joiners", "watchers"], value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub kill_every: Option<u64>,
    /// Sessions without a player that are open all the time
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=50_000))]
    pub idle: u32,
    /// Each so many games one has somebody who watches it; 0: none has
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub watch_each: u32,
    /// A burst: all games begin before the window, and the first moves of all fall due within its first second
    #[arg(long)]
    pub first_moves: bool,
    /// A burst: so many more sessions ask for the one seat of a game within the window's first second
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=50_000))]
    pub joiners: u32,
    /// A burst: so many more sessions come to watch one game within the window's first second
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=50_000))]
    pub watchers: u32,
    /// Folder in which this program's own relay keeps its log for the run; choose the disk to be measured [default: a
    /// temporary one]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["relay", "relay_cmd"])]
    pub data: Option<PathBuf>,
    /// What opens the relays that are named, where they are private
    #[arg(
        long,
        value_name = "TOKEN",
        env = "ROOKERY_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// Games and pace follow from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write the measurements to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// The run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The relay is on another machine, or the address is no WebSocket's.
    #[error(
        "{0} is no WebSocket address on this machine; load is made only over the loopback, such as /ip4/127.0.0.1/tcp/4751/ws"
    )]
    NotLoopback(Multiaddr),
    /// A process may not open as many files as it has clients.
    #[error(
        "each of {processes} generators needs {needs} open files and may have {has}: give more --processes, or raise the limit (ulimit -n)"
    )]
    TooFewFiles {
        /// How many generators there are.
        processes: u32,
        /// Files that one needs.
        needs: u64,
        /// Files that it may have.
        has: u64,
    },
    /// The rate is too low for so many games.
    #[error("{games} games at {rate} moves a second: a player would think for over {} s; ask for more moves or fewer games", SLOWEST.as_secs())]
    TooSlow {
        /// Games at the same time.
        games: u32,
        /// Moves a second.
        rate: u32,
    },
    /// The relay could not be started.
    #[error("cannot start a relay: {0}")]
    Start(String),
    /// A generator could not go on.
    #[error("a generator cannot go on: {0}")]
    Generator(String),
    /// The file of measurements could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What one generator does, as the process that [`run`] started for it: orders come by standard input.
pub async fn generate() {
    generator::run().await;
}

impl Args {
    /// How long each player thinks in the mean, without the time that the moves are on their way.
    fn think(&self) -> Result<Option<Duration>, LoadError> {
        let Some(rate) = self.rate else {
            return Ok(None);
        };
        let mean = Duration::from_secs(1) * self.games / rate;
        if mean > SLOWEST {
            return Err(LoadError::TooSlow {
                games: self.games,
                rate,
            });
        }
        Ok(Some(mean))
    }

    /// Clients in all while games are played.
    fn clients(&self) -> u32 {
        let watching = match self.watch_each {
            0 => 0,
            each => self.games.div_ceil(each),
        };
        // A crowd has the players or the creator that it comes for.
        let joiners = self.joiners + u32::from(self.joiners > 0);
        let watchers = self.watchers + 2 * u32::from(self.watchers > 0);
        2 * self.games + watching + self.idle + joiners + watchers
    }
}

/// Whether an address is a WebSocket's of this machine.
fn is_loopback(address: &Multiaddr) -> bool {
    let mut parts = address.iter();
    let (ip, tcp, ws) = (parts.next(), parts.next(), parts.next());
    matches!(ip, Some(Protocol::Ip4(ip)) if IpAddr::V4(ip).is_loopback())
        && matches!(tcp, Some(Protocol::Tcp(_)))
        && matches!(ws, Some(Protocol::Ws(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_put_under_load() {
        for (address, is) in [
            ("/ip4/127.0.0.1/tcp/1/ws", true),
            ("/ip4/127.3.2.1/tcp/1/ws", true),
            ("/ip4/127.0.0.1/tcp/1", false),
            ("/ip6/::1/tcp/1/ws", false),
            ("/ip4/10.0.0.1/tcp/1/ws", false),
            ("/dns4/localhost/tcp/1/ws", false),
            ("/tcp/1/ws", false),
        ] {
            assert_eq!(is_loopback(&address.parse().unwrap()), is, "{address}");
        }
    }
}

//! `rookery-relay load`: real clients over WebSocket play whole games against a relay on this machine, count what it
//! orders, and look for a lost, doubled or diverging move.

mod board;
mod report;
mod started;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures::future::join_all;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

use crate::client::{ClientError, Session};
use board::{Board, Played};
use report::Measure;
use started::Started;

/// How long a relay may take to give idle connections their memory.
const SETTLE: Duration = Duration::from_secs(2);
/// Connections that are opened at once: fewer than a relay admits into their handshake together.
const DIALS_AT_ONCE: usize = 32;

/// Options of `rookery-relay load`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Games that are played at the same time, each by two clients
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub games: u32,
    /// Seconds of play
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// Moves a second in all; without it each player answers at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: Option<u32>,
    /// A relay that runs already, on this machine; without it one is started with its limits raised
    #[arg(long, value_name = "MULTIADDR")]
    pub relay: Option<Multiaddr>,
    /// Idle connections with which the started relay's memory is measured
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub connections: u32,
    /// Folder in which the started relay keeps its log for the run; choose the disk to be measured [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Write the measurements to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// The run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The relay is on another machine.
    #[error(
        "{0} is not on this machine; load is made only over the loopback, such as /ip4/127.0.0.1/tcp/4751/ws/p2p/..."
    )]
    NotLoopback(Multiaddr),
    /// The relay could not be started.
    #[error("cannot start a relay: {0}")]
    Start(String),
    /// A client could not go on.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The file of measurements could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Makes the run, prints what was measured, and says whether nothing was lost, doubled or diverging.
///
/// # Errors
///
/// [`LoadError`]
pub async fn run(args: &Args) -> Result<bool, LoadError> {
    let mut measures = Vec::new();
    let started = match &args.relay {
        Some(_) => None,
        None => Some(Started::start(args.data.as_deref()).await?),
    };
    let address = match (&args.relay, &started) {
        (Some(address), _) => address.clone(),
        (None, Some(started)) => started.address.clone(),
        (None, None) => return Err(LoadError::Start("no address".into())),
    };
    if !is_loopback(&address) {
        return Err(LoadError::NotLoopback(address));
    }
    if let Some(started) = &started {
        measures.extend(memory(started, &address, args.connections).await?);
    }
    let boards = join_all((0..args.games).map(|number| Board::open(&address, number))).await;
    let boards: Vec<Board> = boards.into_iter().collect::<Result<_, _>>()?;
    // Each board makes its share of the rate.
    let pause = args
        .rate
        .map(|rate| Duration::from_secs(1) * args.games / rate);
    let begin = Instant::now();
    let deadline = begin + Duration::from_secs(args.seconds);
    let tasks = boards
        .into_iter()
        .map(|board| tokio::spawn(board.play(deadline, pause)));
    let mut played = Played::default();
    for task in join_all(tasks).await {
        let board = task.map_err(|error| LoadError::Start(error.to_string()))??;
        played.add(board);
    }
    measures.extend(played.measures(args.seconds));
    drop(started);
    let clean = played.is_clean();
    report::print(&measures);
    if let Some(path) = &args.json {
        report::write(path, &measures).map_err(|source| LoadError::Write {
            path: path.clone(),
            source,
        })?;
    }
    Ok(clean)
}

fn is_loopback(address: &Multiaddr) -> bool {
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Protocol::Ip6(ip)) => ip.is_loopback(),
        _ => false,
    }
}

/// Opens sessions without a player, as many at once as a relay lets into their handshake.
async fn idle_sessions(address: &Multiaddr, wanted: u32) -> Result<Vec<Session>, ClientError> {
    let mut open = Vec::new();
    while open.len() < wanted as usize {
        let more = DIALS_AT_ONCE.min(wanted as usize - open.len());
        for session in join_all((0..more).map(|_| Session::connect(address, None))).await {
            open.push(session?);
        }
    }
    Ok(open)
}

/// The relay's memory with nobody there and with `connections` sessions.
async fn memory(
    relay: &Started,
    address: &Multiaddr,
    connections: u32,
) -> Result<Vec<Measure>, LoadError> {
    let kb = |name: String, value: Option<u64>| {
        value.map(|value| Measure::new(name, "kB", value as f64))
    };
    let empty = kb("relay RSS at 0 connections".into(), relay.rss_kb());
    let mut measures: Vec<Measure> = empty.into_iter().collect();
    if connections > 0 {
        let sessions = idle_sessions(address, connections).await?;
        tokio::time::sleep(SETTLE).await;
        measures.extend(kb(
            format!("relay RSS at {connections} connections"),
            relay.rss_kb(),
        ));
        drop(sessions);
    }
    Ok(measures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_put_under_load() {
        for (address, is) in [
            ("/ip4/127.0.0.1/tcp/1/ws", true),
            ("/ip4/127.3.2.1/tcp/1", true),
            ("/ip6/::1/udp/1/quic-v1", true),
            ("/ip4/10.0.0.1/tcp/1/ws", false),
            ("/dns4/localhost/tcp/1/ws", false),
            ("/tcp/1", false),
        ] {
            assert_eq!(is_loopback(&address.parse().unwrap()), is, "{address}");
        }
    }
}

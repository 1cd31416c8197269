//! How the relay is, in numbers for a program and in words for a person.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a relay says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The relay's version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// How long it has run, seconds.
    pub uptime_s: u64,
    /// Who it is to others.
    pub peer_id: String,
    /// The key with which it orders.
    pub order_key: String,
    /// Order keys that it gave up, the oldest first.
    pub given_up: Vec<String>,
    /// Where it listens.
    pub listen: Vec<String>,
    /// Whether it takes connections and moves.
    pub ready: bool,
    /// Why not.
    pub why_not: Option<String>,
    /// Whether it is ending.
    pub draining: bool,
    /// Connections open now.
    pub connections: u64,
    /// Sessions open now.
    pub sessions: u64,
    /// Of these, those of players.
    pub players: u64,
    /// Games in memory.
    pub games: u64,
    /// Games created since it started.
    pub games_created: u64,
    /// Seeks in the lobby.
    pub seeks: u64,
    /// Receipts signed since it started.
    pub receipts: u64,
    /// Fellow relays connected now.
    pub fellow_relays: u64,
    /// Its log.
    pub log: LogStatus,
}

/// What a relay says of its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogStatus {
    /// `ready`, `busy`, `full` or `down`.
    pub state: String,
    /// How often it was ever committed to; none where it cannot be read.
    pub position: Option<u64>,
    /// Games in it that are not archived; none where it cannot be read.
    pub live_games: Option<u64>,
    /// Games in its archive.
    pub archived_games: Option<u64>,
    /// Size of its file, bytes.
    pub bytes: Option<u64>,
    /// Room left on its disk, bytes.
    pub free_bytes: Option<u64>,
    /// Commits that failed since the relay started.
    pub failures: u64,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (&self.why_not, self.draining) {
            (_, true) => "ending".to_owned(),
            (Some(why), false) => format!("not ready: {why}"),
            (None, false) => "ready".to_owned(),
        };
        let (version, pid) = (&self.version, self.pid);
        writeln!(f, "rookery-relay {version}, process {pid}: {state}")?;
        writeln!(f, "up         {}", Span(self.uptime_s))?;
        writeln!(f, "peer id    {}", self.peer_id)?;
        writeln!(f, "order key  {}", self.order_key)?;
        for key in &self.given_up {
            writeln!(f, "given up   {key}")?;
        }
        for address in &self.listen {
            writeln!(f, "listens    {address}")?;
        }
        let (connections, sessions, players) = (self.connections, self.sessions, self.players);
        writeln!(
            f,
            "people     {connections} connections, {sessions} sessions, {players} of players"
        )?;
        let (games, created, seeks) = (self.games, self.games_created, self.seeks);
        writeln!(
            f,
            "games      {games} in memory, {created} created since the start, {seeks} in the lobby"
        )?;
        writeln!(f, "moves      {} receipts since the start", self.receipts)?;
        writeln!(f, "relays     {} fellows connected", self.fellow_relays)?;
        let log = &self.log;
        write!(f, "log        {}", log.state)?;
        if let Some(position) = log.position {
            write!(f, ", {position} commits ever")?;
        }
        if let (Some(live), Some(archived)) = (log.live_games, log.archived_games) {
            write!(f, ", {live} games and {archived} archived")?;
        }
        if let Some(bytes) = log.bytes {
            write!(f, ", {}", Size(bytes))?;
        }
        if let Some(free) = log.free_bytes {
            write!(f, ", {} free", Size(free))?;
        }
        if log.failures > 0 {
            write!(f, ", {} commits failed", log.failures)?;
        }
        Ok(())
    }
}

/// Seconds, for a person.
struct Span(u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, hours) = (self.0 / 86_400, self.0 / 3_600 % 24);
        let (minutes, seconds) = (self.0 / 60 % 60, self.0 % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => write!(f, "{seconds} s"),
            (0, 0, _) => write!(f, "{minutes} min {seconds} s"),
            (0, _, _) => write!(f, "{hours} h {minutes} min"),
            _ => write!(f, "{days} d {hours} h"),
        }
    }
}

/// Bytes, for a person.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
        let (mut whole, mut rest, mut unit) = (self.0, 0, "bytes");
        for next in UNITS {
            if whole < 1000 {
                break;
            }
            (whole, rest, unit) = (whole / 1000, whole % 1000, next);
        }
        match unit {
            "bytes" => write!(f, "{whole} bytes"),
            unit => write!(f, "{whole}.{} {unit}", rest / 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_times_and_sizes() {
        let spans = [59, 61, 7_260, 90_061].map(|seconds| Span(seconds).to_string());
        assert_eq!(spans, ["59 s", "1 min 1 s", "2 h 1 min", "1 d 1 h"]);
        let sizes = [999, 1_234, 1_999_999, 75_000_000_000].map(|bytes| Size(bytes).to_string());
        assert_eq!(sizes, ["999 bytes", "1.2 kB", "1.9 MB", "75.0 GB"]);
    }
}

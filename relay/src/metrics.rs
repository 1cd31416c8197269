//! What the relay counts, and the one table of what it tells Prometheus.

mod exposition;
mod number;
mod process;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::conduct::Misdeed;
use crate::order_log::{Counts, Health, Stock};

pub use exposition::{CONTENT_TYPE, Family, Kind};
pub use number::{Histogram, Number};
pub use process::Process;

use exposition::Exposition;

macro_rules! families {
    ($($family:ident = $kind:ident $name:literal, $help:literal;)+) => {
        $(const $family: Family = Family { name: $name, kind: Kind::$kind, help: $help };)+

        /// Every metric, in the order in which they are told.
        pub const FAMILIES: &[Family] = &[$($family),+];
    };
}

families! {
    BUILD_INFO = Gauge "rookery_build_info", "1, with the version of the relay.";
    START_TIME = Gauge "process_start_time_seconds", "When the relay started, Unix time.";
    CPU_TIME = Counter "process_cpu_seconds_total", "Processor time that the relay used.";
    MEMORY = Gauge "process_resident_memory_bytes", "Memory that the relay uses.";
    OPEN_FILES = Gauge "process_open_fds", "Files and connections that are open.";
    MOST_FILES = Gauge "process_max_fds", "Files and connections that may be open.";
    READY = Gauge "rookery_ready", "1 where the relay takes connections and moves, as /readyz says, else 0.";
    DRAINING = Gauge "rookery_draining", "1 where the relay is ending, else 0.";
    CONFIG_OK = Gauge "rookery_config_last_reload_successful", "1 where the configuration could be used when it was read last, else 0.";
    CONNECTIONS = Gauge "rookery_connections", "Connections of libp2p open now, both ways.";
    CONNECTIONS_REFUSED = Counter "rookery_connections_refused_total", "Connections refused by the limits of an address and of WebRTC.";
    STREAMS_REFUSED = Counter "rookery_streams_refused_total", "Streams of the game protocol refused.";
    SESSIONS = Gauge "rookery_sessions", "Sessions open now.";
    PLAYER_SESSIONS = Gauge "rookery_player_sessions", "Sessions open now that are bound to a player's key.";
    SESSIONS_CUT = Counter "rookery_sessions_cut_off_total", "Sessions that the relay ended.";
    FRAMES_RECEIVED = Counter "rookery_frames_received_total", "Frames received.";
    FRAMES_SENT = Counter "rookery_frames_sent_total", "Frames sent.";
    REFUSALS = Counter "rookery_refusals_total", "Requests refused, by code.";
    MISDEEDS = Counter "rookery_misdeeds_total", "What lowered somebody's standing, by kind.";
    BANS = Counter "rookery_bans_total", "Bans for a while, of a key or an address.";
    GAMES = Gauge "rookery_games", "Games in memory now.";
    GAMES_CREATED = Counter "rookery_games_created_total", "Games created here.";
    SEEKS = Gauge "rookery_seeks", "Seeks in the lobby now.";
    RECEIPTS = Counter "rookery_receipts_total", "Receipts signed.";
    LAST_RECEIPT = Gauge "rookery_last_receipt_timestamp_seconds", "When the last receipt was signed, Unix time; 0 before the first.";
    ORDERING = Histogram "rookery_ordering_duration_seconds", "From the arrival of a frame to its durable entry.";
    FELLOW_RELAYS = Gauge "rookery_fellow_relays", "Fellow relays connected now.";
    STUN_ANSWERED = Counter "rookery_stun_answers_total", "STUN requests answered.";
    STUN_IGNORED = Counter "rookery_stun_ignored_total", "Datagrams at the port for STUN that were no binding requests.";
    STUN_LIMITED = Counter "rookery_stun_limited_total", "STUN requests not answered because too many came.";
    CODES = Gauge "rookery_codes", "Codes to type that hold now.";
    CODES_ISSUED = Counter "rookery_codes_issued_total", "Codes to type that were given out.";
    CODE_TRIES = Counter "rookery_code_tries_total", "Codes that were tried, by what came of it: found, unknown, limited.";
    TOKENS = Gauge "rookery_tokens", "Tokens that open this relay; 0 where it is open to everybody.";
    LOG_STATE = Gauge "rookery_log_state", "1 for the state of the order log, 0 for the others.";
    LOG_COMMITS = Counter "rookery_log_commits_total", "Durable commits of the order log.";
    LOG_APPENDS = Counter "rookery_log_appends_total", "Appends that the order log acknowledged.";
    LOG_FAILURES = Counter "rookery_log_failures_total", "Commits of the order log that failed.";
    LOG_GAMES = Gauge "rookery_log_games", "Games in the order log, live and archived.";
    GAMES_ARCHIVED = Counter "rookery_games_archived_total", "Games that were moved into the archive.";
    LOG_SIZE = Gauge "rookery_log_size_bytes", "Size of the order log's file.";
    KEYS_GIVEN_UP = Gauge "rookery_order_keys_given_up", "Order keys given up since the log was restored from a backup or cut short.";
    DATA_FREE = Gauge "rookery_data_free_bytes", "Room left on the disk of the data folder.";
}

/// Everything that is counted on the way.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Sessions open now.
    pub sessions: Number,
    /// Sessions of players open now.
    pub players: Number,
    /// Games in memory now.
    pub games: Number,
    /// Games created here.
    pub games_created: Number,
    /// Games that were moved into the archive.
    pub games_archived: Number,
    /// Seeks in the lobby now.
    pub seeks: Number,
    /// Receipts signed.
    pub receipts: Number,
    /// Frames received.
    pub frames_in: Number,
    /// Frames sent.
    pub frames_out: Number,
    /// Sessions that were cut off.
    pub cut_off: Number,
    /// Connections to fellow relays that are up now.
    pub fellows: Number,
    /// Whether the configuration that was read last could be used.
    pub config_ok: Number,
    /// When the last receipt was signed, milliseconds since 1970.
    pub last_receipt_ms: Number,
    /// From a frame's arrival to its durable entry.
    pub ordering: Histogram,
    /// Bans for a while.
    pub bans: Number,
    misdeeds: [Number; Misdeed::ALL.len()],
    refusals: Mutex<BTreeMap<String, u64>>,
}

/// What is looked up only when somebody asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// When the relay started, Unix time in seconds.
    pub started_s: f64,
    /// Whether it takes connections and moves.
    pub ready: bool,
    /// Whether it is ending.
    pub draining: bool,
    /// Connections open now.
    pub connections: u64,
    /// Connections refused.
    pub connections_refused: u64,
    /// Streams refused.
    pub streams_refused: u64,
    /// Order keys that were given up.
    pub keys_given_up: u64,
    /// STUN requests answered.
    pub stun_answered: u64,
    /// Datagrams at the port for STUN that were no binding requests.
    pub stun_ignored: u64,
    /// STUN requests not answered because too many came.
    pub stun_limited: u64,
    /// Codes to type that hold now.
    pub codes: u64,
    /// Codes to type that were given out.
    pub codes_issued: u64,
    /// Codes that were tried: found, unknown, limited.
    pub code_tries: [u64; 3],
    /// Tokens that open the relay.
    pub tokens: u64,
    /// What the log can do.
    pub health: Health,
    /// What the log counted.
    pub log: Counts,
    /// How many games the log holds; none where it cannot be read.
    pub stock: Option<Stock>,
    /// Size of the log's file, bytes.
    pub log_bytes: Option<u64>,
    /// Room left on its disk, bytes.
    pub free_bytes: Option<u64>,
    /// The process.
    pub process: Process,
}

impl Metrics {
    /// Counts a refusal by its code. Codes come from a fixed list, so there are few.
    pub fn refused(&self, code: &str) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        match refusals.get_mut(code) {
            Some(count) => *count += 1,
            None => drop(refusals.insert(code.to_owned(), 1)),
        }
    }

    /// Counts a misdeed.
    pub fn misdeed(&self, misdeed: Misdeed) {
        // In the order of `ALL`.
        if let Some(count) = self.misdeeds.get(misdeed as usize) {
            count.up();
        }
    }

    /// The text for Prometheus.
    #[must_use]
    pub fn render(&self, sampled: &Sampled) -> String {
        let mut out = Exposition::default();
        out.labelled(&BUILD_INFO, "version", [(env!("CARGO_PKG_VERSION"), 1)]);
        out.one(&START_TIME, sampled.started_s);
        out.some(&CPU_TIME, sampled.process.cpu_seconds);
        out.some(&MEMORY, sampled.process.resident_bytes);
        out.some(&OPEN_FILES, sampled.process.open_files);
        out.some(&MOST_FILES, sampled.process.most_files);
        out.one(&READY, u8::from(sampled.ready));
        out.one(&DRAINING, u8::from(sampled.draining));
        out.one(&CONFIG_OK, self.config_ok.get());
        out.one(&CONNECTIONS, sampled.connections);
        out.one(&CONNECTIONS_REFUSED, sampled.connections_refused);
        out.one(&STREAMS_REFUSED, sampled.streams_refused);
        out.one(&SESSIONS, self.sessions.get());
        out.one(&PLAYER_SESSIONS, self.players.get());
        out.one(&SESSIONS_CUT, self.cut_off.get());
        out.one(&FRAMES_RECEIVED, self.frames_in.get());
        out.one(&FRAMES_SENT, self.frames_out.get());
        {
            let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            out.labelled(&REFUSALS, "code", &*refusals);
        }
        let misdeeds = Misdeed::ALL.iter().zip(&self.misdeeds);
        let misdeeds = misdeeds.map(|(misdeed, count)| (misdeed.as_str(), count.get()));
        out.labelled(&MISDEEDS, "kind", misdeeds);
        out.one(&BANS, self.bans.get());
        out.one(&GAMES, self.games.get());
        out.one(&GAMES_CREATED, self.games_created.get());
        out.one(&SEEKS, self.seeks.get());
        out.one(&RECEIPTS, self.receipts.get());
        out.one(&LAST_RECEIPT, self.last_receipt_ms.get() / 1000);
        out.histogram(&ORDERING, &self.ordering);
        out.one(&FELLOW_RELAYS, self.fellows.get());
        out.one(&STUN_ANSWERED, sampled.stun_answered);
        out.one(&STUN_IGNORED, sampled.stun_ignored);
        out.one(&STUN_LIMITED, sampled.stun_limited);
        out.one(&CODES, sampled.codes);
        out.one(&CODES_ISSUED, sampled.codes_issued);
        let tries = ["found", "unknown", "limited"].into_iter();
        out.labelled(&CODE_TRIES, "result", tries.zip(sampled.code_tries));
        out.one(&TOKENS, sampled.tokens);
        let states = Health::ALL.map(|state| (state.as_str(), u8::from(state == sampled.health)));
        out.labelled(&LOG_STATE, "state", states);
        out.one(&LOG_COMMITS, sampled.log.commits);
        out.one(&LOG_APPENDS, sampled.log.appends);
        out.one(&LOG_FAILURES, sampled.log.failures);
        if let Some(stock) = sampled.stock {
            let parts = [("live", stock.live), ("archived", stock.archived)];
            out.labelled(&LOG_GAMES, "part", parts);
        }
        out.one(&GAMES_ARCHIVED, self.games_archived.get());
        out.some(&LOG_SIZE, sampled.log_bytes);
        out.one(&KEYS_GIVEN_UP, sampled.keys_given_up);
        out.some(&DATA_FREE, sampled.free_bytes);
        out.finish()
    }
}

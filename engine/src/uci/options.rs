//! The options of a session, with their ranges.

use std::time::Duration;

use super::go::number;
use super::quote;
use crate::level::Level;
use crate::search::MULTIPV_MAX;
use crate::transposition::HASH_RANGE;

const OVERHEAD_MAX: u64 = 5000;
const SEED_MAX: u64 = 1 << 31;

/// What `setoption` can set.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// MiB.
    pub(super) hash: u64,
    pub(super) multipv: usize,
    pub(super) overhead: Duration,
    pub(super) chess960: bool,
    pub(super) level: Level,
    /// 0: another for each game.
    pub(super) seed: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            hash: 16,
            multipv: 1,
            overhead: Duration::from_millis(20),
            chess960: false,
            level: Level::MAX,
            seed: 0,
        }
    }
}

impl Options {
    /// The lines that answer `uci`.
    pub(super) fn describe() -> Vec<String> {
        let default = Options::default();
        let spin = |name: &str, default: u64, min: u64, max: u64| {
            format!("option name {name} type spin default {default} min {min} max {max}")
        };
        vec![
            spin("Hash", default.hash, *HASH_RANGE.start(), *HASH_RANGE.end()),
            "option name Clear Hash type button".to_owned(),
            spin("Threads", 1, 1, 1),
            spin("MultiPV", 1, 1, MULTIPV_MAX as u64),
            "option name Ponder type check default false".to_owned(),
            spin(
                "Move Overhead",
                default.overhead.as_millis() as u64,
                0,
                OVERHEAD_MAX,
            ),
            "option name UCI_Chess960 type check default false".to_owned(),
            spin("Level", u64::from(default.level.number()), 1, 8),
            spin("Seed", 0, 0, SEED_MAX),
        ]
    }

    /// Follows a whole `setoption` line. True if it was the button that clears the hash table.
    pub(super) fn set(&mut self, line: &str) -> Result<bool, String> {
        let rest = line
            .trim()
            .strip_prefix("setoption")
            .unwrap_or_default()
            .trim();
        let Some(rest) = rest.strip_prefix("name ") else {
            return Err("setoption needs: name NAME value VALUE".to_owned());
        };
        let (name, value) = match rest.split_once(" value ") {
            Some((name, value)) => (name.trim(), value.trim()),
            None => (rest.trim(), ""),
        };
        match name.to_ascii_lowercase().as_str() {
            "hash" => self.hash = number(value, name, *HASH_RANGE.start(), *HASH_RANGE.end())?,
            "multipv" => self.multipv = number(value, name, 1, MULTIPV_MAX as u64)? as usize,
            "move overhead" => {
                self.overhead = Duration::from_millis(number(value, name, 0, OVERHEAD_MAX)?);
            }
            "uci_chess960" => self.chess960 = flag(value, name)?,
            "level" => {
                let level = number(value, name, 1, 8)?;
                self.level = Level::new(level).map_err(|error| error.to_string())?;
            }
            "seed" => self.seed = number(value, name, 0, SEED_MAX)?,
            // The search works the same whether or not the user ponders; `go ponder` says when.
            "ponder" => {
                flag(value, name)?;
            }
            "threads" => {
                number(value, name, 1, 1)?;
            }
            "clear hash" => return Ok(true),
            _ => return Err(format!("no such option: {}", quote(name))),
        }
        Ok(false)
    }
}

fn flag(value: &str, name: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!(
            "{name} must be true or false, got {}",
            quote(value)
        )),
    }
}

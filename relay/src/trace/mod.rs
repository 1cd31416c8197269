//! What the relay did, one line a step, for a checker that replays it beside the protocol: `rookery-verify --way trace`.
//!
//! A line is a [`Line`] as JSON. It is written before what it tells of can be seen outside: `append` before the log is
//! asked, `appended` before anything is made of the answer, `publish` and `reply` before a byte goes to a session, `alive`
//! before the log gets the mark. Each is one write to the file, so whatever a SIGKILL cuts off, what anybody has seen of
//! this relay is in its trace, and at most the last line is torn. Power loss is another matter: nothing here is synced.
//!
//! Tracing never stops the relay. Where the file cannot be written (its disk is full) lines are lost; the first that can be
//! written again is a [`Event::Hole`] that says how many, and nothing behind it can be vouched for.

mod event;
mod file;

use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rookery_ledger::id::GameId;

pub use event::{Bytes, Entry, Event, Line, Name, Said, Stored, VERSION};

use crate::wall_clock::WallClock;
use file::Writer;

/// The trace of one run of the relay.
#[derive(Debug)]
pub struct Trace(Mutex<Writer>);

impl Trace {
    /// Goes on behind what is in the file, or makes it, readable by its owner alone.
    ///
    /// # Errors
    ///
    /// Where the file cannot be opened, or another relay writes to it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut run = [0; 8];
        getrandom::fill(&mut run).map_err(io::Error::other)?;
        Ok(Self(Mutex::new(Writer::open(path, run)?)))
    }

    /// Writes one line, and returns when the system has it.
    ///
    /// This is a blocking call of some microseconds on the thread of a game. The time is read under the same lock, so that
    /// lines are in the order of their times.
    pub fn write(&self, clock: &WallClock, game: Option<GameId>, event: Event) {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write(clock.now(), game, event);
    }
}

//! Fuzz targets: each takes bytes that a fuzzer chose, and panics where a promise is broken. The programs that hand them
//! to libFuzzer are in `fuzz_targets/`; `tests/corpus.rs` plays what is kept in `corpus/` without it.
//!
//! `docs/verification.md` says what each one checks, and how a campaign is run.

// A panic is how a target says that it found something.
#![allow(clippy::expect_used, clippy::panic)]

mod config;
mod decoders;
mod fold;
mod input;
mod log;
mod pipe;
mod plain;
mod player;
mod pool;
mod sequencer;
mod session;
mod text;

pub use config::config;
pub use decoders::{file, frames, item, message};
pub use fold::{fold, history};
pub use log::log;
pub use player::player;
pub use sequencer::sequencer;
pub use session::session;
pub use text::{genesis, text};

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("item", item),
    ("message", message),
    ("frames", frames),
    ("file", file),
    ("text", text),
    ("genesis", genesis),
    ("config", config),
    ("log", log),
    ("fold", fold),
    ("history", history),
    ("player", player),
    ("sequencer", sequencer),
    ("session", session),
];

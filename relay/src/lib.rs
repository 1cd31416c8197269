//! The relay of Rookery: it puts the players' signed records in one durable order and passes them on.
//!
//! What happens to one move: a `session` reads its frame and checks the limits; the task of its `game` gives it to the
//! game's [`sequencer`], which asks the ledger's orderer what to append; the [`order_log`] makes that durable; only then
//! the receipt is signed and sent to all who watch.

pub mod access;
mod archivist;
pub mod cli;
pub mod client;
pub mod codes;
pub mod conduct;
pub mod config;
#[cfg(unix)]
pub mod control;
pub mod disk;
pub mod fellows;
mod game;
pub mod games;
pub mod heard;
pub mod http;
pub mod keys;
pub mod limits;
pub mod live;
pub mod load;
pub mod lobby;
pub mod metrics;
pub mod node;
pub mod order_log;
pub mod outbox;
pub mod relay;
pub mod sequencer;
pub mod session;
pub mod stun;
pub mod sync;
pub mod tokens;
pub mod trace;
pub mod wall_clock;
mod window;

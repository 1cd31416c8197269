//! A chess game as signed records.
//!
//! The ledger decides what is true of a game from bytes that anyone can keep and show: who sits, which moves were made,
//! what the clocks say, how it ended, and who signed what could not honestly be signed. It does no I/O and reads no
//! clock and no random source: time and entropy are arguments. The page and the relay run this same code.
//!
//! `docs/protocol.md` has the formats; `vectors/` has them as bytes.

pub mod clock;
mod clocked;
pub mod codec;
mod game;
pub mod genesis;
pub mod id;
mod insert;
mod line;
pub mod order;
mod outcome;
pub mod pgn;
pub mod player;
pub mod proof;
pub mod record;
mod refusal;
pub mod rook;
pub mod sign;
mod store;
mod untimed;
pub mod wire;

pub use clocked::Counted;
pub use game::{Game, Inserted, State};
pub use line::{Line, MAX_HEIGHT, Played};
pub use outcome::{ByColour, Colour, Outcome, Reason};
pub use player::{PlayError, Player};
pub use proof::Proof;
pub use refusal::Refusal;
pub use store::{
    Entry, MAX_HELD, MAX_HELD_RECORDS, MAX_HOME_SIGNATURES, MAX_OTHER_RELAYS, MAX_RECEIPTS,
    MAX_RECORDS,
};

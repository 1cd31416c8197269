//! A native client of the session protocol: what a page does, over WebSocket, TCP, QUIC or WebRTC-direct. For the load
//! tool and for tests; a [`RawStream`] also sends what no honest client would.

mod bound;
mod connection;
mod error;
mod raw;
mod session;
mod table;

pub use crate::outbox::Refused;
pub use connection::Connection;
pub use error::ClientError;
pub use raw::RawStream;
pub(crate) use raw::hello;
pub use session::{Event, Requests, Session, Welcome};
pub use table::Table;

use rookery_ledger::id::{Millis, Nonce, OrderKey};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, Variant};
use rookery_ledger::sign::Keypair;

/// A new player's key.
///
/// # Errors
///
/// [`ClientError::Random`] where the system gives no random bytes.
pub fn new_key() -> Result<Keypair, ClientError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)?;
    Ok(Keypair::from_secret(&secret))
}

/// Fresh random bytes.
///
/// # Errors
///
/// [`ClientError::Random`] where the system gives no random bytes.
pub fn new_nonce() -> Result<Nonce, ClientError> {
    let mut nonce = [0; Nonce::LEN];
    getrandom::fill(&mut nonce)?;
    Ok(Nonce(nonce))
}

/// The usual game from the start position: open seat, drawn colours, no takebacks.
#[must_use]
pub fn usual_game(clock: Clock, homes: Vec<OrderKey>) -> Options {
    Options {
        variant: Variant::Standard,
        start: "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1".into(),
        moves: Vec::new(),
        clock,
        colour: None,
        seat: None,
        takebacks: false,
        homes,
        from: None,
    }
}

/// A length of time as the ledger counts it.
fn millis(time: std::time::Duration) -> Millis {
    Millis::new(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

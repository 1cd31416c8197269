//! The browser's end of the session protocol: one player's games, kept in step with a relay.
//!
//! [`Core`] is pure: it takes frames, wishes and the time, and gives back what is to be stored, sent and shown, so it
//! is tested on any machine. What needs a browser (the libp2p connection, the bindings) exists only on `wasm32`.

mod core;
mod direct;
mod failure;
mod findings;
mod home;
mod intake;
mod json;
mod notes;
mod onward;
mod output;
mod place;
mod relay_clock;
mod session;
mod snapshot;
mod suspicion;
mod table;
mod talk;

#[cfg(target_arch = "wasm32")]
mod bindings;
#[cfg(target_arch = "wasm32")]
mod net;
#[cfg(target_arch = "wasm32")]
mod socket;

pub use self::core::{Core, NewGame};
pub use self::failure::Failure;
pub use self::output::{LinkId, Now, Output};
pub use self::table::Reading;

#[cfg(target_arch = "wasm32")]
pub use self::bindings::{NewGameOptions, PeerCore};
#[cfg(target_arch = "wasm32")]
pub use self::net::{Link, dial};

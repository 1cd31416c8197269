//! The relay's files that touch no network, built a second time: over [`sync`], whose every lock, channel and atomic is a
//! place where a machine may let somebody else run. The files are the relay's own, line by line; what explores them is the
//! way `shuttle` of `rookery-verify`.

pub mod explore;
mod scenarios;

#[path = "../../src/games/mailboxes.rs"]
pub mod mailboxes;
#[path = "../../src/order_log/mod.rs"]
pub mod order_log;
#[path = "../../src/outbox/queue.rs"]
pub mod outbox_queue;
pub mod sync;

//! What is explored, each with its own idea of what must hold. A broken promise is a panic, as shuttle wants it.

#![allow(clippy::panic)]

mod disk;
pub(crate) mod group_commit;
pub(crate) mod mailboxes;
pub(crate) mod outbox;
mod shelf;
pub(crate) mod whole_log;

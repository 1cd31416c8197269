//! The relay from outside: the real binary, real sockets, and an outsider who replays what it gives out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod archive;
mod backup;
mod cli;
mod codes;
mod conduct;
mod crash;
mod disk;
mod fellows;
mod forget;
mod home;
mod hostile;
mod http;
mod liar;
mod load;
mod play;
mod private;
mod reload;
mod restored;
mod seats;
mod stun;
mod support;

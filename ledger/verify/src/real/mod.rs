//! The shipped relay as a process, and clients of it over real sockets: what the ways share that break real things.

mod cable;
mod link;
mod process;
mod random;

pub(crate) use cable::{Cable, enter};
pub(crate) use link::{Link, Lost};
#[cfg(test)]
pub(crate) use process::test_plan;
pub(crate) use process::{Server, Setup, program};
pub(crate) use random::Random;

//! Trains the network that judges positions for Rookery's engine, on processor cores.
//!
//! [`games`] ([`rookery_games`]) are read, [`filter`] keeps their quiet [`positions`], [`train`] fits a [`network`] to their scores and
//! results, [`quantise`] rounds it to the whole numbers that the engine computes with, and a [`manifest`] says where
//! it comes from. Where the games do not come from the engine itself, [`collect`] has another engine play them. The
//! program `rookery-train` does all this:
//!
//! ```text
//! rookery-train stats games.zst
//! rookery-train train --data games.zst --hidden 64 --out net.rknn --checkpoint net.checkpoint
//! rookery-train check net.rknn --data other-games.zst --checkpoint net.checkpoint
//! ```
//!
//! The loops are written for vector registers. With `RUSTFLAGS="-C target-cpu=native"` and a target folder of its own
//! (`CARGO_TARGET_DIR`) the program uses the widest that the machine has.

pub mod collect;
pub mod filter;
pub mod manifest;
pub mod network;
pub mod positions;
pub mod quantise;
pub mod scale;
pub mod train;

pub use rookery_games as games;

#[cfg(test)]
mod samples;

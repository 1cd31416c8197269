//! Trains the network that judges positions for Rookery's engine, on processor cores.

pub mod filter;
pub mod games;
pub mod manifest;
pub mod network;
pub mod positions;
pub mod quantise;
pub mod scale;
pub mod train;

#[cfg(test)]
mod samples;

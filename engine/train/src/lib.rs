//! Trains the network that judges positions for Rookery's engine, on processor cores.

pub mod filter;
pub mod games;
pub mod positions;

#[cfg(test)]
mod samples;

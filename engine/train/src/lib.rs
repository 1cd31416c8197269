//! Trains the network that judges positions for Rookery's engine, on processor cores.

pub mod games;

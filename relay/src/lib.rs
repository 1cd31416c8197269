//! The relay of Rookery: it puts the players' signed records in one durable order and passes them on.

pub mod client;
pub mod config;
pub mod keys;
pub mod limits;
pub mod node;
pub mod order_log;
pub mod wall_clock;

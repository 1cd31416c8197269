//! The relay of Rookery: it puts the players' signed records in one durable order and passes them on.

pub mod order_log;

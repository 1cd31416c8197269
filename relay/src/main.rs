//! The `rookery-relay` binary.
fn main() {}

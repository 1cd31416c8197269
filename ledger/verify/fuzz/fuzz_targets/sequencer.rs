//! Fuzzes `rookery_fuzz::sequencer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rookery_fuzz::sequencer(data));

//! Fuzzes `rookery_fuzz::player`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rookery_fuzz::player(data));

//! Fuzzes `rookery_fuzz::log`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rookery_fuzz::log(data));

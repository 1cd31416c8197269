//! Fuzzes `rookery_fuzz::history`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rookery_fuzz::history(data));

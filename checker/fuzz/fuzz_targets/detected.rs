//! Fuzzes detection, and whichever reader it picks.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "survive.inc"]
mod survive;

fuzz_target!(|bytes: &[u8]| survive::survive(bytes, None));

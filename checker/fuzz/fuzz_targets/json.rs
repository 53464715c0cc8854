//! Fuzzes the reader of `Format::Json`.

#![no_main]

use netsplit_checker::formats::Format;
use libfuzzer_sys::fuzz_target;

#[path = "survive.inc"]
mod survive;

fuzz_target!(|bytes: &[u8]| survive::survive(bytes, Some(Format::Json)));

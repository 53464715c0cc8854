//! The tests of the program and of whole runs, in one binary: linking each on its own would take longer than running them.

mod bad_input;
mod bids;
mod browser;
mod campaign;
mod check;
mod chromium;
mod claims;
mod cluster;
mod course;
mod crdt;
mod determinism;
mod direct;
mod explain;
mod faults;
mod hostile_capsule;
mod http_api;
mod interrupt;
mod matrix;
mod meta;
mod names_and_mail;
mod nightly;
mod panics;
mod ping_pong;
mod program;
mod published;
mod redis;
mod riak;
mod schedule;
mod schema;
mod serve;
mod shell;
mod voice;

use netsplit::case::Case;
use netsplit::plan::Config;
use netsplit::registry::Registry;

/// The case of `seed`, with names that netsplit brings.
fn draw(seed: u64, config: &Config) -> Case {
    Case::draw(seed, config, &Registry::builtin()).expect("the names are known")
}

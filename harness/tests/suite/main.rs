//! The tests of the program and of whole runs, in one binary: linking each on its own would take longer than running them.

mod bad_input;
mod browser;
mod campaign;
mod check;
mod claims;
mod crdt;
mod determinism;
mod explain;
mod faults;
mod hostile_capsule;
mod interrupt;
mod meta;
mod panics;
mod ping_pong;
mod published;
mod redis;
mod schedule;
mod shell;

//! What clients do, and which checkers judge it.
//!
//! A workload writes each client's whole script before the run starts: the same operations at the same times whatever the
//! faults do, so that removing a fault or an operation changes nothing else.
//!
//! **Architecture invariant:** operations come from the plan's dice, never from what the run shows.

pub mod append;
pub mod bids;
pub mod claim;
pub mod client;
pub mod counter;
pub mod job;
pub mod lifecycle;
pub mod lock;
pub mod mail;
pub mod names;
pub mod op;
pub mod ping;
pub mod presence;
pub mod promise;
pub mod read_write;
pub mod register;
pub mod retarget;
pub mod set;
pub mod set_rmw;
pub mod swap;
mod transaction;
pub mod words;

use std::time::Duration;

use netsplit_checker::{Checker, Outcome, Value};
use netsplit_systems::call::CallError;
use netsplit_systems::net::Net;
use netsplit_systems::system::Offer;
use rand_chacha::ChaCha8Rng;

pub use client::{Client, Invocation, over_http};
pub use op::{Op, Planned, Script};
pub use promise::Promise;

/// The size of a run, as far as a workload needs it.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The names of the nodes.
    pub nodes: Vec<String>,
    /// How many clients there are.
    pub clients: usize,
    /// Length of the main phase.
    pub length: Duration,
    /// Operations per second, of all clients together.
    pub rate: u32,
}

/// What clients do.
#[derive(Clone, Copy)]
pub struct Workload {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// What it asks of a system.
    pub needs: &'static [Offer],
    /// Writes every client's script.
    pub generate: fn(&mut ChaCha8Rng, &Shape) -> Vec<Script>,
    /// What is done once, and acknowledged, before the main phase and its faults begin.
    pub setup: fn(&[Script]) -> Vec<Op>,
    /// The reads after the quiet period, each to be asked of every node.
    pub finale: fn(&[Script]) -> Vec<Op>,
    /// Makes a client, whose calls take at most so long.
    pub client: fn(Net, Duration) -> Box<dyn Client>,
    /// What judges the history, for what is promised of it.
    pub checkers: fn(Promise) -> Vec<Box<dyn Checker>>,
    /// Whether an operation has no effect in the models of the checkers: then no answer is as good as never asked.
    pub pure: fn(&Op) -> bool,
}

/// What a history records of a call: the only place where that is decided.
pub fn outcome(result: &Result<Value, CallError>, pure: bool) -> Outcome<'_> {
    match result {
        Ok(value) => Outcome::Ok(value),
        Err(CallError::NotSent(_) | CallError::Refused(_)) => Outcome::Fail,
        Err(CallError::Lost(_)) if pure => Outcome::Fail,
        Err(CallError::Lost(_)) => Outcome::Info,
    }
}

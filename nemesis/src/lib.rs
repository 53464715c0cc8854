//! Faults as data, schedules of them drawn from a seed, and how each is done to a simulation.
//!
//! | part | what it is |
//! |---|---|
//! | [`fault`] | a [`Fault`], and a [`Step`]: a fault with its time, its length and a stable id |
//! | [`partition`], [`crash`] | the families: each draws a [`Schedule`] |
//! | [`inject`] | begins and ends the steps of a schedule in a running simulation |
//!
//! **Architecture invariant:** the nemesis never looks at a node's state, and every step ends by its own heal.

pub mod crash;
pub mod fault;
pub mod inject;
pub mod partition;

use std::time::Duration;

use rand_chacha::ChaCha8Rng;

pub use fault::{CutKind, Fault, Schedule, Step};

/// The hosts that faults can aim at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The nodes: `n1`, `n2`, ….
    pub nodes: Vec<String>,
    /// The host that Redis runs on, if there is one.
    pub redis: Option<String>,
}

impl Cluster {
    /// All of them: the nodes, then Redis.
    pub fn hosts(&self) -> Vec<String> {
        self.nodes.iter().chain(&self.redis).cloned().collect()
    }
}

/// A family of faults.
#[derive(Clone, Copy)]
pub struct Nemesis {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Draws the faults of a main phase of this length; each ends within it.
    pub schedule: fn(&mut ChaCha8Rng, &Cluster, Duration) -> Schedule,
}

/// No faults at all: what must hold here must hold everywhere.
pub const NONE: Nemesis = Nemesis { name: "none", about: "no faults", schedule: |_, _, _| Schedule::new() };

//! Faults as data, schedules of them drawn from a seed, and how each is done to a simulation.
//!
//! | part | what it is |
//! |---|---|
//! | [`fault`] | a [`Fault`], and a [`Step`]: a fault with its time, its length and a stable id |
//! | [`target`] | whom a fault hits |
//! | `display`, `limits` | a fault as a person reads it, and what it may not be |
//! | `episodes` | faults one after another, with healthy times between them |
//! | [`partition`], [`one_way`], [`flapping`], [`swizzle`] | links that are cut |
//! | [`crash`], [`power`], [`pause`], [`leader`] | processes and machines that stop |
//! | [`skew`], [`slow`], [`weather`], [`disk`] | clocks, links, messages and disks that do wrong |
//! | [`swarm`] | another mix of families for each seed |
//! | [`inject`] | begins and ends the steps of a schedule in a running simulation |
//!
//! A new family is a variant of [`Fault`], what it means in [`inject`], a file that draws it, and a line in the harness's
//! registry. **Architecture invariant:** the nemesis never looks at a node's state but for what the node publishes on its
//! `Board`, and every step ends by its own heal.

pub mod crash;
pub mod disk;
mod display;
mod episodes;
pub mod fault;
pub mod flapping;
pub mod inject;
pub mod leader;
mod limits;
pub mod one_way;
pub mod partition;
pub mod pause;
pub mod power;
pub mod skew;
pub mod slow;
pub mod swarm;
pub mod swizzle;
pub mod target;
pub mod weather;

use std::time::Duration;

use rand_chacha::ChaCha8Rng;

pub use fault::{CutKind, Delay, DiskTrouble, Fault, Mishap, Schedule, Skew, Step};
pub use target::Target;

/// The host that the clients run on: its links can break, but it can't.
pub const CLIENTS: &str = "clients";

/// The hosts that faults can aim at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The nodes: `n1`, `n2`, ….
    pub nodes: Vec<String>,
    /// The host that Redis runs on, if there is one.
    pub redis: Option<String>,
    /// Whether one of the nodes leads, and says so.
    pub leads: bool,
}

impl Cluster {
    /// The hosts of the system: the nodes, then Redis.
    pub fn hosts(&self) -> Vec<String> {
        self.nodes.iter().chain(&self.redis).cloned().collect()
    }

    /// All hosts of the network: the system's, then the clients'.
    pub fn everyone(&self) -> Vec<String> {
        let mut everyone = self.hosts();
        everyone.push(CLIENTS.to_owned());
        everyone
    }
}

/// The time in which faults are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// How long the main phase is.
    pub length: Duration,
    /// How long the healthy times between faults are, in a thousandth of what is usual.
    pub calm_permille: u32,
}

/// A kind of trouble that a run can be given.
#[derive(Clone, Copy)]
pub struct Nemesis {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// The families of the faults that it draws, as claims name them.
    pub families: &'static [&'static str],
    /// Draws the faults of a main phase; each ends within it.
    pub schedule: fn(&mut ChaCha8Rng, &Cluster, Phase) -> Schedule,
}

/// No faults at all: what must hold here must hold everywhere.
pub const NONE: Nemesis =
    Nemesis { name: "none", about: "no faults", families: &["none"], schedule: |_, _, _| Schedule::new() };

#[cfg(test)]
mod tests;

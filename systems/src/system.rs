//! What a system is, as data: its name, what it serves, what it stands on, what it promises and how a node of it starts.

use crate::node::{Node, NodeFuture};
use crate::story::Story;

/// The consistency that a system promises, or gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As if every operation took effect at one instant between its invocation and its completion.
    Linearizable,
    /// As if in some order that every process agrees with.
    Sequential,
    /// Causes before effects, for everyone.
    Causal,
    /// The same updates give the same state.
    Eventual,
}

/// What a promise is made under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is promised.
    pub level: Level,
    /// The fault families under which it is promised.
    pub under: &'static [&'static str],
    /// Whether it is deliberately more than the system can hold.
    pub weakened: bool,
}

/// What clients can ask of a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The link shortener's HTTP interface.
    Links,
}

/// When Redis makes its append-only file durable: its own `appendfsync` setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// Before any reply leaves.
    Always,
    /// Once a second.
    EverySecond,
}

/// A system under test.
#[derive(Clone, Copy)]
pub struct System {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// What it gives up for what it promises, in one line.
    pub gives_up: &'static str,
    /// Where its algorithm is described.
    pub source: &'static str,
    /// What clients can ask of it.
    pub service: Service,
    /// The Redis host that it stands on, if any.
    pub redis: Option<Fsync>,
    /// What it promises.
    pub claims: &'static [Claim],
    /// How it works and how it fails, for its reports.
    pub story: Story,
    /// Starts a node; called again after every crash.
    pub start: fn(Node) -> NodeFuture,
}

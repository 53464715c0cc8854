//! Plans: everything that a run depends on, as plain data. A [`crate::case::Case`] draws one from a seed and runs it.

use std::collections::BTreeSet;
use std::time::Duration;

use netsplit_nemesis::swarm::Member;
use netsplit_nemesis::target::LEADER;
use netsplit_nemesis::{Cluster, Schedule};
use netsplit_workloads::{Op, Script};
use serde::{Deserialize, Serialize};

use crate::registry::{Registry, Unknown};

/// The version of the plan's form and of what a plan makes a run do.
pub const FORMAT: u32 = 4;

/// The nemesis of a plan whose schedule was not drawn but given: its fault families are those of the faults themselves.
pub const BY_HAND: &str = "schedule";

pub use netsplit_nemesis::CLIENTS;

/// Which Redis a run uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum RedisKind {
    /// A Redis inside the simulation.
    #[default]
    Embedded,
    /// A real `redis-server`, started for the run and ended after it.
    Server,
}

/// What a person chooses of a run; the seed decides the rest.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name of the system.
    pub system: String,
    /// The name of the workload.
    pub workload: String,
    /// The names of the nemeses, joined by commas.
    pub nemesis: String,
    /// How many nodes.
    pub nodes: usize,
    /// How many clients.
    pub clients: usize,
    /// Length of the main phase.
    pub time_limit: Duration,
    /// Operations per second, of all clients together.
    pub rate: u32,
    /// Which Redis.
    pub redis: RedisKind,
    /// Whether a swarm leaves what the system tolerates.
    pub beyond: bool,
    /// Whether only a majority of the nodes is healed at the end, and the others stay dead.
    pub core: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            system: "redis".into(),
            workload: "register".into(),
            nemesis: "partition,crash".into(),
            nodes: 5,
            clients: 10,
            time_limit: Duration::from_secs(30),
            rate: 70,
            redis: RedisKind::Embedded,
            beyond: false,
            core: false,
        }
    }
}

impl Config {
    /// The default, but of the first system of `registry` and the first workload that it serves; `None` if there is none.
    pub fn first_of(registry: &Registry) -> Option<Config> {
        let system = registry.systems().first()?;
        let workload = registry.workload_for(system)?;
        Some(Config { system: system.name.into(), workload: workload.name.into(), ..Config::default() })
    }
}

/// The latency between two hosts, both ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// One host.
    pub a: String,
    /// The other.
    pub b: String,
    /// One way, in milliseconds: a multiple of the tick.
    pub ms: u64,
}

/// Everything that a run depends on. Times are milliseconds of simulated time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// See [`FORMAT`].
    pub format: u32,
    /// The seed that it was drawn from, and that the dice inside the run are labelled streams of.
    pub seed: u64,
    /// The system under test.
    pub system: String,
    /// What its clients do.
    pub workload: String,
    /// Where the faults come from.
    pub nemesis: String,
    /// Which Redis.
    pub redis: RedisKind,
    /// The names of the nodes.
    pub nodes: Vec<String>,
    /// The simulation's step.
    pub tick_ms: u64,
    /// The latency of every link.
    pub latencies: Vec<Latency>,
    /// When the main phase ends.
    pub length_ms: u64,
    /// Between the heal and the final reads.
    pub quiet_ms: u64,
    /// How long the final reads may take; a node that does not answer by then is stuck.
    pub recovery_ms: u64,
    /// How long a client waits for an answer.
    pub deadline_ms: u64,
    /// The nemeses that a swarm drew, with their rates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub swarm: Vec<Member>,
    /// The faults.
    pub schedule: Schedule,
    /// The nodes that die when the main phase ends and never come back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dead: Vec<String>,
    /// What is done once before the main phase; empty if nothing is.
    #[serde(default)]
    pub setup: Vec<Op>,
    /// When the main phase begins.
    #[serde(default)]
    pub start_ms: u64,
    /// What each client does.
    pub scripts: Vec<Script>,
    /// What is asked at the end.
    pub finale: Vec<Op>,
    /// The nodes that it is asked of: all, unless the plan was shrunk.
    pub finale_nodes: Vec<String>,
}

/// Why there is no plan for a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadConfig {
    /// A name that the registry does not have.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// A system that can't serve a workload.
    #[error("workload `{workload}` needs {missing}; system `{system}` has none; try {instead}")]
    NotServed {
        /// The workload.
        workload: String,
        /// What it needs and does not get.
        missing: String,
        /// The system.
        system: String,
        /// The workloads that it can serve, and the systems that can serve this one.
        instead: String,
    },
    /// A size beyond what a run may have.
    #[error("{what} is {value}; the least is {least} and the most is {most}")]
    Size {
        /// What.
        what: &'static str,
        /// How much was asked for.
        value: u64,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// A plan that names hosts that it does not have, or hosts under names that no host can have.
    #[error("{0}")]
    Inconsistent(String),
}

impl Plan {
    /// Checks that its names are those of hosts of `cluster`, each meant once.
    pub(crate) fn validate_hosts(&self, cluster: &Cluster) -> Result<(), BadConfig> {
        let inconsistent = |text: String| Err(BadConfig::Inconsistent(text));
        let hosts = cluster.hosts();
        for (at, node) in self.nodes.iter().enumerate() {
            let plain = node.len() <= 32 && node.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if node.is_empty() || !plain || [CLIENTS, LEADER].contains(&node.as_str()) || hosts[at + 1..].contains(node)
            {
                return inconsistent(format!("`{}` can't be a node's name", node.escape_debug()));
            }
        }
        let known = |host: &String| host == CLIENTS || hosts.contains(host);
        if let Some(node) = self.dead.iter().find(|node| !self.nodes.contains(node) || self.finale_nodes.contains(node))
        {
            return inconsistent(format!("`{}` can't be a dead node", node.escape_debug()));
        }
        let mut ids = BTreeSet::new();
        for step in &self.schedule {
            if let Some(flaw) = step.fault.flaw(cluster) {
                return inconsistent(format!("fault {} {flaw}", step.id));
            }
            if !ids.insert(step.id) {
                return inconsistent(format!("two faults have the id {}", step.id));
            }
        }
        for link in &self.latencies {
            if !known(&link.a) || !known(&link.b) || link.ms > 60_000 {
                return inconsistent(format!(
                    "the latency of {}–{} can't be",
                    link.a.escape_debug(),
                    link.b.escape_debug()
                ));
            }
        }
        let mut last_asked = self.finale_nodes.clone();
        last_asked.sort_unstable();
        if last_asked.windows(2).any(|pair| pair[0] == pair[1]) {
            return inconsistent("the final reads ask a node twice".into());
        }
        let mut asked = self.scripts.iter().flatten().map(|planned| &planned.node).chain(&self.finale_nodes);
        match asked.find(|node| !self.nodes.contains(node)) {
            Some(node) => inconsistent(format!("an operation asks `{}`, no node", node.escape_debug())),
            None => Ok(()),
        }
    }
}

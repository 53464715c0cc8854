//! Plans: everything that a run depends on, as plain data, drawn from a seed.

use std::time::Duration;

use netsplit_nemesis::{Cluster, Nemesis, Schedule};
use netsplit_systems::dice::dice;
use netsplit_systems::node::REDIS;
use netsplit_systems::system::{Claim, System};
use netsplit_workloads::{Op, Script, Shape, Workload};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::limits::{self, MOST_CLIENTS, MOST_LENGTH_MS, MOST_NODES, MOST_OPERATIONS, within};
use crate::registry::{self, Unknown};

/// The version of the plan's form and of what a plan makes a run do.
pub const FORMAT: u32 = 2;

/// The nemesis of a plan whose schedule was not drawn but given: its fault families are those of the faults themselves.
pub const BY_HAND: &str = "schedule";

/// The host that the clients' tasks run on.
pub const CLIENTS: &str = "clients";

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
        }
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
    /// The faults.
    pub schedule: Schedule,
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

const TICK_MS: u64 = 5;

/// How long the set-up may take, if there is one.
const SETUP_MS: u64 = 3000;

impl Plan {
    /// The plan of `seed`.
    pub fn draw(seed: u64, config: &Config) -> Result<Plan, BadConfig> {
        let length_ms = u64::try_from(config.time_limit.as_millis()).unwrap_or(u64::MAX);
        within("the number of nodes", config.nodes as u64, 1, MOST_NODES)?;
        within("the number of clients", config.clients as u64, 1, MOST_CLIENTS)?;
        within("the time limit in milliseconds", length_ms, 100, MOST_LENGTH_MS)?;
        within("the rate", u64::from(config.rate), 1, 100_000)?;
        within("the number of operations", u64::from(config.rate) * length_ms / 1000, 0, MOST_OPERATIONS)?;
        let system = registry::system(&config.system)?;
        let workload = registry::workload(&config.workload)?;
        let nodes: Vec<String> = (1..=config.nodes).map(|n| format!("n{n}")).collect();
        let shape =
            Shape { nodes: nodes.clone(), clients: config.clients, length: config.time_limit, rate: config.rate };
        let cluster = Cluster { nodes: nodes.clone(), redis: system.redis.map(|_| REDIS.to_owned()) };
        let mut scripts = (workload.generate)(&mut dice(seed, workload.name), &shape);
        let setup = (workload.setup)(&scripts);
        let start_ms = if setup.is_empty() { 0 } else { SETUP_MS };
        for planned in scripts.iter_mut().flatten() {
            planned.at_ms += start_ms;
        }
        let mut schedule = schedule(seed, &registry::nemeses(&config.nemesis)?, &cluster, config.time_limit);
        for step in &mut schedule {
            step.at_ms += start_ms;
        }
        let plan = Plan {
            format: FORMAT,
            seed,
            system: system.name.into(),
            workload: workload.name.into(),
            nemesis: config.nemesis.clone(),
            redis: config.redis,
            tick_ms: TICK_MS,
            latencies: latencies(seed, &cluster),
            length_ms: start_ms + length_ms,
            setup,
            start_ms,
            quiet_ms: 1000,
            recovery_ms: 10_000,
            deadline_ms: 1000,
            schedule,
            finale: (workload.finale)(&scripts),
            scripts,
            finale_nodes: nodes.clone(),
            nodes,
        };
        plan.validate()?;
        Ok(plan)
    }

    /// The system, which a valid plan's is.
    pub fn system(&self) -> &'static System {
        registry::system(&self.system).expect("a plan is validated before it is used")
    }

    /// The workload, which a valid plan's is.
    pub fn workload(&self) -> &'static Workload {
        registry::workload(&self.workload).expect("a plan is validated before it is used")
    }

    /// The names of the nemeses that it was drawn for: its fault families, whether they drew a fault or not.
    pub fn families(&self) -> Vec<&str> {
        if self.nemesis != BY_HAND {
            return self.nemesis.split(',').map(str::trim).collect();
        }
        let mut families: Vec<&str> = self.schedule.iter().map(|step| step.fault.family()).collect();
        families.sort_unstable();
        families.dedup();
        families
    }

    /// The claim that the run is held to: the one that covers its fault families, else the system's strongest.
    pub fn promised(&self) -> &'static Claim {
        let system = self.system();
        system.claim_under(&self.families()).unwrap_or(&system.claims[0])
    }

    /// Whether the run's faults are beyond what the system says that it tolerates.
    pub fn is_beyond(&self) -> bool {
        self.system().claim_under(&self.families()).is_none()
    }

    /// The hosts that faults can aim at.
    pub fn cluster(&self) -> Cluster {
        Cluster { nodes: self.nodes.clone(), redis: self.system().redis.map(|_| REDIS.to_owned()) }
    }

    /// Checks that a plan from anywhere can be run, and is no larger than a run may be.
    pub fn validate(&self) -> Result<(), BadConfig> {
        let system = registry::system(&self.system)?;
        let workload = registry::workload(&self.workload)?;
        registry::served(workload, system)?;
        limits::check(self)?;
        self.validate_hosts()
    }

    fn validate_hosts(&self) -> Result<(), BadConfig> {
        let inconsistent = |text: String| Err(BadConfig::Inconsistent(text));
        let hosts = self.cluster().hosts();
        for (at, node) in self.nodes.iter().enumerate() {
            let plain = node.len() <= 32 && node.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if node.is_empty() || !plain || node == CLIENTS || hosts[at + 1..].contains(node) {
                return inconsistent(format!("`{}` can't be a node's name", node.escape_debug()));
            }
        }
        let known = |host: &String| host == CLIENTS || hosts.contains(host);
        let mut ids = std::collections::BTreeSet::new();
        for step in &self.schedule {
            let named = step.fault.cut_pairs().into_iter().flat_map(|(a, b)| [a, b]).chain(step.fault.stopped_host());
            for host in named {
                if !hosts.iter().any(|known| known == host) {
                    return inconsistent(format!(
                        "fault {} names `{}`, no host of the plan",
                        step.id,
                        host.escape_debug()
                    ));
                }
            }
            if step.fault.cut_pairs().iter().any(|(a, b)| a == b) {
                return inconsistent(format!("fault {} cuts a host from itself", step.id));
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

/// One to three ticks on every link, drawn per pair.
fn latencies(seed: u64, cluster: &Cluster) -> Vec<Latency> {
    let mut rng = dice(seed, "latencies");
    let mut hosts = cluster.hosts();
    hosts.push(CLIENTS.to_owned());
    let mut latencies = Vec::new();
    for (at, a) in hosts.iter().enumerate() {
        for b in &hosts[at + 1..] {
            latencies.push(Latency { a: a.clone(), b: b.clone(), ms: TICK_MS * rng.random_range(1..=3) });
        }
    }
    latencies
}

/// Every nemesis draws from its own stream, so that adding one leaves the others' faults as they are.
fn schedule(seed: u64, nemeses: &[&Nemesis], cluster: &Cluster, length: Duration) -> Schedule {
    let mut schedule: Schedule =
        nemeses.iter().flat_map(|nemesis| (nemesis.schedule)(&mut dice(seed, nemesis.name), cluster, length)).collect();
    schedule.sort_by_key(|step| step.at_ms);
    for (id, step) in schedule.iter_mut().enumerate() {
        step.id = u32::try_from(id).expect("a schedule is short");
    }
    schedule
}

//! A case: a plan that can be run, with what its names mean. A plan is data, and may come from a file; whoever has a case
//! knows that the plan's names are registered, that its sizes are bearable, and that its system serves its workload.

use std::collections::BTreeSet;
use std::ops::Deref;

use netsplit_nemesis::Cluster;
use netsplit_systems::dice::dice;
use netsplit_systems::node::REDIS;
use netsplit_systems::system::{Claim, System};
use netsplit_workloads::{Shape, Workload};
use rand::Rng;

use crate::faults::Faults;
use crate::limits::{self, MOST_CLIENTS, MOST_LENGTH_MS, MOST_NODES, MOST_OPERATIONS, within};
use crate::plan::{BadConfig, CLIENTS, Config, FORMAT, Latency, Plan};
use crate::registry::Registry;

/// A plan, and what its names mean. It reads like its plan.
#[derive(Clone)]
pub struct Case {
    /// The plan. Who changes it asks [`Case::with`] for the case of the changed one.
    pub plan: Plan,
    /// The system under test.
    pub system: &'static System,
    /// What its clients do.
    pub workload: &'static Workload,
    /// Where the names were looked up.
    pub registry: Registry,
}

impl Deref for Case {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        &self.plan
    }
}

/// What a case is, but for what is code.
impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.plan.fmt(f)
    }
}

const TICK_MS: u64 = 5;

/// How long the set-up may take, if there is one.
const SETUP_MS: u64 = 3000;

impl Case {
    /// The case of `seed`.
    pub fn draw(seed: u64, config: &Config, registry: &Registry) -> Result<Case, BadConfig> {
        let length_ms = u64::try_from(config.time_limit.as_millis()).unwrap_or(u64::MAX);
        within("the number of nodes", config.nodes as u64, 1, MOST_NODES)?;
        within("the number of clients", config.clients as u64, 1, MOST_CLIENTS)?;
        within("the time limit in milliseconds", length_ms, 100, MOST_LENGTH_MS)?;
        within("the rate", u64::from(config.rate), 1, 100_000)?;
        within("the number of operations", u64::from(config.rate) * length_ms / 1000, 0, MOST_OPERATIONS)?;
        let system = registry.system(&config.system)?;
        let workload = registry.workload(&config.workload)?;
        let nodes: Vec<String> = (1..=config.nodes).map(|n| format!("n{n}")).collect();
        let shape =
            Shape { nodes: nodes.clone(), clients: config.clients, length: config.time_limit, rate: config.rate };
        let cluster = cluster(system, &nodes);
        let mut scripts = (workload.generate)(&mut dice(seed, workload.name), &shape);
        let setup = (workload.setup)(&scripts);
        let start_ms = if setup.is_empty() { 0 } else { SETUP_MS };
        for planned in scripts.iter_mut().flatten() {
            planned.at_ms += start_ms;
        }
        let Faults { swarm, mut schedule, dead } = Faults::draw(seed, config, system, &cluster, registry)?;
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
            swarm,
            schedule,
            finale_nodes: nodes.iter().filter(|node| !dead.contains(node)).cloned().collect(),
            dead,
            finale: (workload.finale)(&scripts),
            scripts,
            nodes,
        };
        Case::of(plan, registry)
    }

    /// The case of a plan from anywhere; an `Err` if it can't be run, or is larger than a run may be.
    pub fn of(plan: Plan, registry: &Registry) -> Result<Case, BadConfig> {
        let system = registry.system(&plan.system)?;
        let workload = registry.workload(&plan.workload)?;
        registry.served(workload, system)?;
        limits::check(&plan)?;
        plan.validate_hosts(&cluster(system, &plan.nodes))?;
        Ok(Case { plan, system, workload, registry: registry.clone() })
    }

    /// The case of another plan, with names from the same registry.
    pub fn with(&self, plan: Plan) -> Result<Case, BadConfig> {
        Case::of(plan, &self.registry)
    }

    /// Its fault families: those of the nemeses that it was drawn for, whether they drew a fault or not, and of its faults.
    pub fn families(&self) -> Vec<&str> {
        let named = self.registry.nemeses_named(&self.nemesis).unwrap_or_default();
        let swarm = self.swarm.iter().filter_map(|member| self.registry.nemesis(&member.nemesis).ok());
        let drawn = named.into_iter().chain(swarm).flat_map(|nemesis| nemesis.families.iter().copied());
        let dead = (!self.dead.is_empty()).then_some("crash");
        let scheduled = self.schedule.iter().map(|step| step.fault.family());
        let families: BTreeSet<&str> = drawn.chain(dead).chain(scheduled).collect();
        families.into_iter().collect()
    }

    /// The claim that the run is held to: the one that covers its fault families, else the system's strongest.
    pub fn promised(&self) -> &'static Claim {
        self.system.claim_under(&self.families()).unwrap_or(&self.system.claims[0])
    }

    /// Whether the run's faults are beyond what the system says that it tolerates.
    pub fn is_beyond(&self) -> bool {
        self.system.claim_under(&self.families()).is_none()
    }

    /// The fault families of the run that the system's claims, taken one by one, do not cover all of.
    pub fn beyond(&self) -> Vec<&str> {
        let families = self.families();
        let lacking = |claim: &Claim| -> Vec<&str> {
            families.iter().copied().filter(|family| !claim.under.contains(family)).collect()
        };
        self.system.claims.iter().map(lacking).min_by_key(Vec::len).unwrap_or(families.clone())
    }

    /// The hosts that faults can aim at.
    pub fn cluster(&self) -> Cluster {
        cluster(self.system, &self.nodes)
    }
}

fn cluster(system: &System, nodes: &[String]) -> Cluster {
    Cluster { nodes: nodes.to_vec(), redis: system.redis.map(|_| REDIS.to_owned()), leads: system.leads }
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

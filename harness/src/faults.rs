//! The faults of a plan: drawn by the nemeses that were asked for, or by a swarm of those that the system tolerates.

use std::collections::BTreeSet;
use std::time::Duration;

use netsplit_nemesis::swarm::{self, Member, SWARM};
use netsplit_nemesis::target::some;
use netsplit_nemesis::{Cluster, Nemesis, Phase, Schedule};
use netsplit_systems::dice::dice;
use netsplit_systems::system::System;
use rand::seq::IndexedRandom;

use crate::plan::Config;
use crate::registry::{Registry, Unknown};

/// What is drawn for a plan.
pub(crate) struct Faults {
    /// The members of its swarm, if it has one.
    pub(crate) swarm: Vec<Member>,
    /// The faults, in milliseconds since the beginning of the main phase.
    pub(crate) schedule: Schedule,
    /// The nodes that never come back.
    pub(crate) dead: Vec<String>,
}

impl Faults {
    /// The faults of `seed`.
    pub(crate) fn draw(
        seed: u64,
        config: &Config,
        system: &System,
        cluster: &Cluster,
        registry: &Registry,
    ) -> Result<Faults, Unknown> {
        let named = registry.nemeses_named(&config.nemesis)?;
        let swarms = named.iter().any(|nemesis| nemesis.name == SWARM.name);
        let swarm = if swarms { draw_swarm(seed, system, config.beyond, registry) } else { Vec::new() };
        let usual = |nemesis: &&'static Nemesis| (*nemesis, 1000);
        let member = |member: &Member| {
            let nemesis = registry.nemesis(&member.nemesis).expect("it was drawn from the registry");
            (nemesis, member.calm_permille)
        };
        let nemeses: Vec<(&Nemesis, u32)> = named.iter().map(usual).chain(swarm.iter().map(member)).collect();
        let schedule = schedule(seed, &nemeses, cluster, config.time_limit);
        let dead = if config.core { draw_dead(seed, cluster) } else { Vec::new() };
        Ok(Faults { swarm, schedule, dead })
    }
}

/// Inside what the system tolerates: the families of one of its claims. Beyond it: all families.
fn draw_swarm(seed: u64, system: &System, beyond: bool, registry: &Registry) -> Vec<Member> {
    let mut dice = dice(seed, SWARM.name);
    let allowed: BTreeSet<&str> = if beyond {
        registry.nemeses().iter().flat_map(|nemesis| nemesis.families.iter().copied()).collect()
    } else {
        let claim = system.claims.choose(&mut dice);
        claim.into_iter().flat_map(|claim| claim.under.iter().copied()).collect()
    };
    let allowed = allowed.into_iter().filter(|family| *family != "none").collect();
    swarm::draw(&mut dice, &allowed, registry.nemeses())
}

/// All nodes but a random least majority.
fn draw_dead(seed: u64, cluster: &Cluster) -> Vec<String> {
    let nodes = cluster.nodes.len();
    some(&mut dice(seed, "core"), &cluster.nodes, nodes - (nodes / 2 + 1))
}

/// Every nemesis draws from its own stream, so that adding one leaves the others' faults as they are.
pub(crate) fn schedule(seed: u64, nemeses: &[(&Nemesis, u32)], cluster: &Cluster, length: Duration) -> Schedule {
    let mut schedule: Schedule = nemeses
        .iter()
        .flat_map(|(nemesis, calm_permille)| {
            let phase = Phase { length, calm_permille: *calm_permille };
            (nemesis.schedule)(&mut dice(seed, nemesis.name), cluster, phase)
        })
        .collect();
    schedule.sort_by_key(|step| step.at_ms);
    for (id, step) in schedule.iter_mut().enumerate() {
        step.id = u32::try_from(id).expect("a schedule is short");
    }
    schedule
}

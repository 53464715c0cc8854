//! What a run does whose command says only the system: another workload for every seed, under faults that the system says
//! that it tolerates.
//!
//! A bug shows under one workload and not under another, so that a range of seeds goes round all of them: first under
//! the faults that everybody expects, then where the power fails, then under another mix for every seed.

use netsplit_nemesis::Nemesis;
use netsplit_nemesis::crash::CRASH;
use netsplit_nemesis::partition::PARTITION;
use netsplit_nemesis::pause::PAUSE;
use netsplit_nemesis::power::POWER_LOSS;
use netsplit_nemesis::swarm::SWARM;
use netsplit_systems::system::{Level, Offer, System};
use netsplit_workloads::{Workload, set_rmw};

use crate::plan::Config;
use crate::registry::Registry;

/// The name of the workload, and the names of the nemeses joined by commas, for `seed`: those that are `named`, else
/// those whose turn it is.
pub fn suited(
    registry: &Registry,
    system: &System,
    seed: u64,
    named: (Option<&str>, Option<&str>),
) -> (String, String) {
    let turns = turns(registry, system);
    let all = turns.len().max(1) as u64;
    let turn = usize::try_from(seed % all).expect("there are few workloads");
    // What no workload serves is told when the plan is drawn.
    let its_turn = turns.get(turn).map_or_else(|| Config::default().workload, |one| one.name.to_owned());
    let of_it = |turns: &[&Workload]| turns.iter().filter(|one| one.name == its_turn).count() as u64;
    let visits = if named.0.is_some() { seed } else { seed / all * of_it(&turns) + of_it(&turns[..turn]) };
    (named.0.map_or(its_turn, str::to_owned), named.1.map_or_else(|| nemeses(system, visits), str::to_owned))
}

/// The workloads, in turns. Where a system is for transactions, every other turn is one of theirs.
fn turns(registry: &Registry, system: &System) -> Vec<&'static Workload> {
    let workloads = workloads(registry, system);
    if !system.claims.iter().any(|claim| claim.level == Level::Serializable) {
        return workloads;
    }
    let (theirs, others): (Vec<_>, Vec<_>) =
        workloads.into_iter().partition(|workload| workload.needs.contains(&Offer::Transactions));
    theirs.iter().copied().cycle().zip(others).flat_map(|(of_theirs, other)| [of_theirs, other]).collect()
}

/// The workloads that a right system passes: all that it serves, but what judges an application on top of a store.
pub fn workloads(registry: &Registry, system: &System) -> Vec<&'static Workload> {
    let suits =
        |workload: &&&Workload| registry.served(workload, system).is_ok() && workload.name != set_rmw::SET_RMW.name;
    registry.workloads().iter().filter(suits).copied().collect()
}

/// The faults of a workload's first visits: what everybody expects to hold, and what finds who answers too early.
const FIRST: [[Nemesis; 2]; 2] = [[PARTITION, CRASH], [POWER_LOSS, PAUSE]];

/// The faults of the visit after so many, as far as the system claims to live with them.
fn nemeses(system: &System, visits: u64) -> String {
    let first = usize::try_from(visits).ok().and_then(|visits| FIRST.get(visits));
    if let Some(first) = first {
        let families: Vec<&str> = first.iter().flat_map(|nemesis| nemesis.families.iter().copied()).collect();
        if system.claim_under(&families).is_some() {
            return first.each_ref().map(|nemesis| nemesis.name).join(",");
        }
    }
    SWARM.name.to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::case::Case;
    use crate::registry::SYSTEMS;

    #[test]
    fn without_a_word_on_it_every_system_has_a_run_within_what_it_tolerates_for_every_seed() {
        let registry = Registry::builtin();
        for system in SYSTEMS {
            for seed in 0..20 {
                let (workload, nemesis) = suited(&registry, system, seed, (None, None));
                let config = Config { system: system.name.into(), workload, nemesis, ..Config::default() };
                let case = Case::draw(seed, &config, &registry);
                let case = case.unwrap_or_else(|error| panic!("{}, seed {seed}: {error}", system.name));
                assert!(!case.is_beyond(), "{}, seed {seed}: {:?}", system.name, case.beyond());
            }
        }
    }

    #[test]
    fn the_first_seeds_go_round_all_workloads_and_what_is_named_stays() {
        let (registry, system) = (Registry::builtin(), &netsplit_systems::shortener::redis::REDIS);
        let drawn: Vec<_> = (0..30).map(|seed| suited(&registry, system, seed, (None, None))).collect();
        assert_eq!(drawn[0], ("register".to_owned(), "partition,crash".to_owned()));
        let turns: BTreeSet<&str> = drawn.iter().map(|(workload, _)| workload.as_str()).collect();
        assert_eq!(turns.len(), workloads(&registry, system).len());
        assert_eq!([&*drawn[9].1, &*drawn[19].1, &*drawn[29].1], ["partition,crash", "power-loss,pause", "swarm"]);
        let transactional = &netsplit_systems::shortener::atomic_commit::TWO_PHASE_COMMIT;
        let drawn: Vec<_> = (0..16).map(|seed| suited(&registry, transactional, seed, (None, None))).collect();
        let of_transactions = |name: &str| registry.workload(name).unwrap().needs.contains(&Offer::Transactions);
        assert_eq!(drawn.iter().filter(|(workload, _)| of_transactions(workload)).count(), 8);
        let swaps: Vec<&str> =
            drawn.iter().filter(|(name, _)| name == "swap").map(|(_, nemesis)| nemesis.as_str()).collect();
        assert_eq!(swaps, ["partition,crash", "power-loss,pause", "swarm", "swarm"]);
        let named = suited(&registry, system, 7, (Some("set"), Some("skew")));
        assert_eq!(named, ("set".to_owned(), "skew".to_owned()));
    }
}

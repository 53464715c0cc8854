//! What a run does whose command says only the system: another workload for every seed, under faults that the system says
//! that it tolerates.
//!
//! A bug shows under one workload and not under another, so that a range of seeds goes round all of them: first under
//! the faults that everybody expects, then under another mix for every seed.

use netsplit_nemesis::crash::CRASH;
use netsplit_nemesis::partition::PARTITION;
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
    let is_first = seed < all && !turns[..turn].iter().any(|before| before.name == its_turn);
    let expects = if named.0.is_some() { seed == 0 } else { is_first };
    (named.0.map_or(its_turn, str::to_owned), named.1.map_or_else(|| nemeses(system, expects), str::to_owned))
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

/// What everybody `expects` to hold comes first, as far as the system claims it.
fn nemeses(system: &System, expects: bool) -> String {
    let expected = [PARTITION, CRASH];
    let families: Vec<&str> = expected.iter().flat_map(|nemesis| nemesis.families.iter().copied()).collect();
    if expects && system.claim_under(&families).is_some() {
        return expected.map(|nemesis| nemesis.name).join(",");
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
        let drawn: Vec<_> = (0..20).map(|seed| suited(&registry, system, seed, (None, None))).collect();
        assert_eq!(drawn[0], ("register".to_owned(), "partition,crash".to_owned()));
        let turns: BTreeSet<&str> = drawn.iter().map(|(workload, _)| workload.as_str()).collect();
        assert_eq!(turns.len(), workloads(&registry, system).len());
        assert_eq!(drawn[19].1, "swarm");
        let transactional = &netsplit_systems::shortener::atomic_commit::TWO_PHASE_COMMIT;
        let drawn: Vec<_> = (0..16).map(|seed| suited(&registry, transactional, seed, (None, None))).collect();
        let of_transactions = |name: &str| registry.workload(name).unwrap().needs.contains(&Offer::Transactions);
        assert_eq!(drawn.iter().filter(|(workload, _)| of_transactions(workload)).count(), 8);
        assert_eq!(
            drawn.iter().filter(|(_, nemesis)| nemesis != "swarm").count(),
            workloads(&registry, transactional).len()
        );
        let named = suited(&registry, system, 7, (Some("set"), Some("skew")));
        assert_eq!(named, ("set".to_owned(), "skew".to_owned()));
    }
}

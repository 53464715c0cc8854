//! Two servers take bids on one item while they are cut off from each other. Who is right? That depends on the store: on
//! one Redis or on Raft one of them can't say, and on replicated data types both are, until the network heals.

use std::time::Duration;

use netsplit::judge::{Overall, judge};
use netsplit::plan::Config;
use netsplit::simulate;
use netsplit_checker::auction;

use crate::draw;

/// How many winners each item had, in a run that keeps what its system claims.
fn winners(system: &str) -> Vec<usize> {
    let config = Config {
        system: system.into(),
        workload: "bids".into(),
        nemesis: "halves".into(),
        time_limit: Duration::from_secs(15),
        ..Config::default()
    };
    let case = draw(0, &config);
    let recording = simulate::run(&case).expect("nothing real is needed");
    let results = judge(&case, &recording);
    assert_eq!(results.overall, Overall::Valid, "{system}: {:?}", results.evidence().next());
    auction::winners(&recording.history).expect("it is an auction")
}

#[test]
fn two_servers_that_are_cut_off_from_each_other_announce_two_winners_only_without_consensus() {
    for (system, most) in [("redis", 1), ("raft", 1), ("crdt", 2)] {
        let winners = winners(system);
        let several = winners.iter().filter(|count| **count > 1).count();
        println!("{system:8} {} items, {several} of them with several winners", winners.len());
        assert!(winners.len() > 20, "{system}: only {} items were sold", winners.len());
        assert!(winners.iter().max() >= Some(&most) && (several > 0) == (most > 1), "{system}: {winners:?}");
    }
}

#[test]
fn a_primary_that_was_deposed_sells_what_its_successor_sells_again() {
    let config = Config {
        system: "redis-failover".into(),
        workload: "bids".into(),
        nemesis: "partition".into(),
        ..Config::default()
    };
    let seen = (0..5).flat_map(|seed| {
        let case = draw(seed, &config);
        let results = judge(&case, &simulate::run(&case).expect("nothing real is needed"));
        results.evidence().map(|(_, evidence)| evidence.anomaly.clone()).collect::<Vec<_>>()
    });
    let seen: Vec<String> = seen.collect();
    assert!(seen.iter().any(|anomaly| anomaly == "two-winners"), "{seen:?}");
}

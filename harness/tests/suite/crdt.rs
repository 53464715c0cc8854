//! Conflict-free replicated links: nothing is lost and all agree in the end, and a copy that replaces is told from one
//! that merges.

use std::time::Duration;

use netsplit::case::Case;
use netsplit::judge::{self, Overall, Results};
use netsplit::plan::Config;
use netsplit::{digest, simulate};

use crate::draw;

fn case(system: &str, workload: &str, nemesis: &str, seed: u64) -> Case {
    let config = Config {
        system: system.into(),
        workload: workload.into(),
        nemesis: nemesis.into(),
        time_limit: Duration::from_secs(15),
        rate: 40,
        ..Config::default()
    };
    draw(seed, &config)
}

fn judged(case: &Case) -> Results {
    judge::judge(case, &simulate::run(case).expect("nothing real is needed"))
}

#[test]
fn copies_agree_and_nothing_acknowledged_is_lost_under_cuts_crashes_and_power_losses() {
    for workload in ["set", "retarget", "claim", "lifecycle", "counter"] {
        for seed in 0..2 {
            let results = judged(&case("crdt", workload, "partition,crash,power-loss", seed));
            assert_eq!(results.overall, Overall::Valid, "{workload}, seed {seed}: {:?}", results.evidence().next());
        }
    }
}

#[test]
fn a_copy_that_replaces_in_place_of_merging_loses_counts_and_updates_without_any_fault() {
    for (workload, anomalies) in
        [("counter", ["below-lower-bound", "inexact-final-read"]), ("retarget", ["divergence", "divergence"])]
    {
        let results = judged(&case("crdt-lossy", workload, "none", 0));
        let caught = results.evidence().any(|(_, evidence)| anomalies.contains(&evidence.anomaly.as_str()));
        assert!(caught, "{workload}: {:?}", results.overall);
    }
}

#[test]
fn one_plan_gives_the_same_bytes_twice() {
    for seed in 0..3 {
        let case = case("crdt", "retarget", "partition,crash,power-loss", seed);
        let run = || digest::of(&simulate::run(&case).expect("nothing real is needed"));
        assert_eq!(run(), run(), "seed {seed}");
    }
}

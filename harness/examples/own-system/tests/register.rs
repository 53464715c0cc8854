//! The register claims to be linearizable. Is it?

use std::time::Duration;

use own_system::{REGISTER, WORKLOAD};

/// When a read asks a majority too, this is `run()` in place of `explore()` and what follows.
#[test]
fn a_read_that_asks_one_node_is_stale_behind_a_cut() {
    let exploration = netsplit::test(&REGISTER).workload(&WORKLOAD).nemesis("partition");
    let explored = exploration.time_limit(Duration::from_secs(10)).seeds(0..20).explore();
    let found = explored.found.expect("one of the seeds asks a node that a write did not reach");
    println!("{found}");
    assert_eq!(found.signature.checker, "linearizable");
    assert!(found.evidence().is_some_and(|evidence| !evidence.steps.is_empty()));
    assert!(found.folder.join("capsule.json").is_file() && found.folder.join("report.html").is_file());
}

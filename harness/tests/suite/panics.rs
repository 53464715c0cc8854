//! A panic in node code is a finding, not an abort: the batch goes on, and the evidence says where it was.

use std::fs;

use crate::program::{ended_with, netsplit};

#[test]
fn a_panic_of_a_node_is_a_finding_of_its_run_and_the_batch_goes_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["run", "--system", "planted-panic", "--nemesis", "none", "--time-limit", "4s", "--seed", "0..3"];
    let told = ended_with(1, netsplit().args(arguments).arg("--out").arg(folder.path())).stdout;
    assert!(told.contains("3 runs: 3 invalid") && told.contains("an invariant of n2 is broken"), "{told}");
    let read = |name: &str| fs::read_to_string(folder.path().join("latest").join(name)).expect("the run has its files");
    assert!(read("results.json").contains("planted.rs"), "the evidence names the place");
    assert!(
        read("log.txt").contains("stack backtrace") || read("log.txt").contains("planted.rs"),
        "the log has the rest"
    );
    let told = ended_with(1, netsplit().arg("replay").arg(folder.path().join("latest/capsule.json"))).stdout;
    assert!(told.contains("byte for byte"), "{told}");
}

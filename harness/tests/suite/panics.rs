//! A panic in node code is a finding, not an abort: the batch goes on, and the evidence says where it was.

use std::fs;

use assert_cmd::Command;

#[test]
fn a_panic_of_a_node_is_a_finding_of_its_run_and_the_batch_goes_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["run", "--system", "planted-panic", "--nemesis", "none", "--time-limit", "4s", "--seed", "0..3"];
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("netsplit"));
    let assertion = command.args(arguments).arg("--out").arg(folder.path()).assert().code(1);
    let told = String::from_utf8_lossy(&assertion.get_output().stdout).into_owned();
    assert!(told.contains("3 runs: 3 invalid") && told.contains("an invariant of n2 is broken"), "{told}");
    let read = |name: &str| fs::read_to_string(folder.path().join("latest").join(name)).expect("the run has its files");
    assert!(read("results.json").contains("planted.rs"), "the evidence names the place");
    assert!(
        read("log.txt").contains("stack backtrace") || read("log.txt").contains("planted.rs"),
        "the log has the rest"
    );
    let replayed = Command::new(assert_cmd::cargo::cargo_bin!("netsplit"))
        .arg("replay")
        .arg(folder.path().join("latest/capsule.json"))
        .assert()
        .code(1);
    let told = String::from_utf8_lossy(&replayed.get_output().stdout).into_owned();
    assert!(told.contains("byte for byte"), "{told}");
}

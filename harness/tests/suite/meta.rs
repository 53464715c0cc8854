//! `netsplit meta`: two processes agree on a plan, unless something in it is no function of the plan.

use assert_cmd::Command;

/// What is said by a run of a system that must end with `code`.
fn meta(system: &str, seeds: &str, code: i32) -> String {
    let arguments = ["meta", "--system", system, "--time-limit", "5s", "--seed", seeds];
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("netsplit"));
    let assertion = command.args(arguments).assert().code(code);
    let output = assertion.get_output();
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

#[test]
fn two_processes_agree_on_every_event_and_message() {
    let said = meta("redis", "0..3", 0);
    assert_eq!(said.matches("the same in two processes").count(), 3, "{said}");
}

#[test]
fn a_system_that_reads_the_real_clock_is_found_with_the_first_event_that_differs() {
    // Now and then both processes happen to begin within one tick.
    let said = meta("planted-real-clock", "0..3", 70);
    assert!(said.contains("two processes differ, first in line"), "{said}");
    assert!(said.contains("one process  ") && said.contains("the other    "), "{said}");
}

#[test]
fn planted_leaks_are_in_no_list() {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("netsplit"));
    let listed = command.args(["list", "systems"]).assert().code(0);
    assert!(!String::from_utf8_lossy(&listed.get_output().stdout).contains("planted-real-clock"));
}

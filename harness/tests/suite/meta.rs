//! `netsplit meta`: two processes agree on a plan, unless something in it is no function of the plan.

use crate::program::{ended_with, netsplit};

/// What is said by a run of a system that must end with `code`.
fn meta(system: &str, seeds: &str, code: i32) -> String {
    let arguments = ["meta", "--system", system, "--time-limit", "5s", "--seed", seeds];
    ended_with(code, netsplit().args(arguments)).said()
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
    assert!(!ended_with(0, netsplit().args(["list", "systems"])).stdout.contains("planted-real-clock"));
}

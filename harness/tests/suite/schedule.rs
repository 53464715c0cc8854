//! `netsplit plan`, and `netsplit run --schedule` with what it prints.

use std::fs;
use std::path::Path;

use crate::program::{ended_with, netsplit};

fn printed(arguments: &[&str]) -> String {
    ended_with(0, netsplit().args(arguments)).stdout
}

/// The field of the plan in a JSON file, or in a capsule's.
fn field(json: &str, pointer: &str) -> serde_json::Value {
    let json: serde_json::Value = serde_json::from_str(json).expect("it is JSON");
    json.pointer(pointer).expect("the plan has it").clone()
}

#[test]
fn a_printed_plan_run_as_a_schedule_has_the_same_faults() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("faults.toml");
    let same = ["--workload", "register", "--seed", "3", "--time-limit", "10s"];
    let drawn = [&["--nemesis", "partition,crash,power-loss"], &same[..]].concat();
    fs::write(&file, printed(&[&["plan"], &drawn[..]].concat())).expect("the folder can be written");
    let plan = printed(&[&["plan", "--json"], &drawn[..]].concat());
    let path = |path: &Path| path.to_str().expect("the path is text").to_owned();
    let (out, file) = (path(folder.path()), path(&file));
    ended_with(0, netsplit().args(["run", "--schedule", &file, "--out", &out]).args(same));
    let capsule =
        fs::read_to_string(folder.path().join("redis-register-schedule-3/capsule.json")).expect("it was written");
    assert_eq!(field(&plan, "/schedule"), field(&capsule, "/plan/schedule"));
    assert_eq!(field(&plan, "/scripts"), field(&capsule, "/plan/scripts"));
}

#[test]
fn a_schedule_that_names_an_unknown_host_is_refused_with_file_line_and_the_list() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("faults.toml");
    fs::write(&file, "[[fault]]\nat = \"1s\"\nfor = \"1s\"\ncrash = \"n7\"\n").expect("the folder can be written");
    let said = ended_with(64, netsplit().args(["run", "--schedule"]).arg(&file)).stderr;
    assert!(said.contains("faults.toml: line 4: no host `n7`; there are n1, n2, n3, n4, n5, redis"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_schedule_without_end_is_refused() {
    let said = ended_with(64, netsplit().args(["run", "--schedule", "/dev/zero"])).stderr;
    assert!(said.contains("/dev/zero: it is longer than"), "{said}");
}

//! A capsule from a stranger is data: what it asks for too much is refused in one line that names the file and the
//! reason, before anything starts, and nothing is written.

use std::fs;

use crate::program::{ended, ended_with, netsplit};

/// A capsule that can be run.
fn good() -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["run", "--time-limit", "2s", "--nemesis", "partition,crash", "--seed", "2", "--out", "runs"];
    let _valid_or_vacuous = ended(netsplit().args(arguments).current_dir(folder.path()));
    fs::read_to_string(folder.path().join("runs/latest/capsule.json")).expect("a capsule was written")
}

/// How `command` refuses a capsule with this content.
fn refusal(command: &str, content: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("bad.json"), content).expect("the folder can be written");
    let said = ended_with(64, netsplit().args([command, "bad.json"]).current_dir(folder.path())).stderr;
    assert!(said.lines().count() == 1 && said.contains("bad.json: "), "{said}");
    assert!(!said.trim_end().contains(char::is_control), "{said:?}");
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 1, "something was written: {said}");
    said
}

/// The capsule with another value at `pointer`.
fn with(good: &str, pointer: &str, value: serde_json::Value) -> Vec<u8> {
    let mut capsule: serde_json::Value = serde_json::from_str(good).expect("it is JSON");
    *capsule.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
    serde_json::to_vec(&capsule).expect("it has a JSON form")
}

#[test]
fn sizes_and_times_that_no_run_has_are_refused() {
    use serde_json::json;
    let good = good();
    let script = |count: usize| json!(vec![json!([]); count]);
    let read = json!({"f": "read", "key": "k", "args": vec!["x"; 1_000_000]});
    let many = vec!["n1"; 2000];
    let cases = [
        ("/plan/nodes", json!((0..200).map(|n| format!("n{n}")).collect::<Vec<_>>()), "number of nodes"),
        ("/plan/nodes", json!([]), "number of nodes"),
        ("/plan/scripts", script(100_000), "number of clients"),
        ("/plan/scripts", script(0), "number of clients"),
        ("/plan/finale", json!(vec![read; 3]), "number of operations"),
        ("/plan/tick_ms", json!(0), "tick"),
        ("/plan/length_ms", json!(u64::MAX), "length"),
        ("/plan/quiet_ms", json!(u64::MAX), "quiet period"),
        ("/plan/recovery_ms", json!(u64::MAX), "recovery time"),
        ("/plan/deadline_ms", json!(u64::MAX), "deadline"),
        ("/plan/schedule/0/at_ms", json!(u64::MAX), "time of a fault"),
        ("/plan/scripts/0/0/at_ms", json!(u64::MAX), "time of an operation"),
        ("/plan/scripts/0/0/op/f", json!("f".repeat(10_000)), "operation's name"),
        ("/plan/scripts/0/0/op/key", json!("k".repeat(10_000)), "key"),
        ("/plan/scripts/0/0/op/args", json!(["a".repeat(1_000_000)]), "argument"),
        ("/plan/nemesis", json!("../".repeat(10_000)), "nemesis"),
        (
            "/plan/schedule/0",
            json!({"id": 0, "at_ms": 1, "lasts_ms": 1, "fault": "cut", "kind": "drop",
            "sides": [many.clone(), many]}),
            "names in a fault",
        ),
    ];
    for (pointer, value, word) in cases {
        let said = refusal("replay", &with(&good, pointer, value));
        assert!(said.contains(word), "{pointer}: {said}");
    }
}

#[test]
fn a_tick_that_makes_a_long_run_endless_is_refused() {
    let good =
        good().replace("\"tick_ms\": 5", "\"tick_ms\": 1").replace("\"length_ms\": 2000", "\"length_ms\": 86400000");
    assert!(refusal("replay", good.as_bytes()).contains("ticks"));
}

#[test]
fn names_that_lead_elsewhere_or_into_the_terminal_are_refused() {
    use serde_json::json;
    let good = good();
    let cases = [
        ("/plan/system", json!("../../etc/passwd"), "no system"),
        ("/plan/workload", json!("/tmp/x"), "no workload"),
        ("/plan/nodes/0", json!("../n1"), "can't be a node's name"),
        ("/plan/nodes/0", json!("clients"), "can't be a node's name"),
        ("/plan/finale_nodes/0", json!("n9"), "no node"),
        ("/plan/finale_nodes/0", json!("n2"), "twice"),
        ("/plan/scripts/0/0/node", json!("redis"), "no node"),
        ("/plan/redis", json!("\u{1b}[31m\n\nboo"), "unknown variant"),
        ("/verdict", json!("\u{7}"), "unknown variant"),
        ("/digest", json!("\u{1b}[2J"), "digest"),
        ("/netsplit", json!("\u{1b}[2J"), "netsplit"),
    ];
    for (pointer, value, word) in cases {
        for command in ["replay", "shrink"] {
            let said = refusal(command, &with(&good, pointer, value.clone()));
            assert!(said.contains(word), "{pointer}: {said}");
        }
    }
}

#[test]
fn another_version_s_capsule_is_refused_with_what_to_do() {
    let mut capsule: serde_json::Value = serde_json::from_str(&good()).expect("it is JSON");
    capsule["netsplit"] = "9.8.7".into();
    capsule["plan"] = serde_json::json!({"format": 99, "something": "of the future"});
    let said = refusal("replay", capsule.to_string().as_bytes());
    assert!(said.contains("format 99") && said.contains("replay it with netsplit 9.8.7"), "{said}");
}

#[test]
fn what_is_no_file_is_not_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let said = ended_with(64, netsplit().args(["replay", "."]).current_dir(folder.path())).stderr;
    assert!(said.contains("no file"), "{said}");
}

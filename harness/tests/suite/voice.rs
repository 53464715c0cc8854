//! Who listens: a program gets one JSON document a line of every command that tells results; a person can have less, or more.

use serde_json::Value;

use crate::program::{ended_with, netsplit};

/// The documents of a command that ends with this exit code.
fn told(arguments: &[&str], code: i32) -> Vec<Value> {
    let said = said(&[arguments, &["--format", "json"]].concat(), code);
    said.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn said(arguments: &[&str], code: i32) -> String {
    ended_with(code, netsplit().args(arguments)).stdout
}

#[test]
fn a_finding_is_told_as_documents_by_every_command_on_its_way() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let out = folder.path().to_str().expect("a path in ASCII");
    let what = ["run", "--system", "redis-stale-cache", "--workload", "register", "--nemesis", "none"];
    let run = [&what[..], &["--time-limit", "2s", "--out", out]].concat();
    let documents = told(&run, 1);
    let [run, runs] = &documents[..] else { panic!("{documents:?}") };
    assert_eq!((&run["kind"], &run["verdict"], &run["exit_code"]), (&"run".into(), &"invalid".into(), &1.into()));
    assert_eq!(run["signatures"][0], "redis-stale-cache/linearizable/stale-read");
    assert!(run["findings"][0]["evidence"]["operations"].is_array(), "{run}");
    assert_eq!((&runs["kind"], &runs["verdicts"]["invalid"]), (&"runs".into(), &1.into()));
    let capsule = format!("{}/capsule.json", run["folder"].as_str().expect("a path"));
    let replayed = told(&["replay", &capsule], 1);
    assert_eq!((&replayed[0]["digest"], &replayed[0]["same"]), (&run["digest"], &true.into()));
    let shrunk = told(&["shrink", &capsule, "--out", out], 1);
    assert_eq!((&shrunk[0]["kind"], &shrunk[0]["is_minimal"]), (&"shrink".into(), &true.into()), "{shrunk:?}");
    assert!(shrunk[0]["after"]["operations"].as_u64() < shrunk[0]["before"]["operations"].as_u64(), "{shrunk:?}");
    let explained = told(&["explain", &capsule], 1);
    assert!(explained[0]["markdown"].as_str().is_some_and(|told| told.contains("**invalid**")), "{explained:?}");
    let history = format!("{}/history.jsonl", run["folder"].as_str().expect("a path"));
    let checked = told(&["check", &history, "--model", "cas-register"], 1);
    assert_eq!((&checked[0]["kind"], &checked[0]["exit_code"]), (&"verdict".into(), &1.into()));
}

#[test]
fn lists_and_plans_are_documents_too() {
    let listed = told(&["list"], 0);
    let named =
        |kind: &str, name: &str| listed[0][kind].as_array().is_some_and(|all| all.iter().any(|it| it["name"] == name));
    assert!(named("systems", "raft") && named("workloads", "register") && named("nemeses", "swarm"));
    let plan = said(&["plan", "--format", "json"], 0);
    assert_eq!(serde_json::from_str::<Value>(&plan).expect("one document")["system"], "redis");
}

#[test]
fn what_netsplit_says_of_itself_is_told_as_documents() {
    let meta = told(&["meta", "--time-limit", "1s", "--seed", "0..2"], 0);
    assert_eq!((meta.len(), &meta[1]["seed"], &meta[1]["same"]), (2, &1.into(), &true.into()), "{meta:?}");
    let found = told(&["doctor"], 0);
    assert!(found.iter().any(|one| one["what"] == "cores") && found.iter().all(|one| one["kind"] == "doctor"));
}

#[test]
fn quiet_tells_findings_and_nothing_else() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let out = folder.path().to_str().expect("a path in ASCII");
    let run = |system| {
        let what = ["run", "--system", system, "--workload", "register", "--nemesis", "none"];
        [&what[..], &["--time-limit", "2s", "--quiet", "--out", out]].concat()
    };
    assert_eq!(said(&run("redis"), 0), "");
    let told = said(&run("redis-stale-cache"), 1);
    assert!(told.contains("stale-read") && !told.contains("report"), "{told}");
}

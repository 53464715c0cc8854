//! A run is a pure function of its plan: two runs give the same bytes, in one process, in two, and at any number of jobs.

use std::path::Path;
use std::time::Duration;

use netsplit::judge::Overall;
use netsplit::plan::Config;
use netsplit::{digest, judge, simulate};

use crate::draw;
use crate::program::{ended_with, netsplit};

fn config(system: &str, workload: &str, nemesis: &str) -> Config {
    Config {
        system: system.into(),
        workload: workload.into(),
        nemesis: nemesis.into(),
        time_limit: Duration::from_secs(10),
        ..Config::default()
    }
}

#[test]
fn one_plan_twice_in_one_process_gives_the_same_history_messages_and_digest() {
    for workload in ["register", "claim", "set"] {
        let case = draw(7, &config("redis", workload, "partition,crash,power-loss"));
        let one = simulate::run(&case).expect("embedded Redis needs nothing");
        let two = simulate::run(&case).expect("embedded Redis needs nothing");
        assert!(digest::history(&one) == digest::history(&two), "{workload}: the histories differ");
        assert!(one.record == two.record, "{workload}: the records of messages differ");
        assert!(one.log == two.log, "{workload}: the logs differ");
        assert!(one.record.messages.len() > 1000, "{workload}: hardly anything was sent");
        assert_eq!(digest::of(&one), digest::of(&two));
    }
}

#[test]
fn another_seed_gives_another_digest() {
    let run = |seed| {
        let case = draw(seed, &config("redis", "register", "none"));
        digest::of(&simulate::run(&case).expect("embedded Redis needs nothing"))
    };
    assert_ne!(run(1), run(2));
}

#[test]
fn two_processes_at_one_job_and_at_two_write_the_same_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |jobs: &str, out: &Path| {
        let what = ["run", "--workload", "register", "--nemesis", "partition,crash"];
        let arguments = [&what[..], &["--seed", "0..4", "--time-limit", "5s", "--jobs", jobs, "--out"]].concat();
        ended_with(0, netsplit().args(arguments).arg(out));
    };
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    run("1", &one);
    run("2", &two);
    for seed in 0..4 {
        let name = format!("redis-register-partition-crash-{seed}");
        for file in ["capsule.json", "history.jsonl", "history.csv", "results.json", "log.txt"] {
            let read = |out: &Path| std::fs::read(out.join(&name).join(file)).expect("the file was written");
            assert!(read(&one) == read(&two), "{name}/{file} differs");
        }
    }
}

#[test]
fn a_stale_cache_is_caught_with_evidence_and_its_capsule_replays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["run", "--system", "redis-stale-cache", "--nemesis", "none", "--time-limit", "10s", "--out"];
    let told = ended_with(1, netsplit().args(arguments).arg(folder.path())).stdout;
    assert!(told.contains("stale-read") && told.contains("replay  netsplit replay"), "{told}");
    let capsule = folder.path().join("latest/capsule.json");
    let told = ended_with(1, netsplit().arg("replay").arg(&capsule)).stdout;
    assert!(told.contains("the same, byte for byte"), "{told}");
}

#[test]
fn lost_writes_at_a_power_loss_are_caught_without_fsync_and_never_happen_with_it() {
    let judged = |system: &str, seed| {
        let case = draw(seed, &config(system, "set", "power-loss"));
        judge::judge(&case, &simulate::run(&case).expect("embedded Redis needs nothing"))
    };
    for seed in 0..3 {
        assert_eq!(judged("redis", seed).overall, Overall::Valid, "redis, seed {seed}");
    }
    let weak: Vec<_> = (0..3).map(|seed| judged("redis-everysec", seed)).collect();
    let lost = weak.iter().flat_map(judge::Results::evidence).any(|(_, evidence)| evidence.anomaly == "lost");
    assert!(lost, "no seed of 0..3 showed a lost write");
}

#[test]
fn a_run_without_operations_is_vacuous_and_not_a_pass() {
    let mut case = draw(1, &config("redis", "register", "none"));
    case.plan.scripts.iter_mut().for_each(Vec::clear);
    case.plan.finale.clear();
    let results = judge::judge(&case, &simulate::run(&case).expect("embedded Redis needs nothing"));
    assert_eq!(results.overall, Overall::Vacuous);
    assert_eq!(results.overall.exit_code(), 2);
}

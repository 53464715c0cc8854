//! A batch that can't go on, because of Ctrl-C or a full disk: finished runs stay whole, and it is said what is missing.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::{PROGRAM, netsplit};

/// Every folder of a run holds all files, and nothing half-written is left; returns how many there are. Beside them are
/// the index and the link to the latest.
fn whole_runs(out: &Path) -> usize {
    let mut runs = 0;
    for entry in fs::read_dir(out).expect("the folder is there") {
        let entry = entry.expect("the folder can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(!name.contains("unfinished"), "{name} is left");
        if entry.file_type().expect("the folder can be read").is_dir() {
            for file in ["capsule.json", "results.json", "history.jsonl", "history.csv", "log.txt", "report.html"] {
                assert!(entry.path().join(file).exists(), "{name} has no {file}");
            }
            runs += 1;
        }
    }
    runs
}

#[test]
fn after_an_interrupt_finished_runs_are_whole_and_the_missing_seeds_are_named() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let mut batch = netsplit()
        .args(["run", "--seed", "0..100000", "--time-limit", "1s", "--nemesis", "none", "--jobs", "2", "--out"])
        .arg(out.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(batch.stdout.take().expect("it was asked for")).lines();
    for _ in 0..3 {
        lines.next().expect("more seeds are run").expect("it is text");
    }
    let kill = Command::new("kill").args(["-INT", &batch.id().to_string()]).status().expect("there is a kill");
    assert!(kill.success());
    let rest: Vec<String> = lines.map(|line| line.expect("it is text")).collect();
    let ended = batch.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(130), "{said}");
    let runs = whole_runs(out.path());
    assert!(runs >= 3 && said.contains(&format!("seeds {runs}..100000 are missing")), "{runs} runs: {said}");
    let missing = format!("{} missing", 100_000 - runs);
    assert!(rest.iter().any(|line| line.contains(&missing)), "{rest:?}");
}

#[test]
fn a_batch_that_runs_out_of_room_stops_and_leaves_nothing_half_written() {
    let out = tempfile::tempdir().expect("a temporary folder");
    // Files of at most 8 blocks, and a write beyond it that fails in place of a signal: a disk without room.
    let script =
        "trap '' XFSZ; ulimit -f 8; exec \"$0\" run --seed 0..1000 --time-limit 5s --nemesis none --out \"$1\"";
    let mut batch = Command::new("sh");
    let ended = batch.args(["-c", script, PROGRAM]).arg(out.path()).output().expect("there is a shell");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(70), "{said}");
    assert!(said.contains("can't be written") && said.contains("--out"), "{said}");
    assert!(String::from_utf8_lossy(&ended.stdout).contains("missing"), "{:?}", ended.stdout.len());
    assert_eq!(whole_runs(out.path()), 0);
}

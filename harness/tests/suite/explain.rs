//! `netsplit explain`, as a person runs it.

use std::path::{Path, PathBuf};

use crate::program::{ended_with, netsplit};

/// A short run of the planted bug, and its folder.
fn caught(out: &Path) -> PathBuf {
    let arguments =
        ["--system=redis-stale-cache", "--workload=register", "--nemesis", "none", "--seed", "3", "--time-limit", "3s"];
    ended_with(1, netsplit().arg("run").args(arguments).arg("--out").arg(out));
    out.join("redis-stale-cache-register-none-3")
}

fn explained(arguments: &[&str], run: &Path) -> String {
    ended_with(1, netsplit().arg("explain").args(arguments).arg(run)).stdout
}

#[test]
fn a_folder_and_its_capsule_alone_tell_the_same_story() {
    let out = tempfile::tempdir().unwrap();
    let folder = caught(out.path());
    let from_folder = explained(&["--width", "90"], &folder);
    for said in ["invalid", "Step by step", "no order explains it", "The variant redis does that", "netsplit replay"] {
        assert!(from_folder.contains(said), "`{said}` is missing in:\n{from_folder}");
    }
    let alone = out.path().join("capsule.json");
    std::fs::copy(folder.join("capsule.json"), &alone).unwrap();
    let from_capsule = explained(&["--width", "90"], &alone);
    // but for the diagram of messages, which a folder does not keep, and for the path of the capsule
    let story = |text: &str| -> Vec<String> {
        let kept = text.lines().filter(|line| !line.contains("capsule.json") && !line.trim().is_empty());
        let lines: Vec<String> = kept.map(str::to_owned).collect();
        let messages = lines.iter().position(|line| line == "The messages around it");
        let after = lines.iter().position(|line| line.contains("more contradiction") || line.starts_with("How the"));
        match (messages, after) {
            (Some(from), Some(to)) => [&lines[..from], &lines[to..]].concat(),
            _ => lines,
        }
    };
    assert_eq!(story(&from_folder), story(&from_capsule));
}

#[test]
fn nothing_but_a_terminal_gets_colours() {
    let out = tempfile::tempdir().unwrap();
    assert!(!explained(&[], &caught(out.path())).contains('\u{1b}'));
}

#[test]
fn what_is_no_run_is_wrong_use_and_says_which_file() {
    let out = tempfile::tempdir().unwrap();
    let told = ended_with(64, netsplit().arg("explain").arg(out.path())).stderr;
    assert!(told.contains("capsule.json"), "{told}");
    let folder = caught(out.path());
    std::fs::write(folder.join("history.jsonl"), "{\"index\":").unwrap();
    let told = ended_with(64, netsplit().arg("explain").arg(&folder)).stderr;
    assert!(told.contains("history.jsonl") && told.contains('1'), "{told}");
}

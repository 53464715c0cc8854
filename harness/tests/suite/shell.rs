//! What shells, `man` and a newcomer ask of the program.

use crate::program::{ended, ended_with, netsplit};

/// What a command says that must end well.
fn said(arguments: &[&str]) -> String {
    ended_with(0, netsplit().args(arguments)).stdout
}

#[test]
fn completions_and_the_manual_page_know_every_command() {
    for command in ["run", "replay", "shrink", "matrix", "zoo", "explain", "check", "list", "doctor", "serve"] {
        for shell in ["bash", "zsh", "fish"] {
            assert!(said(&["completions", shell]).contains(command), "{command} in {shell}");
        }
        assert!(said(&["man"]).contains(command), "{command} in the manual page");
    }
}

#[test]
fn the_doctor_runs_a_plan_in_two_processes() {
    let told = said(&["doctor"]);
    assert!(told.contains("two processes agreed on all") && told.contains("redis-server"), "{told}");
}

#[test]
fn the_list_shows_every_system_with_its_claim() {
    let told = said(&["list", "systems"]);
    for system in netsplit::registry::SYSTEMS {
        assert!(told.contains(&format!("  {} ", system.name)), "{}", system.name);
    }
    let raft = told.split("\n  raft ").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("raft is listed");
    for part in ["claims       linearizable under the usual faults", "gives up ", "offers ", "source ", "Ongaro"] {
        assert!(raft.contains(part), "{part} of {raft}");
    }
    assert!(told.contains("can't hold   linearizable under the usual faults; caught by lost, stale-read"), "{told}");
}

#[test]
fn new_writes_the_example_under_another_name_and_never_over_anything() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let new = |name: &str| ended(netsplit().args(["new", name]).current_dir(folder.path())).code;
    assert_eq!(new("my-store"), 0);
    let text = |path: &str| std::fs::read_to_string(folder.path().join("my-store").join(path)).expect(path);
    let manifest = text("Cargo.toml");
    assert!(manifest.contains("name = \"my-store\"") && !manifest.contains("../.."), "{manifest}");
    assert!(text("tests/register.rs").contains("use my_store::{REGISTER, WORKLOAD};"));
    assert!(text(".cargo/config.toml").contains("tokio_unstable"));
    assert_eq!(text("src/lib.rs"), include_str!("../../examples/own-system/src/lib.rs"));
    for refused in ["my-store", "../my-store", "Store", ""] {
        assert_eq!(new(refused), 64, "{refused}");
    }
}

//! Bad input: one clear line with file and reason, exit 64, and nothing overwritten.

use std::fs;
use std::process::Command;

use crate::program::{ended_with, netsplit};

/// What is said on standard error, by a command that must end with `code`.
fn said(command: &mut Command, code: i32) -> String {
    ended_with(code, command).stderr
}

#[test]
fn unknown_names_are_answered_with_the_nearest_and_the_list() {
    let text = said(netsplit().args(["run", "--system", "redsi"]), 64);
    assert!(text.contains("did you mean `redis`?") && text.contains("`redis-everysec`"), "{text}");
    let text = said(netsplit().args(["run", "--nemesis", "partition,crsh"]), 64);
    assert!(text.contains("did you mean `crash`?"), "{text}");
}

#[test]
fn what_can_t_be_meant_is_refused() {
    let text = said(netsplit().args(["run", "--system", "raft", "--redis", "server"]), 64);
    assert!(text.contains("`raft` stands on no Redis"), "{text}");
    for name in ["fn", "netsplit"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = said(netsplit().current_dir(folder.path()).args(["new", name]), 64);
        assert!(text.contains("means something else in Rust already"), "{text}");
        assert!(!folder.path().join(name).exists());
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let history = folder.path().join("h.edn");
    fs::write(&history, "").expect("the folder can be written");
    let text = said(netsplit().arg("check").arg(&history).args(["--model", "set-ful"]), 64);
    assert!(text.contains("did you mean `set-full`?") && text.contains("list-append"), "{text}");
}

#[test]
fn sizes_beyond_a_run_s_bounds_are_refused() {
    assert!(said(netsplit().args(["run", "--nodes", "0"]), 64).contains("number of nodes"));
    assert!(said(netsplit().args(["run", "--clients", "99999999"]), 64).contains("number of clients"));
    assert!(said(netsplit().args(["run", "--time-limit", "9999days"]), 64).contains("time limit"));
    assert!(said(netsplit().args(["run", "--seed", "5..5"]), 64).contains("holds no seed"));
}

#[test]
fn a_capsule_that_is_not_ours_truncated_or_of_another_version_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["run", "--time-limit", "1s", "--nemesis", "none", "--out"];
    ended_with(0, netsplit().args(arguments).arg(folder.path()));
    let good = fs::read_to_string(folder.path().join("latest/capsule.json")).expect("a capsule was written");
    let refusal = |content: &[u8]| {
        let path = folder.path().join("bad.json");
        fs::write(&path, content).expect("the folder can be written");
        let text = said(netsplit().arg("replay").arg(&path), 64);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("bad.json"), "{text}");
        text
    };
    assert!(refusal(&good.as_bytes()[..good.len() / 2]).contains("line "));
    assert!(refusal(b"{\"a\": 1}").contains("no netsplit capsule"));
    assert!(refusal(b"\xff\xfe\x00garbage").contains("line 1"));
    assert!(
        refusal(good.replace(&format!("\"format\": {}", netsplit::plan::FORMAT), "\"format\": 99").as_bytes())
            .contains("format 99")
    );
    assert!(refusal(good.replace("\"tick_ms\": 5", "\"tick_ms\": 0").as_bytes()).contains("tick"));
    assert!(refusal(good.replace("\"n2\"", "\"../../n2\"").as_bytes()).contains("can't be"));
    assert!(refusal(good.replace("\"system\": \"redis\"", "\"system\": \"rediz\"").as_bytes()).contains("rediz"));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(refusal(deep.as_bytes()).contains("line 1"));
}

#[test]
fn a_capsule_whose_run_differs_is_a_failure_of_the_harness_that_names_the_first_difference() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["run", "--time-limit", "2s", "--nemesis", "none", "--out"];
    ended_with(0, netsplit().args(arguments).arg(folder.path()));
    let capsule = folder.path().join("latest/capsule.json");
    let good = fs::read_to_string(&capsule).expect("a capsule was written");
    // Slower links: the same script, another run.
    let moved = good.replace("\"ms\": 15", "\"ms\": 20");
    assert_ne!(moved, good, "the capsule holds a link to change");
    fs::write(&capsule, moved).expect("the folder can be written");
    let text = said(netsplit().arg("replay").arg(&capsule), 70);
    assert!(text.contains("differs from its capsule"), "{text}");
    let kept = folder.path().join("kept.json");
    ended_with(0, netsplit().arg("replay").arg(&capsule).arg("--keep").arg(&kept));
    let told = ended_with(0, netsplit().arg("replay").arg(&kept)).stdout;
    assert!(told.contains("the same, byte for byte"), "{told}");
    let text = said(netsplit().arg("replay").arg(&capsule).arg("--keep").arg(kept.join("under/a/file")), 64);
    assert!(text.contains("choose another place with --keep"), "{text}");
}

#[test]
fn a_folder_that_can_t_be_written_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file");
    fs::write(&file, "in the way").expect("the folder can be written");
    let text = said(netsplit().args(["run", "--time-limit", "1s", "--out"]).arg(&file), 70);
    assert!(text.contains("can't be made") && text.contains("file"), "{text}");
    assert_eq!(fs::read_to_string(&file).expect("it is still there"), "in the way");
}

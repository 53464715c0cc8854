//! `netsplit campaign` and `netsplit merge`, as a person runs them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use netsplit::campaign::outcome::Outcome;

use crate::program::{self, ended, ended_with};
use crate::schema::flaws;

/// Small runs, few of the canary: what is tested is the campaign. It says its folder by one name, wherever it is.
const SMALL: &[&str] = &[
    "--time-limit",
    "4s",
    "--nodes",
    "3",
    "--clients",
    "4",
    "--rate",
    "20",
    "--canary-runs",
    "8",
    "--candidates",
    "8",
    "--out",
    "c",
];

/// Every file that is read was written by the program a moment before.
const HERE: &str = "the campaign left it there";

/// The results of a campaign fit the schema that is published for them.
fn assert_fits_the_schema(folder: &Path) {
    let schema = include_str!("../../schema/campaign-results.json");
    let results = fs::read_to_string(folder.join("results.json")).expect(HERE);
    let [schema, mut results] =
        [schema, &results].map(|text| serde_json::from_str::<serde_json::Value>(text).expect(HERE));
    assert_eq!(flaws(&results, &schema), Vec::<String>::new());
    results["verdict"] = "great".into();
    results["more"] = 1.into();
    assert_eq!(flaws(&results, &schema).len(), 2, "the schema refuses what it must");
}

/// What a command says in the folder `at`, that must end with `code`.
fn netsplit(at: &Path, arguments: &[&str], code: i32) -> String {
    ended_with(code, command(at).args(arguments)).said()
}

fn command(at: &Path) -> Command {
    let mut command = program::netsplit();
    for variable in ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "CI_NODE_INDEX", "CI_NODE_TOTAL", "JOB_COMPLETION_INDEX"]
    {
        command.env_remove(variable);
    }
    command.current_dir(at);
    command
}

fn campaign(at: &Path, arguments: &[&str], code: i32) -> String {
    netsplit(at, &[&["campaign"], arguments, SMALL].concat(), code)
}

fn outcome(folder: &Path) -> Outcome {
    serde_json::from_str(&fs::read_to_string(folder.join("results.json")).expect(HERE)).expect(HERE)
}

/// Every file below a folder, by its name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).expect(HERE).map(|entry| entry.expect(HERE).path()));
        } else {
            files.insert(path.strip_prefix(folder).expect(HERE).display().to_string(), fs::read(&path).expect(HERE));
        }
    }
    files
}

#[test]
fn a_run_that_hangs_aborts_or_takes_all_memory_is_named_and_the_campaign_goes_on() {
    let at = tempfile::tempdir().unwrap();
    let systems = "planted-hang,planted-abort,planted-hog,planted-panic,redis";
    let bounds = ["--run-timeout", "6s", "--memory", "300", "--jobs", "2"];
    let cells = ["--systems", systems, "--workloads", "register", "--nemeses", "none", "--seeds", "0..1"];
    let told = campaign(at.path(), &[&cells[..], &bounds].concat(), 70);
    assert_fits_the_schema(&at.path().join("c"));
    let outcome = outcome(&at.path().join("c"));
    let kinds: Vec<(&str, &str, u64)> =
        outcome.unfinished.iter().map(|one| (one.first.cell.system.as_str(), one.kind.as_str(), one.runs)).collect();
    assert_eq!(
        kinds,
        [("planted-abort", "abort", 1), ("planted-hang", "hang", 1), ("planted-hog", "out-of-memory", 1)]
    );
    let abort = &outcome.unfinished[0];
    assert!(abort.why.contains("n2 has had enough"), "{}", abort.why);
    assert!(
        abort.command.contains("--system planted-abort") && abort.command.ends_with("--seed 0"),
        "{}",
        abort.command
    );
    assert_eq!((outcome.of_system("redis").valid, outcome.of_system("redis").runs()), (1, 1));
    let found: Vec<String> = outcome.findings.iter().map(|finding| finding.signature.to_string()).collect();
    assert_eq!(found, ["planted-panic/no-panic/panic"]);
    assert!(told.contains("6 s of real time") && told.contains("300 MiB"), "{told}");
}

#[test]
fn two_shards_merge_to_what_one_machine_writes_byte_for_byte() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cells =
        ["--systems", "redis-everysec,redis", "--workloads", "set", "--nemeses", "none,power-loss", "--seeds", "3..7"];
    campaign(one.path(), &cells, 1);
    for shard in ["1/2", "2/2"] {
        let folder = format!("shard-{}", &shard[..1]);
        let mut arguments = [&["campaign"], &cells[..], SMALL, &["--shard", shard]].concat();
        let out = arguments.iter().position(|argument| *argument == "c").unwrap();
        arguments[out] = &folder;
        ended(command(two.path()).args(arguments));
        assert!(two.path().join(&folder).join("results.json").exists());
    }
    netsplit(two.path(), &["merge", "shard-2", "shard-1", "--out", "c"], 1);
    let (whole, merged) = (files(&one.path().join("c")), files(&two.path().join("c")));
    assert_eq!(whole.keys().collect::<Vec<_>>(), merged.keys().collect::<Vec<_>>());
    let different: Vec<&String> =
        whole.iter().filter(|(name, bytes)| merged[*name] != **bytes).map(|(name, _)| name).collect();
    assert!(different.is_empty(), "{different:?}");
    assert!(whole.keys().any(|name| name.ends_with("capsule.json")), "a finding was kept: {:?}", whole.keys());
    let half = ended(command(two.path()).args(["merge", "shard-1", "--out", "half"]));
    let said = half.said();
    assert!([1, 2].contains(&half.code), "it is not green, but {}: {said}", half.code);
    assert!(said.contains("shards 2/2 are missing") && said.contains("runs are missing"), "{said}");
    let said = netsplit(two.path(), &["merge", "shard-1", "shard-1", "--out", "twice"], 64);
    assert!(said.contains("is there twice"), "{said}");
}

#[test]
fn a_campaign_that_was_torn_goes_on_to_the_same_bytes() {
    let at = tempfile::tempdir().unwrap();
    let cells = ["--systems", "redis-stale-cache", "--workloads", "register", "--nemeses", "none", "--seeds", "0..3"];
    campaign(at.path(), &cells, 1);
    let folder = at.path().join("c");
    let whole = files(&folder);
    // As a machine that lost power leaves it: half a line, and nothing after it.
    let runs = fs::read(folder.join("runs.jsonl")).unwrap();
    fs::write(folder.join("runs.jsonl"), &runs[..runs.len() * 2 / 3]).unwrap();
    fs::remove_file(folder.join("results.json")).unwrap();
    let said = campaign(at.path(), &cells, 64);
    assert!(said.contains("--resume goes on"), "{said}");
    let said = campaign(at.path(), &[&cells[..], &["--resume"]].concat(), 1);
    assert!(said.contains("runs are there already"), "{said}");
    assert!(files(&folder) == whole, "the resumed campaign wrote something else");
    let said = campaign(at.path(), &["--systems", "raft", "--seeds", "0..3", "--resume"], 64);
    assert!(said.contains("another campaign"), "{said}");
}

#[test]
fn a_leak_of_real_time_is_found_by_the_runs_that_two_processes_do() {
    let at = tempfile::tempdir().unwrap();
    let cells = ["--systems", "planted-real-clock", "--workloads", "register", "--nemeses", "none", "--seeds", "0..60"];
    let said = campaign(at.path(), &cells, 70);
    assert!(said.contains("two processes differ, the first is planted-real-clock/register/none"), "{said}");
    let again = outcome(&at.path().join("c")).again;
    // A run in which both processes happen to ask at the same microsecond for each node is the same.
    assert!(again.runs >= 3 && again.differing >= 1 && again.differing <= again.runs, "{again:?}");
}

#[test]
fn what_ci_shows_is_written_where_it_looks() {
    let at = tempfile::tempdir().unwrap();
    let cells = ["--systems", "redis-stale-cache", "--workloads", "register", "--nemeses", "none", "--seeds", "0..1"];
    let summary = at.path().join("step.md");
    fs::write(&summary, "before\n").unwrap();
    let mut command = command(at.path());
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary);
    command.arg("campaign").args(cells).args(SMALL).args(["--issues", "--dry-run"]);
    let said = ended_with(1, &mut command).said();
    assert!(said.contains("::error title=netsplit campaign campaign::redis-stale-cache/"), "{said}");
    assert!(said.contains("issue    netsplit: redis-stale-cache/") && said.contains("netsplit run --system"), "{said}");
    let summary = fs::read_to_string(summary).unwrap();
    assert!(summary.starts_with("before\n# netsplit campaign") && summary.contains("## Findings"), "{summary}");
    assert_fits_the_schema(&at.path().join("c"));
    let junit = fs::read_to_string(at.path().join("c/junit.xml")).unwrap();
    assert!(junit.contains("<failure message=\"redis-stale-cache/") && junit.ends_with("</testsuites>\n"), "{junit}");
    assert_eq!(fs::read_dir(at.path().join("c/issues")).unwrap().count(), outcome(&at.path().join("c")).findings.len());
}

#[test]
fn a_kept_capsule_that_is_not_the_same_any_more_is_no_pass() {
    let at = tempfile::tempdir().unwrap();
    let kept = at.path().join("netsplit-regressions");
    fs::create_dir(&kept).unwrap();
    let run = ["run", "--nemesis", "none", "--time-limit", "1s", "--nodes", "2", "--clients", "2", "--out", "r"];
    netsplit(at.path(), &run, 0);
    let capsule = fs::read_to_string(at.path().join("r/latest/capsule.json")).unwrap();
    let put = |name: &str, text: &str| fs::write(kept.join(name), text).unwrap();
    let digest = capsule.split("\"digest\": \"").nth(1).unwrap()[..64].to_owned();
    put("same.json", &capsule);
    put("changed.json", &capsule.replace(&digest, &"0".repeat(64)));
    put("old.json", &capsule.replacen("\"format\": ", "\"format\": 9", 1));
    let cells = ["--systems", "redis", "--workloads", "register", "--nemeses", "none", "--seeds", "0..1"];
    let said = campaign(at.path(), &cells, 70);
    assert!(said.contains("kept     3 capsules replayed, 0 broken, 2 stale"), "{said}");
    assert!(said.contains("--renew") && said.contains("replay it with the build of netsplit"), "{said}");
    let said = netsplit(at.path(), &["campaign", "--renew"], 70);
    assert!(said.contains("renewed  netsplit-regressions/changed.json") && said.contains("left     "), "{said}");
    fs::remove_file(kept.join("old.json")).unwrap();
    assert!(campaign(at.path(), &cells, 0).contains("2 capsules replayed, 0 broken, 0 stale"));
}

#[test]
fn wrong_use_says_what_is_wrong_before_anything_starts() {
    let at = tempfile::tempdir().unwrap();
    fs::write(at.path().join("wrong.toml"), "sytems = [\"raft\"]\n").unwrap();
    for (arguments, word) in [
        (&["--systems", "rafd"][..], "did you mean `raft`"),
        (&["--seeds", "5.."], "have no end: say --budget"),
        (&["--systems", "quorum", "--nemeses", "amnesia"], "nothing is left to run"),
        (&["--shard", "9/8"], "counted from 1"),
        (&["wrong.toml"], "sytems"),
        (&["--regressions", "nowhere"], "is no folder"),
        (&["--name", "../up"], "can't be a campaign's name"),
    ] {
        let said = campaign(at.path(), arguments, 64);
        assert!(said.contains(word), "{said}");
    }
    assert!(!at.path().join("c").exists());
    assert!(netsplit(at.path(), &["merge", "nowhere"], 64).contains("campaign.json"));
}

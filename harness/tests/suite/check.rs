//! `netsplit check`: exit codes, words and hostile files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{self, netsplit};

const WRITE_THEN_READ: &str = "{:process 0 :type :invoke :f :write :value 1}
{:process 0 :type :ok :f :write :value 1}
{:process 1 :type :invoke :f :read :value nil}
{:process 1 :type :ok :f :read :value READ}
";

fn check(folder: &Path, content: &[u8], more: &[&str]) -> (i32, String) {
    let path = folder.join("history.edn");
    fs::write(&path, content).expect("the folder can be written");
    ended(netsplit().arg("check").arg(path).args(more))
}

/// The exit code, and all that was said.
fn ended(command: &mut Command) -> (i32, String) {
    let ended = program::ended(command);
    (ended.code, ended.said())
}

#[test]
fn valid_invalid_vacuous_and_wrong_use_have_their_exit_codes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let read = |value: &str| WRITE_THEN_READ.replace("READ", value);
    let register = ["--model", "register"];
    for engine in ["own", "general", "porcupine", "both"] {
        let (code, said) = check(folder.path(), read("1").as_bytes(), &["--model", "register", "--engine", engine]);
        assert_eq!((code, said.trim()), (0, "valid: register (2 operations by 2 processes)"), "{engine}");
        let (code, said) = check(folder.path(), read("2").as_bytes(), &["--model", "register", "--engine", engine]);
        assert!(code == 1 && said.contains("invalid: not register") && said.contains("#2"), "{engine}: {said}");
    }
    let writes: String = read("1").split_inclusive('\n').take(2).collect();
    assert_eq!(check(folder.path(), writes.as_bytes(), &register).0, 2);
    let (code, said) = check(folder.path(), read("1").as_bytes(), &["--model", "registr"]);
    assert!(code == 64 && said.contains("did you mean `register`?"), "{said}");
}

#[test]
fn the_format_of_a_history_is_detected_or_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let history = WRITE_THEN_READ.replace("READ", "1");
    let named = |format: &str| check(folder.path(), history.as_bytes(), &["--model", "register", "--format", format]);
    assert!(named("edn").1.starts_with("valid: register"), "{}", named("edn").1);
    assert!(named("json").1.starts_with("{\"kind\":\"verdict\""), "{}", named("json").1);
    assert_eq!((named("edn").0, named("human").0, named("json").0), (0, 0, 0));
    assert_eq!((named("csv").0, named("xml").0), (64, 64), "a wrong format, and none that is known");
}

#[test]
fn the_ladder_shows_the_strongest_model_proven() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let judged = |read: &str| check(folder.path(), WRITE_THEN_READ.replace("READ", read).as_bytes(), &["--ladder"]);
    let (code, said) = judged("1");
    assert!(code == 0 && said.contains("strongest proven: linearizable"), "{said}");
    let (code, said) = judged("nil");
    assert!(code == 0 && said.contains("strongest proven: sequential"), "{said}");
    let (code, said) = judged("7");
    assert!(code == 1 && said.contains("strongest proven: none") && said.contains("nobody wrote"), "{said}");
}

#[test]
fn transactions_are_judged_at_the_level_that_is_claimed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lines = [
        (":invoke", "[[:append :x 1]]"),
        (":ok", "[[:append :x 1]]"),
        (":invoke", "[[:r :x nil]]"),
        (":ok", "[[:r :x []]]"),
    ];
    let lines = lines.map(|(kind, value)| format!("{{:process 0 :type {kind} :f :txn :value {value}}}\n")).concat();
    let judged = |model: &str| check(folder.path(), lines.as_bytes(), &["--model", model]);
    assert_eq!(judged("list-append").0, 1, "the read came after the append had returned");
    assert_eq!(judged("list-append/serializable").0, 0);
    let (code, said) = judged("list-append/serialisable");
    assert!(code == 64 && said.contains("serializable"), "{code}: {said}");
}

#[test]
fn hostile_files_are_refused_in_one_line_that_names_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let deep = "[".repeat(200_000);
    let files: [&[u8]; 5] =
        [b"", b"\xff\xfe\x00\x01", b"{:process 0 :type", deep.as_bytes(), b"{:process 0 :type :ok :f :read :value 1}"];
    for content in files {
        let (code, said) = check(folder.path(), content, &["--model", "register"]);
        assert!(code == 64 && said.contains("history.edn") && said.lines().count() == 1, "{code}: {said}");
    }
    for (path, why) in
        [(folder.path().join("missing"), "no such file"), (folder.path().to_owned(), "a folder is no history")]
    {
        let (code, said) = ended(netsplit().arg("check").arg(path).args(["--model", "register"]));
        assert!(code == 64 && said.contains(why) && said.lines().count() == 1, "{code}: {said}");
    }
}

#[test]
fn a_manifest_is_judged_row_by_row_and_may_not_leave_its_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("a.edn"), WRITE_THEN_READ.replace("READ", "2")).expect("the folder can be written");
    let manifest = folder.path().join("manifest.csv");
    let judged = |rows: &str| {
        fs::write(&manifest, format!("file,model,init,format,expected,levels\n{rows}"))
            .expect("the folder can be written");
        ended(netsplit().args(["check", "--manifest"]).arg(&manifest))
    };
    let (code, said) =
        judged("a.edn,register,nil,edn,invalid,\na.edn,kafka,,edn,ok,\na.edn,register,nil,edn,unknown,\n");
    assert!(code == 0 && said.contains("1 agree, 0 disagree, 1 not scored, 1 with a model not supported"), "{said}");
    let (code, said) = judged("a.edn,register,nil,edn,ok,\n");
    assert!(code == 1 && said.contains("DISAGREE"), "{said}");
    let (code, said) = judged("../a.edn,register,nil,edn,ok,\n");
    assert!(code == 64 && said.contains("leaves the folder"), "{said}");
    let (code, said) = judged("b.edn,register,nil,edn,unknown,\n");
    assert!(code == 64 && said.contains("no such file"), "{said}");
    assert_eq!(judged("").0, 2, "nothing was scored");
    let (code, said) = ended(netsplit().args(["check", "--manifest"]).arg(folder.path()));
    assert!(code == 64 && said.contains("a folder is no manifest"), "{said}");
    fs::write(&manifest, "{}").expect("the folder can be written");
    let (code, said) = ended(netsplit().args(["check", "--manifest"]).arg(&manifest));
    assert!(code == 64 && said.contains("no column `file`"), "{said}");
}

#[test]
fn a_format_without_times_is_held_to_no_level_of_real_time() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("sessions.txt");
    fs::write(&path, "w 0 1\n=====\nr 0 1\n=====\nw 0 2\n=====\nr 0 1\n").expect("the folder can be written");
    let judged = |model: &str| ended(netsplit().args(["check", "--model", model, "--format", "awdit-test"]).arg(&path));
    let (code, said) = judged("rw-register");
    assert!(code == 64 && said.contains("tells no times"), "{said}");
    let (code, said) = judged("rw-register/strong-session-serializable");
    assert!(code == 0 && !said.contains("strict-serializable"), "{said}");
    assert_eq!(judged("rw-register(session)/serializable").0, 0);
}

#[test]
fn a_contested_row_is_told_and_not_scored() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lines = [
        (":invoke", "[[:w :x 1]]"),
        (":ok", "[[:w :x 1]]"),
        (":invoke", "[[:r :x nil]]"),
        (":ok", "[[:r :x 2]]"),
        (":invoke", "[[:r :x nil]]"),
        (":ok", "[[:r :x 1]]"),
    ];
    let lines = lines.map(|(kind, value)| format!("{{:process 0 :type {kind} :f :txn :value {value}}}\n"));
    fs::write(folder.path().join("a.edn"), lines.concat()).expect("the folder can be written");
    let manifest = folder.path().join("manifest.csv");
    let judged = |expected: &str, level: &str| {
        let levels = format!(r#""{{""serializable"":""{level}""}}""#);
        let rows = format!("file,model,init,format,expected,levels\na.edn,rw-register,,edn,{expected},{levels}\n");
        fs::write(&manifest, rows).expect("the folder can be written");
        ended(netsplit().args(["check", "--manifest"]).arg(&manifest))
    };
    assert_eq!(judged("invalid", "invalid").0, 0);
    assert_eq!(judged("invalid", "ok").0, 1);
    let (code, said) = judged("unknown", "ok");
    assert!(code == 2 && said.contains("not scored") && said.contains("serializable invalid, expected ok"), "{said}");
}

/// Third-party histories are data of others and not part of this repository.
fn third_party_manifest() -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = ["../../shared", "../../../shared"].map(|shared| package.join(shared).join("histories/public"));
    let folders = std::env::var_os("NETSPLIT_HISTORIES").map_or_else(|| beside.to_vec(), |named| vec![named.into()]);
    folders.into_iter().map(|folder| folder.join("manifest.csv")).find(|manifest| manifest.exists())
}

#[test]
fn every_scored_row_of_the_third_party_manifest_agrees() {
    let Some(manifest) = third_party_manifest() else {
        println!("skipped: no third-party histories");
        return;
    };
    let (code, said) = ended(netsplit().args(["check", "--manifest"]).arg(manifest));
    let wrong: Vec<&str> = said.lines().filter(|line| line.starts_with("DISAGREE")).collect();
    assert!(code == 0 && wrong.is_empty() && said.contains(" 0 disagree"), "{}", wrong.join("\n"));
}

//! Histories of other projects with known verdicts: every scored one of our models agrees, whichever engine decides.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::Duration;

use netsplit_checker::formats;
use netsplit_checker::linearizable::{Engine, Limits};
use netsplit_checker::models::{NAMES, Options, by_name};
use netsplit_checker::{History, Verdict};

/// Where the histories are, if they are there.
fn folder() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/histories/public");
    let given = std::env::var_os("NETSPLIT_HISTORIES").map(PathBuf::from);
    [given, Some(beside)].into_iter().flatten().find(|folder| folder.join("manifest.csv").is_file())
}

/// A scored row of the manifest.
struct Row {
    file: String,
    model: String,
    init: String,
    valid: bool,
    history: History,
}

fn rows() -> Option<Vec<Row>> {
    let Some(folder) = folder() else {
        eprintln!("skipped: no third-party histories; NETSPLIT_HISTORIES may name their folder");
        return None;
    };
    let mut manifest = csv::Reader::from_path(folder.join("manifest.csv")).expect("a manifest");
    let mut rows = Vec::new();
    for row in manifest.deserialize() {
        let mut row: BTreeMap<String, String> = row.expect("a row");
        let mut column = |name: &str| row.remove(name).unwrap_or_default();
        let (file, model, expected) = (column("file"), column("model"), column("expected"));
        if !NAMES.contains(&model.as_str()) || expected == "unknown" {
            continue;
        }
        let bytes = BufReader::new(File::open(folder.join(&file)).expect("a listed file"));
        let history = formats::read(bytes, None).unwrap_or_else(|error| panic!("{file}: {error}")).history;
        rows.push(Row { file, model, init: column("init"), valid: expected == "ok", history });
    }
    Some(rows)
}

fn check(engine: Engine, wanted: impl Fn(&Row) -> bool) {
    let Some(rows) = rows() else { return };
    let limits = Limits { time: Duration::from_mins(1), ..Limits::default() };
    let mut wrong = Vec::new();
    let mut checked = 0;
    for row in rows.iter().filter(|row| wanted(row)) {
        let init = (!row.init.is_empty()).then_some(row.init.as_str());
        let judge = by_name(&row.model, init, Options { limits, engine, nil_reads: None }).expect("a known model");
        let verdict = judge.check(&row.history);
        let agrees = match &verdict {
            Verdict::Valid { .. } => row.valid,
            Verdict::Invalid(evidence) => {
                let all = evidence.iter().all(|evidence| !evidence.operations.is_empty() && evidence.culprit.is_some());
                !row.valid && all
            }
            Verdict::Unknown(_) => false,
        };
        checked += 1;
        if !agrees {
            wrong.push(format!("{}: {} {} is not {verdict:?}", row.file, row.model, row.init));
        }
    }
    println!("{checked} histories checked, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 100, "only {checked} rows");
}

#[test]
fn our_engines_agree_with_every_published_verdict() {
    check(Engine::Own, |_| true);
}

#[test]
fn the_general_engine_alone_agrees_too() {
    check(Engine::General, |_| true);
}

#[test]
fn porcupine_agrees_on_what_is_small() {
    check(Engine::Both, |row| row.history.events.len() < 400);
}

//! Third-party histories of transactions are judged as their manifest says. They are data of others and not part of
//! this repository: the tests find them through `NETSPLIT_HISTORIES`, or beside it, and are skipped without them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use netsplit_checker::judge::judge;
use netsplit_checker::models::Options;
use netsplit_checker::{Cause, History, Verdict, formats};

type Row = BTreeMap<String, String>;

fn histories() -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = ["../../shared", "../../../shared"].map(|shared| package.join(shared).join("histories/public"));
    let folders = std::env::var_os("NETSPLIT_HISTORIES").map_or_else(|| beside.to_vec(), |named| vec![named.into()]);
    folders.into_iter().find(|folder| folder.join("manifest.csv").exists())
}

fn rows(folder: &Path) -> Vec<Row> {
    let mut table = csv::Reader::from_path(folder.join("manifest.csv")).expect("the manifest is readable");
    table.deserialize().map(Result::unwrap).collect()
}

fn read(folder: &Path, row: &Row) -> History {
    let file = BufReader::new(File::open(folder.join(&row["file"])).expect("the manifest names files that are there"));
    formats::read(file, Some(row["format"].parse().expect("the manifest names known formats")))
        .expect("a third-party history parses")
        .history
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Valid { .. } => "ok",
        Verdict::Unknown(_) => "unknown",
        Verdict::Invalid(_) => "invalid",
    }
}

#[test]
fn every_scored_row_and_level_of_transactions_agrees() {
    let Some(folder) = histories() else {
        println!("skipped: no third-party histories");
        return;
    };
    let (mut wrong, mut judged, mut levels) = (Vec::new(), 0, 0);
    let ours = |row: &Row| row["model"] == "list-append" || row["model"].starts_with("rw-register");
    for row in rows(&folder).into_iter().filter(|row| ours(row) && row["expected"] != "unknown") {
        let judged_so = judge(&row["model"], None, &read(&folder, &row), Options::default()).expect("a known model");
        let (verdict, models) = (judged_so.verdict, judged_so.levels);
        let file = &row["file"];
        judged += 1;
        if word(&verdict) != row["expected"] {
            wrong.push(format!("{file}: {verdict:?}, not {}", row["expected"]));
        }
        let expected: BTreeMap<String, String> = serde_json::from_str(&row["levels"]).unwrap_or_default();
        for (level, expected) in expected.iter().filter(|(_, expected)| *expected != "unknown") {
            levels += 1;
            let verdict = models.get(level.as_str()).cloned().unwrap_or(Verdict::Unknown(Cause::States(0)));
            if word(&verdict) != expected {
                wrong.push(format!("{file}: {level} is {expected}, not {verdict:?}"));
            }
        }
    }
    println!("{judged} histories and {levels} levels judged");
    assert!(judged > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}

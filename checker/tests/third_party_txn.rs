//! Third-party histories of transactions are judged as their manifest says. They are data of others and not part of
//! this repository: the tests find them through `NETSPLIT_HISTORIES`, or beside it, and are skipped without them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use netsplit_checker::txn::{self, Assumptions, Model, RwRegister};
use netsplit_checker::{Cause, Checker, History, Verdict, formats};

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

/// The verdict on the row's claim, and on each model by name.
fn judge(model: &str, history: &History) -> Option<(Verdict, BTreeMap<&'static str, Verdict>)> {
    let named = |verdict: &dyn Fn(Model) -> Verdict| Model::ALL.iter().map(|m| (m.name(), verdict(*m))).collect();
    Some(match model {
        "list-append" => {
            let analysis = txn::analyze_list_append(history);
            (analysis.verdict(Model::StrictSerializable), named(&|model| analysis.verdict(model)))
        }
        "rw-register" => {
            let analysis = txn::analyze_rw_register(history, Assumptions::ALL);
            (RwRegister::default().check(history), named(&|model| analysis.verdict(model)))
        }
        "rw-register(session)/causal" | "rw-register(session)/serializable" => {
            let claim = Model::named(model.split_once('/')?.1)?;
            let levels = txn::levels(history);
            let named = levels.iter().map(|(level, verdict)| (level.name(), verdict.clone())).collect();
            (levels[&claim].clone(), named)
        }
        _ => return None,
    })
}

#[test]
fn every_scored_row_and_level_of_transactions_agrees() {
    let Some(folder) = histories() else {
        println!("skipped: no third-party histories");
        return;
    };
    let (mut wrong, mut judged, mut levels) = (Vec::new(), 0, 0);
    for row in rows(&folder).into_iter().filter(|row| row["expected"] != "unknown") {
        let history = read(&folder, &row);
        let Some((verdict, models)) = judge(&row["model"], &history) else { continue };
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

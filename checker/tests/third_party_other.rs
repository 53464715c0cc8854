//! Third-party histories of sets, counters, queues, banks and other models get the verdict that their manifest states.
//! They are data of others and not part of this repository: the test finds them through `NETSPLIT_HISTORIES`, or beside
//! it, and is skipped without them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use netsplit_checker::models::{self, Options};
use netsplit_checker::{Verdict, formats, judge};

type Row = BTreeMap<String, String>;

fn histories() -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = ["../../shared", "../../../shared"].map(|shared| package.join(shared).join("histories/public"));
    let folders = std::env::var_os("NETSPLIT_HISTORIES").map_or_else(|| beside.to_vec(), |named| vec![named.into()]);
    folders.into_iter().find(|folder| folder.join("manifest.csv").exists())
}

/// Neither transactions nor linearizable objects, which have tests of their own.
fn is_other(model: &str) -> bool {
    let transactions = model == "list-append" || model.starts_with("rw-register");
    !transactions && !models::NAMES.contains(&model) && judge::names().any(|name| name == model)
}

fn verdict(folder: &Path, row: &Row) -> Result<&'static str, String> {
    let file = File::open(folder.join(&row["file"])).map_err(|error| error.to_string())?;
    let format = row["format"].parse()?;
    let read = formats::read(BufReader::new(file), Some(format)).map_err(|error| error.to_string())?;
    let init = Some(row["init"].as_str());
    let judged = judge::judge(&row["model"], init, &read.history, Options::default());
    Ok(match judged.map_err(|error| error.to_string())?.verdict {
        Verdict::Valid { .. } => "ok",
        Verdict::Unknown(_) => "unknown",
        Verdict::Invalid(_) => "invalid",
    })
}

#[test]
fn agrees_with_every_stated_verdict() {
    let Some(folder) = histories() else {
        println!("skipped: no third-party histories");
        return;
    };
    let mut table = csv::Reader::from_path(folder.join("manifest.csv")).unwrap();
    let (mut judged, mut wrong) = (0, Vec::new());
    for row in table.deserialize() {
        let row: Row = row.unwrap();
        if !is_other(&row["model"]) {
            continue;
        }
        judged += 1;
        let got = verdict(&folder, &row);
        if got.as_deref() != Ok(row["expected"].as_str()) {
            wrong.push(format!("{}: {} expects {}, got {got:?}", row["file"], row["model"], row["expected"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > 0, "the manifest has no row of these models");
    println!("{judged} histories judged");
}

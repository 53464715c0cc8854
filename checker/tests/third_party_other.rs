//! Third-party histories of sets, counters, queues, banks and other models get the verdict that their manifest states.
//! They are data of others and not part of this repository: the test finds them through `NETSPLIT_HISTORIES`, or beside
//! it, and is skipped without them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use netsplit_checker::bank::Bank;
use netsplit_checker::counter::Counter;
use netsplit_checker::long_fork::LongFork;
use netsplit_checker::pn_counter::PnCounter;
use netsplit_checker::sequential::Sequential;
use netsplit_checker::set_full::SetFull;
use netsplit_checker::total_queue::TotalQueue;
use netsplit_checker::unique::Unique;
use netsplit_checker::unordered_queue::UnorderedQueue;
use netsplit_checker::{Checker, Verdict, formats};

type Row = BTreeMap<String, String>;

fn histories() -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = ["../../shared", "../../../shared"].map(|shared| package.join(shared).join("histories/public"));
    let folders = std::env::var_os("NETSPLIT_HISTORIES").map_or_else(|| beside.to_vec(), |named| vec![named.into()]);
    folders.into_iter().find(|folder| folder.join("manifest.csv").exists())
}

fn checker(model: &str) -> Option<Box<dyn Checker>> {
    Some(match model {
        "set" | "set-full" => Box::new(SetFull::default()),
        "counter" => Box::new(Counter::default()),
        "pn-counter(final reads)" => Box::new(PnCounter::default()),
        "unique-ids" => Box::new(Unique),
        "total-queue" => Box::new(TotalQueue),
        "unordered-queue(naive)" => Box::new(UnorderedQueue),
        "bank" => Box::new(Bank::default()),
        "long-fork" => Box::new(LongFork),
        "register/sequential" => Box::new(Sequential::default()),
        _ => return None,
    })
}

fn verdict(folder: &Path, row: &Row, checker: &dyn Checker) -> Result<&'static str, String> {
    let file = File::open(folder.join(&row["file"])).map_err(|error| error.to_string())?;
    let format = row["format"].parse()?;
    let read = formats::read(BufReader::new(file), Some(format)).map_err(|error| error.to_string())?;
    Ok(match checker.check(&read.history) {
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
        let Some(checker) = checker(&row["model"]) else { continue };
        judged += 1;
        let got = verdict(&folder, &row, &*checker);
        if got.as_deref() != Ok(row["expected"].as_str()) {
            wrong.push(format!("{}: {} expects {}, got {got:?}", row["file"], row["model"], row["expected"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > 0, "the manifest has no row of these models");
    println!("{judged} histories judged");
}

//! Third-party histories are read as their manifest counts them. They are data of others and not part of this
//! repository: the tests find them through `NETSPLIT_HISTORIES`, or beside it, and are skipped without them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use netsplit_checker::formats::{self, Format, Imported};
use netsplit_checker::{Actor, Kind, Outcome};

type Row = BTreeMap<String, String>;

fn histories() -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = ["../../shared", "../../../shared"].map(|shared| package.join(shared).join("histories/public"));
    let folders = std::env::var_os("NETSPLIT_HISTORIES").map_or_else(|| beside.to_vec(), |named| vec![named.into()]);
    folders.into_iter().find(|folder| folder.join("manifest.csv").exists())
}

fn rows(folder: &Path) -> Vec<Row> {
    let mut table = csv::Reader::from_path(folder.join("manifest.csv")).expect("the manifest can be read");
    table.deserialize().map(|row| row.expect("a row of the manifest")).collect()
}

fn read(folder: &Path, row: &Row, format: Option<Format>) -> Result<Imported, formats::FormatError> {
    formats::read(
        BufReader::new(File::open(folder.join(&row["file"])).expect("the manifest names files that exist")),
        format,
    )
}

/// What the manifest counts, of a history as it was read.
fn counts(read: &Imported) -> Result<BTreeMap<&'static str, usize>, String> {
    let operations = read.history.operations().map_err(|error| error.to_string())?;
    let clients: BTreeSet<u64> = operations.iter().map(netsplit_checker::Operation::process).collect();
    let others = read.history.events.iter().filter(|event| matches!(event.process, Actor::Other(_))).count();
    // where there is no real time, the manifest's events are the steps of transactions
    let steps = || {
        let invocations = read.history.events.iter().filter(|event| event.kind == Kind::Invoke);
        invocations.map(|event| event.value.as_list().map_or(0, <[_]>::len)).sum()
    };
    let ended = |kind| operations.iter().filter(|op| op.completion.is_some_and(|event| event.kind == kind)).count();
    let counts = BTreeMap::from([
        ("events", if read.real_time { read.history.events.len() } else { steps() }),
        ("processes", clients.len()),
        ("info_ops", ended(Kind::Info)),
        ("fail_ops", operations.iter().filter(|op| op.outcome() == Outcome::Fail).count()),
        ("unfinished", operations.iter().filter(|op| op.completion.is_none()).count()),
        ("nemesis_events", others),
    ]);
    Ok(counts)
}

#[test]
fn reads_what_the_manifest_counts() {
    let Some(folder) = histories() else {
        println!("skipped: no third-party histories");
        return;
    };
    let mut wrong = Vec::new();
    for row in rows(&folder) {
        let file = &row["file"];
        let format: Format = row["format"].parse().unwrap();
        match read(&folder, &row, Some(format)) {
            Err(error) => wrong.push(format!("{file}: {error}")),
            // fragments for checkers that do not pair
            Ok(read) if row["notes"].contains("MALFORMED") && read.history.operations().is_err() => {
                if row["events"] != read.history.events.len().to_string() || read.lint().errors.is_empty() {
                    wrong.push(format!("{file}: {} events, {:?}", read.history.events.len(), read.lint()));
                }
            }
            Ok(read) => match counts(&read) {
                Err(error) => wrong.push(format!("{file}: {error}")),
                Ok(counts) => {
                    // without processes the manifest has one, and we as many as are needed
                    let assigned = read.warnings.iter().any(|warning| warning.contains("no event has a `process`"));
                    let differs = |(name, count): (&str, usize)| {
                        let matters = !(assigned && name == "processes");
                        (matters && row[name] != count.to_string())
                            .then(|| format!("{file}: {name} {} but read {count}", row[name]))
                    };
                    wrong.extend(counts.into_iter().filter_map(differs));
                }
            },
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn detects_the_format_that_the_manifest_names() {
    let Some(folder) = histories() else {
        println!("skipped: no third-party histories");
        return;
    };
    let mut wrong = Vec::new();
    for row in rows(&folder) {
        match read(&folder, &row, None) {
            Ok(read) if read.format.name() == row["format"] => {}
            Ok(read) => wrong.push(format!("{}: {}, detected {}", row["file"], row["format"], read.format)),
            Err(error) => wrong.push(format!("{}: {error}", row["file"])),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

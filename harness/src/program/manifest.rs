//! `netsplit check --manifest`: a whole table of histories with the verdicts that are expected of them.
//!
//! A row whose `expected` is `unknown` is contested, and so are its levels: two of them show the same history (write 1,
//! read 2, read 1) with opposite levels, because their publisher asked one question with an option that the table does
//! not hold. Such rows are judged and told, and not scored.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use netsplit_checker::Verdict;
use netsplit_checker::judge::{Judgement, UNSUPPORTED};
use netsplit_checker::models::Options;
use serde::Deserialize;

use super::Failure;
use super::check::judge_file;
use super::voice::{self, say};
use serde_json::json;

/// A row; other columns are not looked at.
#[derive(Deserialize)]
struct Row {
    file: String,
    model: String,
    #[serde(default)]
    init: String,
    #[serde(default)]
    format: String,
    expected: String,
    #[serde(default)]
    levels: String,
}

/// How a row ended.
enum Ended {
    Agrees,
    Disagrees,
    NotScored,
    NotSupported,
}

/// No row was scored.
const VACUOUS: u8 = 2;

/// Judges every row; 0 only if some row was scored and every one of these agrees.
pub(super) fn check(manifest: &Path, options: Options) -> Result<u8, Failure> {
    let named = |error: &dyn std::fmt::Display| Failure::wrong_use(format!("{}: {error}", manifest.display()));
    if manifest.is_dir() {
        return Err(named(&"a folder is no manifest; name its table"));
    }
    let mut table = csv::Reader::from_path(manifest).map_err(|error| named(&error))?;
    let columns = table.headers().map_err(|error| named(&error))?.clone();
    for needed in ["file", "model", "expected"] {
        if !columns.iter().any(|column| column == needed) {
            return Err(named(&format!("no manifest: its first line names no column `{needed}`")));
        }
    }
    let folder = manifest.parent().unwrap_or(Path::new("."));
    let mut counts = [0_usize; 4];
    for (at, row) in table.deserialize().enumerate() {
        let row: Row = row.map_err(|error| named(&error))?;
        let leaves = |part| !matches!(part, Component::Normal(_) | Component::CurDir);
        if Path::new(&row.file).components().any(leaves) {
            return Err(named(&format!(
                "row {}: `{}` leaves the folder of the manifest",
                at + 1,
                row.file.escape_debug()
            )));
        }
        let (ended, told) = judge_row(folder, &row, options)?;
        let word = match ended {
            Ended::Agrees => "agree",
            Ended::Disagrees => "DISAGREE",
            Ended::NotScored => "not scored",
            Ended::NotSupported => "not supported",
        };
        counts[ended as usize] += 1;
        let (model, file) = (row.model.escape_debug().to_string(), row.file.escape_debug());
        say(&format!("{word:<14} {model:<28} {told:<34} {file}"));
        voice::tell("row", &json!({ "file": row.file, "model": row.model, "ended": word, "told": told }));
    }
    let [agree, disagree, not_scored, not_supported] = counts;
    say("");
    say(&format!(
        "{} histories: {agree} agree, {disagree} disagree, {not_scored} not scored, {not_supported} with a model not supported",
        counts.iter().sum::<usize>()
    ));
    match (disagree, agree) {
        (0, 0) => Ok(VACUOUS),
        (0, _) => Ok(0),
        _ => Ok(1),
    }
}

/// How one row ended, and what was found against what was expected.
fn judge_row(folder: &Path, row: &Row, options: Options) -> Result<(Ended, String), Failure> {
    if UNSUPPORTED.contains(&row.model.as_str()) {
        return Ok((Ended::NotSupported, format!("expected {}", row.expected)));
    }
    let stated = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let format = stated(&row.format).map(|format| format.parse()).transpose().map_err(Failure::wrong_use)?;
    let judged = match judge_file(&folder.join(&row.file), &row.model, stated(&row.init).as_deref(), format, options) {
        Ok(judged) => judged,
        // A history that can't be judged is one that disagrees; one that is not there is a mistake in the table.
        Err(failure) if failure.exit_code == super::WRONG_USE && folder.join(&row.file).is_file() => {
            let ended = if row.expected == "unknown" { Ended::NotScored } else { Ended::Disagrees };
            return Ok((ended, failure.message));
        }
        Err(failure) => return Err(failure),
    };
    let found = word(&judged.verdict);
    let wrong = differing_levels(&row.levels, &judged)?;
    let mut told = format!("{found}, expected {}", row.expected);
    if !wrong.is_empty() {
        told = format!("{told}; {}", wrong.join(", "));
    }
    let ended = match row.expected.as_str() {
        "unknown" => Ended::NotScored,
        expected if expected == found && wrong.is_empty() => Ended::Agrees,
        _ => Ended::Disagrees,
    };
    Ok((ended, told))
}

/// The levels of isolation that differ from those stated.
fn differing_levels(levels: &str, judged: &Judgement) -> Result<Vec<String>, Failure> {
    if levels.is_empty() {
        return Ok(Vec::new());
    }
    let expected: BTreeMap<String, String> = serde_json::from_str(levels)
        .map_err(|error| Failure::wrong_use(format!("the levels `{}` are no JSON: {error}", levels.escape_debug())))?;
    let mut wrong = Vec::new();
    for (level, expected) in expected.iter().filter(|(_, expected)| *expected != "unknown") {
        let found = judged.levels.get(level.as_str()).map_or("not judged", word);
        if found != expected {
            wrong.push(format!("{level} {found}, expected {expected}"));
        }
    }
    Ok(wrong)
}

/// A verdict in the words of a manifest.
fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Valid { .. } => "ok",
        Verdict::Invalid(_) => "invalid",
        Verdict::Unknown(_) => "unknown",
    }
}

//! `netsplit check --ladder`: the strongest model that a history of registers satisfies, as a table.

use std::path::Path;

use netsplit_checker::Verdict;
use netsplit_checker::formats::Format;
use netsplit_checker::judge;
use netsplit_checker::ladder::{Ladder, Rung};
use netsplit_checker::linearizable::Limits;

use super::Failure;
use super::voice::{self, say};
use serde_json::json;

/// Judges one file by every rung: 0, 1 if every rung is broken, or 2 if one above the strongest proven was not decided.
pub(super) fn check(path: &Path, init: Option<&str>, format: Option<Format>, limits: Limits) -> Result<u8, Failure> {
    let initial = judge::initial(init).map_err(|error| super::check::unjudged(&error))?;
    let ladder = Ladder::of(&super::check::read(path, format, "register")?.history, &initial, &limits);
    for rung in &ladder.rungs {
        let (word, why) = (word(&rung.verdict), why(rung));
        say(format!("{:<20} {word:<8} {why}", rung.model).trim_end());
        voice::tell("rung", &json!({ "file": path, "model": rung.model, "verdict": word, "why": why }));
    }
    say("");
    match ladder.strongest() {
        Some(strongest) => say(&format!("strongest proven: {strongest}")),
        None => say("strongest proven: none"),
    }
    Ok(match (ladder.strongest(), ladder.unknown().is_empty()) {
        (_, false) => 2,
        (Some(_), true) => 0,
        (None, true) => 1,
    })
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Valid { vacuous: None } => "holds",
        Verdict::Valid { vacuous: Some(_) } => "vacuous",
        Verdict::Unknown(_) => "unknown",
        Verdict::Invalid(_) => "broken",
    }
}

/// Why, in one line.
fn why(rung: &Rung) -> String {
    let reason = match &rung.verdict {
        Verdict::Valid { vacuous: None } => String::new(),
        Verdict::Valid { vacuous: Some(reason) } => reason.clone(),
        Verdict::Unknown(cause) => cause.to_string(),
        Verdict::Invalid(all) => all.first().map(|one| one.summary.clone()).unwrap_or_default(),
    };
    match &rung.follows_from {
        Some(other) => format!("because {other} {}", if rung.verdict.is_invalid() { "is broken" } else { "holds" }),
        None => reason,
    }
}

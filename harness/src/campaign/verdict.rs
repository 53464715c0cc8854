//! From what a campaign came to, to one word, one exit code, and why.
//!
//! A single run that was empty or undecided is what many runs are for: a cell is vacuous when *no* run of it says anything.

use super::outcome::Outcome;
use super::regressions::Kept;
use crate::judge::{Overall, worst};

/// The word of an exit code.
fn word(exit_code: u8) -> &'static str {
    let all = [Overall::Valid, Overall::Unknown, Overall::Liveness, Overall::Invalid];
    all.into_iter().find(|overall| overall.exit_code() == exit_code).map_or("failed", Overall::word)
}

/// Fills in the verdict, the exit code and the reasons.
pub(super) fn decide(outcome: &mut Outcome) {
    let mut reasons = failures(outcome);
    reasons.extend(broken(outcome));
    reasons.extend(undecided(outcome));
    outcome.exit_code = worst(reasons.iter().map(|(code, _)| *code));
    word(outcome.exit_code).clone_into(&mut outcome.verdict);
    outcome.reasons = reasons.into_iter().map(|(_, reason)| reason).collect();
}

type Reason = (u8, String);

/// What keeps the campaign from telling anything that could be trusted.
fn failures(outcome: &Outcome) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let canary = &outcome.canary;
    if !canary.alive {
        let way = if canary.shown < canary.least { "detection has gone blind" } else { "a run is not what it was" };
        reasons.push((70, format!("the canary {}: {way}", canary.told())));
    }
    if let Some(first) = outcome.again.differ.first() {
        let (many, all) = (outcome.again.differing, outcome.again.runs);
        let what = format!(
            "in {many} of {all} runs two processes differ, the first is {} with seed {}",
            first.cell, first.seed
        );
        reasons.push((70, format!("{what}: `netsplit meta` with the same flags shows the first event that differs")));
    }
    for one in &outcome.unfinished {
        let first = &one.first;
        let what =
            format!("{} of {}: {} runs, the first is seed {}", one.kind, first.cell.system, one.runs, first.seed);
        reasons.push((70, format!("{what} of {}: {}", first.cell, one.why)));
    }
    for one in outcome.regressions.iter().filter(|one| one.kept == Kept::Stale) {
        reasons.push((70, format!("the kept capsule {} is stale: {}", one.file, one.why)));
    }
    reasons
}

/// What contradicts a promise.
fn broken(outcome: &Outcome) -> Vec<Reason> {
    let found = outcome.findings.iter().map(|finding| {
        let stuck = finding.signature.checker == "recovery";
        (if stuck { 3 } else { 1 }, format!("{}: {} runs", finding.title(), finding.runs))
    });
    let kept = outcome.regressions.iter().filter(|one| one.kept == Kept::Broken);
    found.chain(kept.map(|one| (1, format!("the kept capsule {} is broken: {}", one.file, one.why)))).collect()
}

/// What leaves a question open.
fn undecided(outcome: &Outcome) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for cell in &outcome.cells {
        if cell.runs.is_vacuous() {
            reasons.push((2, format!("vacuous: no run of {} could have broken anything", cell.cell)));
        }
        if cell.runs.unknown > 0 {
            let (unknown, all) = (cell.runs.unknown, cell.runs.runs());
            reasons.push((2, format!("in {unknown} of {all} runs of {} a checker could not decide", cell.cell)));
        }
    }
    if outcome.missing > 0 {
        reasons.push((2, format!("{} runs are missing", outcome.missing)));
    }
    if !outcome.missing_shards.is_empty() {
        reasons.push((2, format!("shards {} are missing", outcome.missing_shards.join(", "))));
    }
    // One shard need not come to every cell; all together do, or what they did not look at is no pass.
    let unseen = outcome.cells.iter().filter(|cell| cell.runs.runs() == 0).count();
    if outcome.runs.runs() == 0 || (unseen > 0 && !outcome.campaign.shard.is_part()) {
        reasons.push((2, format!("vacuous: {unseen} of {} cells have no run", outcome.cells.len())));
    }
    reasons
}

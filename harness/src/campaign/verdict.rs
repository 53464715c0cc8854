//! From what a campaign came to, to one word, one exit code, and why.
//!
//! A single run that was empty or undecided is what many runs are for: a cell is vacuous when *no* run of it says anything.

use super::outcome::Outcome;
use super::regressions::Kept;

/// The words of the exit codes, the worst first.
const ORDER: [(u8, &str); 5] = [(70, "failed"), (1, "invalid"), (3, "liveness"), (2, "unknown"), (0, "valid")];

/// Fills in the verdict, the exit code and the reasons.
pub(super) fn decide(outcome: &mut Outcome) {
    let mut reasons = failures(outcome);
    reasons.extend(broken(outcome));
    reasons.extend(undecided(outcome));
    let has = |code: u8| reasons.iter().any(|(known, _)| *known == code);
    let (exit_code, verdict) = ORDER.into_iter().find(|(code, _)| has(*code)).unwrap_or((0, "valid"));
    outcome.exit_code = exit_code;
    verdict.clone_into(&mut outcome.verdict);
    outcome.reasons = reasons.into_iter().map(|(_, reason)| reason).collect();
}

type Reason = (u8, String);

/// What keeps the campaign from telling anything that could be trusted.
fn failures(outcome: &Outcome) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let canary = &outcome.canary;
    if !canary.alive {
        let way = if canary.shown < canary.least { "detection has gone blind" } else { "a run is not what it was" };
        let told = super::canary::Canary { runs: canary.runs, shown: canary.shown };
        reasons.push((70, format!("the canary {told}: {way}")));
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
    reasons
}

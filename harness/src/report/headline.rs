//! The sentence at the top: what was promised under the faults of this run, and what was seen.

use std::time::Duration;

use netsplit_checker::{Evidence, Operation, Verdict};

use super::story::Story;
use super::words;
use crate::judge::{Judged, Overall};
use crate::simulate::Stuck;

/// The page's name.
pub(super) fn title(story: &Story<'_>) -> String {
    format!("{}: {}", story.results.overall.word(), story.run())
}

/// What was promised and what was seen, in one sentence.
pub(super) fn sentence(story: &Story<'_>) -> String {
    format!("{}; {}.", promised(story), seen(story))
}

/// What the system says of itself under the faults of this run.
fn promised(story: &Story<'_>) -> String {
    let (system, name) = (story.case.system, story.case.system.name);
    let families: Vec<String> = story.case.families().into_iter().map(words::clipped).collect();
    let under = under(&families);
    match system.claim_under(&story.case.families()) {
        Some(claim) if claim.weakened => {
            format!("{name} claims to be {} {under}, but is built to break that claim", claim.level.word())
        }
        Some(claim) => format!("{name} promises to be {} {under}", claim.level.word()),
        None => {
            let held_to = story.case.promised();
            format!(
                "{name} does not promise to be {} {under} (only {})",
                held_to.level.word(),
                self::under(held_to.under)
            )
        }
    }
}

fn under<S: AsRef<str>>(families: &[S]) -> String {
    let faults: Vec<&str> = families.iter().map(AsRef::as_ref).filter(|family| *family != "none").collect();
    if faults.is_empty() { "as long as nothing fails".to_owned() } else { format!("under {}", words::listed(&faults)) }
}

fn seen(story: &Story<'_>) -> String {
    let results = story.results;
    match results.overall {
        Overall::Invalid => match story.witness() {
            Some((_, evidence)) => format!("in this run, {}", finding(story, evidence)),
            None => "in this run it is not".to_owned(),
        },
        Overall::Liveness => {
            format!("after every fault was healed, {} did not come back", words::count(results.stuck.len(), "node"))
        }
        Overall::Unknown => "in this run, a checker could not decide whether it is".to_owned(),
        Overall::Vacuous => "this run does not contradict that, but could not have done so".to_owned(),
        Overall::Valid => {
            let hits = results.effects.iter().filter(|effect| effect.is_effective()).count();
            let through = match hits {
                0 => String::new(),
                hits => format!(", through {} that hit something", words::count(hits, "fault")),
            };
            format!(
                "in this run, none of {} contradicts that{through}",
                words::count(story.operations.len(), "operation")
            )
        }
    }
}

/// A contradiction in one clause: the kinds that have one here, else the checker's own summary.
pub(super) fn finding(story: &Story<'_>, evidence: &Evidence) -> String {
    let told = match evidence.anomaly.as_str() {
        "lost" => missing(story, evidence, "is missing from the read"),
        "stale-read" if evidence.legal.is_empty() => missing(story, evidence, "was not yet shown by the read"),
        _ => answered(story, evidence),
    };
    told.unwrap_or_else(|| words::clipped_to(&evidence.summary, 400))
}

/// An element that a later read does not show.
fn missing(story: &Story<'_>, evidence: &Evidence, is_missing: &str) -> Option<String> {
    let read = story.operation(evidence.culprit?)?;
    let add = evidence.operations.iter().filter_map(|&index| story.operation(index)).find(|add| add.f() == "add")?;
    let since = read.invocation.time.checked_sub(add.completion?.time)?;
    Some(format!(
        "{} was acknowledged (#{}) and {is_missing} #{}, which began {} that",
        words::clipped(&add.invocation.value.to_string()),
        add.index(),
        read.index(),
        words::after(since)
    ))
}

/// An answer where the other operations of the witness leave only others.
fn answered(story: &Story<'_>, evidence: &Evidence) -> Option<String> {
    let culprit = story.operation(evidence.culprit?)?;
    let answer = words::answer(culprit)?;
    let possible: Vec<String> = evidence.legal.iter().take(3).map(|value| words::clipped(value)).collect();
    if possible.is_empty() {
        return None;
    }
    let of = if evidence.key.is_empty() { String::new() } else { format!(" of {}", words::clipped(&evidence.key)) };
    let (f, index, node) = (culprit.f(), culprit.index(), asked(culprit));
    let only = if possible[0].starts_with("at most") { "" } else { "only " };
    let possible = possible.join(" or ");
    let answer = words::clipped(&answer);
    Some(format!("the {f} #{index}{of}{node} answered {answer}, but the other operations below allow {only}{possible}"))
}

fn asked(operation: &Operation<'_>) -> String {
    operation.invocation.node.as_deref().map_or_else(String::new, |node| format!(" at {node}"))
}

/// Why the verdict is what it is, checker by checker and node by node.
pub(super) fn because(story: &Story<'_>) -> Vec<String> {
    let results = story.results;
    let mut because: Vec<String> = results.verdicts.iter().map(verdict).collect();
    because.extend(results.vacuous.iter().map(|reason| format!("The pass is vacuous: {reason}.")));
    because.extend(results.stuck.iter().take(50).map(stuck));
    because
}

/// A checker's answer in a few words.
fn verdict(judged: &Judged) -> String {
    let told = match &judged.verdict {
        Verdict::Valid { vacuous: None } => "valid".to_owned(),
        Verdict::Valid { vacuous: Some(reason) } => format!("vacuous, because {reason}"),
        Verdict::Unknown(cause) => format!("could not decide: {cause}"),
        Verdict::Invalid(evidence) => {
            let mut kinds: Vec<String> = Vec::new();
            for evidence in evidence {
                let kind = words::clipped(&evidence.anomaly);
                if !kinds.contains(&kind) && kinds.len() < 6 {
                    kinds.push(kind);
                }
            }
            format!("invalid, {} ({})", words::count(evidence.len(), "contradiction"), words::listed(&kinds))
        }
    };
    format!("Checker {}: {told}.", judged.checker)
}

fn stuck(stuck: &Stuck) -> String {
    let last = stuck.last_answer_ms.map_or_else(
        || "it never answered at all".to_owned(),
        |ms| format!("it last answered at {}", words::at(Duration::from_millis(ms))),
    );
    let reason = words::clipped(&stuck.reason);
    format!(
        "Node {} is stuck: it did not answer the final reads after the heal; {last}; the last try ended with: {reason}.",
        stuck.node
    )
}

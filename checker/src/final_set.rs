//! Sets judged by their final read alone, after Jepsen's `set`: every element acknowledged before it is there, and
//! nothing that nobody tried to add. What earlier reads showed is not looked at.
//!
//! Stricter than Jepsen's in two points: an element whose add surely failed must not be there, and none twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::set_full::{Fate, SetFull};
use crate::{Cause, Checker, History, Outcome, Value, Verdict};

/// The checker: the operations of [`SetFull`]; one final read for each key.
#[derive(Clone, Copy, Debug, Default)]
pub struct FinalSet;

/// The history without its reads but the last that was answered, for each key; `None` if a key with adds has none.
fn with_final_reads(history: &History) -> Result<Option<History>, crate::history::Unpaired> {
    let operations = history.operations()?;
    let mut finals = BTreeMap::<&Value, usize>::new();
    let mut dropped: BTreeSet<usize> = BTreeSet::new();
    let mut added: BTreeSet<&Value> = BTreeSet::new();
    for (at, operation) in operations.iter().enumerate() {
        let key = &operation.invocation.key;
        let shows = matches!(operation.outcome(), Outcome::Ok(answer) if !answer.is_nil());
        match operation.f() {
            "read" if shows => {
                let last = finals.entry(key).or_insert(at);
                if operations[*last].completed_at <= operation.completed_at {
                    *last = at;
                }
            }
            "add" => drop(added.insert(key)),
            _ => {}
        }
    }
    if finals.is_empty() || added.iter().any(|key| !finals.contains_key(key)) {
        return Ok(None);
    }
    let kept: BTreeSet<usize> = finals.into_values().collect();
    for (at, operation) in operations.iter().enumerate() {
        if operation.f() == "read" && !kept.contains(&at) {
            dropped.extend([Some(operation.invoked_at), operation.completed_at].into_iter().flatten());
        }
    }
    let events = history.events.iter().enumerate().filter(|(at, _)| !dropped.contains(at));
    Ok(Some(History { events: events.map(|(_, event)| event.clone()).collect() }))
}

impl Checker for FinalSet {
    fn name(&self) -> &'static str {
        "set"
    }

    fn check(&self, history: &History) -> Verdict {
        let finals = match with_final_reads(history) {
            Ok(Some(finals)) => finals,
            Ok(None) => return Verdict::Unknown(Cause::Undecided("the set was never read".to_owned())),
            Err(unpaired) => return unpaired.into(),
        };
        let report = match SetFull::default().report(&finals) {
            Ok(report) => report,
            Err(unpaired) => return unpaired.into(),
        };
        let decided = |fate| matches!(fate, Fate::Stable | Fate::Failed);
        match report.verdict(false) {
            // nothing is there and nothing had to be
            Verdict::Unknown(_) if report.unreadable.is_empty() && report.counts.stable == 0 => {
                if report.elements.iter().any(|element| decided(element.fate)) {
                    Verdict::VALID
                } else {
                    Verdict::vacuous("the final read had nothing to show")
                }
            }
            verdict => verdict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::anomalies;

    fn check(lines: &str) -> String {
        anomalies(&FinalSet, lines)
    }

    const ADDED: &str = "0 invoke add 7\n0 ok add 7\n";

    #[test]
    fn the_final_read_decides_and_the_earlier_ones_do_not() {
        assert_eq!(check(&format!("{ADDED}1 invoke read\n1 ok read [7]")), "valid");
        assert_eq!(check(&format!("{ADDED}1 invoke read\n1 ok read [9]\n1 invoke read\n1 ok read [7]")), "valid");
        assert_eq!(check(&format!("{ADDED}1 invoke read\n1 ok read [7]\n1 invoke read\n1 ok read []")), "lost");
        assert_eq!(check(&format!("{ADDED}1 invoke read\n1 ok read [7 9]")), "phantom");
        // the last to be answered, not the last to begin
        assert_eq!(check(&format!("1 invoke read\n{ADDED}2 invoke read\n2 ok read []\n1 ok read [7]")), "valid");
    }

    #[test]
    fn pending_adds_may_be_there_and_failed_ones_not() {
        let read = "1 invoke read\n1 ok read ";
        assert_eq!(check(&format!("0 invoke add 7\n0 info add 7\n{read}[7]")), "valid");
        assert_eq!(check(&format!("{ADDED}2 invoke add 8\n2 info add 8\n{read}[7]")), "valid");
        assert_eq!(check(&format!("0 invoke add 7\n0 fail add 7\n{read}[7]")), "failed-but-visible");
        assert_eq!(check(&format!("0 invoke add 7\n0 fail add 7\n{read}[]")), "valid");
        assert_eq!(check(&format!("{read}[]")), "vacuous");
    }

    #[test]
    fn without_an_answered_read_nothing_is_known() {
        assert_eq!(check(ADDED), "unknown");
        assert_eq!(check(&format!("{ADDED}1 invoke read\n1 fail read")), "unknown");
        assert_eq!(check("0 invoke add a=7\n0 ok add a=7\n1 invoke read b=nil\n1 ok read b=[]"), "unknown");
    }
}

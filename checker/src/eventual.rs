//! Eventual consistency: reads that began after the quiet period agree on each key, some write explains them, and what was
//! acknowledged is not forgotten.
//!
//! Updates that were made at different nodes may win over each other in any order, whatever the clocks of people say. But
//! a node that answers from its own copy knows what it acknowledged before: its later update replaces the earlier one
//! everywhere (Terry et al., "Session Guarantees for Weakly Consistent Replicated Data", PDIS 1994, monotonic writes, with
//! the node as the session), and a deletion takes nothing away that was written after it had been answered.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::access::{Access, accesses};
use crate::{Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker, for registers.
#[derive(Clone, Debug, Default)]
pub struct Eventual {
    /// What every key holds at first.
    pub initial: Value,
    /// The index at which the quiet period ended: reads from there on must agree.
    pub settled_from: u64,
    /// Whether what was acknowledged may end by itself, as a process does with its node: then nothing is lost.
    pub ephemeral: bool,
}

impl Eventual {
    /// From `healed` to the last answer before agreement: the end of the last read that showed what is not its key's
    /// final value. `None` if the keys never agree or nothing was read after the quiet period.
    pub fn converged_after(&self, history: &History, healed: Duration) -> Option<Duration> {
        if self.check(history) != Verdict::VALID {
            return None;
        }
        let operations = history.operations().ok()?;
        let mut last: BTreeMap<&Value, &Value> = BTreeMap::new();
        let mut converged = healed;
        for operation in operations.iter().rev().filter(|operation| operation.f() == "read") {
            let (Outcome::Ok(answer), Some(event)) = (operation.outcome(), operation.completion) else { continue };
            let answer = answer.as_refused().unwrap_or(answer);
            if *last.entry(&event.key).or_insert(answer) != answer {
                converged = converged.max(event.time);
            }
        }
        Some(converged.saturating_sub(healed))
    }
}

impl Checker for Eventual {
    fn name(&self) -> &'static str {
        "eventual"
    }

    fn check(&self, history: &History) -> Verdict {
        let accesses = match accesses(history, &self.initial) {
            Ok(accesses) => accesses,
            Err(unreadable) => return unreadable.into(),
        };
        let mut first: BTreeMap<&Value, (u64, &Value)> = BTreeMap::new();
        let mut all = Vec::new();
        for read in accesses.iter().filter(|access| access.index >= self.settled_from) {
            let Some(seen) = read.observed() else { continue };
            let (other, agreed) = *first.entry(read.key).or_insert((read.index, seen));
            let at = read.index;
            if agreed != seen {
                let summary = format!("after the quiet period #{other} reads {agreed} and #{at} reads {seen}");
                let told = |index, value| (index, format!("began after the quiet period and reads {value}"));
                all.push(evidence("divergence", summary, &[told(other, agreed), told(at, seen)], read.key));
            } else if other == at {
                all.extend(self.unexplained(&accesses, read, seen));
            }
        }
        match (all.is_empty(), first.is_empty()) {
            (false, _) => Verdict::Invalid(all),
            (true, true) => Verdict::vacuous("nothing was read after the quiet period"),
            (true, false) => Verdict::VALID,
        }
    }
}

impl Eventual {
    /// Why `seen` can't be what is left of all updates of the key of `read`.
    fn unexplained(&self, accesses: &[Access<'_>], read: &Access<'_>, seen: &Value) -> Option<Evidence> {
        let of_key = || accesses.iter().filter(|access| access.key == read.key && Some(access.index) < read.completed);
        let before = |access: &&Access<'_>| access.completed.is_some_and(|ended| ended < read.index);
        let updates = || of_key().filter(|access| access.wrote().is_some() && !access.pending()).filter(before);
        let writers: Vec<&Access<'_>> = of_key().filter(|access| access.wrote() == Some(seen)).collect();
        let shows = (read.index, format!("began after the quiet period and reads {seen}"));
        let told = |anomaly, before: &[&Access<'_>], why: &str| {
            let (at, last) = (read.index, before.last().map_or(read.index, |last| last.index));
            let summary = format!("after the quiet period #{at} reads {seen}, but #{last} {why}");
            let told: Vec<_> = before.iter().map(|write| did(write)).chain([shows.clone()]).collect();
            Some(evidence(anomaly, summary, &told, read.key))
        };
        if *seen == self.initial {
            if self.ephemeral {
                return None;
            }
            // A deletion that was answered before the write began can't have taken it away.
            let outlives = |write: &Access<'_>| {
                let ended = |deletion: &&Access<'_>| deletion.completed.is_some_and(|ended| ended < write.index);
                writers.iter().all(|deletion| !deletion.pending() && ended(deletion))
            };
            let lost = updates().find(|update| update.wrote() != Some(seen) && outlives(update))?;
            return told("lost", &[lost], "was acknowledged, and nothing took it away since");
        }
        if writers.is_empty() {
            let summary = format!("after the quiet period #{} reads {seen}, which nobody wrote", read.index);
            return Some(evidence("thin-air-read", summary, &[shows], read.key));
        }
        let replaced = |write: &Access<'_>| {
            updates().find(|later| {
                let after = !write.pending() && write.completed.is_some_and(|ended| ended < later.index);
                after && later.node.is_some() && later.node == write.node && later.wrote() != Some(seen)
            })
        };
        let later: Option<Vec<&Access<'_>>> = writers.iter().map(|write| replaced(write)).collect();
        told("overwritten", &[*writers.first()?, *later?.first()?], "replaced that at the same node")
    }
}

/// What a write did, for the argument.
fn did(write: &Access<'_>) -> (u64, String) {
    let at = write.node.map_or_else(String::new, |node| format!(" at {node}"));
    let value = write.wrote().map_or_else(|| "nothing".to_owned(), ToString::to_string);
    let ended = if write.pending() { "was not acknowledged" } else { "was acknowledged" };
    (write.index, format!("writes {value}{at}, and {ended}"))
}

/// The operations with what each of them did, in the order of the argument; the last is the culprit.
fn evidence(anomaly: &str, summary: String, told: &[(u64, String)], key: &Value) -> Evidence {
    let mut operations: Vec<u64> = told.iter().map(|(index, _)| *index).collect();
    let culprit = operations.last().copied();
    operations.sort_unstable();
    operations.dedup();
    Evidence {
        anomaly: anomaly.to_owned(),
        steps: told.iter().map(|(index, did)| format!("#{index} {did}")).chain([summary.clone()]).collect(),
        summary,
        operations,
        culprit,
        key: key.as_key(),
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::{anomalies, draw};

    const WRITES: &str = "1 invoke write 1\n1 ok write 1\n1 invoke write 2\n1 ok write 2\n2 invoke read\n2 ok read 1\n";

    fn check(lines: &str) -> String {
        anomalies(&Eventual { settled_from: 6, ..Eventual::default() }, lines)
    }

    #[test]
    fn what_may_end_by_itself_is_not_lost() {
        let gone = draw("1 invoke write 1\n1 ok write 1\n2 invoke read\n2 ok read nil");
        let anomaly = |ephemeral| match (Eventual { settled_from: 2, ephemeral, ..Eventual::default() }).check(&gone) {
            Verdict::Invalid(all) => all[0].anomaly.clone(),
            other => format!("{other:?}"),
        };
        assert_eq!(anomaly(false), "lost");
        assert_eq!(anomaly(true), format!("{:?}", Verdict::VALID));
    }

    #[test]
    fn all_nodes_agree_after_the_quiet_period_on_something_written() {
        assert_eq!(check(&format!("{WRITES}2@a invoke read\n2@a ok read 2\n3@b invoke read\n3@b ok read 2")), "valid");
        assert_eq!(
            check(&format!("{WRITES}2@a invoke read\n2@a ok read 2\n3@b invoke read\n3@b ok read 1")),
            "divergence"
        );
        assert_eq!(check(&format!("{WRITES}2@a invoke read\n2@a ok read 7")), "thin-air-read");
        assert_eq!(check(WRITES), "vacuous");
    }

    #[test]
    fn what_was_acknowledged_is_lost_only_to_a_deletion_that_may_have_seen_it() {
        let eventual = Eventual { settled_from: 4, ..Eventual::default() };
        let end = "3@c invoke read\n3@c ok read nil";
        let after = |lines: &str| anomalies(&eventual, &format!("{lines}\n{end}"));
        let (write, delete) = ("1@a invoke write 1\n1@a ok write 1", "2@b invoke delete\n2@b ok delete");
        assert_eq!(after(&format!("{write}\n{delete}")), "valid");
        assert_eq!(after(&format!("{delete}\n{write}")), "lost");
        assert_eq!(after("1@a invoke write 1\n1@a info write 1\n2@b invoke read\n2@b ok read nil"), "valid");
        assert_eq!(after("1@a invoke write 1\n1@a ok write 1\n2@b invoke read\n2@b ok read 1"), "lost");
    }

    #[test]
    fn what_a_node_replaced_does_not_come_back_and_what_another_node_wrote_may_win() {
        let eventual = Eventual { settled_from: 4, ..Eventual::default() };
        let check = |second: &str| {
            let end = "3@c invoke read\n3@c ok read 1";
            anomalies(&eventual, &format!("1@a invoke write 1\n1@a ok write 1\n{second}\n{end}"))
        };
        assert_eq!(check("2@a invoke write 2\n2@a ok write 2"), "overwritten");
        assert_eq!(check("2@a invoke delete\n2@a ok delete"), "overwritten");
        assert_eq!(check("2@b invoke write 2\n2@b ok write 2"), "valid");
        assert_eq!(check("2@a invoke write 2\n2@a info write 2"), "valid");
    }

    #[test]
    fn a_read_is_judged_by_what_can_have_happened_before_it() {
        let eventual = Eventual { settled_from: 2, ..Eventual::default() };
        let check = |lines: &str| anomalies(&eventual, &format!("1@a invoke write 1\n1@a ok write 1\n{lines}"));
        let read = "3@c invoke read\n3@c ok read 1\n";
        assert_eq!(check(&format!("{read}2@a invoke write 2\n2@a ok write 2")), "valid", "it was replaced later");
        let meanwhile = "3@c invoke read\n2@a invoke write 2\n2@a ok write 2\n3@c ok read 1";
        assert_eq!(check(meanwhile), "valid", "it was replaced meanwhile");
        assert_eq!(check("3@c invoke read\n3@c ok read 2\n2@a invoke write 2\n2@a ok write 2"), "thin-air-read");
    }

    #[test]
    fn the_time_to_converge_ends_with_the_last_old_answer() {
        let history = draw(&format!("{WRITES}2@a invoke read\n2@a ok read 2"));
        let checker = Eventual { settled_from: 6, ..Eventual::default() };
        assert_eq!(checker.converged_after(&history, Duration::from_millis(3)), Some(Duration::from_millis(2)));
    }
}

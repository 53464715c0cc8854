//! Eventual consistency: reads that began after the quiet period agree on each key, and some write explains them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::access::accesses;
use crate::{Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker, for registers.
#[derive(Clone, Debug, Default)]
pub struct Eventual {
    /// What every key holds at first.
    pub initial: Value,
    /// The index at which the quiet period ended: reads from there on must agree.
    pub settled_from: u64,
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
                all.push(evidence("divergence", summary, &[other, at], read.key));
            } else if other == at
                && *seen != self.initial
                && !accesses.iter().any(|write| write.key == read.key && write.wrote() == Some(seen))
            {
                let summary = format!("after the quiet period #{at} reads {seen}, which nobody wrote");
                all.push(evidence("thin-air-read", summary, &[at], read.key));
            }
        }
        match (all.is_empty(), first.is_empty()) {
            (false, _) => Verdict::Invalid(all),
            (true, true) => Verdict::vacuous("nothing was read after the quiet period"),
            (true, false) => Verdict::VALID,
        }
    }
}

fn evidence(anomaly: &str, summary: String, operations: &[u64], key: &Value) -> Evidence {
    Evidence {
        anomaly: anomaly.to_owned(),
        summary,
        operations: operations.to_vec(),
        culprit: operations.last().copied(),
        key: if key.is_nil() { String::new() } else { key.to_string() },
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::{anomalies, draw};

    const WRITES: &str = "1 invoke write 1\n1 ok write 1\n1 invoke write 2\n1 ok write 2\n2 invoke read\n2 ok read 1\n";

    fn check(lines: &str) -> String {
        anomalies(&Eventual { initial: Value::Nil, settled_from: 6 }, lines)
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
    fn the_time_to_converge_ends_with_the_last_old_answer() {
        let history = draw(&format!("{WRITES}2@a invoke read\n2@a ok read 2"));
        let checker = Eventual { initial: Value::Nil, settled_from: 6 };
        assert_eq!(checker.converged_after(&history, Duration::from_millis(3)), Some(Duration::from_millis(2)));
    }
}

//! Timeline consistency of registers: the writes of a key happen in one order, which every answer to a write agrees with;
//! a plain read may show an earlier state, until all is quiet.
//!
//! Source: Cooper et al., "PNUTS: Yahoo!'s Hosted Data Serving Platform" (VLDB 2008), section 2.2. What a store with caches
//! in front of it can promise: an update is never lost, a name never given to two, though a copy may be old.

use std::collections::BTreeMap;

use crate::access::{Access, accesses};
use crate::history::Unpaired;
use crate::models::register::cas_register;
use crate::{Checker, Evidence, History, Value, Verdict};

/// The checker.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeline {
    /// The index at which the quiet period ended: reads from there on must show the last state.
    pub settled_from: u64,
}

impl Checker for Timeline {
    fn name(&self) -> &'static str {
        "timeline"
    }

    fn check(&self, history: &History) -> Verdict {
        let all = match accesses(history, &Value::Nil) {
            Ok(all) => all,
            Err(unreadable) => return unreadable.into(),
        };
        let ordered = match self.without_early_reads(history) {
            Ok(ordered) => ordered,
            Err(unpaired) => return unpaired.into(),
        };
        let order = cas_register().check(&ordered);
        let unwritten = self.unwritten(&all);
        if unwritten.is_empty() { order } else { order.worst(Verdict::Invalid(unwritten)) }
    }
}

impl Timeline {
    /// The history without the reads that may be old.
    fn without_early_reads(self, history: &History) -> Result<History, Unpaired> {
        let operations = history.operations()?;
        let early = operations.iter().filter(|one| one.f() == "read" && one.index() < self.settled_from);
        let mut kept = vec![true; history.events.len()];
        for read in early {
            kept[read.invoked_at] = false;
            read.completed_at.into_iter().for_each(|at| kept[at] = false);
        }
        let events = history.events.iter().zip(kept).filter(|(_, kept)| *kept).map(|(event, _)| event.clone());
        Ok(History { events: events.collect() })
    }

    /// Early reads of what nobody had begun to write when they ended; the others are judged with the order.
    fn unwritten(self, all: &[Access<'_>]) -> Vec<Evidence> {
        let mut begun: BTreeMap<(&Value, &Value), u64> = BTreeMap::new();
        for write in all {
            if let Some(new) = write.wrote() {
                begun.entry((write.key, new)).or_insert(write.index);
            }
        }
        let early = all.iter().filter(|one| one.index < self.settled_from);
        let reads = early.filter_map(|one| Some((one, one.observed()?, one.completed?)));
        reads
            .filter(|(read, seen, ended)| {
                !seen.is_nil() && begun.get(&(read.key, *seen)).is_none_or(|begun| begun > ended)
            })
            .map(|(read, seen, _)| Evidence {
                anomaly: "thin-air-read".into(),
                summary: format!("#{} reads {seen}, which nobody had written", read.index),
                operations: vec![read.index],
                culprit: Some(read.index),
                key: read.key.as_key(),
                ..Evidence::default()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::anomalies;

    const TWO_WRITES: &str =
        "1 invoke write x=1\n1 ok write x=1\n1 invoke write x=2\n1 ok write x=2\n2 invoke read x=nil\n2 ok read x=1\n";

    fn check(lines: &str) -> String {
        anomalies(&Timeline { settled_from: 6 }, lines)
    }

    #[test]
    fn a_read_may_be_old_until_all_is_quiet() {
        assert_eq!(check(&format!("{TWO_WRITES}2 invoke read x=nil\n2 ok read x=2")), "valid");
        assert_eq!(check(&format!("{TWO_WRITES}2 invoke read x=nil\n2 ok read x=1")), "stale-read");
    }

    #[test]
    fn an_update_is_never_lost_however_old_the_reads_are() {
        let both = "1 invoke cas x=[1 3]\n1 ok cas x=[1 3]\n2 invoke cas x=[1 4]\n2 ok cas x=[1 4]\n";
        assert_ne!(
            check(&format!("1 invoke claim x=1\n1 ok claim x=1\n{both}2 invoke read x=nil\n2 ok read x=4")),
            "valid"
        );
        let refused = "1 invoke claim x=1\n1 ok claim x=1\n2 invoke claim x=2\n2 ok claim x=2\n";
        let refused = format!("{refused}2 invoke read x=nil\n2 ok read x=2\n");
        assert_ne!(check(&format!("{refused}2 invoke read x=nil\n2 ok read x=2")), "valid");
    }

    #[test]
    fn a_read_never_shows_what_is_not_written_yet() {
        let early = "2 invoke read x=nil\n2 ok read x=1\n1 invoke write x=1\n1 ok write x=1\n";
        let late = "2 invoke read x=nil\n2 ok read x=1\n";
        assert_eq!(check(&format!("{early}{late}{late}")), "thin-air-read");
    }
}

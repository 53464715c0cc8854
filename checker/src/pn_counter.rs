//! Counters that converge: only the reads after the quiet period are judged, as in Maelstrom's `pn-counter`.
//!
//! Every one of them must show the acknowledged amounts once each, and any choice of the pending ones. Where no index
//! is given, the final reads are all those that began after the last increment completed or, if still pending, began.

use std::collections::BTreeSet;

use crate::counter::{Counter, amount};
use crate::history::Operation;
use crate::{Checker, History, Outcome, Verdict};

/// The checker: the operations of [`Counter`].
#[derive(Clone, Copy, Debug, Default)]
pub struct PnCounter {
    /// What the counter held at first.
    pub initial: i64,
    /// The index from which on reads are final; found from the history if not given.
    pub settled_from: Option<u64>,
}

/// Where the last increment ends, or begins if nobody knows how it ended.
fn last_change(operations: &[Operation<'_>]) -> Option<usize> {
    let end = |operation: &Operation<'_>| match operation.outcome() {
        Outcome::Info => operation.invoked_at,
        _ => operation.completed_at.unwrap_or(operation.invoked_at),
    };
    operations.iter().filter(|operation| amount(operation).is_some()).map(end).max()
}

impl Checker for PnCounter {
    fn name(&self) -> &'static str {
        "pn-counter"
    }

    fn check(&self, history: &History) -> Verdict {
        let operations = match history.operations() {
            Ok(operations) => operations,
            Err(unpaired) => return unpaired.into(),
        };
        let last = last_change(&operations);
        let early = |operation: &Operation<'_>| match self.settled_from {
            Some(from) => operation.index() < from,
            None => Some(operation.invoked_at) < last,
        };
        let reads = || operations.iter().filter(|operation| operation.f() == "read");
        // an early read may miss anything: it claims nothing
        let dropped: BTreeSet<usize> = reads()
            .filter(|read| early(read))
            .flat_map(|read| [Some(read.invoked_at), read.completed_at])
            .flatten()
            .collect();
        let finals = reads().filter(|read| !early(read) && matches!(read.outcome(), Outcome::Ok(_))).count();
        if finals == 0 {
            return Verdict::vacuous("no read after the last increment was answered");
        }
        let kept = history.events.iter().enumerate().filter(|(at, _)| !dropped.contains(at));
        let history = History { events: kept.map(|(_, event)| event.clone()).collect() };
        Counter { initial: self.initial, settled_from: Some(0), may_lag: false }.check(&history)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::anomalies;

    fn check(lines: &str) -> String {
        anomalies(&PnCounter::default(), lines)
    }

    const ADDED: &str = "0 invoke add 2\n0 ok add 2\n0 invoke add 3\n0 ok add 3\n";

    #[test]
    fn every_final_read_shows_the_exact_sum() {
        assert_eq!(check(&format!("{ADDED}1 invoke read\n1 ok read 5\n1 invoke read\n1 ok read 5")), "valid");
        assert_eq!(
            check(&format!("{ADDED}1 invoke read\n1 ok read 5\n1 invoke read\n1 ok read 4")),
            "below-lower-bound"
        );
    }

    #[test]
    fn early_reads_may_miss_anything() {
        assert_eq!(check(&format!("1 invoke read\n1 ok read 9\n{ADDED}1 invoke read\n1 ok read 5")), "valid");
        assert_eq!(check(&format!("1 invoke read\n1 ok read 9\n{ADDED}")), "vacuous");
    }

    #[test]
    fn a_pending_amount_counts_once_or_never() {
        let lines = "0 invoke add 4\n0 info add 4\n1 invoke read\n1 ok read ";
        assert_eq!(check(&format!("{lines}0")), "valid");
        assert_eq!(check(&format!("{lines}4")), "valid");
        assert_eq!(check(&format!("{lines}2")), "inexact-final-read");
    }
}

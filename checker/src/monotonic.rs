//! Monotonic reads of what only grows: at one node a value never goes back, unless the node was stopped in between.
//!
//! A read is held against the highest value of its key that the same node had shown before it began. A node that keeps
//! nothing on disk begins again after a crash: faults of the `forgetful` families whose description names a node end what
//! was known of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::history::Operation;
use crate::{Actor, Checker, Event, Evidence, History, Outcome, Value, Verdict};

/// The checker, for reads that answer whole numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Monotonic {
    /// The families of faults that may make a node forget.
    pub forgetful: &'static [&'static str],
}

/// An answered read.
struct Shown {
    invoked_at: usize,
    completed_at: usize,
    index: u64,
    value: i64,
}

impl Monotonic {
    /// Where in the history faults stop `node`: those that are noted of it, and of no node those that tell its name.
    pub(crate) fn stops(&self, history: &History, node: &str) -> Vec<usize> {
        let stops = |event: &Event| {
            let text = event.value.as_text().unwrap_or_default();
            let mut names = text.split(|c: char| !c.is_alphanumeric() && c != '-');
            matches!(event.process, Actor::Other(_))
                && self.forgetful.contains(&event.f.as_ref())
                && event.node.as_deref().map_or_else(|| names.any(|name| name == node), |stopped| stopped == node)
        };
        history.events.iter().enumerate().filter(|(_, event)| stops(event)).map(|(at, _)| at).collect()
    }
}

/// The answered reads of each key at each node, in the order of their answers.
fn answers<'h>(operations: &[Operation<'h>]) -> BTreeMap<(&'h Arc<str>, &'h Value), Vec<Shown>> {
    let mut answers: BTreeMap<_, Vec<Shown>> = BTreeMap::new();
    for read in operations.iter().filter(|operation| operation.f() == "read") {
        if let (Outcome::Ok(Value::Int(value)), Some(node), Some(completed_at)) =
            (read.outcome(), &read.invocation.node, read.completed_at)
        {
            let shown = Shown { invoked_at: read.invoked_at, completed_at, index: read.index(), value: *value };
            answers.entry((node, &read.invocation.key)).or_default().push(shown);
        }
    }
    for shown in answers.values_mut() {
        shown.sort_by_key(|shown| shown.completed_at);
    }
    answers
}

impl Checker for Monotonic {
    fn name(&self) -> &'static str {
        "monotonic"
    }

    fn check(&self, history: &History) -> Verdict {
        let operations = match history.operations() {
            Ok(operations) => operations,
            Err(unpaired) => return unpaired.into(),
        };
        let (mut all, mut compared) = (Vec::new(), false);
        for ((node, key), shown) in answers(&operations) {
            let stops = self.stops(history, node);
            // An answer may be on its way when its node stops, so an earlier read is forgotten from its invocation on.
            let same_life = |earlier: &Shown, later: &Shown| {
                stops.partition_point(|&at| at < earlier.invoked_at)
                    == stops.partition_point(|&at| at < later.completed_at)
            };
            for (rank, read) in shown.iter().enumerate() {
                let before = shown[..rank].iter().filter(|earlier| earlier.completed_at < read.invoked_at);
                let Some(highest) =
                    before.filter(|earlier| same_life(earlier, read)).max_by_key(|earlier| earlier.value)
                else {
                    continue;
                };
                compared = true;
                if read.value < highest.value {
                    all.push(evidence(highest, read, node, key));
                }
            }
        }
        match (all.is_empty(), compared) {
            (false, _) => Verdict::Invalid(all),
            (true, false) => Verdict::vacuous("nothing was read twice from one life of a node"),
            (true, true) => Verdict::VALID,
        }
    }
}

fn evidence(before: &Shown, read: &Shown, node: &str, key: &Value) -> Evidence {
    let (highest, first, seen, second) = (before.value, before.index, read.value, read.index);
    Evidence {
        anomaly: "went-back".to_owned(),
        summary: format!("{node} shows {seen} to #{second}, after it showed {highest} to #{first}"),
        operations: vec![first, second],
        culprit: Some(second),
        legal: vec![format!("{highest} or more")],
        key: key.as_key(),
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::anomalies;

    fn check(lines: &str) -> String {
        anomalies(&Monotonic { forgetful: &["crash"] }, lines)
    }

    #[test]
    fn a_value_may_stay_and_grow_but_not_go_back_at_one_node() {
        let shown = "1@a invoke read x=nil\n1@a ok read x=2\n2@a invoke read x=nil\n2@a ok read x=";
        assert_eq!(check(&format!("{shown}2")), "valid");
        assert_eq!(check(&format!("{shown}3")), "valid");
        assert_eq!(check(&format!("{shown}1")), "went-back");
    }

    #[test]
    fn nodes_keys_and_overlapping_reads_have_no_order() {
        let first = "1@a invoke read x=nil\n1@a ok read x=2\n";
        assert_eq!(check(&format!("{first}2@b invoke read x=nil\n2@b ok read x=1")), "vacuous");
        assert_eq!(check(&format!("{first}2@a invoke read y=nil\n2@a ok read y=1")), "vacuous");
        let overlapping = "1@a invoke read x=nil\n2@a invoke read x=nil\n1@a ok read x=2\n2@a ok read x=1";
        assert_eq!(check(overlapping), "vacuous");
    }

    #[test]
    fn a_crash_of_the_node_itself_is_forgiven_and_another_ones_is_not() {
        let story = |fault: &str| {
            format!("1@a invoke read x=nil\n1@a ok read x=2\n~ info {fault}\n1@a invoke read x=nil\n1@a ok read x=1")
        };
        assert_eq!(check(&story("crash 0:a")), "vacuous");
        assert_eq!(check(&story("crash 0:b")), "went-back");
        assert_eq!(check(&story("partition 0:a")), "went-back");
        let of_another =
            "1@a invoke read x=nil\n1@a ok read x=2\n~@b info crash 0:a\n1@a invoke read x=nil\n1@a ok read x=1";
        assert_eq!(check(of_another), "went-back", "what is noted of b may tell of a");
        let on_its_way =
            "1@a invoke read x=nil\n~ info crash 0:a\n1@a ok read x=2\n1@a invoke read x=nil\n1@a ok read x=1";
        assert_eq!(check(on_its_way), "vacuous");
    }
}

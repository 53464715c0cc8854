//! Long forks: two reads of the same keys that disagree on the order of two writes.
//!
//! Every key is written at most once, so a read that shows a key written happens after the write, one that shows nil
//! before it. Two reads, each ahead of the other on some key, fit no order of the writes (parallel snapshot isolation
//! allows them, snapshot isolation does not; Sovran et al., SOSP 2011).

use std::collections::BTreeMap;

use crate::{Cause, Checker, Evidence, History, Kind, Value, Verdict};

/// The checker: `read` (or `txn`) answers a list of `[r key value]`; other events are not looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct LongFork;

/// A read's values by key; `None` if it also writes or is no list of reads.
fn snapshot(value: &Value) -> Option<BTreeMap<&Value, &Value>> {
    let reads = value.as_list()?.iter().map(|part| match part.as_list()? {
        [kind, key, value] if kind.as_text() == Some("r") => Some((key, value)),
        [kind, key] if kind.as_text() == Some("r") => Some((key, &Value::Nil)),
        _ => None,
    });
    reads.collect()
}

impl Checker for LongFork {
    fn name(&self) -> &'static str {
        "long-fork"
    }

    fn check(&self, history: &History) -> Verdict {
        // reads of the same keys, equal ones once: what they show decides, not who read
        let mut groups: BTreeMap<Vec<&Value>, BTreeMap<Vec<&Value>, u64>> = BTreeMap::new();
        // fragments that can't be paired are judged too: then evidence names the answers
        let operations = history.operations().unwrap_or_default();
        let invoked: BTreeMap<u64, u64> =
            operations.iter().filter_map(|one| Some((one.completion?.index, one.index()))).collect();
        let answered =
            history.events.iter().filter(|event| event.kind == Kind::Ok && matches!(&*event.f, "read" | "txn"));
        for event in answered {
            let Some(snapshot) = snapshot(&event.value) else { continue };
            let keys: Vec<&Value> = snapshot.keys().copied().collect();
            groups
                .entry(keys)
                .or_default()
                .entry(snapshot.into_values().collect())
                .or_insert(invoked.get(&event.index).copied().unwrap_or(event.index));
        }
        if groups.values().map(BTreeMap::len).all(|reads| reads == 0) {
            return Verdict::vacuous("no read was answered");
        }
        let mut all = Vec::new();
        for (keys, reads) in &groups {
            match fork(keys, reads) {
                Ok(found) => all.extend(found),
                Err(why) => return Verdict::Unknown(Cause::Undecided(why)),
            }
        }
        if all.is_empty() { Verdict::VALID } else { Verdict::Invalid(all) }
    }
}

/// The first fork among reads of `keys`. Reads that fit one order form a chain by how many keys they show written, so
/// that comparing neighbours suffices; an `Err` if a key has two values.
fn fork(keys: &[&Value], reads: &BTreeMap<Vec<&Value>, u64>) -> Result<Option<Evidence>, String> {
    let mut written: Vec<Option<&Value>> = vec![None; keys.len()];
    for values in reads.keys() {
        for (at, value) in values.iter().enumerate().filter(|(_, value)| !value.is_nil()) {
            if *written[at].get_or_insert(value) != *value {
                return Err(format!(
                    "key {} has more than one value: long forks need keys that are written once",
                    keys[at]
                ));
            }
        }
    }
    let mut chain: Vec<(&Vec<&Value>, u64)> = reads.iter().map(|(values, at)| (values, *at)).collect();
    chain.sort_by_key(|(values, at)| (values.iter().filter(|value| !value.is_nil()).count(), *at));
    Ok(chain.windows(2).find_map(|two| {
        let ((one, first), (other, second)) = (two[0], two[1]);
        let ahead = |a: &[&Value], b: &[&Value]| (0..keys.len()).find(|&at| !a[at].is_nil() && b[at].is_nil());
        let (left, right) = (ahead(one, other)?, ahead(other, one)?);
        Some(evidence((first, keys[left]), (second, keys[right])))
    }))
}

fn evidence((first, left): (u64, &Value), (second, right): (u64, &Value)) -> Evidence {
    let mut operations = vec![first, second];
    operations.sort_unstable();
    Evidence {
        anomaly: "long-fork".to_owned(),
        summary: format!(
            "#{first} shows the write of {left} but not that of {right}, and #{second} the other way round"
        ),
        steps: vec![
            format!("by #{first} the write of {left} comes before the write of {right}"),
            format!("by #{second} the write of {right} comes before the write of {left}"),
        ],
        culprit: operations.last().copied(),
        operations,
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::anomalies;

    fn check(first: &str, second: &str) -> String {
        anomalies(&LongFork, &format!("0 invoke read\n0 ok read {first}\n1 invoke read\n1 ok read {second}"))
    }

    #[test]
    fn two_reads_may_not_each_be_ahead_of_the_other() {
        assert_eq!(check("[[r x 1] [r y nil]]", "[[r y 1] [r x nil]]"), "long-fork");
        assert_eq!(check("[[r x 1] [r y nil]]", "[[r y 1] [r x 1]]"), "valid");
        assert_eq!(check("[[r x 1] [r y nil]]", "[[r y 1] [r z nil]]"), "valid");
        assert_eq!(check("[[r x 1] [r y 2]]", "[[r x 2] [r y 2]]"), "unknown");
        assert_eq!(anomalies(&LongFork, "0 invoke read\n0 fail read"), "vacuous");
    }
}

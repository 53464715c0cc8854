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

/// The reads by their keys: what each shows of them, and the first read that shows that.
type Groups<'h> = BTreeMap<Vec<&'h Value>, BTreeMap<Vec<&'h Value>, u64>>;

/// As many pairs of a key that is written and one that is not are compared between reads of different keys.
const PAIRS: usize = 1_000_000;

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
        let mut groups: Groups<'_> = BTreeMap::new();
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
        let (mut all, mut undecided) = (Vec::new(), None);
        for (keys, reads) in &groups {
            match fork(keys, reads) {
                Ok(found) => all.extend(found),
                Err(why) => undecided = undecided.or(Some(Cause::Undecided(why))),
            }
        }
        if all.is_empty() {
            match crossed(&groups) {
                Ok(found) => all.extend(found),
                Err(bound) => undecided = undecided.or(Some(bound)),
            }
        }
        match (all.is_empty(), undecided) {
            (false, _) => Verdict::Invalid(all),
            (true, Some(cause)) => Verdict::Unknown(cause),
            (true, None) => Verdict::VALID,
        }
    }
}

/// The first fork between reads of different keys that have two in common. An `Err` if these are too many to compare.
fn crossed(groups: &Groups<'_>) -> Result<Option<Evidence>, Cause> {
    let mut shared: BTreeMap<&Value, bool> = BTreeMap::new();
    for key in groups.keys().flatten() {
        shared.entry(key).and_modify(|shared| *shared = true).or_insert(false);
    }
    // of two keys the one that a read shows written and the one that it does not, with the first such read
    let mut ahead: BTreeMap<(&Value, &Value), u64> = BTreeMap::new();
    let mut compared = 0;
    for (keys, reads) in groups {
        for (values, at) in reads {
            let shown = keys.iter().zip(values).filter(|(key, _)| shared[*key]);
            let (unwritten, written): (Vec<_>, Vec<_>) = shown.partition(|(_, value)| value.is_nil());
            compared += written.len() * unwritten.len();
            if compared > PAIRS {
                return Err(Cause::States(PAIRS as u64));
            }
            for (left, _) in &written {
                for (right, _) in &unwritten {
                    if let Some(other) = ahead.get(&(**right, **left)) {
                        return Ok(Some(evidence((*at, left), (*other, right))));
                    }
                    ahead.entry((left, right)).or_insert(*at);
                }
            }
        }
    }
    Ok(None)
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
    use crate::random::{self, SplitMix};

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

    #[test]
    fn reads_of_different_keys_may_not_disagree_on_those_that_they_share() {
        assert_eq!(check("[[r x 1] [r y nil] [r z nil]]", "[[r y 1] [r x nil]]"), "long-fork");
        assert_eq!(check("[[r x 1] [r y nil] [r z nil]]", "[[r y 1] [r z nil]]"), "valid");
    }

    #[test]
    fn a_key_that_is_written_twice_hides_no_fork_of_others() {
        let fork = "0 invoke read\n0 ok read [[r x 1] [r y nil]]\n1 invoke read\n1 ok read [[r x nil] [r y 1]]\n";
        let twice = "2 invoke read\n2 ok read [[r a 1] [r b 1]]\n2 invoke read\n2 ok read [[r a 2] [r b 1]]\n";
        assert_eq!(anomalies(&LongFork, &format!("{twice}{fork}")), "long-fork");
        assert_eq!(anomalies(&LongFork, twice), "unknown");
    }

    #[test]
    fn agrees_with_every_pair_compared_on_random_reads() {
        let mut counts = [0_u64; 2];
        for seed in 0..random::histories() {
            let mut random = SplitMix(seed);
            let mut read = || (0..4).map(|_| random.below(3)).collect::<Vec<u64>>();
            let reads: Vec<Vec<u64>> = (0..4).map(|_| read()).collect();
            // 0 is unread, 1 nil, 2 written
            let ahead = |a: &[u64], b: &[u64]| a.iter().zip(b).any(|two| two == (&2, &1));
            let truth = reads.iter().any(|a| reads.iter().any(|b| ahead(a, b) && ahead(b, a)));
            let shown = |(key, what): (usize, &u64)| match what {
                0 => String::new(),
                1 => format!("[r {key} nil]"),
                _ => format!("[r {key} 1]"),
            };
            let line = |read: &Vec<u64>| read.iter().enumerate().map(shown).collect::<String>();
            let lines = |read| format!("0 invoke read\n0 ok read [{}]\n", line(read));
            let lines: String = reads.iter().map(lines).collect();
            assert_eq!(anomalies(&LongFork, &lines).starts_with("long-fork"), truth, "seed {seed}:\n{lines}");
            counts[usize::from(truth)] += 1;
        }
        assert!(random::histories() < 20_000 || counts.iter().all(|count| *count > 100), "{counts:?}");
    }
}

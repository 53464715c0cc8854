//! One holder a name: no two processes are surely seen with a name at one time.
//!
//! A process holds a name without a break, from when it gets it until it loses it or dies, and never again: so whoever is seen
//! with it twice had it all the time between. Sound, and complete for what reads and registrations can show of two holders
//! at one time: some order of the holders explains all that was seen unless two of them must each come before the other.

use std::collections::BTreeMap;

use crate::history::Operation;
use crate::{Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker: `claim` takes a process, and answers it or is refused; `read` answers the process that has the name, or nil. One
/// name for each key; a process registers once.
#[derive(Clone, Copy, Debug, Default)]
pub struct SingleHolder;

/// The moments at which a process surely had the name, in the order of their beginnings.
type Sights<'h> = BTreeMap<&'h Value, Vec<Operation<'h>>>;

/// What was seen of each name. A refusal says who had it when somebody looked, which may be a while ago.
fn sights<'h>(operations: &[Operation<'h>]) -> BTreeMap<&'h Value, Sights<'h>> {
    let mut names: BTreeMap<&Value, Sights<'_>> = BTreeMap::new();
    for operation in operations {
        let Outcome::Ok(answer) = operation.outcome() else { continue };
        if matches!(operation.f(), "claim" | "read") && !answer.is_nil() && answer.as_refused().is_none() {
            names.entry(&operation.invocation.key).or_default().entry(answer).or_default().push(*operation);
        }
    }
    names
}

/// That two have the name at one time: each is surely seen with it before the other is last seen with it, so neither can have
/// had it before the other (zones of a register whose values are written once, Gibbons & Korach 1997).
fn both<'a, 'h>(one: &'a [Operation<'h>], other: &'a [Operation<'h>]) -> Option<[&'a Operation<'h>; 4]> {
    let surely = |sights: &'a [Operation<'h>]| sights.iter().min_by_key(|sight| sight.completed_at);
    let (a, b, last_b, last_a) = (surely(one)?, surely(other)?, other.last()?, one.last()?);
    let overlap = a.completed_at < Some(last_b.invoked_at) && b.completed_at < Some(last_a.invoked_at);
    overlap.then_some([a, b, last_b, last_a])
}

/// The first two that have a name at one time.
fn rivals<'a, 'h>(sights: &'a Sights<'h>) -> Option<(&'h Value, &'h Value, [&'a Operation<'h>; 4])> {
    let pairs =
        sights.iter().enumerate().flat_map(|(at, one)| sights.iter().skip(at + 1).map(move |other| (one, other)));
    let found = pairs.filter_map(|((a, one), (b, other))| Some((*a, *b, both(one, other)?)));
    found.min_by_key(|(.., shown)| shown.iter().map(|sight| sight.index()).max())
}

fn two_holders(name: &Value, (a, b, shown): (&Value, &Value, [&Operation<'_>; 4])) -> Evidence {
    let told = |sight: &&Operation<'_>| {
        let node = sight.invocation.node.as_deref().unwrap_or("a node");
        let process = sight.completion.map_or(&Value::Nil, |event| &event.value);
        format!("#{}: {} at {node} shows {process}", sight.index(), sight.f())
    };
    let when = |first: &Operation<'_>, last: &Operation<'_>| match (first.index(), last.index()) {
        (first, last) if first < last => format!("from #{first} to #{last}"),
        (first, last) if last < first => format!("in #{last} and in #{first}"),
        (only, _) => format!("in #{only}"),
    };
    let [first_a, first_b, last_b, last_a] = shown;
    let mut shown = shown.to_vec();
    shown.sort_unstable_by_key(|sight| sight.index());
    shown.dedup_by_key(|sight| sight.index());
    Evidence {
        anomaly: "two-holders".to_owned(),
        summary: format!(
            "{a} has {name} {}, and {b} has it {}: both at one time",
            when(first_a, last_a),
            when(first_b, last_b)
        ),
        operations: shown.iter().map(|sight| sight.index()).collect(),
        steps: shown.iter().map(told).collect(),
        culprit: shown.last().map(|sight| sight.index()),
        key: name.as_key(),
        ..Evidence::default()
    }
}

impl Checker for SingleHolder {
    fn name(&self) -> &'static str {
        "single-holder"
    }

    fn check(&self, history: &History) -> Verdict {
        let operations = match history.operations() {
            Ok(operations) => operations,
            Err(unpaired) => return unpaired.into(),
        };
        let names = sights(&operations);
        let mut all = Vec::new();
        for (name, sights) in &names {
            all.extend(rivals(sights).map(|rivals| two_holders(name, rivals)));
        }
        let tested = names.values().any(|sights| sights.values().map(Vec::len).sum::<usize>() > 2);
        match (all.is_empty(), tested) {
            (false, _) => Verdict::Invalid(all),
            (true, false) => Verdict::vacuous("no name was seen three times"),
            (true, true) => Verdict::VALID,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::anomalies;

    fn check(sights: &[(&str, &str)]) -> String {
        let line = |(f, process): &(&str, &str)| format!("0 invoke {f} x={process}\n0 ok {f} x={process}\n");
        anomalies(&SingleHolder, &sights.iter().map(line).collect::<String>())
    }

    #[test]
    fn nobody_has_the_name_between_two_sights_of_another() {
        assert_eq!(check(&[("claim", "a"), ("read", "a"), ("claim", "b"), ("read", "b")]), "valid");
        assert_eq!(check(&[("claim", "a"), ("claim", "b"), ("read", "a")]), "two-holders");
        assert_eq!(check(&[("read", "a"), ("read", "b"), ("read", "a")]), "two-holders");
        assert_eq!(check(&[("read", "a"), ("read", "nil"), ("read", "a")]), "vacuous");
    }

    #[test]
    fn sights_at_the_same_time_can_be_ordered() {
        let overlapping = "0 invoke read x=nil\n1 invoke read x=nil\n0 ok read x=a\n1 ok read x=b\n";
        let again = "0 invoke read x=nil\n0 ok read x=";
        assert_eq!(anomalies(&SingleHolder, &format!("{overlapping}{again}a")), "valid");
        assert_eq!(anomalies(&SingleHolder, &format!("{overlapping}{again}a\n{again}b\n{again}a")), "two-holders");
    }

    #[test]
    fn two_times_that_overlap_are_one_too_many() {
        let begin = "0 invoke read x=nil\n1 invoke read x=nil\n";
        let seen = "0 ok read x=a\n1 ok read x=b\n";
        let again = "1 ok read x=b\n0 ok read x=a\n";
        assert_eq!(anomalies(&SingleHolder, &[begin, seen, begin, again].concat()), "two-holders");
    }

    #[test]
    fn a_refusal_is_no_sight() {
        let refused = "0 invoke claim x=c\n0 ok claim x={refused b}\n";
        let sight = "0 invoke read x=nil\n0 ok read x=a\n";
        assert_eq!(anomalies(&SingleHolder, &[sight, refused, sight, sight].concat()), "valid");
    }
}

//! One holder a name: no process is seen with a name between two moments at which another had it.
//!
//! A process holds a name without a break, from when it gets it until it loses it or dies, and never again: so whoever is seen
//! with it twice had it all the time between. Sound, and complete for what reads and registrations can show of two holders
//! at one time: some order of the holders explains all that was seen unless one was seen between two sights of another.

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

/// The first sight of another than `holder` between two sights of it, with those two.
fn between<'a, 'h>(holder: &Value, sights: &'a Sights<'h>) -> Option<[&'a Operation<'h>; 3]> {
    let own = &sights[holder];
    let first = own.iter().min_by_key(|sight| sight.completed_at)?;
    let last = own.last()?;
    let others = sights.iter().filter(|(other, _)| **other != holder).flat_map(|(_, sights)| sights);
    let inside = |sight: &&Operation<'_>| {
        first.completed_at < Some(sight.invoked_at) && sight.completed_at < Some(last.invoked_at)
    };
    others.filter(inside).min_by_key(|sight| sight.invoked_at).map(|other| [first, other, last])
}

fn two_holders(name: &Value, holder: &Value, [first, other, last]: [&Operation<'_>; 3]) -> Evidence {
    let told = |sight: &Operation<'_>| {
        let node = sight.invocation.node.as_deref().unwrap_or("a node");
        let process = sight.completion.map_or(&Value::Nil, |event| &event.value);
        format!("#{}: {} at {node} shows {process}", sight.index(), sight.f())
    };
    let (a, b, c) = (first.index(), other.index(), last.index());
    Evidence {
        anomaly: "two-holders".to_owned(),
        summary: format!("{holder} has {name} in #{a} and in #{c}, and another has it in #{b}, between them"),
        operations: vec![a, b, c],
        steps: [first, other, last].map(told).to_vec(),
        culprit: Some(c),
        key: name.to_string(),
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
            let found = sights.keys().find_map(|holder| Some((holder, between(holder, sights)?)));
            all.extend(found.map(|(holder, sights)| two_holders(name, holder, sights)));
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
    fn a_refusal_is_no_sight() {
        let refused = "0 invoke claim x=c\n0 ok claim x={refused b}\n";
        let sight = "0 invoke read x=nil\n0 ok read x=a\n";
        assert_eq!(anomalies(&SingleHolder, &[sight, refused, sight, sight].concat()), "valid");
    }
}

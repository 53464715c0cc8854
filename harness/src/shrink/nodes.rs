//! Leaving out nodes, and with a node its links, its place in every fault, and what is asked of it.

use netsplit_nemesis::{Fault, Step};
use serde_json::Value;

use super::Search;
use crate::plan::Plan;
use crate::redis_kind::NoRedis;

/// Below three nodes a quorum is everybody, which is another system; one that stands on Redis has no quorums.
const LEAST_WITH_QUORUMS: usize = 3;

/// Leaves out nodes, from the last to the first, each with what is asked of it or, if that is needed, asking another.
pub(super) fn drop_nodes(search: &mut Search<'_>) -> Result<(), NoRedis> {
    loop {
        let plan = search.plan().clone();
        let least = if search.trial.case.system.redis.is_some() { 1 } else { LEAST_WITH_QUORUMS };
        if plan.nodes.len() <= least {
            return Ok(());
        }
        let each = plan.nodes.iter().rev().flat_map(|node| [without(&plan, node), with_another(&plan, node)]);
        if search.advance(each)?.is_none() {
            return Ok(());
        }
    }
}

/// The plan without `node` and without what is asked of it.
fn without(plan: &Plan, node: &str) -> Plan {
    let mut plan = plan.clone();
    plan.nodes.retain(|name| name != node);
    plan.finale_nodes.retain(|name| name != node);
    plan.dead.retain(|name| name != node);
    plan.latencies.retain(|link| link.a != node && link.b != node);
    plan.schedule = plan.schedule.iter().filter_map(|step| step_without(step, node)).collect();
    plan.scripts.iter_mut().for_each(|script| script.retain(|planned| planned.node != node));
    plan
}

/// The plan without `node`; another node is asked in its place.
fn with_another(plan: &Plan, node: &str) -> Plan {
    let mut plan = plan.clone();
    let other = plan.nodes.iter().find(|name| *name != node).expect("the last node is never left out").clone();
    for planned in plan.scripts.iter_mut().flatten().filter(|planned| planned.node == node) {
        planned.node.clone_from(&other);
    }
    let asked = plan.finale_nodes.iter().any(|name| name == node);
    if asked && !plan.finale_nodes.contains(&other) {
        plan.finale_nodes.push(other);
    }
    without(&plan, node)
}

/// The step without `node`, if it then still is about anything. Faults are seen as data, so that a new kind of fault needs
/// no line here unless it names hosts in pairs.
fn step_without(step: &Step, node: &str) -> Option<Step> {
    let mut fault = step.fault.clone();
    if let Fault::CutLinks { links, .. } = &mut fault {
        links.retain(|(one, other)| one != node && other != node);
    }
    let fault = serde_json::to_value(&fault).expect("a fault has a JSON form");
    let fault: Fault = serde_json::from_value(value_without(fault, node)?).ok()?;
    (!fault.is_void()).then_some(Step { fault, ..step.clone() })
}

/// `None` if nothing is left: the name itself, a list of nothing but it, an object with such a field.
fn value_without(value: Value, node: &str) -> Option<Value> {
    match value {
        Value::String(name) if name == node => None,
        Value::Array(items) => {
            let left: Vec<Value> = items.into_iter().filter_map(|item| value_without(item, node)).collect();
            (!left.is_empty()).then_some(Value::Array(left))
        }
        Value::Object(fields) => {
            let left = fields.into_iter().map(|(name, value)| Some((name, value_without(value, node)?)));
            left.collect::<Option<serde_json::Map<_, _>>>().map(Value::Object)
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use netsplit_nemesis::{CutKind, Target};

    use super::*;

    fn step(fault: Fault) -> Step {
        Step { id: 1, at_ms: 0, lasts_ms: 10, mid_sync: false, fault }
    }

    fn cut(sides: &[&[&str]]) -> Step {
        let sides = sides.iter().map(|side| side.iter().map(|&host| host.to_owned()).collect()).collect();
        step(Fault::Cut { kind: CutKind::Drop, sides })
    }

    #[test]
    fn a_fault_forgets_a_node_and_goes_when_nothing_is_left_of_it() {
        assert_eq!(step_without(&cut(&[&["n1", "n2"], &["n3"]]), "n2"), Some(cut(&[&["n1"], &["n3"]])));
        assert_eq!(step_without(&cut(&[&["n1", "n2"], &["n3"]]), "n3"), None);
        assert_eq!(step_without(&cut(&[&["n1"], &["n2"], &["n3"]]), "n3"), Some(cut(&[&["n1"], &["n2"]])));
        let pairs = |pairs: &[(&str, &str)]| {
            let links = pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect();
            step(Fault::CutLinks { kind: CutKind::Drop, links })
        };
        let ring = pairs(&[("n1", "n2"), ("n2", "n3"), ("n1", "n3")]);
        assert_eq!(step_without(&ring, "n2"), Some(pairs(&[("n1", "n3")])), "a link without an end is none");
        assert_eq!(step_without(&pairs(&[("n1", "n2")]), "n2"), None);
        let crash = step(Fault::Crash { hosts: vec![Target::Host("n1".into())] });
        assert_eq!(step_without(&crash, "n1"), None);
        assert_eq!(step_without(&crash, "n2"), Some(crash));
    }
}

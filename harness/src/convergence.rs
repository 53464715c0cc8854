//! Convergence: whether all nodes answer the final reads each the same, and when they did.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use netsplit_checker::{Operation, Outcome, Value};

use crate::plan::Plan;

/// How a final read fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fared {
    /// It was answered as most were that asked the same.
    Agrees,
    /// It was answered otherwise.
    Differs,
    /// It was not answered, and asked again if there was time.
    Unanswered,
}

/// A final read.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    /// The node that was asked.
    pub node: &'a str,
    /// What was asked: a key and a value.
    pub asked: (&'a Value, &'a Value),
    /// When it ended.
    pub at: Duration,
    /// How.
    pub fared: Fared,
}

/// The final reads of a run in the order of their invocations.
pub fn reads<'a>(plan: &Plan, operations: &[Operation<'a>]) -> Vec<Read<'a>> {
    let settled = healed(plan) + Duration::from_millis(plan.quiet_ms);
    let last: Vec<&Operation<'a>> =
        operations.iter().filter(|operation| operation.invocation.time >= settled).collect();
    let agreed = agreed(&last);
    let read = |operation: &&Operation<'a>| {
        let completion = operation.completion?;
        let asked = asked(operation);
        let fared = match operation.outcome() {
            Outcome::Ok(answer) if agreed.get(&asked) == Some(&answer) => Fared::Agrees,
            Outcome::Ok(_) => Fared::Differs,
            Outcome::Fail | Outcome::Info => Fared::Unanswered,
        };
        let node = operation.invocation.node.as_deref().unwrap_or_default();
        Some(Read { node, asked, at: completion.time, fared })
    };
    last.iter().filter_map(read).collect()
}

/// When every fault is healed.
fn healed(plan: &Plan) -> Duration {
    Duration::from_millis(plan.length_ms)
}

fn asked<'a>(operation: &Operation<'a>) -> (&'a Value, &'a Value) {
    (&operation.invocation.key, &operation.invocation.value)
}

/// What was answered most often to each question; of several the least, so that it is the same every time.
fn agreed<'a>(operations: &[&Operation<'a>]) -> BTreeMap<(&'a Value, &'a Value), &'a Value> {
    let mut counts: BTreeMap<_, BTreeMap<&Value, usize>> = BTreeMap::new();
    for operation in operations {
        if let Outcome::Ok(answer) = operation.outcome() {
            *counts.entry(asked(operation)).or_default().entry(answer).or_default() += 1;
        }
    }
    let most = |answers: BTreeMap<&'a Value, usize>| answers.into_iter().rev().max_by_key(|(_, count)| *count);
    counts.into_iter().filter_map(|(asked, answers)| Some((asked, most(answers)?.0))).collect()
}

/// How long after the heal the last of all nodes had answered every final read, if all answers to each are the same.
pub fn took(plan: &Plan, reads: &[Read<'_>]) -> Option<Duration> {
    let answered = || reads.iter().filter(|read| read.fared != Fared::Unanswered);
    if answered().any(|read| read.fared == Fared::Differs) {
        return None;
    }
    let each: BTreeSet<_> = answered().map(|read| (read.asked, read.node)).collect();
    let last = answered().map(|read| read.at).max()?;
    (each.len() == plan.finale.len() * plan.finale_nodes.len()).then(|| last.saturating_sub(healed(plan)))
}

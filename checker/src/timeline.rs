//! Timeline consistency of registers: the writes of a key happen in one order, which every answer to a write agrees with;
//! a plain read may show an earlier state, until all is quiet, but none that is still to come.
//!
//! Source: Cooper et al., "PNUTS: Yahoo!'s Hosted Data Serving Platform" (VLDB 2008), section 2.2. What a store with caches
//! in front of it can promise: an update is never lost, a name never given to two, though a copy may be old. Their copies
//! only move forward; but a node that is asked may answer from one copy now and from another later, so that nothing here
//! holds its reads, or those of a process, against each other.
//!
//! An early read of a value says that its write had taken effect when the read was answered, even if the write was
//! answered later or never. So it gives that write an answer: what is left is a question of linearizability, key by key.
//! Of several writes of one value at least one was that early, and each is tried.

use std::collections::BTreeMap;

use crate::access::{Access, accesses};
use crate::history::Operation;
use crate::models::register::cas_register;
use crate::{Cause, Checker, Event, Evidence, History, Kind, Value, Verdict};

/// As many choices between writes of the same values are tried for a key.
const CHOICES: usize = 256;

/// The checker.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeline {
    /// The index at which the quiet period ended: reads from there on must show the last state.
    pub settled_from: u64,
}

/// What early reads say of one value.
struct Shown<'h> {
    value: &'h Value,
    /// The first of these reads to be answered, and where that is.
    read: u64,
    answered_at: usize,
    /// The writes one of which had taken effect by then, though none was answered.
    writers: Vec<u64>,
}

/// Which write had taken effect when which read was answered, by the write's index.
type Early<'s, 'h> = BTreeMap<u64, &'s Shown<'h>>;

impl Checker for Timeline {
    fn name(&self) -> &'static str {
        "timeline"
    }

    fn check(&self, history: &History) -> Verdict {
        let all = match accesses(history, &Value::Nil) {
            Ok(all) => all,
            Err(unreadable) => return unreadable.into(),
        };
        let operations = match history.operations() {
            Ok(operations) => operations,
            Err(unpaired) => return unpaired.into(),
        };
        let answers = operations.iter().filter_map(|one| Some((one.completion?.index, one.completed_at?))).collect();
        let (mut shown, unwritten) = self.shown(&all, &answers);
        let mut keys: BTreeMap<&Value, Vec<&Operation<'_>>> = BTreeMap::new();
        let judged = |one: &&Operation<'_>| one.f() != "read" || one.index() >= self.settled_from;
        for one in operations.iter().filter(judged) {
            keys.entry(&one.invocation.key).or_default().push(one);
        }
        let whole: Vec<&Operation<'_>> = operations.iter().filter(judged).collect();
        let mut verdict = judge(&whole, &Early::new());
        if !verdict.is_invalid() {
            for (key, operations) in &keys {
                let shown = shown.remove(key).unwrap_or_default();
                verdict = verdict.worst(tried(operations, &shown));
            }
        }
        if unwritten.is_empty() { verdict } else { verdict.worst(Verdict::Invalid(unwritten)) }
    }
}

impl Timeline {
    /// What early reads say, by key, as far as the answers of the writes do not say it already; and those that show what
    /// nobody had begun to write when they were answered. `answers` are the places of completions by their indices.
    fn shown<'a>(
        self,
        all: &'a [Access<'_>],
        answers: &BTreeMap<u64, usize>,
    ) -> (BTreeMap<&'a Value, Vec<Shown<'a>>>, Vec<Evidence>) {
        let mut writers: BTreeMap<(&Value, &Value), Vec<&Access<'_>>> = BTreeMap::new();
        for write in all {
            if let Some(new) = write.wrote() {
                writers.entry((write.key, new)).or_default().push(write);
            }
        }
        let mut first: BTreeMap<(&Value, &Value), (u64, u64)> = BTreeMap::new();
        let (mut shown, mut unwritten) = (BTreeMap::<_, Vec<Shown<'_>>>::new(), Vec::new());
        for read in all.iter().filter(|one| one.is_read() && one.index < self.settled_from) {
            let (Some(seen), Some(answered)) = (read.observed(), read.completed) else { continue };
            // no value is where every key begins
            if seen.is_nil() {
                continue;
            }
            let begun = writers.get(&(read.key, seen)).is_some_and(|all| all[0].index < answered);
            if begun {
                let earliest = first.entry((read.key, seen)).or_insert((answered, read.index));
                *earliest = (*earliest).min((answered, read.index));
            } else {
                unwritten.push(thin_air(read, seen));
            }
        }
        for ((key, value), (answered, read)) in first {
            let begun = || writers[&(key, value)].iter().filter(|write| write.index < answered);
            let known = |write: &&Access<'_>| !write.pending() && write.completed.is_some_and(|ended| ended < answered);
            if !begun().any(known) {
                let (answered_at, writers) = (answers[&answered], begun().map(|write| write.index).collect());
                shown.entry(key).or_default().push(Shown { value, read, answered_at, writers });
            }
        }
        (shown, unwritten)
    }
}

/// The verdict on one key's operations with what early reads show of it: valid if any choice of writes is.
fn tried(operations: &[&Operation<'_>], shown: &[Shown<'_>]) -> Verdict {
    let choices = shown.iter().try_fold(1_usize, |all, shown| all.checked_mul(shown.writers.len()));
    let Some(choices) = choices.filter(|choices| *choices <= CHOICES) else {
        let sure = shown.iter().filter(|shown| shown.writers.len() == 1);
        let verdict = judge(operations, &sure.map(|shown| (shown.writers[0], shown)).collect());
        return verdict.worst(Verdict::Unknown(Cause::States(CHOICES as u64)));
    };
    if shown.is_empty() {
        return Verdict::VALID;
    }
    let mut worst = Verdict::VALID;
    for choice in 0..choices {
        let mut left = choice;
        let mut early = Early::new();
        for shown in shown {
            early.insert(shown.writers[left % shown.writers.len()], shown);
            left /= shown.writers.len();
        }
        match judge(operations, &early) {
            Verdict::Valid { .. } => return Verdict::VALID,
            unknown @ Verdict::Unknown(_) => worst = unknown,
            invalid @ Verdict::Invalid(_) if choice == 0 => worst = invalid,
            Verdict::Invalid(_) => {}
        }
    }
    worst
}

/// Whether the operations are linearizable, with early answers to some of them.
fn judge(operations: &[&Operation<'_>], early: &Early<'_, '_>) -> Verdict {
    let mut events: BTreeMap<usize, Event> = BTreeMap::new();
    for one in operations {
        events.insert(one.invoked_at, one.invocation.clone());
        if let Some(shown) = early.get(&one.index()) {
            // the read's own answer is not among these operations
            let answer = Event { kind: Kind::Ok, ..one.completion.unwrap_or(one.invocation).clone() };
            events.insert(shown.answered_at, answer);
        } else if let (Some(completion), Some(at)) = (one.completion, one.completed_at) {
            events.insert(at, completion.clone());
        }
    }
    let mut verdict = cas_register().check(&History { events: events.into_values().collect() });
    if let Verdict::Invalid(all) = &mut verdict {
        for evidence in all {
            tell(evidence, early);
        }
    }
    verdict
}

/// Adds the early reads that a contradiction rests on.
fn tell(evidence: &mut Evidence, early: &Early<'_, '_>) {
    let of = |write: &u64| early.get(write).map(|shown| (*write, *shown));
    let reads: Vec<(u64, &Shown<'_>)> = evidence.operations.iter().filter_map(of).collect();
    for (write, Shown { value, read, .. }) in reads {
        evidence.steps.push(format!("#{write} had taken effect when #{read} was answered: it shows {value}"));
        evidence.operations.push(*read);
    }
    evidence.operations.sort_unstable();
}

fn thin_air(read: &Access<'_>, seen: &Value) -> Evidence {
    Evidence {
        anomaly: "thin-air-read".into(),
        summary: format!("#{} reads {seen}, which nobody had written", read.index),
        operations: vec![read.index],
        culprit: Some(read.index),
        key: read.key.as_key(),
        ..Evidence::default()
    }
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;

//! Queues as multisets, after Jepsen's `total-queue`: what went in comes out once, once everything was drained.
//!
//! Lost: acknowledged and never dequeued. Unexpected: dequeued, never enqueued (or only by enqueues that failed).
//! Duplicated: dequeued more often than anybody tried to enqueue it. Recovered: dequeued though nobody knows how its
//! enqueue ended; no contradiction.
//!
//! Stricter than Jepsen's in two points: what comes out twice, or though its enqueue failed, is a contradiction. Laxer in
//! one: what an unanswered dequeue or drain may have taken is not lost but unknown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::{Operation, Unpaired};
use crate::{Cause, Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker: `enqueue` takes a value, `dequeue` answers one, `drain` answers the list of all that was left.
#[derive(Clone, Copy, Debug, Default)]
pub struct TotalQueue;

/// How many values met which fate, each as often as it occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Enqueues tried.
    pub attempted: u64,
    /// Enqueues acknowledged.
    pub acknowledged: u64,
    /// Dequeues that answered, with each drained value.
    pub dequeued: u64,
    /// Acknowledged and never dequeued.
    pub lost: u64,
    /// Dequeued and never enqueued.
    pub unexpected: u64,
    /// Dequeued more often than enqueued.
    pub duplicated: u64,
    /// Dequeued and not acknowledged.
    pub recovered: u64,
}

#[derive(Default)]
struct Story<'h> {
    acknowledged: Vec<u64>,
    pending: Vec<u64>,
    failed: Vec<u64>,
    dequeued: Vec<Operation<'h>>,
}

impl Story<'_> {
    fn outs(&self) -> Vec<u64> {
        self.dequeued.iter().map(Operation::index).collect()
    }

    fn surplus(&self) -> usize {
        self.dequeued.len().saturating_sub(self.acknowledged.len() + self.pending.len())
    }

    fn lost(&self) -> usize {
        self.acknowledged.len().saturating_sub(self.dequeued.len())
    }
}

type Stories<'h> = BTreeMap<(&'h Value, &'h Value), Story<'h>>;

/// Takings of one queue of which nobody knows what they took.
#[derive(Clone, Copy, Default)]
struct Unanswered {
    dequeues: usize,
    drains: usize,
}

/// The stories of all values, and the unanswered takings of each queue.
fn stories(history: &History) -> Result<(Stories<'_>, BTreeMap<&Value, Unanswered>), Unpaired> {
    let (mut all, mut unanswered) = (Stories::new(), BTreeMap::<_, Unanswered>::new());
    for operation in history.operations()? {
        let (key, at) = (&operation.invocation.key, operation.index());
        match (operation.f(), operation.outcome()) {
            ("enqueue", outcome) => {
                let story = all.entry((key, &operation.invocation.value)).or_default();
                match outcome {
                    Outcome::Ok(answer) if answer.as_refused().is_some() => story.failed.push(at),
                    Outcome::Ok(_) => story.acknowledged.push(at),
                    Outcome::Fail => story.failed.push(at),
                    Outcome::Info => story.pending.push(at),
                }
            }
            ("dequeue", Outcome::Ok(value)) if !value.is_nil() => {
                all.entry((key, value)).or_default().dequeued.push(operation);
            }
            ("drain", Outcome::Ok(Value::List(values))) => {
                for value in values.iter() {
                    all.entry((key, value)).or_default().dequeued.push(operation);
                }
            }
            ("dequeue", Outcome::Info) => unanswered.entry(key).or_default().dequeues += 1,
            ("drain", Outcome::Info) => unanswered.entry(key).or_default().drains += 1,
            _ => {}
        }
    }
    Ok((all, unanswered))
}

impl TotalQueue {
    /// How many values met which fate; an `Err` if the history can't be paired.
    pub fn counts(&self, history: &History) -> Result<Counts, Unpaired> {
        let mut counts = Counts::default();
        for story in stories(history)?.0.values() {
            let tried = story.acknowledged.len() + story.pending.len();
            counts.attempted += (tried + story.failed.len()) as u64;
            counts.acknowledged += story.acknowledged.len() as u64;
            counts.dequeued += story.dequeued.len() as u64;
            counts.lost += story.lost() as u64;
            let surplus = story.surplus() as u64;
            *(if tried == 0 { &mut counts.unexpected } else { &mut counts.duplicated }) += surplus;
            counts.recovered += story.dequeued.len().min(tried).saturating_sub(story.acknowledged.len()) as u64;
        }
        Ok(counts)
    }
}

fn contradiction(key: &Value, value: &Value, story: &Story<'_>) -> Option<Evidence> {
    let outs = story.outs();
    let (anomaly, summary, operations) = if story.lost() > 0 {
        let at = story.acknowledged[story.dequeued.len()];
        ("lost", format!("#{at} enqueued {value}, and nobody dequeued it"), story.acknowledged.clone())
    } else if story.surplus() == 0 {
        return None;
    } else if story.acknowledged.is_empty() && story.pending.is_empty() {
        let why = if story.failed.is_empty() { "nobody enqueued" } else { "only failed enqueues brought" };
        let operations = story.failed.iter().chain(&outs).copied().collect();
        ("unexpected", format!("#{} dequeued {value}, which {why}", outs[0]), operations)
    } else {
        let tried = story.acknowledged.len() + story.pending.len();
        let operations = story.acknowledged.iter().chain(&story.pending).chain(&outs).copied().collect();
        let summary = format!("{value} was dequeued {} times and enqueued at most {tried}", outs.len());
        ("duplicated", summary, operations)
    };
    let mut operations: Vec<u64> = operations;
    operations.sort_unstable();
    operations.dedup();
    let ins = story.acknowledged.iter().map(|at| format!("#{at} enqueues {value}"));
    let maybe = story.pending.iter().map(|at| format!("#{at} may have enqueued {value}"));
    Some(Evidence {
        anomaly: anomaly.to_owned(),
        summary,
        steps: ins.chain(maybe).chain(outs.iter().map(|at| format!("#{at} dequeues {value}"))).collect(),
        culprit: if anomaly == "lost" { operations.first() } else { outs.last() }.copied(),
        operations,
        legal: Vec::new(),
        key: key.as_key(),
    })
}

impl Checker for TotalQueue {
    fn name(&self) -> &'static str {
        "total-queue"
    }

    fn check(&self, history: &History) -> Verdict {
        let (stories, unanswered) = match stories(history) {
            Ok(found) => found,
            Err(unpaired) => return unpaired.into(),
        };
        if stories.values().all(|story| story.dequeued.is_empty() && story.acknowledged.is_empty()) {
            return Verdict::vacuous("nothing was enqueued or dequeued");
        }
        // what an unanswered dequeue took is gone: each excuses one missing value, an unanswered drain all of them
        let mut missing: BTreeMap<&Value, usize> = BTreeMap::new();
        for ((key, _), story) in &stories {
            *missing.entry(key).or_default() += story.lost();
        }
        missing.retain(|key, missing| {
            let unknown = unanswered.get(key).copied().unwrap_or_default();
            *missing > 0 && (*missing <= unknown.dequeues || unknown.drains > 0)
        });
        let judged = stories.iter().filter(|((key, _), story)| story.lost() == 0 || !missing.contains_key(key));
        let all: Vec<Evidence> = judged.filter_map(|((key, value), story)| contradiction(key, value, story)).collect();
        let excused: usize = missing.values().sum();
        match (all.is_empty(), excused) {
            (false, _) => Verdict::Invalid(all),
            (true, 0) => Verdict::VALID,
            (true, _) => Verdict::Unknown(Cause::Undecided(format!(
                "{excused} values never came out, but unanswered dequeues may have taken them"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::{anomalies, draw};

    fn check(lines: &str) -> String {
        anomalies(&TotalQueue, lines)
    }

    const IN: &str = "0 invoke enqueue a\n0 ok enqueue a\n";
    const OUT: &str = "1 invoke dequeue\n1 ok dequeue a\n";

    #[test]
    fn what_went_in_comes_out_once() {
        assert_eq!(check(&format!("{IN}{OUT}")), "valid");
        assert_eq!(check(IN), "lost");
        assert_eq!(check(OUT), "unexpected");
        assert_eq!(check(&format!("{IN}{OUT}{OUT}")), "duplicated");
        assert_eq!(check(&format!("{IN}{IN}{OUT}{OUT}")), "valid");
        assert_eq!(check("0 invoke dequeue\n0 fail dequeue"), "vacuous");
    }

    #[test]
    fn a_drain_takes_all_that_is_left() {
        assert_eq!(check(&format!("{IN}{IN}1 invoke drain\n1 ok drain [a a]")), "valid");
        assert_eq!(check(&format!("{IN}1 invoke drain\n1 ok drain [a a]")), "duplicated");
    }

    #[test]
    fn a_pending_enqueue_that_comes_out_is_recovered_and_a_failed_one_is_unexpected() {
        let recovered = format!("0 invoke enqueue a\n0 info enqueue a\n{OUT}");
        assert_eq!(check(&recovered), "valid");
        assert_eq!(TotalQueue.counts(&draw(&recovered)).unwrap().recovered, 1);
        assert_eq!(check(&format!("0 invoke enqueue a\n0 fail enqueue a\n{OUT}")), "unexpected");
    }

    #[test]
    fn an_unanswered_dequeue_excuses_one_missing_value() {
        assert_eq!(check(&format!("{IN}1 invoke dequeue\n1 info dequeue")), "unknown");
        assert_eq!(check(&format!("{IN}{IN}1 invoke dequeue\n1 info dequeue")), "lost");
        assert_eq!(check(&format!("{IN}1 invoke drain\n1 info drain")), "unknown");
    }

    #[test]
    fn an_unanswered_dequeue_of_one_queue_excuses_nothing_of_another() {
        let lost = "0 invoke enqueue x=a\n0 ok enqueue x=a\n1 invoke dequeue y=nil\n1 info dequeue y=nil";
        assert_eq!(check(lost), "lost");
        assert_eq!(check(&lost.replace("y=", "x=")), "unknown");
    }

    #[test]
    fn what_was_refused_did_not_go_in() {
        let refused = "0 invoke enqueue a\n0 ok enqueue {refused nil}\n";
        assert_eq!(check(refused), "vacuous");
        assert_eq!(check(&format!("{refused}{OUT}")), "unexpected");
    }
}

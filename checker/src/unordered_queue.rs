//! The naive queue: every dequeued value must be explained by an enqueue that began earlier, after Jepsen's `queue`.
//!
//! It assumes that every enqueue not known to have failed took effect, and that only acknowledged dequeues did. It reads
//! events, not operations, so that fragments of histories can be judged too.

use std::collections::BTreeMap;

use crate::{Actor, Checker, Evidence, History, Kind, Value, Verdict};

/// The checker: `enqueue` takes a value, `dequeue` answers one.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnorderedQueue;

impl Checker for UnorderedQueue {
    fn name(&self) -> &'static str {
        "unordered-queue"
    }

    fn check(&self, history: &History) -> Verdict {
        let mut queued: BTreeMap<(&Value, &Value), i64> = BTreeMap::new();
        // the value and index of each process's open invocation
        let mut open: BTreeMap<&Actor, (&Value, u64)> = BTreeMap::new();
        let mut dequeued = false;
        for event in history.events.iter().filter(|event| matches!(event.process, Actor::Process(_))) {
            let invoked = if event.kind == Kind::Invoke {
                open.insert(&event.process, (&event.value, event.index));
                None
            } else {
                open.remove(&event.process)
            };
            match (&*event.f, event.kind, invoked) {
                // an acknowledgement without its invocation is as good as both
                ("enqueue", Kind::Invoke, _) | ("enqueue", Kind::Ok, None) => {
                    *queued.entry((&event.key, &event.value)).or_default() += 1;
                }
                ("enqueue", Kind::Fail, Some((value, _))) => *queued.entry((&event.key, value)).or_default() -= 1,
                ("dequeue", Kind::Ok, _) => {
                    dequeued = true;
                    let left = queued.entry((&event.key, &event.value)).or_default();
                    *left -= 1;
                    if *left < 0 {
                        return Verdict::Invalid(vec![evidence(event, invoked.map_or(event.index, |(_, at)| at))]);
                    }
                }
                _ => {}
            }
        }
        if dequeued { Verdict::VALID } else { Verdict::vacuous("nothing was dequeued") }
    }
}

fn evidence(event: &crate::Event, at: u64) -> Evidence {
    Evidence {
        anomaly: "unexpected".to_owned(),
        summary: format!(
            "#{at} dequeued {}, and no enqueue that began before its answer is left to explain it",
            event.value
        ),
        operations: vec![at],
        culprit: Some(at),
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::anomalies;

    fn check(lines: &str) -> String {
        anomalies(&UnorderedQueue, lines)
    }

    #[test]
    fn a_dequeue_needs_an_enqueue_that_began_before_its_answer() {
        assert_eq!(check("2 invoke dequeue\n1 invoke enqueue 1\n2 ok dequeue 1"), "valid");
        assert_eq!(check("2 invoke dequeue\n2 ok dequeue 1\n1 invoke enqueue 1\n1 ok enqueue 1"), "unexpected");
        assert_eq!(
            check(
                "1 invoke enqueue 1\n1 ok enqueue 1\n2 invoke dequeue\n2 ok dequeue 1\n3 invoke dequeue\n3 ok dequeue 1"
            ),
            "unexpected"
        );
        assert_eq!(check("1 invoke enqueue 1\n1 fail enqueue 1\n2 invoke dequeue\n2 ok dequeue 1"), "unexpected");
        assert_eq!(check("1 ok enqueue 1"), "vacuous");
        assert_eq!(check("1 ok enqueue 1\n2 ok dequeue 1"), "valid");
    }
}

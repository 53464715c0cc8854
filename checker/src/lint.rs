//! What is wrong with a history before any checker asks what it means.
//!
//! Our own formats are linted strictly: what fails is not checked. In imported ones only what can't be paired into
//! operations is an error, because the files of the field reuse process numbers and count as they like.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{Actor, Event, History, Kind};

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The index of the event.
    pub index: u64,
    /// What is wrong, in words.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}: {}", self.index, self.message)
    }
}

/// What a lint found, each in the order of the history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What forbids any check.
    pub errors: Vec<Finding>,
    /// What a reader should know.
    pub warnings: Vec<Finding>,
}

/// Lints a history of our own: every finding is an error.
pub fn own(history: &History) -> Report {
    let (mut errors, more) = findings(history);
    errors.extend(more);
    errors.sort_by_key(|(position, _)| *position);
    Report { errors: bare(errors), warnings: Vec::new() }
}

/// Lints an imported history: only what can't be paired is an error.
pub fn imported(history: &History) -> Report {
    let (errors, warnings) = findings(history);
    Report { errors: bare(errors), warnings: bare(warnings) }
}

/// A finding with its position in the history.
type Placed = (usize, Finding);

fn bare(findings: Vec<Placed>) -> Vec<Finding> {
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// What can't be paired; and what is wrong besides.
fn findings(history: &History) -> (Vec<Placed>, Vec<Placed>) {
    let mut unpairable = Vec::new();
    let mut unclean = Vec::new();
    let mut open: BTreeMap<u64, &Event> = BTreeMap::new();
    let mut ended: BTreeSet<u64> = BTreeSet::new();
    let mut last = None;
    for (position, event) in history.events.iter().enumerate() {
        let index = event.index;
        let finding = |message| (position, Finding { index, message });
        if let Some(last) = last.replace(index)
            && index <= last
        {
            unclean.push(finding(format!("its index does not follow {last}, the one before")));
        }
        let Actor::Process(process) = event.process else { continue };
        if event.kind == Kind::Invoke {
            if let Some(Event { index: open, .. }) = open.insert(process, event) {
                let message = format!("process {process} invokes while its operation of event {open} is still open");
                unpairable.push(finding(message));
            }
            if ended.remove(&process) {
                unclean.push(finding(format!("process {process} invokes after its operation ended in `info`")));
            }
            continue;
        }
        match open.remove(&process) {
            None => unpairable.push(finding(format!("process {process} completes an operation that it never invoked"))),
            Some(invoked) => unpairable.extend(other_operation(invoked, event).map(finding)),
        }
        if event.kind == Kind::Info {
            ended.insert(process);
        }
    }
    (unpairable, unclean)
}

/// What is wrong with a completion that is not of the operation that was invoked. A completion may leave out the key.
fn other_operation(invoked: &Event, completed: &Event) -> Option<String> {
    let (index, key) = (invoked.index, &completed.key);
    if completed.f != invoked.f {
        return Some(format!("completes the `{}` of event {index} as a `{}`", invoked.f, completed.f));
    }
    let is_other = !key.is_nil() && *key != invoked.key;
    is_other.then(|| format!("completes the operation of event {index} on {} as one on {key}", invoked.key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Format, read};

    /// The findings of the strict lint, of events written `index process type`.
    fn check(events: &str, expected: &[&str]) -> History {
        let line = |event: &str| {
            let words: Vec<_> = event.split(' ').collect();
            format!("{{\"index\":{},\"process\":{},\"type\":\"{}\",\"f\":\"x\"}}\n", words[0], words[1], words[2])
        };
        let text: String = events.split(", ").map(line).collect();
        let history = read(text.as_bytes(), Some(Format::Jsonl)).unwrap().history;
        let found: Vec<_> = own(&history).errors.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
        history
    }

    #[test]
    fn accepts_a_clean_history() {
        check("0 0 invoke, 1 1 invoke, 3 0 ok, 4 1 info, 5 0 invoke, 6 2 invoke", &[]);
    }

    #[test]
    fn rejects_a_completion_without_an_invocation() {
        let history = check("0 0 ok", &["event 0: process 0 completes an operation that it never invoked"]);
        assert_eq!(imported(&history).errors.len(), 1);
    }

    #[test]
    fn rejects_two_operations_of_one_process_at_once() {
        let expected = ["event 1: process 0 invokes while its operation of event 0 is still open"];
        let history = check("0 0 invoke, 1 0 invoke", &expected);
        assert_eq!(imported(&history).errors.len(), 1);
    }

    #[test]
    fn rejects_a_completion_of_another_operation_than_was_invoked() {
        let lines = |f: &str, key: &str| {
            let invoke = r#"{"index":0,"process":0,"type":"invoke","f":"read","key":"x"}"#;
            format!("{invoke}\n{{\"index\":1,\"process\":0,\"type\":\"ok\",\"f\":\"{f}\",\"key\":{key}}}\n")
        };
        for (f, key, expected) in [
            ("read", "\"x\"", None),
            ("read", "null", None),
            ("write", "\"x\"", Some("event 1: completes the `read` of event 0 as a `write`")),
            ("read", "\"y\"", Some("event 1: completes the operation of event 0 on \"x\" as one on \"y\"")),
        ] {
            let history = read(lines(f, key).as_bytes(), Some(Format::Jsonl)).unwrap().history;
            let errors = imported(&history).errors;
            assert_eq!(errors.first().map(ToString::to_string).as_deref(), expected);
        }
    }

    #[test]
    fn a_reused_process_is_only_a_warning_in_an_imported_history() {
        let expected = ["event 2: process 0 invokes after its operation ended in `info`"];
        let history = check("0 0 invoke, 1 0 info, 2 0 invoke", &expected);
        let report = imported(&history);
        assert_eq!((report.errors.len(), report.warnings.len()), (0, 1));
    }

    #[test]
    fn rejects_an_index_out_of_order() {
        check("1 0 invoke, 1 0 ok", &["event 1: its index does not follow 1, the one before"]);
    }
}

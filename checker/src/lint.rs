//! What is wrong with a history before any checker asks what it means.
//!
//! Our own formats are linted strictly: what fails is not checked. In imported ones only what can't be paired into
//! operations is an error, because the files of the field reuse process numbers and count as they like.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{Actor, History, Kind};

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

fn bare(findings: Vec<(usize, Finding)>) -> Vec<Finding> {
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// What can't be paired; and what is wrong besides. Each with its position in the history.
fn findings(history: &History) -> (Vec<(usize, Finding)>, Vec<(usize, Finding)>) {
    let mut unpairable = Vec::new();
    let mut unclean = Vec::new();
    let mut open: BTreeMap<u64, u64> = BTreeMap::new();
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
            if let Some(open) = open.insert(process, index) {
                let message = format!("process {process} invokes while its operation of event {open} is still open");
                unpairable.push(finding(message));
            }
            if ended.remove(&process) {
                unclean.push(finding(format!("process {process} invokes after its operation ended in `info`")));
            }
        } else if open.remove(&process).is_none() {
            unpairable.push(finding(format!("process {process} completes an operation that it never invoked")));
        } else if event.kind == Kind::Info {
            ended.insert(process);
        }
    }
    (unpairable, unclean)
}

//! Session guarantees (Terry et al., "Session guarantees for weakly consistent replicated data", PDIS 1994), for registers
//! whose written values are distinct.
//!
//! A process *must include* certain writes in a read, by each guarantee others:
//! * read your writes: those that it made itself and that were answered,
//! * monotonic reads: those that it read before,
//! * monotonic writes: those that the writer of what it reads, or read before, had made earlier,
//! * writes follow reads: those that this writer had read earlier, and so on from writer to writer.
//!
//! A guarantee holds iff, for each process and each key, the key's writes can be put in one order in which every read of
//! that process shows nothing older than what it must include. The order begins with the initial value, keeps each
//! process's own writes as it made them and each compare-and-set behind what it replaced. It is the process's own: as in
//! causal memory, others may see another, so that causal memory implies every guarantee.

mod order;
#[cfg(test)]
mod tests;
mod view;

use crate::access::{self, Access, Untraced, accesses, sources, told_untraced, traceable};
use crate::linearizable::{Budget, Limits};
use crate::{Cause, Checker, Evidence, History, Value, Verdict};

use order::{Edge, Why};
use view::{Broken, Judged, Sessions};

/// Which guarantee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    /// A process sees what it wrote.
    ReadYourWrites,
    /// A process never sees less than it has seen.
    MonotonicReads,
    /// Whoever sees a write sees what its process had written before.
    MonotonicWrites,
    /// Whoever sees a write sees what its process had read before.
    WritesFollowReads,
}

impl Guarantee {
    /// All four.
    pub const ALL: [Guarantee; 4] = [
        Guarantee::ReadYourWrites,
        Guarantee::MonotonicReads,
        Guarantee::MonotonicWrites,
        Guarantee::WritesFollowReads,
    ];

    /// Its name, as it is published.
    pub fn name(self) -> &'static str {
        match self {
            Guarantee::ReadYourWrites => "read-your-writes",
            Guarantee::MonotonicReads => "monotonic-reads",
            Guarantee::MonotonicWrites => "monotonic-writes",
            Guarantee::WritesFollowReads => "writes-follow-reads",
        }
    }
}

/// The checker, for registers of any number of keys, judged together.
#[derive(Clone, Debug)]
pub struct Session {
    /// Which guarantee is claimed.
    pub guarantee: Guarantee,
    /// What every key holds at first.
    pub initial: Value,
    /// How far to go; a state is a pair of versions that are compared.
    pub limits: Limits,
}

impl Session {
    /// For registers that begin empty.
    pub fn new(guarantee: Guarantee) -> Session {
        Session { guarantee, initial: Value::Nil, limits: Limits::default() }
    }
}

impl Checker for Session {
    fn name(&self) -> &'static str {
        self.guarantee.name()
    }

    fn check(&self, history: &History) -> Verdict {
        let budget = Budget::start(self.limits);
        if let Some(cause) = budget.out_of_memory(access::bytes(history)) {
            return Verdict::Unknown(cause);
        }
        let all = match accesses(history, &self.initial) {
            Ok(all) => traceable(all),
            Err(unreadable) => return unreadable.into(),
        };
        let sources = match sources(&all, &self.initial) {
            Ok(sources) => sources,
            Err(Untraced::Undecided(why)) => return Verdict::Unknown(Cause::Undecided(why)),
            Err(Untraced::Bad(pattern, at)) => return Verdict::Invalid(vec![untraced(pattern, &all[at])]),
        };
        let sessions = Sessions::new(&all, &sources, self.guarantee);
        match sessions.judge(&budget) {
            Judged::Kept { tested: false } => {
                Verdict::vacuous("no process read what the guarantee could oblige it to see")
            }
            Judged::Kept { tested: true } => Verdict::VALID,
            Judged::Broken(broken) => Verdict::Invalid(vec![self.evidence(&broken, &all)]),
            Judged::Unknown(cause) => Verdict::Unknown(cause),
        }
    }
}

fn untraced(pattern: &str, access: &Access<'_>) -> Evidence {
    Evidence {
        anomaly: pattern.to_owned(),
        summary: told_untraced(pattern, access),
        operations: vec![access.index],
        steps: vec![access.told()],
        culprit: Some(access.index),
        ..Evidence::default()
    }
}

impl Session {
    fn evidence(&self, broken: &Broken, all: &[Access<'_>]) -> Evidence {
        let (read, summary, mut steps) = match broken {
            Broken::Initial { read, obliged } => {
                let shows = format!("#{} shows the initial value", all[*read].index);
                let summary =
                    format!("{shows}, though process {} must see #{}", all[*read].process, all[obliged.write].index);
                (*read, summary, vec![self.obliged(*read, *obliged, all)])
            }
            Broken::Cycle(cycle) => {
                let reads = cycle.iter().filter_map(|edge| match edge.why {
                    Why::Shown { read, .. } => Some(read),
                    _ => None,
                });
                // a cycle without a read is one of writes that follow each other
                let read = reads.max().unwrap_or(cycle[0].to);
                let values: Vec<String> = cycle.iter().map(|edge| written(&all[edge.from])).collect();
                let summary = match values.len() {
                    1 => format!("{} comes before itself", values[0]),
                    _ => format!(
                        "{} come before each other, as process {} sees them",
                        values.join(" and "),
                        all[read].process
                    ),
                };
                (read, summary, cycle.iter().map(|edge| self.edge(edge, all)).collect())
            }
        };
        let mut operations = broken.operations();
        operations.sort_unstable();
        operations.dedup();
        steps.splice(0..0, operations.iter().map(|&at| all[at].told()));
        Evidence {
            anomaly: format!("not-{}", self.guarantee.name()),
            summary,
            operations: operations.iter().map(|&at| all[at].index).collect(),
            steps,
            culprit: Some(all[read].index),
            key: all[read].key.as_key(),
            ..Evidence::default()
        }
    }

    /// Why a read must include a write.
    fn obliged(&self, read: usize, obliged: view::Obliged, all: &[Access<'_>]) -> String {
        let name = |at: usize| format!("#{}", all[at].index);
        let (read, since, write) = (name(read), name(obliged.since), name(obliged.write));
        let saw = if since == read { format!("{read} shows") } else { format!("{since}, before {read}, shows") };
        match (self.guarantee, obliged.through.map(name)) {
            (Guarantee::ReadYourWrites, _) => {
                format!("{read} must show {write} or what came later: the same process wrote it")
            }
            (Guarantee::MonotonicWrites, Some(through)) => {
                format!(
                    "{read} must show {write} or what came later: {saw} {through}, whose process had written {write} before"
                )
            }
            (Guarantee::WritesFollowReads, Some(through)) => {
                format!(
                    "{read} must show {write} or what came later: {saw} {through}, whose process had seen {write} before"
                )
            }
            _ => format!("{read} must show {write} or what came later: {since} had shown it to the same process"),
        }
    }

    fn edge(&self, edge: &Edge, all: &[Access<'_>]) -> String {
        let (from, to) = (&all[edge.from], &all[edge.to]);
        match edge.why {
            Why::Own => format!("process {} made #{} before #{}", from.process, from.index, to.index),
            Why::Replaced => format!("#{} replaced what #{} had written", to.index, from.index),
            Why::ReadBefore { read } => {
                format!(
                    "process {} saw #{} in #{} before it made #{}",
                    to.process, from.index, all[read].index, to.index
                )
            }
            Why::Shown { read, obliged } => format!(
                "{}, and it shows #{}: so #{} comes before #{}",
                self.obliged(read, obliged, all),
                to.index,
                from.index,
                to.index
            ),
        }
    }
}

/// What an access wrote, for a sentence.
fn written(access: &Access<'_>) -> String {
    access.wrote().map_or_else(|| format!("#{}", access.index), |value| format!("{value} (#{})", access.index))
}

//! What an analysis of transactions finds, and how it becomes a verdict; the orders that need no data.

use std::collections::{BTreeMap, BTreeSet};

use super::cycles::{self, Cycle, KEPT, Step};
use super::decode::{Fate, Mop, Txns};
use super::graph::{Builder, PROCESS, REALTIME};
use super::model::{Anomaly, Model, Scope, ruled_out, strongest};
use crate::{Cause, Evidence, Verdict};

/// The anomalies of a history of transactions, and what follows from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// Every anomaly that was found, each with a few cases, the shortest first.
    pub anomalies: BTreeMap<Anomaly, Vec<Evidence>>,
    /// The models that can't hold.
    pub not: BTreeSet<Model>,
    /// The strongest models that were not ruled out; none implies another.
    pub strongest: Vec<Model>,
    /// Why dependencies could not be inferred, if they couldn't: then what is not ruled out is unknown.
    pub problem: Option<String>,
    /// Whether nothing was read that could have shown an anomaly.
    pub vacuous: bool,
    /// Whether fractured reads were looked for: only lists show all of them.
    pub fractures_sought: bool,
    /// Whether a bound kept it from looking for every kind of cycle, which happens only where cycles were found.
    pub truncated: bool,
}

impl Analysis {
    /// The verdict on the claim that the history is one of `model`.
    pub fn verdict(&self, model: Model) -> Verdict {
        if self.not.contains(&model) {
            let against = self.anomalies.iter().filter(|(anomaly, _)| model.forbids(**anomaly));
            // the least order needed says the most, so a cycle without time comes before one with it
            return Verdict::Invalid(against.filter_map(|(_, cases)| cases.first().cloned()).collect());
        }
        if let Some(problem) = &self.problem {
            return Verdict::Unknown(Cause::Undecided(problem.clone()));
        }
        if self.leaves(model) {
            return Verdict::Unknown(Cause::Undecided("too many cycles to tell which read missed what".to_owned()));
        }
        if self.vacuous {
            return Verdict::vacuous("no transaction that was answered read anything");
        }
        let sought = |model| self.fractures_sought || model != Model::ReadAtomic;
        let decides = |model: Model| model.is_decided() && sought(model) && !self.leaves(model);
        let proves = |stronger: &Model| decides(*stronger) && !self.not.contains(stronger);
        if !Model::ALL.iter().any(|stronger| proves(stronger) && stronger.implied().contains(&model)) {
            let why =
                format!("nothing that was looked for contradicts {model}, but nothing that implies it holds either");
            return Verdict::Unknown(Cause::Undecided(why));
        }
        Verdict::VALID
    }

    /// Whether too many cycles were found to look for those that this model forbids.
    fn leaves(&self, model: Model) -> bool {
        self.truncated && matches!(model, Model::ConsistentView | Model::ParallelSnapshotIsolation)
    }

    pub(crate) fn add(&mut self, anomaly: Anomaly, evidence: impl FnOnce() -> Evidence) {
        let cases = self.anomalies.entry(anomaly).or_default();
        if cases.len() < KEPT {
            let mut evidence = evidence();
            evidence.anomaly = anomaly.to_string();
            cases.push(evidence);
        }
    }

    /// Searches `graph` for cycles; `explain` says in words why one transaction precedes another by the data.
    pub(crate) fn add_cycles(&mut self, graph: Builder, txns: &Txns, explain: impl Fn(Step) -> String) {
        let found = cycles::find(&graph.build());
        self.truncated = found.truncated;
        for (anomaly, cycles) in found.cycles {
            for cycle in cycles {
                self.add(anomaly, || describe(&cycle, txns, &explain));
                let is_of_reads = matches!(anomaly, Anomaly::GNonadjacent(Scope::Data) | Anomaly::G2Item(Scope::Data));
                let writes = |step: &Step| txns.mops(step.from).iter().any(|mop| mop.write);
                if is_of_reads && cycle.iter().all(writes) {
                    self.add(Anomaly::UpdateCycle, || describe(&cycle, txns, &explain));
                }
            }
        }
    }

    pub(crate) fn conclude(mut self) -> Analysis {
        self.not = ruled_out(self.anomalies.keys().copied());
        self.strongest = strongest(&self.not);
        self
    }
}

fn describe(cycle: &Cycle, txns: &Txns, explain: &impl Fn(Step) -> String) -> Evidence {
    let name = |txn| txns.index(txn);
    let steps: Vec<String> = cycle
        .iter()
        .map(|step| {
            let (a, b) = (name(step.from), name(step.to));
            let why = match step.kind {
                REALTIME => format!("#{a} was answered before #{b} was invoked"),
                PROCESS => format!("process {} did #{a} before #{b}", txns.all[step.to as usize].process),
                _ => explain(*step),
            };
            format!("{why}, so #{a} precedes #{b}")
        })
        .collect();
    let mut operations: Vec<u64> = cycle.iter().map(|step| name(step.from)).collect();
    let around = operations.iter().chain(operations.first()).map(|n| format!("#{n}")).collect::<Vec<_>>();
    let summary = format!("no order of transactions explains this: {} is a cycle", around.join(" → "));
    operations.sort_unstable();
    operations.dedup();
    let mut txns_of_cycle: Vec<u32> = cycle.iter().map(|step| step.from).collect();
    txns_of_cycle.sort_unstable();
    txns_of_cycle.dedup();
    let steps = txns_of_cycle.into_iter().map(|txn| told(txns, txn)).chain(steps).collect();
    Evidence { summary, operations, steps, ..Evidence::default() }
}

/// As many reads and writes of a transaction are told; the rest are counted.
const TOLD: usize = 6;

/// What a transaction did, for a reader.
fn told(txns: &Txns, txn: u32) -> String {
    let mops = txns.mops(txn);
    let writes = if txns.write == "append" { "appends" } else { "writes" };
    let mop = |mop: &Mop| match (mop.write, txns.keys[mop.key as usize], mop.value) {
        (true, key, value) => format!("{writes} {value} to {key}"),
        (false, key, value) if value.is_nil() => format!("reads nothing from {key}"),
        (false, key, value) => format!("reads {value} from {key}"),
    };
    let mut all: Vec<String> = mops.iter().take(TOLD).map(mop).collect();
    if mops.len() > TOLD {
        all.push(format!("and {} more", mops.len() - TOLD));
    }
    format!("#{}, process {}: {}", txns.index(txn), txns.all[txn as usize].process, all.join(", "))
}

/// Adds the order of each process and of real time.
pub(crate) fn orders(txns: &Txns, graph: &mut Builder) {
    let mut last: BTreeMap<u64, u32> = BTreeMap::new();
    let mut marks = Vec::with_capacity(2 * txns.all.len());
    for (number, fate) in txns.fates() {
        // an empty transaction has no place in any order of data, but real time and processes go on through others
        if fate == Fate::Aborted || txns.mops(number).is_empty() {
            continue;
        }
        let txn = &txns.all[number as usize];
        if let Some(before) = last.get(&txn.process) {
            graph.edge(*before, number, PROCESS);
        }
        marks.push((txn.invoked_at, number, false));
        if fate == Fate::Committed {
            last.insert(txn.process, number);
            marks.extend(txn.completed_at.map(|at| (at, number, true)));
        }
    }
    marks.sort_unstable();
    let (mut moment, mut answered) = (None, Vec::new());
    for (_, number, completion) in marks {
        if completion {
            answered.push(number);
            continue;
        }
        if !answered.is_empty() {
            let next = graph.auxiliary();
            answered.drain(..).for_each(|before| graph.edge(before, next, REALTIME));
            if let Some(before) = moment.replace(next) {
                graph.edge(before, next, REALTIME);
            }
        }
        if let Some(moment) = moment {
            graph.edge(moment, number, REALTIME);
        }
    }
}

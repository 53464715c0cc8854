//! The order of the versions of each register, as far as it can be inferred.

use std::collections::BTreeMap;

use super::analysis::Analysis;
use super::append::case;
use super::decode::{Fate, Mop, Txns};
use super::graph::{Builder, WW, Walk};
use super::model::Anomaly;
use super::register::Assumptions;
use crate::Value;

/// What a transaction's outside sees of its work on one key.
#[derive(Clone, Copy, Default)]
pub(crate) struct Touched<'h> {
    /// What it read before it wrote.
    pub(crate) read: Option<&'h Value>,
    /// What it wrote last.
    pub(crate) written: Option<&'h Value>,
}

/// What a transaction's outside sees of its work, by key.
pub(crate) fn externals<'h>(mops: &[Mop<'h>]) -> BTreeMap<u32, Touched<'h>> {
    let mut keys: BTreeMap<u32, Touched> = BTreeMap::new();
    for mop in mops {
        let touched = keys.entry(mop.key).or_default();
        if mop.write {
            touched.written = Some(mop.value);
        } else if touched.written.is_none() && touched.read.is_none() {
            touched.read = Some(mop.value);
        }
    }
    keys
}

type Pair = (u32, u32);

/// The versions of all keys and which follow which.
pub(crate) struct Versions<'h> {
    /// Key and value of each version, sorted.
    pub(crate) all: Vec<(u32, &'h Value)>,
    /// Pairs of an earlier and a later version, sorted.
    pub(crate) next: Vec<Pair>,
}

impl<'h> Versions<'h> {
    /// Infers the order from each source in turn; a source that makes a cycle is reported and left out. `held` is what keys
    /// held before the history, where that is known and something.
    pub(crate) fn infer(
        txns: &Txns<'h>,
        assumptions: Assumptions,
        held: &BTreeMap<u32, &Value>,
        analysis: &mut Analysis,
    ) -> Versions<'h> {
        static NIL: Value = Value::Nil;
        let mut all: Vec<(u32, &'h Value)> = (0..).zip(&txns.keys).map(|(key, _)| (key, &NIL)).collect();
        for (txn, _) in txns.fates().filter(|(_, fate)| *fate != Fate::Aborted) {
            all.extend(txns.mops(txn).iter().map(|mop| (mop.key, mop.value)));
        }
        all.sort_unstable();
        all.dedup();
        let mut versions = Versions { all, next: Vec::new() };
        let mut sources: Vec<(&str, Vec<Pair>)> = vec![("the initial version is first", versions.initial(held))];
        if assumptions.wfr_keys {
            sources.push(("writes follow the transaction's reads", versions.writes_follow_reads(txns)));
        }
        if assumptions.sequential_keys {
            sources.push(("versions follow each process", versions.sequential(txns)));
        }
        if assumptions.linearizable_keys {
            sources.push(("versions follow real time", versions.linearizable(txns)));
        }
        for (source, pairs) in sources {
            versions.merge(source, pairs, txns, analysis);
        }
        versions
    }

    /// The number of a version that some transaction which may have happened read or wrote.
    pub(crate) fn number(&self, key: u32, value: &Value) -> u32 {
        let at = self.all.binary_search(&(key, value)).expect("every version was collected");
        u32::try_from(at).expect("versions are counted in 32 bits")
    }

    /// Whether `after` was inferred to come after `before`, in one step.
    pub(crate) fn follows(&self, before: u32, after: u32) -> bool {
        self.next.binary_search(&(before, after)).is_ok()
    }

    fn initial(&self, held: &BTreeMap<u32, &Value>) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for key in self.all.chunk_by(|a, b| a.0 == b.0) {
            let (number, _) = key[0];
            let nil = self.number(number, &Value::Nil);
            let first = held.get(&number).map_or(nil, |value| self.number(number, value));
            if first != nil {
                pairs.push((nil, first));
            }
            let later = (0..).zip(key).map(|(at, _)| nil + at).filter(|version| *version != nil && *version != first);
            pairs.extend(later.map(|version| (first, version)));
        }
        pairs
    }

    fn writes_follow_reads(&self, txns: &Txns) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for (txn, _) in txns.fates().filter(|(_, fate)| *fate == Fate::Committed) {
            for (key, touched) in externals(txns.mops(txn)) {
                if let (Some(read), Some(written)) = (touched.read, touched.written) {
                    pairs.push((self.number(key, read), self.number(key, written)));
                }
            }
        }
        pairs
    }

    /// The first and the last version of each key that each transaction surely touched.
    fn touched(&self, txns: &Txns<'h>) -> BTreeMap<u32, Vec<(u32, Pair)>> {
        let mut keys: BTreeMap<u32, Vec<(u32, Pair)>> = BTreeMap::new();
        for (txn, _) in txns.fates().filter(|(_, fate)| *fate != Fate::Aborted) {
            for (key, Touched { read, written }) in externals(txns.mops(txn)) {
                if let (Some(first), Some(last)) = (read.or(written), written.or(read)) {
                    keys.entry(key).or_default().push((txn, (self.number(key, first), self.number(key, last))));
                }
            }
        }
        keys
    }

    fn sequential(&self, txns: &Txns<'h>) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for touched in self.touched(txns).values() {
            let mut last: BTreeMap<u64, u32> = BTreeMap::new();
            for (txn, versions) in touched {
                let process = txns.all[*txn as usize].process;
                if let Some(before) = last.get(&process) {
                    pairs.push((*before, versions.0));
                }
                if txns.fate(*txn) == Fate::Committed {
                    last.insert(process, versions.1);
                }
            }
        }
        pairs
    }

    /// A sweep over real time for each key; the frontier holds what was answered last, so that pairs stay few.
    fn linearizable(&self, txns: &Txns<'h>) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for touched in self.touched(txns).values() {
            let mut events = Vec::new();
            for (at, (txn, _)) in touched.iter().enumerate() {
                let txn = &txns.all[*txn as usize];
                events.push((txn.invoked_at, at));
                events.extend(txn.completed_at.map(|done| (done, at)));
            }
            events.sort_unstable();
            let mut frontier: Vec<usize> = Vec::new();
            for (when, at) in events {
                let (txn, versions) = touched[at];
                let txn = &txns.all[txn as usize];
                if when == txn.invoked_at {
                    pairs.extend(frontier.iter().map(|before| (touched[*before].1.1, versions.0)));
                    continue;
                }
                frontier.retain(|before| txns.all[touched[*before].0 as usize].completed_at > Some(txn.invoked_at));
                frontier.push(at);
            }
        }
        pairs
    }

    fn merge(&mut self, source: &str, pairs: Vec<Pair>, txns: &Txns, analysis: &mut Analysis) {
        let mut next = self.next.clone();
        next.extend(pairs.into_iter().filter(|(before, after)| before != after));
        next.sort_unstable();
        next.dedup();
        let mut graph = Builder::new(self.all.len());
        for (before, after) in &next {
            graph.edge(*before, *after, WW);
        }
        let (component, sizes) = graph.build().components(Walk { mask: WW, apart: false });
        let mut cycles: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (version, name) in component.iter().enumerate().filter(|(_, name)| sizes[**name as usize] > 1) {
            cycles.entry(*name).or_default().push(version);
        }
        if cycles.is_empty() {
            self.next = next;
            return;
        }
        for members in cycles.values() {
            analysis.add(Anomaly::CyclicVersions, || self.cycle(source, members, txns));
        }
    }

    fn cycle(&self, source: &str, members: &[usize], txns: &Txns) -> crate::Evidence {
        let number = self.all[members[0]].0;
        let key = txns.keys[number as usize];
        let values: Vec<String> = members.iter().map(|member| self.all[*member].1.to_string()).collect();
        let inside = |mop: &Mop| mop.key == number && members.iter().any(|member| self.all[*member].1 == mop.value);
        let touching = txns.fates().filter(|(txn, fate)| *fate != Fate::Aborted && txns.mops(*txn).iter().any(inside));
        let operations: Vec<u64> = touching.map(|(txn, _)| txns.index(txn)).collect();
        let culprit = *operations.last().expect("a cycle has versions that somebody touched");
        let values = values.join(", ");
        case(
            key,
            format!("if {source}, the versions {values} of {key} precede each other in a cycle"),
            operations,
            culprit,
        )
    }
}

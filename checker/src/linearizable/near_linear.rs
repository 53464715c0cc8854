//! The near-linear engine: registers in which every value is written once, by zones (Gibbons & Korach 1997, section 4).
//!
//! A *cluster* is a write with the reads of its value; with compare-and-sets it is a whole chain of values, each set from
//! the one before, because nothing can come between them. In a legal order a cluster is contiguous. A cluster's least
//! return is f, its greatest invocation s. A must come before B if A.f < B.s, so two of which each must come before the
//! other refute the history; and if there are no two, then there is no longer cycle either: round one of them,
//! f(i) < s(i+1) <= f(i+2) would end below where it began.
//!
//! Clusters with f < s are *forward*: two that overlap conflict. A backward one conflicts with a forward one that it is
//! strictly inside of; two backward ones never conflict. So one sort decides.

/// The return of a call that never returned.
pub(crate) const NO_RETURN: u32 = u32::MAX;
/// No value, in a [`Step`].
pub(crate) const NONE: u32 = u32::MAX;
/// The number of the initial value.
pub(crate) const INITIAL: u32 = 0;

/// A call on a register whose values have numbers below a known bound. Times begin at 1: the initial value was written at 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) call: u32,
    /// [`NO_RETURN`] if it never returned; pending reads are to be left out.
    pub(crate) ret: u32,
    /// The value that it showed, or [`NONE`].
    pub(crate) from: u32,
    /// The value that it wrote, or [`NONE`].
    pub(crate) to: u32,
}

/// What the zones say. Numbers are positions in the slice of steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Zones {
    Linearizable,
    /// These calls already contradict each other.
    Not(Why, Vec<u32>),
    /// Some value is written twice.
    NotUnique,
}

/// In what way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// A value was shown that nobody wrote.
    NeverWritten,
    /// A value was shown before its write was invoked.
    BeforeItsWrite,
    /// Two compare-and-sets succeeded from one value.
    TwoSuccessors,
    /// Two clusters each have to come first.
    Conflict,
}

impl Why {
    /// The anomaly's name in evidence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Why::NeverWritten => "never-written",
            Why::BeforeItsWrite => "read-before-write",
            Why::TwoSuccessors => "lost-update",
            Why::Conflict => "stale-read",
        }
    }
}

/// What is known of a value.
#[derive(Clone, Copy)]
struct Cluster {
    /// The least return and its step.
    f: u32,
    f_step: u32,
    /// The greatest invocation and its step.
    s_step: u32,
    s: u32,
    writer: u32,
    /// The compare-and-set that took the value away.
    successor: u32,
}

const NO_CLUSTER: Cluster = Cluster { f: NO_RETURN, f_step: NONE, s: 0, s_step: NONE, writer: NONE, successor: NONE };

impl Cluster {
    fn add(&mut self, step: u32, call: u32, ret: u32) {
        if ret < self.f || self.f_step == NONE {
            (self.f, self.f_step) = (ret, step);
        }
        if call >= self.s || self.s_step == NONE {
            (self.s, self.s_step) = (call, step);
        }
    }
}

/// Bytes that the decision on so many calls takes: their steps, and of each a value's number, cluster and zone.
pub(crate) fn bytes(calls: usize) -> usize {
    calls * (size_of::<Step>() + 2 * size_of::<u32>() + size_of::<Cluster>() + size_of::<(u32, u32)>())
}

/// Decides; `values` is one more than the greatest number of a value.
pub(crate) fn decide(steps: &[Step], values: usize) -> Zones {
    let Some(mut clusters) = writers(steps, values) else { return Zones::NotUnique };
    let happened = happened(steps, &clusters);
    let mut chained = false;
    for (at, step) in steps.iter().enumerate() {
        let at = small(at);
        if step.from == NONE || (step.ret == NO_RETURN && !happened.get(at)) {
            continue;
        }
        let cluster = &mut clusters[step.from as usize];
        if step.from != INITIAL {
            if cluster.writer == NONE {
                return Zones::Not(Why::NeverWritten, vec![at]);
            }
            if step.ret < steps[cluster.writer as usize].call {
                return Zones::Not(Why::BeforeItsWrite, vec![cluster.writer, at]);
            }
        }
        if step.to == NONE {
            cluster.add(at, step.call, step.ret);
        } else {
            chained = true;
            if cluster.successor != NONE {
                return Zones::Not(Why::TwoSuccessors, with_writer(cluster, [cluster.successor, at]));
            }
            cluster.successor = at;
        }
    }
    for (value, cluster) in clusters.iter_mut().enumerate() {
        if value == INITIAL as usize {
            cluster.add(NONE, 0, 0);
            (cluster.f, cluster.f_step) = (0, NONE);
        } else if cluster.writer != NONE {
            let step = &steps[cluster.writer as usize];
            let dropped = step.ret == NO_RETURN && cluster.f_step == NONE && cluster.successor == NONE;
            if dropped || (step.ret == NO_RETURN && step.from != NONE && !happened.get(cluster.writer)) {
                cluster.writer = NONE;
            } else {
                cluster.add(cluster.writer, step.call, step.ret);
            }
        }
    }
    if chained && let Err(refuted) = join_chains(steps, &mut clusters) {
        return refuted;
    }
    conflict(&clusters)
}

fn with_writer(cluster: &Cluster, calls: [u32; 2]) -> Vec<u32> {
    (cluster.writer != NONE).then_some(cluster.writer).into_iter().chain(calls).collect()
}

/// Each value's writer; `None` if it has two.
fn writers(steps: &[Step], values: usize) -> Option<Vec<Cluster>> {
    let mut clusters = vec![NO_CLUSTER; values.max(1)];
    for (at, step) in steps.iter().enumerate() {
        if step.to == NONE {
            continue;
        }
        let cluster = &mut clusters[step.to as usize];
        if step.to == INITIAL || cluster.writer != NONE {
            return None;
        }
        cluster.writer = small(at);
    }
    Some(clusters)
}

/// Pending compare-and-sets that must have happened: those whose value somebody saw, or another of them took. The others
/// can be left out, for nobody saw what they wrote.
fn happened(steps: &[Step], clusters: &[Cluster]) -> Bits {
    let is_pending_cas = |step: &Step| step.ret == NO_RETURN && step.from != NONE && step.to != NONE;
    let mut happened = Bits::default();
    if !steps.iter().any(is_pending_cas) {
        return happened;
    }
    happened.0 = vec![0; steps.len().div_ceil(64)];
    let shown = steps.iter().filter(|step| step.ret != NO_RETURN && step.from != NONE);
    let mut todo: Vec<u32> = shown.map(|step| step.from).collect();
    while let Some(value) = todo.pop() {
        let writer = clusters[value as usize].writer;
        if writer != NONE && is_pending_cas(&steps[writer as usize]) && !happened.get(writer) {
            happened.set(writer);
            todo.push(steps[writer as usize].from);
        }
    }
    happened
}

/// A set of small numbers; empty until it has room.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn get(&self, at: u32) -> bool {
        self.0.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn set(&mut self, at: u32) {
        self.0[at as usize / 64] |= 1 << (at % 64);
    }
}

/// Joins each chain of values into the cluster of its first, the chain's own order checked. What is left over is a cycle
/// of compare-and-sets that nobody can have begun.
fn join_chains(steps: &[Step], clusters: &mut [Cluster]) -> Result<(), Zones> {
    let is_link = |cluster: &Cluster| cluster.writer != NONE && steps[cluster.writer as usize].from != NONE;
    for root in 0..clusters.len() {
        if is_link(&clusters[root]) || clusters[root].successor == NONE {
            continue;
        }
        let mut whole = clusters[root];
        let mut last = whole;
        while last.successor != NONE {
            let value = steps[last.successor as usize].to as usize;
            let stage = clusters[value];
            // stage by stage: all of one value, then the compare-and-set, then all of the next
            let link = &steps[last.successor as usize];
            if link.ret < whole.s {
                return Err(Zones::Not(Why::Conflict, listed([whole.s_step, last.successor, last.writer])));
            }
            if stage.f < whole.s {
                return Err(Zones::Not(Why::Conflict, listed([whole.s_step, last.successor, stage.f_step])));
            }
            if stage.f < whole.f {
                (whole.f, whole.f_step) = (stage.f, stage.f_step);
            }
            if stage.s > whole.s {
                (whole.s, whole.s_step) = (stage.s, stage.s_step);
            }
            // its own cluster is part of the root's now
            clusters[value] = NO_CLUSTER;
            last = stage;
        }
        clusters[root] = Cluster { successor: NONE, ..whole };
    }
    let cycle = clusters.iter().find(|cluster| is_link(cluster));
    match cycle {
        None => Ok(()),
        Some(cluster) => {
            let mut calls = vec![cluster.writer];
            let mut from = steps[cluster.writer as usize].from;
            while clusters[from as usize].writer != cluster.writer {
                calls.push(clusters[from as usize].writer);
                from = steps[clusters[from as usize].writer as usize].from;
            }
            Err(Zones::Not(Why::Conflict, listed(calls)))
        }
    }
}

/// The calls, with the writers of all values that they saw: without these, others would seem to contradict each other.
pub(crate) fn with_writers(steps: &[Step], values: usize, calls: &[u32]) -> Vec<u32> {
    let Some(clusters) = writers(steps, values) else { return calls.to_vec() };
    let mut calls = calls.to_vec();
    let mut next = 0;
    while next < calls.len() {
        let from = steps[calls[next] as usize].from;
        if from != NONE && clusters[from as usize].writer != NONE && !calls.contains(&clusters[from as usize].writer) {
            calls.push(clusters[from as usize].writer);
        }
        next += 1;
    }
    listed(calls)
}

fn listed(calls: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut calls: Vec<u32> = calls.into_iter().filter(|&call| call != NONE).collect();
    calls.sort_unstable();
    calls.dedup();
    calls
}

/// Looks for two clusters each of which has to come first.
fn conflict(clusters: &[Cluster]) -> Zones {
    let zone = |value: u32| &clusters[value as usize];
    let mut forward: Vec<(u32, u32)> = Vec::new();
    for (value, cluster) in clusters.iter().enumerate() {
        if cluster.f < cluster.s {
            forward.push((cluster.f, small(value)));
        }
    }
    forward.sort_unstable();
    let refute = |a: u32, b: u32| {
        let calls = [a, b].map(|value| [zone(value).f_step, zone(value).s_step, zone(value).writer]).concat();
        Zones::Not(Why::Conflict, listed(calls))
    };
    for pair in forward.windows(2) {
        if pair[1].0 < zone(pair[0].1).s {
            return refute(pair[0].1, pair[1].1);
        }
    }
    for (value, cluster) in clusters.iter().enumerate() {
        let backward = cluster.f >= cluster.s && (cluster.writer != NONE || cluster.f_step != NONE);
        if !backward || value == INITIAL as usize {
            continue;
        }
        let before = forward.partition_point(|&(f, _)| f < cluster.s);
        // forward zones are disjoint by now: of those that begin before this one, only the last can end after it
        if before > 0 && cluster.f < zone(forward[before - 1].1).s {
            return refute(forward[before - 1].1, small(value));
        }
    }
    Zones::Linearizable
}

fn small(n: usize) -> u32 {
    u32::try_from(n).expect("fewer than 2^32 calls")
}

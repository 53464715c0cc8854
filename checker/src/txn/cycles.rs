//! The cycles of a dependency graph: for each anomaly and each component of the graph a shortest one.
//!
//! That there is a cycle of a kind is decided by components alone, in linear time. The shortest is looked for from
//! each edge that the kind needs, within a bound on the edges looked at.

use std::collections::BTreeMap;

use super::graph::{Graph, PROCESS, REALTIME, RW, Shortest, WR, WW, Walk};
use super::model::{Anomaly, Scope};

/// One dependency between two transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) kind: u8,
}

/// A closed walk; each step starts where the one before it ends.
pub(crate) type Cycle = Vec<Step>;

/// What was found.
#[derive(Default)]
pub(crate) struct Found {
    /// The cycles of each anomaly, the shortest first, at most [`KEPT`].
    pub(crate) cycles: BTreeMap<Anomaly, Vec<Cycle>>,
    /// Whether the bound kept it from looking everywhere: then more kinds may be there, but never where none was found.
    pub(crate) truncated: bool,
}

/// How many cycles of an anomaly are kept.
pub(crate) const KEPT: usize = 8;

/// All cycles' kinds in `graph`.
pub(crate) fn find(graph: &Graph) -> Found {
    let mut found = Found::default();
    let (component, sizes) = graph.components(Walk { mask: u8::MAX, apart: false });
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (node, name) in (0..).zip(&component) {
        if sizes[*name as usize] > 1 {
            members.entry(*name).or_default().push(node);
        }
    }
    for nodes in members.values() {
        let part = graph.select(nodes);
        let mut search = Search { graph: &part, nodes, best: BTreeMap::new(), truncated: false };
        search.all();
        found.truncated |= search.truncated;
        for (anomaly, cycle) in search.best {
            found.cycles.entry(anomaly).or_default().push(cycle);
        }
    }
    for cycles in found.cycles.values_mut() {
        cycles.sort_by_key(Vec::len);
        cycles.truncate(KEPT);
    }
    found
}

/// A short cycle, if there is any.
pub(crate) fn shortest(graph: &Graph) -> Option<Cycle> {
    find(graph).cycles.into_values().flatten().min_by_key(Vec::len)
}

/// How many of the writes that one read missed are looked at for walks with a single such step; walks with several are
/// found without this bound, and rule out the same models but one.
const HEADS: usize = 64;

struct Search<'g> {
    graph: &'g Graph,
    nodes: &'g [u32],
    best: BTreeMap<Anomaly, Cycle>,
    truncated: bool,
}

impl Search<'_> {
    fn all(&mut self) {
        for (scope, order) in [(Scope::Data, 0), (Scope::Process, PROCESS), (Scope::Realtime, REALTIME)] {
            let walk = |mask, apart| Walk { mask: mask | order, apart };
            self.cycles(walk(WW, false), if order == 0 { WW } else { order }, Anomaly::G0(scope));
            self.cycles(walk(WW | WR, false), WR, Anomaly::G1c(scope));
            if order != 0 {
                self.cycles(walk(WW | WR, false), order, Anomaly::G1c(scope));
            }
            self.singles(walk(WW | WR, false), scope);
            self.cycles(walk(WW | WR | RW, true), RW, Anomaly::GNonadjacent(scope));
            self.cycles(walk(WW | WR | RW, false), RW, Anomaly::G2Item(scope));
        }
    }

    /// Edges of some kind out of transactions, with their ends' places in this walk.
    fn edges(&self, walk: Walk, kinds: u8) -> Vec<(Step, u32, u32)> {
        let mut edges = Vec::new();
        for from in 0..self.graph.txns {
            for (to, kind) in self.graph.out(from) {
                if kind & kinds != 0 {
                    let step = Step { from, to: *to, kind: *kind };
                    edges.push((step, walk.place(from, false), walk.place(*to, *kind == RW)));
                }
            }
        }
        edges
    }

    /// A closed walk through each edge of these kinds that lies inside a component.
    fn cycles(&mut self, walk: Walk, kinds: u8, wanted: Anomaly) {
        let (component, _) = self.graph.components(walk);
        let mut edges = self.edges(walk, kinds);
        edges.retain(|(_, from, to)| component[*from as usize] == component[*to as usize]);
        self.close(walk, &edges, wanted, &component);
    }

    /// A closed walk through each read that missed a write and otherwise without such reads.
    fn singles(&mut self, walk: Walk, scope: Scope) {
        // a walk with one such edge is one without two in a row, so that only edges inside those components matter
        let apart = Walk { mask: walk.mask | RW, apart: true };
        let (component, _) = self.graph.components(apart);
        let mut edges = self.edges(apart, RW);
        edges.retain(|(_, from, to)| component[*from as usize] == component[*to as usize]);
        for (step, from, to) in &mut edges {
            (*from, *to) = (step.from, step.to);
        }
        // edges into auxiliary nodes go on as reads that missed a write until they reach a transaction
        let mut leading = Vec::new();
        for edge in edges {
            let (heads, all) = self.heads(edge);
            leading.extend(heads);
            let enough = leading.len() > self.graph.len() + 200_000;
            self.truncated |= enough || !all;
            if enough {
                break;
            }
        }
        self.close(walk, &leading, Anomaly::GSingle(scope), &[]);
    }

    /// The transactions that an edge leads to through auxiliary nodes, and whether these are all.
    fn heads(&self, (step, from, to): (Step, u32, u32)) -> (Vec<(Step, u32, u32)>, bool) {
        let (mut heads, mut open) = (Vec::new(), vec![to]);
        while let Some(node) = open.pop() {
            if heads.len() == HEADS {
                return (heads, false);
            }
            if node < self.graph.txns {
                heads.push((Step { to: node, ..step }, from, node));
            } else {
                open.extend(self.graph.out(node).iter().map(|(to, _)| *to));
            }
        }
        (heads, true)
    }

    fn close(&mut self, walk: Walk, edges: &[(Step, u32, u32)], wanted: Anomaly, component: &[u32]) {
        let budget = self.graph.len() + 200_000;
        let mut shortest = Shortest::new(self.graph, walk);
        let mut limit = u32::MAX - 1;
        for (step, from, to) in edges {
            if shortest.looked_at > budget {
                self.truncated = true;
                return;
            }
            let inside = |place: u32| component.is_empty() || component[place as usize] == component[*from as usize];
            let Some(path) = shortest.find(*to, *from, limit, inside) else { continue };
            let cycle = self.cycle(walk, *step, &path);
            let Some(anomaly) = classify(&cycle) else { continue };
            if anomaly == wanted {
                limit = limit.min(u32::try_from(cycle.len()).unwrap_or(u32::MAX).saturating_sub(2));
            }
            let best = self.best.entry(anomaly).or_insert_with(|| cycle.clone());
            if cycle.len() < best.len() {
                *best = cycle;
            }
        }
    }

    /// The steps between transactions, with auxiliary nodes left out.
    fn cycle(&self, walk: Walk, first: Step, path: &[(u32, u8)]) -> Cycle {
        let name = |node: u32| self.nodes[node as usize];
        let mut cycle = Vec::new();
        let mut open = first;
        for (place, kind) in path {
            let node = walk.node(*place);
            if open.to < self.graph.txns {
                cycle.push(open);
                open = Step { from: open.to, to: node, kind: *kind };
            } else {
                open.to = node;
            }
        }
        cycle.push(open);
        cycle.iter().map(|step| Step { from: name(step.from), to: name(step.to), ..*step }).collect()
    }
}

/// The anomaly that a cycle is.
pub(crate) fn classify(cycle: &[Step]) -> Option<Anomaly> {
    let has = |kind| cycle.iter().any(|step| step.kind == kind);
    let scope = match (has(REALTIME), has(PROCESS)) {
        (true, _) => Scope::Realtime,
        (false, true) => Scope::Process,
        (false, false) => Scope::Data,
    };
    let missed = |step: &Step| step.kind == RW;
    let in_a_row = cycle.iter().zip(cycle.iter().cycle().skip(1)).any(|(a, b)| missed(a) && missed(b));
    match cycle.iter().filter(|step| missed(step)).count() {
        1 => Some(Anomaly::GSingle(scope)),
        0 if has(WR) => Some(Anomaly::G1c(scope)),
        0 => has(WW).then_some(Anomaly::G0(scope)),
        _ if in_a_row => Some(Anomaly::G2Item(scope)),
        _ => Some(Anomaly::GNonadjacent(scope)),
    }
}

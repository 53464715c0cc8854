//! Dependency graphs between transactions, of a size linear in the history; strongly connected components (Tarjan
//! 1972, without recursion) and shortest closed walks.
//!
//! Nodes from `txns` on are auxiliary: real time passes through one node per moment at which something was answered
//! and something else began, and "many readers missed many writes" through chains of nodes. An edge out of such a node
//! continues the edge that led into it, has its kind, and costs nothing.

use std::collections::VecDeque;

/// One write over another.
pub(crate) const WW: u8 = 1;
/// A read of a write.
pub(crate) const WR: u8 = 2;
/// A read that missed a write.
pub(crate) const RW: u8 = 4;
/// The order of a process.
pub(crate) const PROCESS: u8 = 8;
/// The order of real time.
pub(crate) const REALTIME: u8 = 16;

/// Edges as they are found.
#[derive(Default)]
pub(crate) struct Builder {
    txns: u32,
    nodes: u32,
    edges: Vec<(u32, u32, u8)>,
}

impl Builder {
    /// For this many transactions.
    pub(crate) fn new(txns: usize) -> Builder {
        let txns = u32::try_from(txns).expect("a history of 2^32 transactions does not fit into memory");
        Builder { txns, nodes: txns, edges: Vec::new() }
    }

    /// Adds an edge, unless it leads to where it starts.
    pub(crate) fn edge(&mut self, from: u32, to: u32, kind: u8) {
        if from != to {
            self.edges.push((from, to, kind));
        }
    }

    /// Adds an auxiliary node.
    pub(crate) fn auxiliary(&mut self) -> u32 {
        self.nodes += 1;
        self.nodes - 1
    }

    /// Adds an edge from each of `sources` to each of `targets` but itself, with a number of edges linear in their
    /// numbers: two chains of nodes lead to a prefix and to a suffix of the targets.
    pub(crate) fn fan(&mut self, sources: &[u32], targets: &[u32], kind: u8) {
        if sources.len() <= 2 || targets.len() <= 2 {
            for source in sources {
                for target in targets {
                    self.edge(*source, *target, kind);
                }
            }
            return;
        }
        let mut targets = targets.to_vec();
        targets.sort_unstable();
        targets.dedup();
        let (prefix, suffix) = (self.nodes, self.nodes + u32::try_from(targets.len()).expect("fewer than nodes"));
        for _ in 0..2 * targets.len() {
            self.auxiliary();
        }
        for (i, target) in (0u32..).zip(&targets) {
            self.edges.push((prefix + i, *target, kind));
            self.edges.push((suffix + i, *target, kind));
            if i > 0 {
                self.edges.push((prefix + i, prefix + i - 1, kind));
                self.edges.push((suffix + i - 1, suffix + i, kind));
            }
        }
        let last = u32::try_from(targets.len() - 1).expect("fewer than nodes");
        for source in sources {
            let Ok(at) = targets.binary_search(source) else {
                self.edges.push((*source, suffix, kind));
                continue;
            };
            let at = u32::try_from(at).expect("fewer than nodes");
            if at > 0 {
                self.edges.push((*source, prefix + at - 1, kind));
            }
            if at < last {
                self.edges.push((*source, suffix + at + 1, kind));
            }
        }
    }

    /// The graph.
    pub(crate) fn build(self) -> Graph {
        let mut offsets = vec![0u32; self.nodes as usize + 1];
        for (from, ..) in &self.edges {
            offsets[*from as usize + 1] += 1;
        }
        for i in 1..offsets.len() {
            offsets[i] += offsets[i - 1];
        }
        let mut cursor = offsets.clone();
        let mut edges = vec![(0, 0); self.edges.len()];
        for (from, to, kind) in self.edges {
            let at = &mut cursor[from as usize];
            edges[*at as usize] = (to, kind);
            *at += 1;
        }
        Graph { txns: self.txns, offsets, edges }
    }
}

/// A graph in rows of edges.
pub(crate) struct Graph {
    pub(crate) txns: u32,
    offsets: Vec<u32>,
    edges: Vec<(u32, u8)>,
}

/// Which walks are looked at: along edges of `mask`, and where `apart` never along two [`RW`] edges in a row. Then each
/// place is a node and whether an [`RW`] edge led to it.
#[derive(Clone, Copy)]
pub(crate) struct Walk {
    pub(crate) mask: u8,
    pub(crate) apart: bool,
}

impl Walk {
    /// The place of a node.
    pub(crate) fn place(self, node: u32, after_rw: bool) -> u32 {
        if self.apart { 2 * node + u32::from(after_rw) } else { node }
    }

    /// The node of a place.
    pub(crate) fn node(self, place: u32) -> u32 {
        if self.apart { place / 2 } else { place }
    }
}

impl Graph {
    fn nodes(&self) -> usize {
        self.offsets.len() - 1
    }

    /// How many edges there are.
    pub(crate) fn len(&self) -> usize {
        self.edges.len()
    }

    /// The edges out of a node.
    pub(crate) fn out(&self, node: u32) -> &[(u32, u8)] {
        &self.edges[self.offsets[node as usize] as usize..self.offsets[node as usize + 1] as usize]
    }

    /// How many places a walk has.
    pub(crate) fn places(&self, walk: Walk) -> usize {
        self.nodes() * if walk.apart { 2 } else { 1 }
    }

    /// Where an edge leads from a place, if the walk may take it.
    pub(crate) fn step(&self, walk: Walk, place: u32, (to, kind): (u32, u8)) -> Option<u32> {
        if kind & walk.mask == 0 {
            return None;
        }
        if !walk.apart {
            return Some(to);
        }
        let (node, after_rw) = (place / 2, place % 2 == 1);
        if node >= self.txns {
            return Some(walk.place(to, after_rw));
        }
        (kind != RW || !after_rw).then(|| walk.place(to, kind == RW))
    }

    /// The number of each place's strongly connected component, and the sizes of the components.
    pub(crate) fn components(&self, walk: Walk) -> (Vec<u32>, Vec<u32>) {
        let places = self.places(walk);
        let mut search = Tarjan {
            born: vec![NEW; places],
            low: vec![NEW; places],
            component: vec![NEW; places],
            sizes: Vec::new(),
            stack: Vec::new(),
            clock: 0,
        };
        let mut cursor = vec![0u32; places];
        let mut calls = Vec::new();
        for root in 0..u32::try_from(places).expect("places are counted in 32 bits") {
            if search.born[root as usize] != NEW {
                continue;
            }
            search.enter(root);
            calls.push(root);
            while let Some(&place) = calls.last() {
                let at = &mut cursor[place as usize];
                let Some(edge) = self.out(walk.node(place)).get(*at as usize) else {
                    calls.pop();
                    search.leave(place, calls.last().copied());
                    continue;
                };
                *at += 1;
                let Some(to) = self.step(walk, place, *edge) else { continue };
                if search.born[to as usize] == NEW {
                    search.enter(to);
                    calls.push(to);
                } else if search.component[to as usize] == NEW {
                    let low = &mut search.low[place as usize];
                    *low = (*low).min(search.born[to as usize]);
                }
            }
        }
        (search.component, search.sizes)
    }

    /// The part of the graph between these nodes, which are sorted.
    pub(crate) fn select(&self, nodes: &[u32]) -> Graph {
        let number = |count: usize| u32::try_from(count).expect("a part is smaller than the whole");
        let txns = number(nodes.partition_point(|node| *node < self.txns));
        let mut offsets = vec![0];
        let mut edges = Vec::new();
        for node in nodes {
            for (to, kind) in self.out(*node) {
                if let Ok(to) = nodes.binary_search(to) {
                    edges.push((number(to), *kind));
                }
            }
            offsets.push(number(edges.len()));
        }
        Graph { txns, offsets, edges }
    }
}

const NEW: u32 = u32::MAX;

struct Tarjan {
    born: Vec<u32>,
    low: Vec<u32>,
    component: Vec<u32>,
    sizes: Vec<u32>,
    stack: Vec<u32>,
    clock: u32,
}

impl Tarjan {
    fn enter(&mut self, place: u32) {
        self.born[place as usize] = self.clock;
        self.low[place as usize] = self.clock;
        self.clock += 1;
        self.stack.push(place);
    }

    fn leave(&mut self, place: u32, parent: Option<u32>) {
        let low = self.low[place as usize];
        if low == self.born[place as usize] {
            let name = u32::try_from(self.sizes.len()).expect("no more components than places");
            let start = self.stack.iter().rposition(|member| *member == place).expect("it was entered");
            self.sizes.push(u32::try_from(self.stack.len() - start).expect("no more members than places"));
            for member in self.stack.drain(start..) {
                self.component[member as usize] = name;
            }
        }
        if let Some(parent) = parent {
            let above = &mut self.low[parent as usize];
            *above = (*above).min(low);
        }
    }
}

/// Shortest walks between places, one after the other in the same memory.
pub(crate) struct Shortest<'g> {
    graph: &'g Graph,
    walk: Walk,
    /// `(search, distance, from, kind)` of each place: what an earlier search left is void.
    seen: Vec<(u32, u32, u32, u8)>,
    search: u32,
    queue: VecDeque<(u32, u32)>,
    /// How many edges were looked at so far.
    pub(crate) looked_at: usize,
}

impl<'g> Shortest<'g> {
    /// For walks of this sort.
    pub(crate) fn new(graph: &'g Graph, walk: Walk) -> Shortest<'g> {
        let seen = vec![(0, 0, 0, 0); graph.places(walk)];
        Shortest { graph, walk, seen, search: 0, queue: VecDeque::new(), looked_at: 0 }
    }

    /// The edges of a shortest walk between two places as `(place it leads to, kind)`, if there is one of at most
    /// `limit` steps that stays where `inside` says yes. Steps out of auxiliary nodes don't count.
    pub(crate) fn find(
        &mut self,
        from: u32,
        to: u32,
        limit: u32,
        inside: impl Fn(u32) -> bool,
    ) -> Option<Vec<(u32, u8)>> {
        self.search += 1;
        self.queue.clear();
        self.seen[from as usize] = (self.search, 0, from, 0);
        self.queue.push_back((from, 0));
        while let Some((place, distance)) = self.queue.pop_front() {
            if place == to {
                return Some(self.path(from, to));
            }
            if distance > self.seen[place as usize].1 {
                continue;
            }
            let node = self.walk.node(place);
            let cost = u32::from(node < self.graph.txns);
            let next = distance + cost;
            if next > limit {
                continue;
            }
            for edge in self.graph.out(node) {
                self.looked_at += 1;
                let Some(then) = self.graph.step(self.walk, place, *edge) else { continue };
                let seen = self.seen[then as usize];
                if !inside(then) || (seen.0 == self.search && seen.1 <= next) {
                    continue;
                }
                self.seen[then as usize] = (self.search, next, place, edge.1);
                if cost == 0 {
                    self.queue.push_front((then, next));
                } else {
                    self.queue.push_back((then, next));
                }
            }
        }
        None
    }

    fn path(&self, from: u32, to: u32) -> Vec<(u32, u8)> {
        let (mut path, mut place) = (Vec::new(), to);
        while place != from {
            let (_, _, before, kind) = self.seen[place as usize];
            path.push((place, kind));
            place = before;
        }
        path.reverse();
        path
    }
}

//! An order of the writes of one key, as constraints: each says of two writes which is the older, and why.

use std::collections::{BTreeMap, VecDeque};

use super::view::Obliged;

/// Why one write is older than another. Numbers are places among all accesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// One process made them in this order.
    Own,
    /// The later one replaced the older.
    Replaced,
    /// The process of the later one had seen the older in this read.
    ReadBefore { read: usize },
    /// This read had to include the older one and shows the later.
    Shown { read: usize, obliged: Obliged },
}

/// `from` is older than `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) why: Why,
}

/// A shortest cycle, if the constraints can't all be kept.
pub(super) fn cycle(edges: &[Edge]) -> Option<Vec<Edge>> {
    let mut after: BTreeMap<usize, Vec<&Edge>> = BTreeMap::new();
    for edge in edges {
        after.entry(edge.from).or_default().push(edge);
    }
    let rest = undecided(edges, &after);
    let mut best: Option<Vec<Edge>> = None;
    for &start in rest.keys() {
        if let Some(found) = back_to(start, &after, &rest)
            && best.as_ref().is_none_or(|best| found.len() < best.len())
        {
            best = Some(found);
        }
    }
    best
}

/// What is left after taking away, again and again, the writes that nothing left is older than (Kahn 1962).
fn undecided(edges: &[Edge], after: &BTreeMap<usize, Vec<&Edge>>) -> BTreeMap<usize, usize> {
    let mut older: BTreeMap<usize, usize> = edges.iter().map(|edge| (edge.from, 0)).collect();
    for edge in edges {
        *older.entry(edge.to).or_default() += 1;
    }
    let mut free: Vec<usize> = older.iter().filter(|(_, count)| **count == 0).map(|(write, _)| *write).collect();
    while let Some(write) = free.pop() {
        older.remove(&write);
        for edge in after.get(&write).into_iter().flatten() {
            let count = older.get_mut(&edge.to).expect("only writes with nothing older left were removed");
            *count -= 1;
            if *count == 0 {
                free.push(edge.to);
            }
        }
    }
    older
}

/// A shortest way from a write back to itself, among `rest`.
fn back_to(start: usize, after: &BTreeMap<usize, Vec<&Edge>>, rest: &BTreeMap<usize, usize>) -> Option<Vec<Edge>> {
    let mut reached: BTreeMap<usize, Edge> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(at) = open.pop_front() {
        for &&edge in after.get(&at).into_iter().flatten().filter(|edge| rest.contains_key(&edge.to)) {
            if edge.to == start {
                let mut way = vec![edge];
                while way[way.len() - 1].from != start {
                    way.push(reached[&way[way.len() - 1].from]);
                }
                way.reverse();
                return Some(way);
            }
            reached.entry(edge.to).or_insert_with(|| {
                open.push_back(edge.to);
                edge
            });
        }
    }
    None
}

//! A height for each of many places: raised over a range at once, and searched for a place that is high enough, each in
//! logarithmic time. A segment tree whose nodes remember by how much all below them was raised.

use std::ops::Range;

/// As low as no place is looked for, and half of what there is, so that it can be raised and lowered by itself.
pub(crate) const LOW: i32 = i32::MIN / 2;

/// Of a node: the greatest height below it, and by how much everything below it was raised since.
#[derive(Clone, Copy)]
struct Node {
    top: i32,
    raised: i32,
}

/// The heights.
pub(crate) struct Heights {
    /// The root is 1; the children of `n` are `2 * n` and one more.
    nodes: Vec<Node>,
}

impl Heights {
    /// So many places of one height.
    pub(crate) fn level(places: usize, height: i32) -> Heights {
        let node = Node { top: height, raised: 0 };
        Heights { nodes: vec![node; 2 * places.next_power_of_two()] }
    }

    fn all(&self) -> Range<usize> {
        0..self.nodes.len() / 2
    }

    /// Raises the places of a range.
    pub(crate) fn raise(&mut self, places: Range<usize>, by: i32) {
        self.raise_below(1, self.all(), &places, by);
    }

    fn raise_below(&mut self, node: usize, below: Range<usize>, places: &Range<usize>, by: i32) {
        if below.end <= places.start || places.end <= below.start {
            return;
        }
        if places.start <= below.start && below.end <= places.end {
            self.nodes[node].top += by;
            self.nodes[node].raised += by;
            return;
        }
        let middle = below.start.midpoint(below.end);
        self.raise_below(2 * node, below.start..middle, places, by);
        self.raise_below(2 * node + 1, middle..below.end, places, by);
        let children = self.nodes[2 * node].top.max(self.nodes[2 * node + 1].top);
        self.nodes[node].top = children + self.nodes[node].raised;
    }

    /// The first place of a range that is at least so high.
    pub(crate) fn find(&self, places: &Range<usize>, least: i32) -> Option<usize> {
        self.find_below(1, self.all(), places, least)
    }

    fn find_below(&self, node: usize, below: Range<usize>, places: &Range<usize>, least: i32) -> Option<usize> {
        let Node { top, raised } = self.nodes[node];
        if below.end <= places.start || places.end <= below.start || top < least {
            return None;
        }
        if below.len() == 1 {
            return Some(below.start);
        }
        let (middle, least) = (below.start.midpoint(below.end), least - raised);
        let first = self.find_below(2 * node, below.start..middle, places, least);
        first.or_else(|| self.find_below(2 * node + 1, middle..below.end, places, least))
    }
}

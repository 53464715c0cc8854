//! Which node owns a key: consistent hashing (Karger et al., STOC 1997), with many points for each node on one ring.

use std::sync::Arc;

use md5::{Digest, Md5};

/// How many points each node has.
const POINTS: usize = 512;

/// A ring of nodes.
#[derive(Clone, Debug)]
pub struct Ring {
    /// Every point with its node, in the order of the points.
    points: Vec<(u64, Arc<str>)>,
}

impl Ring {
    /// The ring of these nodes: node's point `i` is the hash of its name followed by `i`.
    pub fn of(nodes: &[Arc<str>]) -> Ring {
        let mut points: Vec<(u64, Arc<str>)> = nodes
            .iter()
            .flat_map(|node| (0..POINTS).map(move |i| (hash(&format!("{node}{i}")), node.clone())))
            .collect();
        points.sort();
        Ring { points }
    }

    /// The node whose point is the first one strictly greater than the key's hash, around the ring.
    pub fn owner(&self, key: &str) -> &Arc<str> {
        let hash = hash(key);
        let at = self.points.partition_point(|(point, _)| *point <= hash);
        &self.points[at % self.points.len()].1
    }
}

/// The last 8 bytes of the MD5 of a key, as a little-endian number.
fn hash(key: &str) -> u64 {
    let digest = Md5::digest(key.as_bytes());
    digest[8..].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Ring, hash};

    fn published() -> (Vec<Arc<str>>, Ring) {
        let nodes: Vec<Arc<str>> = (1..=3).map(|n| format!("shortener{n}@127.0.0.1").into()).collect();
        let ring = Ring::of(&nodes);
        (nodes, ring)
    }

    #[test]
    fn hashes_and_owners_are_the_published_ones() {
        assert_eq!(hash("a"), 7_000_413_967_451_013_937);
        let (nodes, ring) = published();
        for (key, owner) in [("a", 3), ("b", 1), ("c", 2), ("d", 3), ("e", 2), ("f", 1)] {
            assert_eq!(*ring.owner(key), nodes[owner - 1], "{key}");
        }
    }

    #[test]
    fn keys_are_spread_as_published() {
        let (nodes, ring) = published();
        let mut keys = [0; 3];
        for key in 0..100_000 {
            let owner = ring.owner(&key.to_string());
            keys[nodes.iter().position(|node| node == owner).unwrap()] += 1;
        }
        assert_eq!(keys, [31_485, 33_650, 34_865]);
    }

    #[test]
    fn a_node_that_leaves_moves_only_its_own_keys() {
        let (nodes, ring) = published();
        let rest = Ring::of(&nodes[..2]);
        for key in (0..1000).map(|key| key.to_string()).filter(|key| *ring.owner(key) != nodes[2]) {
            assert_eq!(ring.owner(&key), rest.owner(&key));
        }
    }
}

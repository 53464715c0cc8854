//! Swizzle-clogging, as `FoundationDB`'s tests do it: a random subset of the nodes is cut off one by one, and let in again one
//! by one in another order, so that the cluster passes through many small and unusual partitions in a row.

use rand::Rng;
use rand::seq::SliceRandom;

use crate::episodes::{Episode, episodes, numbered};
use crate::partition::kind;
use crate::target::some;
use crate::{Fault, Nemesis, Target};

/// Nodes are cut off one by one, and come back in another order.
pub const SWIZZLE: Nemesis = Nemesis {
    name: "swizzle",
    about: "cuts off some nodes one by one, and lets them in again in another order",
    families: &["partition"],
    schedule: |rng, cluster, phase| {
        let mut faults = Vec::new();
        for Episode { at_ms, lasts_ms } in episodes(rng, phase) {
            let size = rng.random_range(1..=cluster.nodes.len());
            let clogged = some(rng, &cluster.nodes, size);
            let (kind, count) = (kind(rng), clogged.len() as u64);
            let mut returns: Vec<u64> = (0..count).collect();
            returns.shuffle(rng);
            // The first half of the episode clogs, the second unclogs.
            let apart_ms = lasts_ms / (2 * count);
            for ((node, goes), returns) in clogged.into_iter().zip(0..).zip(returns) {
                let fault = Fault::Isolate { kind, hosts: vec![Target::Host(node)] };
                let (from, to) = (goes * apart_ms, lasts_ms / 2 + returns * apart_ms);
                faults.push((at_ms + from, (to - from).max(1), fault));
            }
        }
        numbered(faults)
    },
};

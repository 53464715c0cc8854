//! Crashes: processes are killed and started again. Their machines live on: what a process wrote without syncing it is in the
//! page cache and comes back.

use crate::episodes::{Episode, episodes, numbered, one_each_mid_sync};
use crate::target::Spec;
use crate::{Fault, Nemesis, Target};

/// One process, some or all of them are killed at once.
pub const CRASH: Nemesis = Nemesis {
    name: "crash",
    about: "kills and restarts the processes of one host, the leader, a minority, a majority or all nodes, or Redis",
    families: &["crash"],
    schedule: |rng, cluster, phase| {
        let specs = [
            Spec::AnyHost,
            Spec::AnyHost,
            Spec::Leader,
            Spec::MinorityThird,
            Spec::Minority,
            Spec::Majority,
            Spec::All,
        ];
        one_each_mid_sync(rng, phase, |rng| Fault::Crash { hosts: Spec::one_of(&specs, rng, cluster) })
    },
};

/// As an operator updates a cluster: one node after the other, each restarted before the next is stopped.
pub const ROLLING_RESTART: Nemesis = Nemesis {
    name: "rolling-restart",
    about: "restarts every node, one after the other",
    families: &["crash"],
    schedule: |rng, cluster, phase| {
        let mut faults = Vec::new();
        for Episode { at_ms, lasts_ms } in episodes(rng, phase) {
            let each_ms = lasts_ms / cluster.nodes.len() as u64;
            for (node, turn) in cluster.nodes.iter().zip(0..) {
                let fault = Fault::Crash { hosts: vec![Target::Host(node.clone())] };
                // Half of its turn a node is down, the other half it has to come back.
                faults.push((at_ms + turn * each_ms, (each_ms / 2).max(1), fault));
            }
        }
        numbered(faults)
    },
};

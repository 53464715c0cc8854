//! `raft`: every node replicates one log of commands, and a majority of the nodes decides what is in it.
//!
//! | file | what it is | where it is described |
//! |---|---|---|
//! | `log` | the log | section 5.3 of the paper |
//! | `election` | who leads | sections 5.2, 5.4.1 |
//! | `replication` | how the leader's log becomes everybody's; reads | sections 5.3, 5.4.2, 8 |
//! | `consensus` | one node's part as a whole, without input or output | figure 2 |
//! | `durable` | what survives a crash | figure 2 |
//! | `machine` | what the log's commands do | section 2; dissertation, section 6.3 |
//! | `node` | a node: peers, journal, timers around all that | |
//! | `service` | takes a client's request to the leader, from any node | section 8 |
//!
//! Source: Diego Ongaro and John Ousterhout, "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014.
//! There are no snapshots and no changes of membership.

#[cfg(test)]
mod cluster_tests;
mod consensus;
mod durable;
mod election;
mod log;
mod machine;
mod node;
mod replication;
#[cfg(test)]
mod safety_tests;
mod service;

use crate::system::{Claim, Level, Offer, System};

/// Tolerated by Raft: everything but a disk that breaks its word.
const UNDER: &[&str] = &[
    "none",
    "partition",
    "one-way",
    "flapping",
    "slow",
    "loss",
    "duplication",
    "reordering",
    "corruption",
    "pause",
    "skew",
    "crash",
    "power-loss",
];

/// The rules of Raft that a variant can leave out.
#[derive(Clone, Copy, Debug)]
struct Rules {
    /// Records are durable before a message that follows from them leaves.
    sync_first: bool,
    /// A client is answered when its command is committed.
    commit_first: bool,
    /// A read is answered by a leader that has just shown that it leads.
    ask_leader: bool,
}

const SOUND: Rules = Rules { sync_first: true, commit_first: true, ask_leader: true };

/// The system: linearizable, available where a majority is.
pub const RAFT: System = System {
    name: "raft",
    about: "link shortener, every node replicates one log of commands (Raft)",
    gives_up: "available only to a majority of the nodes; an election takes up to a second",
    source: "Ongaro & Ousterhout 2014, \"In Search of an Understandable Consensus Algorithm\"",
    offers: Offer::WHOLE_SHORTENER,
    redis: None,
    claims: &[Claim { level: Level::Linearizable, under: UNDER, weakened: false }],
    start: |node| node::start(node, SOUND),
};

const WEAKENED: &[Claim] = &[Claim { level: Level::Linearizable, under: UNDER, weakened: true }];

/// Weakened: a node answers reads from what it has applied itself.
pub const RAFT_STALE_READ: System = System {
    name: "raft-stale-read",
    about: "the same, but every node answers reads from its own state",
    gives_up: "recency of reads",
    claims: WEAKENED,
    start: |node| node::start(node, Rules { ask_leader: false, ..SOUND }),
    ..RAFT
};

/// Weakened: a node votes and acknowledges entries before its disk has them.
pub const RAFT_NO_FSYNC: System = System {
    name: "raft-no-fsync",
    about: "the same, but the journal is synced once a second, and nobody waits for it",
    gives_up: "acknowledged writes are lost when several nodes lose power",
    claims: WEAKENED,
    start: |node| node::start(node, Rules { sync_first: false, ..SOUND }),
    ..RAFT
};

/// Weakened: a leader answers before a majority has the entry.
pub const RAFT_REPLY_BEFORE_COMMIT: System = System {
    name: "raft-reply-before-commit",
    about: "the same, but the leader answers as soon as its own log has the command",
    gives_up: "acknowledged writes are lost with their leader",
    claims: WEAKENED,
    start: |node| node::start(node, Rules { commit_first: false, ..SOUND }),
    ..RAFT
};

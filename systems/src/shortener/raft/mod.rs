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

use crate::story::{Failure, Story};
use crate::system::{Claim, Level, MINIMUM, Offer, System};

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
    claims: &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "The nodes elect a leader for a term; it puts every command into its log and copies it to the others. A command that a majority has on disk is committed, is applied by all in the order of the log, and only then answered. A leader answers a read when it has shown that it still leads.",
        failures: &[],
    },
    start: |node| node::start(node, SOUND),
};

const WEAKENED: &[Claim] = &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: true }];

/// Weakened: a node answers reads from what it has applied itself.
pub const RAFT_STALE_READ: System = System {
    name: "raft-stale-read",
    about: "the same, but every node answers reads from its own state",
    gives_up: "recency of reads",
    claims: WEAKENED,
    story: Story {
        mechanism: "As Raft, but a read is answered by whichever node was asked, from what it has applied.",
        failures: &[Failure {
            anomalies: &["stale-read", "non-linearizable"],
            steps: &[
                "A command is committed by a majority, applied by the leader, and answered.",
                "Another node hears later, or is cut off, that it is committed.",
                "A read at that node is answered from the state before the command.",
            ],
            remedy: "To answer reads only after a majority has confirmed the leader, and up to what it had committed then (read index).",
            variant: Some("raft"),
            cost: "A round of messages for every batch of reads, and no reads on a minority's side.",
        }],
    },
    start: |node| node::start(node, Rules { ask_leader: false, ..SOUND }),
    ..RAFT
};

/// Weakened: a node votes and acknowledges entries before its disk has them.
pub const RAFT_NO_FSYNC: System = System {
    name: "raft-no-fsync",
    about: "the same, but the journal is synced once a second, and nobody waits for it",
    gives_up: "acknowledged writes are lost when several nodes lose power",
    claims: WEAKENED,
    story: Story {
        mechanism: "As Raft, but a node votes and acknowledges before its disk has what it promised.",
        failures: &[Failure {
            anomalies: &["lost", "stale-read", "non-linearizable"],
            steps: &[
                "A majority acknowledges an entry that only their memories hold; it is committed and answered.",
                "Several of these nodes lose power, and forget the entry, or whom they voted for.",
                "A majority without the entry elects a leader, which never had it.",
            ],
            remedy: "To sync the journal before any message that follows from it leaves.",
            variant: Some("raft"),
            cost: "A sync of the disk in the way of every vote and every acknowledgement.",
        }],
    },
    start: |node| node::start(node, Rules { sync_first: false, ..SOUND }),
    ..RAFT
};

/// Weakened: a leader answers before a majority has the entry.
pub const RAFT_REPLY_BEFORE_COMMIT: System = System {
    name: "raft-reply-before-commit",
    about: "the same, but the leader answers as soon as its own log has the command",
    gives_up: "acknowledged writes are lost with their leader",
    claims: WEAKENED,
    story: Story {
        mechanism: "As Raft, but the leader answers as soon as the command is in its own log.",
        failures: &[Failure {
            anomalies: &["lost", "stale-read", "non-linearizable"],
            steps: &[
                "A leader puts a command into its log and answers.",
                "It is cut off or crashes before a majority has the entry.",
                "The others elect a leader without it, and its log overwrites the old leader's.",
            ],
            remedy: "To answer when a majority has the entry on disk.",
            variant: Some("raft"),
            cost: "A round trip to the fastest majority before every answer.",
        }],
    },
    start: |node| node::start(node, Rules { commit_first: false, ..SOUND }),
    ..RAFT
};

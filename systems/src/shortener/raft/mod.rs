//! `raft`: every node replicates one log of commands, and a majority of the nodes decides what is in it.
//!
//! | file | what it is | where it is described |
//! |---|---|---|
//! | `log` | the log | section 5.3 of the paper |
//! | `election` | who leads | sections 5.2, 5.4.1 |
//! | `replication` | how the leader's log becomes everybody's; reads | sections 5.3, 5.4.2, 8 |
//! | `consensus` | one node's part as a whole, without input or output | figure 2 |
//! | `durable` | what survives a crash | figure 2 |
//! | `super::machine` | what the log's commands do | section 2; dissertation, section 6.3 |
//! | `node` | a node: peers, journal, timers around all that | |
//! | `service` | takes a client's request to the leader, from any node | section 8 |
//! | [`weakened`] | variants that leave a rule out | |
//!
//! Source: Diego Ongaro and John Ousterhout, "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014.
//! There are no snapshots and no changes of membership.

#[cfg(test)]
mod cluster_tests;
mod consensus;
mod durable;
mod election;
mod log;
mod node;
mod replication;
#[cfg(test)]
mod rule_tests;
#[cfg(test)]
mod safety_tests;
mod service;
pub mod weakened;

use axum::Router;

use crate::node::{Node, NodeFuture};
use crate::story::Story;
use crate::system::{Claim, Level, MINIMUM, Offer, System};

/// The rules of Raft that a variant can leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Records are durable before a message that follows from them leaves.
    SyncFirst,
    /// A client is answered when its command is committed.
    CommitFirst,
    /// A read is answered by a leader that has just shown that it leads.
    AskLeader,
    /// An entry is committed when a majority has it, not one fewer.
    MajorityCommits,
    /// A vote is for a log that is at least as up to date as the voter's.
    CompareLogs,
    /// A command that is in the log twice takes effect once.
    TellRepeats,
}

/// The rules that a node keeps to: all but at most one.
#[derive(Clone, Copy, Debug)]
struct Rules {
    left_out: Option<Rule>,
}

impl Rules {
    const ALL: Rules = Rules { left_out: None };

    const fn without(rule: Rule) -> Rules {
        Rules { left_out: Some(rule) }
    }

    fn keep(self, rule: Rule) -> bool {
        self.left_out != Some(rule)
    }
}

pub(crate) use service::RaftLinks;

/// Starts a node of another system that keeps its state in replicated links: `routes` serves its clients.
pub(crate) fn start(node: Node, routes: fn(RaftLinks) -> Router) -> NodeFuture {
    node::start_serving(node, Rules::ALL, routes)
}

/// The system: linearizable, available where a majority is.
pub const RAFT: System = System {
    name: "raft",
    about: "link shortener, every node replicates one log of commands (Raft)",
    gives_up: "availability without a majority of the nodes; an election takes up to a second",
    source: "Ongaro & Ousterhout 2014, \"In Search of an Understandable Consensus Algorithm\"",
    offers: Offer::WHOLE_SHORTENER,
    redis: None,
    leads: true,
    claims: &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "The nodes elect a leader for a term; it puts every command into its log and copies it to the others. A command that a majority has on disk is committed, is applied by all in the order of the log, and only then answered. A leader answers a read when it has shown that it still leads.",
        failures: &[],
    },
    start: |node| node::start(node, Rules::ALL),
};

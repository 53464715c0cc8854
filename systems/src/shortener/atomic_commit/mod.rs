//! `two-phase-commit` and `three-phase-commit`: the links are sharded over the nodes, and a transaction over several shards
//! is done on all of them or on none.
//!
//! | part | what it is | where it is described |
//! |---|---|---|
//! | `message` | what nodes say to one another | |
//! | `locks` | two-phase locking of links | Bernstein et al. 1987, chapter 3 |
//! | `shard` | a node as a participant | Gray 1978, section 5.8 |
//! | `coordinator` | a node as a coordinator | Gray 1978; presumed abort: Mohan and Lindsay 1983 |
//! | `recovery` | what a participant in doubt does | Bernstein et al. 1987, chapter 7; Skeen 1981 |
//! | `durable` | what survives a crash | |
//! | [`weakened`] | variants that leave a rule out | |
//!
//! Sources: Jim Gray, "Notes on Data Base Operating Systems" (1978); Philip Bernstein, Vassos Hadzilacos and Nathan Goodman,
//! "Concurrency Control and Recovery in Database Systems" (1987); Dale Skeen, "Nonblocking Commit Protocols" (SIGMOD 1981).
//! Which node has a link's shard is told by a hash ring, and does not change. Nothing compacts the journal, so that a
//! decision is never forgotten.

mod coordinator;
mod durable;
mod locks;
mod message;
mod recovery;
mod shard;
#[cfg(test)]
mod tests;
pub mod weakened;

use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join;

use super::api;
use super::cached::ring::Ring;
use crate::call::CallError;
use crate::fail_stop::FailStop;
use crate::http;
use crate::journal::Journal;
use crate::node::{Node, NodeFuture, spawn};
use crate::peers::{self, Peers};
use crate::story::{Failure, Story, TORN};
use crate::system::{Claim, Level, MINIMUM, Offer, System};
use coordinator::Coordinator;
use durable::{Promise, Record, Remembered};
use message::{Reply, Request};
use recovery::Recovery;
use shard::Shard;

/// The rules that a variant can leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// A decision to commit is durable before anybody is told.
    LogDecision,
    /// A vote is durable before it is given.
    LogPromise,
    /// What is to be written stays locked until the decision.
    HoldLocks,
    /// What a power loss tore is cut off before anything is appended.
    CutTornEnd,
    /// Who has voted yes decides nothing alone.
    AwaitDecision,
}

/// The rules that a node keeps to.
#[derive(Clone, Copy, Debug)]
struct Rules {
    /// Whether there is a phase between the votes and the decision.
    pre_commit: bool,
    left_out: Option<Rule>,
}

const TWO_PHASES: Rules = Rules { pre_commit: false, left_out: None };
const THREE_PHASES: Rules = Rules { pre_commit: true, left_out: None };

impl Rules {
    fn keep(self, rule: Rule) -> bool {
        self.left_out != Some(rule)
    }
}

/// The system that blocks rather than to break a transaction.
pub const TWO_PHASE_COMMIT: System = System {
    name: "two-phase-commit",
    about: "link shortener, links sharded over the nodes; transactions over shards by two-phase commit",
    gives_up: "links of a transaction in doubt are locked until its coordinator is back; a shard lives on one node",
    source: "Gray 1978, \"Notes on Data Base Operating Systems\"; Bernstein, Hadzilacos & Goodman 1987, chapter 7",
    offers: Offer::WHOLE_SHORTENER,
    redis: None,
    leads: false,
    claims: &[Claim { level: Level::Serializable, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "Every link is on one node. A transaction locks and reads its links, then its coordinator asks every node that has one for a vote. A yes is a durable promise, and keeps the links locked. If all say yes the coordinator makes its decision durable and tells everybody; who hears nothing asks it, and waits.",
        failures: &[],
    },
    start: |node| start(node, TWO_PHASES),
};

/// What a bounded delay allows: nodes stop and come back, and no message is late.
const CRASHES: &[&str] = &["none", "crash", "power-loss", "skew"];

/// The system that never blocks: right while a node that does not answer has crashed, and weakened where it is only cut off.
pub const THREE_PHASE_COMMIT: System = System {
    name: "three-phase-commit",
    about: "`two-phase-commit` with a third phase: whoever is up ends a transaction whose coordinator is gone",
    gives_up: "atomicity when messages are late or lost: two sides of a cut can end one transaction differently",
    source: "Skeen 1981, \"Nonblocking Commit Protocols\"",
    claims: &[
        Claim { level: Level::Serializable, under: CRASHES, weakened: false },
        Claim { level: Level::Serializable, under: MINIMUM, weakened: true },
    ],
    story: Story {
        mechanism: "As two-phase commit, but between the votes and the decision the coordinator tells everybody that all voted yes. If it falls silent, the participants that answer each other end the transaction: they commit if one of them has heard that, else they abort.",
        failures: &[Failure {
            anomalies: TORN,
            steps: &[
                "All participants have voted yes. The network is cut, or a message is late, before one of them hears that.",
                "The coordinator, and whoever heard it, take the silent one for crashed, and commit.",
                "The silent one hears nobody, takes all others for crashed, and aborts.",
                "Both halves are durable: one shard has the transaction's writes, and the other never will.",
            ],
            remedy: "To decide nothing alone: who voted yes waits until the coordinator, or a majority, is heard again.",
            variant: Some("two-phase-commit"),
            cost: "Links stay locked while the coordinator is down or cut off.",
        }],
    },
    start: |node| start(node, THREE_PHASES),
    ..TWO_PHASE_COMMIT
};

/// A node's way to every shard, its own among them; clones are the same.
#[derive(Clone)]
struct Mesh {
    me: Arc<str>,
    peers: Peers<Request, Reply>,
    shard: Shard,
    fail_stop: FailStop,
}

impl Mesh {
    /// Asks a node, without the network if it is this one.
    async fn ask(&self, name: &Arc<str>, request: Request, deadline: Duration) -> Result<Reply, CallError> {
        if *name == self.me { Ok(self.answer(request).await) } else { self.peers.ask(name, request, deadline).await }
    }

    /// Has the shard answer.
    async fn answer(&self, request: Request) -> Reply {
        let answered = match request {
            Request::Run(proposal) => self.shard.run(proposal).await,
            Request::Redirects(code) => self.shard.redirects(&code).await,
            Request::Read(txn, wanted) => self.shard.read(txn, wanted).await,
            Request::Prepare(txn, writes, participants) => {
                self.shard.prepare(txn, Promise { writes, participants }).await
            }
            Request::PreCommit(txn) => self.shard.pre_commit(&txn).await,
            Request::End(txn, commit) => self.shard.end(&txn, commit).await,
            Request::Stand(_) => Ok(Reply::Busy),
        };
        self.fail_stop.checked(answered).await
    }
}

fn start(node: Node, rules: Rules) -> NodeFuture {
    Box::pin(async move {
        let open = if rules.keep(Rule::CutTornEnd) { Journal::<Record>::open } else { Journal::open_torn };
        let (journal, records) = open(&node.disk, "commit")?;
        let mut remembered = Remembered::default();
        remembered.extend(records);
        let life = remembered.lives + 1;
        journal.write(&Record::Life(life)).await?;

        let fail_stop = FailStop::new();
        let shard = Shard::recover(&mut remembered, journal.clone(), rules);
        let mesh =
            Mesh { me: node.id.clone(), peers: Peers::of(&node), shard: shard.clone(), fail_stop: fail_stop.clone() };
        let ring = Ring::of(&node.everyone());
        let coordinator = Coordinator::new(mesh.clone(), ring, life, remembered.committed, journal, rules);
        let recovery = Recovery { mesh: mesh.clone(), shard, coordinator: coordinator.clone(), rules };
        spawn(recovery.clone().watch());
        let answer = move |_, request| {
            let (mesh, recovery) = (mesh.clone(), recovery.clone());
            async move {
                match request {
                    Request::Stand(txn) => Reply::Stands(recovery.stands(&txn)),
                    request => mesh.answer(request).await,
                }
            }
        };
        let serving = peers::serve(&node, answer);
        let answering = http::serve(&node.net, api::router(coordinator));
        fail_stop.guard(async { try_join(serving, answering).await.map(|_| ()) }).await
    })
}

//! `quorum`: every link is a register that all nodes replicate, and any majority can serve.
//!
//! Two majorities share a node, so a read that asks a majority meets the last write that reached one. Source: Attiya,
//! Bar-Noy and Dolev, "Sharing memory robustly in message-passing systems" (1995); with several writers, Lynch and
//! Shvartsman, "Robust emulation of shared memory using dynamic quorum-acknowledged broadcasts" (1997).
//!
//! | part | what it is |
//! |---|---|
//! | `version` | a value with its version, and who makes versions |
//! | `replica` | what one node holds of every link, durably |
//! | `coordinator` | asks all replicas and awaits enough of them |
//! | `register` | the algorithm: read and write in two phases each |
//! | `hints` | for the sloppy variant: what a node keeps for others that it can't reach |
//!
//! A register has no consensus: nobody can claim, compare or delete here. A create is offered, because creates of one code
//! carry the same url and have the lowest version that a link can have: repeated and overtaken ones change nothing. Two
//! *different* urls with one code are refused one after the other; created at the same moment both may be acknowledged,
//! and one of them wins. Redirects are not counted: an increment needs more than a register.

mod coordinator;
mod hints;
mod register;
mod replica;
mod version;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{Answer, Links, Target, Unavailable, api};
use crate::http;
use crate::node::{Node, NodeFuture};
use crate::peers::{self, Peers};
use crate::story::{Failure, Story};
use crate::system::{Claim, Level, MINIMUM, Offer, System};
use coordinator::{Coordinator, TooFew};
use hints::Hints;
use register::Register;
use replica::{Record, Replica};
use version::{Source, Versioned, Writer};

/// What a system has to live with, but clocks that are wrong.
const CLOCKS_RIGHT: &[&str] = &[
    "none",
    "partition",
    "one-way",
    "flapping",
    "crash",
    "power-loss",
    "pause",
    "slow",
    "loss",
    "duplication",
    "reordering",
    "corruption",
];

const WEAKENED: &[Claim] = &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: true }];

/// The system: linearizable, for links that are read and blindly re-targeted.
pub const QUORUM: System = System {
    name: "quorum",
    about: "link shortener, every link a register on all nodes; reads and writes ask a majority (ABD)",
    gives_up: "the minority side is unavailable; no alias, compare-and-set, deletion or counts: they need consensus",
    source: "Attiya, Bar-Noy, Dolev 1995; Lynch, Shvartsman 1997",
    offers: &[Offer::Links, Offer::Retarget],
    redis: None,
    claims: &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "Every node keeps a copy of every link with a version. A write asks a majority for the highest version, then stores a higher one on a majority; a read asks a majority and answers the highest, after storing it on a majority again. Any two majorities share a node, so that whatever was acknowledged is found.",
        failures: &[],
    },
    start: |node| start(node, ABD),
};

/// Weakened: a read that met a write under way answers it, and the next read may still miss it.
pub const QUORUM_NO_WRITE_BACK: System = System {
    name: "quorum-no-write-back",
    about: "the same, but a read does not write back what it answers",
    gives_up: "after a read of the new target, another may still show the old: regular, not linearizable",
    source: "Lamport 1986, \"On interprocess communication\" (regular registers)",
    claims: WEAKENED,
    story: Story {
        mechanism: "Every node keeps a copy of every link with a version. A write asks a majority for the highest version, then stores a higher one on a majority; a read asks a majority and answers the highest, without making sure that the next read finds it too.",
        failures: &[Failure {
            anomalies: &["stale-read", "non-linearizable"],
            steps: &[
                "A write stores its version on one replica, and is still under way, or is given up.",
                "A read asks a majority that holds this replica, and answers the new target.",
                "A later read asks another majority, which the write has not reached, and answers the old one.",
            ],
            remedy: "To store what a read answers on a majority before it is answered.",
            variant: Some("quorum"),
            cost: "A second round trip for reads that meet a write under way.",
        }],
    },
    start: |node| start(node, Variant { write_back: false, ..ABD }),
    ..QUORUM
};

/// Weakened: the replicas that a read asks need not have seen the last write.
pub const QUORUM_WEAK: System = System {
    name: "quorum-weak",
    about: "the same, but one replica is enough for a read or a write (R + W ≤ N)",
    gives_up: "recency: a read may miss any number of acknowledged writes",
    source: "DeCandia et al. 2007 (Dynamo), section 4.5",
    claims: WEAKENED,
    story: Story {
        mechanism: "Every node keeps a copy of every link with a version, and a read or a write is done when one replica has answered.",
        failures: &[Failure {
            anomalies: &["stale-read", "non-linearizable"],
            steps: &[
                "A write is acknowledged as soon as one replica has stored it.",
                "The others have not heard of it: the messages to them are under way, or lost in a cut.",
                "A read is answered by one of these, with the target from before the write.",
            ],
            remedy: "To let the reads and the writes of any link share a replica (R + W > N).",
            variant: Some("quorum"),
            cost: "An answer takes as long as the slowest node of the fastest majority, and a minority can't answer.",
        }],
    },
    start: |node| start(node, Variant { reads: |_| 1, writes: |_| 1, ..ABD }),
    ..QUORUM
};

/// Weakened when clocks are wrong: the last writer by the wall clock wins, whoever it was.
pub const QUORUM_LWW: System = System {
    name: "quorum-lww",
    about: "the same, but versions are times of each node's wall clock: the last writer wins",
    gives_up: "acknowledged updates of a node whose clock is behind",
    source: "Kingsbury 2013, \"Call me maybe: Riak\" and \"Cassandra\"",
    claims: &[
        Claim { level: Level::Linearizable, under: CLOCKS_RIGHT, weakened: false },
        Claim { level: Level::Linearizable, under: MINIMUM, weakened: true },
    ],
    story: Story {
        mechanism: "Every node keeps a copy of every link with the time of its write, by the clock of the node that wrote it. The latest time wins.",
        failures: &[Failure {
            anomalies: &["stale-read", "lost", "non-linearizable"],
            steps: &[
                "The clock of one node is ahead, and it writes a link: the copy carries a time that has not come yet.",
                "Another node writes the link later, with the right, lower time.",
                "Every replica keeps the copy with the higher time: the later write is acknowledged, and gone.",
            ],
            remedy: "To take versions from a counter that is read from a majority first.",
            variant: Some("quorum"),
            cost: "One more round trip for each write.",
        }],
    },
    start: |node| start(node, Variant { versions: Source::WallClock, ..ABD }),
    ..QUORUM
};

/// Always writable: nodes stand in for others that they can't reach. Weakened as soon as anybody does.
pub const QUORUM_SLOPPY: System = System {
    name: "quorum-sloppy",
    about: "the same, but a node stands in for those that it can't reach, and hands off what it kept for them",
    gives_up: "recency during a cut, and of re-targets on its two sides one is lost; creates are not",
    source: "DeCandia et al. 2007 (Dynamo), section 4.6; the stand-in is the coordinator, as in Cassandra",
    claims: SLOPPY_CLAIMS,
    story: Story {
        mechanism: "As the quorum, but a node that can't reach a replica keeps its copy for it, counts that as stored, and hands it over when the replica is back.",
        failures: &[Failure {
            anomalies: &["stale-read", "non-linearizable", "lost"],
            steps: &[
                "The network is cut; nodes on each side stand in for those on the other.",
                "A write on one side is acknowledged, though no node of the other side has it.",
                "A read on the other side is answered, too, from copies that the write never reached.",
            ],
            remedy: "To count only the replicas themselves, and to refuse what a majority can't confirm.",
            variant: Some("quorum"),
            cost: "The minority side can't answer during a cut.",
        }],
    },
    start: |node| start(node, Variant { sloppy: true, ..ABD }),
    ..QUORUM
};

/// Both: what Riak did when `allow_mult` was off.
pub const QUORUM_SLOPPY_LWW: System = System {
    name: "quorum-sloppy-lww",
    about: "quorum-sloppy with versions by each node's wall clock",
    gives_up: "recency during a cut, and the re-targets of all sides but the one that wrote last",
    source: "Kingsbury 2013, \"Call me maybe: Riak\"",
    start: |node| start(node, Variant { sloppy: true, versions: Source::WallClock, ..ABD }),
    ..QUORUM_SLOPPY
};

const SLOPPY_CLAIMS: &[Claim] = &[
    Claim { level: Level::Linearizable, under: &["none"], weakened: false },
    Claim { level: Level::Linearizable, under: &["partition"], weakened: true },
    Claim { level: Level::Eventual, under: MINIMUM, weakened: false },
];

/// What sets one variant apart from another.
#[derive(Clone, Copy, Debug)]
struct Variant {
    /// How many of n replicas a read, or the first phase of a write, awaits.
    reads: fn(usize) -> usize,
    /// How many of n replicas a write awaits.
    writes: fn(usize) -> usize,
    /// Whether a read makes sure that the next one sees no less.
    write_back: bool,
    /// Where versions come from.
    versions: Source,
    /// Whether a node stands in for replicas that it can't reach.
    sloppy: bool,
}

/// The algorithm as published.
const ABD: Variant =
    Variant { reads: majority, writes: majority, write_back: true, versions: Source::Counter, sloppy: false };

fn majority(nodes: usize) -> usize {
    nodes / 2 + 1
}

/// What a replica is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Request {
    /// What do you hold of this link?
    Query(String),
    /// Hold these, unless you hold newer ones.
    Store(Vec<Record>),
}

/// What a replica replies.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Reply {
    /// What it holds.
    Held(Option<Versioned>),
    /// Each link is held in that version or a newer one, durably.
    Stored,
    /// Its disk refused.
    Failed,
}

fn start(node: Node, variant: Variant) -> NodeFuture {
    Box::pin(async move {
        let writer = Writer::begin_life(&node, variant.versions).await?;
        let replica = Replica::open(&node.disk)?;
        let hints = if variant.sloppy { Some(Hints::open(&node, &replica)?) } else { None };
        let coordinator = Coordinator::new(&node, Peers::of(&node), replica.clone(), hints);
        coordinator.hand_off_for_ever();
        let serving = peers::serve(&node, move |_, request| {
            let replica = replica.clone();
            async move { replica.answer(request).await }
        });
        let links = Register::new(coordinator, writer, variant);
        futures::future::try_join(serving, http::serve(&node.net, api::router(links))).await?;
        Ok(())
    })
}

impl Links for Register {
    async fn create(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        match self.read(code).await.map_err(no_effect)? {
            Some(current) if current.url == url => Ok(Answer::Done),
            Some(current) => Ok(Answer::Refused(Some(current.url))),
            None => self.write(code, url, None).await.map(|()| Answer::Done).map_err(may_take_effect),
        }
    }

    async fn follow(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        let held = self.read(code).await.map_err(no_effect)?;
        Ok(held.map(|held| held.url.into()))
    }

    async fn retarget(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        let Some(seen) = self.query(code).await.map_err(no_effect)?.highest else { return Ok(Answer::Absent) };
        self.write(code, url, Some(&seen.version)).await.map(|()| Answer::Done).map_err(may_take_effect)
    }
}

/// A quorum that was refused before anything new was stored. What a read writes back was written by somebody else.
fn no_effect(refused: TooFew) -> Unavailable {
    Unavailable::NoEffect(refused.to_string())
}

/// A value that reached some replicas, or may reach them yet: whoever meets it will write it back.
fn may_take_effect(refused: TooFew) -> Unavailable {
    Unavailable::MayTakeEffect(refused.to_string())
}

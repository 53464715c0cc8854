//! `leader`: one node leads, by a lease, and does a job that only one may do; whoever is asked takes the request to it.
//!
//! The job numbers what it is asked for: each act loads the last number from its storage, adds to it, and stores that, as
//! Kleppmann's client reads a file, changes it and writes it back. The storage is every node's disk; a majority decides.
//!
//! A lease keeps two leaders apart only while nobody stands still and all clocks go at one speed. So a lease has a
//! *fencing token*, and the storage refuses a token that is older than one that it has seen: a leader that does not know
//! that it was deposed can't act. Sources: Gray and Cheriton, "Leases", SOSP 1989; Burrows, "The Chubby lock service",
//! OSDI 2006, section 2.4 (sequencers); Kleppmann, "How to do distributed locking", 2016. Token, promise and majority are
//! the ballot, the first phase and the quorum of Lamport's "Paxos made simple", 2001.
//!
//! | part | what it is |
//! |---|---|
//! | `voter` | what one node promised, and its copy of the job's state, durably |
//! | `quorum` | asks all voters and awaits a majority |
//! | `supervisor` | stands for the lease, renews it, has the job done while it lasts |
//! | `job` | an act of the job |
//! | [`api`], [`client`] | the HTTP interface, and the client for it |
//! | [`weakened`] | variants that leave a rule out |

pub mod api;
pub mod client;
mod job;
mod quorum;
mod supervisor;
mod voter;
pub mod weakened;

use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::http;
use crate::node::{Node, NodeFuture, spawn};
use crate::peers::{self, Peers};
use crate::story::Story;
use crate::system::{Claim, Level, MINIMUM, Offer, System};
use job::Desk;
use quorum::Quorum;
use supervisor::Supervisor;
use voter::{Checkpoint, Voter};

/// The system: never two leaders that both act.
pub const LEADER: System = System {
    name: "leader",
    about: "one leader with a lease does a job that only one may do; fencing tokens keep deposed leaders out",
    gives_up: "the job stands still where no majority is, and for a lease when its leader dies",
    source: "Gray & Cheriton 1989, leases; Burrows 2006, sequencers; Kleppmann 2016, fencing tokens",
    offers: &[Offer::Job],
    redis: None,
    leads: true,
    claims: &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "A node that gets a lease from a majority leads until the lease ends, under a token that is higher than any before. It loads the job's last number from a majority and stores the next on a majority; a node that has promised a higher token refuses both.",
        failures: &[],
    },
    start: |node| start(node, RULES),
};

/// How long a lease lasts.
const LEASE: Duration = Duration::from_millis(800);

/// The rules that a node keeps to.
#[derive(Clone, Copy, Debug)]
struct Rules {
    /// Whether the storage refuses a token that is older than one that it has seen.
    fences: bool,
    /// What measures a lease.
    timer: Timer,
    /// Whether a voter that is started again knows which tokens it has promised.
    remembers: bool,
}

/// All of them.
const RULES: Rules = Rules { fences: true, timer: Timer::Monotonic, remembers: true };

/// What measures a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    /// A clock that nobody sets.
    Monotonic,
    /// A clock that can be set.
    WallClock,
}

/// The time by which a node measures leases; clones are the same.
#[derive(Clone, Debug)]
enum Watch {
    Since(Instant),
    WallClock(Clock),
}

impl Watch {
    fn now(&self) -> Duration {
        match self {
            Watch::Since(started) => started.elapsed(),
            Watch::WallClock(clock) => clock.now(),
        }
    }
}

/// What nodes ask one another.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Request {
    /// May I lead with this token?
    Lease { token: u64 },
    /// May I go on leading?
    Renew { token: u64 },
    /// I did not get a majority: your vote is another's to have.
    Release { token: u64 },
    /// What does the storage hold?
    Load { token: u64 },
    /// Let the storage hold this.
    Store(Checkpoint),
    /// You lead, they say: act for a client of mine.
    Act,
}

/// What they answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Reply {
    Granted,
    Loaded(Checkpoint),
    Stored,
    /// No: the lease is another's, or the token is older than this one.
    Refused {
        promised: u64,
    },
    /// The disk failed.
    Failed,
    Acted(Act),
    /// Nothing was done, for this reason.
    NotActed(String),
}

/// What came of an act of the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The token of the leader that acted.
    pub token: u64,
    /// Its name.
    pub by: Arc<str>,
    /// The number that it gave out.
    pub number: u64,
}

fn start(node: Node, rules: Rules) -> NodeFuture {
    Box::pin(async move {
        let watch = match rules.timer {
            Timer::Monotonic => Watch::Since(Instant::now()),
            Timer::WallClock => Watch::WallClock(node.clock.clone()),
        };
        let voter = Voter::open(&node.disk, watch.clone(), rules)?;
        let quorum = Quorum::new(&node, Peers::of(&node), voter.clone());
        let (desk, door) = Desk::new(quorum.clone());
        spawn(Supervisor::new(&node, quorum, watch).supervise(door));
        let answering = desk.clone();
        let answer = move |from: Arc<str>, request: Request| {
            let (voter, desk) = (voter.clone(), answering.clone());
            async move {
                match request {
                    Request::Act => desk.act().await.map_or_else(Reply::NotActed, Reply::Acted),
                    request => voter.answer(&from, &request).await,
                }
            }
        };
        try_join(peers::serve(&node, answer), http::serve(&node.net, api::router(desk))).await.map(|_| ())
    })
}

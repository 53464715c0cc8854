//! `redis-failover`: a primary Redis with asynchronous replicas, and sentinels that promote a replica when the primary is
//! gone. `redis-wait`: the same, but a write is acknowledged only when a majority of the nodes has it.
//!
//! Every node runs a Redis, a sentinel, and the HTTP front, which sends each operation to whom it believes primary. The
//! primary's log of writes goes to the replicas behind the acknowledgements. Sentinels that don't hear from the primary for
//! a second agree by majority that it is down, elect one of them in a new epoch, and that one promotes the replica with the
//! longest log. A node that learns of a higher epoch follows its primary, and a log that parted from the primary's is thrown
//! away whole: that is where acknowledged writes go. Source: the Redis documentation, "Replication", "WAIT" and "High
//! availability with Redis Sentinel"; what becomes of it: Kingsbury 2013, "Call me maybe: Redis" and "Redis redux".
//!
//! | part | what it is |
//! |---|---|
//! | `operation` | what a front asks of the primary, executed as one by its engine |
//! | `store` | a Redis with the log of its writes on the node's disk |
//! | `server` | a node's Redis, and whom it follows |
//! | `primary` | executes, replicates, waits for acknowledgements |
//! | `replica` | takes the primary's log |
//! | `sentinel` | monitors, votes, promotes |
//! | `front` | the link shortener over whoever is believed primary |

mod front;
mod operation;
mod primary;
mod replica;
mod sentinel;
mod server;
mod store;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::api;
use crate::http;
use crate::node::{Node, NodeFuture, spawn};
use crate::peers::{self, Peers};
use crate::story::{Failure, LOST_WRITES, Story};
use crate::system::{Claim, Level, MINIMUM, Offer, System};
use front::Front;
use operation::{Operation, Outcome};
use sentinel::Sentinel;
use server::Server;
use store::{End, Entry};

/// Until a failover it is one Redis; claimed beyond that, it is caught.
const CLAIMS: &[Claim] = &[
    Claim { level: Level::Linearizable, under: &["none", "skew"], weakened: false },
    Claim { level: Level::Linearizable, under: MINIMUM, weakened: true },
];

/// The system: linearizable while no failover happens.
pub const REDIS_FAILOVER: System = System {
    name: "redis-failover",
    about: "link shortener, a Redis on every node: one primary, asynchronous replicas, and sentinels that promote one",
    gives_up: "acknowledged writes at a failover: those that the promoted replica had not received",
    source: "Redis documentation, \"Sentinel\"; Kingsbury 2013, \"Call me maybe: Redis\"",
    offers: &[Offer::Links, Offer::Retarget, Offer::Claim, Offer::CompareAndSet, Offer::Delete, Offer::Count],
    redis: None,
    leads: true,
    claims: CLAIMS,
    story: Story {
        mechanism: "One primary executes every operation and acknowledges it at once; its log goes to the replicas behind \
                    the acknowledgement. Sentinels that agree by majority that the primary is down promote a replica in a \
                    new epoch.",
        failures: &[Failure {
            anomalies: LOST_WRITES,
            steps: &[
                "The primary is cut off from a majority of the nodes, and goes on to acknowledge what clients on its side write.",
                "The majority agrees that the primary is down, and promotes a replica: now there are two primaries.",
                "The cut heals, and the old primary learns of the higher epoch.",
                "It becomes a replica: its log parted from the new primary's, so it takes that one whole and drops its own.",
                "Every write that only it acknowledged is gone.",
            ],
            remedy: "To acknowledge no write before a majority has it (WAIT).",
            variant: Some("redis-wait"),
            cost: "A round trip to a majority for every write, and no writes on the minority side. It loses fewer, not none.",
        }],
    },
    start: |node| start(node, Variant { waits: false, contests: false }),
};

/// Weakened: a write waits for a majority, but what a majority does not have is executed all the same, and shown.
pub const REDIS_WAIT: System = System {
    name: "redis-wait",
    about: "`redis-failover` with WAIT: a write is acknowledged when a majority has it",
    gives_up: "a write that no majority has is not undone: it is shown, and a failover may keep or drop it",
    source: "Redis documentation, \"WAIT\"; Kingsbury 2013, \"Redis redux\"",
    story: Story {
        mechanism: "One primary executes every operation at once, sends its log to the replicas, and acknowledges a write when \
                    a majority of the nodes has it. Sentinels promote the replica with the longest log.",
        failures: &[Failure {
            anomalies: LOST_WRITES,
            steps: &[
                "The primary is cut off from a majority. It executes a write, counts too few acknowledgements, and says that \
                 nobody knows; but the write stays in its data.",
                "Who is refused on its side because of this write is shown it at once: a refusal writes nothing, so nothing \
                 is waited for.",
                "The majority promotes a replica without the write, and it is dropped at the heal.",
            ],
            remedy: "To execute nothing before a majority has it in its log, and to let every answer wait for that (Raft).",
            variant: Some("raft"),
            cost: "A round trip to a majority for every operation, reads included.",
        }],
    },
    start: |node| start(node, Variant { waits: true, contests: false }),
    ..REDIS_FAILOVER
};

/// Weakened: an old primary full of writes that no majority has can win at the heal.
pub const REDIS_WAIT_LONGEST: System = System {
    name: "redis-wait-longest",
    about: "`redis-wait`, but where two primaries meet the one with the longer log wins, whatever its epoch",
    gives_up: "everything that the promoted primary acknowledged, when the deposed one has written more",
    story: Story {
        mechanism: "One primary executes every operation at once, sends its log to the replicas, and acknowledges a write when \
                    a majority of the nodes has it. Who has the longest log is elected, and primaries that meet after a cut \
                    are measured by that too.",
        failures: &[Failure {
            anomalies: LOST_WRITES,
            steps: &[
                "The primary is cut off from a majority. It executes what clients on its side write, acknowledges none of it, \
                 and keeps all of it.",
                "The majority promotes a replica, which acknowledges writes that a majority has.",
                "The cut heals, and the two primaries meet. A log's length says how much was executed, not how much was \
                 acknowledged: the old primary's is longer.",
                "The old primary wins. Every write that was acknowledged during the cut is dropped, and the writes that \
                 failed are kept in their place.",
            ],
            remedy: "To compare first the epoch in which a log was last written to, and its length only then (Raft).",
            variant: Some("raft"),
            cost: "The writes that failed during the cut are dropped, as they should be.",
        }],
    },
    start: |node| start(node, Variant { waits: true, contests: true }),
    ..REDIS_WAIT
};

/// What distinguishes the systems.
#[derive(Clone, Copy, Debug)]
struct Variant {
    /// A write is acknowledged only when a majority of the nodes has it.
    waits: bool,
    /// A primary that meets one of a higher epoch gives way only if its log is not the longer one.
    contests: bool,
}

/// How long one node waits for another.
const DEADLINE: Duration = Duration::from_millis(300);

/// Who is primary, and since which epoch. A higher epoch takes the place of a lower one; an epoch has one primary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reign {
    epoch: u64,
    primary: Arc<str>,
    /// Two primaries met, and this one won: nobody contests it again.
    settled: bool,
}

/// What nodes ask of each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Request {
    /// A front to the primary.
    Execute(Operation),
    /// A primary to a replica.
    Replicate(Excerpt),
    /// A sentinel to another node: are you there, and where does your log end?
    Hello(Reign),
    /// A sentinel to another: is the primary of this reign down for you too?
    IsDown(Reign),
    /// A sentinel to another: may I decide in this epoch?
    Vote(u64),
    /// The elected sentinel to a replica: you are the primary.
    Promote(Reign),
}

/// A piece of the primary's log, for a replica whose log ends at `onto`; the whole of it, for any replica, if that is
/// `None`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Excerpt {
    reign: Reign,
    onto: Option<End>,
    entries: Vec<Entry>,
}

/// What nodes reply.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Reply {
    /// The primary executed it.
    Executed(Outcome),
    /// It was not executed, because this node is not the primary: that one is, it believes.
    NotPrimary(Arc<str>),
    /// It was executed, and nobody knows whether it will last.
    Uncertain(String),
    /// Whom this node follows, and where its log ends.
    At(Reign, End),
    /// Yes or no.
    Agreed(bool),
}

fn start(node: Node, variant: Variant) -> NodeFuture {
    Box::pin(async move {
        let server = Server::load(&node, variant).await?;
        let peers: Peers<Request, Reply> = Peers::of(&node);
        let sentinel = Sentinel::new(&node, server.clone(), peers.clone());
        server.replicate(&peers);
        sentinel.monitor();
        let (here, asked) = (node.clone(), (server.clone(), sentinel));
        spawn(async move {
            let serve = move |_, request| {
                let (server, sentinel) = asked.clone();
                async move { answer(&server, &sentinel, request).await }
            };
            if let Err(error) = peers::serve(&here, serve).await {
                tracing::error!("no links from peers: {error}");
            }
        });
        http::serve(&node.net, api::router(Front::new(server, peers))).await
    })
}

async fn answer(server: &Server, sentinel: &Sentinel, request: Request) -> Reply {
    match request {
        Request::Execute(operation) => server.execute(&operation).await,
        Request::Replicate(excerpt) => server.take(excerpt).await,
        Request::Hello(reign) => {
            server.learn(reign);
            server.whereabouts()
        }
        Request::Promote(reign) => {
            server.follow(reign);
            server.whereabouts()
        }
        Request::IsDown(reign) => Reply::Agreed(sentinel.finds_down(&reign)),
        Request::Vote(epoch) => Reply::Agreed(sentinel.vote(epoch)),
    }
}

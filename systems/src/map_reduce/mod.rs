//! `map-reduce`: counts the words of a text that is cut into chunks, with workers that crash and messages that come twice.
//!
//! A job's *coordinator* gives each chunk to a worker, and again to another until it is done. A *worker* maps its chunk: it
//! counts the words, and delivers each reducer its share, again until that is acknowledged. A *reducer* keeps what it was
//! delivered by the chunk's number, so that it counts once however often it comes; what it held is gone when it crashes, and
//! then the chunks are mapped again. Source: Dean and Ghemawat, OSDI 2004, sections 3.1 and 3.3.
//!
//! | part | what it is |
//! |---|---|
//! | `words` | cutting, counting, and which reducer counts a word |
//! | `reducer` | what was delivered to this node, by job and chunk |
//! | `worker` | maps a chunk, and delivers |
//! | `coordinator` | this node's jobs, durably, until each is done |
//! | [`api`], [`client`] | the HTTP interface, and the client for it |

pub mod api;
pub mod client;
mod coordinator;
mod reducer;
mod words;
mod worker;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join;
use serde::{Deserialize, Serialize};

use crate::call::CallError;
use crate::http;
use crate::node::{Node, NodeFuture, spawn};
use crate::peers::{self, Peers};
use crate::story::{Failure, Story};
use crate::system::{Claim, Level, MINIMUM, Offer, System};
use coordinator::{Coordinator, State};
use reducer::{Keyed, Reducer};
pub use words::Counts;

/// The system: every count is exact.
pub const MAP_REDUCE: System = System {
    name: "map-reduce",
    about: "counts the words of texts in chunks, at least once each; reducers count by the chunk's number",
    gives_up: "time: a job waits for its coordinator and for every reducer to be up",
    source: "Dean & Ghemawat 2004, \"MapReduce: simplified data processing on large clusters\"",
    offers: &[Offer::WordCounts],
    redis: None,
    leads: false,
    claims: &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "A job's coordinator has it on disk, has every chunk mapped until each reducer holds it, and then adds up. Workers deliver what they counted until it is acknowledged; a reducer keeps one delivery of each chunk.",
        failures: &[],
    },
    start: |node| start(node, Keyed::ByChunk),
};

/// Weakened: a reducer adds up whatever it is delivered.
pub const MAP_REDUCE_NO_IDS: System = System {
    name: "map-reduce-no-ids",
    about: "the same, but reducers add up whatever is delivered, and count the deliveries",
    gives_up: "exactness: what is delivered twice counts twice",
    claims: &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: true }],
    story: Story {
        mechanism: "Workers deliver what they counted until it is acknowledged; a reducer adds it up, and has all when it has been delivered as often as there are chunks.",
        failures: &[Failure {
            anomalies: &["double-counted", "under-counted"],
            steps: &[
                "A worker delivers the counts of a chunk, and the reducer adds them up.",
                "The acknowledgement is lost or late, or another worker is given the same chunk; the counts are delivered again.",
                "The reducer can't tell that from another chunk: it adds them up again.",
            ],
            remedy: "To deliver the chunk's number with its counts, and to keep one delivery of each chunk.",
            variant: Some("map-reduce"),
            cost: "A reducer must remember which chunks it has.",
        }],
    },
    start: |node| start(node, Keyed::ByArrival),
    ..MAP_REDUCE
};

/// How long a node may take that another asks.
const DEADLINE: Duration = Duration::from_millis(300);

/// How long a worker may take: it delivers more than once.
const MAPPING: Duration = Duration::from_secs(1);

/// What nodes ask one another.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Request {
    /// Coordinate this job.
    Submit { job: String, text: String },
    /// What became of it?
    Ask { job: String },
    /// Count the words of this chunk, and deliver the counts.
    Map { job: String, chunk: u32, text: String },
    /// So often do your words occur in this chunk.
    Deliver { job: String, chunk: u32, counts: Counts },
    /// What do you hold of this job?
    Collect { job: String },
}

/// What they answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Reply {
    Done,
    State(State),
    /// Of which chunks a reducer holds the counts, and what they come to.
    Held(BTreeSet<u32>, Counts),
    Failed(String),
}

/// A node; clones are the same.
#[derive(Clone, Debug)]
struct Machine {
    me: Arc<str>,
    everyone: Arc<[Arc<str>]>,
    peers: Peers<Request, Reply>,
    reducer: Reducer,
    coordinator: Coordinator,
}

impl Machine {
    /// Asks a node, which may be this one.
    async fn ask(&self, other: &Arc<str>, request: Request, deadline: Duration) -> Result<Reply, CallError> {
        if *other == self.me {
            // A node that gives itself work goes through the same door as its peers.
            return Ok(Box::pin(self.clone().answer(request)).await);
        }
        self.peers.ask(other, request, deadline).await
    }

    async fn answer(self, request: Request) -> Reply {
        match request {
            Request::Submit { job, text } => match self.submit(job, text).await {
                Ok(()) => Reply::Done,
                Err(error) => Reply::Failed(error.to_string()),
            },
            Request::Ask { job } => Reply::State(self.coordinator.state(&job)),
            Request::Map { job, chunk, text } => {
                self.map(job, chunk, &text).await;
                Reply::Done
            }
            Request::Deliver { job, chunk, counts } => {
                self.reducer.deliver(&job, chunk, counts);
                Reply::Done
            }
            Request::Collect { job } => {
                let (chunks, counts) = self.reducer.held(&job);
                Reply::Held(chunks, counts)
            }
        }
    }

    /// The node that coordinates a job.
    fn home(&self, job: &str) -> &Arc<str> {
        &self.everyone[crc32fast::hash(job.as_bytes()) as usize % self.everyone.len()]
    }
}

fn start(node: Node, keyed: Keyed) -> NodeFuture {
    Box::pin(async move {
        let (coordinator, unfinished) = Coordinator::open(&node.disk)?;
        let machine = Machine {
            me: node.id.clone(),
            everyone: node.everyone().into(),
            peers: Peers::of(&node),
            reducer: Reducer::new(keyed),
            coordinator,
        };
        for (job, text) in unfinished {
            spawn(machine.clone().complete(job, text));
        }
        let serving = machine.clone();
        let answer = move |_, request| serving.clone().answer(request);
        try_join(peers::serve(&node, answer), http::serve(&node.net, api::router(machine))).await.map(|_| ())
    })
}

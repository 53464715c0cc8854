//! `ping-pong`: every node counts its own pings and tells everybody the count; every node knows the latest count of each.
//!
//! A *producer* sends absolute counts, so that a message that is lost, doubled or late does no harm once a later one has
//! arrived; a *consumer* keeps the highest count of each producer. Counts are sent again when a node comes up, and a
//! consumer that starts asks every producer. Nobody relays. Source: the first part of a training course on distributed
//! Elixir (SYSTEMS.md, section 1); the counts together are a grow-only counter (Shapiro et al. 2011).
//!
//! | part | what it is |
//! |---|---|
//! | [`api`], [`client`] | the HTTP interface, and the client for it |
//! | `producer`, `consumer` | the two halves of a node |

pub mod api;
pub mod client;
mod consumer;
mod producer;

use std::sync::Arc;

use futures::future::try_join;
use rand::Rng;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::http;
use crate::membership::{Beat, DEADLINE, Event, Members};
use crate::node::{Node, NodeError, NodeFuture, spawn};
use crate::peers::{self, Peers};
use crate::story::{Failure, Story};
use crate::system::{Claim, Level, MINIMUM, Offer, System};
use consumer::Consumer;
use producer::Producer;

/// The system: a producer's count is durable, a consumer that crashed asks again.
pub const PING_PONG: System = System {
    name: "ping-pong",
    about: "every node counts its pings and broadcasts the count; consumers add up",
    gives_up: "recency: a consumer that is cut off shows old counts",
    source: "training course on distributed Elixir, part 1; Shapiro et al. 2011, grow-only counter",
    offers: &[Offer::Pings],
    redis: None,
    leads: false,
    claims: &[Claim { level: Level::Eventual, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "A node's producer counts its pings on disk and broadcasts the count, not the ping; a consumer keeps the highest count of each producer, asks all when it starts, and is told again when a node comes up.",
        failures: &[],
    },
    start: |node| start(node, Durable { producer: true, consumer: false }),
};

/// The same with consumers that keep their counts on disk.
pub const PING_PONG_DURABLE: System = System {
    name: "ping-pong-durable",
    about: "`ping-pong` with consumers that keep their counts on disk",
    start: |node| start(node, Durable { producer: true, consumer: true }),
    ..PING_PONG
};

/// Weakened: a producer that crashes counts from zero, and what it counts then is hidden behind its old count.
pub const PING_PONG_VOLATILE: System = System {
    name: "ping-pong-volatile",
    about: "`ping-pong` with producers that keep their counts in memory only",
    gives_up: "the pings of a producer that crashed",
    claims: &[Claim { level: Level::Eventual, under: MINIMUM, weakened: true }],
    story: Story {
        mechanism: "A node's producer counts its pings in memory and broadcasts the count; a consumer keeps the highest count of each producer.",
        failures: &[Failure {
            anomalies: &["below-lower-bound", "went-back"],
            steps: &[
                "A producer has sent some pings, and consumers show its count.",
                "It crashes, and starts to count from zero.",
                "Its new counts are lower than the old one, which consumers keep: the new pings are never counted.",
            ],
            remedy: "To keep the producer's count on disk.",
            variant: Some("ping-pong"),
            cost: "A sync of the disk for every ping.",
        }],
    },
    start: |node| start(node, Durable { producer: false, consumer: false }),
    ..PING_PONG
};

/// What survives a crash.
#[derive(Clone, Copy, Debug)]
struct Durable {
    producer: bool,
    consumer: bool,
}

/// What nodes ask one another.
#[derive(Debug, Serialize, Deserialize)]
enum Question {
    /// Are you there?
    Beat(Beat),
    /// My producer has sent so many pings.
    Count(u64),
    /// How many pings has your producer sent?
    AskCount,
    /// What is your consumer's total?
    AskTotal,
}

/// What they answer.
#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    Beat(Beat),
    Noted,
    Refused,
    Number(u64),
}

/// A node: its two halves and whom it knows.
#[derive(Clone, Debug)]
struct Pinger {
    me: Arc<str>,
    producer: Producer,
    consumer: Consumer,
    members: Members,
    peers: Peers<Question, Reply>,
}

fn start(mut node: Node, durable: Durable) -> NodeFuture {
    Box::pin(async move {
        let seed = node.everyone().swap_remove(0);
        let (members, events) = Members::new(node.id.clone(), node.rng.random(), seed);
        let pinger = Pinger {
            me: node.id.clone(),
            producer: Producer::open(&node.disk, durable.producer)?,
            consumer: Consumer::open(&node.disk, durable.consumer)?,
            members,
            peers: Peers::of(&node),
        };
        // Its own producer is one of those that a consumer asks when it starts.
        pinger.consumer.note(&pinger.me, pinger.producer.count()).await?;
        let beat = |reply| if let Reply::Beat(beat) = reply { Some(beat) } else { None };
        spawn(pinger.members.clone().watch_through(pinger.peers.clone(), Question::Beat, beat));
        spawn(pinger.clone().monitor(events));
        try_join(pinger.clone().serve(&node), http::serve(&node.net, api::router(pinger))).await.map(|_| ())
    })
}

impl Pinger {
    /// Answers the peers.
    async fn serve(self, node: &Node) -> Result<(), NodeError> {
        let answer = move |from: Arc<str>, question: Question| {
            let pinger = self.clone();
            async move {
                match question {
                    Question::Beat(beat) => Reply::Beat(pinger.members.heard(from, beat)),
                    Question::Count(count) => match pinger.consumer.note(&from, count).await {
                        Ok(()) => Reply::Noted,
                        Err(_) => Reply::Refused,
                    },
                    Question::AskCount => Reply::Number(pinger.producer.count()),
                    Question::AskTotal => Reply::Number(pinger.consumer.total()),
                }
            }
        };
        peers::serve(node, answer).await
    }

    /// Whoever comes up is told this node's count, and asked for its own.
    async fn monitor(self, mut events: mpsc::UnboundedReceiver<Event>) {
        while let Some(event) = events.recv().await {
            if let Event::Up(other) = event {
                spawn(self.clone().tell(other.clone()));
                spawn(self.clone().learn(other));
            }
        }
    }

    /// Sends this producer's count to `other` until it is noted or the node is down; then its return is an event.
    async fn tell(self, other: Arc<str>) {
        if !self.producer.begin_telling(&other) {
            return;
        }
        while self.members.is_up(&other) {
            let count = self.producer.count();
            let noted = self.peers.ask(&other, Question::Count(count), DEADLINE).await;
            match noted {
                Ok(Reply::Noted) if self.producer.count() == count => break,
                Ok(_) => {}
                Err(_) => tokio::time::sleep(DEADLINE / 3).await,
            }
        }
        self.producer.end_telling(&other);
    }

    /// Asks the producer of `other` for its count until it answers or the node is down.
    async fn learn(self, other: Arc<str>) {
        while self.members.is_up(&other) {
            if let Ok(Reply::Number(count)) = self.peers.ask(&other, Question::AskCount, DEADLINE).await {
                if let Err(error) = self.consumer.note(&other, count).await {
                    tracing::warn!("{}: the count of {other} is not noted: {error}", self.me);
                }
                return;
            }
            tokio::time::sleep(DEADLINE / 3).await;
        }
    }
}

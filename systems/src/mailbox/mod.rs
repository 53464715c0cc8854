//! `mailbox`: messages between nodes with what a plain link promises, and no more.
//!
//! Messages of one node to another arrive in the order in which they were sent. They may not arrive at all, or twice, and
//! nothing is promised of messages of different pairs. Sources: the guarantees of signals between two Erlang processes
//! (Erlang reference manual, processes, "delivery of signals"); FIFO channels, Lamport 1978; PRAM, Lipton and Sandberg 1988.
//!
//! | part | what it is |
//! |---|---|
//! | `lane` | the way from this node to one other |
//! | `letters` | what has arrived |
//! | [`api`], [`client`] | the HTTP interface, and the client for it |

pub mod api;
pub mod client;
mod lane;
mod letters;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::try_join;
use serde::{Deserialize, Serialize};

use crate::http;
use crate::journal::Journal;
use crate::node::{Node, NodeFuture};
use crate::peers::{self, Peers};
use crate::story::{Failure, Story};
use crate::system::{Claim, Level, Offer, System, minimum_without};
use lane::{Delivery, Lane};
pub use letters::Letter;
use letters::Letters;

/// Everything but messages that are overtaken.
const IN_ORDER: &[&str] = &minimum_without("reordering");

/// The system: what a node sends to another arrives in order, if it arrives.
pub const MAILBOX: System = System {
    name: "mailbox",
    about: "messages from node to node over a plain link: in order for each pair, perhaps lost, perhaps twice",
    gives_up: "delivery: what is sent while a link is down is lost; order, if the network lets messages overtake others",
    source: "Erlang reference manual, delivery of signals; Lipton & Sandberg 1988, PRAM",
    offers: &[Offer::Mail],
    redis: None,
    leads: false,
    claims: &[Claim { level: Level::Fifo, under: IN_ORDER, weakened: false }],
    story: Story {
        mechanism: "A node hands each message to its link, which is a connection that is opened again when it breaks. What comes of an earlier connection when a later one has begun is thrown away.",
        failures: &[Failure {
            anomalies: &["reordered"],
            steps: &[
                "A node sends a message, and then another.",
                "The network lets the second overtake the first.",
                "The receiver takes them as they come.",
            ],
            remedy: "To number the messages, and to let a receiver wait for the number that comes next.",
            variant: None,
            cost: "A message that is lost must be sent again, and all behind it wait.",
        }],
    },
    start: |node| start(node, Delivery::Once),
};

/// Weakened: what was not acknowledged is sent again, and the next does not wait for it.
pub const MAILBOX_RESEND: System = System {
    name: "mailbox-resend",
    about: "the same, but each message is sent again until it is acknowledged, and the next does not wait",
    gives_up: "order, and that a message comes only once: a message that is sent again comes after later ones",
    claims: &[Claim { level: Level::Fifo, under: IN_ORDER, weakened: true }],
    story: Story {
        mechanism: "A node sends each message on its own, and again until the receiver acknowledges it.",
        failures: &[Failure {
            anomalies: &["reordered"],
            steps: &[
                "A node sends a message, and it is lost, or its link breaks.",
                "The next message is sent, and arrives.",
                "The first is sent again, and arrives behind it.",
            ],
            remedy: "To send the next message only when the one before is acknowledged, or to let the receiver put them in order.",
            variant: Some("mailbox"),
            cost: "The variant gives up delivery instead; to have both, messages have to wait for those before them.",
        }],
    },
    start: |node| start(node, Delivery::Resent),
    ..MAILBOX
};

/// What nodes say to one another.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Say {
    /// Are you there?
    Beat,
    /// A message, and over which of the sender's connections it comes, all its lives together.
    Mail { link: Link, letter: String },
}

/// A connection of a sender: in which of its lives, and which one in that. A later one is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Link {
    life: u64,
    number: u64,
}

/// A node; clones are the same.
#[derive(Clone, Debug)]
struct Post {
    me: Arc<str>,
    lanes: Arc<BTreeMap<Arc<str>, Lane>>,
    letters: Letters,
}

fn start(node: Node, delivery: Delivery) -> NodeFuture {
    Box::pin(async move {
        let (journal, lives) = Journal::<u64>::open(&node.disk, "lives")?;
        let life = lives.last().copied().unwrap_or_default() + 1;
        journal.write(&life).await?;
        let peers: Peers<Say, bool> = Peers::of(&node);
        let lane = |peer: &Arc<str>| (peer.clone(), Lane::begin(peers.clone(), peer.clone(), life, delivery));
        let post = Post {
            me: node.id.clone(),
            lanes: Arc::new(node.peers.iter().map(lane).collect()),
            letters: Letters::default(),
        };
        let letters = post.letters.clone();
        let answer = move |from: Arc<str>, say: Say| {
            if let Say::Mail { link, letter } = say {
                letters.arrive(from, link, letter);
            }
            async { true }
        };
        try_join(peers::serve(&node, answer), http::serve(&node.net, api::router(post))).await.map(|_| ())
    })
}

//! Caches in front of one Redis: a copy on every node (`redis-cache`), or one copy at the link's owner (`redis-ring`).
//!
//! | part | what it is |
//! |---|---|
//! | [`store`] | the truth: links in Redis, each with a version that every write raises |
//! | [`cache`] | a node's copies: never an older one over a newer, and never trusted for long |
//! | [`ring`] | which node owns a link: consistent hashing (Karger et al. 1997) |
//! | [`tally`] | how often each link was followed, as all nodes together counted |
//! | [`broadcast`] | `redis-cache`, and the weakened `cache-fill-race` |
//! | [`owner`] | `redis-ring` |

pub mod broadcast;
mod cache;
pub mod owner;
pub mod ring;
mod store;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Answer, Target, Unavailable};
use crate::call::CallError;
use crate::node::{Node, spawn};
use crate::peers::Peers;
use cache::Entry;
use tally::{Known, Piece, Tally};

/// How long a node waits for Redis, or for a peer: a request may need both, and its client waits a second.
const DEADLINE: Duration = Duration::from_millis(300);

/// How often a node asks each peer whether it is there and has counted the same.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// What nodes ask of each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Request {
    /// Take this copy of a link.
    Fill(String, Entry),
    /// Forget your copy of a link.
    Forget(String),
    /// What does the link that you own lead to?
    LookUp(String),
    /// Write a link that you own; a link may bring this twice.
    Write(Key, Write),
    /// Are you there? Which redirects do I not know of?
    Heartbeat(Known),
}

/// Which write of which life of a node: what arrives twice is told by it.
type Key = (Arc<str>, u64);

/// A write, as it is sent to a link's owner.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Write {
    Create { code: String, url: String },
    Claim { alias: String, url: String },
    Retarget { code: String, url: String },
    CompareAndSet { code: String, old: String, new: String },
    Delete { code: String },
}

/// What nodes reply.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Reply {
    Taken,
    Found(Result<Option<String>, Refusal>),
    Written(Result<Answer, Refusal>),
    Redirects(Vec<Piece>),
}

/// Why a peer could not do what it was asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Refusal {
    may_take_effect: bool,
    reason: String,
}

impl From<Unavailable> for Refusal {
    fn from(unavailable: Unavailable) -> Refusal {
        let may_take_effect = matches!(unavailable, Unavailable::MayTakeEffect(_));
        let (Unavailable::NoEffect(reason) | Unavailable::MayTakeEffect(reason)) = unavailable else {
            return Refusal { may_take_effect: false, reason: unavailable.to_string() };
        };
        Refusal { may_take_effect, reason }
    }
}

impl From<Refusal> for Unavailable {
    fn from(refusal: Refusal) -> Unavailable {
        let build = if refusal.may_take_effect { Unavailable::MayTakeEffect } else { Unavailable::NoEffect };
        build(refusal.reason)
    }
}

/// A peer that can't have seen a write has done nothing; one that may have seen it, may have.
impl From<CallError> for Unavailable {
    fn from(error: CallError) -> Unavailable {
        match error {
            CallError::NotSent(reason) | CallError::Refused(reason) => Unavailable::NoEffect(reason),
            CallError::Lost(reason) => Unavailable::MayTakeEffect(reason),
        }
    }
}

/// Watches every peer: tells `on_up` of one that answers again after it did not, and copies the redirects that it gave.
fn watch_peers(node: &Node, peers: &Peers<Request, Reply>, tally: &Tally, on_up: impl Fn() + Clone + 'static) {
    for peer in node.peers.clone() {
        let (peers, tally, on_up) = (peers.clone(), tally.clone(), on_up.clone());
        spawn(async move {
            let mut up = true;
            loop {
                tokio::time::sleep(HEARTBEAT).await;
                let answered = copy_redirects(&peers, &peer, &tally).await.is_ok();
                if answered && !up {
                    on_up();
                }
                up = answered;
            }
        });
    }
}

/// Copies from a peer until it knows nothing more.
async fn copy_redirects(peers: &Peers<Request, Reply>, peer: &Arc<str>, tally: &Tally) -> Result<(), CallError> {
    loop {
        match peers.ask(peer, Request::Heartbeat(tally.known()), DEADLINE).await? {
            Reply::Redirects(pieces) if !pieces.is_empty() => tally.merge(pieces),
            _ => return Ok(()),
        }
    }
}

/// Counts a redirect to the link's target, if it has one, and then answers.
async fn follow(tally: &Tally, code: &str, url: Option<String>) -> Result<Option<Target>, Unavailable> {
    if url.is_some() {
        tally.count(code).await.map_err(|error| Unavailable::MayTakeEffect(error.to_string()))?;
    }
    Ok(url.map(Target::from))
}

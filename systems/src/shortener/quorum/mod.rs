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
//! | [`weakened`] | variants that leave a rule out |
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
pub mod weakened;

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use futures::future::try_join;
use serde::{Deserialize, Serialize};

use super::{Answer, Links, Target, Unavailable, api};
use crate::fail_stop::FailStop;
use crate::http;
use crate::node::{Node, NodeFuture, majority};
use crate::peers::{self, Peers};
use crate::story::Story;
use crate::system::{Claim, Level, MINIMUM, Offer, System};
use coordinator::{Coordinator, TooFew};
use hints::Hints;
use register::Register;
use replica::{Record, Replica};
use version::{Source, Versioned, Writer};

/// The system: linearizable, for links that are read and blindly re-targeted.
pub const QUORUM: System = System {
    name: "quorum",
    about: "link shortener, every link a register on all nodes; reads and writes ask a majority (ABD)",
    gives_up: "the minority side is unavailable; no alias, compare-and-set, deletion or counts: they need consensus",
    source: "Attiya, Bar-Noy, Dolev 1995; Lynch, Shvartsman 1997",
    offers: &[Offer::Links, Offer::Retarget],
    redis: None,
    leads: false,
    claims: &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "Every node keeps a copy of every link with a version. A write asks a majority for the highest version, then stores a higher one on a majority; a read asks a majority and answers the highest, after storing it on a majority again. Any two majorities share a node, so that whatever was acknowledged is found.",
        failures: &[],
    },
    start: |node| start(node, ABD),
};

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
    /// Whether a replica has on its disk what it says that it stored.
    sync_first: bool,
    /// Whether a node stands in for replicas that it can't reach, and how it hands over what it kept for them.
    stand_in: Option<HandOff>,
}

/// How a node hands over what it kept for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HandOff {
    /// It tries until the other has it.
    UntilStored,
    /// It tries once.
    Once,
}

/// The algorithm as published.
const ABD: Variant = Variant {
    reads: majority,
    writes: majority,
    write_back: true,
    versions: Source::Counter,
    sync_first: true,
    stand_in: None,
};

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
        let fail_stop = FailStop::new();
        let replica = Replica::open(&node.disk, variant.sync_first, fail_stop.clone())?;
        let stands_in = variant.stand_in.is_some();
        let hints = if stands_in { Some(Hints::open(&node, &replica, fail_stop.clone())?) } else { None };
        let coordinator = Coordinator::new(&node, Peers::of(&node), replica.clone(), hints);
        if let Some(hand_off) = variant.stand_in {
            coordinator.hand_off_for_ever(hand_off);
        }
        let serving = peers::serve(&node, move |_, request| {
            let replica = replica.clone();
            async move { replica.answer(request).await }
        });
        let links = Register::new(coordinator, writer, variant);
        let answering = http::serve(&node.net, api::router(links));
        fail_stop.guard(async { try_join(serving, answering).await.map(|_| ()) }).await
    })
}

#[async_trait]
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

//! `crdt`: every node has a copy of all links, answers from it, and tells the others afterwards. Copies that have seen the
//! same changes are the same, in whatever order they saw them.
//!
//! | part | what it is |
//! |---|---|
//! | [`clock`] | hybrid logical clocks, which decide who wins |
//! | [`version`] | names of changes, and version vectors |
//! | [`counter`], [`link`] | the replicated data types |
//! | [`replica`], [`store`] | one node's copy, and how it survives |
//! | [`gossip`] | how copies learn of one another's changes |
//! | [`weakened`] | variants that leave a rule out |
//!
//! Source: Shapiro, Preguiça, Baquero and Zawirski, "Conflict-free Replicated Data Types" (SSS 2011). The types are our own:
//! those of the `crdts` crate hold what they defer in hash maps with structures as keys, which have no JSON form and no
//! order that two runs would share.

mod clock;
mod counter;
mod gossip;
#[cfg(test)]
mod laws;
mod link;
mod replica;
mod store;
mod version;
pub mod weakened;

use async_trait::async_trait;
use futures::future::try_join;

use super::{Answer, Links, Target, Unavailable, api};
use crate::http;
use crate::node::{Node, NodeFuture};
use crate::story::{Failure, Story};
use crate::system::{Claim, Level, MINIMUM, Offer, System};
use store::Store;

/// The system: every live node answers, and all agree in the end.
pub const CRDT: System = System {
    name: "crdt",
    about: "link shortener, a copy on every node; conflict-free replicated data types and gossip",
    gives_up: "recency, and the uniqueness of an alias: concurrent claims are kept as siblings of one winner",
    source: "Shapiro et al., Conflict-free Replicated Data Types (SSS 2011); Kulkarni et al., HLC (OPODIS 2014)",
    offers: &[Offer::Links, Offer::Retarget, Offer::Claim, Offer::Delete, Offer::Count],
    redis: None,
    leads: false,
    claims: &[Claim { level: Level::Eventual, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "Every node keeps all links and answers from its own copy. Each change is on its disk before it is answered, and nodes pull from each other what they lack. Copies are merged so that the order does not matter: of concurrent changes the one with the highest hybrid clock wins, and the rest stay beside it.",
        failures: &[Failure {
            anomalies: &["stale-read", "non-linearizable"],
            steps: &[
                "A write is answered by one node, from its own copy.",
                "Another node has not pulled it yet, or is cut off, and answers with the old target.",
            ],
            remedy: "To ask a majority at every read and write.",
            variant: Some("quorum"),
            cost: "No answer on a minority's side, and a round trip for each.",
        }],
    },
    start: |node| start(node, SOUND),
};

/// What becomes of a link that a peer sends.
#[derive(Clone, Copy, Debug)]
enum Joining {
    /// It is merged with the own state.
    Merge,
    /// It takes the place of the own state.
    Replace,
    /// It is merged, but the redirects of both are added up.
    AddCounts,
    /// All targets of both stay, whatever was removed.
    KeepRemoved,
}

/// What sets one variant apart from another.
#[derive(Clone, Copy, Debug)]
struct Rules {
    joining: Joining,
    /// Whether a change is on the disk before it is answered.
    sync_first: bool,
}

const SOUND: Rules = Rules { joining: Joining::Merge, sync_first: true };

fn start(node: Node, rules: Rules) -> NodeFuture {
    Box::pin(async move {
        let store = Store::open(&node, rules)?;
        let router = api::router(CrdtLinks(store.clone()));
        try_join(gossip::run(&node, store), http::serve(&node.net, router)).await.map(|_| ())
    })
}

/// Links that this node has a copy of.
struct CrdtLinks(Store);

#[async_trait]
impl Links for CrdtLinks {
    async fn create(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        let create = self.0.change(code, |link, dot| match link.winner() {
            Some(current) if current != url => Err(refused(current)),
            _ => {
                link.add(dot, url);
                Ok(Answer::Done)
            }
        });
        create.await
    }

    /// Counts a redirect, so it is a write too.
    async fn follow(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        let follow = self.0.change(code, |link, dot| match link.target() {
            None => Err(None),
            target => {
                link.count(dot);
                Ok(target)
            }
        });
        follow.await
    }

    async fn claim(&self, alias: &str, url: &str) -> Result<Answer, Unavailable> {
        let claim = self.0.change(alias, |link, dot| {
            if let Some(current) = link.winner() {
                return Err(refused(current));
            }
            link.add(dot, url);
            Ok(Answer::Done)
        });
        claim.await
    }

    async fn retarget(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        let retarget = self.0.change(code, |link, dot| {
            link.winner().ok_or(Answer::Absent)?;
            link.put(dot, url);
            Ok(Answer::Done)
        });
        retarget.await
    }

    async fn redirects(&self, code: &str) -> Result<u64, Unavailable> {
        Ok(self.0.link(code).redirects())
    }

    async fn delete(&self, code: &str) -> Result<Answer, Unavailable> {
        let delete = self.0.change(code, |link, dot| {
            link.winner().ok_or(Answer::Absent)?;
            link.clear(dot);
            Ok(Answer::Done)
        });
        delete.await
    }
}

fn refused(current: &str) -> Answer {
    Answer::Refused(Some(current.to_owned()))
}

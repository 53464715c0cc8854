//! The coordinator: sends a request to all replicas and awaits the replies of enough of them.

use std::sync::Arc;
use std::time::Duration;

use super::hints::Hints;
use super::replica::Replica;
use super::{HandOff, Reply, Request};
use crate::node::{Node, spawn};
use crate::peers::{Peers, ask_each};

/// How long a replica may take. A client waits a second for an answer, and a create needs three rounds.
const DEADLINE: Duration = Duration::from_millis(250);

/// How often a node tries to hand off what it keeps for others.
const HAND_OFF: Duration = Duration::from_millis(100);

/// Fewer replicas than needed replied in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{replied} of {needed} replicas replied")]
pub(super) struct TooFew {
    replied: usize,
    needed: usize,
}

/// A node as the one who asks the replicas, its own among them; clones are the same.
#[derive(Clone)]
pub(super) struct Coordinator {
    me: Arc<str>,
    everyone: Vec<Arc<str>>,
    peers: Peers<Request, Reply>,
    replica: Replica,
    hints: Option<Hints>,
}

impl Coordinator {
    /// Asks through `peers`, and `replica` without any network.
    pub(super) fn new(
        node: &Node,
        peers: Peers<Request, Reply>,
        replica: Replica,
        hints: Option<Hints>,
    ) -> Coordinator {
        Coordinator { me: node.id.clone(), everyone: node.everyone(), peers, replica, hints }
    }

    /// How many replicas there are.
    pub(super) fn replicas(&self) -> usize {
        self.everyone.len()
    }

    /// Sends `request` to all replicas; returns the first `needed` replies. The others get the request all the same.
    pub(super) async fn gather(&self, request: &Request, needed: usize) -> Result<Vec<Reply>, TooFew> {
        let mut coming = ask_each(&self.everyone, |owner| {
            let (coordinator, request) = (self.clone(), request.clone());
            async move { coordinator.reply_of(&owner, request).await }
        });
        let mut replies = Vec::new();
        while replies.len() < needed {
            let reply = coming.recv().await;
            replies.push(reply.ok_or(TooFew { replied: replies.len(), needed })?);
        }
        Ok(replies)
    }

    /// The reply of a replica, or of this node in its place; `None` if there is none.
    async fn reply_of(&self, owner: &Arc<str>, request: Request) -> Option<Reply> {
        let reply = if *owner == self.me {
            Some(self.replica.answer(request.clone()).await)
        } else {
            self.peers.ask(owner, request.clone(), DEADLINE).await.ok()
        };
        match (reply, &self.hints) {
            (Some(Reply::Failed) | None, Some(hints)) => hints.stand_in(owner, request).await,
            (Some(Reply::Failed), None) => None,
            (reply, _) => reply,
        }
    }

    /// From now on, whatever this node keeps for others is sent to them.
    pub(super) fn hand_off_for_ever(&self, hand_off: HandOff) {
        let Some(hints) = &self.hints else { return };
        for owner in self.everyone.iter().filter(|owner| **owner != self.me) {
            let (peers, hints, owner) = (self.peers.clone(), hints.clone(), owner.clone());
            spawn(async move {
                loop {
                    tokio::time::sleep(HAND_OFF).await;
                    let kept = hints.kept_for(&owner);
                    if kept.is_empty() {
                        continue;
                    }
                    let stored = peers.ask(&owner, Request::Store(kept.clone()), DEADLINE).await;
                    if matches!(stored, Ok(Reply::Stored)) || hand_off == HandOff::Once {
                        hints.handed_off(&owner, kept);
                    }
                }
            });
        }
    }
}

//! Asks all voters, this node's own among them, and awaits the yes of a majority.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::voter::{Checkpoint, Voter};
use super::{Act, Reply, Request};
use crate::node::Node;
use crate::peers::{Peers, ask_each};

/// How long a voter may take.
const ROUND: Duration = Duration::from_millis(250);

/// How long the leader may take to act for another node's client; a client waits a second.
const PATIENCE: Duration = Duration::from_millis(700);

/// Why there was no majority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum No {
    /// A voter that was needed knows of a higher token, or that the lease is another's.
    #[error("another node leads, or may lead")]
    Refused,
    /// Too few answered.
    #[error("no majority answered")]
    TooFew,
}

/// The voters; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Quorum {
    pub(super) me: Arc<str>,
    everyone: Vec<Arc<str>>,
    majority: usize,
    peers: Peers<Request, Reply>,
    pub(super) voter: Voter,
    /// The highest token that a voter refused for.
    heard: Arc<AtomicU64>,
}

impl Quorum {
    pub(super) fn new(node: &Node, peers: Peers<Request, Reply>, voter: Voter) -> Quorum {
        let (everyone, majority) = (node.everyone(), node.majority());
        Quorum { me: node.id.clone(), everyone, majority, peers, voter, heard: Arc::default() }
    }

    /// The highest token that this node has heard of.
    pub(super) fn highest(&self) -> u64 {
        self.voter.promised().max(self.heard.load(Ordering::Relaxed))
    }

    /// Asks all, and awaits a majority that agrees. Returns the latest checkpoint among its answers, if they hold any.
    /// Who refuses may be outvoted.
    pub(super) async fn agree(&self, request: &Request) -> Result<Checkpoint, No> {
        let mut replies = ask_each(&self.everyone, |voter| {
            let (quorum, request) = (self.clone(), request.clone());
            async move { quorum.ask(&voter, request).await }
        });
        let (mut yes, mut latest, mut no) = (0, Checkpoint::default(), No::TooFew);
        while yes < self.majority {
            match replies.recv().await {
                Some(Reply::Granted | Reply::Stored) => yes += 1,
                Some(Reply::Loaded(checkpoint)) => {
                    yes += 1;
                    latest = latest.max(checkpoint);
                }
                Some(Reply::Refused { .. }) => no = No::Refused,
                Some(Reply::Failed | Reply::Acted(_) | Reply::NotActed(_)) => {}
                None => return Err(no),
            }
        }
        Ok(latest)
    }

    /// Asks one voter; `None` if it does not answer in time.
    async fn ask(&self, voter: &Arc<str>, request: Request) -> Option<Reply> {
        if *voter == self.me {
            return Some(self.voter.answer(voter, &request).await);
        }
        let reply = self.peers.ask(voter, request, ROUND).await.ok()?;
        if let Reply::Refused { promised } = reply {
            self.heard.fetch_max(promised, Ordering::Relaxed);
        }
        Some(reply)
    }

    /// Has the leader act; an `Err` says why it did not.
    pub(super) async fn forward(&self, leader: &Arc<str>) -> Result<Act, String> {
        match self.peers.ask(leader, Request::Act, PATIENCE).await {
            Ok(Reply::Acted(act)) => Ok(act),
            Ok(Reply::NotActed(reason)) => Err(reason),
            Ok(other) => Err(format!("{leader} answered {other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

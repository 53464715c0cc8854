//! The primary: executes operations, sends its log to every replica as it grows, and counts who has it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::operation::{Operation, Outcome};
use super::server::Server;
use super::store::End;
use super::{DEADLINE, Excerpt, Reign, Reply, Request};
use crate::node::spawn;
use crate::peers::Peers;

/// How long a write waits for acknowledgements (`WAIT`'s timeout).
const WAIT: Duration = Duration::from_millis(300);

/// How long a primary waits before it tries again to reach a replica.
const AGAIN: Duration = Duration::from_millis(100);

impl Server {
    /// Executes an operation, if this node is the primary. No reply leaves, reads included, before what it saw is durable.
    pub(super) async fn execute(&self, operation: &Operation) -> Reply {
        let (executed, epoch, wrote) = {
            let mut state = self.state();
            let Reign { epoch, primary, .. } = state.memory.reign.clone();
            if primary != self.me {
                return Reply::NotPrimary(primary);
            }
            let before = state.store.end();
            let executed = state.store.execute(operation, epoch);
            (executed, epoch, state.store.end() != before)
        };
        let settled = match executed {
            Ok(outcome) => self.settle().await.map(|end| (outcome, end)),
            Err(error) => Err(error),
        };
        match settled {
            Ok((outcome, end)) if wrote && self.variant.waits => self.wait(outcome, end, epoch).await,
            Ok((outcome, _)) => Reply::Executed(outcome),
            Err(error) => Reply::Uncertain(error.to_string()),
        }
    }

    /// `WAIT`: acknowledges when a majority has the log up to `end`.
    async fn wait(&self, outcome: Outcome, end: End, epoch: u64) -> Reply {
        let acknowledged = async {
            loop {
                let news = self.news.notified();
                match self.copies(end, epoch) {
                    Some(copies) if copies < self.majority => news.await,
                    counted => return counted,
                }
            }
        };
        match timeout(WAIT, acknowledged).await {
            Ok(Some(_)) => Reply::Executed(outcome),
            Ok(None) => Reply::Uncertain("another primary was promoted".into()),
            Err(_) => Reply::Uncertain("too few replicas acknowledged".into()),
        }
    }

    /// How many nodes have the log up to `end`; `None` if the epoch is over.
    fn copies(&self, end: End, epoch: u64) -> Option<usize> {
        let state = self.state();
        let acknowledged = state.replicas.values().filter(|replica| replica.offset >= end.offset).count();
        (state.memory.reign.epoch == epoch).then_some(acknowledged + 1)
    }

    /// Sends every replica the log as it grows, while this node is the primary.
    pub(super) fn replicate(&self, peers: &Peers<Request, Reply>) {
        for replica in self.peers.clone() {
            let (server, peers) = (self.clone(), peers.clone());
            spawn(async move {
                loop {
                    let news = server.news.notified();
                    let Some(excerpt) = server.excerpt_for(&replica) else {
                        news.await;
                        continue;
                    };
                    if !server.send(&peers, &replica, excerpt).await {
                        sleep(AGAIN).await;
                    }
                }
            });
        }
    }

    /// What a replica lacks; `None` if nothing, or if this node is not the primary.
    fn excerpt_for(&self, replica: &Arc<str>) -> Option<Excerpt> {
        let state = self.state();
        let reign = state.memory.reign.clone();
        let durable = state.store.durable_end();
        match state.replicas.get(replica) {
            _ if reign.primary != self.me => None,
            Some(end) if *end == durable => None,
            Some(end) => {
                let (onto, entries) = state.store.after(*end);
                Some(Excerpt { reign, onto, entries })
            }
            // Nobody knows where its log ends: its reply will tell.
            None => Some(Excerpt { reign, onto: Some(durable), entries: Vec::new() }),
        }
    }

    /// Returns whether the replica answered.
    async fn send(&self, peers: &Peers<Request, Reply>, replica: &Arc<str>, excerpt: Excerpt) -> bool {
        let epoch = excerpt.reign.epoch;
        let Ok(Reply::At(theirs, end)) = peers.ask(replica, Request::Replicate(excerpt), DEADLINE).await else {
            return false;
        };
        let follows = theirs.epoch == epoch;
        self.learn(theirs);
        let mut state = self.state();
        if follows && state.memory.reign.epoch == epoch {
            state.replicas.insert(replica.clone(), end);
            drop(state);
            self.news.notify_waiters();
        }
        follows
    }
}

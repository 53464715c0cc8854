//! A node's Redis in its role. A primary executes operations and sends its log to every replica as it grows; a replica takes
//! what the primary of the highest epoch that it knows of sends, and drops its own log when it parted from that one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::operation::{Operation, Outcome};
use super::store::{End, Store};
use super::{DEADLINE, Excerpt, Reign, Reply, Request, Variant};
use crate::board::Board;
use crate::disk::DiskError;
use crate::journal::Journal;
use crate::node::{Node, NodeError, spawn};
use crate::peers::Peers;

/// How long a write waits for acknowledgements (`WAIT`'s timeout).
const WAIT: Duration = Duration::from_millis(300);

/// How long a primary waits before it tries again to reach a replica.
const AGAIN: Duration = Duration::from_millis(100);

/// A node's Redis; clones are the same.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) me: Arc<str>,
    peers: Vec<Arc<str>>,
    pub(super) majority: usize,
    variant: Variant,
    board: Board,
    state: Arc<Mutex<State>>,
    /// Something durable was added to the log, a replica acknowledged, or another reign began.
    news: Arc<Notify>,
}

struct State {
    store: Store,
    memory: Memory,
    remembered: Journal<Memory>,
    /// Where each replica's log ends, as far as the primary knows.
    replicas: BTreeMap<Arc<str>, End>,
    /// The epoch whose primary's log this one is known to be a beginning of.
    matched: Option<u64>,
    /// A primary of a higher epoch that this one, a primary too, does not give way to before their logs were compared.
    rival: Option<Reign>,
}

/// What a node must not forget.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Memory {
    reign: Reign,
    /// The highest epoch in which it has voted.
    voted: u64,
}

impl State {
    /// Durable when it returns.
    fn remember(&self) {
        if let Err(error) = self.remembered.rewrite([&self.memory]) {
            tracing::error!("a restart will not know of {:?}: {error}", self.memory);
        }
    }
}

impl Server {
    /// Loads what the node's disk holds; an empty disk is that of a node whose cluster has just begun.
    pub(super) async fn load(node: &Node, variant: Variant) -> Result<Server, NodeError> {
        let (remembered, memories) = Journal::open(&node.disk, "sentinel")?;
        let first = node.everyone().swap_remove(0);
        let beginning = Memory { reign: Reign { epoch: 0, primary: first, settled: false }, voted: 0 };
        let state = State {
            store: Store::load(&node.disk).await?,
            memory: memories.into_iter().next_back().unwrap_or(beginning),
            remembered,
            replicas: BTreeMap::new(),
            matched: None,
            rival: None,
        };
        let server = Server {
            me: node.id.clone(),
            peers: node.peers.clone(),
            majority: node.majority(),
            variant,
            board: node.board.clone(),
            state: Arc::new(Mutex::new(state)),
            news: Arc::default(),
        };
        server.publish();
        Ok(server)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    /// Whom this node follows, itself if it is the primary.
    pub(super) fn reign(&self) -> Reign {
        self.state().memory.reign.clone()
    }

    /// Where this node's log ends.
    pub(super) fn end(&self) -> End {
        self.state().store.end()
    }

    /// Both, as a reply.
    pub(super) fn whereabouts(&self) -> Reply {
        Reply::At(self.reign(), self.end())
    }

    fn publish(&self) {
        let reign = self.reign();
        if reign.primary == self.me {
            self.board.lead(&self.me, reign.epoch);
        } else {
            self.board.follow(&self.me);
        }
    }
}

/// Reigns.
impl Server {
    /// Hears of a reign: a higher epoch is followed, unless a primary contests it.
    pub(super) fn learn(&self, reign: Reign) {
        let contested = {
            let mut state = self.state();
            let present = &state.memory.reign;
            let contested = self.variant.contests
                && present.primary == self.me
                && reign.primary != self.me
                && present.epoch < reign.epoch
                && !reign.settled;
            if contested {
                state.rival = Some(reign.clone());
            }
            contested
        };
        if !contested {
            self.follow(reign);
        }
    }

    /// Follows a reign of a higher epoch than the present one.
    pub(super) fn follow(&self, reign: Reign) {
        {
            let mut state = self.state();
            if reign.epoch <= state.memory.reign.epoch {
                return;
            }
            tracing::info!("{} is the primary of epoch {}", reign.primary, reign.epoch);
            state.memory.voted = state.memory.voted.max(reign.epoch);
            state.memory.reign = reign;
            state.remember();
            state.replicas.clear();
            state.rival = None;
        }
        self.publish();
        self.news.notify_waiters();
    }

    /// Whether this node met a primary that it does not give way to.
    pub(super) fn has_rival(&self) -> bool {
        self.state().rival.is_some()
    }

    /// Votes for whoever asks first in an epoch; durable when it returns.
    pub(super) fn vote(&self, epoch: u64) -> bool {
        let mut state = self.state();
        let grants = epoch > state.memory.voted;
        if grants {
            state.memory.voted = epoch;
            state.remember();
        }
        grants
    }

    /// A new epoch, in which this node has voted for itself.
    pub(super) fn candidacy(&self) -> u64 {
        let mut state = self.state();
        let heard_of = state.rival.as_ref().map_or(0, |rival| rival.epoch);
        state.memory.voted = state.memory.voted.max(heard_of) + 1;
        state.remember();
        state.memory.voted
    }
}

/// The primary.
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

    /// Makes the log durable as it is now; returns its end.
    async fn settle(&self) -> Result<End, DiskError> {
        let (journal, end) = {
            let state = self.state();
            (state.store.journal(), state.store.end())
        };
        journal.sync().await?;
        self.state().store.written(end);
        self.news.notify_waiters();
        Ok(end)
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

/// The replica.
impl Server {
    /// Takes what the primary sends, and says where its log ends then.
    pub(super) async fn take(&self, excerpt: Excerpt) -> Reply {
        self.learn(excerpt.reign.clone());
        let taken = match self.merge(excerpt) {
            Ok(()) => self.settle().await.map(drop),
            Err(error) => Err(error),
        };
        match taken {
            Ok(()) => self.whereabouts(),
            Err(error) => Reply::Uncertain(error.to_string()),
        }
    }

    fn merge(&self, excerpt: Excerpt) -> Result<(), DiskError> {
        let mut state = self.state();
        let epoch = excerpt.reign.epoch;
        if excerpt.reign != state.memory.reign || excerpt.reign.primary == self.me {
            return Ok(());
        }
        let end = state.store.end();
        match excerpt.onto {
            Some(onto) if onto == end => {
                state.matched = Some(epoch);
                state.store.append(excerpt.entries)
            }
            // A copy that was sent twice, or was overtaken, must not take back what came after it.
            None if state.matched != Some(epoch) => {
                tracing::info!(
                    "full copy from {}: {end:?} is dropped for {} entries",
                    excerpt.reign.primary,
                    excerpt.entries.len()
                );
                state.matched = Some(epoch);
                state.store.replace(excerpt.entries)
            }
            _ => Ok(()),
        }
    }
}

//! A node's Redis, and whom it follows: what it does as a primary and as a replica stands in files of their own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::store::{End, Store};
use super::{Reign, Reply, Variant};
use crate::board::Board;
use crate::disk::DiskError;
use crate::journal::Journal;
use crate::node::{Node, NodeError};

/// A node's Redis; clones are the same.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) me: Arc<str>,
    pub(super) peers: Vec<Arc<str>>,
    pub(super) majority: usize,
    pub(super) variant: Variant,
    board: Board,
    state: Arc<Mutex<State>>,
    /// Something durable was added to the log, a replica acknowledged, or another reign began.
    pub(super) news: Arc<Notify>,
}

pub(super) struct State {
    pub(super) store: Store,
    pub(super) memory: Memory,
    remembered: Journal<Memory>,
    /// Where each replica's log ends, as far as the primary knows.
    pub(super) replicas: BTreeMap<Arc<str>, End>,
    /// The epoch whose primary's log this one is known to be a beginning of.
    pub(super) matched: Option<u64>,
    /// A primary of a higher epoch that this one, a primary too, does not give way to before their logs were compared.
    rival: Option<Reign>,
}

/// What a node must not forget.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Memory {
    pub(super) reign: Reign,
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

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
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

    /// Makes the log durable as it is now; returns its end.
    pub(super) async fn settle(&self) -> Result<End, DiskError> {
        let (journal, end) = {
            let state = self.state();
            (state.store.journal(), state.store.end())
        };
        journal.sync().await?;
        self.state().store.written(end);
        self.news.notify_waiters();
        Ok(end)
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

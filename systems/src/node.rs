//! What a node is given: everything that it may know of the world.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;

use crate::board::Board;
use crate::clock::Clock;
use crate::disk::Disk;
use crate::gate::Gate;
use crate::net::Net;

/// The port on which every node serves HTTP to its clients.
pub const HTTP_PORT: u16 = 80;

/// The port on which nodes take links from their peers.
pub const PEER_PORT: u16 = 7000;

/// The port of a Redis host.
pub const REDIS_PORT: u16 = 6379;

/// The name of the Redis host.
pub const REDIS: &str = "redis";

/// A node of the cluster: its name, its peers, its dice, its disk, its clock and its network.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name: `n1`, `n2`, ….
    pub id: Arc<str>,
    /// The names of all other nodes.
    pub peers: Vec<Arc<str>>,
    /// The secret that all nodes of one cluster share.
    pub cookie: Arc<str>,
    /// Its own dice: a labelled stream of the plan's seed.
    pub rng: ChaCha8Rng,
    /// Its disk, which outlives it.
    pub disk: Disk,
    /// Its wall clock, which may be wrong.
    pub clock: Clock,
    /// Its network.
    pub net: Net,
    /// Where it says that it leads.
    pub board: Board,
}

impl Node {
    /// All nodes, itself included, in the order of their names.
    pub fn everyone(&self) -> Vec<Arc<str>> {
        let mut everyone = self.peers.clone();
        everyone.push(self.id.clone());
        everyone.sort();
        everyone
    }

    /// The least number of nodes that is more than half of all.
    pub fn majority(&self) -> usize {
        majority(self.peers.len() + 1)
    }
}

/// The least number of nodes that is more than half of so many.
pub const fn majority(nodes: usize) -> usize {
    nodes / 2 + 1
}

/// Why a node ended.
pub type NodeError = Box<dyn std::error::Error>;

/// A running node: it ends only by an error, or never.
pub type NodeFuture = Pin<Box<dyn Future<Output = Result<(), NodeError>>>>;

/// Starts a task of the same process: it ends with its host, and stands still while the process is paused.
///
/// Never `tokio::spawn`: a runtime that is dropped by a crash drops such tasks in the order of their numbers, which count
/// all tasks of the process, and then two runs of one plan close their connections in different orders.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    // Boxed: the runtime's code for a task is compiled once, not for every future.
    tokio::task::spawn_local(Gate::own().guard(Box::pin(task)));
}

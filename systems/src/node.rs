//! What a node is given: everything that it may know of the world.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;

use crate::disk::Disk;
use crate::net::Net;

/// The port on which every node serves HTTP to its clients.
pub const HTTP_PORT: u16 = 80;

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
    /// Its own dice: a labelled stream of the plan's seed.
    pub rng: ChaCha8Rng,
    /// Its disk, which outlives it.
    pub disk: Disk,
    /// Its clock, which may be wrong.
    pub clock: Clock,
    /// Its network.
    pub net: Net,
}

/// A node's clock: simulated time since the start of the run.
#[derive(Clone, Debug, Default)]
pub struct Clock;

impl Clock {
    /// What the clock shows.
    pub fn now(&self) -> Duration {
        crate::wire::now()
    }
}

/// Why a node ended.
pub type NodeError = Box<dyn std::error::Error>;

/// A running node: it ends only by an error, or never.
pub type NodeFuture = Pin<Box<dyn Future<Output = Result<(), NodeError>>>>;

/// Starts a task beside the present one, on the same host: it ends with the host.
///
/// Never `tokio::spawn`: a runtime that is dropped by a crash drops such tasks in the order of their numbers, which count
/// all tasks of the process, and then two runs of one plan close their connections in different orders.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    tokio::task::spawn_local(task);
}

//! One node, in this process: as in a simulation, but for its network, its clock, its dice and its disk, which are real.

use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use netsplit_systems::board::Board;
use netsplit_systems::clock::Clock;
use netsplit_systems::dice::dice;
use netsplit_systems::disk::Disk;
use netsplit_systems::net::Net;
use netsplit_systems::node::Node;
use netsplit_systems::system::System;
use tokio::runtime::{Builder, UnhandledPanic};
use tokio::task::LocalSet;

use super::folder::Folder;
use super::layout::Layout;

/// Why a node ended, or never began.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// Its folder.
    #[error("{}: {source}", folder.display())]
    Folder {
        /// Where.
        folder: PathBuf,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// The system gives no threads or sockets.
    #[error("no runtime: {0}")]
    Runtime(std::io::Error),
    /// The node itself gave up.
    #[error("{0}")]
    Node(String),
}

/// Runs the node `name` of a cluster until `stop`, with its files in `folder`. A panic in any of its tasks is one here.
pub fn run(
    system: &System,
    name: &Arc<str>,
    cluster: &Layout,
    cookie: &str,
    folder: &Path,
    stop: impl Future<Output = ()>,
) -> Result<(), Ended> {
    let disk = Folder::open(folder).map_err(|source| Ended::Folder { folder: folder.to_owned(), source })?;
    let node = Node {
        id: name.clone(),
        peers: cluster.names().into_iter().filter(|peer| peer != name).collect(),
        cookie: cookie.into(),
        rng: dice(entropy(), name),
        disk: Disk::on(Arc::new(disk)),
        clock: Clock::reading(unix_time),
        net: Net::real(name.clone(), Arc::new(cluster.book())),
        board: Board::default(),
    };
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Ended::Runtime)?;
    let mut tasks = LocalSet::new();
    // A node that goes on without one of its tasks would be neither dead nor right.
    tasks.unhandled_panic(UnhandledPanic::ShutdownRuntime);
    runtime.block_on(tasks.run_until(async {
        tokio::select! {
            biased;
            () = stop => Ok(()),
            ended = (system.start)(node) => {
                Err(Ended::Node(ended.err().map_or_else(|| "it returned".to_owned(), |error| error.to_string())))
            }
        }
    }))
}

/// A number that nobody knows before: the standard library seeds its hash maps from the operating system.
fn entropy() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

#[expect(clippy::disallowed_methods, reason = "this is no simulated run: the real clock is the node's")]
fn unix_time() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

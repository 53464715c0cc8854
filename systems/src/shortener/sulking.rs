//! A planted bug, for the check that systems recover: a node that finds at its start that it was running before, as a crash leaves
//! it, waits for an operator who never comes. Nothing that it ever answered is wrong.

use std::future::pending;

use super::redis::REDIS;
use crate::node::{Node, NodeError};
use crate::system::{Claim, Level, System};

/// The file that says that the node was running.
const MARK: &str = "running";

/// The system: right in all that it answers, and it does not recover from a crash.
pub const SULKING: System = System {
    name: "redis-no-recovery",
    about: "redis, but a node that was killed waits for an operator instead of serving again",
    claims: &[Claim {
        level: Level::Linearizable,
        under: &["none", "partition", "crash", "power-loss"],
        weakened: true,
    }],
    start: |node| Box::pin(start(node)),
    ..REDIS
};

async fn start(node: Node) -> Result<(), NodeError> {
    if !node.disk.read(MARK).is_empty() {
        return pending().await;
    }
    node.disk.append(MARK, b"x")?;
    node.disk.sync(MARK).await?;
    (REDIS.start)(node).await
}

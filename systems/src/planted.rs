//! Planted faults of systems, for the tests of netsplit itself: a leak that `netsplit meta` must find, a node that does not come
//! back, which the final reads must find, and one that panics. No list shows them.

use std::future::pending;
use std::time::{Duration, SystemTime};

use crate::node::{Node, NodeError, spawn};
use crate::shortener::redis::REDIS;
use crate::system::System;

/// The link shortener on Redis, but how long a node takes to start depends on the real clock.
pub const REAL_CLOCK: System = System {
    name: "planted-real-clock",
    about: "planted leak: nodes look at the real clock when they start",
    start: |node| {
        Box::pin(async move {
            tokio::time::sleep(real_delay()).await;
            (REDIS.start)(node).await
        })
    },
    ..REDIS
};

/// Up to a second.
#[expect(clippy::disallowed_methods, reason = "this is the leak that must be found")]
fn real_delay() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Duration::from_micros(u64::from(now.subsec_nanos() / 10 % 1_000_000))
}

/// The link shortener on Redis, but a node that was killed waits for an operator instead of serving again. Nothing that it ever
/// answered is wrong.
pub const NO_RECOVERY: System = System {
    name: "planted-no-recovery",
    about: "planted: a node that was killed does not serve again",
    start: |node| Box::pin(serve_once(node)),
    ..REDIS
};

/// The link shortener on Redis, but a task of `n2` breaks an invariant of its own after two seconds.
pub const PANICS: System = System {
    name: "planted-panic",
    about: "planted: a task of n2 panics after two seconds",
    start: |node| {
        if node.id.as_ref() == "n2" {
            spawn(async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                panic!("an invariant of n2 is broken");
            });
        }
        (REDIS.start)(node)
    },
    ..REDIS
};

async fn serve_once(node: Node) -> Result<(), NodeError> {
    const MARK: &str = "running";
    if !node.disk.read(MARK)?.is_empty() {
        return pending().await;
    }
    node.disk.append(MARK, b"x")?;
    node.disk.sync(MARK).await?;
    (REDIS.start)(node).await
}

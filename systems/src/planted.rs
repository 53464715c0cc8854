//! Planted leaks, for the tests of netsplit itself: systems whose runs are no function of their plan.
//!
//! They are what `netsplit meta` must find; no list shows them.

use std::time::{Duration, SystemTime};

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

//! Planted faults of systems, for the tests of netsplit itself: a leak that `netsplit meta` must find, a node that does not come
//! back, which the final reads must find, one that panics, and those that no thread can contain, which a campaign must survive.
//! No list shows them.

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

/// Up to a second, by the microsecond at which it is asked: two processes hardly ever ask at the same one.
#[expect(clippy::disallowed_methods, reason = "this is the leak that must be found")]
fn real_delay() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(u64::from(now.subsec_micros() % 1000))
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
        n2_does(&node, || panic!("an invariant of n2 is broken"));
        (REDIS.start)(node)
    },
    ..REDIS
};

/// The link shortener on Redis, but a task of `n2` never gives its thread back.
pub const HANGS: System = System {
    name: "planted-hang",
    about: "planted: a task of n2 loops for ever after two seconds",
    start: |node| {
        n2_does(&node, || {
            loop {
                std::hint::spin_loop();
            }
        });
        (REDIS.start)(node)
    },
    ..REDIS
};

/// The link shortener on Redis, but `n2` ends the whole process.
pub const ABORTS: System = System {
    name: "planted-abort",
    about: "planted: n2 aborts the process after two seconds",
    start: |node| {
        n2_does(&node, || {
            eprintln!("n2 has had enough");
            std::process::abort()
        });
        (REDIS.start)(node)
    },
    ..REDIS
};

/// The link shortener on Redis, but `n2` takes memory and takes memory.
pub const HOGS: System = System {
    name: "planted-hog",
    about: "planted: n2 takes all the memory that there is after two seconds",
    start: |node| {
        n2_does(&node, || {
            let mut taken = Vec::new();
            // An end, far beyond every bound, so that a bound that fails costs a machine nothing.
            while taken.len() < 4096 {
                taken.push(vec![1_u8; 1 << 20]);
            }
        });
        (REDIS.start)(node)
    },
    ..REDIS
};

fn n2_does(node: &Node, what: impl FnOnce() + 'static) {
    if node.id.as_ref() == "n2" {
        spawn(async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            what();
        });
    }
}

async fn serve_once(node: Node) -> Result<(), NodeError> {
    const MARK: &str = "running";
    if !node.disk.read(MARK)?.is_empty() {
        return pending().await;
    }
    node.disk.append(MARK, b"x")?;
    node.disk.sync(MARK).await?;
    (REDIS.start)(node).await
}

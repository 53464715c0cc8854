//! Weakened variants of `redis`: each leaves one rule out, and claims what it can't hold any more.

use super::{REDIS, Rules, SOUND, start};
use crate::story::{DONE_TWICE, Failure, LOST_WRITES, OLD_READS, Story};
use crate::system::{Claim, Fsync, Level, MINIMUM, System};

/// Weakened: replies leave up to a second before what they saw is durable.
pub const REDIS_EVERYSEC: System = System {
    name: "redis-everysec",
    about: "`redis` with appendfsync everysec",
    gives_up: "acknowledged writes are lost at a power loss of Redis",
    redis: Some(Fsync::EverySecond),
    claims: &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: true }],
    story: Story {
        mechanism: "Every node sends every read and every write to one Redis, which executes one command at a time, so \
                    that while it lives there is one order. But it answers from memory, and syncs its append-only file \
                    only once a second.",
        failures: &[Failure {
            anomalies: LOST_WRITES,
            steps: &[
                "A client writes; Redis executes the write in memory and the acknowledgement leaves at once.",
                "The write's line in the append-only file waits, unsynced, for the sync of that second.",
                "The machine loses power: what was not synced is gone, though clients were told that it is there.",
                "Redis starts again from the file, and answers as if the write had never been.",
            ],
            remedy: "To sync before a reply leaves (appendfsync always).",
            variant: Some("redis"),
            cost: "One sync of the disk for every batch of commands, in the way of every answer.",
        }],
    },
    ..REDIS
};

/// Weakened: a node remembers every target that it has once read.
pub const STALE_CACHE: System = System {
    name: "redis-stale-cache",
    about: "planted bug: nodes answer reads from a cache that nothing ever invalidates",
    gives_up: "recency, without saying so",
    claims: &[Claim { level: Level::Linearizable, under: &["none"], weakened: true }],
    story: Story {
        mechanism: "Writes go to one Redis. A read goes there only the first time: the node keeps the target that it got \
                    in a cache of its own, and answers every later read of that link from there.",
        failures: &[Failure {
            anomalies: OLD_READS,
            steps: &[
                "A node reads a link from Redis and caches its target.",
                "A client re-targets the link, through any node: Redis has the new target, and the write is acknowledged.",
                "Nobody tells the node with the cached copy, and nothing makes the copy expire.",
                "The next read at that node is answered from the cache, with the target that was replaced.",
            ],
            remedy: "To ask Redis at every read.",
            variant: Some("redis"),
            cost: "A round trip to Redis for every read, and no answer while Redis can't be reached.",
        }],
    },
    start: |node| start(node, Rules { ask_always: false, ..SOUND }),
    ..REDIS
};

/// Weakened: what may have been executed is sent again.
pub const REDIS_RESEND: System = System {
    name: "redis-resend",
    about: "`redis`, but a node that gets no answer from Redis sends the command once more",
    gives_up: "exactly once: a redirect may count twice, and an old target may come back over a newer one",
    claims: &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: true }],
    story: Story {
        mechanism: "Every node sends every read and every write to one Redis, and when no answer comes in time, it sends the command again.",
        failures: &[Failure {
            anomalies: DONE_TWICE,
            steps: &[
                "A node sends a command, and Redis executes it; the answer is late or lost.",
                "The node takes it for lost and sends the command again.",
                "Redis executes it a second time: a count goes up twice, or a target that was replaced meanwhile is back.",
            ],
            remedy: "Never to send again what may have been sent, or to give each command a key by which its second execution is told.",
            variant: Some("redis"),
            cost: "Answers that are not known: the client learns that its write may still take effect.",
        }],
    },
    start: |node| start(node, Rules { send_once: false, ..SOUND }),
    ..REDIS
};

/// Weakened: two compare-and-sets can both find the old target, and both succeed.
pub const REDIS_CAS_RACE: System = System {
    name: "redis-cas-race",
    about: "`redis`, but compare-and-set reads and writes without a watch in between",
    gives_up: "atomicity of compare-and-set: two clients can both win",
    claims: &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: true }],
    story: Story {
        mechanism: "Every node sends every read and every write to one Redis. A compare-and-set reads the target, compares it at the node, and then writes, and Redis is not told to watch for others in between.",
        failures: &[Failure {
            anomalies: &["lost-update", "non-linearizable", "stale-read"],
            steps: &[
                "A node reads a target for a compare-and-set, and finds what its client expects.",
                "Before it writes, another node writes the link: by a compare-and-set that found the same, or without asking.",
                "Both clients are told that it is done, and the first node's write has replaced what its client never saw: an update is lost.",
            ],
            remedy: "To watch the link from the read to the write (WATCH, MULTI, EXEC).",
            variant: Some("redis"),
            cost: "One more command, and another attempt when somebody wrote in between.",
        }],
    },
    start: |node| start(node, Rules { watch: false, ..SOUND }),
    ..REDIS
};

//! Crashes: a process is killed and started again, or a machine loses power.

use std::time::Duration;

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::partition::draw_episodes;
use crate::{Fault, Nemesis, Schedule};

/// One process after another is killed, a node's or Redis's.
pub const CRASH: Nemesis = Nemesis {
    name: "crash",
    about: "kills and restarts the process of one host at a time, a node or Redis",
    schedule: |rng, cluster, length| one_at_a_time(rng, &cluster.hosts(), length, |host| Fault::Crash { host }),
};

/// One machine after another loses power: Redis's if there is one (its disk holds the truth), else a node's.
pub const POWER_LOSS: Nemesis = Nemesis {
    name: "power-loss",
    about: "Redis's machine (else a node's) loses power; what is not synced is gone",
    schedule: |rng, cluster, length| {
        let targets = cluster.redis.as_ref().map_or_else(|| cluster.nodes.clone(), |redis| vec![redis.clone()]);
        one_at_a_time(rng, &targets, length, |host| Fault::PowerLoss { host })
    },
};

fn one_at_a_time(
    rng: &mut ChaCha8Rng,
    targets: &[String],
    length: Duration,
    fault: impl Fn(String) -> Fault,
) -> Schedule {
    draw_episodes(rng, length, |rng| fault(targets.choose(rng).expect("a cluster has a host").clone()))
}

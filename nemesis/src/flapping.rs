//! Flapping links: a cut that comes and goes faster than a system can settle.
//!
//! Every time it comes, connections break and time-outs begin; every time it goes, everybody connects again and speaks at
//! once. Leaders are deposed and elected for as long as it lasts.

use rand::Rng;

use crate::episodes::one_each;
use crate::partition::kind;
use crate::target::some;
use crate::{Fault, Nemesis};

/// A random cut, on and off.
pub const FLAPPING: Nemesis = Nemesis {
    name: "flapping",
    about: "cuts off some hosts again and again, several times a second to once in two seconds",
    families: &["flapping"],
    schedule: |rng, cluster, phase| {
        one_each(rng, phase, |rng| {
            let hosts = cluster.hosts();
            let size = rng.random_range(1..=(hosts.len() / 2).max(1));
            let side = some(rng, &hosts, size);
            let rest = hosts.into_iter().filter(|host| !side.contains(host)).collect();
            Fault::Flap { kind: kind(rng), sides: vec![side, rest], period_ms: 100 * rng.random_range(2..=20) }
        })
    },
};

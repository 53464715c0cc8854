//! Machines that die: power losses, which take what was not synced, and amnesia, which takes the whole disk.

use rand::Rng;

use crate::episodes::one_each_mid_sync;
use crate::target::Spec;
use crate::{Fault, Nemesis};

/// Hosts lose power, some in the middle of a write.
pub const POWER_LOSS: Nemesis = Nemesis {
    name: "power-loss",
    about: "one host, a minority or all hosts lose power; what is not synced is gone, or torn in the middle",
    families: &["power-loss"],
    schedule: |rng, cluster, phase| {
        let specs = [Spec::Redis, Spec::AnyHost, Spec::AnyHost, Spec::Minority, Spec::AllHosts];
        one_each_mid_sync(rng, phase, |rng| {
            let hosts = Spec::one_of(&specs, rng, cluster);
            let torn_permille = if rng.random() { 0 } else { rng.random_range(1..1000) };
            Fault::PowerLoss { hosts, torn_permille }
        })
    },
};

/// A machine burns down, and an empty one takes its place.
pub const AMNESIA: Nemesis = Nemesis {
    name: "amnesia",
    about: "one node or Redis loses its whole disk and starts again with an empty one",
    families: &["amnesia"],
    schedule: |rng, cluster, phase| {
        let specs = [Spec::One, Spec::Redis];
        one_each_mid_sync(rng, phase, |rng| Fault::Amnesia { hosts: Spec::one_of(&specs, rng, cluster) })
    },
};

//! Faults aimed at whoever leads, which nobody knows before the run: the plan says `leader`, and the board of the run says who
//! that is when the fault begins. A system that has no leader is hit at a node drawn in its place.

use rand::Rng;

use crate::episodes::one_each;
use crate::partition::kind;
use crate::target::Spec;
use crate::{Fault, Nemesis};

/// The leader is killed, stopped or cut off.
pub const LEADER: Nemesis = Nemesis {
    name: "leader",
    about: "kills, stops or cuts off whichever node leads; any node of a system that has no leader",
    families: &["crash", "pause", "partition"],
    schedule: |rng, cluster, phase| {
        one_each(rng, phase, |rng| {
            let hosts = Spec::Leader.draw(rng, cluster);
            match rng.random_range(0..3) {
                0 => Fault::Crash { hosts },
                1 => Fault::Pause { hosts },
                _ => Fault::Isolate { kind: kind(rng), hosts },
            }
        })
    },
};

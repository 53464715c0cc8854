//! Pauses: a process stands still and knows nothing of it, as under SIGSTOP, a long garbage collection or a migrated machine.
//! When it goes on, its timers have run out, its leases too, and it may still believe that it leads.

use crate::episodes::one_each_mid_sync;
use crate::target::Spec;
use crate::{Fault, Nemesis};

/// Processes stand still and go on.
pub const PAUSE: Nemesis = Nemesis {
    name: "pause",
    about: "stops and continues the processes of one host, the leader, a minority, a majority or all nodes, or Redis",
    families: &["pause"],
    schedule: |rng, cluster, phase| {
        let specs = [Spec::AnyHost, Spec::AnyHost, Spec::Leader, Spec::Minority, Spec::Majority, Spec::All];
        one_each_mid_sync(rng, phase, |rng| Fault::Pause { hosts: Spec::one_of(&specs, rng, cluster) })
    },
};

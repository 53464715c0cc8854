//! One-way cuts: messages of some hosts to others are lost, and those in the other direction arrive.
//!
//! Real networks do this (a full table in a switch, a firewall rule on one side), and it breaks the reasoning "I hear you, so
//! you hear me". A connection can still be opened through it, since the simulated network answers for the host; what is then
//! sent is lost.

use rand::Rng;

use crate::episodes::one_each;
use crate::target::some;
use crate::{Fault, Nemesis};

/// One host deaf, one host mute, or one half deaf to the other.
pub const ONE_WAY: Nemesis = Nemesis {
    name: "one-way",
    about: "messages of some hosts to others are lost, and those in the other direction arrive",
    families: &["one-way"],
    schedule: |rng, cluster, phase| {
        one_each(rng, phase, |rng| {
            let hosts = cluster.hosts();
            let size = if rng.random() { 1 } else { hosts.len() / 2 };
            let some = some(rng, &hosts, size);
            let rest = hosts.into_iter().filter(|host| !some.contains(host)).collect();
            if rng.random() { Fault::OneWay { from: some, to: rest } } else { Fault::OneWay { from: rest, to: some } }
        })
    },
};

/// One link, in one direction: the smallest cut there is.
pub const ONE_WAY_LINK: Nemesis = Nemesis {
    name: "one-way-link",
    about: "messages from one node to one other are lost",
    families: &["one-way"],
    schedule: |rng, cluster, phase| {
        one_each(rng, phase, |rng| {
            let from = some(rng, &cluster.nodes, 1);
            let others: Vec<String> = cluster.hosts().into_iter().filter(|host| *host != from[0]).collect();
            Fault::OneWay { from, to: some(rng, &others, 1) }
        })
    },
};

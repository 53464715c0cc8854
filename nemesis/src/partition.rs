//! Partitions: the network is cut between groups of hosts.
//!
//! The shapes are Jepsen's (`jepsen.nemesis`: halves, isolated node, bridge, majorities ring) and those of Majumdar & Niksic,
//! "Why is random testing effective for partition tolerance bugs?" (POPL 2018: uniform sizes and uniform blocks), and the one
//! that hurts a shared store most, the store isolated. Each is done in both kinds: a *stall*, through which TCP would
//! retransmit, and a *drop*, which kills connections ([`CutKind`]).

use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::episodes::one_each;
use crate::target::{Spec, some};
use crate::{CLIENTS, Cluster, CutKind, Fault, Nemesis, Phase, Schedule};

/// Cuts of a random shape and kind, one after another.
pub const PARTITION: Nemesis = Nemesis {
    name: "partition",
    about: "cuts of every shape below but uniform-block, and the leader, Redis or the clients on one side; messages wait or are lost",
    families: FAMILIES,
    schedule: |rng, cluster, phase| {
        let shapes: &[Shape] =
            &[halves, isolate_one, leader_alone, redis_alone, clients_aside, uniform_size, bridge, majorities_ring];
        one_each(rng, phase, |rng| shapes.choose(rng).expect("there are shapes")(rng, cluster))
    },
};

/// Two random halves.
pub const HALVES: Nemesis = Nemesis {
    name: "halves",
    about: "cuts the hosts into two random halves",
    families: FAMILIES,
    schedule: |rng, cluster, phase| shaped(rng, cluster, phase, halves),
};

/// One node alone.
pub const ISOLATE_ONE: Nemesis = Nemesis {
    name: "isolate-one",
    about: "cuts one node off from all others",
    families: FAMILIES,
    schedule: |rng, cluster, phase| shaped(rng, cluster, phase, isolate_one),
};

/// Sides of any size, each size equally likely.
pub const UNIFORM_SIZE: Nemesis = Nemesis {
    name: "uniform-size",
    about: "cuts off a random number of random hosts, every number equally likely",
    families: FAMILIES,
    schedule: |rng, cluster, phase| shaped(rng, cluster, phase, uniform_size),
};

/// Several sides.
pub const UNIFORM_BLOCK: Nemesis = Nemesis {
    name: "uniform-block",
    about: "cuts the hosts into two or more groups, every host into any of them",
    families: FAMILIES,
    schedule: |rng, cluster, phase| shaped(rng, cluster, phase, uniform_block),
};

/// Two halves that one node still reaches.
pub const BRIDGE: Nemesis = Nemesis {
    name: "bridge",
    about: "cuts the hosts into two halves that only one node still reaches",
    families: FAMILIES,
    schedule: |rng, cluster, phase| shaped(rng, cluster, phase, bridge),
};

/// Every host sees a majority, and no two see the same.
pub const MAJORITIES_RING: Nemesis = Nemesis {
    name: "majorities-ring",
    about: "every host reaches a majority, and no two hosts reach the same one",
    families: FAMILIES,
    schedule: |rng, cluster, phase| shaped(rng, cluster, phase, majorities_ring),
};

const FAMILIES: &[&str] = &["partition"];

/// Draws a cut.
type Shape = fn(&mut ChaCha8Rng, &Cluster) -> Fault;

fn shaped(rng: &mut ChaCha8Rng, cluster: &Cluster, phase: Phase, shape: Shape) -> Schedule {
    one_each(rng, phase, |rng| shape(rng, cluster))
}

/// A stall or a drop.
pub(crate) fn kind(rng: &mut ChaCha8Rng) -> CutKind {
    if rng.random() { CutKind::Stall } else { CutKind::Drop }
}

/// `side` against all other hosts of the system.
fn against_the_rest(rng: &mut ChaCha8Rng, cluster: &Cluster, side: Vec<String>) -> Fault {
    let rest = cluster.hosts().into_iter().filter(|host| !side.contains(host)).collect();
    Fault::Cut { kind: kind(rng), sides: vec![side, rest] }
}

/// Every host on one of two sides of the same size, or nearly.
fn halves(rng: &mut ChaCha8Rng, cluster: &Cluster) -> Fault {
    let hosts = cluster.hosts();
    let side = some(rng, &hosts, hosts.len() / 2);
    against_the_rest(rng, cluster, side)
}

fn isolate_one(rng: &mut ChaCha8Rng, cluster: &Cluster) -> Fault {
    Fault::Isolate { kind: kind(rng), hosts: Spec::One.draw(rng, cluster) }
}

/// Whoever leads alone; one node where nobody does.
fn leader_alone(rng: &mut ChaCha8Rng, cluster: &Cluster) -> Fault {
    Fault::Isolate { kind: kind(rng), hosts: Spec::Leader.draw(rng, cluster) }
}

/// Redis alone; one node where there is none.
fn redis_alone(rng: &mut ChaCha8Rng, cluster: &Cluster) -> Fault {
    Fault::Isolate { kind: kind(rng), hosts: Spec::Redis.draw(rng, cluster) }
}

/// Halves again, and the clients with one of them: the nodes of the other are not asked while it lasts.
fn clients_aside(rng: &mut ChaCha8Rng, cluster: &Cluster) -> Fault {
    let hosts = cluster.hosts();
    let side = some(rng, &hosts, hosts.len() / 2);
    let mut rest: Vec<String> = hosts.into_iter().filter(|host| !side.contains(host)).collect();
    rest.push(CLIENTS.to_owned());
    Fault::Cut { kind: kind(rng), sides: vec![side, rest] }
}

fn uniform_size(rng: &mut ChaCha8Rng, cluster: &Cluster) -> Fault {
    let hosts = cluster.hosts();
    let count = rng.random_range(1..hosts.len().max(2));
    let side = some(rng, &hosts, count);
    against_the_rest(rng, cluster, side)
}

fn uniform_block(rng: &mut ChaCha8Rng, cluster: &Cluster) -> Fault {
    let hosts = cluster.hosts();
    let blocks = rng.random_range(2..=hosts.len().max(2));
    loop {
        let mut sides = vec![Vec::new(); blocks];
        for host in &hosts {
            sides[rng.random_range(0..blocks)].push(host.clone());
        }
        sides.retain(|side| !side.is_empty());
        // One block of all hosts is no cut.
        if sides.len() >= hosts.len().min(2) {
            return Fault::Cut { kind: kind(rng), sides };
        }
    }
}

/// The node between the halves is on no side, and so is cut from nobody.
fn bridge(rng: &mut ChaCha8Rng, cluster: &Cluster) -> Fault {
    let between = some(rng, &cluster.nodes, 1);
    let mut hosts: Vec<String> = cluster.hosts().into_iter().filter(|host| !between.contains(host)).collect();
    hosts.shuffle(rng);
    let rest = hosts.split_off(hosts.len() / 2);
    Fault::Cut { kind: kind(rng), sides: vec![hosts, rest] }
}

/// The hosts stand in a random ring, and each keeps only the links to those at most about a quarter of the ring away, as many as
/// it takes to reach a majority with itself.
fn majorities_ring(dice: &mut ChaCha8Rng, cluster: &Cluster) -> Fault {
    let mut ring = cluster.hosts();
    ring.shuffle(dice);
    let size = ring.len();
    // Of a ring of even size one more than half is no whole number of neighbours on both sides: take the next larger.
    let reach = (size / 2).div_ceil(2);
    let mut links = Vec::new();
    for a in 0..size {
        for b in a + 1..size {
            let apart = (b - a).min(size - (b - a));
            if apart > reach {
                links.push((ring[a].clone(), ring[b].clone()));
            }
        }
    }
    if let ([a, b, ..], true) = (ring.as_slice(), links.is_empty()) {
        // Three hosts: one cut link leaves everybody two.
        links.push((a.clone(), b.clone()));
    }
    Fault::CutLinks { kind: kind(dice), links }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tests::{cluster, rng, seconds};

    /// The two sides of a cut that `shape` draws.
    fn sides(shape: Shape, seed: u64) -> Vec<Vec<String>> {
        match shape(&mut rng(seed), &cluster(5)) {
            Fault::Cut { sides, .. } => sides,
            other => panic!("{other} has no sides"),
        }
    }

    #[test]
    fn every_cut_between_all_hosts_holds_every_host_once() {
        for seed in 0..200 {
            for shape in [halves, uniform_size, uniform_block] {
                let mut all = sides(shape, seed).concat();
                all.sort();
                assert_eq!(all, cluster(5).hosts(), "seed {seed}");
            }
            assert_eq!(sides(uniform_size, seed).len(), 2);
            assert!(sides(uniform_block, seed).len() >= 2, "seed {seed} cuts nothing");
            assert!(sides(uniform_size, seed).iter().all(|side| !side.is_empty()));
        }
    }

    #[test]
    fn uniform_size_draws_every_size_and_uniform_block_more_than_two_sides() {
        let sizes: BTreeSet<usize> = (0..200).map(|seed| sides(uniform_size, seed)[0].len()).collect();
        assert_eq!(sizes, (1..=5).collect());
        assert!((0..200).any(|seed| sides(uniform_block, seed).len() > 2));
    }

    #[test]
    fn a_bridge_leaves_exactly_one_node_on_no_side() {
        for seed in 0..50 {
            let sides = sides(bridge, seed);
            assert_eq!(sides.iter().map(Vec::len).collect::<Vec<_>>(), [2, 3]);
        }
    }

    #[test]
    fn in_a_ring_of_majorities_every_node_reaches_a_majority_and_no_two_the_same() {
        for nodes in [3, 4, 5, 7, 9] {
            let cluster = crate::Cluster { redis: None, ..cluster(nodes) };
            let Fault::CutLinks { links, .. } = majorities_ring(&mut rng(3), &cluster) else {
                panic!("not a cut of links")
            };
            let nodes = cluster.nodes;
            let reached: BTreeSet<Vec<&String>> = nodes
                .iter()
                .map(|me| {
                    let apart =
                        |peer: &String| links.iter().any(|(a, b)| (a == me && b == peer) || (b == me && a == peer));
                    nodes.iter().filter(|peer| !apart(peer)).collect()
                })
                .collect();
            if nodes.len() > 3 {
                assert_eq!(reached.len(), nodes.len(), "two nodes reach the same majority");
            }
            assert!(reached.iter().all(|seen| seen.len() * 2 > nodes.len()));
        }
    }

    #[test]
    fn partition_draws_every_shape_and_both_kinds() {
        let mut seen = BTreeSet::new();
        for seed in 0..50 {
            for step in (PARTITION.schedule)(&mut rng(seed), &cluster(5), seconds(30)) {
                let stalls = step.fault.cut_kind() == Some(CutKind::Stall);
                let shape = match &step.fault {
                    Fault::Isolate { hosts, .. } => match hosts[0].to_string().as_str() {
                        aimed @ ("redis" | "leader") => aimed.to_owned(),
                        _ => "node".to_owned(),
                    },
                    Fault::Cut { sides, .. } => format!("{} hosts", sides.concat().len()),
                    _ => "links".to_owned(),
                };
                seen.insert((shape, stalls));
            }
        }
        assert_eq!(
            seen.len(),
            14,
            "node, leader, Redis, bridge, all hosts, all with the clients, links; each twice: {seen:?}"
        );
    }
}

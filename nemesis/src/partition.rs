//! Partitions: the network is cut between groups of hosts.
//!
//! The shapes are Jepsen's: random halves, one node isolated; and the one that hurts a shared store most, the store
//! isolated. Each is done in both kinds: a *stall*, through which TCP would retransmit, and a *drop*, which kills
//! connections (`CutKind`).

use std::time::Duration;

use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::{Cluster, CutKind, Fault, Nemesis, Schedule, Step};

/// Cuts of a random shape and kind, one after another.
pub const PARTITION: Nemesis = Nemesis {
    name: "partition",
    about: "random halves, one node isolated, or Redis isolated; messages wait or are lost",
    schedule,
};

/// Draws the sides of a cut.
type Shape = fn(&mut ChaCha8Rng, &Cluster) -> Vec<Vec<String>>;

/// One cut after another, with healthy times between them.
fn schedule(rng: &mut ChaCha8Rng, cluster: &Cluster, length: Duration) -> Schedule {
    draw_episodes(rng, length, |rng| {
        let kind = if rng.random() { CutKind::Stall } else { CutKind::Drop };
        let shapes: &[Shape] = &[random_halves, isolate_one, isolate_redis];
        let shapes = if cluster.redis.is_some() { shapes } else { &shapes[..2] };
        let shape = shapes.choose(rng).expect("there are at least two shapes");
        Fault::Cut { kind, sides: shape(rng, cluster) }
    })
}

/// Every host on one of two sides, at least one on each; a majority on one unless the number is even.
fn random_halves(rng: &mut ChaCha8Rng, cluster: &Cluster) -> Vec<Vec<String>> {
    let mut hosts = cluster.hosts();
    hosts.shuffle(rng);
    let rest = hosts.split_off(hosts.len() / 2);
    vec![hosts, rest]
}

/// One node alone, all other hosts together.
fn isolate_one(rng: &mut ChaCha8Rng, cluster: &Cluster) -> Vec<Vec<String>> {
    let alone = cluster.nodes.choose(rng).expect("a cluster has a node").clone();
    isolate(&alone, cluster)
}

/// Redis alone, all nodes together.
fn isolate_redis(_: &mut ChaCha8Rng, cluster: &Cluster) -> Vec<Vec<String>> {
    isolate(cluster.redis.as_ref().expect("only drawn when there is one"), cluster)
}

fn isolate(alone: &str, cluster: &Cluster) -> Vec<Vec<String>> {
    let rest = cluster.hosts().into_iter().filter(|host| host != alone).collect();
    vec![vec![alone.to_owned()], rest]
}

/// Faults one after another until `length` is full: each lasts 1 to 5 seconds, with 1 to 4 healthy seconds before it
/// (a quarter of that in runs so short that nothing would fit otherwise).
pub(crate) fn draw_episodes(
    rng: &mut ChaCha8Rng,
    length: Duration,
    mut draw: impl FnMut(&mut ChaCha8Rng) -> Fault,
) -> Schedule {
    let length_ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let unit_ms = (length_ms / 10).clamp(1, 1000);
    let mut schedule = Schedule::new();
    let mut at_ms = rng.random_range(unit_ms..=4 * unit_ms);
    loop {
        let lasts_ms = rng.random_range(unit_ms..=5 * unit_ms);
        if at_ms + lasts_ms > length_ms {
            return schedule;
        }
        let id = u32::try_from(schedule.len()).expect("a schedule is short");
        schedule.push(Step { id, at_ms, lasts_ms, fault: draw(rng) });
        at_ms += lasts_ms + rng.random_range(unit_ms..=4 * unit_ms);
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn cluster() -> Cluster {
        Cluster { nodes: (1..=5).map(|n| format!("n{n}")).collect(), redis: Some("redis".into()) }
    }

    #[test]
    fn every_cut_has_two_sides_that_together_hold_every_host_once() {
        for seed in 0..200 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            for step in schedule(&mut rng, &cluster(), Duration::from_secs(30)) {
                let Fault::Cut { sides, .. } = step.fault else { panic!("not a cut") };
                assert_eq!(sides.len(), 2);
                assert!(sides.iter().all(|side| !side.is_empty()));
                let mut all = sides.concat();
                all.sort();
                assert_eq!(all, cluster().hosts(), "seed {seed}");
            }
        }
    }

    #[test]
    fn all_shapes_and_both_kinds_are_drawn_and_end_in_time() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..50 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            for step in schedule(&mut rng, &cluster(), Duration::from_secs(30)) {
                assert!(step.ends_ms() <= 30_000);
                let Fault::Cut { sides, kind } = step.fault else { panic!("not a cut") };
                let shape = match sides[0].as_slice() {
                    [one] if one == "redis" => "redis",
                    [_] => "one",
                    _ => "halves",
                };
                seen.insert((shape, kind == CutKind::Stall));
            }
        }
        assert_eq!(seen.len(), 6, "{seen:?}");
    }
}

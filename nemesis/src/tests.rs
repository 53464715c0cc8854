//! What the tests of this package share, and what holds for every nemesis.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::{Cluster, Nemesis, Phase};

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

pub(crate) fn seconds(seconds: u64) -> Phase {
    Phase { length: Duration::from_secs(seconds), calm_permille: 1000 }
}

/// Nodes `n1` to `n<nodes>`, of which one leads, and Redis.
pub(crate) fn cluster(nodes: usize) -> Cluster {
    Cluster { nodes: (1..=nodes).map(|n| format!("n{n}")).collect(), redis: Some("redis".into()), leads: true }
}

pub(crate) const ALL: &[Nemesis] = &[
    crate::partition::PARTITION,
    crate::partition::HALVES,
    crate::partition::ISOLATE_ONE,
    crate::partition::UNIFORM_SIZE,
    crate::partition::UNIFORM_BLOCK,
    crate::partition::BRIDGE,
    crate::partition::MAJORITIES_RING,
    crate::one_way::ONE_WAY,
    crate::one_way::ONE_WAY_LINK,
    crate::flapping::FLAPPING,
    crate::swizzle::SWIZZLE,
    crate::crash::CRASH,
    crate::crash::ROLLING_RESTART,
    crate::power::POWER_LOSS,
    crate::power::AMNESIA,
    crate::pause::PAUSE,
    crate::leader::LEADER,
    crate::skew::SKEW,
    crate::slow::SLOW,
    crate::weather::LOSS,
    crate::weather::DUPLICATION,
    crate::weather::REORDERING,
    crate::weather::CORRUPTION,
    crate::weather::BANDWIDTH,
    crate::disk::DISK_FULL,
    crate::disk::FAILED_SYNC,
    crate::disk::LYING_SYNC,
    crate::disk::SLOW_DISK,
    crate::disk::BIT_FLIP,
];

#[test]
fn every_nemesis_draws_sound_faults_of_its_families_that_end_in_time_for_any_cluster() {
    for nemesis in ALL {
        for nodes in [1, 2, 3, 5, 7] {
            for redis in [None, Some("redis".to_owned())] {
                let cluster = Cluster { leads: redis.is_none(), redis, ..cluster(nodes) };
                let schedules = (0..10).map(|seed| (nemesis.schedule)(&mut rng(seed), &cluster, seconds(30)));
                let steps: Vec<_> = schedules.flatten().collect();
                assert!(!steps.is_empty(), "{} draws nothing", nemesis.name);
                for step in steps {
                    assert_eq!(step.fault.flaw(&cluster), None, "{}: {}", nemesis.name, step.fault);
                    assert!(nemesis.families.contains(&step.fault.family()), "{}: {}", nemesis.name, step.fault);
                    assert!(step.ends_ms() <= 30_000, "{}", nemesis.name);
                }
            }
        }
    }
}

#[test]
fn every_fault_is_plain_data_and_comes_back_the_same() {
    for nemesis in ALL {
        for step in (nemesis.schedule)(&mut rng(1), &cluster(5), seconds(30)) {
            let json = serde_json::to_string(&step).expect("a step has a JSON form");
            assert_eq!(serde_json::from_str::<crate::Step>(&json).expect("it was just written"), step, "{json}");
        }
    }
}

//! Disks that do wrong: full, failing or lying when asked to sync, slow, or with a bit that flips.
//!
//! What a system has to make of each: of a full disk a refusal; of a failed sync the end of the process, since nobody knows what
//! is durable (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020); of a flipped bit a checksum
//! that finds it. Of a disk that lies, nothing can be made: it shows only after a power loss.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::episodes::{Episode, episodes, numbered, one_each};
use crate::target::Spec;
use crate::{Cluster, DiskTrouble, Fault, Nemesis, Phase, Schedule};

/// Disks are full.
pub const DISK_FULL: Nemesis = Nemesis {
    name: "disk-full",
    about: "nothing can be written to the disk of one host or a minority",
    families: &["disk-full"],
    schedule: |rng, cluster, phase| schedule(rng, cluster, phase, |_| DiskTrouble::Full),
};

/// Syncs fail.
pub const FAILED_SYNC: Nemesis = Nemesis {
    name: "failed-sync",
    about: "the disk of one host or a minority fails to sync",
    families: &["failed-sync"],
    schedule: |rng, cluster, phase| schedule(rng, cluster, phase, |_| DiskTrouble::SyncFails),
};

/// Syncs are slow.
pub const SLOW_DISK: Nemesis = Nemesis {
    name: "slow-disk",
    about: "the disk of one host or a minority takes long to sync",
    families: &["slow-disk"],
    schedule: |rng, cluster, phase| {
        schedule(rng, cluster, phase, |rng| DiskTrouble::Slow(10 * rng.random_range(2..=50)))
    },
};

/// Syncs lie, and then the power fails.
pub const LYING_SYNC: Nemesis = Nemesis {
    name: "lying-sync",
    about: "the disk of one host or a minority says that it synced and did not, until its power fails",
    families: &["lying-sync", "power-loss"],
    schedule: |rng, cluster, phase| {
        let mut faults = Vec::new();
        for Episode { at_ms, lasts_ms } in episodes(rng, phase) {
            let hosts = Spec::one_of(SPECS, rng, cluster);
            // The disk still lies when the power fails, and is right again when it is back.
            let fails_ms = (lasts_ms / 2).max(1);
            faults.push((at_ms, lasts_ms, Fault::Disk { hosts: hosts.clone(), trouble: DiskTrouble::SyncLies }));
            faults.push((at_ms + fails_ms, lasts_ms - fails_ms, Fault::PowerLoss { hosts, torn_permille: 0 }));
        }
        numbered(faults)
    },
};

/// A bit flips while the process is down.
pub const BIT_FLIP: Nemesis = Nemesis {
    name: "bit-flip",
    about: "a bit flips on the disk of one host, whose process is then restarted",
    families: &["bit-flip", "crash"],
    schedule: |rng, cluster, phase| {
        one_each(rng, phase, |rng| {
            let hosts = Spec::one_of(&[Spec::One, Spec::Redis], rng, cluster);
            Fault::FlipBit { hosts, at_permille: rng.random_range(0..1000), bit: rng.random_range(0..8) }
        })
    },
};

const SPECS: &[Spec] = &[Spec::Redis, Spec::Redis, Spec::Minority];

fn schedule(
    rng: &mut ChaCha8Rng,
    cluster: &Cluster,
    phase: Phase,
    trouble: fn(&mut ChaCha8Rng) -> DiskTrouble,
) -> Schedule {
    one_each(rng, phase, |rng| {
        let hosts = Spec::one_of(SPECS, rng, cluster);
        Fault::Disk { hosts, trouble: trouble(rng) }
    })
}

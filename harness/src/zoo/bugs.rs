//! The planted bugs, as data: each a system with one rule left out, beside the right one. A new bug is one line here.

use crate::registry::{Registry, Unknown};
use crate::signature::Signature;

/// A planted bug: where to look for it, and what is seen there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bug {
    /// The system with the bug.
    pub system: &'static str,
    /// The system without it.
    pub twin: &'static str,
    /// What clients do.
    pub workload: &'static str,
    /// The faults that bring it out, `none` if it needs none.
    pub nemesis: &'static str,
    /// The anomalies by which it shows, each of them enough.
    pub anomalies: &'static [&'static str],
}

impl Bug {
    /// Whether `registry` has everything that it names.
    pub fn known(&self, registry: &Registry) -> Result<(), Unknown> {
        registry.system(self.system)?;
        registry.system(self.twin)?;
        registry.workload(self.workload)?;
        registry.nemeses_named(self.nemesis)?;
        Ok(())
    }

    /// Whether it shows by such a finding.
    pub fn shows(&self, signature: &Signature) -> bool {
        self.anomalies.contains(&signature.anomaly.as_str())
    }
}

const STALE: &[&str] = &["stale-read", "non-linearizable"];
const STALE_OR_LOST_UPDATE: &[&str] = &["lost-update", "stale-read", "non-linearizable"];
const LOST: &[&str] = &["lost"];
const ABOVE: &[&str] = &["above-upper-bound", "inexact-final-read"];
const BOTH_ACT: &[&str] = &["two-leaders", "duplicated", "went-back"];
const TORN: &[&str] = &["torn-swap", "fractured-read"];
const TWO_HOLDERS: &[&str] = &["non-linearizable", "stale-read", "token-not-newer", "stale-token-accepted"];
const LOST_APPENDS: &[&str] = &["incompatible-order", "G0-process", "G0-realtime", "G1c-realtime", "G-single-realtime"];

/// All of them.
pub const BUGS: &[Bug] = &[
    bug("redis-stale-cache", "redis", "register", "none", STALE),
    bug("redis-everysec", "redis", "set", "power-loss", LOST),
    bug("cache-fill-race", "redis-cache", "retarget", "none", STALE),
    bug("ping-pong-volatile", "ping-pong-durable", "ping", "crash", &["below-lower-bound", "went-back"]),
    bug("redis-failover", "redis", "set", "partition", LOST),
    bug("redis-wait", "redis", "claim", "partition", STALE_OR_LOST_UPDATE),
    bug("redis-wait-longest", "redis", "set", "partition", LOST),
    bug("quorum-weak", "quorum", "retarget", "partition", STALE),
    bug("quorum-no-write-back", "quorum", "retarget", "loss", STALE),
    bug("quorum-lww", "quorum", "retarget", "skew", STALE),
    bug("quorum-sloppy", "quorum", "retarget", "partition", STALE),
    bug("quorum-sloppy-lww", "quorum", "retarget", "partition", STALE),
    bug("crdt-lossy", "crdt", "counter", "none", &["below-lower-bound", "inexact-final-read"]),
    bug("raft-stale-read", "raft", "register", "none", STALE),
    bug("raft-no-fsync", "raft", "register", "power-loss", &["lost", "stale-read", "non-linearizable"]),
    bug("raft-reply-before-commit", "raft", "register", "partition,crash", STALE),
    bug("redis-resend", "redis", "counter", "slow", ABOVE),
    bug("redis-cas-race", "redis", "register", "none", STALE_OR_LOST_UPDATE),
    bug("redis-cache-deaf", "redis-cache", "retarget", "partition", STALE),
    bug("quorum-off-by-one", "quorum", "retarget", "flapping", STALE),
    bug("quorum-no-fsync", "quorum", "retarget", "power-loss", STALE),
    bug("quorum-tied", "quorum", "retarget", "none", STALE),
    bug("quorum-sloppy-forgetful", "quorum-sloppy", "set", "partition", LOST),
    bug("crdt-sum", "crdt", "counter", "none", ABOVE),
    bug("crdt-no-fsync", "crdt", "set", "power-loss", LOST),
    bug("raft-minority-commit", "raft", "register", "partition", STALE),
    bug("raft-any-leader", "raft", "register", "partition,crash", STALE),
    bug("crdt-resurrects", "crdt", "lifecycle", "none", &["overwritten", "divergence"]),
    bug("raft-repeats", "raft", "counter", "duplication", ABOVE),
    bug(
        "redis-ring-twice",
        "redis-ring",
        "lifecycle",
        "swarm",
        &["never-written", "thin-air-read", "non-linearizable"],
    ),
    bug("leader-no-fence", "leader", "job", "pause,leader", BOTH_ACT),
    bug("leader-wall-clock", "leader", "job", "pause,skew", BOTH_ACT),
    bug("map-reduce-no-ids", "map-reduce", "words", "crash", &["double-counted", "under-counted"]),
    bug("registry-unresolved", "registry", "names", "partition", &["divergence"]),
    bug("mailbox-resend", "mailbox", "mail", "loss", &["reordered"]),
    bug("groups-no-monitor", "groups", "presence", "crash", &["dead-member"]),
    bug("three-phase-commit", "two-phase-commit", "swap", "halves", TORN),
    bug("two-phase-commit-forgetful", "two-phase-commit", "swap", "rolling-restart", TORN),
    bug("two-phase-commit-broken-promise", "two-phase-commit", "swap", "power-loss", TORN),
    bug("two-phase-commit-early-release", "two-phase-commit", "swap", "none", TORN),
    bug("two-phase-commit-impatient", "two-phase-commit", "swap", "halves", TORN),
    bug("two-phase-commit-torn-log", "two-phase-commit", "set", "slow-disk,power-loss,rolling-restart", LOST),
    bug("leader-double-vote", "leader", "job", "crash", BOTH_ACT),
    bug("redis-everysec", "redis", "lock", "power-loss", TWO_HOLDERS),
    bug("raft-reply-before-commit", "raft", "append", "partition,crash", LOST_APPENDS),
];

const fn bug(
    system: &'static str,
    twin: &'static str,
    workload: &'static str,
    nemesis: &'static str,
    anomalies: &'static [&'static str],
) -> Bug {
    Bug { system, twin, workload, nemesis, anomalies }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weakened_system_has_a_row() {
        let registry = Registry::builtin();
        for system in registry
            .systems()
            .iter()
            .chain(registry.zoo())
            .filter(|system| system.claims.iter().any(|claim| claim.weakened))
        {
            let has_row = BUGS.iter().any(|bug| bug.system == system.name);
            assert!(has_row, "{} claims what it can't hold: say in BUGS how it is caught", system.name);
        }
    }

    #[test]
    fn a_registered_bug_has_a_registered_twin_and_both_serve_the_workload() {
        let registry = Registry::builtin();
        for bug in BUGS.iter().filter(|bug| registry.system(bug.system).is_ok()) {
            let workload = registry.workload(bug.workload).unwrap_or_else(|error| panic!("{}: {error}", bug.system));
            for name in [bug.system, bug.twin] {
                let system = registry.system(name).unwrap_or_else(|error| panic!("{}: {error}", bug.system));
                assert_eq!(registry.served(workload, system), Ok(()), "{name}");
            }
        }
    }
}

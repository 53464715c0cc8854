//! What there is to run. A new system, workload or nemesis is one file, and one line here.

use netsplit_nemesis::Nemesis;
use netsplit_systems::ping_pong;
use netsplit_systems::shortener;
use netsplit_systems::system::System;
use netsplit_workloads::Workload;

use crate::plan::BadConfig;

/// The systems.
pub const SYSTEMS: &[System] = &[
    ping_pong::PING_PONG,
    ping_pong::PING_PONG_DURABLE,
    ping_pong::PING_PONG_VOLATILE,
    shortener::redis::REDIS,
    shortener::redis::weakened::REDIS_EVERYSEC,
    shortener::redis::weakened::STALE_CACHE,
    shortener::cached::broadcast::REDIS_CACHE,
    shortener::cached::broadcast::CACHE_FILL_RACE,
    shortener::cached::owner::REDIS_RING,
    shortener::failover::REDIS_FAILOVER,
    shortener::failover::REDIS_WAIT,
    shortener::failover::REDIS_WAIT_LONGEST,
    shortener::quorum::QUORUM,
    shortener::quorum::weakened::QUORUM_NO_WRITE_BACK,
    shortener::quorum::weakened::QUORUM_WEAK,
    shortener::quorum::weakened::QUORUM_LWW,
    shortener::quorum::weakened::QUORUM_SLOPPY,
    shortener::quorum::weakened::QUORUM_SLOPPY_LWW,
    shortener::crdt::CRDT,
    shortener::crdt::weakened::CRDT_LOSSY,
    shortener::raft::RAFT,
    shortener::raft::weakened::RAFT_STALE_READ,
    shortener::raft::weakened::RAFT_NO_FSYNC,
    shortener::raft::weakened::RAFT_REPLY_BEFORE_COMMIT,
];

/// More systems with a rule left out: bugs that the zoo must find. Their right twins are above.
pub const ZOO: &[System] = &[
    shortener::redis::weakened::REDIS_RESEND,
    shortener::redis::weakened::REDIS_CAS_RACE,
    shortener::cached::broadcast::REDIS_CACHE_DEAF,
    shortener::quorum::weakened::QUORUM_OFF_BY_ONE,
    shortener::quorum::weakened::QUORUM_NO_FSYNC,
    shortener::quorum::weakened::QUORUM_TIED,
    shortener::quorum::weakened::QUORUM_SLOPPY_FORGETFUL,
    shortener::crdt::weakened::CRDT_SUM,
    shortener::crdt::weakened::CRDT_NO_FSYNC,
    shortener::raft::weakened::RAFT_MINORITY_COMMIT,
    shortener::raft::weakened::RAFT_ANY_LEADER,
];

/// Systems for the tests of netsplit itself, which no list shows.
const PLANTED: &[System] =
    &[netsplit_systems::planted::REAL_CLOCK, netsplit_systems::planted::NO_RECOVERY, netsplit_systems::planted::PANICS];

/// The workloads.
pub const WORKLOADS: &[Workload] = &[
    netsplit_workloads::register::REGISTER,
    netsplit_workloads::retarget::RETARGET,
    netsplit_workloads::claim::CLAIM,
    netsplit_workloads::set::SET,
    netsplit_workloads::set_rmw::SET_RMW,
    netsplit_workloads::counter::COUNTER,
    netsplit_workloads::ping::PING,
];

/// The nemeses.
pub const NEMESES: &[Nemesis] = &[
    netsplit_nemesis::NONE,
    netsplit_nemesis::swarm::SWARM,
    netsplit_nemesis::partition::PARTITION,
    netsplit_nemesis::partition::HALVES,
    netsplit_nemesis::partition::ISOLATE_ONE,
    netsplit_nemesis::partition::UNIFORM_SIZE,
    netsplit_nemesis::partition::UNIFORM_BLOCK,
    netsplit_nemesis::partition::BRIDGE,
    netsplit_nemesis::partition::MAJORITIES_RING,
    netsplit_nemesis::swizzle::SWIZZLE,
    netsplit_nemesis::one_way::ONE_WAY,
    netsplit_nemesis::one_way::ONE_WAY_LINK,
    netsplit_nemesis::flapping::FLAPPING,
    netsplit_nemesis::crash::CRASH,
    netsplit_nemesis::crash::ROLLING_RESTART,
    netsplit_nemesis::power::POWER_LOSS,
    netsplit_nemesis::power::AMNESIA,
    netsplit_nemesis::pause::PAUSE,
    netsplit_nemesis::leader::LEADER,
    netsplit_nemesis::skew::SKEW,
    netsplit_nemesis::slow::SLOW,
    netsplit_nemesis::weather::BANDWIDTH,
    netsplit_nemesis::weather::LOSS,
    netsplit_nemesis::weather::DUPLICATION,
    netsplit_nemesis::weather::REORDERING,
    netsplit_nemesis::weather::CORRUPTION,
    netsplit_nemesis::disk::DISK_FULL,
    netsplit_nemesis::disk::FAILED_SYNC,
    netsplit_nemesis::disk::LYING_SYNC,
    netsplit_nemesis::disk::SLOW_DISK,
    netsplit_nemesis::disk::BIT_FLIP,
];

/// A name that is not registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {kind} `{name}`{}; there are {list}", nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
pub struct Unknown {
    kind: &'static str,
    name: String,
    nearest: Option<String>,
    list: String,
}

impl Unknown {
    /// Without the list of what there is.
    pub fn what(&self) -> String {
        format!("no {} `{}` is registered", self.kind, self.name)
    }
}

/// The system of this name.
pub fn system(name: &str) -> Result<&'static System, Unknown> {
    let unlisted = ZOO.iter().chain(PLANTED).find(|system| system.name == name);
    unlisted.map_or_else(|| find("system", name, SYSTEMS, |system| system.name), Ok)
}

/// The workload of this name.
pub fn workload(name: &str) -> Result<&'static Workload, Unknown> {
    find("workload", name, WORKLOADS, |workload| workload.name)
}

/// The nemeses of these names, joined by commas.
pub fn nemeses(names: &str) -> Result<Vec<&'static Nemesis>, Unknown> {
    names.split(',').map(|name| nemesis(name.trim())).collect()
}

/// The nemesis of this name.
pub fn nemesis(name: &str) -> Result<&'static Nemesis, Unknown> {
    find("nemesis", name, NEMESES, |nemesis| nemesis.name)
}

/// Whether `system` offers all that `workload` needs.
pub fn served(workload: &Workload, system: &System) -> Result<(), BadConfig> {
    let lacks = |workload: &Workload, system: &System| -> Vec<&'static str> {
        workload.needs.iter().filter(|need| !system.offers.contains(need)).map(|need| need.word()).collect()
    };
    let missing = lacks(workload, system);
    if missing.is_empty() {
        return Ok(());
    }
    let quoted = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let workloads = WORKLOADS.iter().filter(|other| lacks(other, system).is_empty()).map(|other| other.name).collect();
    let systems = SYSTEMS.iter().filter(|other| lacks(workload, other).is_empty()).map(|other| other.name).collect();
    Err(BadConfig::NotServed {
        workload: workload.name.into(),
        missing: missing.join(", "),
        system: system.name.into(),
        instead: format!("workload {}, or system {}", quoted(workloads), quoted(systems)),
    })
}

fn find<T>(
    kind: &'static str,
    name: &str,
    all: &'static [T],
    named: fn(&T) -> &'static str,
) -> Result<&'static T, Unknown> {
    all.iter().find(|entry| named(entry) == name).ok_or_else(|| Unknown {
        kind,
        name: name.escape_debug().take(80).collect(),
        nearest: nearest(name, all.iter().map(named)),
        list: all.iter().map(|entry| format!("`{}`", named(entry))).collect::<Vec<_>>().join(", "),
    })
}

/// The most similar of `names`, if one is similar at all.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    names
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(similarity, _)| *similarity > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_and_the_list() {
        let error = system("rediss").err().expect("no such system").to_string();
        assert!(error.contains("did you mean `redis`") && error.contains("`redis-everysec`"), "{error}");
        assert!(!system("zzz").err().expect("no such system").to_string().contains("mean"));
    }
}

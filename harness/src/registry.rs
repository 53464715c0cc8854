//! What there is to run. A new system, workload or nemesis of netsplit's own is one file, and one line here; a user's
//! own are in the user's crate, which makes a [`Registry`] of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use netsplit_nemesis::Nemesis;
use netsplit_systems::map_reduce;
use netsplit_systems::ping_pong;
use netsplit_systems::shortener;
use netsplit_systems::system::System;
use netsplit_systems::{groups, leader, mailbox, registry as names};
use netsplit_workloads::Workload;

use crate::plan::BadConfig;

/// The systems; the first is run if none is named.
pub const SYSTEMS: &[System] = &[
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
    ping_pong::PING_PONG,
    ping_pong::PING_PONG_DURABLE,
    ping_pong::PING_PONG_VOLATILE,
    leader::LEADER,
    leader::weakened::LEADER_NO_FENCE,
    leader::weakened::LEADER_WALL_CLOCK,
    map_reduce::MAP_REDUCE,
    map_reduce::MAP_REDUCE_NO_IDS,
    names::available::REGISTRY,
    names::available::REGISTRY_UNRESOLVED,
    names::consistent::REGISTRY_RAFT,
    groups::GROUPS,
    groups::GROUPS_NO_MONITOR,
    mailbox::MAILBOX,
    mailbox::MAILBOX_RESEND,
    shortener::atomic_commit::TWO_PHASE_COMMIT,
    shortener::atomic_commit::THREE_PHASE_COMMIT,
];

/// More systems with a rule left out: bugs that the zoo must find. Their right twins are above.
pub const ZOO: &[System] = &[
    shortener::redis::weakened::REDIS_RESEND,
    shortener::redis::weakened::REDIS_CAS_RACE,
    shortener::cached::broadcast::REDIS_CACHE_DEAF,
    shortener::cached::owner::REDIS_RING_TWICE,
    shortener::quorum::weakened::QUORUM_OFF_BY_ONE,
    shortener::quorum::weakened::QUORUM_NO_FSYNC,
    shortener::quorum::weakened::QUORUM_TIED,
    shortener::quorum::weakened::QUORUM_SLOPPY_FORGETFUL,
    shortener::crdt::weakened::CRDT_SUM,
    shortener::crdt::weakened::CRDT_NO_FSYNC,
    shortener::crdt::weakened::CRDT_RESURRECTS,
    shortener::raft::weakened::RAFT_MINORITY_COMMIT,
    shortener::raft::weakened::RAFT_ANY_LEADER,
    shortener::raft::weakened::RAFT_REPEATS,
    shortener::atomic_commit::weakened::TWO_PHASE_COMMIT_FORGETFUL,
    shortener::atomic_commit::weakened::TWO_PHASE_COMMIT_BROKEN_PROMISE,
    shortener::atomic_commit::weakened::TWO_PHASE_COMMIT_EARLY_RELEASE,
    shortener::atomic_commit::weakened::TWO_PHASE_COMMIT_IMPATIENT,
    shortener::atomic_commit::weakened::TWO_PHASE_COMMIT_TORN_LOG,
    leader::weakened::LEADER_DOUBLE_VOTE,
];

/// Systems for the tests of netsplit itself, which no list shows.
const PLANTED: &[System] = &[
    netsplit_systems::planted::REAL_CLOCK,
    netsplit_systems::planted::NO_RECOVERY,
    netsplit_systems::planted::PANICS,
    netsplit_systems::planted::HANGS,
    netsplit_systems::planted::ABORTS,
    netsplit_systems::planted::HOGS,
];

/// The workloads; the first that a system serves is run if none is named.
pub const WORKLOADS: &[Workload] = &[
    netsplit_workloads::register::REGISTER,
    netsplit_workloads::retarget::RETARGET,
    netsplit_workloads::claim::CLAIM,
    netsplit_workloads::bids::BIDS,
    netsplit_workloads::lifecycle::LIFECYCLE,
    netsplit_workloads::set::SET,
    netsplit_workloads::set_rmw::SET_RMW,
    netsplit_workloads::counter::COUNTER,
    netsplit_workloads::append::APPEND,
    netsplit_workloads::swap::SWAP,
    netsplit_workloads::lock::LOCK,
    netsplit_workloads::ping::PING,
    netsplit_workloads::job::JOB,
    netsplit_workloads::words::WORDS,
    netsplit_workloads::names::NAMES,
    netsplit_workloads::presence::PRESENCE,
    netsplit_workloads::mail::MAIL,
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
#[error("no {kind} `{name}`{meant}; there are {list}")]
pub struct Unknown {
    kind: &'static str,
    name: String,
    meant: String,
    list: String,
}

impl Unknown {
    /// Without the list of what there is.
    pub fn what(&self) -> String {
        format!("no {} `{}` is registered", self.kind, self.name)
    }
}

/// What there is to run, by name: netsplit's own, a user's, or both. Clones share the tables.
///
/// ```
/// use netsplit::registry::Registry;
/// use netsplit::systems::shortener::redis::REDIS;
/// use netsplit::systems::system::System;
///
/// const MINE: System = System { name: "mine", about: "a shortener of my own", ..REDIS };
///
/// let registry = Registry::of(&[MINE]);
/// assert_eq!(registry.system("mine").unwrap().about, "a shortener of my own");
/// assert!(registry.system("redis").is_err());
/// ```
#[derive(Clone)]
pub struct Registry(Arc<Tables>);

#[derive(Clone, Default)]
struct Tables {
    systems: Vec<&'static System>,
    zoo: Vec<&'static System>,
    unlisted: Vec<&'static System>,
    workloads: Vec<&'static Workload>,
    nemeses: Vec<&'static Nemesis>,
}

impl Registry {
    /// All that netsplit brings.
    pub fn builtin() -> Registry {
        let registry = Registry::of(SYSTEMS);
        registry.with(|tables| {
            tables.zoo.extend(ZOO);
            tables.unlisted.extend(PLANTED);
        })
    }

    /// These systems, the first of which is run if none is named, and netsplit's workloads and nemeses.
    pub fn of(systems: &'static [System]) -> Registry {
        let tables = Tables {
            systems: systems.iter().collect(),
            workloads: WORKLOADS.iter().collect(),
            nemeses: NEMESES.iter().collect(),
            ..Tables::default()
        };
        Registry(Arc::new(tables)).with(|_| ())
    }

    /// With these workloads before the others. Panics if two have one name.
    #[must_use]
    pub fn with_workloads(self, workloads: &'static [Workload]) -> Registry {
        self.with(|tables| drop(tables.workloads.splice(0..0, workloads)))
    }

    /// With these nemeses after the others. Panics if two have one name.
    #[must_use]
    pub fn with_nemeses(self, nemeses: &'static [Nemesis]) -> Registry {
        self.with(|tables| tables.nemeses.extend(nemeses))
    }

    /// With no workload but this one.
    #[must_use]
    pub fn with_only(self, workload: &'static Workload) -> Registry {
        self.with(|tables| tables.workloads = vec![workload])
    }

    fn with(mut self, change: impl FnOnce(&mut Tables)) -> Registry {
        let tables = Arc::make_mut(&mut self.0);
        change(tables);
        let systems = tables.systems.iter().chain(&tables.zoo).chain(&tables.unlisted).map(|system| system.name);
        assert_distinct("system", systems);
        assert_distinct("workload", tables.workloads.iter().map(|workload| workload.name));
        assert_distinct("nemesis", tables.nemeses.iter().map(|nemesis| nemesis.name));
        self
    }

    /// The systems that a list shows.
    pub fn systems(&self) -> &[&'static System] {
        &self.0.systems
    }

    /// Systems with a planted bug that [`crate::zoo`] looks for, and that a list shows apart.
    pub fn zoo(&self) -> &[&'static System] {
        &self.0.zoo
    }

    /// All workloads.
    pub fn workloads(&self) -> &[&'static Workload] {
        &self.0.workloads
    }

    /// All nemeses.
    pub fn nemeses(&self) -> &[&'static Nemesis] {
        &self.0.nemeses
    }

    /// The system of this name.
    pub fn system(&self, name: &str) -> Result<&'static System, Unknown> {
        let unlisted = self.0.zoo.iter().chain(&self.0.unlisted).find(|system| system.name == name);
        unlisted.map_or_else(|| find("system", name, &self.0.systems, |system| system.name), |system| Ok(system))
    }

    /// The workload of this name.
    pub fn workload(&self, name: &str) -> Result<&'static Workload, Unknown> {
        find("workload", name, &self.0.workloads, |workload| workload.name)
    }

    /// The nemesis of this name.
    pub fn nemesis(&self, name: &str) -> Result<&'static Nemesis, Unknown> {
        find("nemesis", name, &self.0.nemeses, |nemesis| nemesis.name)
    }

    /// The nemeses of these names, joined by commas.
    pub fn nemeses_named(&self, names: &str) -> Result<Vec<&'static Nemesis>, Unknown> {
        names.split(',').map(|name| self.nemesis(name.trim())).collect()
    }

    /// The first workload that `system` serves.
    pub fn workload_for(&self, system: &System) -> Option<&'static Workload> {
        self.0.workloads.iter().copied().find(|workload| lacking(workload, system).is_empty())
    }

    /// Whether `system` offers all that `workload` needs.
    pub fn served(&self, workload: &Workload, system: &System) -> Result<(), BadConfig> {
        let missing = lacking(workload, system);
        if missing.is_empty() {
            return Ok(());
        }
        let workloads = self.0.workloads.iter().filter(|other| lacking(other, system).is_empty());
        let systems = self.0.systems.iter().filter(|other| lacking(workload, other).is_empty());
        let instead: Vec<String> = [
            ("workload", workloads.map(|workload| workload.name).collect()),
            ("system", systems.map(|system| system.name).collect()),
        ]
        .into_iter()
        .filter(|(_, names): &(_, Vec<_>)| !names.is_empty())
        .map(|(kind, names)| format!("{kind} {}", quoted(names.into_iter())))
        .collect();
        Err(BadConfig::NotServed {
            workload: workload.name.into(),
            missing: missing.join(", "),
            system: system.name.into(),
            instead: instead.join(", or "),
        })
    }
}

/// By the names: what is registered under them is code.
impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.systems.iter().map(|system| system.name)).finish()
    }
}

fn lacking(workload: &Workload, system: &System) -> Vec<&'static str> {
    workload.needs.iter().filter(|need| !system.offers.contains(need)).map(|need| need.word()).collect()
}

fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn assert_distinct(kind: &str, names: impl Iterator<Item = &'static str>) {
    let mut seen = BTreeSet::new();
    for name in names {
        assert!(seen.insert(name), "two of the registry have one name: {kind} `{name}`");
    }
}

fn find<T>(
    kind: &'static str,
    name: &str,
    all: &[&'static T],
    named: fn(&T) -> &'static str,
) -> Result<&'static T, Unknown> {
    all.iter().copied().find(|entry| named(entry) == name).ok_or_else(|| Unknown {
        kind,
        name: name.escape_debug().take(80).collect(),
        meant: meant(name, all.iter().map(|entry| named(entry))),
        list: quoted(all.iter().map(|entry| named(entry))),
    })
}

/// Asks after the most similar of `names`, behind an unknown name; empty if none is similar at all.
pub(crate) fn meant<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(similarity, _)| *similarity > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| format!(" (did you mean `{known}`?)"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use netsplit_systems::system::Offer;

    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_and_the_list() {
        let system = |name| Registry::builtin().system(name).err().expect("no such system").to_string();
        let error = system("rediss");
        assert!(error.contains("did you mean `redis`") && error.contains("`redis-everysec`"), "{error}");
        assert!(!system("zzz").contains("mean"));
    }

    #[test]
    fn a_users_registry_holds_the_users_systems_and_no_others() {
        const MINE: System = System { name: "mine", offers: &[Offer::Other("a lottery")], ..shortener::redis::REDIS };
        const DRAW: Workload =
            Workload { name: "draw", needs: &[Offer::Other("a lottery")], ..netsplit_workloads::register::REGISTER };
        let registry = Registry::of(&[MINE]).with_workloads(&[DRAW]);
        assert!(registry.system("mine").is_ok() && registry.system("redis").is_err());
        assert_eq!(registry.workload_for(&MINE).map(|workload| workload.name), Some("draw"));
        let register = registry.workload("register").expect("netsplit's workloads are there too");
        let error = registry.served(register, &MINE).expect_err("it offers no links").to_string();
        assert!(error.ends_with("system `mine` has none; try workload `draw`"), "{error}");
    }

    #[test]
    fn of_two_with_one_name_neither_can_be_meant() {
        const TWICE: &[Workload] = &[netsplit_workloads::register::REGISTER];
        let message = std::panic::catch_unwind(|| Registry::builtin().with_workloads(TWICE)).err();
        let message = message.and_then(|panic| panic.downcast::<String>().ok()).expect("it panics with a message");
        assert_eq!(*message, "two of the registry have one name: workload `register`");
    }
}

//! What a batch of runs really tested: which pairs of hosts were really split, which host was really alone, and so on, each counted
//! only when the fault stood in the way of a message or met an operation.
//!
//! Beside it stands how many random cuts would cover the same goals: if a random test covers each of m goals with a chance of at
//! least p, then ln(m/ε) / −ln(1−p) tests cover all of them with a chance of 1−ε (Majumdar & Niksic, "Why is random testing
//! effective for partition tolerance bugs?", POPL 2018, the general construction).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use netsplit_checker::{Actor, Kind};
use netsplit_nemesis::Fault;
use netsplit_systems::node::REDIS;

use crate::case::Case;
use crate::plan::Plan;
use crate::simulate::Recording;

/// Most hosts whose bipartitions are all a goal: 63 of them.
const MOST_FOR_BIPARTITIONS: usize = 7;

/// The chance that random cuts may leave a goal uncovered.
const MISSED: f64 = 0.05;

/// A kind of goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Goal {
    /// Two hosts that talk to each other are cut apart.
    Split,
    /// A host is cut from all that it talks to.
    Isolated,
    /// All hosts are cut into exactly these two sides.
    Bipartition,
    /// Messages from one host to another are lost, and those in the other direction pass.
    OneWay,
    /// A host is stopped while it works on a write.
    Crash,
    /// A node answers a read while a fault is there.
    ReadDuring,
    /// A node answers a read after a fault.
    ReadAfter,
}

impl Goal {
    fn word(self) -> &'static str {
        match self {
            Goal::Split => "pairs split",
            Goal::Isolated => "hosts isolated",
            Goal::Bipartition => "bipartitions",
            Goal::OneWay => "one-way links",
            Goal::Crash => "hosts stopped with a write in flight",
            Goal::ReadDuring => "nodes read during a fault",
            Goal::ReadAfter => "nodes read after a fault",
        }
    }

    /// The chance that a cut into two random sides covers one goal of this kind, of `hosts` hosts; `None` if it is not about cuts.
    fn chance(self, hosts: usize) -> Option<f64> {
        let bipartitions = || 2_f64.powi(i32::try_from(hosts).unwrap_or(i32::MAX) - 1) - 1.0;
        match self {
            Goal::Split => Some(2_f64.powi(i32::try_from(hosts).unwrap_or(i32::MAX) - 2) / bipartitions()),
            Goal::Isolated | Goal::Bipartition => Some(1.0 / bipartitions()),
            _ => None,
        }
    }
}

/// The goals of one run or of a batch: all of them, and which were reached.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    hosts: usize,
    goals: BTreeMap<Goal, BTreeMap<String, bool>>,
}

impl Coverage {
    /// What the run of `case` covered.
    pub fn of(case: &Case, recording: &Recording) -> Coverage {
        let hosts = case.cluster().hosts();
        let mut coverage = Coverage { hosts: hosts.len(), goals: BTreeMap::new() };
        let families: BTreeSet<&str> = case.families().into_iter().collect();
        let has = |names: &[&str]| names.iter().any(|name| families.contains(name));
        let network = Network::of(case, recording, &hosts);
        if has(&["partition", "flapping"]) {
            coverage.cuts(&network, &hosts);
        }
        if has(&["one-way"]) {
            coverage.one_way(&network, &hosts);
        }
        if has(&["crash", "power-loss", "amnesia"]) {
            coverage.crashes(case, recording, &hosts);
        }
        if families.iter().any(|family| *family != "none") {
            coverage.reads(case, recording);
        }
        coverage
    }

    /// Takes in what another run covered.
    pub fn add(&mut self, other: &Coverage) {
        self.hosts = self.hosts.max(other.hosts);
        for (goal, names) in &other.goals {
            for (name, covered) in names {
                self.goal(*goal, name.clone(), *covered);
            }
        }
    }

    /// One line a kind of goal: how many of all, what is missing, and how many random cuts it takes.
    pub fn lines(&self) -> Vec<String> {
        let told = self.goals.iter().filter(|(_, names)| !names.is_empty()).map(|(goal, names)| {
            let covered = names.values().filter(|covered| **covered).count();
            let needed =
                goal.chance(self.hosts).filter(|chance| *chance < 1.0).map(|chance| needed(names.len(), chance));
            let needed = needed.map(|cuts| format!("; {cuts} random cuts cover all with 95 %")).unwrap_or_default();
            format!("{covered}/{} {}{needed}", names.len(), goal.word())
        });
        told.collect()
    }

    /// The goals that were not reached, each in words.
    pub fn missing(&self) -> Vec<String> {
        let all =
            self.goals.iter().flat_map(|(goal, names)| names.iter().map(move |(name, covered)| (goal, name, covered)));
        all.filter(|(.., covered)| !**covered).map(|(goal, name, _)| format!("{}: {name}", goal.word())).collect()
    }

    fn goal(&mut self, goal: Goal, name: String, covered: bool) {
        *self.goals.entry(goal).or_default().entry(name).or_default() |= covered;
    }

    fn cuts(&mut self, network: &Network, hosts: &[String]) {
        for (a, name) in hosts.iter().enumerate() {
            let partners: Vec<usize> = (0..hosts.len()).filter(|b| network.talk(a, *b)).collect();
            for b in partners.iter().copied().filter(|b| a < *b) {
                let split = network.moments.iter().any(|moment| moment.splits(a, b));
                self.goal(Goal::Split, format!("{name}–{}", hosts[b]), split);
            }
            if !partners.is_empty() {
                let alone = |moment: &Moment| {
                    partners.iter().all(|b| moment.parts(a, *b)) && partners.iter().any(|b| moment.splits(a, *b))
                };
                self.goal(Goal::Isolated, name.clone(), network.moments.iter().any(alone));
            }
        }
        if hosts.len() <= MOST_FOR_BIPARTITIONS {
            self.bipartitions(network, hosts);
        }
    }

    /// A side is a set of hosts as bits; the side of the first host names the bipartition.
    fn bipartitions(&mut self, network: &Network, hosts: &[String]) {
        let all = (1_usize << hosts.len()) - 1;
        for side in (1..all).filter(|side| side & 1 == 1) {
            let is_in = |host: usize| side >> host & 1 == 1;
            let pairs = || (0..hosts.len()).flat_map(|a| (a + 1..hosts.len()).map(move |b| (a, b)));
            let covered = network.moments.iter().any(|moment| {
                pairs().all(|(a, b)| moment.parts(a, b) == (is_in(a) != is_in(b)))
                    && pairs().any(|(a, b)| moment.splits(a, b))
            });
            let named = |inside: bool| {
                let members = (0..hosts.len()).filter(|host| is_in(*host) == inside).map(|host| hosts[host].as_str());
                members.collect::<Vec<_>>().join(" ")
            };
            self.goal(Goal::Bipartition, format!("{} | {}", named(true), named(false)), covered);
        }
    }

    fn one_way(&mut self, network: &Network, hosts: &[String]) {
        for (from, name) in hosts.iter().enumerate() {
            for to in (0..hosts.len()).filter(|to| network.talk(from, *to)) {
                let covered = network.moments.iter().any(|moment| moment.mutes(from, to));
                self.goal(Goal::OneWay, format!("{name}→{}", hosts[to]), covered);
            }
        }
    }

    fn crashes(&mut self, plan: &Plan, recording: &Recording, hosts: &[String]) {
        for host in hosts {
            let stops = plan
                .schedule
                .iter()
                .filter(|step| step.fault.stops_processes())
                .filter(|step| recording.strikes.get(&step.id).is_some_and(|strike| strike.hosts.contains(host)));
            let mut at = stops.map(|step| Duration::from_millis(recording.begun(step).at_ms));
            let covered = at.any(|at| write_in_flight(recording, host, at));
            self.goal(Goal::Crash, host.clone(), covered);
        }
    }

    fn reads(&mut self, plan: &Plan, recording: &Recording) {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let during = |time: Duration| {
            plan.schedule.iter().any(|step| (step.at_ms..step.ends_ms().min(plan.length_ms)).contains(&ms(time)))
        };
        let first_heal_ms = plan.schedule.iter().map(|step| step.ends_ms().min(plan.length_ms)).min();
        let (mut seen_during, mut seen_after) = (BTreeSet::new(), BTreeSet::new());
        for event in recording.history.events.iter().filter(|event| event.kind == Kind::Ok && reads(&event.f)) {
            let Some(node) = event.node.as_deref() else { continue };
            if during(event.time) {
                seen_during.insert(node);
            } else if first_heal_ms.is_some_and(|heal_ms| ms(event.time) >= heal_ms) {
                seen_after.insert(node);
            }
        }
        for node in plan.nodes.iter().filter(|node| !plan.dead.contains(node)) {
            self.goal(Goal::ReadDuring, node.clone(), seen_during.contains(node.as_str()));
            self.goal(Goal::ReadAfter, node.clone(), seen_after.contains(node.as_str()));
        }
    }
}

/// Whether an operation of this name shows something: a transaction may.
fn reads(f: &str) -> bool {
    matches!(f, "read" | "txn")
}

/// How many random cuts cover `goals` goals of this chance each.
fn needed(goals: usize, chance: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are few goals")]
    let goals = goals as f64;
    ((goals / MISSED).ln() / -(1.0 - chance).ln()).ceil()
}

/// Whether `host` worked on a write for a client; all writes are Redis's work.
fn write_in_flight(recording: &Recording, host: &str, at: Duration) -> bool {
    let before = recording.history.events.iter().take_while(|event| event.time < at);
    let mut open = BTreeMap::new();
    for event in before.filter(|event| matches!(event.process, Actor::Process(_))) {
        let Actor::Process(process) = event.process else { continue };
        let here = host == REDIS || event.node.as_deref() == Some(host);
        open.insert(process, event.kind == Kind::Invoke && &*event.f != "read" && here);
    }
    open.values().any(|write| *write)
}

/// The network of a run: who talks to whom, and the times between which cuts changed.
struct Network {
    hosts: usize,
    talk: Vec<bool>,
    moments: Vec<Moment>,
}

/// A cut, the hosts that it aims at, and when it was there, from and to, in milliseconds.
type Cut<'r> = (&'r Fault, &'r [String], Vec<(u64, u64)>);

/// A time in which the cuts did not change.
struct Moment {
    hosts: usize,
    blocked: Vec<bool>,
    sent: Vec<u64>,
}

impl Network {
    fn of(plan: &Plan, recording: &Recording, hosts: &[String]) -> Network {
        let cuts: Vec<Cut<'_>> = plan
            .schedule
            .iter()
            .filter(|step| step.fault.cut_kind().is_some())
            .map(|step| {
                let struck = recording.strikes.get(&step.id).map_or(&[][..], |strike| &strike.hosts);
                (&step.fault, struck, step.pulses(plan.length_ms))
            })
            .collect();
        let changes: BTreeSet<u64> =
            cuts.iter().flat_map(|(.., pulses)| pulses).flat_map(|(from, to)| [*from, *to]).collect();
        let changes: Vec<u64> = changes.into_iter().collect();
        let (talk, sent) = traffic(recording, hosts, &changes);
        let moments = changes.iter().zip(sent).map(|(at_ms, sent)| {
            let there = |pulses: &[(u64, u64)]| pulses.iter().any(|(from, to)| (*from..*to).contains(at_ms));
            let active: Vec<_> = cuts.iter().filter(|(.., pulses)| there(pulses)).collect();
            let blocks = |from: &str, to: &str| active.iter().any(|(fault, struck, _)| fault.blocks(struck, from, to));
            let blocked = hosts.iter().flat_map(|from| hosts.iter().map(|to| blocks(from, to)).collect::<Vec<_>>());
            Moment { hosts: hosts.len(), blocked: blocked.collect(), sent }
        });
        Network { hosts: hosts.len(), talk, moments: moments.collect() }
    }

    /// Whether the two ever sent each other anything.
    fn talk(&self, a: usize, b: usize) -> bool {
        self.talk[a * self.hosts + b] || self.talk[b * self.hosts + a]
    }
}

impl Moment {
    fn parts(&self, a: usize, b: usize) -> bool {
        self.blocked[a * self.hosts + b] && self.blocked[b * self.hosts + a]
    }

    /// Nothing passes, and something wanted to.
    fn splits(&self, a: usize, b: usize) -> bool {
        self.parts(a, b) && self.sent[a * self.hosts + b] + self.sent[b * self.hosts + a] > 0
    }

    fn mutes(&self, from: usize, to: usize) -> bool {
        let (there, back) = (from * self.hosts + to, to * self.hosts + from);
        self.blocked[there] && !self.blocked[back] && self.sent[there] > 0
    }
}

/// Who ever sent something to whom, and how much in the time after each change until the next.
fn traffic(recording: &Recording, hosts: &[String], changes: &[u64]) -> (Vec<bool>, Vec<Vec<u64>>) {
    let size = hosts.len() * hosts.len();
    let (mut talk, mut sent) = (vec![false; size], vec![vec![0; size]; changes.len()]);
    let record = &recording.record;
    let place: Vec<Option<usize>> =
        record.hosts.iter().map(|name| hosts.iter().position(|host| host.as_str() == &**name)).collect();
    for message in record.messages.iter().filter(|message| message.what.departs()) {
        let (Some(from), Some(to)) = (place[usize::from(message.from)], place[usize::from(message.to)]) else {
            continue;
        };
        let link = from * hosts.len() + to;
        talk[link] = true;
        let passed = changes.partition_point(|change_ms| change_ms * 1_000_000 <= message.time_ns);
        if let Some(counts) = passed.checked_sub(1).map(|at| &mut sent[at]) {
            counts[link] += 1;
        }
    }
    (talk, sent)
}

#[cfg(test)]
mod tests {
    use netsplit_nemesis::{CutKind, Step, Target};

    use super::*;
    use crate::plan::Config;
    use crate::registry::Registry;
    use crate::simulate;

    /// What a run of `redis` with one fault covers, of three nodes.
    fn covered(nemesis: &str, fault: Fault) -> Coverage {
        let time_limit = Duration::from_secs(4);
        let config = Config { nemesis: nemesis.into(), nodes: 3, time_limit, ..Config::default() };
        let mut case = Case::draw(1, &config, &Registry::builtin()).expect("the names are known");
        case.plan.schedule = vec![Step { id: 0, at_ms: 1000, lasts_ms: 2000, mid_sync: false, fault }];
        Coverage::of(&case, &simulate::run(&case).expect("embedded Redis needs nothing"))
    }

    fn reached(coverage: &Coverage, goal: Goal) -> Vec<&str> {
        coverage.goals[&goal].iter().filter(|(_, covered)| **covered).map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_cut_covers_the_pairs_hosts_and_sides_that_it_really_parts_and_no_more() {
        let hosts = vec![Target::Host("n1".into())];
        let coverage = covered("partition", Fault::Isolate { kind: CutKind::Drop, hosts });
        assert_eq!(reached(&coverage, Goal::Split), ["n1–redis"], "nodes of this system do not talk to each other");
        assert_eq!(reached(&coverage, Goal::Isolated), ["n1"]);
        assert_eq!(reached(&coverage, Goal::Bipartition), ["n1 | n2 n3 redis"]);
        assert_eq!(coverage.goals[&Goal::Bipartition].len(), 7, "4 hosts have 2^3 - 1 bipartitions");
        assert_eq!(reached(&coverage, Goal::ReadAfter), ["n1", "n2", "n3"]);
        assert!(coverage.missing().contains(&"pairs split: n2–redis".to_owned()), "{:?}", coverage.missing());
    }

    #[test]
    fn a_one_way_cut_and_a_crash_cover_what_they_hit() {
        let (from, to) = (vec!["n2".to_owned()], vec!["redis".to_owned()]);
        assert_eq!(reached(&covered("one-way", Fault::OneWay { from, to }), Goal::OneWay), ["n2→redis"]);
        let hosts = vec![Target::Host("redis".into())];
        let coverage = covered("crash", Fault::Crash { hosts });
        assert!(reached(&coverage, Goal::Crash).iter().all(|host| *host == "redis"));
        assert!(!coverage.goals.contains_key(&Goal::Split), "a crash is no cut");
    }

    #[test]
    fn random_cuts_need_more_the_rarer_a_goal_is() {
        assert!((needed(10, 0.5) - 8.0).abs() < 0.5, "ln(10 / 0.05) / ln 2 is 7.6");
        assert!(needed(15, 1.0 / 15.0) > 80.0);
    }
}

//! What one run adds to a cell of the comparison. The record of the run is dropped when it is measured.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use netsplit_checker::ladder::Ladder;
use netsplit_checker::linearizable::Limits;
use netsplit_checker::set_full::SetFull;
use netsplit_checker::{Actor, History, Operation, Outcome, Value, Verdict};
use netsplit_nemesis::Fault;
use netsplit_systems::system::Level;
use netsplit_systems::wire::What;

use super::rungs::{Held, Rung};
use crate::convergence;
use crate::plan::{CLIENTS, Plan};
use crate::signature::Signature;
use crate::trial::Trial;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Of them.
    pub hits: u64,
    /// In all.
    pub all: u64,
}

impl Share {
    /// Counts one more.
    pub fn count(&mut self, hit: bool) {
        self.hits += u64::from(hit);
        self.all += 1;
    }

    /// Takes another's counts in.
    pub fn add(&mut self, other: Share) {
        self.hits += other.hits;
        self.all += other.all;
    }
}

/// What clients asked for in the main phase, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Answered, of what was asked.
    pub answered: Share,
    /// Of what was asked, during a cut, of a node that reached most of the nodes.
    pub majority: Share,
    /// Of what was asked, during a cut, of a node that did not.
    pub minority: Share,
    /// How long each answer took.
    pub latencies: Vec<Duration>,
    /// Messages sent in the main phase.
    pub messages: u64,
}

/// What one run shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// What is claimed under the faults of the run, and whether that is deliberately too much.
    pub claim: Option<(Level, bool)>,
    /// What contradicts the claim.
    pub signatures: Vec<Signature>,
    /// Whether a checker could not decide.
    pub is_unknown: bool,
    /// Whether a pass means nothing.
    pub is_vacuous: bool,
    /// How each model fared, the strongest first; empty if the run was not one of registers.
    pub rungs: Vec<Rung>,
    /// Lost, of the acknowledged writes; of a run that adds to a set.
    pub lost: Share,
    /// What clients met.
    pub service: Service,
    /// From the heal until every node had answered the same; `None` if that was not seen.
    pub converged: Option<Duration>,
}

impl Measure {
    /// Measures a run.
    pub fn of(trial: &Trial) -> Measure {
        let Trial { case, recording, results } = trial;
        let plan = &case.plan;
        let operations = recording.history.operations().unwrap_or_default();
        Measure {
            claim: case.system.claim_under(&case.families()).map(|claim| (claim.level, claim.weakened)),
            signatures: trial.signatures(),
            is_unknown: results.verdicts.iter().any(|judged| matches!(judged.verdict, Verdict::Unknown(_))),
            is_vacuous: results.vacuous.is_some(),
            rungs: rungs(plan, &recording.history),
            lost: lost(plan, &recording.history),
            service: Service {
                messages: recording
                    .record
                    .messages
                    .iter()
                    .filter(|message| {
                        message.what == What::Send && is_main(plan, Duration::from_nanos(message.time_ns))
                    })
                    .count() as u64,
                ..service(plan, &operations)
            },
            converged: convergence::took(plan, &convergence::reads(plan, &operations)),
        }
    }
}

fn is_main(plan: &Plan, time: Duration) -> bool {
    (u128::from(plan.start_ms)..u128::from(plan.length_ms)).contains(&time.as_millis())
}

/// The bounds of the search for each model. They count states and bytes; real time is left out, because a slow machine
/// must not give another table.
const LIMITS: Limits = Limits { states: 300_000, bytes: 256 << 20, time: Duration::from_hours(24) };

fn rungs(plan: &Plan, history: &History) -> Vec<Rung> {
    if !super::REGISTERS.contains(&plan.workload.as_str()) {
        return Vec::new();
    }
    let ladder = Ladder::of(&with_writes_for_creations(history), &Value::Nil, &LIMITS);
    ladder.rungs.iter().map(|rung| (rung.model.clone(), Held::of(&rung.verdict))).collect()
}

/// Before the main phase each link is created with a url of its own, again and again until that is acknowledged; nobody
/// else creates any. To create what is there with the same url changes nothing, so that all of it is one write: the
/// first that was acknowledged, else the first whose end nobody knows. The models of whole histories know writes only.
fn with_writes_for_creations(history: &History) -> History {
    let creations: Vec<Operation<'_>> = history.operations().unwrap_or_default();
    let creations = || creations.iter().filter(|operation| operation.f() == "create");
    let mut kept: BTreeMap<&Value, &Operation<'_>> = BTreeMap::new();
    let acknowledged = creations().filter(|operation| matches!(operation.outcome(), Outcome::Ok(_)));
    for operation in acknowledged.chain(creations().filter(|operation| operation.outcome() == Outcome::Info)) {
        kept.entry(&operation.invocation.key).or_insert(operation);
    }
    let kept: BTreeSet<usize> =
        kept.values().flat_map(|one| [Some(one.invoked_at), one.completed_at]).flatten().collect();
    let events = history.events.iter().enumerate();
    let events = events.filter(|(at, event)| {
        matches!(event.process, Actor::Process(_)) && (&*event.f != "create" || kept.contains(at))
    });
    let events = events.map(|(_, event)| {
        let mut event = event.clone();
        if &*event.f == "create" {
            event.f = "write".into();
        }
        event
    });
    History { events: events.collect() }
}

fn lost(plan: &Plan, history: &History) -> Share {
    if plan.workload != super::SET {
        return Share::default();
    }
    let counts = SetFull::default().report(history).map(|report| report.counts).unwrap_or_default();
    Share { hits: counts.lost, all: counts.acknowledged }
}

fn service(plan: &Plan, operations: &[Operation<'_>]) -> Service {
    let mut service = Service::default();
    for operation in operations.iter().filter(|operation| is_main(plan, operation.invocation.time)) {
        let answered = matches!(operation.outcome(), Outcome::Ok(_));
        service.answered.count(answered);
        if let (true, Some(completion)) = (answered, operation.completion) {
            service.latencies.push(completion.time.saturating_sub(operation.invocation.time));
        }
        let node = operation.invocation.node.as_deref().unwrap_or_default();
        match reaches_most(plan, node, operation.invocation.time) {
            Some(true) => service.majority.count(answered),
            Some(false) => service.minority.count(answered),
            None => {}
        }
    }
    service
}

/// Whether `node` reaches more than half of the nodes, itself among them, while one of the faults keeps some nodes apart;
/// `None` if none does then, or if one keeps the clients from it: what they can't ask says nothing of the system.
fn reaches_most(plan: &Plan, node: &str, time: Duration) -> Option<bool> {
    let now_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let open = plan.schedule.iter().filter(|step| (step.at_ms..step.ends_ms()).contains(&now_ms));
    let cuts: Vec<&Fault> = open.map(|step| &step.fault).filter(|fault| parts_nodes(plan, fault)).collect();
    if cuts.is_empty() || cuts.iter().any(|cut| is_apart(cut, CLIENTS, node)) {
        return None;
    }
    let reached = plan.nodes.iter().filter(|other| !cuts.iter().any(|cut| is_apart(cut, node, other))).count();
    Some(2 * reached > plan.nodes.len())
}

fn parts_nodes(plan: &Plan, fault: &Fault) -> bool {
    plan.nodes.iter().any(|one| plan.nodes.iter().any(|other| is_apart(fault, one, other)))
}

/// Whether a fault keeps two hosts apart.
fn is_apart(fault: &Fault, one: &str, other: &str) -> bool {
    let hosts = fault.aimed_at(None);
    fault.blocks(&hosts, one, other) || fault.blocks(&hosts, other, one)
}

#[cfg(test)]
mod tests {
    use netsplit_nemesis::{CutKind, Step};

    use super::*;
    use crate::case::Case;
    use crate::plan::Config;
    use crate::registry::Registry;

    fn case(workload: &str, nemesis: &str) -> Case {
        let config = Config {
            workload: workload.into(),
            nemesis: nemesis.into(),
            time_limit: Duration::from_secs(3),
            rate: 30,
            ..Config::default()
        };
        Case::draw(2, &config, &Registry::builtin()).expect("the names are known")
    }

    fn measured(case: Case) -> Measure {
        Measure::of(&Trial::of(case).expect("no Redis is needed"))
    }

    #[test]
    fn a_run_without_faults_is_available_converges_and_loses_nothing() {
        for workload in ["retarget", "register", "set"] {
            let measure = measured(case(workload, "none"));
            let Share { hits, all } = measure.service.answered;
            assert!(hits == all && all > 0, "{workload}: {hits} of {all}");
            assert_eq!(measure.service.latencies.len() as u64, all);
            assert!(measure.service.messages >= 2 * all && measure.converged.is_some(), "{workload}");
            assert_eq!((measure.lost.hits, measure.lost.all > 0), (0, workload == "set"));
            assert_eq!(measure.rungs.first().map(|(_, held)| *held), (workload != "set").then_some(Held::Holds));
        }
    }

    #[test]
    fn a_side_is_told_from_the_nodes_that_a_node_reaches() {
        let mut case = case("set", "none");
        let sides = vec![vec!["n1".into(), "n2".into(), "redis".into()], vec!["n3".into(), "n4".into(), "n5".into()]];
        let fault = Fault::Cut { kind: CutKind::Drop, sides };
        case.plan.schedule = vec![Step { id: 0, at_ms: 1000, lasts_ms: 1000, mid_sync: false, fault }];
        let at = |node, ms| reaches_most(&case, node, Duration::from_millis(ms));
        assert_eq!((at("n1", 1500), at("n4", 1500)), (Some(false), Some(true)));
        assert_eq!((at("n1", 500), at("n4", 2000)), (None, None));
        let mut beside = case.plan.clone();
        let (here, there) = (vec!["n4".into(), CLIENTS.into()], vec!["n1".into(), "n2".into(), "n3".into()]);
        beside.schedule[0].fault = Fault::Cut { kind: CutKind::Drop, sides: vec![here, there] };
        let at = |node| reaches_most(&beside, node, Duration::from_millis(1500));
        assert_eq!((at("n1"), at("n4")), (None, Some(false)), "no client can ask n1");
        // what is asked shortly before the heal may wait for it, and be answered
        for script in &mut case.plan.scripts {
            script.retain(|planned| !(1400..2000).contains(&planned.at_ms));
        }
        let service = measured(case).service;
        assert!(service.minority.hits > 0 && service.majority.all > 0 && service.majority.hits == 0, "{service:?}");
    }
}

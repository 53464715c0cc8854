//! The passes: what can be left out of a plan, from what costs a run most to what costs it least.

use std::collections::{BTreeMap, BTreeSet};

use netsplit_checker::{Actor, Evidence, Kind};
use netsplit_workloads::{Op, Script, Workload};

use super::ddmin::ddmin;
use super::{Search, nodes, times};
use crate::plan::Plan;
use crate::redis_kind::NoRedis;
use crate::trial::Trial;

/// A pass tries candidates and goes on with those that still show the signature.
type Pass = fn(&mut Search<'_>) -> Result<(), NoRedis>;

/// In the order in which they are done.
pub(super) const PASSES: &[Pass] = &[
    as_it_ran,
    operations_of_the_evidence,
    end,
    families,
    faults,
    keys,
    operations,
    setup,
    final_reads,
    clients,
    nodes::drop_nodes,
    times::close_gaps,
    times::round,
    // With other times fewer may do, and that none can be left out is to be known of the plan that is the last.
    faults,
    operations,
];

/// Lengths are cut to a multiple of this.
const LENGTH_UNIT_MS: u64 = 100;

/// Has every fault and every operation begin when it did in the run, and leaves out the operations that never did. An
/// operation that had to wait for its client would come earlier without the operations before it, and meet others than it
/// met; a fault that waited for a sync would meet another one.
fn as_it_ran(search: &mut Search<'_>) -> Result<(), NoRedis> {
    let (plan, invoked) = (search.plan().clone(), invoked(&search.trial));
    let begun: BTreeSet<Place> = invoked.values().copied().collect();
    let mut pinned = plan.clone();
    pinned.schedule = plan.schedule.iter().map(|step| search.trial.recording.begun(step)).collect();
    for event in &search.trial.recording.history.events {
        if let (Some((client, at)), Ok(ms)) = (invoked.get(&event.index), u64::try_from(event.time.as_millis())) {
            pinned.scripts[*client][*at].at_ms = ms;
        }
    }
    let never: Vec<Place> = places(&plan).into_iter().filter(|place| !begun.contains(place)).collect();
    pinned = without(&pinned, &never, search.workload());
    if pinned != plan {
        search.advance(std::iter::once(pinned))?;
    }
    Ok(())
}

/// Cuts what comes after the anomaly: the final reads and the wait for them, then the end of the main phase.
fn end(search: &mut Search<'_>) -> Result<(), NoRedis> {
    let workload = search.workload();
    let plan = search.plan().clone();
    if !plan.finale.is_empty() {
        search.advance(std::iter::once(Plan { finale: Vec::new(), quiet_ms: 0, ..plan }))?;
    }
    loop {
        let plan = search.plan().clone();
        let seen = evidence(search).and_then(|evidence| last_ms(&search.trial, evidence));
        let mut lengths: Vec<u64> = [1, 2, 4, 6, 7].iter().map(|eighths| plan.length_ms * eighths / 8).collect();
        lengths.extend(seen);
        for length in &mut lengths {
            *length = (*length / LENGTH_UNIT_MS + 1) * LENGTH_UNIT_MS;
        }
        lengths.retain(|length| (plan.start_ms + 1..plan.length_ms).contains(length));
        lengths.sort_unstable();
        lengths.dedup();
        if search.advance(lengths.into_iter().map(|length_ms| cut(&plan, length_ms, workload)))?.is_none() {
            return Ok(());
        }
    }
}

/// The plan with a main phase of `length_ms`, and nothing that would begin after it.
pub(super) fn cut(plan: &Plan, length_ms: u64, workload: &Workload) -> Plan {
    let mut plan = Plan { length_ms, ..plan.clone() };
    plan.schedule.retain(|step| step.at_ms < length_ms);
    for step in &mut plan.schedule {
        step.lasts_ms = step.lasts_ms.min(length_ms - step.at_ms);
    }
    plan.scripts.iter_mut().for_each(|script| script.retain(|planned| planned.at_ms < length_ms));
    settle(&mut plan, workload);
    plan
}

/// Leaves out all faults of a family.
fn families(search: &mut Search<'_>) -> Result<(), NoRedis> {
    ddmin(
        search,
        |plan| {
            let families: BTreeSet<&str> = plan.schedule.iter().map(|step| step.fault.family()).collect();
            families.into_iter().map(str::to_owned).collect()
        },
        |plan, families| {
            let mut plan = plan.clone();
            plan.schedule.retain(|step| families.iter().all(|family| family != step.fault.family()));
            plan
        },
    )
}

fn faults(search: &mut Search<'_>) -> Result<(), NoRedis> {
    ddmin(
        search,
        |plan| plan.schedule.iter().map(|step| step.id).collect(),
        |plan, ids| {
            let mut plan = plan.clone();
            plan.schedule.retain(|step| !ids.contains(&step.id));
            plan
        },
    )
}

/// A guess that makes all later runs cheap when it is right: the operations that the evidence names are all that it takes,
/// or those and all others on their keys.
fn operations_of_the_evidence(search: &mut Search<'_>) -> Result<(), NoRedis> {
    let Some(evidence) = evidence(search) else { return Ok(()) };
    let (plan, workload) = (search.plan().clone(), search.workload());
    let invoked = invoked(&search.trial);
    let named: BTreeSet<Place> = evidence.operations.iter().filter_map(|index| invoked.get(index).copied()).collect();
    let keys: BTreeSet<Option<&str>> = named.iter().map(|place| op(&plan, *place).key.as_deref()).collect();
    let others = |kept: &dyn Fn(&Place) -> bool| places(&plan).into_iter().filter(|place| !kept(place)).collect();
    let guesses: [Vec<Place>; 2] =
        [others(&|place| named.contains(place)), others(&|place| keys.contains(&op(&plan, *place).key.as_deref()))];
    let candidates = guesses.iter().filter(|dropped| !dropped.is_empty());
    search.advance(candidates.map(|dropped| without(&plan, dropped, workload)))?;
    Ok(())
}

fn keys(search: &mut Search<'_>) -> Result<(), NoRedis> {
    let workload = search.workload();
    ddmin(
        search,
        |plan| netsplit_workloads::op::keys(&plan.scripts),
        |plan, keys| {
            let has = |place: &Place| op(plan, *place).key.as_ref().is_some_and(|key| keys.contains(key));
            without(plan, &places(plan).into_iter().filter(has).collect::<Vec<_>>(), workload)
        },
    )
}

fn operations(search: &mut Search<'_>) -> Result<(), NoRedis> {
    let workload = search.workload();
    ddmin(search, places, |plan, dropped| without(plan, dropped, workload))
}

fn setup(search: &mut Search<'_>) -> Result<(), NoRedis> {
    ddmin(
        search,
        |plan| (0..plan.setup.len()).collect(),
        |plan, places| {
            let mut plan = plan.clone();
            plan.setup = drop_places(plan.setup, places);
            plan
        },
    )
}

/// Leaves out final reads, and nodes that they are asked of.
fn final_reads(search: &mut Search<'_>) -> Result<(), NoRedis> {
    ddmin(
        search,
        |plan| (0..plan.finale.len()).collect(),
        |plan, places| {
            let mut plan = plan.clone();
            plan.finale = drop_places(plan.finale, places);
            plan
        },
    )?;
    ddmin(
        search,
        |plan| (0..plan.finale_nodes.len()).collect(),
        |plan, places| {
            let mut plan = plan.clone();
            plan.finale_nodes = drop_places(plan.finale_nodes, places);
            plan
        },
    )?;
    Ok(())
}

/// Leaves out clients without operations, then lets one client do what two did.
fn clients(search: &mut Search<'_>) -> Result<(), NoRedis> {
    let mut idle = search.plan().clone();
    idle.scripts.retain(|script| !script.is_empty());
    idle.scripts.extend(idle.scripts.is_empty().then(Script::new));
    if idle != *search.plan() {
        search.advance(std::iter::once(idle))?;
    }
    loop {
        let plan = search.plan().clone();
        let count = plan.scripts.len();
        let pairs = (1..count).rev().flat_map(|from| (0..from).map(move |into| (from, into)));
        if search.advance(pairs.map(|(from, into)| merged(&plan, from, into)))?.is_none() {
            return Ok(());
        }
    }
}

fn merged(plan: &Plan, from: usize, into: usize) -> Plan {
    let mut plan = plan.clone();
    let script = plan.scripts.remove(from);
    plan.scripts[into].extend(script);
    plan.scripts[into].sort_by_key(|planned| planned.at_ms);
    plan
}

/// An operation of a plan: its client, and its place in that client's script.
type Place = (usize, usize);

/// All operations in the order of their times.
fn places(plan: &Plan) -> Vec<Place> {
    let mut places: Vec<Place> = plan
        .scripts
        .iter()
        .enumerate()
        .flat_map(|(client, script)| (0..script.len()).map(move |at| (client, at)))
        .collect();
    places.sort_by_key(|(client, at)| (plan.scripts[*client][*at].at_ms, *client, *at));
    places
}

fn op(plan: &Plan, (client, at): Place) -> &Op {
    &plan.scripts[client][at].op
}

/// The plan without some operations, and without the set-up and the final reads that are then about nothing.
fn without(plan: &Plan, dropped: &[Place], workload: &Workload) -> Plan {
    let dropped: BTreeSet<Place> = dropped.iter().copied().collect();
    let mut plan = plan.clone();
    for (client, script) in plan.scripts.iter_mut().enumerate() {
        let mut at = 0;
        script.retain(|_| {
            at += 1;
            !dropped.contains(&(client, at - 1))
        });
    }
    settle(&mut plan, workload);
    plan
}

/// The set-up and the final reads are what the workload would ask for these scripts, or go: a read that looks for less than
/// was written would find a loss that is none.
fn settle(plan: &mut Plan, workload: &Workload) {
    plan.setup = still(&plan.setup, (workload.setup)(&plan.scripts));
    plan.finale = still(&plan.finale, (workload.finale)(&plan.scripts));
}

/// Those of `old` that are among `new`: the same operation, or else one of the same name and key, which no other stands for.
fn still(old: &[Op], mut new: Vec<Op>) -> Vec<Op> {
    let is_like = |old: &Op, new: &Op| new.f == old.f && new.key == old.key;
    let take = |wanted: &Op| {
        let same = new.iter().position(|new| new == wanted);
        let like = || new.iter().position(|new| is_like(wanted, new) && !old.contains(new));
        same.or_else(like).map(|at| new.remove(at))
    };
    old.iter().filter_map(take).collect()
}

fn drop_places<T>(items: Vec<T>, dropped: &[usize]) -> Vec<T> {
    items.into_iter().enumerate().filter(|(at, _)| !dropped.contains(at)).map(|(_, item)| item).collect()
}

/// The evidence for the signature, if it is a checker's.
fn evidence<'s>(search: &'s Search<'_>) -> Option<&'s Evidence> {
    let wanted = search.oracle.signature();
    let mut all = search.trial.results.evidence();
    all.find(|(checker, evidence)| *checker == wanted.checker && evidence.anomaly == wanted.anomaly)
        .map(|(_, evidence)| evidence)
}

/// When the last operation of `evidence` that is no final read ended, in milliseconds.
fn last_ms(trial: &Trial, evidence: &Evidence) -> Option<u64> {
    let length_ms = u128::from(trial.case.length_ms);
    let operations = trial.recording.history.operations().ok()?;
    let named = operations.iter().filter(|operation| evidence.operations.contains(&operation.index()));
    let ends = named.filter_map(|operation| {
        let begun = operation.invocation.time.as_millis() < length_ms;
        begun.then(|| operation.completion.unwrap_or(operation.invocation).time.as_millis())
    });
    ends.max().and_then(|ms| u64::try_from(ms).ok())
}

/// The operations of the scripts that were invoked, by the index of their invocation.
fn invoked(trial: &Trial) -> BTreeMap<u64, Place> {
    let scripts = &trial.case.scripts;
    let mut next = vec![0; scripts.len()];
    let mut invoked = BTreeMap::new();
    for event in &trial.recording.history.events {
        let (Actor::Process(process), Kind::Invoke) = (&event.process, event.kind) else { continue };
        let client = usize::try_from(*process).unwrap_or(usize::MAX) % scripts.len();
        let Some(planned) = scripts[client].get(next[client]) else { continue };
        // What is not the next of the script is a read that the script does not hold.
        let is_next = event.time.as_millis() >= u128::from(planned.at_ms)
            && event.node.as_deref() == Some(planned.node.as_str())
            && *event.f == *planned.op.f
            && event.key == planned.op.key_value()
            && event.value == planned.op.value();
        if is_next {
            invoked.insert(event.index, (client, next[client]));
            next[client] += 1;
        }
    }
    invoked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_to_one_key_several_times_stays_apart() {
        let create = |url: &str| Op::on("g", "create", &[url]);
        let all = || ["a", "b", "c"].map(create).to_vec();
        assert_eq!(still(&all(), all()), all());
        assert_eq!(still(&[create("c"), create("a")], all()), [create("c"), create("a")]);
        assert_eq!(still(&all(), vec![create("b")]), [create("b")]);
        assert_eq!(still(&all(), vec![]), []);
    }

    #[test]
    fn a_final_read_that_looks_for_less_takes_the_place_of_the_one_that_looked_for_more() {
        let read = |sought: &[&str]| Op::new("read", sought.iter().copied());
        assert_eq!(still(&[read(&["a", "b"])], vec![read(&["b"])]), [read(&["b"])]);
    }
}

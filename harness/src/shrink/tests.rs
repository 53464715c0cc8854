use std::collections::BTreeSet;
use std::time::Duration;

use super::{Options, Shrunk, Size, shrink};
use crate::case::Case;
use crate::plan::{Config, Plan};
use crate::registry::Registry;
use crate::signature::Signature;
use crate::trial::Trial;

/// The run of the first seed that shows an anomaly.
fn found(system: &str, workload: &str, nemesis: &str) -> (Trial, Signature) {
    let config = Config {
        system: system.into(),
        workload: workload.into(),
        nemesis: nemesis.into(),
        time_limit: Duration::from_secs(10),
        ..Config::default()
    };
    let shown = (0..20).find_map(|seed| {
        let case = Case::draw(seed, &config, &Registry::builtin()).expect("the names are known");
        let trial = Trial::of(case).expect("embedded Redis needs nothing");
        let signature = trial.signatures().into_iter().next()?;
        Some((trial, signature))
    });
    shown.expect("the planted bug shows in a few seeds")
}

fn shrunk(trial: &Trial, signature: &Signature, jobs: usize, budget: Duration) -> Shrunk {
    let options = Options { jobs, budget, stop: &|| false, progress: &|_, _| () };
    shrink(trial.clone(), signature, &options).expect("embedded Redis needs nothing")
}

const LONG: Duration = Duration::from_hours(1);

/// Every plan with one fault or one operation less.
fn with_one_less(case: &Case) -> Vec<Plan> {
    let plan = &case.plan;
    let mut less = Vec::new();
    for at in 0..plan.schedule.len() {
        let mut plan = plan.clone();
        plan.schedule.remove(at);
        less.push(plan);
    }
    for client in 0..plan.scripts.len() {
        for at in 0..plan.scripts[client].len() {
            let mut plan = plan.clone();
            plan.scripts[client].remove(at);
            plan.finale = (case.workload.finale)(&plan.scripts);
            less.push(plan);
        }
    }
    less
}

/// Shrinks at one job and at two, and checks all that a shrunk run promises.
fn check(system: &str, workload: &str, nemesis: &str) -> Case {
    let (trial, signature) = found(system, workload, nemesis);
    let one = shrunk(&trial, &signature, 1, LONG);
    let two = shrunk(&trial, &signature, 2, LONG);
    assert!(one.trial.case.plan == two.trial.case.plan, "one job and two give different plans");
    assert!(one.is_minimal);
    assert!(one.trial.signatures().contains(&signature), "{signature} is gone");
    for plan in with_one_less(&one.trial.case) {
        let case = one.trial.case.with(plan).expect("less can be run, too");
        let found = Trial::of(case).expect("embedded Redis needs nothing").signatures();
        assert!(!found.contains(&signature), "it is not 1-minimal");
    }
    one.trial.case
}

#[test]
fn a_stale_read_is_shrunk_to_the_few_operations_that_show_it() {
    let plan = check("redis-stale-cache", "register", "partition,crash");
    let size = Size::of(&plan);
    assert!(size.faults == 0 && size.operations <= 4 && size.final_reads == 0, "{size:?}");
    assert!(size.clients == 1 && size.keys == 1 && size.nodes == 1 && plan.length_ms <= 2000, "{size:?}");
}

#[test]
fn a_lost_write_is_shrunk_to_one_write_one_power_loss_and_one_read() {
    let plan = check("redis-everysec", "set", "power-loss");
    let size = Size::of(&plan);
    assert!(size.faults == 1 && size.operations == 1 && size.final_reads == 1, "{size:?}");
    let sought = &plan.finale[0].args;
    assert_eq!(sought, &plan.scripts[0][0].op.args, "the read looks for what was written");
}

#[test]
fn a_fractured_read_is_shrunk_to_one_swap_and_the_snapshots_around_it() {
    let plan = check("two-phase-commit-early-release", "swap", "none");
    let size = Size::of(&plan);
    assert!(size.faults == 0 && size.operations <= 4 && size.setup <= 4 && size.keys == 1, "{size:?}");
    let created: BTreeSet<_> = plan.setup.iter().map(|op| op.arg(0)).collect();
    assert_eq!(created.len(), plan.setup.len(), "every link is created once");
}

#[test]
fn a_search_without_budget_keeps_the_run_and_does_not_call_it_minimal() {
    let (trial, signature) = found("redis-stale-cache", "register", "none");
    let shrunk = shrunk(&trial, &signature, 2, Duration::ZERO);
    assert!(!shrunk.is_minimal && shrunk.runs == 0);
    assert!(shrunk.trial.case.plan == trial.case.plan);
}

#[test]
fn a_disagreement_keeps_the_time_in_which_a_right_system_agrees() {
    let (trial, signature) = found("registry-unresolved", "names", "partition");
    let case = shrunk(&trial, &signature, 2, LONG).trial.case;
    let twin = Plan { system: "registry".into(), ..case.plan.clone() };
    let twin = Case::of(twin, &Registry::builtin()).expect("the twin serves the same");
    let alarms = Trial::of(twin).expect("embedded Redis needs nothing").signatures();
    assert!(alarms.is_empty(), "{alarms:?} on the right twin under {:?}", case.plan.schedule);
}

//! Claims are tested: what a system claims under a family of faults holds, and a weakened variant is caught, by the anomaly
//! that it is known for. Both follow the registry; `NETSPLIT_CLAIM_SEEDS` says how many seeds (3 if it is not set), and
//! `NETSPLIT_CLAIM_SYSTEMS` of which systems (all if it is not set), as in `redis,raft`.

use std::time::Duration;

use netsplit::case::Case;
use netsplit::judge::{Overall, Results, judge};
use netsplit::plan::Config;
use netsplit::registry::Registry;
use netsplit::zoo::bugs::{BUGS, Bug};
use netsplit::{simulate, suited};
use netsplit_systems::system::System;

use crate::draw;

/// Systems whose messages all go over TCP, and the faults that it hides from them: no run of these tests anything.
const HIDDEN_BY_TCP: (&[&str], &[&str]) = (&["redis"], &["duplication", "reordering"]);

#[test]
fn what_a_system_claims_holds() {
    let registry = Registry::builtin();
    let families = |system: &&'static System| {
        let system = *system;
        let all = registry.nemeses().iter().map(|nemesis| nemesis.name);
        let claimed = |family: &&str| system.claim_under(&[family]).is_some_and(|claim| !claim.weakened);
        all.filter(claimed).map(move |family| (system, family))
    };
    let (deaf, hidden) = HIDDEN_BY_TCP;
    let told = |(system, family): &(&System, &str)| !deaf.contains(&system.name) || !hidden.contains(family);
    let systems = registry.systems().iter().filter(|system| is_chosen(system.name));
    let pairs: Vec<_> = systems.flat_map(families).filter(told).collect();
    assert!(pairs.len() >= if chosen().is_some() { 1 } else { 50 }, "only {} claims", pairs.len());
    in_parallel(&pairs, |(system, family)| holds(system, family));
}

#[test]
fn every_weakened_variant_is_caught_by_its_anomaly() {
    let bugs: Vec<&Bug> = BUGS.iter().filter(|bug| is_chosen(bug.system)).collect();
    in_parallel(&bugs, |Bug { system, workload, nemesis, anomalies, .. }| {
        let caught = |seed: &u64| {
            let results = run(&case(system, workload, nemesis, *seed));
            results.evidence().any(|(_, evidence)| anomalies.contains(&evidence.anomaly.as_str()))
        };
        let first = (0..10 * seeds()).find(caught);
        let missed = || format!("{system} was not caught: {}", command(system, workload, nemesis, "0..30"));
        eprintln!("{system}, {workload}, {nemesis}: caught by seed {}", first.ok_or_else(missed)?);
        Ok(())
    });
}

/// Runs the workloads that `system` serves in turn, one a seed. A run that its faults missed counts for nothing, so at
/// least one must not be empty.
fn holds(system: &System, nemesis: &str) -> Result<(), String> {
    let registry = Registry::builtin();
    let workloads = suited::workloads(&registry, system);
    let seeds = seeds().max(workloads.len() as u64);
    let mut held = 0;
    for (seed, workload) in (0..seeds).zip(workloads.iter().cycle()) {
        let results = run(&case(system.name, workload.name, nemesis, seed));
        held += u64::from(results.overall == Overall::Valid);
        if !matches!(results.overall, Overall::Valid | Overall::Vacuous) {
            let command = command(system.name, workload.name, nemesis, &seed.to_string());
            return Err(format!("{}: {command}", results.overall.word()));
        }
    }
    eprintln!("{} under {nemesis}: {held} runs valid, {} missed by every fault", system.name, seeds - held);
    if held > 0 { Ok(()) } else { Err(format!("{} under {nemesis}: no fault hit anything", system.name)) }
}

fn case(system: &str, workload: &str, nemesis: &str, seed: u64) -> Case {
    let config = Config {
        system: system.into(),
        workload: workload.into(),
        nemesis: nemesis.into(),
        time_limit: LENGTH,
        ..Config::default()
    };
    draw(seed, &config)
}

fn run(case: &Case) -> Results {
    judge(case, &simulate::run(case).expect("embedded Redis needs nothing"))
}

fn seeds() -> u64 {
    std::env::var("NETSPLIT_CLAIM_SEEDS")
        .ok()
        .map_or(3, |seeds| seeds.parse().expect("NETSPLIT_CLAIM_SEEDS is a number"))
}

fn is_chosen(system: &str) -> bool {
    chosen().is_none_or(|chosen| chosen.split(',').any(|name| name == system))
}

fn chosen() -> Option<String> {
    std::env::var("NETSPLIT_CLAIM_SYSTEMS").ok()
}

/// Long enough for several faults; the final reads of `set` take as long as its links are many.
const LENGTH: Duration = Duration::from_secs(15);

fn command(system: &str, workload: &str, nemesis: &str, seed: &str) -> String {
    format!("netsplit run --system {system} --workload {workload} --nemesis {nemesis} --time-limit 15s --seed {seed}")
}

/// Does `work` for every item, one thread a core; all that is wrong is told together.
fn in_parallel<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<(), String> + Sync) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = |core: usize| {
        items.iter().skip(core).step_by(cores).filter_map(|item| work(item).err()).collect::<Vec<String>>()
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let share = &share;
        let working: Vec<_> = (0..cores).map(|core| scope.spawn(move || share(core))).collect();
        working.into_iter().flat_map(|share| share.join().expect("no work panics")).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

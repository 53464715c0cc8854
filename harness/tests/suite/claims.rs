//! Claims are tested: what a system claims under a family of faults holds, and a weakened variant is caught, by the anomaly
//! that it is known for. Both follow the registry; `NETSPLIT_CLAIM_SEEDS` says how many seeds (3 if it is not set).

use std::time::Duration;

use netsplit::judge::{Overall, Results, judge};
use netsplit::plan::{Config, Plan};
use netsplit::zoo::bugs::{BUGS, Bug};
use netsplit::{registry, simulate};
use netsplit_systems::system::{Claim, System};
use netsplit_workloads::Workload;

/// Workloads that judge an application on top of a store: no store's claim covers them.
const OF_APPLICATIONS: &[&str] = &["set-rmw"];

#[test]
fn what_a_system_claims_holds() {
    in_parallel(&registry::SYSTEMS.iter().flat_map(claims).collect::<Vec<_>>(), |(system, claim)| {
        for nemesis in claim.under.iter().filter(|family| registry::nemeses(family).is_ok()) {
            // A stronger claim is tested in its own right.
            if system.claim_under(&[nemesis]) == Some(claim) {
                holds(system, nemesis);
            }
        }
    });
}

#[test]
fn every_weakened_variant_is_caught_by_its_anomaly() {
    in_parallel(BUGS, |Bug { system, workload, nemesis, anomalies, .. }| {
        let caught = |seed: &u64| {
            let results = run(&plan(system, workload, nemesis, *seed));
            results.evidence().any(|(_, evidence)| anomalies.contains(&evidence.anomaly.as_str()))
        };
        let first = (0..10 * seeds()).find(caught);
        let first =
            first.unwrap_or_else(|| panic!("{system} was not caught: {}", command(system, workload, nemesis, "0..30")));
        eprintln!("{system}, {workload}, {nemesis}: caught by seed {first}");
    });
}

/// Runs the workloads that `system` serves in turn, one a seed. A run that its faults missed counts for nothing, so at
/// least one must not be empty.
fn holds(system: &System, nemesis: &str) {
    if system.claim_under(&[nemesis]).is_none_or(|claim| claim.weakened) {
        return;
    }
    let served =
        |workload: &&Workload| registry::served(workload, system).is_ok() && !OF_APPLICATIONS.contains(&workload.name);
    let workloads: Vec<&Workload> = registry::WORKLOADS.iter().filter(served).collect();
    let seeds = seeds().max(workloads.len() as u64);
    let mut held = false;
    for (seed, workload) in (0..seeds).zip(workloads.iter().cycle()) {
        let results = run(&plan(system.name, workload.name, nemesis, seed));
        held |= results.overall == Overall::Valid;
        assert!(
            matches!(results.overall, Overall::Valid | Overall::Vacuous),
            "{}; see {}",
            results.overall.word(),
            command(system.name, workload.name, nemesis, &seed.to_string()),
        );
    }
    assert!(held, "{} under {nemesis}: the faults missed everything in {seeds} runs", system.name);
}

fn claims(system: &'static System) -> impl Iterator<Item = (&'static System, &'static Claim)> {
    system.claims.iter().map(move |claim| (system, claim))
}

fn plan(system: &str, workload: &str, nemesis: &str, seed: u64) -> Plan {
    let config = Config {
        system: system.into(),
        workload: workload.into(),
        nemesis: nemesis.into(),
        time_limit: LENGTH,
        ..Config::default()
    };
    Plan::draw(seed, &config).expect("the names are known, and the system serves the workload")
}

fn run(plan: &Plan) -> Results {
    judge(plan, &simulate::run(plan).expect("embedded Redis needs nothing"))
}

fn seeds() -> u64 {
    std::env::var("NETSPLIT_CLAIM_SEEDS")
        .ok()
        .map_or(3, |seeds| seeds.parse().expect("NETSPLIT_CLAIM_SEEDS is a number"))
}

/// Long enough for several faults; the final reads of `set` take as long as its links are many.
const LENGTH: Duration = Duration::from_secs(15);

fn command(system: &str, workload: &str, nemesis: &str, seed: &str) -> String {
    format!("netsplit run --system {system} --workload {workload} --nemesis {nemesis} --time-limit 15s --seed {seed}")
}

/// Does `work` for every item, one thread a core; a panic of any is the test's.
fn in_parallel<T: Sync + Send + Clone>(items: &[T], work: impl Fn(T) + Sync) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for core in 0..cores {
            let (items, work) = (items.iter().skip(core).step_by(cores).cloned().collect::<Vec<T>>(), &work);
            scope.spawn(move || items.into_iter().for_each(work));
        }
    });
}

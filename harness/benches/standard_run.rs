//! The standard run: 5 nodes, 10 clients, 30 simulated seconds, some 2,000 HTTP operations, 5 ms ticks, partitions and
//! crashes, history and checks included. Prints its CPU time, and the memory of many runs in one process.
//!
//! `cargo bench -p netsplit` takes 50 runs; with `NETSPLIT_BENCH_RUNS=1000` it shows that memory does not grow.

use std::time::Duration;

use cpu_time::ProcessTime;
use netsplit::case::Case;
use netsplit::judge::Overall;
use netsplit::plan::Config;
use netsplit::registry::Registry;
use netsplit::trial::Trial;

fn main() {
    let runs: u64 = std::env::var("NETSPLIT_BENCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(50);
    let mut costs = Vec::new();
    let mut simulated = Duration::ZERO;
    let mut early_kib = None;
    for seed in 0..runs {
        let started = ProcessTime::now();
        simulated += standard_run(seed);
        costs.push(started.elapsed());
        if seed == runs / 10 {
            early_kib = resident_kib();
        }
    }
    let total: Duration = costs.iter().sum();
    costs.sort_unstable();
    let at = |percent: usize| costs[(costs.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!("standard run, {runs} seeds");
    println!("  CPU a run       median {:.1} ms, 95 % {:.1} ms, most {:.1} ms (bar: 150 ms)", at(50), at(95), at(100));
    println!("  simulated s per CPU s   {:.0} (bar: 200)", simulated.as_secs_f64() / total.as_secs_f64());
    if let (Some(early), Some(late)) = (early_kib, resident_kib()) {
        println!("  resident memory {early} KiB after a tenth of the runs, {late} KiB after all");
    }
}

/// One run from seed to verdict; returns its simulated time.
fn standard_run(seed: u64) -> Duration {
    let case = Case::draw(seed, &Config::default(), &Registry::builtin()).expect("the default is a configuration");
    let results = Trial::of(case).expect("embedded Redis needs nothing").results;
    assert_eq!(results.overall, Overall::Valid, "seed {seed}");
    results.simulated
}

/// Memory of this process in RAM, where the system tells it.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

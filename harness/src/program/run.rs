//! `netsplit run`: from seeds to verdicts and files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use netsplit_checker::Evidence;

use super::{Failure, HARNESS_FAILED, say, worst};
use crate::judge::{Judged, Overall, Results, judge};
use crate::plan::{Config, Plan, RedisKind};
use crate::store::{self, Capsule, Reports};
use crate::{redis_server, report, simulate};

/// Arguments of `run`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The system under test (see `netsplit list systems`)
    #[arg(long, default_value = "redis")]
    system: String,
    /// What the clients do (see `netsplit list workloads`)
    #[arg(long, default_value = "register")]
    workload: String,
    /// Where the faults come from, joined by commas (see `netsplit list nemeses`)
    #[arg(long, default_value = "partition,crash")]
    nemesis: String,
    /// A seed, or a half-open range of seeds such as `0..50`
    #[arg(long, default_value = "0", value_parser = seeds)]
    seed: std::ops::Range<u64>,
    /// How many nodes
    #[arg(long, default_value_t = 5)]
    nodes: usize,
    /// How many clients
    #[arg(long, default_value_t = 10)]
    clients: usize,
    /// Length of the main phase, in simulated time
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    time_limit: Duration,
    /// Operations per second of simulated time, of all clients together
    #[arg(long, default_value_t = 70)]
    rate: u32,
    /// Which Redis: one inside the simulation, or a real `redis-server` started for each run
    #[arg(long, value_enum, default_value_t = RedisKind::Embedded)]
    redis: RedisKind,
    /// How many runs at a time; as many as there are cores if left out
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Where the folders of the runs go
    #[arg(long, default_value = "results/runs")]
    out: PathBuf,
}

/// `7`, or `0..50` without its end.
fn seeds(text: &str) -> Result<std::ops::Range<u64>, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("`{text}` is no seed: {error}"));
    let range = match text.split_once("..") {
        None => {
            let seed = number(text)?;
            seed..seed.checked_add(1).ok_or("the largest seed is 18446744073709551614")?
        }
        Some((from, to)) => number(from)?..number(to)?,
    };
    if range.is_empty() { Err(format!("`{text}` holds no seed")) } else { Ok(range) }
}

/// What is kept of a run when its files are written.
struct Finished {
    plan: Plan,
    results: Results,
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let config = Config {
        system: arguments.system.clone(),
        workload: arguments.workload.clone(),
        nemesis: arguments.nemesis.clone(),
        nodes: arguments.nodes,
        clients: arguments.clients,
        time_limit: arguments.time_limit,
        rate: arguments.rate,
        redis: arguments.redis,
    };
    // What is wrong with one plan is wrong with all: say it before anything starts.
    Plan::draw(arguments.seed.start, &config).map_err(Failure::wrong_use)?;
    let redis_version = match arguments.redis {
        RedisKind::Embedded => None,
        RedisKind::Server => Some(redis_server::version().map_err(Failure::wrong_use)?),
    };
    std::fs::create_dir_all(&arguments.out)
        .map_err(|error| Failure::harness(format!("the folder {} can't be made: {error}", arguments.out.display())))?;
    let total = arguments.seed.end - arguments.seed.start;
    let bar = progress(total);
    let mut finished = Vec::new();
    let mut failures = Vec::new();
    in_order(
        arguments.seed.clone(),
        jobs(arguments),
        |seed| one(seed, &config, redis_version.as_deref(), &arguments.out),
        |seed, ended| {
            match ended {
                Ok(run) => {
                    bar.suspend(|| say(&line(&run)));
                    finished.push(run);
                }
                Err(message) => {
                    bar.suspend(|| eprintln!("netsplit: seed {seed}: {message}"));
                    failures.push(seed);
                }
            }
            bar.inc(1);
        },
    );
    bar.finish_and_clear();
    summary(&finished, failures.len(), total);
    let failed = failures.iter().map(|_| HARNESS_FAILED);
    Ok(worst(finished.iter().map(|run| run.results.overall.exit_code()).chain(failed)))
}

/// Draws, runs, judges and stores one seed.
fn one(seed: u64, config: &Config, redis_version: Option<&str>, out: &Path) -> Result<Finished, String> {
    let plan = Plan::draw(seed, config).map_err(|error| error.to_string())?;
    let recording = simulate::run(&plan).map_err(|error| error.to_string())?;
    let results = judge(&plan, &recording);
    let capsule = Capsule::of(&plan, &results, redis_version.map(str::to_owned));
    let replay = format!("netsplit replay {}", store::folder(out, &plan).join("capsule.json").display());
    let reports = Reports {
        html: report::html(&plan, &recording.history, &results, &replay),
        markdown: report::markdown(&plan, &recording.history, &results, &replay),
    };
    let folder = store::write(out, &capsule, &recording, &results, &reports)
        .map_err(|error| format!("its files can't be written to {}: {error}", out.display()))?;
    Ok(Finished { plan, results, folder })
}

fn jobs(arguments: &Arguments) -> usize {
    arguments.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

/// Does `work` for every seed, several at a time, and hands the results to `take` in the order of the seeds.
fn in_order<T: Send>(
    seeds: std::ops::Range<u64>,
    jobs: usize,
    work: impl Fn(u64) -> T + Sync,
    mut take: impl FnMut(u64, T),
) {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::sync_channel(jobs);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, next, work, seeds) = (sender.clone(), &next, &work, seeds.clone());
            scope.spawn(move || {
                while let Some(seed) = seeds.start.checked_add(next.fetch_add(1, Ordering::Relaxed) as u64)
                    && seed < seeds.end
                    && sender.send((seed, work(seed))).is_ok()
                {}
            });
        }
        drop(sender);
        let mut waiting = std::collections::BTreeMap::new();
        let mut due = seeds.start;
        for (seed, result) in receiver {
            waiting.insert(seed, result);
            while let Some(result) = waiting.remove(&due) {
                take(due, result);
                due += 1;
            }
        }
    });
}

/// Shown on a terminal only, and for several seeds only.
fn progress(total: u64) -> ProgressBar {
    if total == 1 {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{bar:30} {pos}/{len} runs, {eta} left").expect("the template is well formed");
    ProgressBar::new(total).with_style(style)
}

/// `seed 7    valid    2131 operations, 97.2 % answered, 9 of 9 faults hit, 34.5 s simulated`
fn line(run: &Finished) -> String {
    let results = &run.results;
    let overall = &results.stats.overall;
    let hit = results.effects.iter().filter(|effect| effect.is_effective()).count();
    let faults = match results.effects.len() {
        0 => "no faults".to_owned(),
        all => format!("{hit} of {all} faults hit"),
    };
    let share = overall.availability_permille.unwrap_or(0);
    let mut lines = vec![format!(
        "seed {:<6} {:<9} {} operations, {}.{} % answered, {faults}, {:.1} s simulated",
        run.plan.seed,
        results.overall.word(),
        overall.ok + overall.fail + overall.info,
        share / 10,
        share % 10,
        results.simulated.as_secs_f64(),
    )];
    if let Some((checker, evidence)) = results.evidence().next() {
        lines.push(format!("{checker}: {}: {}", evidence.anomaly, evidence.summary));
    }
    if let (Overall::Vacuous, Some(reason)) = (results.overall, &results.vacuous) {
        lines.push(reason.clone());
    }
    for stuck in &results.stuck {
        lines.push(format!("{} did not come back: {}", stuck.node, stuck.reason));
    }
    lines.join("\n            ")
}

/// The closing words: counts, the worst run in full, its report and how to replay it.
fn summary(finished: &[Finished], failures: usize, total: u64) {
    let count = |overall| finished.iter().filter(|run| run.results.overall == overall).count();
    let words = [Overall::Invalid, Overall::Liveness, Overall::Unknown, Overall::Vacuous, Overall::Valid];
    let mut counts: Vec<String> =
        words.iter().filter(|word| count(**word) > 0).map(|word| format!("{} {}", count(*word), word.word())).collect();
    let missing = total - finished.len() as u64 - failures as u64;
    counts.extend((failures > 0).then(|| format!("{failures} not run")));
    counts.extend((missing > 0).then(|| format!("{missing} missing")));
    say("");
    say(&format!("{total} {}: {}", if total == 1 { "run" } else { "runs" }, counts.join(", ")));
    // The first of the worst.
    let Some(shown) = finished.iter().rev().max_by_key(|run| run.results.overall) else { return };
    for Judged { checker, verdict } in &shown.results.verdicts {
        if let netsplit_checker::Verdict::Unknown(cause) = verdict {
            say(&format!("{checker} could not decide: {cause}"));
        }
    }
    if let Some((_, evidence)) = shown.results.evidence().next() {
        say(&format!("seed {}:", shown.plan.seed));
        tell_evidence(evidence);
    }
    say(&format!("report  {}", shown.folder.join("report.html").display()));
    say(&format!("replay  netsplit replay {}", shown.folder.join("capsule.json").display()));
}

/// A contradiction, for a person at a terminal.
pub(super) fn tell_evidence(evidence: &Evidence) {
    let about = if evidence.key.is_empty() { String::new() } else { format!(" on {}", evidence.key) };
    say(&format!("  {}{about}: {}", evidence.anomaly, evidence.summary));
    for step in &evidence.steps {
        say(&format!("    - {step}"));
    }
    if !evidence.legal.is_empty() {
        say(&format!("    legal there: {}", evidence.legal.join(", ")));
    }
}

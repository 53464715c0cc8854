//! `netsplit run`: from seeds to verdicts and files.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::batch::{in_order, progress};
use super::config::{PlanArguments, Source, seeds};
use super::voice::{self, is_verbose, say, say_finding};
use super::{Failure, HARNESS_FAILED, cores, interrupt, make_folder, tell_evidence, unwritten, worst};
use serde_json::json;

use crate::case::Case;
use crate::coverage::Coverage;
use crate::judge::{Judged, Overall, Results};
use crate::plan::RedisKind;
use crate::registry::Registry;
use crate::signature::Signature;
use crate::trial::Trial;
use crate::{redis_server, store};

const EXAMPLES: &str = "\
Examples:
  netsplit run                                          the default: a shortener on one Redis, partitions, crashes
  netsplit run --system raft --nemesis swarm --seed 0..20
                                                        twenty mixes of the faults that Raft tolerates
  netsplit run --system redis-everysec --workload set --nemesis power-loss
                                                        acknowledged writes that are lost
  netsplit plan > faults.toml && netsplit run --schedule faults.toml
                                                        edit the faults by hand";

/// Arguments of `run`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    plan: PlanArguments,
    /// A seed, or a half-open range of seeds such as `0..50`
    #[arg(help_heading = "How it is run", long, default_value = "0", value_parser = seeds)]
    seed: Range<u64>,
    /// How many runs at a time; as many as there are cores if left out
    #[arg(help_heading = "How it is run", long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Fail (exit code 2) unless the runs together covered every pair, host and link that their faults can hit
    #[arg(help_heading = "How it is run", long)]
    require: bool,
    /// Where the folders of the runs go
    #[arg(help_heading = "How it is run", long, default_value = "results/runs")]
    out: PathBuf,
}

/// Why a seed has no files.
enum NotDone {
    /// It could not be run; others may.
    Run(String),
    /// Its files can't be written, nor can any other's.
    Files(Failure),
}

/// What is kept of a run when its files are written.
struct Finished {
    case: Case,
    results: Results,
    folder: PathBuf,
    coverage: Coverage,
}

pub(super) fn run(arguments: &Arguments, registry: &Registry) -> Result<u8, Failure> {
    let source = arguments.plan.source(registry)?;
    // What is wrong with one plan is wrong with all: say it before anything starts.
    let first = source.case(arguments.seed.start).map_err(Failure::wrong_use)?;
    if arguments.plan.redis == RedisKind::Server && first.system.redis.is_none() {
        let name = first.system.name;
        return Err(Failure::wrong_use(format!("`{name}` stands on no Redis; leave `--redis server` out")));
    }
    let redis_version = match arguments.plan.redis {
        RedisKind::Embedded => None,
        RedisKind::Server => Some(redis_server::version().map_err(Failure::wrong_use)?),
    };
    make_folder(&arguments.out)?;
    interrupt::listen("stopping after the runs under way");
    let total = arguments.seed.end - arguments.seed.start;
    let varies = total > 1 && source.varies();
    let bar = progress(total);
    let mut finished = Vec::new();
    let mut failures = Vec::new();
    in_order(
        arguments.seed.clone(),
        arguments.jobs.map_or_else(cores, usize::from),
        |seed| one(seed, &source, redis_version.as_deref(), &arguments.out),
        |seed, ended| {
            bar.inc(1);
            let (message, goes_on) = match ended {
                Ok(run) => {
                    bar.suspend(|| tell(&run, varies));
                    finished.push(run);
                    return true;
                }
                Err(NotDone::Run(message)) => (message, true),
                Err(NotDone::Files(failure)) => (failure.message, false),
            };
            bar.suspend(|| eprintln!("netsplit: seed {seed}: {message}"));
            failures.push(seed);
            goes_on
        },
    );
    bar.finish_and_clear();
    // Seeds are begun in order, and what was begun was ended: what is missing is the rest.
    let undone = arguments.seed.start + (finished.len() + failures.len()) as u64..arguments.seed.end;
    summary(&finished, failures.len(), &undone, total);
    super::index(&arguments.out)?;
    let starved = tell_coverage(&finished, arguments.require);
    if interrupt::came() && !undone.is_empty() {
        return Err(interrupt::failure(&undone));
    }
    let failed = failures.iter().map(|_| HARNESS_FAILED);
    let failed = failed.chain(starved.then(|| Overall::Vacuous.exit_code()));
    Ok(worst(finished.iter().map(|run| run.results.overall.exit_code()).chain(failed)))
}

/// Draws, runs, judges and stores one seed.
fn one(seed: u64, source: &Source, redis_version: Option<&str>, out: &Path) -> Result<Finished, NotDone> {
    let case = source.case(seed).map_err(|error| NotDone::Run(error.to_string()))?;
    let trial = Trial::of(case).map_err(|error| NotDone::Run(error.to_string()))?;
    let folder = out.join(store::name(&trial.case));
    trial.write(&folder, redis_version).map_err(|error| NotDone::Files(unwritten(&folder, &error)))?;
    let coverage = Coverage::of(&trial.case, &trial.recording);
    Ok(Finished { case: trial.case, results: trial.results, folder, coverage })
}

/// One run: a line for people, a document for programs.
fn tell(run: &Finished, varies: bool) {
    let results = &run.results;
    let overall = &results.stats.overall;
    if results.overall == Overall::Valid {
        say(&line(run, varies));
    } else {
        say_finding(&line(run, varies));
    }
    if is_verbose() {
        results.evidence().for_each(|(_, evidence)| tell_evidence(evidence));
        say(&format!("            {}", run.folder.display()));
    }
    let evidence: Vec<_> =
        results.evidence().map(|(checker, evidence)| json!({ "checker": checker, "evidence": evidence })).collect();
    let (case, signatures) = (&run.case, Signature::all(&run.case, results));
    let told = json!({
        "system": case.system.name, "workload": case.workload.name, "nemesis": case.nemesis, "seed": case.seed,
        "verdict": results.overall, "exit_code": results.overall.exit_code(),
        "signatures": signatures.iter().map(ToString::to_string).collect::<Vec<_>>(), "findings": evidence,
        "vacuous": results.vacuous, "stuck": results.stuck, "beyond": case.beyond(),
        "operations": overall.ok + overall.fail + overall.info,
        "ok": overall.ok, "fail": overall.fail, "info": overall.info, "messages": results.messages,
        "faults": results.effects.len(), "faults_hit": results.effects.iter().filter(|one| one.is_effective()).count(),
        "simulated_ms": u64::try_from(results.simulated.as_millis()).unwrap_or(u64::MAX), "digest": results.digest,
        "folder": run.folder,
    });
    voice::tell("run", &told);
}

/// `seed 7    valid    2131 operations, 97.2 % answered, 9 of 9 faults hit, 34.5 s simulated`; with `varies`, what the clients
/// did and where the faults came from, since other seeds have others.
fn line(run: &Finished, varies: bool) -> String {
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
        run.case.seed,
        results.overall.word(),
        overall.ok + overall.fail + overall.info,
        share / 10,
        share % 10,
        results.simulated.as_secs_f64(),
    )];
    lines.extend(varies.then(|| format!("workload {}, nemesis {}", run.case.plan.workload, run.case.plan.nemesis)));
    lines.extend(circumstances(&run.case));
    if let Some((checker, evidence)) = results.evidence().next() {
        lines.push(format!("{checker}: {}: {}", evidence.anomaly, evidence.summary));
    }
    if let (Overall::Vacuous, Some(reason)) = (results.overall, &results.vacuous) {
        lines.push(reason.clone());
    }
    for stuck in &results.stuck {
        lines.push(stuck.to_string());
    }
    lines.join("\n            ")
}

/// What a run was drawn with that its command does not say.
fn circumstances(case: &Case) -> Vec<String> {
    let mut told = Vec::new();
    if !case.swarm.is_empty() {
        let members = case.swarm.iter().map(|member| format!("{} every {} s", member.nemesis, member.every_s()));
        told.push(format!("swarm: {}", members.collect::<Vec<_>>().join(", ")));
    }
    if !case.dead.is_empty() {
        told.push(format!("{} stayed dead after the main phase", case.dead.join(", ")));
    }
    let beyond = case.beyond();
    if !beyond.is_empty() {
        told.push(format!("beyond what `{}` promises: {}", case.system.name, beyond.join(", ")));
    }
    told
}

/// How many of the missing goals are named.
const MOST_NAMED: usize = 12;

/// What the runs covered together, and with `--require` what they did not. Whether that is required and missing.
fn tell_coverage(finished: &[Finished], require: bool) -> bool {
    let mut all = Coverage::default();
    for run in finished {
        all.add(&run.coverage);
    }
    for (at, line) in all.lines().iter().enumerate() {
        say(&format!("{:<8}{line}", if at == 0 { "covered" } else { "" }));
    }
    let missing = all.missing();
    if !require || missing.is_empty() {
        return false;
    }
    let named = missing.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join("; ");
    let more = missing.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    say(&format!("missing {named}{more}"));
    say(
        "vacuous: --require was given, and not all was covered: use more seeds, or a nemesis that aims at what is missing",
    );
    true
}

/// The closing words: counts, the worst run in full, its report and how to replay it.
fn summary(finished: &[Finished], failures: usize, undone: &Range<u64>, total: u64) {
    let count = |overall| finished.iter().filter(|run| run.results.overall == overall).count();
    let words = [Overall::Invalid, Overall::Liveness, Overall::Unknown, Overall::Vacuous, Overall::Valid];
    let mut counts: Vec<String> =
        words.iter().filter(|word| count(**word) > 0).map(|word| format!("{} {}", count(*word), word.word())).collect();
    counts.extend((failures > 0).then(|| format!("{failures} not run")));
    counts.extend((!undone.is_empty()).then(|| format!("{} missing", undone.end - undone.start)));
    let told: BTreeMap<&str, usize> = words.iter().map(|word| (word.word(), count(*word))).collect();
    let missing = undone.end - undone.start;
    voice::tell("runs", &json!({ "runs": total, "verdicts": told, "not_run": failures, "missing": missing }));
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
        say_finding(&format!("seed {}:", shown.case.seed));
        tell_evidence(evidence);
    }
    say(&format!("report  {}", shown.folder.join("report.html").display()));
    say(&format!("replay  netsplit replay {}", shown.folder.join("capsule.json").display()));
}

//! `netsplit shrink`: from a capsule that shows an anomaly to the smallest that still does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;

use super::replay::{compare, rerun};
use super::voice::{self, say};
use super::{Failure, cores, interrupt, tell_evidence};
use crate::registry::Registry;
use crate::shrink::{Options, Shrunk, Size, shrink as search};
use crate::signature::Signature;
use crate::store;
use serde_json::json;

/// Arguments of `shrink`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The capsule: `capsule.json` of a run's folder
    capsule: PathBuf,
    /// How much real time the search may take; what it has by then is written
    #[arg(long, default_value = "300s", value_parser = budget)]
    budget: Duration,
    /// How many runs at a time, which does not change the result; as many as there are cores if left out
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Where the folder of the shrunk run goes
    #[arg(long, default_value = "results/runs")]
    out: PathBuf,
}

/// A duration, or a number of seconds.
fn budget(text: &str) -> Result<Duration, humantime::DurationError> {
    text.parse().map_or_else(|_| humantime::parse_duration(text), |seconds| Ok(Duration::from_secs(seconds)))
}

/// The exit code is that of the verdict of the shrunk run.
pub(super) fn shrink(arguments: &Arguments, registry: &Registry) -> Result<u8, Failure> {
    interrupt::listen("stopping with what is found so far");
    let (capsule, trial) = rerun(&arguments.capsule, registry)?;
    compare(&arguments.capsule, &capsule, &trial)?;
    let Some(signature) = trial.signatures().into_iter().next() else {
        let word = trial.results.overall.word();
        return Err(Failure::wrong_use(format!(
            "{}: the run is {word}: there is no anomaly to shrink it to; shrink one that is invalid",
            arguments.capsule.display()
        )));
    };
    super::make_folder(&arguments.out)?;
    let before = Size::of(&trial.case);
    let bar = ProgressBar::new_spinner();
    let options = Options {
        jobs: arguments.jobs.map_or_else(cores, usize::from),
        budget: arguments.budget,
        stop: &interrupt::came,
        progress: &|size, runs| {
            bar.set_message(format!("{} faults, {} operations after {runs} runs", size.faults, size.operations));
            bar.tick();
        },
    };
    let ended = search(trial, &signature, &options);
    bar.finish_and_clear();
    let shrunk = ended.map_err(Failure::harness)?;
    let folder = arguments.out.join(format!("{}-shrunk", store::name(&shrunk.trial.case)));
    shrunk.trial.write(&folder, capsule.redis_version.as_deref()).map_err(|error| super::unwritten(&folder, &error))?;
    super::index(&arguments.out)?;
    tell(&before, &shrunk, &folder, arguments.budget);
    let after = Size::of(&shrunk.trial.case);
    let told = json!({
        "signature": shrunk.signature.to_string(), "before": sizes(&before), "after": sizes(&after),
        "is_minimal": shrunk.is_minimal, "runs": shrunk.runs, "folder": folder,
    });
    voice::tell("shrink", &told);
    Ok(shrunk.trial.results.overall.exit_code())
}

fn tell(before: &Size, shrunk: &Shrunk, folder: &Path, budget: Duration) {
    let Shrunk { trial, signature, is_minimal, runs } = shrunk;
    say(&signature.to_string());
    for line in table(before, &Size::of(&trial.case)) {
        say(&line);
    }
    say("");
    say(&if *is_minimal {
        format!("1-minimal after {runs} runs: without any one of its faults or operations the anomaly is gone")
    } else if interrupt::came() {
        format!("interrupted after {runs} runs: it is not known to be 1-minimal")
    } else {
        let budget = humantime::format_duration(budget);
        format!(
            "the budget of {budget} ended after {runs} runs: it is not known to be 1-minimal; try a larger --budget"
        )
    });
    say("replayed twice, both times the same, byte for byte");
    if let Some((_, evidence)) = of_signature(shrunk, signature) {
        tell_evidence(evidence);
    }
    say(&format!("report  {}", folder.join("report.html").display()));
    say(&format!("replay  netsplit replay {}", folder.join("capsule.json").display()));
}

fn of_signature<'s>(shrunk: &'s Shrunk, signature: &Signature) -> Option<(&'s str, &'s netsplit_checker::Evidence)> {
    let mut all = shrunk.trial.results.evidence();
    all.find(|(checker, evidence)| *checker == signature.checker && evidence.anomaly == signature.anomaly)
}

fn sizes(size: &Size) -> serde_json::Value {
    json!({
        "faults": size.faults, "operations": size.operations, "setup": size.setup, "final_reads": size.final_reads,
        "clients": size.clients, "keys": size.keys, "nodes": size.nodes,
        "length_ms": u64::try_from(size.length.as_millis()).unwrap_or(u64::MAX),
    })
}

/// What went from what to what.
fn table(before: &Size, after: &Size) -> Vec<String> {
    let seconds = |length: Duration| format!("{} s", length.as_secs_f64());
    let rows = [
        ("", "before".to_owned(), "after".to_owned()),
        ("faults", before.faults.to_string(), after.faults.to_string()),
        ("operations", before.operations.to_string(), after.operations.to_string()),
        ("set-up", before.setup.to_string(), after.setup.to_string()),
        ("final reads", before.final_reads.to_string(), after.final_reads.to_string()),
        ("clients", before.clients.to_string(), after.clients.to_string()),
        ("keys", before.keys.to_string(), after.keys.to_string()),
        ("nodes", before.nodes.to_string(), after.nodes.to_string()),
        ("main phase", seconds(before.length), seconds(after.length)),
    ];
    rows.iter().map(|(what, before, after)| format!("  {what:<12}{before:>9}{after:>9}")).collect()
}

//! `netsplit replay`: runs a capsule again and compares.

use std::fs;
use std::path::{Path, PathBuf};

use super::Failure;
use super::voice::{self, say};
use crate::plan::RedisKind;
use crate::registry::Registry;
use crate::simulate::Recording;
use crate::store::Capsule;
use crate::transcript::Difference;
use crate::trial::Trial;
use crate::{digest, redis_server, store};
use serde_json::json;

/// Arguments of `replay`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The capsule: `capsule.json` of a run's folder
    capsule: PathBuf,
    /// Write the run as it is now to this file, as a capsule, even if it is another one: so that what showed a bug is kept
    /// once the bug is mended
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
}

/// The exit code is that of the run's verdict; a run that differs from its capsule is a failure of the harness, unless it is to
/// be kept as it is.
pub(super) fn replay(arguments: &Arguments, registry: &Registry) -> Result<u8, Failure> {
    let (capsule, trial) = rerun(&arguments.capsule, registry)?;
    let results = &trial.results;
    say(&format!("verdict  {} (capsule: {})", results.overall.word(), capsule.verdict.word()));
    say(&format!("digest   {} (capsule: {})", results.digest, capsule.digest));
    let same = compare(&arguments.capsule, &capsule, &trial);
    let told = json!({ "capsule": arguments.capsule, "verdict": results.overall, "digest": results.digest, "same": same.is_ok() });
    voice::tell("replay", &told);
    if let Some(file) = &arguments.keep {
        let kept = Capsule::of(&trial.case, results, capsule.redis_version.clone());
        store::write_capsule(file, &kept).map_err(|error| not_kept(file, &error))?;
        say(&format!("kept     {}", file.display()));
        return Ok(results.overall.exit_code());
    }
    same?;
    say("the run is the same, byte for byte");
    Ok(results.overall.exit_code())
}

fn not_kept(file: &Path, error: &std::io::Error) -> Failure {
    Failure::wrong_use(format!("{} can't be written: {error}; choose another place with --keep", file.display()))
}

/// Reads a capsule and runs it again; an `Err` if it is no capsule that can be run here.
pub(super) fn rerun(path: &Path, registry: &Registry) -> Result<(Capsule, Trial), Failure> {
    let named = |error: &dyn std::fmt::Display| Failure::wrong_use(format!("{}: {error}", path.display()));
    let (capsule, case) = Capsule::read(path, registry).map_err(|error| named(&error))?;
    if case.redis == RedisKind::Server {
        let here = redis_server::version().map_err(Failure::wrong_use)?;
        if capsule.redis_version.as_deref() != Some(here.as_str()) {
            let wanted = capsule.redis_version.as_deref().unwrap_or("an unknown version");
            return Err(named(&format_args!(
                "it ran on redis-server {wanted}, and here is {here}; install that version, or run the seed anew"
            )));
        }
    }
    let trial = Trial::of(case).map_err(Failure::harness)?;
    Ok((capsule, trial))
}

/// An `Err` says what differs first between a run and its capsule, the file at `path`.
pub(super) fn compare(path: &Path, capsule: &Capsule, trial: &Trial) -> Result<(), Failure> {
    if trial.results.digest == capsule.digest && trial.results.overall == capsule.verdict {
        return Ok(());
    }
    Err(Failure::harness(difference(path, &trial.recording)))
}

/// What differs first between the history beside the capsule, if there is one, and the one of this run.
fn difference(capsule: &Path, recording: &Recording) -> String {
    let said = "the run differs from its capsule";
    let beside = capsule.with_file_name("history.jsonl");
    let Ok(recorded) = fs::read_to_string(&beside) else {
        return format!("{said}; without its history in {} the first difference is not known", beside.display());
    };
    let here = digest::history(recording);
    match Difference::first(&recorded, &String::from_utf8_lossy(&here)) {
        Some(difference) => {
            format!("{said}, first in event {}{}", difference.line, difference.told("capsule", "here"))
        }
        None => format!("{said}: the histories are equal, the record of messages is not"),
    }
}

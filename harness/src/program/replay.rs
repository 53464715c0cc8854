//! `netsplit replay`: runs a capsule again and compares.

use std::path::{Path, PathBuf};

use super::{Failure, say};
use crate::plan::RedisKind;
use crate::redis_server;
use crate::simulate;
use crate::store::Capsule;
use crate::trial::Trial;

/// Arguments of `replay`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The capsule: `capsule.json` of a run's folder
    capsule: PathBuf,
}

/// The exit code is that of the run's verdict; a run that differs from its capsule is a failure of the harness.
pub(super) fn replay(arguments: &Arguments) -> Result<u8, Failure> {
    let (capsule, trial) = rerun(&arguments.capsule)?;
    let results = &trial.results;
    say(&format!("verdict  {} (capsule: {})", results.overall.word(), capsule.verdict.word()));
    say(&format!("digest   {} (capsule: {})", results.digest, capsule.digest));
    compare(&arguments.capsule, &capsule, &trial)?;
    say("the run is the same, byte for byte");
    Ok(results.overall.exit_code())
}

/// Reads a capsule and runs it again; an `Err` if it is no capsule that can be run here.
pub(super) fn rerun(path: &Path) -> Result<(Capsule, Trial), Failure> {
    let named = |error: &dyn std::fmt::Display| Failure::wrong_use(format!("{}: {error}", path.display()));
    let capsule = Capsule::read(path).map_err(|error| named(&error))?;
    if capsule.plan.redis == RedisKind::Server {
        let here = redis_server::version().map_err(Failure::wrong_use)?;
        if capsule.redis_version.as_deref() != Some(here.as_str()) {
            let wanted = capsule.redis_version.as_deref().unwrap_or("an unknown version");
            return Err(named(&format_args!(
                "it ran on redis-server {wanted}, and here is {here}; install that version, or run the seed anew"
            )));
        }
    }
    let trial = Trial::of(capsule.plan.clone()).map_err(Failure::harness)?;
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
fn difference(capsule: &Path, recording: &simulate::Recording) -> String {
    let said = "the run differs from its capsule";
    let Ok(recorded) = std::fs::read_to_string(capsule.with_file_name("history.jsonl")) else {
        return format!("{said}; the capsule's history is not beside it, so the first difference is not known");
    };
    let here = crate::digest::history(recording);
    let here = String::from_utf8_lossy(&here);
    let mut pairs = recorded.lines().zip(here.lines()).enumerate();
    match pairs.find(|(_, (recorded, here))| recorded != here) {
        Some((at, (recorded, here))) => {
            format!("{said}, first in event {at}\n  capsule: {recorded}\n  here:    {here}")
        }
        None if recorded.lines().count() != here.lines().count() => {
            format!(
                "{said}: one history is the beginning of the other ({} and {} events)",
                recorded.lines().count(),
                here.lines().count()
            )
        }
        None => format!("{said}: the histories are equal, the record of messages is not"),
    }
}

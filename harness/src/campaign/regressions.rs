//! Kept capsules: runs that once showed a bug, and must show for ever what they show now. They are replayed before anything else.
//!
//! A capsule promises a verdict and a digest. If both are as they were, it is kept. If the verdict got worse, the bug is back. If
//! the run is another one than it was, or can't be run at all, it says nothing any more about the bug that it was kept for:
//! that is an error, and not a pass.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::judge::Overall;
use crate::registry::Registry;
use crate::store::{BadCapsule, Capsule};
use crate::trial::Trial;

/// What became of a kept capsule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// The run is the same, byte for byte.
    Same,
    /// Its verdict is worse than it was.
    Broken,
    /// It is no run of this netsplit, or another one than it was.
    Stale,
}

/// A kept capsule, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regression {
    /// The name of its file.
    pub file: String,
    /// What became of it.
    pub kept: Kept,
    /// Why it is not the same, and what to do.
    pub why: String,
}

/// The capsules in a folder, by name; none if there is no such folder.
pub fn capsules(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}

/// Replays a kept capsule.
pub fn replay(file: &Path, registry: &Registry) -> Regression {
    let (kept, why) = match Capsule::read(file, registry) {
        Ok((capsule, case)) => match Trial::of(case) {
            Ok(trial) => compared(&capsule, &trial, file),
            Err(error) => (Kept::Stale, error.to_string()),
        },
        Err(error @ BadCapsule::Format { .. }) => {
            (Kept::Stale, format!("{error}; then shrink that run, and keep its capsule in place of this one"))
        }
        Err(error) => (Kept::Stale, format!("{error}; remove it, or put a capsule of this netsplit in its place")),
    };
    Regression { file: name(file), kept, why }
}

/// The name of a capsule's file, whatever folder it is in.
pub(super) fn name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn compared(capsule: &Capsule, trial: &Trial, file: &Path) -> (Kept, String) {
    let results = &trial.results;
    if results.overall == capsule.verdict && results.digest == capsule.digest {
        return (Kept::Same, String::new());
    }
    let (was, is, file) = (capsule.verdict.word(), results.overall.word(), file.display());
    let is_red = matches!(results.overall, Overall::Invalid | Overall::Liveness);
    if is_red && results.overall > capsule.verdict {
        return (Kept::Broken, format!("its verdict was {was}, and is {is}; see `netsplit replay {file}`"));
    }
    let said = if results.overall == capsule.verdict {
        format!("the run is another one than it was (verdict {is}, as before)")
    } else {
        format!("its verdict was {was}, and is {is}")
    };
    let look = format!("look with `netsplit replay {file}` what differs");
    (
        Kept::Stale,
        format!("{said}; {look}, and if that was meant, `netsplit campaign --renew` keeps the run as it is now"),
    )
}

/// Keeps the run of a stale capsule as it is now; what was written is returned, `None` if there was nothing to renew. A
/// capsule that can't be read, or whose verdict is another one, is left as it is: a person has to look.
pub fn renew(file: &Path, registry: &Registry) -> io::Result<Option<Capsule>> {
    let Ok((capsule, case)) = Capsule::read(file, registry) else { return Ok(None) };
    let Ok(trial) = Trial::of(case) else { return Ok(None) };
    if trial.results.overall != capsule.verdict || trial.results.digest == capsule.digest {
        return Ok(None);
    }
    let renewed = Capsule::of(&trial.case, &trial.results, capsule.redis_version);
    crate::store::write_capsule(file, &renewed)?;
    Ok(Some(renewed))
}

//! The runs that a folder holds, as their capsules and results tell of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::judge::{Overall, Results};

/// Folders are looked through to this depth.
const DEEPEST: usize = 3;

/// What is served of a run, with what a person calls it.
pub(super) const FILES: [(&str, &str); 4] =
    [("report.html", "report"), ("history.jsonl", "history"), ("log.txt", "log"), ("capsule.json", "capsule")];

/// A run, as a row of the index shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its folder, from the folder that was looked through; its parts are joined by `/`.
    pub folder: String,
    /// The system.
    pub system: String,
    /// The workload.
    pub workload: String,
    /// The nemesis.
    pub nemesis: String,
    /// The seed.
    pub seed: u64,
    /// What the run shows.
    pub verdict: Overall,
    /// What was found, each kind once, in the order of the evidence.
    pub anomalies: Vec<String>,
    /// How many operations clients asked for.
    pub operations: u64,
    /// How many of a thousand were answered; `None` of none.
    pub answered_permille: Option<u32>,
    /// Faults that hit something, and all.
    pub faults: (usize, usize),
    /// Which of the files that are served it has.
    pub files: Vec<&'static str>,
}

/// The runs of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// In the order of their folders' names.
    pub all: Vec<Run>,
    /// Folders that look like a run and can't be read, with the reason.
    pub unreadable: Vec<(String, String)>,
}

impl Runs {
    /// Those below `root/below`, for every `below`; their folders are told from `root`. Links are not followed.
    pub fn below(root: &Path, below: &[&str]) -> io::Result<Runs> {
        let mut runs = Runs::default();
        for part in below {
            let folder = root.join(part);
            if folder.is_dir() {
                runs.look_through(root, &folder, 0);
            }
        }
        Ok(runs)
    }

    fn look_through(&mut self, root: &Path, folder: &Path, depth: usize) {
        if folder.join("capsule.json").is_file() {
            let name = name(root, folder);
            match run(folder, &name) {
                Ok(run) => self.all.push(run),
                Err(reason) => self.unreadable.push((name, reason)),
            }
            return;
        }
        if depth == DEEPEST {
            return;
        }
        // One that can't be read, or is gone by now, hides no other.
        match folders(folder) {
            Ok(inner) => inner.iter().for_each(|inner| self.look_through(root, inner, depth + 1)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.unreadable.push((name(root, folder), error.to_string())),
        }
    }
}

/// The folders in a folder that a run may be in, in the order of their names.
fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut inner = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| !name.starts_with('.') && !name.ends_with(".unfinished"));
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            inner.push(entry.path());
        }
    }
    inner.sort_unstable();
    Ok(inner)
}

fn name(root: &Path, folder: &Path) -> String {
    let inner = folder.strip_prefix(root).unwrap_or(folder);
    inner.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// What the index needs of a capsule. It is not checked: it may be of a system that is not registered here.
#[derive(Deserialize)]
struct Capsule {
    verdict: Overall,
    plan: Plan,
}

#[derive(Deserialize)]
struct Plan {
    system: String,
    workload: String,
    nemesis: String,
    seed: u64,
}

fn run(folder: &Path, name: &str) -> Result<Run, String> {
    let Capsule { verdict, plan } = json(&folder.join("capsule.json"))?;
    let results: Results = json(&folder.join("results.json"))?;
    let mut anomalies: Vec<String> = Vec::new();
    let stuck = results.stuck.iter().map(|_| "stuck");
    for anomaly in results.evidence().map(|(_, evidence)| evidence.anomaly.as_str()).chain(stuck) {
        if !anomalies.iter().any(|known| known == anomaly) {
            anomalies.push(anomaly.to_owned());
        }
    }
    let overall = &results.stats.overall;
    let hits = results.effects.iter().filter(|effect| effect.is_effective()).count();
    let files = FILES.iter().map(|(file, _)| *file).filter(|file| folder.join(file).is_file());
    Ok(Run {
        folder: name.to_owned(),
        system: plan.system,
        workload: plan.workload,
        nemesis: plan.nemesis,
        seed: plan.seed,
        verdict,
        anomalies,
        operations: overall.ok + overall.fail + overall.info,
        answered_permille: overall.availability_permille,
        faults: (hits, results.effects.len()),
        files: files.collect(),
    })
}

fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, String> {
    let told =
        |error: &dyn std::fmt::Display| format!("{}: {error}", path.file_name().unwrap_or_default().to_string_lossy());
    let bytes = fs::read(path).map_err(|error| told(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| told(&error))
}

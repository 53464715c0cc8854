//! The files of a run: `results/runs/<system>-<workload>-<nemesis>-<seed>/`, each written whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

use netsplit_checker::formats::{self, Format};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::judge::{Overall, Results};
use crate::plan::{BadConfig, FORMAT, Plan};
use crate::registry::Registry;
use crate::simulate::Recording;

/// What every capsule says that it is.
const MARK: &str = "netsplit capsule";

/// The largest capsule that is read, in bytes.
const LARGEST_CAPSULE_BYTES: u64 = 64 << 20;

/// The longest part of a folder's name that comes from the plan's nemesis, in characters.
const LONGEST_NEMESIS: usize = 100;

/// A plan with the verdict and the digest that its run must give: the unit of replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capsule {
    /// Says what the file is.
    pub what: String,
    /// The version of netsplit that wrote it.
    pub netsplit: String,
    /// The version of the real Redis that it ran on, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redis_version: Option<String>,
    /// What the run shows.
    pub verdict: Overall,
    /// The digest of the run.
    pub digest: String,
    /// The plan.
    pub plan: Plan,
}

/// Why a file is no capsule that can be run here.
#[derive(Debug, thiserror::Error)]
pub enum BadCapsule {
    /// It can't be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is a folder, a device, a pipe.
    #[error("it is no file; name the `capsule.json` of a run's folder")]
    NoFile,
    /// It is larger than any capsule.
    #[error("the file has {0} bytes; a capsule has at most {LARGEST_CAPSULE_BYTES}")]
    Large(u64),
    /// It is no JSON, or not a capsule's.
    #[error("line {line}: {reason}", line = .0.line(), reason = plain(.0))]
    Json(#[from] serde_json::Error),
    /// It is JSON of something else.
    #[error("line 1: this is no netsplit capsule: it does not begin with `\"what\": \"{MARK}\"`")]
    NotOurs,
    /// It was written by another version.
    #[error(
        "this capsule's plan has format {format}, and this netsplit runs format {FORMAT}: replay it with {}, \
         or run its seed anew with this one",
        writer(version)
    )]
    Format {
        /// The format of its plan.
        format: u64,
        /// The version of netsplit that wrote it.
        version: String,
    },
    /// What it says of its run can't be.
    #[error("its `{0}` is none that netsplit writes")]
    Field(&'static str),
    /// Its plan can't be run.
    #[error("the plan can't be run: {0}")]
    Plan(#[from] BadConfig),
}

/// Who wrote a capsule of another format.
fn writer(version: &str) -> String {
    if version == env!("CARGO_PKG_VERSION") {
        return format!("the build of netsplit {version} that wrote it");
    }
    format!("netsplit {version}, which wrote it")
}

/// The parser's reason without its position, which is told apart; it quotes the file, so it is made fit for a terminal.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    shown(reason, 300)
}

/// A stranger's text on one line of a terminal.
fn shown(text: &str, most: usize) -> String {
    let escape = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
    text.chars().take(most).map(escape).collect()
}

/// What of a capsule every version of netsplit can read.
#[derive(Deserialize)]
#[serde(expecting = "a netsplit capsule")]
struct Head {
    what: Option<String>,
    netsplit: Option<String>,
    plan: Option<HeadOfPlan>,
}

#[derive(Deserialize)]
struct HeadOfPlan {
    format: Option<u64>,
}

impl Capsule {
    /// The capsule of a run.
    pub fn of(plan: &Plan, results: &Results, redis_version: Option<String>) -> Capsule {
        Capsule {
            what: MARK.into(),
            netsplit: env!("CARGO_PKG_VERSION").into(),
            redis_version,
            verdict: results.overall,
            digest: results.digest.clone(),
            plan: plan.clone(),
        }
    }

    /// Reads a capsule, which may be a stranger's: sizes and names are checked before anything starts.
    pub fn read(path: &Path, registry: &Registry) -> Result<(Capsule, Case), BadCapsule> {
        let file = fs::metadata(path)?;
        if !file.is_file() {
            return Err(BadCapsule::NoFile);
        }
        if file.len() > LARGEST_CAPSULE_BYTES {
            return Err(BadCapsule::Large(file.len()));
        }
        let bytes = fs::read(path)?;
        // Another version's capsule has other fields: say that, and not which field is unexpected.
        let head: Head = serde_json::from_slice(&bytes)?;
        if head.what.as_deref() != Some(MARK) {
            return Err(BadCapsule::NotOurs);
        }
        if let Some(format) = head.plan.and_then(|plan| plan.format).filter(|format| *format != u64::from(FORMAT)) {
            let version = head.netsplit.map_or("of that format".into(), |version| shown(&version, 32));
            return Err(BadCapsule::Format { format, version });
        }
        let capsule: Capsule = serde_json::from_slice(&bytes)?;
        capsule.check_words()?;
        let case = Case::of(capsule.plan.clone(), registry)?;
        Ok((capsule, case))
    }

    /// What is shown as it is must be what it claims to be.
    fn check_words(&self) -> Result<(), BadCapsule> {
        let version = |text: &String| text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_digest = self.digest.len() == 64 && self.digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let words = [
            ("digest", is_digest),
            ("netsplit", version(&self.netsplit)),
            ("redis_version", self.redis_version.as_ref().is_none_or(version)),
        ];
        words.into_iter().try_for_each(|(name, good)| if good { Ok(()) } else { Err(BadCapsule::Field(name)) })
    }
}

/// The report of a run, in both forms.
#[derive(Clone, Debug, Default)]
pub struct Reports {
    /// One page, for a browser.
    pub html: String,
    /// The same, for issues and terminals.
    pub markdown: String,
}

/// The name of the folder of a run's files.
pub fn name(plan: &Plan) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let nemesis: String = plan.nemesis.chars().take(LONGEST_NEMESIS).map(letter).collect();
    format!("{}-{}-{nemesis}-{}", plan.system, plan.workload, plan.seed)
}

/// The files of a run by their names.
pub type Files = Vec<(&'static str, Vec<u8>)>;

/// What is written of a run.
pub fn files(capsule: &Capsule, recording: &Recording, results: &Results, reports: Reports) -> io::Result<Files> {
    let history = |format| {
        let mut bytes = Vec::new();
        formats::write(format, &recording.history, &mut bytes).map(|()| bytes)
    };
    Ok(vec![
        ("capsule.json", json(capsule).into_bytes()),
        ("results.json", json(results).into_bytes()),
        ("history.jsonl", history(Format::Jsonl)?),
        ("history.csv", history(Format::Csv)?),
        ("log.txt", recording.log.as_bytes().to_vec()),
        ("report.html", reports.html.into_bytes()),
        ("report.md", reports.markdown.into_bytes()),
    ])
}

/// Writes the files of a run into `folder`, which appears when all of it is written; what it held before is replaced.
pub fn write(folder: &Path, files: &Files) -> io::Result<()> {
    let unfinished = folder.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unfinished)?;
    let put = |(name, bytes): &(&str, Vec<u8>)| fs::write(unfinished.join(name), bytes);
    if let Err(error) = files.iter().try_for_each(put) {
        let _left_there = fs::remove_dir_all(&unfinished);
        return Err(error);
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::rename(&unfinished, folder)
}

/// Replaces a capsule's file, whole or not at all.
pub fn write_capsule(file: &Path, capsule: &Capsule) -> io::Result<()> {
    write_whole(file, json(capsule))
}

/// Replaces a file, whole or not at all.
pub(crate) fn write_whole(file: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    let unfinished = file.with_extension("unfinished");
    let written = fs::write(&unfinished, content).and_then(|()| fs::rename(&unfinished, file));
    if written.is_err() {
        let _left_there = fs::remove_file(&unfinished);
    }
    written
}

/// Pretty JSON of anything of ours.
fn json(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("our types have a JSON form");
    text.push('\n');
    text
}

/// Makes the `latest` beside a run's folder a link to it, or where links can't be made, a file that names it.
pub fn point_latest(folder: &Path) -> io::Result<()> {
    let name = folder.file_name().expect("a run's folder has a name");
    // Of each run its own: several end at the same time.
    let next = folder.with_file_name(format!(".latest-{}.unfinished", name.display()));
    let latest = folder.with_file_name("latest");
    let _absent = fs::remove_file(&next);
    #[cfg(unix)]
    std::os::unix::fs::symlink(name, &next)?;
    #[cfg(not(unix))]
    fs::write(&next, name.as_encoded_bytes())?;
    fs::rename(&next, &latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_end_at_the_same_time_are_each_the_latest_for_a_while() {
        let out = tempfile::tempdir().expect("a temporary folder");
        let pointed = std::thread::scope(|scope| {
            let point = |job: u32| (0..200).try_for_each(|run| point_latest(&out.path().join(format!("{job}-{run}"))));
            let jobs: Vec<_> = (0..4).map(|job| scope.spawn(move || point(job))).collect();
            jobs.into_iter().try_for_each(|job| job.join().expect("no job panics"))
        });
        pointed.expect("none is in another's way");
        assert!(fs::symlink_metadata(out.path().join("latest")).is_ok());
        assert_eq!(fs::read_dir(out.path()).expect("it is there").count(), 1, "nothing unfinished is left");
    }
}

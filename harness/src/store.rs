//! The files of a run: `results/runs/<system>-<workload>-<nemesis>-<seed>/`, each written whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use netsplit_checker::formats::{self, Format};
use serde::{Deserialize, Serialize};

use crate::judge::{Overall, Results};
use crate::plan::{BadConfig, FORMAT, Plan};
use crate::simulate::Recording;

/// What every capsule says that it is.
const MARK: &str = "netsplit capsule";

/// The largest capsule that is read, in bytes.
const LARGEST_CAPSULE_BYTES: u64 = 256 << 20;

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
        "line 1: this capsule's plan has format {0}, and this netsplit runs format {FORMAT}; use the version that wrote it"
    )]
    Format(u64),
    /// Its plan can't be run.
    #[error("the plan can't be run: {0}")]
    Plan(#[from] BadConfig),
}

/// The parser's reason without its position, which is told apart.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(reason, _)| reason.to_owned())
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
    pub fn read(path: &Path) -> Result<Capsule, BadCapsule> {
        let size = fs::metadata(path)?.len();
        if size > LARGEST_CAPSULE_BYTES {
            return Err(BadCapsule::Large(size));
        }
        let bytes = fs::read(path)?;
        // Another version's capsule has other fields: say that, and not which field is unexpected.
        let any: serde_json::Value = serde_json::from_slice(&bytes)?;
        if any.get("what").and_then(|what| what.as_str()) != Some(MARK) {
            return Err(BadCapsule::NotOurs);
        }
        match any.pointer("/plan/format").and_then(serde_json::Value::as_u64) {
            Some(format) if format != u64::from(FORMAT) => return Err(BadCapsule::Format(format)),
            _ => {}
        }
        let capsule: Capsule = serde_json::from_slice(&bytes)?;
        capsule.plan.validate()?;
        Ok(capsule)
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

/// The folder of a run's files, below `out`.
pub fn folder(out: &Path, plan: &Plan) -> PathBuf {
    let nemesis: String = plan.nemesis.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    out.join(format!("{}-{}-{nemesis}-{}", plan.system, plan.workload, plan.seed))
}

/// Writes all files of a run into a folder of its own below `out`, and points `latest` there. The folder appears when
/// all of it is written.
pub fn write(
    out: &Path,
    capsule: &Capsule,
    recording: &Recording,
    results: &Results,
    reports: &Reports,
) -> io::Result<PathBuf> {
    let folder = folder(out, &capsule.plan);
    let unfinished = folder.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unfinished)?;
    let put = |name: &str, content: &[u8]| fs::write(unfinished.join(name), content);
    put("capsule.json", json(capsule).as_bytes())?;
    put("results.json", json(results).as_bytes())?;
    for (name, format) in [("history.jsonl", Format::Jsonl), ("history.csv", Format::Csv)] {
        let mut file = io::BufWriter::new(fs::File::create(unfinished.join(name))?);
        formats::write(format, &recording.history, &mut file)?;
        file.flush()?;
    }
    put("log.txt", recording.log.as_bytes())?;
    put("report.html", reports.html.as_bytes())?;
    put("report.md", reports.markdown.as_bytes())?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::rename(&unfinished, &folder)?;
    point_latest(out, &folder)?;
    Ok(folder)
}

/// Pretty JSON of anything of ours.
fn json(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("our types have a JSON form");
    text.push('\n');
    text
}

/// `latest` is a link to the newest run, or where links can't be made, a file that names it.
fn point_latest(out: &Path, folder: &Path) -> io::Result<()> {
    let name = folder.file_name().expect("a run's folder has a name");
    let (latest, next) = (out.join("latest"), out.join(".latest.unfinished"));
    let _absent = fs::remove_file(&next);
    #[cfg(unix)]
    std::os::unix::fs::symlink(name, &next)?;
    #[cfg(not(unix))]
    fs::write(&next, name.as_encoded_bytes())?;
    fs::rename(&next, &latest)
}

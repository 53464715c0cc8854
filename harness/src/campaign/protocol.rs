//! What a campaign and its workers say to each other: one JSON value a line. Node code may print what it likes beside it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::record::Numbers;
use super::regressions::Regression;
use super::spec::Draw;
use crate::shrink::Size;
use crate::signature::Signature;

/// What a line of ours begins with.
const MARK: &str = "netsplit campaign-worker: ";

/// What a worker is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// A run, of which the numbers are wanted.
    Run(Draw),
    /// The canary's run of a seed.
    Canary(u64),
    /// The smallest run that shows what this one shows.
    Shrink(Shrink),
    /// What a kept capsule comes to.
    Replay(PathBuf),
}

/// A search for the smallest run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shrink {
    /// The run that it begins with.
    pub draw: Draw,
    /// What that shows.
    pub signature: Signature,
    /// How many candidates it may ask about.
    pub most: usize,
    /// Where its files go.
    pub folder: PathBuf,
    /// The folder by the name that its report says: that within the campaign's, which may be moved.
    pub name: PathBuf,
}

/// What a worker answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// Not yet, but it goes on.
    Alive,
    /// The numbers of a run.
    Ran(Numbers),
    /// Where a search ended.
    Shrunk(Shrunk),
    /// What became of a kept capsule.
    Kept(Regression),
    /// It can't be done.
    Failed(String),
}

/// A search that ended; its files are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shrunk {
    /// The families of the faults that are left.
    pub families: BTreeSet<String>,
    /// The sizes before and after.
    pub sizes: (Sizes, Sizes),
    /// Whether it is known that nothing more can be left out.
    pub is_minimal: bool,
    /// The evidence in one line.
    pub summary: String,
    /// The evidence, step by step.
    pub steps: Vec<String>,
}

/// How large a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Faults.
    pub faults: usize,
    /// Operations of the clients.
    pub operations: usize,
    /// Nodes.
    pub nodes: usize,
    /// Length of the main phase, in milliseconds.
    pub length_ms: u64,
}

impl From<Size> for Sizes {
    fn from(size: Size) -> Sizes {
        Sizes {
            faults: size.faults,
            operations: size.operations,
            nodes: size.nodes,
            length_ms: u64::try_from(size.length.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// As a line, which begins on a line of its own whatever was printed before.
pub(super) fn line(message: &impl Serialize) -> String {
    format!("\n{MARK}{}\n", serde_json::to_string(message).expect("our types have a JSON form"))
}

/// The reply in a line, if it is one of ours.
pub(super) fn reply(line: &str) -> Option<Reply> {
    serde_json::from_str(line.trim_end().strip_prefix(MARK)?).ok()
}

/// The request in a line, if it is one of ours.
pub(super) fn request(line: &str) -> Option<Request> {
    serde_json::from_str(line.trim_end().strip_prefix(MARK)?).ok()
}

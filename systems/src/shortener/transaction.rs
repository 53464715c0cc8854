//! Transactions over links: what their steps give and write, worked out on what was read before any of them. The same for
//! every variant that offers them, however it makes the reads and the writes one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::MicroOperation;

/// What a transaction has read, with its own writes applied.
#[derive(Debug, Default)]
pub(crate) struct View {
    seen: BTreeMap<String, Seen>,
    writes: Vec<Write>,
}

/// A link as a transaction sees it.
#[derive(Debug, Default)]
struct Seen {
    target: Option<String>,
    appended: Vec<i64>,
}

/// What a transaction changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Write {
    /// This link has this target from now on.
    Target(String, String),
    /// The link's history has one number more.
    Appended(String, i64),
}

/// The links that `steps` name, each once.
pub(crate) fn codes(steps: &[MicroOperation]) -> BTreeSet<&str> {
    steps.iter().flat_map(MicroOperation::codes).collect()
}

/// The links that `steps` write.
pub(crate) fn written(steps: &[MicroOperation]) -> BTreeSet<&str> {
    let writing = steps.iter().filter(|step| !matches!(step, MicroOperation::Read(_)));
    writing.flat_map(MicroOperation::codes).collect()
}

impl Write {
    /// The link that it changes.
    pub(crate) fn code(&self) -> &str {
        match self {
            Write::Target(code, _) | Write::Appended(code, _) => code,
        }
    }
}

impl MicroOperation {
    fn codes(&self) -> Vec<&str> {
        match self {
            MicroOperation::Read(code) | MicroOperation::Write(code, _) | MicroOperation::Append(code, _) => vec![code],
            MicroOperation::Swap(one, other) => vec![one, other],
        }
    }
}

impl View {
    /// Notes what was read of a link.
    pub(crate) fn saw(&mut self, code: &str, target: Option<String>, appended: Vec<i64>) {
        self.seen.insert(code.to_owned(), Seen { target, appended });
    }

    /// Every step with its result, and what is to be written if all of it still is as it was read; an `Err` says why the
    /// transaction can't be done.
    pub(crate) fn run(mut self, steps: Vec<MicroOperation>) -> Result<(Value, Vec<Write>), String> {
        let results: Result<Vec<Value>, String> = steps.into_iter().map(|step| self.apply(step)).collect();
        Ok((results?.into(), self.writes))
    }

    fn apply(&mut self, step: MicroOperation) -> Result<Value, String> {
        match step {
            MicroOperation::Read(code) => {
                let seen = self.of(&code);
                let value = if seen.appended.is_empty() { json!(seen.target) } else { json!(seen.appended) };
                Ok(json!(["r", code, value]))
            }
            MicroOperation::Write(code, url) => {
                self.target(&code, &url);
                Ok(json!(["w", code, url]))
            }
            MicroOperation::Append(code, value) => {
                self.of(&code).appended.push(value);
                self.writes.push(Write::Appended(code.clone(), value));
                Ok(json!(["append", code, value]))
            }
            MicroOperation::Swap(one, other) => {
                let (Some(a), Some(b)) = (self.of(&one).target.clone(), self.of(&other).target.clone()) else {
                    return Err(format!("{one} or {other} does not exist"));
                };
                self.target(&one, &b);
                self.target(&other, &a);
                Ok(json!(["swap", one, other]))
            }
        }
    }

    fn target(&mut self, code: &str, url: &str) {
        self.of(code).target = Some(url.to_owned());
        self.writes.push(Write::Target(code.to_owned(), url.to_owned()));
    }

    fn of(&mut self, code: &str) -> &mut Seen {
        self.seen.entry(code.to_owned()).or_default()
    }
}

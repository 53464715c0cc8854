//! Verdicts: valid, invalid with evidence, or unknown with its cause; and the trait of what gives them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::History;

/// Why a checker could not decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Its time ran out.
    #[error("the time limit of {0:?} was reached")]
    Time(Duration),
    /// Its memory ran out.
    #[error("the memory limit of {0} bytes was reached")]
    Memory(u64),
    /// It explored as many states as it may.
    #[error("the limit of {0} states was reached")]
    States(u64),
    /// The history does not hold what the question needs.
    #[error("{0}")]
    Undecided(String),
}

/// A set of operations that already contradicts a claim, and why, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The field's name of what was seen, such as `stale-read`, `lost`, `G1c`: the signature of a finding.
    pub anomaly: String,
    /// One sentence for a reader, naming operations as `#index`.
    pub summary: String,
    /// Indices of the invocations of the operations that contradict the claim, in order.
    pub operations: Vec<u64>,
    /// The argument, step by step, each step naming operations as `#index`.
    pub steps: Vec<String>,
    /// The first operation that can't be explained, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub culprit: Option<u64>,
    /// The values that would have been legal there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legal: Vec<String>,
    /// The object that it is about, as a person reads it; empty if it is about the whole history.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
}

/// A checker's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "because")]
pub enum Verdict {
    /// The claim holds. `vacuous` holds the reason when nothing in the history could have refuted it.
    Valid {
        /// Why this pass means nothing, if it does.
        vacuous: Option<String>,
    },
    /// Not decided.
    Unknown(Cause),
    /// The claim is contradicted: every independent contradiction that was looked for, the first one first.
    Invalid(Vec<Evidence>),
}

impl Verdict {
    /// The claim holds, and something could have refuted it.
    pub const VALID: Verdict = Verdict::Valid { vacuous: None };

    /// The claim holds, but nothing could have refuted it, for this reason.
    pub fn vacuous(reason: impl Into<String>) -> Verdict {
        Verdict::Valid { vacuous: Some(reason.into()) }
    }

    /// Whether the claim is contradicted.
    pub fn is_invalid(&self) -> bool {
        matches!(self, Verdict::Invalid(_))
    }

    /// The worse of two: invalid, then unknown, then vacuous, then valid.
    #[must_use]
    pub fn worst(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Verdict::Invalid(mut all), Verdict::Invalid(more)) => {
                all.extend(more);
                Verdict::Invalid(all)
            }
            (worse, other) if worse.badness() >= other.badness() => worse,
            (_, worse) => worse,
        }
    }

    fn badness(&self) -> u8 {
        match self {
            Verdict::Valid { vacuous: None } => 0,
            Verdict::Valid { vacuous: Some(_) } => 1,
            Verdict::Unknown(_) => 2,
            Verdict::Invalid(_) => 3,
        }
    }
}

/// A pure, bounded judge of histories.
pub trait Checker: Send + Sync {
    /// Its name, as reports and findings show it.
    fn name(&self) -> &'static str;

    /// The verdict on `history`, which can be paired ([`History::operations`]).
    fn check(&self, history: &History) -> Verdict;
}

/// A history that can't be paired is not judged.
impl From<crate::history::Unpaired> for Verdict {
    fn from(unpaired: crate::history::Unpaired) -> Verdict {
        Verdict::Unknown(Cause::Undecided(unpaired.to_string()))
    }
}

//! What is kept of a run: one line of `runs.jsonl`. A run that breaks nothing is its numbers, and all of it can be made again
//! from its seed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::spec::Cell;
use crate::judge::Overall;
use crate::plan::Plan;
use crate::signature::Signature;
use crate::trial::Trial;

/// A line of `runs.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The number of the run.
    pub number: u64,
    /// Whether it is one of the canary's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub canary: bool,
    /// What was run.
    #[serde(flatten)]
    pub cell: Cell,
    /// The seed.
    pub seed: u64,
    /// How it ended.
    #[serde(flatten)]
    pub ended: Ended,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ended", rename_all = "kebab-case")]
pub enum Ended {
    /// With verdicts.
    Judged(Numbers),
    /// Without: it had not ended after the time that a run may take.
    Hung {
        /// That time, in real seconds.
        seconds: u64,
    },
    /// Without: its process took more memory than a run may.
    OutOfMemory {
        /// What a run may take, in MiB.
        memory_mib: u64,
    },
    /// Without: its process ended by itself.
    Aborted {
        /// How: its status, and the last of what it said.
        how: String,
    },
    /// It could not be begun.
    NotRun {
        /// Why.
        why: String,
    },
}

impl Ended {
    /// Without a verdict, as a person calls it: `hang`.
    pub fn kind(&self) -> Option<&'static str> {
        match self {
            Ended::Judged(_) => None,
            Ended::Hung { .. } => Some("hang"),
            Ended::OutOfMemory { .. } => Some("out-of-memory"),
            Ended::Aborted { .. } => Some("abort"),
            Ended::NotRun { .. } => Some("not-run"),
        }
    }
}

/// Why there is no verdict, in a sentence.
impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ended::Judged(numbers) => write!(f, "{}", numbers.overall.word()),
            Ended::Hung { seconds } => write!(f, "it had not ended after {seconds} s of real time, and was killed"),
            Ended::OutOfMemory { memory_mib } => {
                write!(f, "its process took more than {memory_mib} MiB of memory, and was killed")
            }
            Ended::Aborted { how } => write!(f, "its process ended by itself: {how}"),
            Ended::NotRun { why } => write!(f, "it could not be begun: {why}"),
        }
    }
}

/// What a run with verdicts left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// The worst of its verdicts.
    pub overall: Overall,
    /// Of its history and its record of messages.
    pub digest: String,
    /// How many operations its clients invoked.
    pub operations: u64,
    /// How many of them were answered.
    pub answered: u64,
    /// How many messages crossed the network.
    pub messages: u64,
    /// Simulated time from start to end.
    pub simulated_ms: u64,
    /// How many faults were planned.
    pub faults: u64,
    /// How many of them hit something.
    pub effective: u64,
    /// What was found, each once: checker and anomaly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Found>,
    /// The families of its faults, if anything was found.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub families: BTreeSet<String>,
    /// The digest that another process came to, if one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<String>,
}

/// A finding of one run; its system is the run's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Found {
    /// The checker.
    pub checker: String,
    /// The anomaly.
    pub anomaly: String,
}

impl Found {
    /// With the system that it was seen in.
    pub fn signature(&self, system: &str) -> Signature {
        Signature { system: system.into(), checker: self.checker.clone(), anomaly: self.anomaly.clone() }
    }
}

impl Record {
    /// A name in it that nothing here has: what a stranger's file holds is told in terminals and in Markdown.
    pub fn strange_name(&self) -> Option<&str> {
        let Ended::Judged(numbers) = &self.ended else { return None };
        let found = numbers.found.iter().flat_map(|found| [&found.checker, &found.anomaly]);
        let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_/.() ".contains(c));
        found.chain(&numbers.families).map(String::as_str).find(|name| !is_plain(name))
    }
}

impl Numbers {
    /// Those of a run.
    pub fn of(trial: &Trial) -> Numbers {
        let Trial { case, results, .. } = trial;
        let overall = &results.stats.overall;
        let found: Vec<Found> = trial
            .signatures()
            .into_iter()
            .map(|Signature { checker, anomaly, .. }| Found { checker, anomaly })
            .collect();
        Numbers {
            overall: results.overall,
            digest: results.digest.clone(),
            operations: overall.ok + overall.fail + overall.info,
            answered: overall.ok,
            messages: results.messages,
            simulated_ms: u64::try_from(results.simulated.as_millis()).unwrap_or(u64::MAX),
            faults: results.effects.len() as u64,
            effective: results.effects.iter().filter(|effect| effect.is_effective()).count() as u64,
            families: if found.is_empty() { BTreeSet::new() } else { families(case) },
            found,
            again: None,
        }
    }

    /// Whether two processes came to different runs of the plan.
    pub fn differs(&self) -> bool {
        self.again.as_ref().is_some_and(|again| *again != self.digest)
    }
}

/// The families of the faults that a plan has, whatever it was drawn for.
pub fn families(plan: &Plan) -> BTreeSet<String> {
    let scheduled = plan.schedule.iter().map(|step| step.fault.family());
    scheduled.chain((!plan.dead.is_empty()).then_some("crash")).map(str::to_owned).collect()
}

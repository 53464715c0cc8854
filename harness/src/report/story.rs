//! The run as a report tells it: its operations by index, and the sentences at the top.

use std::collections::BTreeMap;
use std::time::Duration;

use netsplit_checker::{History, Operation, Verdict};
use netsplit_systems::system::{Claim, Level};

use super::words;
use crate::judge::{Overall, Results};
use crate::plan::Plan;
use crate::simulate::Stuck;

/// Everything that the parts of a report draw from.
pub(super) struct Story<'a> {
    /// What was to be done.
    pub(super) plan: &'a Plan,
    /// What came of it.
    pub(super) results: &'a Results,
    /// The command that does it again.
    pub(super) replay: &'a str,
    /// In the order of their invocations; empty if the history can't be paired.
    pub(super) operations: Vec<Operation<'a>>,
    /// The last moment of the run.
    pub(super) end: Duration,
    by_index: BTreeMap<u64, usize>,
}

impl<'a> Story<'a> {
    /// Gathers it.
    pub(super) fn of(plan: &'a Plan, history: &'a History, results: &'a Results, replay: &'a str) -> Story<'a> {
        // an unpaired history has a verdict that says so; the report then has no operations to show
        let operations = history.operations().unwrap_or_default();
        let by_index = operations.iter().enumerate().map(|(at, operation)| (operation.index(), at)).collect();
        let last = history.events.iter().map(|event| event.time).max().unwrap_or_default();
        Story { plan, results, replay, operations, end: last.max(results.simulated), by_index }
    }

    /// The operation whose invocation has this index.
    pub(super) fn operation(&self, index: u64) -> Option<&Operation<'a>> {
        self.by_index.get(&index).map(|&at| &self.operations[at])
    }

    /// When it ended; what never ended, or is unknown, may take effect until the end of the run.
    pub(super) fn ends(&self, operation: &Operation<'_>) -> Duration {
        match operation.completion {
            Some(event) if words::class(operation) != "info" => event.time,
            _ => self.end,
        }
    }

    /// The page's name.
    pub(super) fn title(&self) -> String {
        let plan = self.plan;
        format!(
            "{}: {} / {} / {} / seed {}",
            self.results.overall.word(),
            plan.system,
            plan.workload,
            plan.nemesis,
            plan.seed
        )
    }

    /// What was promised and what was seen, in one sentence.
    pub(super) fn sentence(&self) -> String {
        format!("System {} {}; {}.", self.plan.system, promised(self.plan.system().claims), self.seen())
    }

    fn seen(&self) -> String {
        let results = self.results;
        match results.overall {
            Overall::Invalid => match results.evidence().next() {
                Some((_, first)) => format!("this run contradicts it: {}", words::clipped_to(&first.summary, 400)),
                None => "this run contradicts it".to_owned(),
            },
            Overall::Liveness => {
                format!("after every fault was healed, {} did not come back", words::count(results.stuck.len(), "node"))
            }
            Overall::Unknown => "in this run, a checker could not decide whether it did".to_owned(),
            Overall::Vacuous => "this run does not contradict it, but could not have done so".to_owned(),
            Overall::Valid => {
                let hits = results.effects.iter().filter(|effect| effect.is_effective()).count();
                format!(
                    "{} and {} that hit something did not contradict it",
                    words::count(self.operations.len(), "operation"),
                    words::count(hits, "fault"),
                )
            }
        }
    }

    /// Why the verdict is what it is, where a list of contradictions does not say it.
    pub(super) fn because(&self) -> Vec<String> {
        let results = self.results;
        let mut because: Vec<String> = Vec::new();
        because.extend(results.vacuous.iter().map(|reason| format!("The pass is vacuous: {reason}.")));
        for judged in &results.verdicts {
            if let Verdict::Unknown(cause) = &judged.verdict {
                because.push(format!("Checker {} could not decide: {cause}.", judged.checker));
            }
        }
        because.extend(results.stuck.iter().take(50).map(stuck));
        because
    }
}

fn stuck(stuck: &Stuck) -> String {
    let last = stuck.last_answer_ms.map_or_else(
        || "it never answered at all".to_owned(),
        |ms| format!("it last answered at {}", words::at(Duration::from_millis(ms))),
    );
    let reason = words::clipped(&stuck.reason);
    format!(
        "Node {} is stuck: it did not answer the final reads after the heal; {last}; the last try ended with: {reason}.",
        stuck.node
    )
}

fn promised(claims: &[Claim]) -> String {
    let told = claims.iter().map(|claim| {
        let level = match claim.level {
            Level::Linearizable => "linearizable",
            Level::Sequential => "sequentially consistent",
            Level::Causal => "causally consistent",
            Level::Eventual => "eventually consistent",
        };
        match claim.under {
            [] => level.to_owned(),
            under => format!("{level} under {}", words::listed(under)),
        }
    });
    match told.collect::<Vec<String>>() {
        told if told.is_empty() => "makes no promise".to_owned(),
        told => format!("promises to be {}", told.join(", and ")),
    }
}

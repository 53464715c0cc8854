//! The run as a report tells it: its operations by index, its faults in time.

use std::collections::BTreeMap;
use std::time::Duration;

use netsplit_checker::{Evidence, Operation};

use super::{Often, Report, words};
use crate::case::Case;
use crate::judge::Results;
use crate::simulate::Recording;

/// Everything that the parts of a report draw from.
pub(super) struct Story<'a> {
    /// What was to be done.
    pub(super) case: &'a Case,
    /// What happened.
    pub(super) recording: &'a Recording,
    /// What came of it.
    pub(super) results: &'a Results,
    /// The command that does it again.
    pub(super) replay: &'a str,
    /// How often it happens, if that is known.
    pub(super) often: Option<Often>,
    /// In the order of their invocations; empty if the history can't be paired.
    pub(super) operations: Vec<Operation<'a>>,
    /// The last moment of the run.
    pub(super) end: Duration,
    by_index: BTreeMap<u64, usize>,
}

/// A fault of the run.
#[derive(Clone, Copy)]
pub(super) struct Fault<'a> {
    /// When it began.
    pub(super) from: Duration,
    /// When it was healed.
    pub(super) to: Duration,
    /// What broke.
    pub(super) name: &'a str,
    /// Whether it hit anything.
    pub(super) effective: bool,
}

impl<'a> Story<'a> {
    /// Gathers it.
    pub(super) fn of(report: &Report<'a>) -> Story<'a> {
        let history = &report.recording.history;
        // an unpaired history has a verdict that says so; the report then has no operations to show
        let operations = history.operations().unwrap_or_default();
        let by_index = operations.iter().enumerate().map(|(at, operation)| (operation.index(), at)).collect();
        let last = history.events.iter().map(|event| event.time).max().unwrap_or_default();
        Story {
            case: report.case,
            recording: report.recording,
            results: report.results,
            replay: report.replay,
            often: report.often,
            operations,
            end: last.max(report.results.simulated),
            by_index,
        }
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

    /// The faults, as they began.
    pub(super) fn faults(&self) -> impl Iterator<Item = Fault<'a>> {
        let ms = Duration::from_millis;
        self.results.effects.iter().map(move |effect| Fault {
            from: ms(effect.window_ms.0),
            to: ms(effect.window_ms.1),
            name: &effect.fault,
            effective: effect.is_effective(),
        })
    }

    /// What was run: `redis · register · crash · seed 7`.
    pub(super) fn run(&self) -> String {
        let plan = &self.case.plan;
        format!("{} · {} · {} · seed {}", plan.system, plan.workload, words::clipped(&plan.nemesis), plan.seed)
    }

    /// When every fault is healed.
    pub(super) fn healed(&self) -> Duration {
        Duration::from_millis(self.case.length_ms)
    }

    /// The contradiction that the report tells in full, with the checker that found it.
    pub(super) fn witness(&self) -> Option<(&'a str, &'a Evidence)> {
        self.results.evidence().next()
    }
}

//! Which runs somebody asks for, and in which order: what the index's form sends where there is no JavaScript.

use std::cmp::Ordering;

use serde::Deserialize;

use super::index::COLUMNS;
use super::runs::Run;

/// What is asked for; an empty field asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Question {
    /// Words that all have to stand somewhere in the row.
    pub(super) search: String,
    /// The system.
    pub(super) system: String,
    /// The workload.
    pub(super) workload: String,
    /// The nemesis.
    pub(super) nemesis: String,
    /// The verdict.
    pub(super) verdict: String,
    /// An anomaly that was found.
    pub(super) anomaly: String,
    /// The name of the column to sort by.
    pub(super) sort: String,
    /// Whether the largest comes first.
    pub(super) down: bool,
}

impl Question {
    /// Whether a run is asked for.
    pub(super) fn wants(&self, run: &Run) -> bool {
        let is = |wanted: &str, there: &str| wanted.is_empty() || wanted == there;
        is(&self.system, &run.system)
            && is(&self.workload, &run.workload)
            && is(&self.nemesis, &run.nemesis)
            && is(&self.verdict, run.verdict.word())
            && (self.anomaly.is_empty() || run.anomalies.contains(&self.anomaly))
            && self.finds(run)
    }

    fn finds(&self, run: &Run) -> bool {
        let row: Vec<String> = COLUMNS.iter().map(|column| (column.text)(run).to_lowercase()).collect();
        row.join(" ").contains(&self.search.trim().to_lowercase())
    }

    /// Puts the runs in the order that is asked for; a run without the number that it is sorted by stands last.
    pub(super) fn sort(&self, runs: &mut [Run]) {
        let Some(column) = COLUMNS.iter().find(|column| column.name == self.sort) else { return };
        let turned = |order: Ordering| if self.down { order.reverse() } else { order };
        runs.sort_by(|a, b| match column.key {
            None => turned((column.text)(a).cmp(&(column.text)(b))),
            Some(key) => match (key(a), key(b)) {
                (Some(a), Some(b)) => turned(a.total_cmp(&b)),
                (a, b) => b.is_some().cmp(&a.is_some()),
            },
        });
    }
}

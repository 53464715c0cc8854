//! What a campaign came to: the file `results.json`, by the schema in `harness/schema/campaign-results.json`.
//!
//! It is a function of the finished runs, and has nothing of the machine in it that they were done on.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::canary::Canary;
use super::findings::{Finding, First};
use super::journal::{self, BadJournal};
use super::record::{Ended, Record};
use super::regressions::Regression;
use super::spec::{Cell, Spec};
use super::tally::Tally;

/// What `results.json` says that it is.
const MARK: &str = "netsplit campaign results";

/// The version of its schema.
pub const SCHEMA: u32 = 1;

/// What a campaign came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Says what the file is.
    pub what: String,
    /// The version of the schema.
    pub schema: u32,
    /// The campaign.
    pub campaign: Spec,
    /// In a word: the worst of all below.
    pub verdict: String,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// Why it is not green, each reason in a line.
    pub reasons: Vec<String>,
    /// All runs but the canary's.
    pub runs: Tally,
    /// The same, cell by cell.
    pub cells: Vec<CellOutcome>,
    /// How the canary fared.
    pub canary: CanaryOutcome,
    /// What two processes came to, for the runs that two did.
    pub again: Again,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Runs that ended without a verdict, each kind of each system once.
    pub unfinished: Vec<Unfinished>,
    /// What the kept capsules came to.
    pub regressions: Vec<Regression>,
    /// How many runs of the campaign are not there.
    pub missing: u64,
    /// The shards whose folders were not merged, as `2/3`.
    pub missing_shards: Vec<String>,
}

/// A cell of a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellOutcome {
    /// What was run.
    #[serde(flatten)]
    pub cell: Cell,
    /// How its runs ended.
    pub runs: Tally,
    /// The most that the share of broken runs can be, at 95 %, if none was broken.
    pub bound: Option<f64>,
}

/// How the canary fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryOutcome {
    /// How many runs of it there were.
    pub runs: u64,
    /// In how many it showed.
    pub shown: u64,
    /// The fewest in which it must.
    pub least: u64,
    /// The most in which it may.
    pub most: u64,
    /// Whether it did.
    pub alive: bool,
}

impl CanaryOutcome {
    /// As a sentence.
    pub(super) fn told(&self) -> Canary {
        Canary { runs: self.runs, shown: self.shown }
    }
}

/// What two processes came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// How many runs two processes did.
    pub runs: u64,
    /// Those in which they differ, the first few.
    pub differ: Vec<First>,
    /// How many they are.
    pub differing: u64,
}

/// Runs that ended without a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// `hang`, `out-of-memory`, `abort` or `not-run`.
    pub kind: String,
    /// How many runs of the system.
    pub runs: u64,
    /// The first of them.
    pub first: First,
    /// What became of it.
    pub why: String,
    /// The command that does the same run.
    pub command: String,
}

/// So many runs that differ are named.
const MOST_NAMED: usize = 10;

/// What is counted over all runs.
struct Sums {
    cells: BTreeMap<Cell, Tally>,
    canary: Canary,
    again: Again,
    unfinished: BTreeMap<(String, &'static str), Unfinished>,
    runs: u64,
}

impl Outcome {
    /// Of the finished runs in a file, with the findings that were gathered from them.
    pub fn of(
        spec: &Spec,
        runs: &Path,
        findings: Vec<Finding>,
        regressions: Vec<Regression>,
        missing_shards: Vec<String>,
    ) -> Result<Outcome, BadJournal> {
        let sums = Sums::of(spec, runs)?;
        let mut all = Tally::default();
        let cell = |cell: &Cell| {
            let runs = sums.cells.get(cell).copied().unwrap_or_default();
            CellOutcome { cell: cell.clone(), runs, bound: runs.bound().filter(|_| runs.telling() > 0) }
        };
        let cells: Vec<CellOutcome> = spec.cells.iter().map(cell).collect();
        for cell in &cells {
            all.add(&cell.runs);
        }
        let (least, most) = super::canary::interval(sums.canary.runs);
        let Canary { runs, shown } = sums.canary;
        let canary = CanaryOutcome { runs, shown, least, most, alive: sums.canary.is_alive() };
        // A budget that ends a campaign leaves nothing missing: that it does so is what it is for.
        let planned = spec.own_total().filter(|_| spec.budget_seconds.is_none());
        let mut outcome = Outcome {
            what: MARK.into(),
            schema: SCHEMA,
            campaign: spec.clone(),
            verdict: String::new(),
            exit_code: 0,
            reasons: Vec::new(),
            runs: all,
            cells,
            canary,
            again: sums.again,
            findings,
            unfinished: sums.unfinished.into_values().collect(),
            regressions,
            missing: planned.map_or(0, |planned| planned.saturating_sub(sums.runs)),
            missing_shards,
        };
        super::verdict::decide(&mut outcome);
        Ok(outcome)
    }

    /// All but the canary's, of one system.
    pub fn of_system(&self, system: &str) -> Tally {
        let mut all = Tally::default();
        for cell in self.cells.iter().filter(|cell| cell.cell.system == system) {
            all.add(&cell.runs);
        }
        all
    }

    /// The systems, in the order of the campaign, each once.
    pub fn systems(&self) -> Vec<&str> {
        let mut systems: Vec<&str> = Vec::new();
        for cell in &self.cells {
            if !systems.contains(&cell.cell.system.as_str()) {
                systems.push(&cell.cell.system);
            }
        }
        systems
    }

    /// As the text of `results.json`.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("an outcome has a JSON form");
        text.push('\n');
        text
    }
}

impl Sums {
    fn of(spec: &Spec, runs: &Path) -> Result<Sums, BadJournal> {
        let mut sums = Sums {
            cells: BTreeMap::new(),
            canary: Canary { runs: 0, shown: 0 },
            again: Again::default(),
            unfinished: BTreeMap::new(),
            runs: 0,
        };
        for record in journal::records(runs)? {
            sums.add(spec, record?);
        }
        Ok(sums)
    }

    fn add(&mut self, spec: &Spec, record: Record) {
        let Record { number, canary, cell, seed, ended } = record;
        let first = First { number, cell: cell.clone(), seed };
        self.runs += 1;
        if let Some(kind) = ended.kind() {
            let draw = if canary { super::canary::draw(seed) } else { spec.draw(&cell, seed) };
            let one = || Unfinished {
                kind: kind.into(),
                runs: 0,
                first: first.clone(),
                why: ended.to_string(),
                command: draw.command(),
            };
            self.unfinished.entry((cell.system.clone(), kind)).or_insert_with(one).runs += 1;
        }
        if canary {
            self.canary.runs += 1;
        } else {
            self.cells.entry(cell).or_default().count(&ended);
        }
        let Ended::Judged(numbers) = ended else { return };
        if canary && numbers.found.iter().any(|found| super::canary::is_shown_by(&found.anomaly)) {
            self.canary.shown += 1;
        }
        self.again.runs += u64::from(numbers.again.is_some());
        if numbers.differs() {
            self.again.differing += 1;
            if self.again.differ.len() < MOST_NAMED {
                self.again.differ.push(first);
            }
        }
    }
}

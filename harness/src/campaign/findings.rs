//! What the runs of a campaign found, each finding once.
//!
//! Two runs show one bug if they have one signature, and if the faults that the first of them needs, once it is shrunk, are
//! among those of the second. So a stale read that needs no fault at all is one finding, under whatever faults it is seen, and a
//! write that is lost to a crash is another than one that is lost to a cut. The first run in the order of the campaign stands for
//! a finding: what is found does not depend on how many machines looked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::journal::{self, BadJournal};
use super::protocol::Shrunk;
use super::record::{Ended, Record};
use super::spec::Cell;
use crate::signature::Signature;

/// So many findings of one signature are told apart; runs that need yet other faults are counted with the first.
const MOST_ALIKE: usize = 4;

/// So many signatures are shrunk; of more there is only the first run.
const MOST_SHRUNK: usize = 50;

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was seen, in which system.
    pub signature: Signature,
    /// The families of the faults that it needs.
    pub families: BTreeSet<String>,
    /// In how many runs.
    pub runs: u64,
    /// The first of them.
    pub first: First,
    /// The smallest run that shows it, if there is one.
    pub shrunk: Option<Shrunk>,
    /// Why there is none.
    pub not_shrunk: Option<String>,
    /// Where its report and capsule are, in the folder of the campaign.
    pub folder: Option<String>,
}

impl Finding {
    /// `raft/linearizable/stale-read under crash, partition`
    pub fn title(&self) -> String {
        let families: Vec<&str> = self.families.iter().map(String::as_str).collect();
        let under = if families.is_empty() { "no fault".to_owned() } else { families.join(", ") };
        format!("{} under {under}", self.signature)
    }
}

/// The first run that showed something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct First {
    /// Its number.
    pub number: u64,
    /// What was run.
    #[serde(flatten)]
    pub cell: Cell,
    /// Its seed.
    pub seed: u64,
}

/// A run that stands for a finding that is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What it shows.
    pub signature: Signature,
    /// The run.
    pub first: First,
    /// The families of its faults.
    pub families: BTreeSet<String>,
    /// Whether it is worth a search for the smallest run.
    pub is_shrunk: bool,
}

impl Due {
    /// The name of the folder of its files.
    pub fn folder(&self) -> String {
        let First { number, cell, seed } = &self.first;
        let Signature { checker, anomaly, .. } = &self.signature;
        // What tells it from all others comes first, since long lists of nemeses are cut off.
        let what = format!("{}-{checker}-{anomaly}-{number}", cell.system);
        let name = format!("{what}-{}-{seed}-{}", cell.workload, cell.nemesis);
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(200).collect()
    }
}

/// Finds them all: `shrink` is asked for the findings of several runs at a time, and answers in their order.
pub fn gather<E: From<BadJournal>>(
    runs: &Path,
    mut shrink: impl FnMut(&[Due]) -> Result<Vec<Finding>, E>,
) -> Result<Vec<Finding>, E> {
    let mut known: BTreeMap<Signature, Vec<Finding>> = BTreeMap::new();
    loop {
        let due = pass(runs, &mut known)?;
        if due.is_empty() {
            let mut all: Vec<Finding> = known.into_values().flatten().collect();
            all.sort_by_key(|finding| finding.first.number);
            return Ok(all);
        }
        for finding in shrink(&due)? {
            known.entry(finding.signature.clone()).or_default().push(finding);
        }
    }
}

/// Counts the runs of what is known; of each signature, the first run that is of nothing known.
fn pass(runs: &Path, known: &mut BTreeMap<Signature, Vec<Finding>>) -> Result<Vec<Due>, BadJournal> {
    for finding in known.values_mut().flatten() {
        finding.runs = 0;
    }
    let mut due: BTreeMap<Signature, Due> = BTreeMap::new();
    for record in journal::records(runs)? {
        let record = record?;
        let Record { canary: false, number, cell, seed, ended: Ended::Judged(numbers) } = record else { continue };
        for found in &numbers.found {
            let signature = found.signature(&cell.system);
            let alike = known.get_mut(&signature).map(Vec::as_mut_slice).unwrap_or_default();
            let place = alike.iter().position(|finding| finding.families.is_subset(&numbers.families));
            if let Some(place) = place.or((alike.len() >= MOST_ALIKE).then_some(0)) {
                alike[place].runs += 1;
            } else {
                let first = First { number, cell: cell.clone(), seed };
                let families = numbers.families.clone();
                let one = Due { signature: signature.clone(), first, families, is_shrunk: true };
                due.entry(signature).or_insert(one);
            }
        }
    }
    let mut due: Vec<Due> = due.into_values().collect();
    due.sort_by_key(|due| due.first.number);
    let before = known.len();
    for (place, due) in due.iter_mut().enumerate() {
        due.is_shrunk = known.contains_key(&due.signature) || before + place < MOST_SHRUNK;
    }
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::journal::Journal;
    use crate::campaign::record::{Found, Numbers};
    use crate::judge::Overall;

    fn set(families: &[&str]) -> BTreeSet<String> {
        families.iter().map(|family| (*family).to_owned()).collect()
    }

    fn record(number: u64, anomaly: &str, families: &[&str]) -> Record {
        let numbers = Numbers {
            overall: Overall::Invalid,
            digest: String::new(),
            operations: 1,
            answered: 1,
            messages: 1,
            simulated_ms: 1,
            faults: 1,
            effective: 1,
            found: vec![Found { checker: "c".into(), anomaly: anomaly.into() }],
            families: set(families),
            again: None,
        };
        let cell = Cell { system: "s".into(), workload: "w".into(), nemesis: "n".into() };
        Record { number, canary: false, cell, seed: number, ended: Ended::Judged(numbers) }
    }

    #[test]
    fn a_name_that_nothing_here_has_is_strange() {
        assert_eq!(record(0, "not-read-atomic", &["partition"]).strange_name(), None);
        for strange in ["<b>", "\u{1b}[31m", "`", "a\nb"] {
            assert_eq!(record(0, strange, &[]).strange_name(), Some(strange));
            assert_eq!(record(0, "lost", &[strange]).strange_name(), Some(strange));
        }
    }

    /// Gathers, where a run needs the first of its families only; what is found is `anomaly families first×runs`.
    fn gathered(records: &[Record]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        let mut journal = Journal::create(&path).unwrap();
        for record in records {
            journal.add(record).unwrap();
        }
        let found: Result<_, BadJournal> = gather(&path, |due| {
            let shrunk = due.iter().map(|due| Finding {
                signature: due.signature.clone(),
                families: due.families.iter().take(1).cloned().collect(),
                runs: 0,
                first: due.first.clone(),
                shrunk: None,
                not_shrunk: None,
                folder: None,
            });
            Ok(shrunk.collect())
        });
        let told = |finding: &Finding| {
            let families: Vec<_> = finding.families.iter().map(String::as_str).collect();
            format!("{} {} {}x{}", finding.signature.anomaly, families.join("+"), finding.first.number, finding.runs)
        };
        found.unwrap().iter().map(told).collect()
    }

    #[test]
    fn runs_that_have_the_faults_that_a_finding_needs_are_of_that_finding() {
        let records = [
            record(0, "lost", &["crash", "slow"]),
            record(1, "lost", &["crash", "pause"]),
            record(2, "lost", &["pause", "slow"]),
            record(3, "lost", &["slow"]),
            record(4, "lost", &["pause", "slow"]),
            record(5, "stale", &["slow"]),
        ];
        assert_eq!(gathered(&records), ["lost crash 0x2", "lost pause 2x2", "lost slow 3x1", "stale slow 5x1"]);
    }

    #[test]
    fn what_needs_no_fault_is_one_finding_under_whatever_faults() {
        let records = [record(0, "stale", &[]), record(1, "stale", &["crash"]), record(2, "stale", &["slow", "skew"])];
        assert_eq!(gathered(&records), ["stale  0x3"]);
    }

    #[test]
    fn no_signature_has_more_than_a_few_findings() {
        let families = ["a", "b", "c", "d", "e", "f"];
        let records: Vec<_> = (0..).zip(&families).map(|(number, family)| record(number, "lost", &[family])).collect();
        assert_eq!(gathered(&records), ["lost a 0x3", "lost b 1x1", "lost c 2x1", "lost d 3x1"]);
    }
}

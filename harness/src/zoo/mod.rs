//! The zoo: is every planted bug found, and is nothing found where there is none?
//!
//! | part | what it is |
//! |---|---|
//! | [`bugs`] | the bugs and their right twins, as data |
//! | [`told`] | the tables |
//!
//! Bug and twin are run with the same seeds: the same operations at the same times, through faults that were drawn alike.
//! A bug is *found* in a run that contradicts its claim by one of the anomalies that it is known for; an *alarm* is any
//! finding at all in a run of a twin.

pub mod bugs;
pub mod told;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::case::Case;
use crate::gallery;
use crate::plan::{BadConfig, Config};
use crate::redis_kind::NoRedis;
use crate::registry::Registry;
use crate::shrink::{Failed, Size};
use crate::signature::Signature;
use crate::statistics::{Waits, waits};
use crate::trial::Trial;
use bugs::Bug;

/// What is run for every seed: a bug or a twin, which may be that of several bugs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    /// The system.
    pub system: &'static str,
    /// What clients do.
    pub workload: &'static str,
    /// Where the faults come from.
    pub nemesis: &'static str,
}

/// What every run of a setting showed, seed by seed from zero.
pub type Runs = BTreeMap<Setting, Vec<Vec<Signature>>>;

/// Why there is no run.
#[derive(Debug, thiserror::Error)]
pub enum NotRun {
    /// There is no such plan.
    #[error(transparent)]
    Plan(#[from] BadConfig),
    /// There is no Redis.
    #[error(transparent)]
    Redis(#[from] NoRedis),
    /// It could not be shrunk.
    #[error(transparent)]
    Shrink(#[from] Failed),
}

impl Bug {
    /// Its own setting, and its twin's.
    pub fn settings(&self) -> [Setting; 2] {
        [self.system, self.twin].map(|system| Setting { system, workload: self.workload, nemesis: self.nemesis })
    }

    /// The first of these findings by which it shows.
    pub(crate) fn shows_in(&self, signatures: &[Signature]) -> Option<Signature> {
        signatures.iter().find(|one| self.shows(one)).cloned()
    }
}

/// Runs one seed.
pub fn run(setting: Setting, seed: u64, length: Duration, registry: &Registry) -> Result<Trial, NotRun> {
    let config = Config {
        system: setting.system.into(),
        workload: setting.workload.into(),
        nemesis: setting.nemesis.into(),
        time_limit: length,
        ..Config::default()
    };
    Ok(Trial::of(Case::draw(seed, &config, registry)?)?)
}

/// How a bug fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fared {
    /// The bug.
    pub bug: Bug,
    /// How many seeds were run.
    pub seeds: u64,
    /// How many of them found it.
    pub found: u64,
    /// The first that did, and what it showed.
    pub first: Option<(u64, Signature)>,
    /// How many seeds it takes.
    pub waits: Waits,
    /// How many runs of the twin showed anything, and the first: its seed and what.
    pub alarms: (u64, Option<(u64, Signature)>),
}

impl Fared {
    /// Counts what the runs of `bug` and its twin showed.
    pub fn of(bug: Bug, runs: &Runs) -> Fared {
        let [own, twin] = bug.settings().map(|setting| runs[&setting].as_slice());
        let shown: Vec<Option<Signature>> = own.iter().map(|signatures| bug.shows_in(signatures)).collect();
        let first = |shown: &[Option<Signature>]| {
            let mut all = shown.iter().enumerate();
            all.find_map(|(seed, one)| one.clone().map(|one| (seed as u64, one)))
        };
        let hits: Vec<bool> = shown.iter().map(Option::is_some).collect();
        let alarms: Vec<Option<Signature>> = twin.iter().map(|signatures| signatures.first().cloned()).collect();
        let count = |shown: &[Option<Signature>]| shown.iter().flatten().count() as u64;
        Fared {
            bug,
            seeds: own.len() as u64,
            found: count(&shown),
            first: first(&shown),
            waits: waits(&hits),
            alarms: (count(&alarms), first(&alarms)),
        }
    }

    /// Found, and its twin is silent.
    pub fn is_right(&self) -> bool {
        self.found > 0 && self.alarms.0 == 0
    }
}

/// A bug's smallest witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its size.
    pub size: Size,
    /// Whether it is known that nothing can be left out.
    pub is_minimal: bool,
}

/// The most faults that the median witness of a zoo is to have.
pub const MOST_FAULTS: usize = 3;

/// The most operations that it is to have.
pub const MOST_OPERATIONS: usize = 8;

/// How large the witnesses of a zoo are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Medians {
    /// How many there are.
    pub witnesses: usize,
    /// How many of them are known to be minimal.
    pub minimal: usize,
    /// The median of their faults.
    pub faults: usize,
    /// The median of their operations.
    pub operations: usize,
}

impl Medians {
    /// Of these witnesses; `None` of none. Of two middle ones the larger is taken.
    pub fn of(witnesses: &[Witness]) -> Option<Medians> {
        let median = |size: fn(&Size) -> usize| {
            let mut sizes: Vec<usize> = witnesses.iter().map(|witness| size(&witness.size)).collect();
            sizes.sort_unstable();
            sizes.get(sizes.len() / 2).copied()
        };
        Some(Medians {
            witnesses: witnesses.len(),
            minimal: witnesses.iter().filter(|witness| witness.is_minimal).count(),
            faults: median(|size| size.faults)?,
            operations: median(|size| size.operations)?,
        })
    }

    /// Whether they are as small as they are to be.
    pub fn are_small(&self) -> bool {
        self.faults <= MOST_FAULTS && self.operations <= MOST_OPERATIONS
    }
}

/// As many candidates does the search for a witness ask about.
pub const MOST_CANDIDATES: usize = 4000;

/// Shrinks the first run that found a bug; `None` if none did.
pub fn witness(
    fared: &Fared,
    length: Duration,
    registry: &Registry,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Option<Witness>, NotRun> {
    let Some((seed, signature)) = &fared.first else { return Ok(None) };
    let trial = run(fared.bug.settings()[0], *seed, length, registry)?;
    let shrunk = gallery::smallest(trial, signature, MOST_CANDIDATES, stop)?;
    Ok(Some(Witness { size: Size::of(&shrunk.trial.case), is_minimal: shrunk.is_minimal }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUG: Bug = Bug { system: "a", twin: "b", workload: "w", nemesis: "n", anomalies: &["lost"] };

    fn signature(anomaly: &str) -> Vec<Signature> {
        vec![Signature { system: "a".into(), checker: "c".into(), anomaly: anomaly.into() }]
    }

    fn fared(own: Vec<Vec<Signature>>, twin: Vec<Vec<Signature>>) -> Fared {
        let [bug, right] = BUG.settings();
        Fared::of(BUG, &Runs::from([(bug, own), (right, twin)]))
    }

    #[test]
    fn the_median_witness_is_held_to_three_faults_and_eight_operations() {
        let witness = |faults, operations, is_minimal| {
            let zero = Size {
                faults,
                operations,
                setup: 0,
                final_reads: 0,
                clients: 1,
                keys: 1,
                nodes: 3,
                length: Duration::ZERO,
            };
            Witness { size: zero, is_minimal }
        };
        assert_eq!(Medians::of(&[]), None);
        let small = Medians::of(&[witness(0, 900, false), witness(9, 1, true), witness(3, 8, true)]);
        assert_eq!(small, Some(Medians { witnesses: 3, minimal: 2, faults: 3, operations: 8 }));
        assert!(small.is_some_and(|medians| medians.are_small()));
        let large = Medians::of(&[witness(0, 8, true), witness(0, 9, true)]);
        assert_eq!(large.map(|medians| (medians.operations, medians.are_small())), Some((9, false)));
    }

    #[test]
    fn another_anomaly_does_not_count_as_the_bug_but_any_counts_as_an_alarm() {
        let other = fared(vec![vec![], signature("stuck")], vec![vec![], vec![]]);
        assert_eq!((other.found, other.first.clone(), other.is_right()), (0, None, false));
        let found = fared(vec![vec![], signature("lost")], vec![vec![], vec![]]);
        assert_eq!((found.found, found.first.as_ref().map(|(seed, _)| *seed), found.is_right()), (1, Some(1), true));
        let alarmed = fared(vec![signature("lost"); 2], vec![vec![], signature("stuck")]);
        assert_eq!((alarmed.alarms.0, alarmed.is_right()), (1, false));
    }
}

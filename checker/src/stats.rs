//! Availability and latency: counts by outcome, the share of `ok`, and quantiles, overall and by operation, node and
//! fault window. A measurement: it decides validity only where a floor was asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::history::{Operation, Unpaired};
use crate::{Checker, Evidence, History, Outcome, Verdict};

/// Latencies of the operations that ended `ok`, exact (nearest rank).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of them were at most this slow.
    pub p50: Duration,
    /// 95 of 100.
    pub p95: Duration,
    /// 99 of 100.
    pub p99: Duration,
    /// The slowest.
    pub max: Duration,
}

/// What became of a group of operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Answered.
    pub ok: u64,
    /// Without effect.
    pub fail: u64,
    /// Unknown, or never completed.
    pub info: u64,
    /// The share of `ok`, in thousandths, rounded down; `None` if there was no operation.
    pub availability_permille: Option<u32>,
    /// `None` if nothing ended `ok`.
    pub latency: Option<Latency>,
}

/// A time in which a fault was at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first event of the fault.
    pub from: Duration,
    /// Its heal.
    pub to: Duration,
    /// The operations that overlap the window.
    pub overall: Summary,
    /// Those, by the node that was asked: with a cut's sides known, its two sides.
    pub per_node: BTreeMap<String, Summary>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Every operation.
    pub overall: Summary,
    /// By the name of the operation.
    pub per_f: BTreeMap<String, Summary>,
    /// By the node that was asked, where known.
    pub per_node: BTreeMap<String, Summary>,
    /// By fault window, in the order given.
    pub windows: Vec<Window>,
    /// The operations that overlap no window.
    pub outside: Summary,
}

/// A group while it is being counted.
#[derive(Default)]
struct Tally {
    ok: Vec<Duration>,
    fail: u64,
    info: u64,
}

impl Tally {
    fn add(&mut self, operation: &Operation<'_>) {
        match operation.outcome() {
            Outcome::Ok(_) => {
                self.ok.push(end(operation).unwrap_or_default().saturating_sub(operation.invocation.time));
            }
            Outcome::Fail => self.fail += 1,
            Outcome::Info => self.info += 1,
        }
    }

    fn summary(mut self) -> Summary {
        self.ok.sort_unstable();
        let ok = self.ok.len() as u64;
        let total = ok + self.fail + self.info;
        let share = (ok * 1000).checked_div(total).map(|share| u32::try_from(share).expect("a share is at most 1000"));
        let rank = |percent: usize| self.ok.get((self.ok.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        let latency = || Some(Latency { p50: rank(50)?, p95: rank(95)?, p99: rank(99)?, max: rank(100)? });
        Summary { ok, fail: self.fail, info: self.info, availability_permille: share, latency: latency() }
    }
}

/// When it completed, if it ever did.
fn end(operation: &Operation<'_>) -> Option<Duration> {
    operation.completion.map(|event| event.time)
}

/// An operation that never completed overlaps all that comes after its invocation.
fn overlaps(operation: &Operation<'_>, (from, to): (Duration, Duration)) -> bool {
    operation.invocation.time <= to && end(operation).is_none_or(|end| end >= from)
}

fn grouped<'a, 'h: 'a>(
    operations: impl Iterator<Item = &'a Operation<'h>>,
    name: impl Fn(&Operation<'h>) -> Option<&'h str>,
) -> BTreeMap<String, Summary> {
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for operation in operations {
        if let Some(name) = name(operation) {
            tallies.entry(name).or_default().add(operation);
        }
    }
    tallies.into_iter().map(|(name, tally)| (name.to_owned(), tally.summary())).collect()
}

fn node<'h>(operation: &Operation<'h>) -> Option<&'h str> {
    operation.invocation.node.as_deref()
}

fn summary<'a, 'h: 'a>(operations: impl Iterator<Item = &'a Operation<'h>>) -> Summary {
    let mut tally = Tally::default();
    operations.for_each(|operation| tally.add(operation));
    tally.summary()
}

impl Stats {
    /// Counts `history`; each of `windows` is a fault's first event and its heal. An `Err` if it can't be paired.
    pub fn of(history: &History, windows: &[(Duration, Duration)]) -> Result<Stats, Unpaired> {
        let operations = history.operations()?;
        let all = || operations.iter();
        let window = |&(from, to): &(Duration, Duration)| {
            let within = || all().filter(|operation| overlaps(operation, (from, to)));
            Window { from, to, overall: summary(within()), per_node: grouped(within(), node) }
        };
        Ok(Stats {
            overall: summary(all()),
            per_f: grouped(all(), |operation| Some(operation.f())),
            per_node: grouped(all(), node),
            windows: windows.iter().map(window).collect(),
            outside: summary(all().filter(|operation| !windows.iter().any(|&window| overlaps(operation, window)))),
        })
    }
}

/// The checker: valid unless less than `floor_permille` of all operations ended `ok`; vacuous if none did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Availability {
    /// The least share of `ok` that was promised, in thousandths.
    pub floor_permille: Option<u32>,
}

impl Checker for Availability {
    fn name(&self) -> &'static str {
        "stats"
    }

    fn check(&self, history: &History) -> Verdict {
        let overall = match Stats::of(history, &[]) {
            Ok(stats) => stats.overall,
            Err(unpaired) => return unpaired.into(),
        };
        match (self.floor_permille, overall.availability_permille) {
            (Some(floor), Some(share)) if share < floor => Verdict::Invalid(vec![Evidence {
                anomaly: "unavailable".to_owned(),
                summary: format!("{share} of 1000 operations were answered; the floor is {floor} of 1000"),
                steps: vec![format!("{} ok, {} fail, {} info", overall.ok, overall.fail, overall.info)],
                ..Evidence::default()
            }]),
            _ if overall.ok == 0 => Verdict::vacuous("no operation was answered"),
            _ => Verdict::VALID,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::draw;

    const RUN: &str = "
        0@n1 invoke read
        0@n1 ok read 1
        1@n2 invoke write 1
        0@n1 invoke read
        0@n1 fail read
        1@n2 info write 1
        2@n1 invoke read
        2@n1 ok read 1
        3@n1 invoke read";

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn counts_by_outcome_operation_and_node() {
        let stats = Stats::of(&draw(RUN), &[]).unwrap();
        let counts = |summary: &Summary| (summary.ok, summary.fail, summary.info);
        assert_eq!(counts(&stats.overall), (2, 1, 2));
        assert_eq!(stats.overall.availability_permille, Some(400));
        assert_eq!(counts(&stats.per_f["read"]), (2, 1, 1));
        assert_eq!(counts(&stats.per_node["n2"]), (0, 0, 1));
        assert_eq!(stats.per_node["n2"].latency, None);
        assert_eq!(stats.outside, stats.overall);
    }

    #[test]
    fn a_window_holds_the_operations_that_overlap_it() {
        let stats = Stats::of(&draw(RUN), &[(at(4), at(5))]).unwrap();
        let window = &stats.windows[0];
        assert_eq!((window.overall.ok, window.overall.fail, window.overall.info), (0, 1, 1));
        assert_eq!(window.per_node["n1"].fail, 1);
        assert_eq!((stats.outside.ok, stats.outside.fail, stats.outside.info), (2, 0, 1));
    }

    #[test]
    fn quantiles_are_the_nearest_rank() {
        let tally = Tally { ok: (1..=200).rev().map(at).collect(), ..Tally::default() };
        let latency = tally.summary().latency.unwrap();
        assert_eq!(latency, Latency { p50: at(100), p95: at(190), p99: at(198), max: at(200) });
    }

    #[test]
    fn only_a_floor_makes_it_a_judge() {
        let check = |floor_permille, lines| Availability { floor_permille }.check(&draw(lines));
        assert_eq!(check(None, RUN), Verdict::VALID);
        assert_eq!(check(Some(400), RUN), Verdict::VALID);
        assert!(check(Some(401), RUN).is_invalid());
        assert_eq!(check(None, "0 invoke read\n0 fail read"), Verdict::vacuous("no operation was answered"));
    }
}

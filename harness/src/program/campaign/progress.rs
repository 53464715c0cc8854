//! How far a campaign is: a bar on a terminal, now and then a line elsewhere, and what is found when it is first seen.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::super::say;
use crate::campaign::record::{Ended, Record};
use crate::campaign::spec::Spec;

/// Where there is no terminal, a line says how far it is so often.
const TELL_EVERY: Duration = Duration::from_mins(1);

/// What is known while runs come in.
pub(super) struct Progress {
    bar: ProgressBar,
    total: Option<u64>,
    budget: Option<Duration>,
    began: Instant,
    told: Instant,
    before: u64,
    done: u64,
    seen: BTreeSet<String>,
}

impl Progress {
    /// Of a campaign of which some runs are done already.
    pub(super) fn new(spec: &Spec, done: u64) -> Progress {
        let budget = spec.budget_seconds.map(Duration::from_secs);
        // Of a campaign without an end the time goes by, and not the runs.
        let length = spec.own_total().or(spec.budget_seconds).unwrap_or(0);
        let style = ProgressStyle::with_template("{bar:30} {msg}").expect("the template is well formed");
        let bar = ProgressBar::new(length).with_style(style);
        let (began, told) = (now(), now());
        Progress { bar, total: spec.own_total(), budget, began, told, before: done, done, seen: BTreeSet::new() }
    }

    /// Takes a run in.
    pub(super) fn count(&mut self, record: &Record) {
        self.done += 1;
        self.first_sight(record);
        let line = self.line(self.began.elapsed());
        self.bar.set_position(if self.total.is_some() { self.done } else { self.began.elapsed().as_secs() });
        self.bar.set_message(line.clone());
        if self.bar.is_hidden() && self.told.elapsed() >= TELL_EVERY {
            self.told = now();
            say(&line);
        }
    }

    /// The last, with the number of runs that there are.
    pub(super) fn finish(self) -> u64 {
        self.bar.finish_and_clear();
        self.done
    }

    /// `1200 of 5000 runs, 85 a second, 2 findings, 44s left`
    fn line(&self, elapsed: Duration) -> String {
        let of = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
        let milliseconds = elapsed.as_millis().max(1);
        let fresh = u128::from(self.done - self.before);
        let rate = fresh * 1000 / milliseconds;
        let by_runs = self.total.and_then(|total| {
            let left = u128::from(total.saturating_sub(self.done)) * milliseconds / fresh.max(1);
            u64::try_from(left / 1000).ok()
        });
        let by_time = self.budget.map(|budget| budget.saturating_sub(elapsed).as_secs());
        let left = [by_runs, by_time].into_iter().flatten().min().unwrap_or(0);
        let left = humantime::format_duration(Duration::from_secs(left));
        format!("{}{of} runs, {rate} a second, {} findings, {left} left", self.done, self.seen.len())
    }

    /// Says what was not seen before.
    fn first_sight(&mut self, record: &Record) {
        if record.canary && record.ended.kind().is_none() {
            return;
        }
        let kinds = record.ended.kind().map(|kind| format!("{}/{kind}", record.cell.system));
        let found = match &record.ended {
            Ended::Judged(numbers) => numbers.found.as_slice(),
            _ => &[],
        };
        let found = found.iter().map(|found| found.signature(&record.cell.system).to_string());
        for what in kinds.into_iter().chain(found) {
            if self.seen.insert(what.clone()) {
                self.bar.suspend(|| say(&format!("first    {what}: {} with seed {}", record.cell, record.seed)));
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the rate and the budget of a campaign are real time")]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::tests::spec;

    #[test]
    fn the_rate_is_that_of_the_runs_since_it_began_and_the_time_left_is_what_ends_first() {
        let mut spec = spec(10, 100);
        let mut progress = Progress::new(&spec, 7);
        progress.done = 107;
        let line = progress.line(Duration::from_secs(2));
        assert_eq!(line, "107 of 1007 runs, 50 a second, 0 findings, 18s left");
        spec.budget_seconds = Some(12);
        let mut progress = Progress::new(&spec, 7);
        progress.done = 107;
        assert!(progress.line(Duration::from_secs(2)).ends_with("10s left"));
    }
}

//! The canary: a bug that is known to show in about one run of a hundred, looked for in every campaign.
//!
//! That nothing was found means something only if what is there is found. A canary that shows less often than it must says
//! that detection has gone blind, in the nemesis, the client, the history or the checker, and one that shows more often says
//! that a run is not what it was. Its seeds are the campaign's own, so that every night looks at others.

use super::spec::{Cell, Draw, Size};
use crate::case::Case;
use crate::registry::Registry;
use crate::statistics::binomial_interval;

/// The anomalies by which it shows.
const ANOMALIES: [&str; 2] = ["above-upper-bound", "inexact-final-read"];

/// In how many of its runs it shows: 300 of the seeds 0..30000.
pub const SHARE: f64 = 0.0100;

/// How often a right canary is allowed to be called wrong: once in ten thousand campaigns.
const FALSE_ALARM: f64 = 1e-4;

/// How often it is run, unless somebody says otherwise: the fewest, in round numbers, of which none at all is outside the interval.
pub const RUNS: u64 = 1000;

/// The canary's run of this seed: a node that sends again what may have been executed, so that a redirect counts twice if
/// the node stood still at the wrong instant.
pub fn draw(seed: u64) -> Draw {
    let cell = Cell { system: "redis-resend".into(), workload: "counter".into(), nemesis: "pause".into() };
    Draw { cell, size: Size { nodes: 3, clients: 2, length_ms: 1000, rate: 2, beyond: false }, seed }
}

/// The same, ready to be run: it is netsplit's own, whatever systems a user has.
pub fn case(seed: u64) -> Case {
    draw(seed).case(&Registry::builtin()).expect("its names are netsplit's own, and its sizes are small")
}

/// Whether it shows by this anomaly.
pub fn is_shown_by(anomaly: &str) -> bool {
    ANOMALIES.contains(&anomaly)
}

/// The fewest and the most of so many runs in which it may show.
pub fn interval(runs: u64) -> (u64, u64) {
    binomial_interval(runs, SHARE, FALSE_ALARM)
}

/// How the canary fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canary {
    /// How many runs of it there were.
    pub runs: u64,
    /// In how many it showed.
    pub shown: u64,
}

impl Canary {
    /// Whether it showed as often as it must.
    pub fn is_alive(self) -> bool {
        let (least, most) = interval(self.runs);
        (least..=most).contains(&self.shown)
    }

    /// Whether there were enough runs that a blind harness would be noticed.
    pub fn tells_blindness(self) -> bool {
        interval(self.runs).0 > 0
    }
}

/// `shows in 9 of 1000 runs, and must in 2 to 24`
impl std::fmt::Display for Canary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (least, most) = interval(self.runs);
        write!(f, "shows in {} of {} runs, and must in {least} to {most}", self.shown, self.runs)?;
        if self.tells_blindness() { Ok(()) } else { write!(f, ": too few runs to notice that nothing is found") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Trial;

    #[test]
    fn a_harness_that_finds_nothing_is_noticed_and_so_is_one_that_finds_too_much() {
        let of = |shown| Canary { runs: RUNS, shown };
        assert!(of(0).tells_blindness() && !of(0).is_alive());
        assert!(of(10).is_alive());
        assert!(!of(30).is_alive());
        assert!(!Canary { runs: 100, shown: 0 }.tells_blindness());
    }

    /// Fails if detection is switched off, anywhere between the fault and the verdict.
    #[test]
    fn the_canary_shows_as_often_as_it_must() {
        let jobs = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        let is_seen = |seed: u64| {
            let trial = Trial::of(case(seed)).expect("it needs no Redis");
            trial.signatures().iter().any(|signature| is_shown_by(&signature.anomaly))
        };
        let shown = std::thread::scope(|scope| {
            let share = |job| (job..RUNS).step_by(usize::try_from(jobs).expect("few")).filter(|seed| is_seen(*seed));
            let working: Vec<_> = (0..jobs).map(|job| scope.spawn(move || share(job).count() as u64)).collect();
            working.into_iter().map(|job| job.join().expect("no run panics")).sum()
        });
        let canary = Canary { runs: RUNS, shown };
        assert!(canary.is_alive(), "the canary {canary}: is something of detection switched off?");
    }
}

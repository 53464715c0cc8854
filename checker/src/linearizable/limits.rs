//! How far a search may go before it says that it does not know.

use std::time::{Duration, Instant};

use crate::Cause;

/// Bounds of one check. Each is a cause of [`Verdict::Unknown`](crate::Verdict::Unknown).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Configurations remembered, in all objects together.
    pub states: u64,
    /// Bytes of a check's own tables, the history's apart, in all objects together. porcupine-rs can't be bounded by them.
    pub bytes: u64,
    /// Time of the real clock.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { states: 20_000_000, bytes: 2 << 30, time: Duration::from_mins(1) }
    }
}

/// The bounds of one search, its clock running.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) limits: Limits,
    started: Instant,
    /// How many objects share the means to explain what is wrong.
    pub(crate) objects: u64,
}

impl Budget {
    /// Starts the clock.
    #[expect(clippy::disallowed_methods, reason = "a bound on real time has to read the real clock")]
    pub(crate) fn start(limits: Limits) -> Budget {
        Budget { limits, started: Instant::now(), objects: 1 }
    }

    /// The same clock, with an equal share of the rest for each of so many searches at once, of so many in all.
    pub(crate) fn share(self, searches: usize, objects: usize) -> Budget {
        let searches = searches.max(1) as u64;
        let limits =
            Limits { states: self.limits.states / searches, bytes: self.limits.bytes / searches, ..self.limits };
        Budget { limits, objects: objects.max(1) as u64, ..self }
    }

    /// The time that is left.
    pub(crate) fn left(&self) -> Duration {
        self.limits.time.saturating_sub(self.started.elapsed())
    }

    /// The cause, if so many bytes are too many.
    pub(crate) fn out_of_memory(&self, bytes: usize) -> Option<Cause> {
        (bytes as u64 > self.limits.bytes).then_some(Cause::Memory(self.limits.bytes))
    }

    /// The cause, once the time is over.
    pub(crate) fn out_of_time(&self) -> Option<Cause> {
        self.left().is_zero().then_some(Cause::Time(self.limits.time))
    }
}

//! The numbers of many runs together.

use serde::{Deserialize, Serialize};

use super::record::{Ended, Numbers};
use crate::judge::Overall;
use crate::statistics::rule_of_three;

/// How many runs ended how, and what they did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Runs that kept every promise, and could have broken one.
    pub valid: u64,
    /// Runs whose pass means nothing.
    pub vacuous: u64,
    /// Runs in which a checker could not decide.
    pub unknown: u64,
    /// Runs after which a node did not come back.
    pub liveness: u64,
    /// Runs that broke a promise.
    pub invalid: u64,
    /// Runs that did not end in time.
    pub hung: u64,
    /// Runs that took too much memory.
    pub out_of_memory: u64,
    /// Runs whose process ended by itself.
    pub aborted: u64,
    /// Runs that could not be begun.
    pub not_run: u64,
    /// Operations that clients invoked.
    pub operations: u64,
    /// Operations that were answered.
    pub answered: u64,
    /// Messages that crossed the network.
    pub messages: u64,
    /// Simulated time, in milliseconds.
    pub simulated_ms: u64,
    /// Faults that were planned.
    pub faults: u64,
    /// Faults that hit something.
    pub effective: u64,
}

impl Tally {
    /// Counts a run.
    pub fn count(&mut self, ended: &Ended) {
        match ended {
            Ended::Judged(numbers) => self.count_judged(numbers),
            Ended::Hung { .. } => self.hung += 1,
            Ended::OutOfMemory { .. } => self.out_of_memory += 1,
            Ended::Aborted { .. } => self.aborted += 1,
            Ended::NotRun { .. } => self.not_run += 1,
        }
    }

    fn count_judged(&mut self, numbers: &Numbers) {
        let counter = match numbers.overall {
            Overall::Valid => &mut self.valid,
            Overall::Vacuous => &mut self.vacuous,
            Overall::Unknown => &mut self.unknown,
            Overall::Liveness => &mut self.liveness,
            Overall::Invalid => &mut self.invalid,
        };
        *counter += 1;
        self.operations += numbers.operations;
        self.answered += numbers.answered;
        self.messages += numbers.messages;
        self.simulated_ms += numbers.simulated_ms;
        self.faults += numbers.faults;
        self.effective += numbers.effective;
    }

    /// Takes another's counts in.
    pub fn add(&mut self, other: &Tally) {
        self.valid += other.valid;
        self.vacuous += other.vacuous;
        self.unknown += other.unknown;
        self.liveness += other.liveness;
        self.invalid += other.invalid;
        self.hung += other.hung;
        self.out_of_memory += other.out_of_memory;
        self.aborted += other.aborted;
        self.not_run += other.not_run;
        self.operations += other.operations;
        self.answered += other.answered;
        self.messages += other.messages;
        self.simulated_ms += other.simulated_ms;
        self.faults += other.faults;
        self.effective += other.effective;
    }

    /// All runs.
    pub fn runs(&self) -> u64 {
        self.valid + self.vacuous + self.unknown + self.liveness + self.invalid + self.without_verdict()
    }

    /// Runs that show something that must not be.
    pub fn broken(&self) -> u64 {
        self.invalid + self.liveness
    }

    /// Runs that ended without a verdict.
    pub fn without_verdict(&self) -> u64 {
        self.hung + self.out_of_memory + self.aborted + self.not_run
    }

    /// Runs that say something of the promise: all that kept it and could have broken it, and all that broke it.
    pub fn telling(&self) -> u64 {
        self.valid + self.broken()
    }

    /// Whether there were runs, and none of them says anything.
    pub fn is_vacuous(&self) -> bool {
        self.runs() > 0 && self.telling() == 0
    }

    /// The most, at 95 %, that the share of broken runs can be when none of those that say something is broken.
    pub fn bound(&self) -> Option<f64> {
        (self.broken() == 0).then(|| rule_of_three(self.telling()))
    }

    /// `0 of 240: at most 1.25 % at 95 %`, or how many of how many.
    pub fn told(&self) -> String {
        let share = format!("{} of {}", self.broken(), self.telling());
        match self.bound() {
            Some(bound) if self.telling() >= 3 => format!("{share}: at most {:.2} % at 95 %", 100.0 * bound),
            Some(_) => format!("{share}: bounds nothing"),
            None => share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_that_means_nothing_is_not_among_those_that_bound_something() {
        let none = Tally { valid: 240, vacuous: 60, ..Tally::default() };
        assert_eq!((none.runs(), none.told()), (300, "0 of 240: at most 1.25 % at 95 %".into()));
        let some = Tally { invalid: 2, ..none };
        assert_eq!((some.bound(), some.told()), (None, "2 of 242".into()));
        let nothing = Tally { vacuous: 9, unknown: 1, hung: 1, ..Tally::default() };
        assert!(nothing.is_vacuous() && nothing.told() == "0 of 0: bounds nothing");
    }
}

//! Linearizability (Herlihy & Wing 1990): every operation takes effect at one point between its invocation and its
//! completion. A front that picks between three engines:
//!
//! * `near_linear`, zones after Gibbons & Korach 1997, where every value is written once;
//! * `general`, a bounded search after Wing, Gong & Lowe, for every [`Model`](crate::models::Model);
//! * `porcupine`, porcupine-rs as a second opinion.

mod call;
mod general;
mod hash;
mod limits;
mod pool;
mod seen;
mod split;

use crate::models::{Specification, Undecodable};
use crate::{Cause, Checker, Evidence, History, Value, Verdict};

pub use call::{Call, PENDING};
pub use limits::Limits;

use general::Answer;
use limits::Budget;
use split::{Part, Split};

/// A step of a register: the value that it showed and the value that it left behind.
#[derive(Clone, Copy, Debug)]
pub struct Lean<'a> {
    /// The value that it held just before.
    pub from: Option<&'a Value>,
    /// The value that it holds just after, where that changes.
    pub to: Option<&'a Value>,
}

/// Decides whether a history is linearizable with respect to a specification.
#[derive(Clone, Debug)]
pub struct Linearizable<S> {
    /// What the object is.
    pub specification: S,
    /// How far to search.
    pub limits: Limits,
}

impl<S: Specification> Linearizable<S> {
    /// With the default limits.
    pub fn new(specification: S) -> Linearizable<S> {
        Linearizable { specification, limits: Limits::default() }
    }

    /// With other limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Linearizable<S> {
        self.limits = limits;
        self
    }

    fn check_part(&self, part: &Part<'_, '_>, budget: &Budget) -> Result<Judged, Undecodable> {
        let calls = call::calls(&self.specification, part)?;
        let needless = self.specification.needless(&calls);
        let tested = calls.iter().any(|call| self.specification.tests(&call.op, call.ret_value.as_ref()));
        let verdict = match general::search(&self.specification.initial(), &calls, &needless, budget) {
            Answer::Linearizable => Verdict::VALID,
            Answer::Unknown(cause) => Verdict::Unknown(cause),
            Answer::Not(stuck) => {
                let culprit = &calls[stuck.culprit];
                let legal = stuck.states.iter().map(|state| crate::models::Model::legal(state, &culprit.op)).collect();
                Verdict::Invalid(vec![Evidence {
                    anomaly: "non-linearizable".to_owned(),
                    summary: format!("#{} can't be explained by any order of the operations before it", culprit.index),
                    operations: calls.iter().filter(|call| call.call <= culprit.ret).map(|call| call.index).collect(),
                    steps: Vec::new(),
                    culprit: Some(culprit.index),
                    legal,
                    key: if part.key.is_nil() { String::new() } else { part.key.to_string() },
                }])
            }
        };
        Ok(Judged { verdict, tested })
    }
}

/// The verdict on one object.
struct Judged {
    verdict: Verdict,
    /// Whether anything in it could have refuted the claim.
    tested: bool,
}

impl<S: Specification> Checker for Linearizable<S> {
    fn name(&self) -> &'static str {
        "linearizable"
    }

    fn check(&self, history: &History) -> Verdict {
        let budget = Budget::start(self.limits);
        let split = match Split::new(history, |operation| self.specification.key(operation)) {
            Ok(split) => split,
            Err(error) => return Verdict::Unknown(Cause::Undecided(error.to_string())),
        };
        let workers = pool::workers(split.len());
        let share = budget.share(workers);
        let judged = pool::map(split.len(), workers, |at| self.check_part(&split.part(at), &share));
        let mut verdict = Verdict::VALID;
        let mut tested = false;
        for part in judged {
            match part {
                Ok(part) => {
                    tested |= part.tested;
                    verdict = verdict.worst(part.verdict);
                }
                Err(error) => return Verdict::Unknown(Cause::Undecided(error.to_string())),
            }
        }
        if !tested && verdict == Verdict::VALID {
            return Verdict::vacuous("no completed operation could have refuted linearizability");
        }
        verdict
    }
}

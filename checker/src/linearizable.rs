//! Linearizability (Herlihy & Wing 1990): every operation takes effect at one point between its invocation and its
//! completion. A front that picks between three engines:
//!
//! * near-linear ones where every value is used once: `near_linear` for registers (zones after Gibbons & Korach 1997),
//!   `unique_queue`, `unique_stack`, `grown_set`, and `even_counter` where all amounts are the same;
//! * `general`, a bounded search after Wing, Gong & Lowe, for every [`Model`](crate::models::Model);
//! * `porcupine`, porcupine-rs as a second opinion.

mod call;
mod even_counter;
mod evidence;
mod general;
mod grown_set;
mod hash;
mod heights;
mod limits;
mod near_linear;
mod number;
mod pair;
mod pool;
mod porcupine;
#[cfg(test)]
mod random_models_tests;
#[cfg(test)]
mod random_stacks_tests;
#[cfg(test)]
mod random_tests;
mod seen;
mod split;
mod unique_queue;
mod unique_stack;

use std::sync::atomic::{AtomicBool, Ordering};

use crate::models::{Calls, Specification, Undecodable};
use crate::{Cause, Checker, Evidence, History, Value, Verdict};

pub use call::{Call, PENDING};
pub(crate) use even_counter::decide as even_counter;
pub(crate) use grown_set::decide as grown_set;
pub(crate) use limits::Budget;
pub use limits::Limits;
pub(crate) use unique_queue::decide as unique_queue;
pub(crate) use unique_stack::decide as unique_stack;

use general::Answer;
use near_linear::{Why, Zones};
use split::{Part, Split};

/// A step of a register: the value that it showed and the value that it left behind.
#[derive(Clone, Copy, Debug)]
pub struct Lean<'a> {
    /// The value that it held just before.
    pub from: Option<&'a Value>,
    /// The value that it holds just after, where that changes.
    pub to: Option<&'a Value>,
}

/// What a near-linear engine found. Calls are named by their positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// A legal order exists.
    Linearizable,
    /// These calls, ascending, already contradict each other.
    Not {
        /// The anomaly's name in evidence.
        why: &'static str,
        /// The calls.
        calls: Vec<usize>,
    },
}

impl Decided {
    /// A contradiction between these calls, in any order.
    pub(crate) fn not(why: &'static str, calls: impl IntoIterator<Item = usize>) -> Decided {
        let mut calls: Vec<usize> = calls.into_iter().collect();
        calls.sort_unstable();
        calls.dedup();
        Decided::Not { why, calls }
    }
}

/// Who decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// A near-linear engine where one applies, else the general one.
    #[default]
    Own,
    /// The general engine always.
    General,
    /// porcupine-rs. Its invalid verdicts carry our evidence.
    Porcupine,
    /// Own and porcupine-rs, which have to agree: see [`is_disagreement`].
    Both,
}

/// Decides whether a history is linearizable with respect to a specification.
#[derive(Clone, Debug)]
pub struct Linearizable<S> {
    /// What the object is.
    pub specification: S,
    /// How far to search.
    pub limits: Limits,
    /// Who decides.
    pub engine: Engine,
}

const DISAGREEMENT: &str = "the engines disagree";

/// Whether a verdict says that two engines of [`Engine::Both`] gave opposite answers: a bug in one of them, never a finding.
pub fn is_disagreement(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Unknown(Cause::Undecided(why)) if why.starts_with(DISAGREEMENT))
}

impl<S: Specification<Model: 'static>> Linearizable<S> {
    /// With the default limits.
    pub fn new(specification: S) -> Linearizable<S> {
        Linearizable { specification, limits: Limits::default(), engine: Engine::Own }
    }

    /// With other limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Linearizable<S> {
        self.limits = limits;
        self
    }

    /// With another engine.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Linearizable<S> {
        self.engine = engine;
        self
    }

    fn check_part(&self, part: &Part<'_, '_>, budget: &Budget) -> Result<Judged, Undecodable> {
        let mut judged = match self.engine {
            Engine::Own => self.own(part, budget)?,
            Engine::General => self.general(part, budget)?,
            Engine::Porcupine => self.porcupine(part, budget)?,
            Engine::Both => {
                let own = self.own(part, budget)?;
                let other = self.porcupine(part, budget)?;
                agreed(&own, &other)
            }
        };
        if let (Verdict::Invalid(evidence), false) = (&mut judged.verdict, part.key.is_nil()) {
            for evidence in evidence {
                evidence.key = part.key.to_string();
            }
        }
        Ok(judged)
    }

    fn own(&self, part: &Part<'_, '_>, budget: &Budget) -> Result<Judged, Undecodable> {
        if let Some(cause) = budget.out_of_memory(near_linear::bytes(part.pairs.len())).or_else(|| budget.out_of_time())
        {
            return Ok(Judged { verdict: Verdict::Unknown(cause), tested: true });
        }
        let Some(numbered) = number::steps(&self.specification, part)? else { return self.general(part, budget) };
        let tested = numbered.tested;
        match near_linear::decide(&numbered.steps, numbered.values) {
            Zones::NotUnique => self.general(part, budget),
            Zones::Linearizable => Ok(Judged { verdict: Verdict::VALID, tested }),
            Zones::Not(why, steps) => {
                let steps = near_linear::with_writers(&numbered.steps, numbered.values, &steps);
                let invoked_at = |&at: &u32| numbered.steps[at as usize].call as usize - 1;
                let positions: Vec<usize> = steps.iter().map(invoked_at).collect();
                drop(numbered);
                let evidence = self.zone_evidence(part, why, &positions, budget)?;
                Ok(Judged { verdict: Verdict::Invalid(vec![evidence]), tested })
            }
        }
    }

    /// The zones name a few calls: their explanation, if they contradict each other by themselves, else that of all.
    fn zone_evidence(
        &self,
        part: &Part<'_, '_>,
        why: Why,
        positions: &[usize],
        budget: &Budget,
    ) -> Result<Evidence, Undecodable> {
        let few = call::some_calls(&self.specification, part, |at| positions.binary_search(&at).is_ok())?;
        self.few_evidence(&few, why.name(), budget, || call::calls(&self.specification, part))
    }

    /// The explanation of a few calls, or else of all.
    fn few_evidence(
        &self,
        few: &Calls<S::Model>,
        why: &str,
        budget: &Budget,
        all: impl FnOnce() -> Result<call::Decoded<S::Model>, Undecodable>,
    ) -> Result<Evidence, Undecodable> {
        let mut means = evidence::Means::of(budget);
        let mut explained = evidence::explain(&self.specification, few, &mut means);
        if explained.is_none() {
            explained = evidence::explain(&self.specification, &all()?, &mut means);
        }
        let mut explained = explained.unwrap_or_else(|| Evidence {
            summary: "no order of these operations is legal".to_owned(),
            operations: few.iter().map(|call| call.index).collect(),
            culprit: few.last().map(|call| call.index),
            ..Evidence::default()
        });
        why.clone_into(&mut explained.anomaly);
        Ok(explained)
    }

    fn general(&self, part: &Part<'_, '_>, budget: &Budget) -> Result<Judged, Undecodable> {
        if let Some(cause) = budget.out_of_memory(general::least_bytes::<S::Model>(part.pairs.len())) {
            return Ok(Judged { verdict: Verdict::Unknown(cause), tested: true });
        }
        let calls = call::calls(&self.specification, part)?;
        let tested = self.tested(&calls);
        // the general engine as a second opinion has to find out by itself
        let decided = if self.engine == Engine::General { None } else { self.specification.near_linear(&calls) };
        match decided {
            Some(Decided::Linearizable) => return Ok(Judged { verdict: Verdict::VALID, tested }),
            Some(Decided::Not { why, calls: few }) => {
                let few: Vec<_> = few.iter().map(|&at| calls[at].clone()).collect();
                let evidence = self.few_evidence(&few, why, budget, || Ok(calls))?;
                return Ok(Judged { verdict: Verdict::Invalid(vec![evidence]), tested });
            }
            None => {}
        }
        let needless = self.specification.needless(&calls);
        let verdict = match general::search(&self.specification.initial(), &calls, &needless, budget) {
            Answer::Linearizable => Verdict::VALID,
            Answer::Unknown(cause) => Verdict::Unknown(cause),
            Answer::Not(stuck) => {
                let mut means = evidence::Means::of(budget);
                Verdict::Invalid(vec![evidence::explain_stuck(&self.specification, &calls, stuck, &mut means)])
            }
        };
        Ok(Judged { verdict, tested })
    }

    fn porcupine(&self, part: &Part<'_, '_>, budget: &Budget) -> Result<Judged, Undecodable> {
        let calls = call::calls(&self.specification, part)?;
        let tested = self.tested(&calls);
        let verdict = match porcupine::opinion(&self.specification.initial(), &calls, budget.left()) {
            Ok(true) => Verdict::VALID,
            Err(cause) => Verdict::Unknown(cause),
            Ok(false) => {
                let mut means = evidence::Means::of(budget);
                let explained = evidence::explain(&self.specification, &calls, &mut means);
                Verdict::Invalid(vec![explained.unwrap_or_else(|| unexplained(&calls, calls.len() - 1))])
            }
        };
        Ok(Judged { verdict, tested })
    }

    fn tested(&self, calls: &Calls<S::Model>) -> bool {
        calls.iter().any(|call| self.specification.tests(&call.op, call.ret_value.as_ref()))
    }
}

/// All calls up to one, where there were too many to minimise.
fn unexplained<Op, Ret>(calls: &[Call<Op, Ret>], culprit: usize) -> Evidence {
    let end = calls[culprit].ret;
    let index = calls[culprit].index;
    Evidence {
        anomaly: "non-linearizable".to_owned(),
        summary: format!("no order of the operations up to the return of #{index} is legal"),
        operations: calls.iter().filter(|call| call.call <= end).map(|call| call.index).collect(),
        culprit: Some(index),
        ..Evidence::default()
    }
}

/// What two engines say together. One that does not know leaves it to the other.
fn agreed(own: &Judged, other: &Judged) -> Judged {
    let verdict = match (&own.verdict, &other.verdict) {
        (Verdict::Unknown(_), known) | (known, Verdict::Unknown(_)) => known.clone(),
        (own, other) if own.is_invalid() == other.is_invalid() => own.clone(),
        (own, _) => {
            let words = |invalid: bool| if invalid { "invalid" } else { "valid" };
            let (ours, theirs) = (words(own.is_invalid()), words(!own.is_invalid()));
            Verdict::Unknown(Cause::Undecided(format!("{DISAGREEMENT}: own says {ours}, porcupine-rs {theirs}")))
        }
    };
    Judged { verdict, tested: own.tested }
}

/// The verdict on one object.
struct Judged {
    verdict: Verdict,
    /// Whether anything in it could have refuted the claim.
    tested: bool,
}

impl<S: Specification<Model: 'static>> Checker for Linearizable<S> {
    fn name(&self) -> &'static str {
        "linearizable"
    }

    fn check(&self, history: &History) -> Verdict {
        let budget = Budget::start(self.limits);
        let split = match Split::new(history, &self.specification, &budget) {
            Ok(split) => split,
            Err(verdict) => return verdict,
        };
        let workers = pool::workers(split.len());
        let share = budget.share(workers, split.len());
        let tested = AtomicBool::new(false);
        // of very many objects all but a few are valid
        let not_valid = pool::collect(split.len(), workers, |at| match self.check_part(&split.part(at), &share) {
            Ok(judged) => {
                if judged.tested && !tested.load(Ordering::Relaxed) {
                    tested.store(true, Ordering::Relaxed);
                }
                (judged.verdict != Verdict::VALID).then_some(Ok(judged.verdict))
            }
            Err(error) => Some(Err(error)),
        });
        let mut verdict = Verdict::VALID;
        for part in not_valid {
            let part = part.unwrap_or_else(|error| Verdict::Unknown(Cause::Undecided(error.to_string())));
            verdict = verdict.worst(part);
        }
        if !tested.into_inner() && verdict == Verdict::VALID {
            return Verdict::vacuous("no completed operation could have refuted linearizability");
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use crate::drawing::anomalies;
    use crate::models::{Options, by_name};

    #[test]
    fn an_answer_that_means_nothing_hides_no_contradiction_of_another_object() {
        let kv = by_name("kv", None, Options::default()).unwrap();
        let (wrong, strange) = ("0 invoke get x=nil\n0 ok get x=a\n", "0 invoke get y=nil\n0 ok get y=5\n");
        assert_eq!(anomalies(&*kv, strange), "unknown");
        assert_eq!(anomalies(&*kv, &format!("{wrong}{strange}")), anomalies(&*kv, wrong));
        assert_eq!(anomalies(&*kv, &format!("{strange}{wrong}")), anomalies(&*kv, wrong));
        assert_ne!(anomalies(&*kv, wrong), "valid");
    }
}

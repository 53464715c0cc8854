//! Which candidate is the first to show the signature? Several are run at a time, ahead of the answer, and the answer is
//! always the first in their order: it does not depend on how many are run at a time.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::{Options, Size};
use crate::case::Case;
use crate::plan::Plan;
use crate::redis_kind::NoRedis;
use crate::signature::Signature;
use crate::trial::Trial;

/// Runs candidates until the budget is spent.
pub(crate) struct Oracle<'a> {
    /// Where the names of every candidate's plan are known from.
    case: Case,
    signature: Signature,
    options: &'a Options<'a>,
    started: Instant,
    runs: AtomicUsize,
    exhausted: AtomicBool,
    /// Digests of the plans that are known not to show the signature: every round asks about many of them again.
    refuted: Mutex<BTreeSet<[u8; 32]>>,
}

/// What the workers of one question share.
struct Question<I> {
    candidates: std::iter::Enumerate<I>,
    answer: Option<(usize, Trial)>,
    error: Option<NoRedis>,
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(case: Case, signature: Signature, options: &'a Options<'a>) -> Oracle<'a> {
        Oracle {
            case,
            signature,
            options,
            started: now(),
            runs: AtomicUsize::new(0),
            exhausted: AtomicBool::new(false),
            refuted: Mutex::default(),
        }
    }

    /// The first of `candidates` that is a valid plan and shows the signature, with its place; `None` if there is none or
    /// the budget is spent.
    pub(crate) fn first(
        &self,
        candidates: impl Iterator<Item = Plan> + Send,
    ) -> Result<Option<(usize, Trial)>, NoRedis> {
        let question = Mutex::new(Question { candidates: candidates.enumerate(), answer: None, error: None });
        std::thread::scope(|scope| {
            for _ in 0..self.options.jobs.max(1) {
                scope.spawn(|| self.work(&question));
            }
        });
        let question = question.into_inner().expect("no worker panics");
        question.error.map_or(Ok(question.answer), Err)
    }

    /// Candidates are handed out in order, and none after the first success: every earlier one is then already under way,
    /// and the earliest success wins.
    fn work<I: Iterator<Item = Plan>>(&self, question: &Mutex<Question<I>>) {
        loop {
            let (place, plan) = {
                let mut question = question.lock().expect("no worker panics");
                if question.answer.is_some() || question.error.is_some() || self.is_spent() {
                    return;
                }
                let Some(next) = question.candidates.next() else { return };
                next
            };
            let shown = self.shows(plan);
            let mut question = question.lock().expect("no worker panics");
            match shown {
                Ok(Some(trial)) if question.answer.as_ref().is_none_or(|(earliest, _)| place < *earliest) => {
                    question.answer = Some((place, trial));
                }
                Ok(_) => {}
                Err(error) => question.error = Some(error),
            }
        }
    }

    /// The run of `plan`, if it shows the signature.
    fn shows(&self, plan: Plan) -> Result<Option<Trial>, NoRedis> {
        let digest = Sha256::digest(serde_json::to_vec(&plan).expect("a plan has a JSON form")).into();
        if self.refuted.lock().expect("no holder panics").contains(&digest) {
            return Ok(None);
        }
        let Ok(case) = self.case.with(plan) else { return Ok(None) };
        self.runs.fetch_add(1, Ordering::Relaxed);
        let trial = Trial::of(case)?;
        if trial.signatures().contains(&self.signature) {
            return Ok(Some(trial));
        }
        self.refuted.lock().expect("no holder panics").insert(digest);
        Ok(None)
    }

    fn is_spent(&self) -> bool {
        if self.started.elapsed() >= self.options.budget || (self.options.stop)() {
            self.exhausted.store(true, Ordering::Relaxed);
        }
        self.is_exhausted()
    }

    /// Whether a candidate was left unasked because the budget was spent.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.exhausted.load(Ordering::Relaxed)
    }

    /// How many runs it took so far.
    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }

    /// The signature that is looked for.
    pub(crate) fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Tells how far the search is.
    pub(crate) fn tell(&self, plan: &Plan) {
        (self.options.progress)(&Size::of(plan), self.runs());
    }
}

#[expect(clippy::disallowed_methods, reason = "the budget of a search is real time")]
fn now() -> Instant {
    Instant::now()
}

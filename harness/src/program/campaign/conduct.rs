//! Doing the runs of a campaign: several at a time, each written when it and all before it have ended.

use std::path::Path;

use super::super::batch::in_order;
use super::super::{Failure, interrupt, unwritten};
use super::progress::{Progress, now};
use crate::campaign::journal::Journal;
use crate::campaign::pool::Pool;
use crate::campaign::record::Record;
use crate::campaign::spec::Spec;

/// What became of a number.
enum Step {
    /// It is another shard's.
    NotOwn,
    /// It was run.
    Ran(Box<Record>),
    /// The budget is spent.
    Over,
}

/// Does what is not `done`, from the number `next` on; an `Err` if an interrupt left some of it undone.
pub(super) fn conduct(
    spec: &Spec,
    mut journal: Journal,
    (done, next): (u64, u64),
    jobs: usize,
    runs: &Path,
) -> Result<(), Failure> {
    let pool = Pool::new(spec.limits);
    let began = now();
    let is_over = || spec.budget_seconds.is_some_and(|budget| began.elapsed().as_secs() >= budget);
    let mut progress = Progress::new(spec, done);
    let (mut ended, mut failure) = (false, None);
    in_order(
        next..spec.total().unwrap_or(u64::MAX),
        jobs,
        |number| match spec.task(number) {
            _ if is_over() => Step::Over,
            Some(task) => Step::Ran(Box::new(pool.record(&task))),
            None => Step::NotOwn,
        },
        |_, step| {
            match step {
                Step::NotOwn => {}
                Step::Over => ended = true,
                // What ended after the budget did is not written: no run before it is left out.
                // Nor is what ended after a run that could not be written.
                Step::Ran(_) if ended || failure.is_some() => {}
                Step::Ran(record) => {
                    failure = journal.add(&record).err();
                    progress.count(&record);
                }
            }
            !ended && failure.is_none()
        },
    );
    let counted = progress.finish();
    match failure {
        Some(error) => Err(unwritten(runs, &error)),
        None if interrupt::came() && spec.own_total().is_none_or(|own| counted < own) => Err(Failure {
            exit_code: interrupt::INTERRUPTED,
            message: format!(
                "interrupted after {counted} runs, which are whole; the same command with --resume goes on"
            ),
        }),
        None => Ok(()),
    }
}

//! Several workers, each lent to one run at a time.

use std::path::Path;
use std::sync::Mutex;

use super::protocol::{Reply, Request};
use super::record::{Ended, Numbers, Record};
use super::regressions::{self, Kept, Regression};
use super::spec::{Draw, Limits};
use super::tasks::Task;
use super::worker::{Lost, Worker};

/// So many runs are done in one process: what a leak of memory or of handles would add up to ends with it.
const MOST_RUNS: usize = 200;

/// Workers that wait, and how many runs each has done.
pub struct Pool {
    waiting: Mutex<Vec<(Worker, usize)>>,
    limits: Limits,
}

impl Pool {
    /// No worker yet: they are started when they are needed.
    pub fn new(limits: Limits) -> Pool {
        Pool { waiting: Mutex::default(), limits }
    }

    /// Does a run, and if it has to be run again, does it in another process too.
    pub fn record(&self, task: &Task) -> Record {
        let ended = match self.run(task, false) {
            Ended::Judged(numbers) if task.again => match self.run(task, true) {
                Ended::Judged(again) => Ended::Judged(Numbers { again: Some(again.digest), ..numbers }),
                other => other,
            },
            ended => ended,
        };
        let Draw { cell, seed, .. } = task.draw.clone();
        Record { number: task.number, canary: task.cell.is_none(), cell, seed, ended }
    }

    /// Replays a kept capsule.
    pub fn replay(&self, file: &Path) -> Regression {
        let why = match self.ask(&Request::Replay(file.to_owned()), false) {
            Ok(Reply::Kept(kept)) => return kept,
            Ok(other) => format!("a worker answered {other:?}"),
            Err(lost) => lost.to_string(),
        };
        Regression { file: regressions::name(file), kept: Kept::Stale, why }
    }

    fn run(&self, task: &Task, in_new: bool) -> Ended {
        let request = match task.cell {
            Some(_) => Request::Run(task.draw.clone()),
            None => Request::Canary(task.draw.seed),
        };
        match self.ask(&request, in_new) {
            Ok(Reply::Ran(numbers)) => Ended::Judged(numbers),
            Ok(Reply::Failed(why)) => Ended::NotRun { why },
            Ok(other) => Ended::NotRun { why: format!("a worker answered {other:?}") },
            Err(Lost::Hung) => Ended::Hung { seconds: self.limits.seconds },
            Err(Lost::OutOfMemory) => Ended::OutOfMemory { memory_mib: self.limits.memory_mib },
            Err(Lost::Ended(how)) => Ended::Aborted { how },
        }
    }

    /// Asks a worker: one that waits if there is one, and goes on waiting; or one that is new, and ends with its answer.
    pub fn ask(&self, request: &Request, in_new: bool) -> Result<Reply, Lost> {
        let waiting = if in_new { None } else { self.waiting.lock().expect("no holder panics").pop() };
        let (mut worker, runs) = if let Some(worker) = waiting {
            worker
        } else {
            let started = Worker::start(self.limits);
            (started.map_err(|error| Lost::Ended(format!("netsplit can't start itself: {error}")))?, 0)
        };
        let reply = worker.ask(request)?;
        if !in_new && runs + 1 < MOST_RUNS {
            self.waiting.lock().expect("no holder panics").push((worker, runs + 1));
        }
        Ok(reply)
    }
}

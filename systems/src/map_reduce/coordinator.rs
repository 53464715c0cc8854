//! The coordinator of jobs: each is on this node's disk before it is accepted, and is worked on in every life of the node until
//! its result is there, too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::future::join_all;
use serde::{Deserialize, Serialize};

use super::words::{Counts, chunks, sum};
use super::{DEADLINE, MAPPING, Machine, Reply, Request};
use crate::disk::{Disk, DiskError};
use crate::journal::{BadJournal, Journal};
use crate::node::spawn;

/// Between two looks at what the reducers hold.
const PAUSE: Duration = Duration::from_millis(100);

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    /// Nobody submitted it.
    Unknown,
    /// It is worked on.
    Running,
    /// It is done.
    Done(Counts),
}

/// A record of the journal.
#[derive(Debug, Serialize, Deserialize)]
enum Record {
    Submitted(String, String),
    Done(String, Counts),
}

/// The jobs of this node; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Coordinator {
    jobs: Arc<Mutex<BTreeMap<String, State>>>,
    journal: Journal<Record>,
}

impl Coordinator {
    /// With the jobs of earlier lives that are not done, and their texts.
    pub(super) fn open(disk: &Disk) -> Result<(Coordinator, BTreeMap<String, String>), BadJournal> {
        let (journal, records) = Journal::open(disk, "jobs")?;
        let (mut jobs, mut unfinished) = (BTreeMap::new(), BTreeMap::new());
        for record in records {
            match record {
                Record::Submitted(job, text) => {
                    jobs.insert(job.clone(), State::Running);
                    unfinished.insert(job, text);
                }
                Record::Done(job, counts) => {
                    unfinished.remove(&job);
                    jobs.insert(job, State::Done(counts));
                }
            }
        }
        Ok((Coordinator { jobs: Arc::new(Mutex::new(jobs)), journal }, unfinished))
    }

    pub(super) fn state(&self, job: &str) -> State {
        self.jobs().get(job).cloned().unwrap_or(State::Unknown)
    }

    /// Appends a record, for whoever syncs next, and takes note of the state.
    fn note(&self, job: &str, state: State, record: &Record) -> Result<(), DiskError> {
        self.journal.append(record)?;
        self.jobs().insert(job.to_owned(), state);
        Ok(())
    }

    fn jobs(&self) -> MutexGuard<'_, BTreeMap<String, State>> {
        self.jobs.lock().expect("no holder panics")
    }
}

impl Machine {
    /// Takes a job on, once; it is on disk when this returns.
    pub(super) async fn submit(&self, job: String, text: String) -> Result<(), DiskError> {
        if self.coordinator.state(&job) == State::Unknown {
            let record = Record::Submitted(job.clone(), text.clone());
            self.coordinator.note(&job, State::Running, &record)?;
            spawn(self.clone().complete(job, text));
        }
        // A request that came twice is not to be answered before the first one's record is durable.
        self.coordinator.journal.sync().await
    }

    /// Has chunks mapped until every reducer holds all, and adds up.
    pub(super) async fn complete(self, job: String, text: String) {
        let chunks = chunks(&text);
        let counts = loop {
            let (missing, counts) = self.collect(&job, chunks.len()).await;
            match counts {
                Some(counts) if missing.is_empty() => break counts,
                _ => {}
            }
            join_all(missing.iter().map(|&chunk| self.have_mapped(&job, chunk, &chunks[chunk as usize]))).await;
            tokio::time::sleep(PAUSE).await;
        };
        let record = Record::Done(job.clone(), counts.clone());
        let mut kept = self.coordinator.journal.write(&record).await;
        while let Err(error) = kept {
            tracing::error!("{}: the result of {job} is not kept: {error}", self.me);
            tokio::time::sleep(PAUSE).await;
            kept = self.coordinator.journal.write(&record).await;
        }
        self.coordinator.jobs().insert(job, State::Done(counts));
    }

    /// The chunks that some reducer lacks, and the counts of all reducers, if all answered.
    async fn collect(&self, job: &str, chunks: usize) -> (BTreeSet<u32>, Option<Counts>) {
        let request = Request::Collect { job: job.to_owned() };
        let held = join_all(self.everyone.iter().map(|reducer| self.ask(reducer, request.clone(), DEADLINE))).await;
        let (mut missing, mut all) = (BTreeSet::new(), Some(Vec::new()));
        for reply in held {
            let Ok(Reply::Held(held, counts)) = reply else {
                all = None;
                continue;
            };
            missing.extend((0..).take(chunks).filter(|chunk| !held.contains(chunk)));
            all = all.map(|mut all| {
                all.push(counts);
                all
            });
        }
        (missing, all.map(|all| sum(&all)))
    }

    /// Gives a chunk to one worker after another until one says that it is done.
    async fn have_mapped(&self, job: &str, chunk: u32, text: &str) {
        let request = Request::Map { job: job.to_owned(), chunk, text: text.to_owned() };
        for worker in self.everyone.iter().cycle().skip(chunk as usize).take(self.everyone.len()) {
            if let Ok(Reply::Done) = self.ask(worker, request.clone(), MAPPING).await {
                return;
            }
        }
    }
}

//! A node's copy of the links and the journal that keeps it: a change is on the disk before it is answered, and what a peer is
//! told to be seen, before it is told.

use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

use super::link::Link;
use super::replica::{Chunk, Replica};
use super::version::{Actor, Dot, Seen};
use super::{Joining, Rules};
use crate::disk::DiskError;
use crate::journal::{BadJournal, Journal};
use crate::node::Node;
use crate::shortener::Unavailable;

/// The journal is rewritten when it holds this many records more than twice as many as there are links.
const SPARE_RECORDS: usize = 1000;

/// A line of the journal; the state is the last record of each link and the join of all that was seen.
#[derive(Debug, Serialize, Deserialize)]
enum Record {
    Link(String, Link),
    Seen(Seen),
}

/// The durable copy; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Store {
    state: Arc<Mutex<State>>,
    journal: Journal<Record>,
    rules: Rules,
}

#[derive(Debug)]
struct State {
    replica: Replica,
    records: usize,
    /// A sync failed: nobody knows what of the journal is durable until it is rewritten.
    doubtful: bool,
}

impl Store {
    /// Begins a new life of the node, on what its disk kept of the ones before.
    pub(super) fn open(node: &Node, rules: Rules) -> Result<Store, BadJournal> {
        let (lives, begun) = Journal::<u64>::open(&node.disk, "lives")?;
        let life = begun.last().unwrap_or(&0) + 1;
        // Before the first change is signed with it: a life that is forgotten would be lived twice.
        lives.rewrite([&life])?;
        let (journal, records) = Journal::open(&node.disk, "links")?;
        let mut replica = Replica::new(Actor { node: node.id.clone(), life }, node.clock.clone());
        let count = records.len();
        for record in records {
            match record {
                Record::Link(code, link) => replica.store(&code, link),
                Record::Seen(seen) => replica.claim(&seen),
            }
        }
        let state = State { replica, records: count, doubtful: false };
        Ok(Store { state: Arc::new(Mutex::new(state)), journal, rules })
    }

    /// A link as this copy has it.
    pub(super) fn link(&self, code: &str) -> Link {
        self.state().replica.link(code)
    }

    pub(super) fn seen(&self) -> Seen {
        self.state().replica.seen().clone()
    }

    /// What of this copy somebody who has seen `theirs` lacks.
    pub(super) fn newer_than(&self, theirs: &Seen, after: Option<&str>) -> Chunk {
        self.state().replica.newer_than(theirs, after)
    }

    /// Changes a link under a new dot, durably; `change` says with an `Err` that there is nothing to change.
    pub(super) async fn change<T>(
        &self,
        code: &str,
        change: impl FnOnce(&mut Link, Dot) -> Result<T, T>,
    ) -> Result<T, Unavailable> {
        let answer = {
            let mut state = self.state();
            let (mut link, dot) = (state.replica.link(code), state.replica.next_dot());
            let answer = match change(&mut link, dot) {
                Ok(answer) => answer,
                Err(answer) => return Ok(answer),
            };
            self.append(&mut state, &Record::Link(code.to_owned(), link.clone()))
                .map_err(|error| nothing_written(&error))?;
            state.replica.change(code, link);
            answer
        };
        self.sync().await.map_err(|error| Unavailable::MayTakeEffect(error.to_string()))?;
        Ok(answer)
    }

    /// Joins links that a peer sent with this copy.
    pub(super) fn absorb(&self, links: Vec<(String, Link)>) -> Result<(), DiskError> {
        let mut state = self.state();
        for (code, theirs) in links {
            let ours = state.replica.link(&code);
            let joined = match self.rules.joining {
                Joining::Merge => ours.merged(&theirs),
                Joining::Replace => theirs,
                Joining::AddCounts => ours.merged_adding_counts(&theirs),
                Joining::KeepRemoved => ours.merged_keeping_removed(&theirs),
            };
            if joined != ours {
                self.append(&mut state, &Record::Link(code.clone(), joined.clone()))?;
                state.replica.store(&code, joined);
            }
        }
        Ok(())
    }

    /// Takes note, durably, that all that `seen` covers was absorbed. Only then are others told so: what a copy claims
    /// to have seen nobody will send it again.
    pub(super) async fn claim(&self, seen: Seen) -> Result<(), DiskError> {
        if self.state().replica.seen().includes(&seen) {
            return Ok(());
        }
        self.append(&mut self.state(), &Record::Seen(seen.clone()))?;
        self.sync().await?;
        self.state().replica.claim(&seen);
        Ok(())
    }

    fn append(&self, state: &mut State, record: &Record) -> Result<(), DiskError> {
        if state.doubtful || state.records > 2 * state.replica.links().len() + SPARE_RECORDS {
            self.rewrite(state)?;
        }
        self.journal.append(record)?;
        state.records += 1;
        Ok(())
    }

    /// Puts one record for each link in the place of all.
    fn rewrite(&self, state: &mut State) -> Result<(), DiskError> {
        let links = state.replica.links().iter().map(|(code, link)| Record::Link(code.clone(), link.clone()));
        let records: Vec<Record> = links.chain([Record::Seen(state.replica.seen().clone())]).collect();
        self.journal.rewrite(&records)?;
        state.records = records.len();
        state.doubtful = false;
        Ok(())
    }

    async fn sync(&self) -> Result<(), DiskError> {
        if !self.rules.sync_first {
            return Ok(());
        }
        let synced = self.journal.sync().await;
        self.state().doubtful |= synced.is_err();
        synced
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

/// What could not even be appended did not happen.
fn nothing_written(error: &DiskError) -> Unavailable {
    Unavailable::NoEffect(error.to_string())
}

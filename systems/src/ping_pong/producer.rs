//! A producer: how many pings this node has sent.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::disk::{Disk, DiskError};
use crate::journal::{BadJournal, Journal};

/// The producer; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Producer {
    state: Arc<Mutex<State>>,
    /// Where the count is kept, if it is to survive.
    journal: Option<Journal<u64>>,
}

#[derive(Debug, Default)]
struct State {
    count: u64,
    /// To whom the count is being sent.
    telling: BTreeSet<Arc<str>>,
}

impl Producer {
    /// Counts on from what the disk kept, if it keeps anything.
    pub(super) fn open(disk: &Disk, durable: bool) -> Result<Producer, BadJournal> {
        let (journal, counts) = Journal::open(disk, "producer")?;
        let count = counts.last().copied().unwrap_or_default();
        let state = State { count, ..State::default() };
        Ok(Producer { state: Arc::new(Mutex::new(state)), journal: durable.then_some(journal) })
    }

    pub(super) fn count(&self) -> u64 {
        self.state().count
    }

    /// Counts a ping, durably before anybody can hear of it: a count that was sent must never be sent for another ping.
    pub(super) fn ping(&self) -> Result<u64, DiskError> {
        let mut state = self.state();
        let count = state.count + 1;
        if let Some(journal) = &self.journal {
            journal.rewrite([&count])?;
        }
        state.count = count;
        Ok(count)
    }

    /// Whether it is to be sent to `other` now; whoever is already doing so sees a new count by itself.
    pub(super) fn begin_telling(&self, other: &Arc<str>) -> bool {
        self.state().telling.insert(other.clone())
    }

    pub(super) fn end_telling(&self, other: &Arc<str>) {
        self.state().telling.remove(other);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

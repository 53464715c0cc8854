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
    /// The pings so far; the last of them may not be durable yet.
    counted: u64,
    /// Those that others may hear of.
    count: u64,
    /// To whom the count is being sent.
    telling: BTreeSet<Arc<str>>,
}

impl Producer {
    /// Counts on from what the disk kept, if it keeps anything.
    pub(super) fn open(disk: &Disk, durable: bool) -> Result<Producer, BadJournal> {
        let (journal, counts) = Journal::open(disk, "producer")?;
        let count = counts.last().copied().unwrap_or_default();
        journal.rewrite([&count])?;
        let state = State { counted: count, count, ..State::default() };
        Ok(Producer { state: Arc::new(Mutex::new(state)), journal: durable.then_some(journal) })
    }

    pub(super) fn count(&self) -> u64 {
        self.state().count
    }

    /// Counts a ping, durably before anybody can hear of it: a count that was sent must never be sent for another ping.
    pub(super) async fn ping(&self) -> Result<u64, DiskError> {
        let counted = self.counted()?;
        if let Some(journal) = &self.journal {
            journal.sync().await?;
        }
        let mut state = self.state();
        state.count = state.count.max(counted);
        Ok(counted)
    }

    /// The number of the next ping, appended to the journal.
    fn counted(&self) -> Result<u64, DiskError> {
        let mut state = self.state();
        let counted = state.counted + 1;
        if let Some(journal) = &self.journal {
            journal.append(&counted)?;
        }
        state.counted = counted;
        Ok(counted)
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

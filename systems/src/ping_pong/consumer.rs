//! A consumer: the latest count of every producer that this node has heard of.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::disk::{Disk, DiskError};
use crate::journal::{BadJournal, Journal};

/// Counts by their producers.
type Counts = BTreeMap<Arc<str>, u64>;

/// The consumer; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Consumer {
    counts: Arc<Mutex<Counts>>,
    /// Where the counts are kept, if they are to survive.
    journal: Option<Journal<Counts>>,
}

impl Consumer {
    /// Begins with what the disk kept, if it keeps anything.
    pub(super) fn open(disk: &Disk, durable: bool) -> Result<Consumer, BadJournal> {
        let (journal, mut kept) = Journal::open(disk, "consumer")?;
        let counts = kept.pop().unwrap_or_default();
        Ok(Consumer { counts: Arc::new(Mutex::new(counts)), journal: durable.then_some(journal) })
    }

    /// Takes note of a producer's count. Counts only grow, so a lower one is an old one.
    pub(super) fn note(&self, producer: &Arc<str>, count: u64) -> Result<(), DiskError> {
        let mut counts = self.counts();
        if counts.get(producer).is_some_and(|&known| known >= count) {
            return Ok(());
        }
        let mut noted = counts.clone();
        noted.insert(producer.clone(), count);
        if let Some(journal) = &self.journal {
            journal.rewrite([&noted])?;
        }
        *counts = noted;
        Ok(())
    }

    /// The count of one producer; zero if it was never heard of.
    pub(super) fn count(&self, producer: &str) -> u64 {
        self.counts().get(producer).copied().unwrap_or_default()
    }

    /// The sum over all producers.
    pub(super) fn total(&self) -> u64 {
        self.counts().values().sum()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().expect("no holder panics")
    }
}

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
    state: Arc<Mutex<State>>,
    /// Where the counts are kept, if they are to survive.
    journal: Option<Journal<Counts>>,
}

#[derive(Debug, Default)]
struct State {
    /// What this node has heard; the last of it may not be durable yet.
    heard: Counts,
    /// What it shows.
    shown: Counts,
}

impl Consumer {
    /// Begins with what the disk kept, if it keeps anything.
    pub(super) fn open(disk: &Disk, durable: bool) -> Result<Consumer, BadJournal> {
        let (journal, mut kept) = Journal::open(disk, "consumer")?;
        let counts: Counts = kept.pop().unwrap_or_default();
        journal.rewrite([&counts])?;
        let state = State { heard: counts.clone(), shown: counts };
        Ok(Consumer { state: Arc::new(Mutex::new(state)), journal: durable.then_some(journal) })
    }

    /// Takes note of a producer's count: durably, before it is shown. Counts only grow, so a lower one is an old one.
    pub(super) async fn note(&self, producer: &Arc<str>, count: u64) -> Result<(), DiskError> {
        self.hear(producer, count)?;
        if let Some(journal) = &self.journal {
            journal.sync().await?;
        }
        raise(&mut self.state().shown, producer, count);
        Ok(())
    }

    fn hear(&self, producer: &Arc<str>, count: u64) -> Result<(), DiskError> {
        let mut state = self.state();
        let mut heard = state.heard.clone();
        if raise(&mut heard, producer, count) {
            if let Some(journal) = &self.journal {
                journal.append(&heard)?;
            }
            state.heard = heard;
        }
        Ok(())
    }

    /// The count of one producer; zero if it was never heard of.
    pub(super) fn count(&self, producer: &str) -> u64 {
        self.state().shown.get(producer).copied().unwrap_or_default()
    }

    /// The sum over all producers.
    pub(super) fn total(&self) -> u64 {
        self.state().shown.values().sum()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

/// Raises the count of `producer`; `false` if it is as high already.
fn raise(counts: &mut Counts, producer: &Arc<str>, count: u64) -> bool {
    let known = counts.entry(producer.clone()).or_default();
    let is_news = *known < count;
    *known = count.max(*known);
    is_news
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::disk::Platter;
    use crate::ping_pong::producer::Producer;

    #[tokio::test(start_paused = true)]
    async fn what_is_shown_or_sent_is_durable_and_counts_that_come_together_share_a_sync() {
        let sync = Duration::from_millis(6);
        let platter = Platter::with_syncs_of(sync);
        let (producer, consumer) =
            (Producer::open(&platter.disk(), true).unwrap(), Consumer::open(&platter.disk(), true).unwrap());
        let (a, b) = ("a".into(), "b".into());
        let before = tokio::time::Instant::now();
        let looking = async {
            tokio::time::sleep(sync / 2).await;
            (producer.count(), consumer.total())
        };
        let noted = tokio::join!(producer.ping(), producer.ping(), consumer.note(&a, 3), consumer.note(&b, 4), looking);
        assert_eq!(noted, (Ok(1), Ok(2), Ok(()), Ok(()), (0, 0)));
        assert_eq!((before.elapsed(), producer.count(), consumer.total()), (sync, 2, 7));
        platter.lose_unsynced();
        let (producer, consumer) = (Producer::open(&platter.disk(), true), Consumer::open(&platter.disk(), true));
        assert_eq!((producer.unwrap().count(), consumer.unwrap().total()), (2, 7));
    }
}

//! A reducer: the counts that were delivered to this node. They are in memory only; the chunks are on the coordinator's disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use super::words::{Counts, sum};

/// By what a delivery is told from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyed {
    /// By its chunk.
    ByChunk,
    /// By its place among all deliveries: each is another.
    ByArrival,
}

/// The deliveries of one job.
type Deliveries = BTreeMap<u32, Counts>;

/// The reducer; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Reducer {
    jobs: Arc<Mutex<BTreeMap<String, Deliveries>>>,
    keyed: Keyed,
}

impl Reducer {
    pub(super) fn new(keyed: Keyed) -> Reducer {
        Reducer { jobs: Arc::default(), keyed }
    }

    /// Takes what a worker counted in a chunk.
    pub(super) fn deliver(&self, job: &str, chunk: u32, counts: Counts) {
        let mut jobs = self.jobs();
        let deliveries = jobs.entry(job.to_owned()).or_default();
        let key = match self.keyed {
            Keyed::ByChunk => chunk,
            Keyed::ByArrival => u32::try_from(deliveries.len()).unwrap_or(u32::MAX),
        };
        deliveries.insert(key, counts);
    }

    /// Which deliveries it has of a job, and what they come to.
    pub(super) fn held(&self, job: &str) -> (BTreeSet<u32>, Counts) {
        let jobs = self.jobs();
        let Some(deliveries) = jobs.get(job) else { return (BTreeSet::new(), Counts::new()) };
        (deliveries.keys().copied().collect(), sum(deliveries.values()))
    }

    fn jobs(&self) -> MutexGuard<'_, BTreeMap<String, Deliveries>> {
        self.jobs.lock().expect("no holder panics")
    }
}

#[cfg(test)]
mod tests {
    use super::{Keyed, Reducer};
    use crate::map_reduce::words::count;

    #[test]
    fn what_comes_twice_counts_once_by_its_chunk_and_twice_by_its_arrival() {
        for (keyed, counted) in [(Keyed::ByChunk, 3), (Keyed::ByArrival, 5)] {
            let reducer = Reducer::new(keyed);
            for (chunk, words) in [(0, "a a"), (1, "a"), (0, "a a")] {
                reducer.deliver("job", chunk, count(words));
            }
            assert_eq!(reducer.held("job").1["a"], counted, "{keyed:?}");
        }
    }
}

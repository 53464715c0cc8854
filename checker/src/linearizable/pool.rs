//! A few workers over many independent objects. The results are in the objects' order, whoever was faster.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many workers so many pieces of work keep busy.
pub(crate) fn workers(pieces: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    pieces.clamp(1, cores)
}

/// What `work` has to say of the numbers below `pieces`, in their order.
pub(crate) fn collect<R: Send>(pieces: usize, workers: usize, work: impl Fn(usize) -> Option<R> + Sync) -> Vec<R> {
    /// Pieces that a worker takes at once: an atomic operation each would cost more than a short history.
    const BATCH: usize = 64;
    let batch = (pieces / workers / 4).clamp(1, BATCH);
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut said: Vec<(usize, R)> = Vec::new();
        loop {
            let first = next.fetch_add(batch, Ordering::Relaxed);
            if first >= pieces {
                return said;
            }
            said.extend((first..pieces.min(first + batch)).filter_map(|at| Some((at, work(at)?))));
        }
    };
    let mut all = Vec::new();
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(worker)).collect();
        all.extend(worker());
        for other in others {
            all.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    all.sort_unstable_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, result)| result).collect()
}

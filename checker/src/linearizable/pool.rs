//! A few workers over many independent objects. The results are in the objects' order, whoever was faster.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many workers so many pieces of work keep busy.
pub(crate) fn workers(pieces: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    pieces.clamp(1, cores)
}

/// `work` of every number below `pieces`, in order.
pub(crate) fn map<R: Send>(pieces: usize, workers: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    /// Pieces that a worker takes at once: an atomic operation each would cost more than a short history.
    const BATCH: usize = 64;
    if workers < 2 {
        return (0..pieces).map(work).collect();
    }
    let batch = (pieces / workers / 4).clamp(1, BATCH);
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done: Vec<(usize, R)> = Vec::new();
        loop {
            let first = next.fetch_add(batch, Ordering::Relaxed);
            if first >= pieces {
                return done;
            }
            done.extend((first..pieces.min(first + batch)).map(|at| (at, work(at))));
        }
    };
    let mut all: Vec<(usize, R)> = Vec::with_capacity(pieces);
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

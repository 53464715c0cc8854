//! Doing something for every seed, several at a time, with results in the order of the seeds.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use indicatif::{ProgressBar, ProgressStyle};

use super::interrupt;

/// Does `work` for every seed, `jobs` at a time, and hands the results to `take` in the order of the seeds. `take` says
/// whether to go on; after a no or an interrupt no more are begun, and what is under way is still taken.
pub(super) fn in_order<T: Send>(
    seeds: Range<u64>,
    jobs: usize,
    work: impl Fn(u64) -> T + Sync,
    mut take: impl FnMut(u64, T) -> bool,
) {
    let next = AtomicUsize::new(0);
    let stopped = std::sync::atomic::AtomicBool::new(false);
    let (sender, receiver) = mpsc::sync_channel(jobs);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, next, stopped, work, seeds) = (sender.clone(), &next, &stopped, &work, seeds.clone());
            scope.spawn(move || {
                while !interrupt::came()
                    && !stopped.load(Ordering::Relaxed)
                    && let Some(seed) = seeds.start.checked_add(next.fetch_add(1, Ordering::Relaxed) as u64)
                    && seed < seeds.end
                    && sender.send((seed, work(seed))).is_ok()
                {}
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut due = seeds.start;
        for (seed, result) in receiver {
            waiting.insert(seed, result);
            while let Some(result) = waiting.remove(&due) {
                if !take(due, result) {
                    stopped.store(true, Ordering::Relaxed);
                }
                due += 1;
            }
        }
    });
}

/// Shown on a terminal only, and for several seeds only.
pub(super) fn progress(total: u64) -> ProgressBar {
    if total == 1 {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{bar:30} {pos}/{len} runs, {eta} left").expect("the template is well formed");
    ProgressBar::new(total).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_seeds_until_one_says_stop() {
        let mut taken = Vec::new();
        in_order(
            3..40,
            4,
            |seed| seed * seed,
            |seed, square| {
                taken.push((seed, square));
                true
            },
        );
        assert_eq!(taken, (3..40).map(|seed| (seed, seed * seed)).collect::<Vec<_>>());
        let mut count = 0;
        in_order(
            0..1_000_000,
            4,
            |seed| seed,
            |_, _| {
                count += 1;
                false
            },
        );
        assert!((1..1000).contains(&count), "{count}");
    }
}

//! The gallery: counterexamples that are shrunk as far as a number of runs allows. A bound on time would give another
//! result on another machine; this one gives the same bytes everywhere.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::shrink::{Failed, Options, Shrunk, shrink};
use crate::signature::Signature;
use crate::trial::Trial;

/// Shrinks `trial`, which shows `signature`, asking about at most `most` candidates. One at a time: which candidates are
/// asked about before the bound is reached would depend on the number of jobs otherwise. `stop` ends it early.
pub fn smallest(
    trial: Trial,
    signature: &Signature,
    most: usize,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Shrunk, Failed> {
    let asked = AtomicUsize::new(0);
    let options = Options {
        jobs: 1,
        budget: Duration::MAX,
        stop: &|| asked.fetch_add(1, Ordering::Relaxed) >= most || stop(),
        progress: &|_, _| (),
    };
    shrink(trial, signature, &options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use crate::plan::Config;
    use crate::registry::Registry;
    use crate::shrink::Size;

    #[test]
    fn the_bound_on_candidates_gives_the_same_plan_every_time() {
        let config = Config {
            system: "redis-stale-cache".into(),
            nemesis: "none".into(),
            time_limit: Duration::from_secs(2),
            ..Config::default()
        };
        let case = || Case::draw(0, &config, &Registry::builtin()).expect("the names are known");
        let of = |most| {
            let trial = Trial::of(case()).expect("no Redis is needed");
            let signature = trial.signatures().into_iter().next().expect("the planted bug shows in seed 0");
            smallest(trial, &signature, most, &|| false).expect("it shrinks")
        };
        let (one, other) = (of(6), of(6));
        assert_eq!(one.trial.case.plan, other.trial.case.plan);
        assert!(!one.is_minimal && one.runs <= 6, "{} runs", one.runs);
        let full = Size::of(&case());
        assert!(Size::of(&one.trial.case).operations < full.operations);
    }
}

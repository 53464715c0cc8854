//! Evidence: the fewest calls that already contradict linearizability, and why, in words.
//!
//! Calls are removed while what is left stays illegal, but only such as could be left out of any legal history: single
//! reads, and a model's bundles (a value's writes with all that saw it). So a removal can't create a contradiction, and
//! what is left contradicts the whole. All of it is bounded by configurations, not by time: same history, same evidence.

use super::call::{Call, PENDING};
use super::general::{self, Answer, Stuck};
use super::limits::{Budget, Limits};
use crate::Evidence;
use crate::models::{Calls, Model, Specification};

/// Searches that one minimisation may make.
const TRIES: usize = 2_000;

type Decoded<S> = Vec<Call<<<S as Specification>::Model as Model>::Op, <<S as Specification>::Model as Model>::Ret>>;

/// Explains why `calls` are illegal; `None` if within the budget they can't be shown to be.
pub(crate) fn explain<S: Specification>(
    specification: &S,
    calls: &Calls<S::Model>,
    budget: &Budget,
) -> Option<Evidence> {
    let stuck = refute(specification, calls, budget)?;
    explain_stuck(specification, calls, &stuck, budget)
}

/// The same, from where the search got stuck.
pub(crate) fn explain_stuck<S: Specification>(
    specification: &S,
    calls: &Calls<S::Model>,
    stuck: &Stuck<S::Model>,
    budget: &Budget,
) -> Option<Evidence> {
    let calls = minimise(specification, cut::<S>(calls, calls[stuck.culprit].ret), budget);
    let stuck = refute(specification, &calls, budget)?;
    Some(in_words(specification, &calls, &stuck))
}

fn refute<S: Specification>(specification: &S, calls: &Calls<S::Model>, budget: &Budget) -> Option<Stuck<S::Model>> {
    let needless = specification.needless(calls);
    match general::search(&specification.initial(), calls, &needless, budget) {
        Answer::Not(stuck) => Some(stuck),
        Answer::Linearizable | Answer::Unknown(_) => None,
    }
}

/// The history up to a return: what was open then is pending.
fn cut<S: Specification>(calls: &Calls<S::Model>, end: u64) -> Decoded<S> {
    let before = calls.iter().filter(|call| call.call <= end).cloned();
    before
        .map(|call| if call.ret > end { Call { ret: PENDING, ret_value: None, ..call } } else { call })
        .filter(|call| !(call.is_pending() && S::Model::is_read(&call.op, None)))
        .collect()
}

/// Removes bundles of calls, many at once as long as that works, then one by one.
fn minimise<S: Specification>(specification: &S, mut calls: Decoded<S>, budget: &Budget) -> Decoded<S> {
    let needless = specification.needless(&calls);
    let mut needless = needless.iter();
    calls.retain(|_| !needless.next().is_some_and(|needless| *needless));
    let mut tries = 0;
    let mut chunk = usize::MAX;
    while chunk > 0 && tries < TRIES {
        let bundles = bundles(specification, &calls);
        chunk = chunk.min(bundles.len().div_ceil(2));
        let mut from = 0;
        let mut smaller = false;
        let mut gone = vec![false; calls.len()];
        while from < bundles.len() && tries < TRIES {
            let to = (from + chunk).min(bundles.len());
            let mut without = gone.clone();
            bundles[from..to].iter().flatten().for_each(|&i| without[i] = true);
            let left: Decoded<S> = (0..calls.len()).filter(|&i| !without[i]).map(|i| calls[i].clone()).collect();
            tries += 1;
            if without != gone && left.len() < calls.len() && refute(specification, &left, budget).is_some() {
                gone = without;
                smaller = true;
            }
            from = to;
        }
        let mut gone = gone.iter();
        calls.retain(|_| !gone.next().is_some_and(|gone| *gone));
        if chunk == 1 && !smaller {
            break;
        }
        chunk = if chunk == 1 { 1 } else { chunk / 2 };
    }
    calls
}

/// What can be left out, the oldest first; the bundles before the single reads that are in them.
fn bundles<S: Specification>(specification: &S, calls: &Calls<S::Model>) -> Vec<Vec<usize>> {
    let is_read = |call: &Call<_, _>| S::Model::is_read(&call.op, call.ret_value.as_ref());
    let single = (0..calls.len()).filter(|&i| is_read(&calls[i])).map(|i| vec![i]);
    let mut bundles = specification.bundles(calls);
    bundles.extend(single);
    bundles.sort_by_key(|bundle| (bundle.first().copied(), std::cmp::Reverse(bundle.len())));
    bundles
}

fn in_words<S: Specification>(specification: &S, calls: &Calls<S::Model>, stuck: &Stuck<S::Model>) -> Evidence {
    let culprit = &calls[stuck.culprit];
    let say = |call: &Call<_, _>| specification.say(&call.op, call.ret_value.as_ref());
    let mut legal: Vec<String> = stuck.states.iter().map(|state| state.legal(&culprit.op)).collect();
    legal.sort();
    legal.dedup();
    let mut steps: Vec<String> = calls.iter().map(|call| step(calls, call, &say(call))).collect();
    steps.push(format!(
        "no order of these that keeps what came before what explains #{}: {}",
        culprit.index,
        say(culprit)
    ));
    let observer = S::Model::is_read(&culprit.op, culprit.ret_value.as_ref());
    let anomaly = if !observer {
        "non-linearizable"
    } else if calls.len() == 1 {
        "never-written"
    } else {
        "stale-read"
    };
    let expected = if legal.is_empty() { String::new() } else { format!("; legal there: {}", legal.join(", ")) };
    Evidence {
        anomaly: anomaly.to_owned(),
        summary: format!("#{} ({}) can't be put into any legal order{expected}", culprit.index, say(culprit)),
        operations: calls.iter().map(|call| call.index).collect(),
        steps,
        culprit: Some(culprit.index),
        legal,
        key: String::new(),
    }
}

/// One call, and which of the others it came after.
fn step<Op, Ret>(calls: &[Call<Op, Ret>], call: &Call<Op, Ret>, said: &str) -> String {
    let before = calls.iter().filter(|other| other.ret < call.call).max_by_key(|other| other.ret);
    let when = before.map_or(String::new(), |other| format!(", invoked after #{} had returned", other.index));
    let open = if call.is_pending() { ", and had not returned when the contradiction was seen" } else { "" };
    format!("#{}: {said}{when}{open}", call.index)
}

/// The budget for explaining: bounded by configurations alone, so that it does not depend on how fast the machine is.
pub(crate) fn budget(limits: &Limits) -> Budget {
    let states = limits.states.min(1_000_000);
    Budget::start(Limits { states, time: std::time::Duration::MAX, ..*limits })
}

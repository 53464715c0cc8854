//! Evidence: the fewest calls that already contradict linearizability, and why, in words.
//!
//! Calls are removed while what is left stays illegal, but only such as could be left out of any legal history: single
//! reads, and a model's bundles (a value's writes with all that saw it). So a removal can't create a contradiction, and
//! what is left contradicts the whole. All of it is bounded by effort, not by time: same history, same evidence. When that
//! is over, what is left then is the evidence: more than is needed, but as true.

use std::time::Duration;

use super::call::{Call, PENDING};
use super::general::{self, Answer, Stuck};
use super::limits::{Budget, Limits};
use crate::Evidence;
use crate::models::{Calls, Model, Specification};

/// Searches that one minimisation may make.
const TRIES: usize = 2_000;
/// What a check may spend on evidence: some tenths of a second.
const EFFORT: u64 = 30_000_000;
/// And one try on a part of what is left, so that a hard one does not end all.
const TRY: u64 = 4;
/// And on each of its objects at least this, or a thousand bad ones would all go without.
const LEAST: u64 = 10_000;
/// As many legal values are in the sentence; all that were looked at are in the evidence.
const SHOWN: usize = 3;
/// As many operations are told one by one.
const TOLD: usize = 200;

type Decoded<S> = Vec<Call<<<S as Specification>::Model as Model>::Op, <<S as Specification>::Model as Model>::Ret>>;

/// What is left of the means to explain one contradiction.
pub(crate) struct Means {
    budget: Budget,
    effort: u64,
}

impl Means {
    /// For one object of a check.
    pub(crate) fn of(budget: &Budget) -> Means {
        let effort = (EFFORT / budget.objects).max(LEAST);
        Means { budget: Budget::start(Limits { time: Duration::MAX, ..budget.limits }), effort }
    }

    /// Whether `calls` are illegal, if a `share` of what is left tells that.
    fn refute<S: Specification>(
        &mut self,
        specification: &S,
        calls: &Calls<S::Model>,
        share: u64,
    ) -> Option<Stuck<S::Model>> {
        // a specification looks at all calls, by the values in them
        self.effort = self.effort.saturating_sub(2 * calls.len() as u64);
        let needless = specification.needless(calls);
        let initial = specification.initial();
        let most = self.effort / share;
        let mut left = most;
        let answer = general::search_within(&initial, calls, &needless, &self.budget, &mut left);
        self.effort -= most - left;
        match answer {
            Answer::Not(stuck) => Some(stuck),
            Answer::Linearizable | Answer::Unknown(_) => None,
        }
    }
}

/// Explains why `calls` are illegal; `None` if with these means they can't be shown to be.
pub(crate) fn explain<S: Specification>(
    specification: &S,
    calls: &Calls<S::Model>,
    means: &mut Means,
) -> Option<Evidence> {
    let stuck = means.refute(specification, calls, 1)?;
    Some(explain_stuck(specification, calls, stuck, means))
}

/// The same, from where the search got stuck.
pub(crate) fn explain_stuck<S: Specification>(
    specification: &S,
    calls: &Calls<S::Model>,
    mut stuck: Stuck<S::Model>,
    means: &mut Means,
) -> Evidence {
    let culprit = calls[stuck.culprit].index;
    let left = cut::<S>(calls, calls[stuck.culprit].ret);
    stuck.culprit = left.iter().position(|call| call.index == culprit).expect("it returned in time");
    let (left, stuck) = minimise(specification, left, stuck, means);
    in_words(specification, &left, &stuck)
}

/// The history up to a return: what was open then is pending.
fn cut<S: Specification>(calls: &Calls<S::Model>, end: u64) -> Decoded<S> {
    let before = calls.iter().filter(|call| call.call <= end).cloned();
    before
        .map(|call| if call.ret > end { Call { ret: PENDING, ret_value: None, ..call } } else { call })
        .filter(|call| !(call.is_pending() && S::Model::is_read(&call.op, None)))
        .collect()
}

/// Removes bundles of calls, many at once as long as that works, then one by one. Gives what is left and where its search
/// gets stuck.
fn minimise<S: Specification>(
    specification: &S,
    mut calls: Decoded<S>,
    mut stuck: Stuck<S::Model>,
    means: &mut Means,
) -> (Decoded<S>, Stuck<S::Model>) {
    let needless = specification.needless(&calls);
    stuck.culprit -= needless[..stuck.culprit].iter().filter(|needless| **needless).count();
    let mut needless = needless.iter();
    calls.retain(|_| !needless.next().is_some_and(|needless| *needless));
    let mut tries = 0;
    let mut chunk = usize::MAX;
    while chunk > 0 && tries < TRIES && means.effort > 0 {
        let bundles = bundles(specification, &calls);
        chunk = chunk.min(bundles.len().div_ceil(2));
        let (mut gone, mut smaller) = (vec![false; calls.len()], false);
        for some in bundles.chunks(chunk.max(1)) {
            if tries == TRIES || means.effort == 0 {
                break;
            }
            let mut without = gone.clone();
            some.iter().flatten().for_each(|&i| without[i] = true);
            let left = without_those::<S>(&calls, &without);
            tries += 1;
            if without == gone || left.len() == calls.len() {
                continue;
            }
            if let Some(still) = means.refute(specification, &left, TRY) {
                (gone, stuck, smaller) = (without, still, true);
            }
        }
        calls = without_those::<S>(&calls, &gone);
        if chunk == 1 && !smaller {
            break;
        }
        chunk = if chunk == 1 { 1 } else { chunk / 2 };
    }
    (calls, stuck)
}

fn without_those<S: Specification>(calls: &Calls<S::Model>, gone: &[bool]) -> Decoded<S> {
    calls.iter().zip(gone).filter(|(_, gone)| !**gone).map(|(call, _)| call.clone()).collect()
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
    let observer = S::Model::is_read(&culprit.op, culprit.ret_value.as_ref());
    if observer && calls.len() == 1 {
        return never_written(culprit, &say(culprit));
    }
    let mut legal: Vec<String> = stuck.states.iter().map(|state| state.legal(&culprit.op)).collect();
    legal.sort();
    legal.dedup();
    let mut steps: Vec<String> = if calls.len() > TOLD {
        vec![format!("{} operations, too many to be told one by one", calls.len())]
    } else {
        calls.iter().map(|call| step(calls, call, &say(call))).collect()
    };
    steps.push(format!(
        "no order of these that keeps what came before what explains #{}: {}",
        culprit.index,
        say(culprit)
    ));
    let anomaly = if observer { "stale-read" } else { "non-linearizable" };
    let mut shown = legal.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if legal.len() > SHOWN {
        shown = format!("{shown} and {} more", legal.len() - SHOWN);
    }
    let expected = if legal.is_empty() { String::new() } else { format!("; the others leave only {shown} legal") };
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

/// A read that needs no other operation to be wrong: all that could have written what it shows came too late.
fn never_written<Op, Ret>(read: &Call<Op, Ret>, said: &str) -> Evidence {
    let why = "shows what no other operation had written by then";
    Evidence {
        anomaly: "never-written".to_owned(),
        summary: format!("#{} ({said}) {why}", read.index),
        operations: vec![read.index],
        steps: vec![format!("#{}: {said}, which {why}", read.index)],
        culprit: Some(read.index),
        ..Evidence::default()
    }
}

/// One call, and which of the others it came after, leaving out those that others of these already came after.
fn step<Op, Ret>(calls: &[Call<Op, Ret>], call: &Call<Op, Ret>, said: &str) -> String {
    let before = || calls.iter().filter(|other| other.ret < call.call);
    let last_began = before().map(|other| other.call).max().unwrap_or_default();
    let last: Vec<String> =
        before().filter(|other| other.ret >= last_began).map(|other| format!("#{}", other.index)).collect();
    let when =
        if last.is_empty() { String::new() } else { format!(", invoked after {} had returned", last.join(" and ")) };
    let open = if call.is_pending() { ", and had not returned when the contradiction was seen" } else { "" };
    format!("#{}: {said}{when}{open}", call.index)
}

//! A job that only one leader at a time may do: no two leaders both act, and what they do builds on what was done before.
//!
//! Every act answers the leader's token, the number that it gave out, and who acted. Tokens and numbers never fall behind
//! those of an act that was answered before it began (real time, as in linearizability; numbers may have gaps), no number is
//! given out twice, and a token is one node's. Source: fencing tokens, Kleppmann, "How to do distributed locking", 2016.

use std::collections::BTreeMap;

use crate::history::{Operation, Unpaired};
use crate::{Cause, Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker: `act` answers `[token number node]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leader;

/// An answered act.
struct Act<'h> {
    operation: Operation<'h>,
    token: i64,
    number: i64,
    by: &'h Value,
}

impl Act<'_> {
    fn index(&self) -> u64 {
        self.operation.index()
    }
}

/// The answered acts in the order of their invocations, and why the first that means nothing means nothing.
fn acts(history: &History) -> Result<(Vec<Act<'_>>, Option<String>), Unpaired> {
    let (mut acts, mut unreadable) = (Vec::new(), None);
    for operation in history.operations()? {
        let ("act", Outcome::Ok(answer)) = (operation.f(), operation.outcome()) else { continue };
        if let Some([Value::Int(token), Value::Int(number), by]) = answer.as_list() {
            acts.push(Act { operation, token: *token, number: *number, by });
        } else {
            let why = format!("#{} answers {answer}, not [token number node]", operation.index());
            unreadable = unreadable.or(Some(why));
        }
    }
    Ok((acts, unreadable))
}

/// The first act that shows less than one that was answered before it began, after that one.
fn behind<'a, 'h>(acts: &'a [Act<'h>], shown: impl Fn(&Act<'h>) -> i64) -> Option<[&'a Act<'h>; 2]> {
    let mut by_end: Vec<&Act<'_>> = acts.iter().collect();
    by_end.sort_by_key(|act| act.operation.completed_at);
    let mut ended = by_end.into_iter().peekable();
    let mut highest: Option<&Act<'_>> = None;
    acts.iter().find_map(|act| {
        while let Some(before) = ended.next_if(|one| one.operation.completed_at < Some(act.operation.invoked_at)) {
            highest = highest.filter(|highest| shown(highest) >= shown(before)).or(Some(before));
        }
        highest.filter(|highest| shown(highest) > shown(act)).map(|highest| [highest, act])
    })
}

/// The first act whose number follows one that was given out with a newer token, after that one: numbers say who built on whom.
fn overtaken<'a, 'h>(acts: &'a [Act<'h>]) -> Option<[&'a Act<'h>; 2]> {
    let mut by_number: Vec<&Act<'_>> = acts.iter().collect();
    by_number.sort_by_key(|act| act.number);
    by_number.windows(2).find_map(|pair| {
        let [before, after] = [pair[0], pair[1]];
        let built_upon = after.operation.completed_at >= Some(before.operation.invoked_at);
        (before.number < after.number && before.token > after.token && built_upon).then_some([before, after])
    })
}

/// The first act that has the same `key` as an earlier one that it `clashes` with, after that one.
fn clash<'a, 'h>(
    acts: &'a [Act<'h>],
    key: impl Fn(&Act<'h>) -> i64,
    clashes: impl Fn(&Act<'h>, &Act<'h>) -> bool,
) -> Option<[&'a Act<'h>; 2]> {
    let mut first: BTreeMap<i64, &Act<'_>> = BTreeMap::new();
    acts.iter().find_map(|act| {
        let earlier = *first.entry(key(act)).or_insert(act);
        (earlier.index() != act.index() && clashes(earlier, act)).then_some([earlier, act])
    })
}

fn contradictions(acts: &[Act<'_>]) -> Vec<Evidence> {
    let told = |anomaly, pair: Option<[&Act<'_>; 2]>, why: fn(&[&Act<'_>; 2]) -> String| {
        pair.map(|pair| evidence(anomaly, &pair, why(&pair)))
    };
    let deposed = told("two-leaders", behind(acts, |act| act.token), |[newer, deposed]| {
        format!(
            "#{}: {} acts with token {}, after {} had acted with the newer token {} in #{}",
            deposed.index(),
            deposed.by,
            deposed.token,
            newer.by,
            newer.token,
            newer.index()
        )
    });
    let overtaken = told("two-leaders", overtaken(acts), |[newer, deposed]| {
        format!(
            "#{}: {} acts with token {} and gives out {}, which follows the {} that {} gave out with the newer token {} in #{}",
            deposed.index(),
            deposed.by,
            deposed.token,
            deposed.number,
            newer.number,
            newer.by,
            newer.token,
            newer.index()
        )
    });
    let shared = told("two-leaders", clash(acts, |act| act.token, |a, b| a.by != b.by), |[a, b]| {
        format!("{} acts in #{} and {} in #{}, both with token {}", a.by, a.index(), b.by, b.index(), a.token)
    });
    let twice = told("duplicated", clash(acts, |act| act.number, |_, _| true), |[a, b]| {
        format!("#{} and #{} were both given number {}", a.index(), b.index(), a.number)
    });
    let back = told("went-back", behind(acts, |act| act.number), |[before, back]| {
        format!(
            "#{} was given number {}, though #{} had been given {} before",
            back.index(),
            back.number,
            before.index(),
            before.number
        )
    });
    [deposed.or(overtaken), shared, twice, back].into_iter().flatten().collect()
}

fn evidence(anomaly: &str, pair: &[&Act<'_>; 2], summary: String) -> Evidence {
    let told = |act: &&Act<'_>| {
        format!(
            "#{}, process {}: {} acts with token {} and gives out {}",
            act.index(),
            act.operation.process(),
            act.by,
            act.token,
            act.number
        )
    };
    Evidence {
        anomaly: anomaly.to_owned(),
        operations: pair.iter().map(|act| act.index()).collect(),
        steps: pair.iter().map(told).chain([format!("so {summary}")]).collect(),
        summary,
        culprit: Some(pair[1].index()),
        ..Evidence::default()
    }
}

impl Checker for Leader {
    fn name(&self) -> &'static str {
        "leader"
    }

    fn check(&self, history: &History) -> Verdict {
        let (acts, unreadable) = match acts(history) {
            Ok(found) => found,
            Err(unpaired) => return unpaired.into(),
        };
        let all = contradictions(&acts);
        match (all.is_empty(), acts.len()) {
            (false, _) => Verdict::Invalid(all),
            _ if unreadable.is_some() => Verdict::Unknown(Cause::Undecided(unreadable.unwrap_or_default())),
            (true, 0 | 1) => Verdict::vacuous("no two acts were answered"),
            (true, _) => Verdict::VALID,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::drawing::{anomalies, draw};
    use crate::random::{self, SplitMix};

    fn check(lines: &str) -> String {
        anomalies(&Leader, lines)
    }

    const FIRST: &str = "0 invoke act\n0 ok act [2 7 a]\n1 invoke act\n1 ok act ";

    #[test]
    fn a_later_act_has_a_later_number_and_no_older_token() {
        assert_eq!(check(&format!("{FIRST}[2 8 a]")), "valid");
        assert_eq!(check(&format!("{FIRST}[3 20 b]")), "valid");
        assert_eq!(check(&format!("{FIRST}[1 8 b]")), "two-leaders");
        assert_eq!(check(&format!("{FIRST}[2 8 b]")), "two-leaders");
        assert_eq!(check(&format!("{FIRST}[3 7 b]")), "duplicated");
        assert_eq!(check(&format!("{FIRST}[3 6 b]")), "went-back");
        assert_eq!(check(&format!("{FIRST}[1 6 b]")), "two-leaders went-back");
    }

    #[test]
    fn acts_at_the_same_time_have_no_order_but_differ() {
        let overlapping = "0 invoke act\n1 invoke act\n0 ok act [2 7 a]\n1 ok act ";
        assert_eq!(check(&format!("{overlapping}[1 6 b]")), "valid");
        assert_eq!(check(&format!("{overlapping}[1 7 b]")), "duplicated");
        assert_eq!(
            check(&format!("{overlapping}[1 8 b]")),
            "two-leaders",
            "an older leader builds on a newer one's act"
        );
        assert_eq!(check(&format!("{overlapping}[2 6 b]")), "two-leaders");
    }

    #[test]
    fn without_two_answers_a_pass_means_nothing() {
        assert_eq!(check("0 invoke act\n0 ok act [2 7 a]\n1 invoke act\n1 fail act"), "vacuous");
        assert_eq!(check("0 invoke act\n0 ok act soon"), "unknown");
        assert_eq!(check(&format!("0 invoke act\n0 ok act soon\n{FIRST}[3 7 b]")), "duplicated");
    }

    /// Whether the acts can be put in an order that keeps real time, in which numbers grow and tokens never fall.
    fn has_an_order(acts: &[Act<'_>], taken: u32, least: (i64, i64)) -> bool {
        let open = |at: &usize| taken >> at & 1 == 0;
        let first = |at: &usize| {
            let begun = Some(acts[*at].operation.invoked_at);
            (0..acts.len()).filter(open).all(|other| acts[other].operation.completed_at > begun)
        };
        let next = |at: &usize| acts[*at].token >= least.0 && acts[*at].number > least.1;
        taken.count_ones() as usize == acts.len()
            || (0..acts.len())
                .filter(open)
                .filter(first)
                .filter(next)
                .any(|at| has_an_order(acts, taken | 1 << at, (acts[at].token, acts[at].number)))
    }

    #[test]
    fn agrees_with_every_order_tried_on_random_histories() {
        let mut counts = [0_u64; 2];
        for seed in 0..random::histories() {
            let mut random = SplitMix(seed);
            let (mut lines, mut open) = (String::new(), [false; 3]);
            for at in 0..10 {
                let process = usize::try_from(random.below(3)).unwrap();
                let (token, number) = (at / 4 + random.below(2), at + random.below(3));
                let line = if open[process] {
                    format!("ok act [{token} {number} {}]", ["a", "b"][usize::from(random.below(8) == token)])
                } else {
                    "invoke act".to_owned()
                };
                open[process] = !open[process];
                writeln!(lines, "{process} {line}").unwrap();
            }
            let history = draw(&lines);
            let (acts, _) = acts(&history).unwrap();
            let one_node = |act: &Act<'_>| acts.iter().all(|other| other.token != act.token || other.by == act.by);
            let truth = has_an_order(&acts, 0, (i64::MIN, i64::MIN)) && acts.iter().all(one_node);
            assert_eq!(Leader.check(&history).is_invalid(), !truth, "seed {seed}:\n{lines}");
            counts[usize::from(truth)] += 1;
        }
        assert!(random::histories() < 20_000 || counts.iter().all(|count| *count > 100), "{counts:?}");
    }
}

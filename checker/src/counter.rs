//! Counters: every read lies between what must and what may have been added.
//!
//! A read's lower bound is the sum of the increments acknowledged before it began, its upper bound the sum of those not
//! failed that began before it ended; a negative amount moves the other bound. A read that began after the quiet period
//! (`settled_from`) must be explained exactly: every acknowledged amount once, every pending one once or never.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::Operation;
use crate::{Cause, Checker, Evidence, History, Outcome, Value, Verdict};

/// As many distinct sums of pending amounts are told apart; with more, only the bounds judge.
const SUMS: usize = 100_000;

/// As many wrong reads of one counter are told, each with all the amounts that bear on it.
const TOLD: usize = 8;

/// The checker: `add` (also `inc`, `increment`, one if without amount; `dec`, `decrement`) and `read`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter {
    /// What the counter held at first.
    pub initial: i64,
    /// Reads from this index on began after the quiet period, when every acknowledged increment is to be seen.
    pub settled_from: Option<u64>,
    /// Whether other reads may lag behind: they may show less than was acknowledged, but never more than may have been added.
    pub may_lag: bool,
}

/// The amount by which an operation changes the counter, if that is what it does.
pub(crate) fn amount(operation: &Operation<'_>) -> Option<i64> {
    let given = &operation.invocation.value;
    let amount = if given.is_nil() { Some(1) } else { given.as_int() };
    match operation.f() {
        "add" | "inc" | "increment" => amount,
        "dec" | "decrement" => amount.and_then(i64::checked_neg),
        _ => None,
    }
}

/// A read with what it showed.
type Seen<'h> = (Operation<'h>, i64);

struct Add<'h> {
    operation: Operation<'h>,
    amount: i128,
}

impl Add<'_> {
    fn acknowledged_before(&self, at: usize) -> bool {
        matches!(self.operation.outcome(), Outcome::Ok(_)) && self.operation.completed_at.is_some_and(|end| end < at)
    }
}

/// How many additions a read may and must have seen.
type After = (usize, usize);
/// The sums that a final read can show, if they are few enough.
type Exact = Option<BTreeSet<i128>>;

/// Sums of positive and of negative amounts, each of all additions up to a place in the history.
struct Sums(Vec<(usize, i128, i128)>);

impl Sums {
    fn of(mut amounts: Vec<(usize, i128)>) -> Sums {
        amounts.sort_unstable();
        let (mut positive, mut negative) = (0, 0);
        let sum = |(at, amount): (usize, i128)| {
            positive += amount.max(0);
            negative += amount.min(0);
            (at, positive, negative)
        };
        Sums(amounts.into_iter().map(sum).collect())
    }

    /// How many additions lie before a place, and their sums.
    fn before(&self, place: usize) -> (usize, i128, i128) {
        let count = self.0.partition_point(|(at, ..)| *at < place);
        let (_, positive, negative) = count.checked_sub(1).map_or((0, 0, 0), |last| self.0[last]);
        (count, positive, negative)
    }
}

impl Counter {
    /// The reads that lie outside their bounds, each with the amounts that make the bound it breaks; and one within them
    /// that can't be decided exactly, if there is one.
    fn contradictions(&self, key: &Value, adds: &[Add<'_>], reads: &[Seen<'_>]) -> (Vec<Evidence>, Option<u64>) {
        let mut all = Vec::new();
        let mut undecided = None;
        let invoked = Sums::of(adds.iter().map(|add| (add.operation.invoked_at, add.amount)).collect());
        let sure = adds.iter().filter(|add| matches!(add.operation.outcome(), Outcome::Ok(_)));
        let sure = Sums::of(sure.filter_map(|add| Some((add.operation.completed_at?, add.amount))).collect());
        // reads after the same additions can show the same sums
        let mut last: Option<(After, Exact)> = None;
        for (read, seen) in reads {
            if all.len() == TOLD {
                break;
            }
            let ended = read.completed_at.expect("only answered reads are judged");
            let (tried, more, less) = invoked.before(ended);
            let (known, surely_more, surely_less) = sure.before(read.invoked_at);
            let initial = i128::from(self.initial);
            let (lower, upper) = (initial + surely_more + less, initial + surely_less + more);
            let seen = i128::from(*seen);
            let settled = self.settled_from.is_some_and(|from| read.index() >= from);
            let lower = if self.may_lag && !settled { i128::MIN } else { lower };
            if seen < lower || seen > upper {
                let which = if seen < lower { "below-lower-bound" } else { "above-upper-bound" };
                all.push(self.evidence(which, key, adds, read, seen, &[(lower, upper)]));
            } else if settled {
                let sums = match &mut last {
                    Some((after, sums)) if *after == (tried, known) => sums,
                    last => &mut last.insert(((tried, known), self.exact(adds, read))).1,
                };
                match sums {
                    None => undecided = undecided.or(Some(read.index())),
                    Some(sums) if sums.contains(&seen) => {}
                    Some(sums) => {
                        let legal: Vec<(i128, i128)> = sums.iter().take(16).map(|&sum| (sum, sum)).collect();
                        all.push(self.evidence("inexact-final-read", key, adds, read, seen, &legal));
                    }
                }
            }
        }
        (all, undecided)
    }

    /// All totals that the acknowledged amounts and any choice of the others can give; `None` past the bound.
    fn exact(&self, adds: &[Add<'_>], read: &Operation<'_>) -> Exact {
        let ended = read.completed_at.expect("only answered reads are judged");
        let mut sums = BTreeSet::from([i128::from(self.initial)]);
        for add in adds.iter().take_while(|add| add.operation.invoked_at < ended) {
            let with: Vec<i128> = sums.iter().map(|sum| sum + add.amount).collect();
            if add.acknowledged_before(read.invoked_at) {
                sums.clear();
            }
            sums.extend(with);
            if sums.len() > SUMS {
                return None;
            }
        }
        Some(sums)
    }

    fn evidence(
        &self,
        anomaly: &str,
        key: &Value,
        adds: &[Add<'_>],
        read: &Operation<'_>,
        seen: i128,
        legal: &[(i128, i128)],
    ) -> Evidence {
        let below = anomaly == "below-lower-bound";
        let ended = read.completed_at.expect("only answered reads are judged");
        // only what moves the broken bound contradicts: what must be there, or what may be there
        let moves = |add: &&Add<'_>| {
            add.operation.invoked_at < ended
                && (add.acknowledged_before(read.invoked_at)
                    || anomaly == "inexact-final-read"
                    || (add.amount < 0) == below)
        };
        let moving: Vec<&Add<'_>> = adds.iter().filter(moves).collect();
        let legal: Vec<String> = legal
            .iter()
            .map(|&(from, to)| match from {
                i128::MIN => format!("at most {to}"),
                _ if from == to => from.to_string(),
                _ => format!("{from} to {to}"),
            })
            .collect();
        let step = |add: &&Add<'_>| {
            let how =
                if add.acknowledged_before(read.invoked_at) { "was acknowledged before the read" } else { "may count" };
            format!("#{} adds {} and {how}", add.operation.index(), add.amount)
        };
        Evidence {
            anomaly: anomaly.to_owned(),
            summary: format!("read #{} shows {seen}; what can be explained is {}", read.index(), legal.join(" or ")),
            operations: moving.iter().map(|add| add.operation.index()).chain([read.index()]).collect(),
            steps: std::iter::once(format!("the counter starts at {}", self.initial))
                .chain(moving.iter().map(step))
                .collect(),
            culprit: Some(read.index()),
            legal,
            key: key.as_key(),
        }
    }
}

impl Checker for Counter {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn check(&self, history: &History) -> Verdict {
        let operations = match history.operations() {
            Ok(operations) => operations,
            Err(unpaired) => return unpaired.into(),
        };
        let mut keys: BTreeMap<&Value, (Vec<Add<'_>>, Vec<Seen<'_>>)> = BTreeMap::new();
        let mut unreadable = None;
        for operation in operations {
            let (adds, reads) = keys.entry(&operation.invocation.key).or_default();
            match (operation.f(), operation.outcome()) {
                (_, Outcome::Fail) => {}
                // what is refused adds nothing
                (f, Outcome::Ok(answer)) if f != "read" && answer.as_refused().is_some() => {}
                ("read", Outcome::Ok(answer)) => match answer.as_refused().unwrap_or(answer) {
                    Value::Int(seen) => reads.push((operation, *seen)),
                    other => {
                        let why = format!("read #{} answered {other}, which is no whole number", operation.index());
                        unreadable = unreadable.or(Some(why));
                    }
                },
                _ => adds.extend(amount(&operation).map(|amount| Add { operation, amount: i128::from(amount) })),
            }
        }
        let mut all = Vec::new();
        let mut undecided = None;
        for (key, (adds, reads)) in &keys {
            let (found, open) = self.contradictions(key, adds, reads);
            all.extend(found);
            undecided = undecided.or(open);
        }
        match (all.is_empty(), undecided) {
            (false, _) => Verdict::Invalid(all),
            _ if unreadable.is_some() => Verdict::Unknown(Cause::Undecided(unreadable.unwrap_or_default())),
            (true, Some(read)) => Verdict::Unknown(Cause::Undecided(format!(
                "read #{read} lies within its bounds, and the unanswered amounts have more than {SUMS} sums"
            ))),
            (true, None) if keys.values().all(|(_, reads)| reads.is_empty()) => {
                Verdict::vacuous("no read was answered")
            }
            (true, None) => Verdict::VALID,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::{anomalies, draw};

    fn check(lines: &str) -> String {
        anomalies(&Counter { initial: 0, settled_from: None, may_lag: false }, lines)
    }

    fn check_settled(lines: &str) -> String {
        anomalies(&Counter { initial: 0, settled_from: Some(0), may_lag: false }, lines)
    }

    #[test]
    fn an_acknowledged_increment_is_seen_from_then_on() {
        assert_eq!(check("0 invoke add 2\n0 ok add 2\n1 invoke read\n1 ok read 2"), "valid");
        assert_eq!(check("0 invoke add 2\n0 ok add 2\n1 invoke read\n1 ok read 1"), "below-lower-bound");
        assert_eq!(check("0 invoke add 2\n0 ok add 2\n1 invoke read\n1 ok read 3"), "above-upper-bound");
    }

    #[test]
    fn a_read_that_may_lag_shows_too_little_until_all_is_quiet_and_never_too_much() {
        let lagging = |lines: &str| anomalies(&Counter { initial: 0, settled_from: Some(4), may_lag: true }, lines);
        assert_eq!(lagging("0 invoke add 2\n0 ok add 2\n1 invoke read\n1 ok read 0"), "valid");
        assert_eq!(lagging("0 invoke add 2\n0 ok add 2\n1 invoke read\n1 ok read 3"), "above-upper-bound");
        let settled = "0 invoke add 2\n0 ok add 2\n1 invoke read\n1 ok read 0\n1 invoke read\n1 ok read ";
        assert_eq!(lagging(&format!("{settled}0")), "below-lower-bound");
        assert_eq!(lagging(&format!("{settled}2")), "valid");
    }

    #[test]
    fn pending_increments_may_count_and_failed_ones_never() {
        assert_eq!(check("0 invoke add 2\n0 info add 2\n1 invoke read\n1 ok read 2"), "valid");
        assert_eq!(check("0 invoke add 2\n0 info add 2\n1 invoke read\n1 ok read 0"), "valid");
        assert_eq!(check("0 invoke add 2\n0 fail add 2\n1 invoke read\n1 ok read 2"), "above-upper-bound");
        assert_eq!(check("1 invoke read\n0 invoke add 2\n0 ok add 2\n1 ok read 0"), "valid");
    }

    #[test]
    fn negative_amounts_swap_the_bounds() {
        assert_eq!(check("0 invoke add -2\n0 info add -2\n1 invoke read\n1 ok read -2"), "valid");
        assert_eq!(check("0 invoke add -2\n0 ok add -2\n1 invoke read\n1 ok read 0"), "above-upper-bound");
        assert_eq!(check("0 invoke dec 2\n0 info dec 2\n1 invoke read\n1 ok read -3"), "below-lower-bound");
    }

    #[test]
    fn a_total_among_too_many_is_not_called_explained() {
        let add =
            |bit: u32| [format!("{bit} invoke add {}", 1 << bit), format!("{bit} info add {}", 1 << bit)].join("\n");
        let pending: Vec<String> = (1..=18).map(add).collect();
        assert_eq!(check_settled(&format!("{}\n0 invoke read\n0 ok read 3", pending.join("\n"))), "unknown");
    }

    #[test]
    fn a_final_read_counts_each_amount_once_or_never() {
        let lines = "0 invoke add 5\n0 info add 5\n1 invoke add 1\n1 ok add 1\n2 invoke read\n2 ok read ";
        assert_eq!(check_settled(&format!("{lines}6")), "valid");
        assert_eq!(check_settled(&format!("{lines}1")), "valid");
        assert_eq!(check_settled(&format!("{lines}3")), "inexact-final-read");
        assert_eq!(check(&format!("{lines}3")), "valid");
    }

    #[test]
    fn evidence_for_a_low_read_holds_only_what_must_have_been_seen() {
        let history = draw("0 invoke add 2\n1 invoke add 9\n0 ok add 2\n2 invoke read\n2 ok read 1");
        let Verdict::Invalid(all) = Counter::default().check(&history) else { panic!("the read is too low") };
        assert_eq!(all[0].operations, [0, 3]);
        assert_eq!(all[0].legal, ["2 to 11"]);
    }

    #[test]
    fn many_reads_of_many_additions_are_judged_in_a_moment() {
        let counter = Counter { initial: 1, ..Counter::default() };
        let lines = |n: u64| format!("0 invoke add 1\n0 ok add 1\n1 invoke read\n1 ok read {n}\n");
        let right: String = (2..20_002).map(lines).collect();
        assert_eq!(anomalies(&counter, &right), "valid");
        let wrong: String = (0..20_000).map(lines).collect();
        assert_eq!(anomalies(&counter, &wrong), ["below-lower-bound"; TOLD].join(" "));
        let settled = Counter { settled_from: Some(0), ..counter };
        let finally = "0 invoke add 1\n0 ok add 1\n".repeat(2000) + &"1 invoke read\n1 ok read 2001\n".repeat(2000);
        assert_eq!(anomalies(&settled, &finally), "valid");
    }

    #[test]
    fn without_an_answered_read_a_pass_means_nothing() {
        assert_eq!(check("0 invoke add 2\n0 ok add 2"), "vacuous");
        assert_eq!(check("0 invoke read\n0 ok read soon"), "unknown");
    }

    #[test]
    fn an_answer_that_is_no_number_hides_no_wrong_one() {
        let wrong = "0 invoke add 2\n0 ok add 2\n1 invoke read\n1 ok read 7\n";
        assert_eq!(check(&format!("{wrong}1 invoke read\n1 ok read soon")), "above-upper-bound");
        assert_eq!(check(&format!("1 invoke read\n1 ok read soon\n{wrong}")), "above-upper-bound");
    }

    #[test]
    fn what_was_refused_was_not_added() {
        let refused = "0 invoke add 2\n0 ok add {refused 0}\n1 invoke read\n1 ok read ";
        assert_eq!(check(&format!("{refused}0")), "valid");
        assert_eq!(check(&format!("{refused}2")), "above-upper-bound");
    }
}

//! One holder a name: no two processes are surely seen with a name at one time.
//!
//! A process holds a name without a break, from when it gets it until it loses it or dies, and never again: so whoever is seen
//! with it twice had it all the time between. Sound, and complete for what reads and registrations can show of two holders
//! at one time: some order of the holders explains all that was seen unless two of them must each come before the other.

use std::collections::BTreeMap;

use crate::history::Operation;
use crate::{Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker: `claim` takes a process, and answers it or is refused; `read` answers the process that has the name, or nil. One
/// name for each key; a process registers once.
#[derive(Clone, Copy, Debug, Default)]
pub struct SingleHolder;

/// The moments at which a process surely had the name, in the order of their beginnings.
type Sights<'h> = BTreeMap<&'h Value, Vec<Operation<'h>>>;

/// What was seen of each name. A refusal says who had it when somebody looked, which may be a while ago.
fn sights<'h>(operations: &[Operation<'h>]) -> BTreeMap<&'h Value, Sights<'h>> {
    let mut names: BTreeMap<&Value, Sights<'_>> = BTreeMap::new();
    for operation in operations {
        let Outcome::Ok(answer) = operation.outcome() else { continue };
        if matches!(operation.f(), "claim" | "read") && !answer.is_nil() && answer.as_refused().is_none() {
            names.entry(&operation.invocation.key).or_default().entry(answer).or_default().push(*operation);
        }
    }
    names
}

/// The time in which a holder surely had a name: all between its sight that ended first and the one that began last; if these
/// overlap, it need not be seen at more than one moment, between them.
#[derive(Clone, Copy)]
struct Held<'a, 'h> {
    holder: &'h Value,
    first: &'a Operation<'h>,
    last: &'a Operation<'h>,
}

impl<'a, 'h> Held<'a, 'h> {
    fn by(holder: &'h Value, sights: &'a [Operation<'h>]) -> Option<Held<'a, 'h>> {
        let first = sights.iter().min_by_key(|sight| sight.completed_at)?;
        Some(Held { holder, first, last: sights.last()? })
    }

    /// Whether it had the name before the other surely was through with it.
    fn began_before(&self, other: &Held<'_, '_>) -> bool {
        self.first.completed_at < Some(other.last.invoked_at)
    }
}

/// Two that had a name at one time: each began before the other was through, so neither can have had it before the other
/// (zones of a register whose values are written once, Gibbons & Korach 1997).
fn rivals<'a, 'h>(sights: &'a Sights<'h>) -> Option<[Held<'a, 'h>; 2]> {
    let mut all: Vec<Held<'_, '_>> = sights.iter().filter_map(|(holder, sights)| Held::by(holder, sights)).collect();
    all.sort_by_key(|held| held.first.completed_at);
    // of the holders up to each, the one that was seen last
    let mut latest: Vec<Held<'_, '_>> = Vec::with_capacity(all.len());
    for held in &all {
        let is_later = |latest: &&Held<'_, '_>| latest.last.invoked_at >= held.last.invoked_at;
        latest.push(*latest.last().filter(is_later).unwrap_or(held));
    }
    all.iter().enumerate().find_map(|(at, held)| {
        let before = all[..at].partition_point(|other| other.began_before(held));
        let other = latest[..before].last()?;
        held.began_before(other).then_some([*other, *held])
    })
}

fn two_holders(name: &Value, [a, b]: [Held<'_, '_>; 2]) -> Evidence {
    let told = |sight: &&Operation<'_>| {
        let node = sight.invocation.node.as_deref().unwrap_or("a node");
        let process = sight.completion.map_or(&Value::Nil, |event| &event.value);
        format!("#{}: {} at {node} shows {process}", sight.index(), sight.f())
    };
    let when = |held: &Held<'_, '_>| match (held.first.index(), held.last.index()) {
        (first, last) if first < last => format!("from #{first} to #{last}"),
        (first, last) if last < first => format!("in #{last} and in #{first}"),
        (only, _) => format!("in #{only}"),
    };
    let mut shown = vec![a.first, a.last, b.first, b.last];
    shown.sort_unstable_by_key(|sight| sight.index());
    shown.dedup_by_key(|sight| sight.index());
    Evidence {
        anomaly: "two-holders".to_owned(),
        summary: format!(
            "{} has {name} {}, and {} has it {}: both at one time",
            a.holder,
            when(&a),
            b.holder,
            when(&b)
        ),
        operations: shown.iter().map(|sight| sight.index()).collect(),
        steps: shown.iter().map(told).collect(),
        culprit: shown.last().map(|sight| sight.index()),
        key: name.as_key(),
        ..Evidence::default()
    }
}

impl Checker for SingleHolder {
    fn name(&self) -> &'static str {
        "single-holder"
    }

    fn check(&self, history: &History) -> Verdict {
        let operations = match history.operations() {
            Ok(operations) => operations,
            Err(unpaired) => return unpaired.into(),
        };
        let names = sights(&operations);
        let mut all = Vec::new();
        for (name, sights) in &names {
            all.extend(rivals(sights).map(|rivals| two_holders(name, rivals)));
        }
        let tested = names.values().any(|sights| sights.values().map(Vec::len).sum::<usize>() > 2);
        match (all.is_empty(), tested) {
            (false, _) => Verdict::Invalid(all),
            (true, false) => Verdict::vacuous("no name was seen three times"),
            (true, true) => Verdict::VALID,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::drawing::{anomalies, draw};
    use crate::random::{self, SplitMix};

    fn check(sights: &[(&str, &str)]) -> String {
        let line = |(f, process): &(&str, &str)| format!("0 invoke {f} x={process}\n0 ok {f} x={process}\n");
        anomalies(&SingleHolder, &sights.iter().map(line).collect::<String>())
    }

    #[test]
    fn nobody_has_the_name_between_two_sights_of_another() {
        assert_eq!(check(&[("claim", "a"), ("read", "a"), ("claim", "b"), ("read", "b")]), "valid");
        assert_eq!(check(&[("claim", "a"), ("claim", "b"), ("read", "a")]), "two-holders");
        assert_eq!(check(&[("read", "a"), ("read", "b"), ("read", "a")]), "two-holders");
        assert_eq!(check(&[("read", "a"), ("read", "nil"), ("read", "a")]), "vacuous");
    }

    #[test]
    fn sights_at_the_same_time_can_be_ordered() {
        let overlapping = "0 invoke read x=nil\n1 invoke read x=nil\n0 ok read x=a\n1 ok read x=b\n";
        let again = "0 invoke read x=nil\n0 ok read x=";
        assert_eq!(anomalies(&SingleHolder, &format!("{overlapping}{again}a")), "valid");
        assert_eq!(anomalies(&SingleHolder, &format!("{overlapping}{again}a\n{again}b\n{again}a")), "two-holders");
    }

    #[test]
    fn two_times_that_overlap_are_one_too_many() {
        let begin = "0 invoke read x=nil\n1 invoke read x=nil\n";
        let seen = "0 ok read x=a\n1 ok read x=b\n";
        let again = "1 ok read x=b\n0 ok read x=a\n";
        assert_eq!(anomalies(&SingleHolder, &[begin, seen, begin, again].concat()), "two-holders");
    }

    #[test]
    fn agrees_with_every_pair_compared_on_random_histories() {
        let mut counts = [0_u64; 2];
        for seed in 0..random::histories() {
            let mut random = SplitMix(seed);
            let (mut lines, mut open) = (String::new(), [false; 3]);
            for _ in 0..14 {
                let process = usize::try_from(random.below(3)).unwrap();
                let line =
                    if open[process] { format!("ok read x=p{}", random.below(4)) } else { "invoke read x=nil".into() };
                open[process] = !open[process];
                writeln!(lines, "{process} {line}").unwrap();
            }
            let history = draw(&lines);
            let operations = history.operations().unwrap();
            let names = sights(&operations);
            let held: Vec<Held<'_, '_>> =
                names.values().flatten().filter_map(|(holder, sights)| Held::by(holder, sights)).collect();
            let is_rival = |a: &Held<'_, '_>, b: &Held<'_, '_>| a.began_before(b) && b.began_before(a);
            let truth = held.iter().enumerate().any(|(at, one)| held[..at].iter().any(|other| is_rival(one, other)));
            assert_eq!(SingleHolder.check(&history).is_invalid(), truth, "seed {seed}:\n{lines}");
            counts[usize::from(truth)] += 1;
        }
        assert!(random::histories() < 20_000 || counts.iter().all(|count| *count > 100), "{counts:?}");
    }

    #[test]
    fn a_refusal_is_no_sight() {
        let refused = "0 invoke claim x=c\n0 ok claim x={refused b}\n";
        let sight = "0 invoke read x=nil\n0 ok read x=a\n";
        assert_eq!(anomalies(&SingleHolder, &[sight, refused, sight, sight].concat()), "valid");
    }
}

//! Swaps: whatever two objects exchange their values, all of them together hold the same values in every snapshot, each
//! once. The bank of transfers with values that can be told apart.
//!
//! A snapshot that shows one value twice and misses another saw half of a swap. If a later one is whole again, only the
//! read was not atomic: a fractured read (Bailis et al., "Scalable Atomic Visibility with RAMP Transactions", SIGMOD 2014).
//! If none is, half of the swap is all that there is.

use std::collections::BTreeMap;

use crate::history::Operation;
use crate::{Cause, Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker: `create` takes a value that nothing else creates, `swap` the names of two objects, `read` answers a map from
/// object to value. Each key is a group of objects of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Swaps;

/// What happened to one group.
#[derive(Default)]
struct Group<'h> {
    /// The values, with their creations.
    created: BTreeMap<&'h Value, Operation<'h>>,
    swaps: Vec<Operation<'h>>,
    snapshots: Vec<(Operation<'h>, &'h BTreeMap<Value, Value>)>,
}

fn groups(history: &History) -> Result<BTreeMap<&Value, Group<'_>>, String> {
    let mut groups: BTreeMap<&Value, Group<'_>> = BTreeMap::new();
    for operation in history.operations().map_err(|unpaired| unpaired.to_string())? {
        if operation.outcome() == Outcome::Fail {
            continue;
        }
        let group = groups.entry(&operation.invocation.key).or_default();
        let at = operation.index();
        match (operation.f(), operation.outcome()) {
            ("create", _) => {
                if group.created.insert(&operation.invocation.value, operation).is_some() {
                    return Err(format!("#{at} creates a value again: snapshots can't tell the two apart"));
                }
            }
            ("swap", _) => group.swaps.push(operation),
            ("read", Outcome::Ok(answer)) => {
                let shown = answer.as_map().ok_or_else(|| format!("#{at}: {answer} is no map of values"))?;
                group.snapshots.push((operation, shown));
            }
            ("read", _) => {}
            (other, _) => return Err(format!("#{at}: there is no operation `{other}`; there are create, swap, read")),
        }
    }
    Ok(groups)
}

/// How a snapshot differs from the values that there are.
enum Flaw<'h> {
    /// Nobody created it.
    Unexpected(&'h Value),
    /// What is there more than once, and what was acknowledged before and is not there.
    Torn { twice: Option<&'h Value>, missing: Option<&'h Value> },
}

impl<'h> Group<'h> {
    fn flaw(&self, read: &Operation<'h>, shown: &'h BTreeMap<Value, Value>) -> Option<Flaw<'h>> {
        let mut counts: BTreeMap<&Value, usize> = BTreeMap::new();
        for value in shown.values().filter(|value| !value.is_nil()) {
            *counts.entry(value).or_default() += 1;
        }
        let too_early = |create: &&Operation<'_>| Some(create.invoked_at) > read.completed_at;
        let unexpected = |value: &&&Value| self.created.get(**value).is_none_or(|create| too_early(&create));
        if let Some(unexpected) = counts.keys().find(unexpected) {
            return Some(Flaw::Unexpected(unexpected));
        }
        let twice = counts.iter().find(|(_, count)| **count > 1).map(|(value, _)| *value);
        // what was created without an answer, or at the same time, may be there or not
        let was_there = |create: &Operation<'_>| {
            matches!(create.outcome(), Outcome::Ok(_)) && create.completed_at < Some(read.invoked_at)
        };
        let mut there = self.created.iter().filter(|(_, create)| was_there(create)).map(|(value, _)| *value);
        let missing = there.find(|value| !counts.contains_key(value));
        (twice.is_some() || missing.is_some()).then_some(Flaw::Torn { twice, missing })
    }

    /// The first snapshot of each kind of contradiction.
    fn contradictions(&self, key: &Value) -> Vec<Evidence> {
        let flaws: Vec<_> = self.snapshots.iter().map(|(read, shown)| (read, *shown, self.flaw(read, shown))).collect();
        let mut all: Vec<Evidence> = Vec::new();
        for (read, shown, flaw) in &flaws {
            let Some(flaw) = flaw else { continue };
            let whole = flaws.iter().find(|(later, _, flaw)| flaw.is_none() && later.invoked_at > read.invoked_at);
            let anomaly = match (flaw, whole) {
                (Flaw::Unexpected(_), _) => "unexpected-value",
                (Flaw::Torn { .. }, Some(_)) => "fractured-read",
                (Flaw::Torn { .. }, None) => "torn-swap",
            };
            if all.iter().all(|evidence| evidence.anomaly != anomaly) {
                let before = flaws
                    .iter()
                    .rev()
                    .find(|(earlier, _, flaw)| flaw.is_none() && earlier.completed_at < Some(read.invoked_at));
                let around = (before.map(|(earlier, ..)| *earlier), whole.map(|(later, ..)| *later));
                all.push(self.evidence(anomaly, key, read, shown, flaw, around));
            }
        }
        all
    }

    fn evidence(
        &self,
        anomaly: &str,
        key: &Value,
        read: &Operation<'h>,
        shown: &BTreeMap<Value, Value>,
        flaw: &Flaw<'h>,
        (shown_whole, whole): (Option<&Operation<'h>>, Option<&Operation<'h>>),
    ) -> Evidence {
        let at = read.index();
        let (mut wrong, mut operations, mut steps, mut suspect) = (Vec::new(), vec![at], Vec::new(), None);
        match flaw {
            Flaw::Unexpected(value) => wrong.push(format!("{value}, which nobody had created")),
            Flaw::Torn { twice, missing } => {
                if let Some(twice) = twice {
                    let holders: Vec<&Value> =
                        shown.iter().filter(|(_, value)| value == twice).map(|(name, _)| name).collect();
                    let named: Vec<String> = holders.iter().map(ToString::to_string).collect();
                    wrong.push(format!("{twice} in {}", named.join(" and in ")));
                    suspect = self.suspect(&holders, read, shown_whole);
                    if let Some(swap) = suspect {
                        operations.push(swap.index());
                        steps.push(told(swap));
                    }
                }
                if let Some(missing) = missing {
                    wrong.push(format!("{missing} nowhere"));
                    let create = &self.created[missing];
                    operations.push(create.index());
                    steps.insert(0, format!("#{} created {missing}", create.index()));
                }
            }
        }
        steps.push(format!("#{at} shows {}", wrong.join(", and ")));
        if let Some(whole) = whole {
            operations.push(whole.index());
            steps.push(became_whole(read, suspect, whole));
        } else if anomaly == "torn-swap" {
            steps.push(self.stayed_torn(read).to_owned());
        }
        operations.sort_unstable();
        operations.dedup();
        let summary = format!("snapshot #{at} shows {}", wrong.join(", and "));
        let key = key.as_key();
        Evidence {
            anomaly: anomaly.to_owned(),
            summary,
            operations,
            steps,
            culprit: Some(at),
            key,
            ..Evidence::default()
        }
    }

    /// What is known of the other half of a swap when no later snapshot is whole.
    fn stayed_torn(&self, read: &Operation<'h>) -> &'static str {
        let is_last = self.snapshots.iter().all(|(other, _)| Some(other.invoked_at) <= read.completed_at);
        if is_last {
            "no later snapshot tells whether the other half was ever done"
        } else {
            "no later snapshot is whole: the swap was done on one side only"
        }
    }

    /// The first swap of two of these objects that the read may have seen, and the last snapshot that was whole had not:
    /// later ones of the same two exchange what is already the same.
    fn suspect(
        &self,
        holders: &[&Value],
        read: &Operation<'h>,
        shown_whole: Option<&Operation<'h>>,
    ) -> Option<&Operation<'h>> {
        let since = shown_whole.map(|whole| whole.invoked_at);
        let between = |swap: &&Operation<'_>| {
            let names = swap.invocation.value.as_list().unwrap_or_default();
            let is_of_these = names.iter().all(|name| holders.contains(&name));
            let is_open = !matches!(swap.outcome(), Outcome::Ok(_));
            is_of_these && Some(swap.invoked_at) < read.completed_at && (is_open || swap.completed_at > since)
        };
        self.swaps.iter().find(between)
    }
}

/// What a snapshot that is whole says of an earlier one that was not.
fn became_whole(read: &Operation<'_>, suspect: Option<&Operation<'_>>, whole: &Operation<'_>) -> String {
    let at = read.index();
    let ended = |swap: &Operation<'_>| swap.completed_at.is_some_and(|end| end < read.invoked_at);
    let half = match suspect {
        Some(swap) if ended(swap) => format!("half of it was missing at #{at}, though it had been answered"),
        _ => format!("#{at} was read while a swap was half done"),
    };
    format!("#{} shows every value once again: {half}", whole.index())
}

fn told(swap: &Operation<'_>) -> String {
    let objects = swap.invocation.value.as_list().unwrap_or_default();
    let named: Vec<String> = objects.iter().map(ToString::to_string).collect();
    let outcome = if matches!(swap.outcome(), Outcome::Ok(_)) { "was acknowledged" } else { "was not answered" };
    format!("#{} swaps {}, and {outcome}", swap.index(), named.join(" with "))
}

impl Checker for Swaps {
    fn name(&self) -> &'static str {
        "swaps"
    }

    fn check(&self, history: &History) -> Verdict {
        let groups = match groups(history) {
            Ok(groups) => groups,
            Err(why) => return Verdict::Unknown(Cause::Undecided(why)),
        };
        let all: Vec<Evidence> = groups.iter().flat_map(|(key, group)| group.contradictions(key)).collect();
        // a snapshot that began before any swap could not have seen half of one
        let tested = |group: &Group<'_>| {
            let first = group.swaps.first().map(|swap| swap.invoked_at);
            first.is_some_and(|first| group.snapshots.iter().any(|(read, _)| read.completed_at > Some(first)))
        };
        match all.is_empty() {
            false => Verdict::Invalid(all),
            true if groups.values().any(tested) => Verdict::VALID,
            true => Verdict::vacuous("no snapshot was read after a swap"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::anomalies;

    const CREATED: &str = "0 invoke create x\n0 ok create x\n0 invoke create y\n0 ok create y\n";
    const SWAPPED: &str = "0 invoke swap [a b]\n0 ok swap [a b]\n";

    fn check(lines: &str) -> String {
        anomalies(&Swaps, &format!("{CREATED}{lines}"))
    }

    fn read(shown: &str) -> String {
        format!("1 invoke read\n1 ok read {shown}\n")
    }

    #[test]
    fn every_snapshot_shows_every_value_once() {
        assert_eq!(check(&format!("{SWAPPED}{}", read("{a y b x}"))), "valid");
        assert_eq!(check(&format!("{SWAPPED}{}", read("{a x b y}"))), "valid", "which swaps were done is not judged");
        assert_eq!(check(&format!("{SWAPPED}{}", read("{a y b y}"))), "torn-swap");
        assert_eq!(check(&format!("{SWAPPED}{}", read("{a y b nil}"))), "torn-swap");
        assert_eq!(check(&format!("{SWAPPED}{}", read("{a y b z}"))), "unexpected-value");
    }

    #[test]
    fn a_value_is_not_shown_before_its_creation_begins() {
        let late = "2 invoke create z\n2 ok create z\n";
        assert_eq!(check(&format!("{SWAPPED}{}{late}", read("{a y b x c z}"))), "unexpected-value");
        assert_eq!(check(&format!("{SWAPPED}{late}{}", read("{a y b x c z}"))), "valid");
    }

    #[test]
    fn a_snapshot_between_the_halves_of_a_swap_is_a_fractured_read() {
        assert_eq!(check(&format!("{SWAPPED}{}{}", read("{a y b y}"), read("{a y b x}"))), "fractured-read");
    }

    #[test]
    fn the_last_step_says_what_became_of_the_other_half() {
        let last = |lines: &str| match Swaps.check(&crate::drawing::draw(&format!("{CREATED}{lines}"))) {
            Verdict::Invalid(all) => all[0].steps.last().expect("an argument").clone(),
            other => panic!("{other:?}"),
        };
        let (torn, whole) = (read("{a y b y}"), read("{a y b x}"));
        assert!(last(&format!("{SWAPPED}{torn}")).contains("no later snapshot tells"));
        assert!(last(&format!("{SWAPPED}{torn}{torn}")).contains("done on one side only"));
        assert!(last(&format!("{SWAPPED}{torn}{whole}")).contains("though it had been answered"));
        let overlapping = format!("0 invoke swap [a b]\n{torn}0 ok swap [a b]\n{whole}");
        assert!(last(&overlapping).contains("while a swap was half done"));
    }

    #[test]
    fn a_swap_that_was_not_answered_may_be_done_but_not_by_half() {
        let unknown = "0 invoke swap [a b]\n0 info swap [a b]\n";
        assert_eq!(check(&format!("{unknown}{}{}", read("{a x b y}"), read("{a y b x}"))), "valid");
        assert_eq!(check(&format!("{unknown}{}", read("{a x b x}"))), "torn-swap");
    }

    #[test]
    fn what_was_not_acknowledged_before_a_snapshot_need_not_be_there() {
        let third = "2 invoke create z\n2 info create z\n";
        assert_eq!(check(&format!("{SWAPPED}{third}{}{}", read("{a x b y c nil}"), read("{a z b y c x}"))), "valid");
        assert_eq!(check(&format!("{SWAPPED}{third}{}", read("{a z b y c z}"))), "torn-swap");
    }

    #[test]
    fn the_first_swap_that_no_whole_snapshot_had_seen_is_blamed() {
        let whole = read("{a y b x}");
        let lines = format!("{CREATED}{SWAPPED}{whole}{SWAPPED}{SWAPPED}{}", read("{a y b y}"));
        let Verdict::Invalid(all) = Swaps.check(&crate::drawing::draw(&lines)) else { panic!("a value is gone") };
        assert_eq!(all[0].operations, [0, 8, 12], "the creation, the swap, the snapshot");
    }

    #[test]
    fn groups_do_not_share_values() {
        let other = "0 invoke create g=z\n0 ok create g=z\n0 invoke swap g=[c d]\n0 ok swap g=[c d]\n";
        assert_eq!(check(&format!("{other}{SWAPPED}{}", read("{a y b x}"))), "valid");
        assert_eq!(check(&format!("{other}{SWAPPED}{}", read("{a y b z}"))), "unexpected-value");
    }

    #[test]
    fn nothing_is_shown_without_a_swap_and_a_snapshot() {
        assert_eq!(check(&read("{a x b y}")), "vacuous");
        assert_eq!(check(SWAPPED), "vacuous");
        assert_eq!(check(&format!("{SWAPPED}{}", read("7"))), "unknown");
        assert_eq!(check("0 invoke create x\n0 ok create x\n"), "unknown");
    }
}

//! Sets that only grow: what became of each element, after Jepsen's `set-full`, without its holes.
//!
//! An element is *known* from the moment its add was acknowledged or a read showed it. Known and missing from the last
//! read that began later is *lost*; missing in between is *stale*. Duplicated, phantom and failed-but-visible elements,
//! which Jepsen's checker lets pass, are contradictions here.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::history::{Operation, Unpaired};
use crate::{Cause, Checker, Evidence, History, Outcome, Value, Verdict};

/// As many contradictions of one kind are told in full; the rest are counted.
const TOLD: usize = 4;

/// The checker: `add` takes an element, `read` answers the list of all; one set for each key.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetFull {
    /// Whether recency is claimed, so that a stale element is a contradiction.
    pub linearizable: bool,
    /// Reads from this index on began after the quiet period: each of them must show every known element.
    pub settled_from: Option<u64>,
}

/// How many elements met which fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Distinct elements that somebody tried to add.
    pub attempted: u64,
    /// Of those, with an acknowledged add.
    pub acknowledged: u64,
    /// Of those, whose adds all failed.
    pub failed: u64,
    /// Of those, neither acknowledged nor surely failed.
    pub indeterminate: u64,
    /// There in the last read that could tell.
    pub stable: u64,
    /// Known, and missing from then on.
    pub lost: u64,
    /// Neither failed nor decided by any read.
    pub never_read: u64,
    /// Stable at last, but missing from a read that began after they were known.
    pub stale: u64,
    /// More than once in one read.
    pub duplicated: u64,
    /// Read though nobody had tried to add them.
    pub phantom: u64,
    /// Read though every add of them failed.
    pub failed_but_visible: u64,
    /// Indeterminate, and seen: no contradiction.
    pub recovered: u64,
}

/// What became of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// There in the last read that could tell.
    Stable,
    /// Known, and missing from then on.
    Lost,
    /// No read decides.
    NeverRead,
    /// Every add failed and no read shows it.
    Failed,
    /// Every add failed and a read shows it.
    FailedButVisible,
    /// A read shows it before anybody tried to add it.
    Phantom,
}

/// One element's story; operations are named by the index of their invocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    /// The set it belongs to, as a person reads it; empty for the only one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// The element, as a person reads it.
    pub element: String,
    /// Its first add.
    pub added: Option<u64>,
    /// The operation that made it known: an acknowledged add, or the first read that shows it.
    pub known: Option<u64>,
    /// The last read that shows it.
    pub last_present: Option<u64>,
    /// The last read that doesn't.
    pub last_absent: Option<u64>,
    /// What became of it.
    pub fate: Fate,
    /// If it was stale: from the time it was known to the beginning of the last read that missed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_for: Option<Duration>,
    /// A read that shows it more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicated_in: Option<u64>,
    /// Whether it was seen though nobody knows how its add ended.
    pub recovered: bool,
}

/// All elements, in the order of keys and elements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The totals.
    pub counts: Counts,
    /// One by one.
    pub elements: Vec<Element>,
    /// Answers to reads that are no lists: nothing can be said of them.
    pub unreadable: Vec<u64>,
}

/// The facts about an element, gathered in one pass.
#[derive(Default)]
struct Facts<'h> {
    adds: Vec<Operation<'h>>,
    /// Ranks among the reads of its key, ascending, one each time it occurs.
    present: Vec<usize>,
}

type Reads<'h> = BTreeMap<&'h Value, Vec<(Operation<'h>, &'h [Value])>>;

impl SetFull {
    /// What became of every element; an `Err` if the history can't be paired.
    pub fn report(&self, history: &History) -> Result<Report, Unpaired> {
        let mut report = Report::default();
        let mut reads: Reads<'_> = BTreeMap::new();
        let mut facts: BTreeMap<(&Value, &Value), Facts<'_>> = BTreeMap::new();
        for operation in history.operations()? {
            let key = &operation.invocation.key;
            if operation.f() == "add" {
                facts.entry((key, &operation.invocation.value)).or_default().adds.push(operation);
            }
            let Outcome::Ok(answer) = operation.outcome() else { continue };
            match (operation.f(), answer.as_refused().unwrap_or(answer)) {
                ("read", Value::Nil) => reads.entry(key).or_default().push((operation, &[])),
                ("read" | "add", Value::List(items)) if operation.f() == "read" || answer.as_refused().is_some() => {
                    reads.entry(key).or_default().push((operation, items));
                }
                ("read", _) => report.unreadable.push(operation.index()),
                _ => {}
            }
        }
        for (key, reads) in &reads {
            for (rank, (_, items)) in reads.iter().enumerate() {
                for item in *items {
                    facts.entry((key, item)).or_default().present.push(rank);
                }
            }
        }
        for ((key, element), facts) in &facts {
            let element = self.element(key, element, facts, reads.get(key).map_or(&[], Vec::as_slice));
            report.counts.add(&element, &facts.adds);
            report.elements.push(element);
        }
        Ok(report)
    }

    fn element(&self, key: &Value, element: &Value, facts: &Facts<'_>, reads: &[(Operation<'_>, &[Value])]) -> Element {
        let mut story = Element {
            key: key.as_key(),
            element: element.to_string(),
            added: facts.adds.first().map(Operation::index),
            known: None,
            last_present: facts.present.last().map(|&rank| reads[rank].0.index()),
            last_absent: None,
            fate: Fate::NeverRead,
            stale_for: None,
            duplicated_in: facts.present.windows(2).find(|two| two[0] == two[1]).map(|two| reads[two[0]].0.index()),
            recovered: false,
        };
        let first_add = facts.adds.iter().map(|add| add.invoked_at).min();
        let before_its_add = |&rank: &usize| reads[rank].0.completed_at < first_add;
        if let Some(&rank) = facts.present.iter().find(|rank| first_add.is_none() || before_its_add(rank)) {
            story.known = Some(reads[rank].0.index());
            story.fate = Fate::Phantom;
            return story;
        }
        if facts.adds.iter().all(failed) {
            story.fate = if facts.present.is_empty() { Fate::Failed } else { Fate::FailedButVisible };
            return story;
        }
        story.recovered = !facts.adds.iter().any(acknowledged) && !facts.present.is_empty();
        // not every answered read completes in the order of the invocations: known is the earliest completion
        let seen = facts.present.iter().map(|&rank| &reads[rank].0);
        let known = facts.adds.iter().filter(|add| acknowledged(add)).chain(seen).min_by_key(|by| by.completed_at);
        let (Some(known), Some(known_at)) = (known, known.and_then(|by| by.completed_at)) else { return story };
        story.known = Some(known.index());

        let absent = last_absent(&facts.present, reads.len());
        story.last_absent = absent.map(|rank| reads[rank].0.index());
        let settled = |rank: &usize| self.settled_from.is_some_and(|from| reads[*rank].0.index() >= from);
        let broken = missing_ranks(&facts.present, reads.len())
            .take_while(settled)
            .find(|&rank| reads[rank].0.invoked_at > known_at);
        let absent_after = absent.filter(|&rank| reads[rank].0.invoked_at > known_at);
        if let Some(rank) = broken {
            story.last_absent = Some(reads[rank].0.index());
            story.fate = Fate::Lost;
        } else if facts.present.last().copied() > absent {
            story.fate = Fate::Stable;
            let known_time = known.completion.map_or(Duration::ZERO, |event| event.time);
            story.stale_for = absent_after.map(|rank| reads[rank].0.invocation.time.saturating_sub(known_time));
        } else if absent_after.is_some() {
            story.fate = Fate::Lost;
        }
        story
    }
}

fn acknowledged(add: &Operation<'_>) -> bool {
    matches!(add.outcome(), Outcome::Ok(answer) if answer.as_refused().is_none())
}

fn failed(add: &Operation<'_>) -> bool {
    add.outcome() == Outcome::Fail || matches!(add.outcome(), Outcome::Ok(answer) if answer.as_refused().is_some())
}

/// The ranks below `reads` that are not in `present`, from the last one down: each step is paid by a presence.
fn missing_ranks(present: &[usize], reads: usize) -> impl Iterator<Item = usize> {
    let mut present = present.iter().rev().copied().peekable();
    (0..reads).rev().filter(move |rank| {
        let found = present.peek() == Some(rank);
        while present.peek() == Some(rank) {
            present.next();
        }
        !found
    })
}

fn last_absent(present: &[usize], reads: usize) -> Option<usize> {
    missing_ranks(present, reads).next()
}

impl Counts {
    fn add(&mut self, element: &Element, adds: &[Operation<'_>]) {
        if !adds.is_empty() {
            self.attempted += 1;
            match (adds.iter().any(acknowledged), adds.iter().all(failed)) {
                (true, _) => self.acknowledged += 1,
                (_, true) => self.failed += 1,
                _ => self.indeterminate += 1,
            }
        }
        match element.fate {
            Fate::Stable => self.stable += 1,
            Fate::Lost => self.lost += 1,
            Fate::NeverRead => self.never_read += 1,
            Fate::Failed => {}
            Fate::FailedButVisible => self.failed_but_visible += 1,
            Fate::Phantom => self.phantom += 1,
        }
        self.stale += u64::from(element.stale_for.is_some());
        self.duplicated += u64::from(element.duplicated_in.is_some());
        self.recovered += u64::from(element.recovered);
    }
}

impl Element {
    fn evidence(&self, anomaly: &str, summary: String, operations: [Option<u64>; 3]) -> Evidence {
        let mut operations: Vec<u64> = operations.into_iter().flatten().collect();
        operations.sort_unstable();
        operations.dedup();
        let key = self.key.clone();
        let of = |at: Option<u64>, what: &str| at.map(|at| format!("#{at} {what}"));
        let told = [
            of(self.added, "tries to add it"),
            of(self.known, "makes it known: from its completion on it must be there"),
            of(self.last_present, "is the last read that shows it"),
            of(self.last_absent, "is a read that does not show it"),
        ];
        Evidence {
            anomaly: anomaly.to_owned(),
            summary,
            steps: told.into_iter().flatten().collect(),
            culprit: operations.last().copied(),
            operations,
            legal: Vec::new(),
            key,
        }
    }

    /// The contradictions in this element's story.
    fn contradictions(&self, linearizable: bool) -> Vec<Evidence> {
        let (name, at) =
            (&self.element, |at: Option<u64>| at.map_or_else(|| "nobody".to_owned(), |at| format!("#{at}")));
        let (added, known, shown, missed) =
            (at(self.added), at(self.known), at(self.last_present), at(self.last_absent));
        let mut all = Vec::new();
        match self.fate {
            Fate::Lost => all.push(self.evidence(
                "lost",
                format!("element {name} was known by {known}, and {missed}, which began later, does not show it"),
                [self.added, self.known, self.last_absent],
            )),
            Fate::Phantom => all.push(self.evidence(
                "phantom",
                format!("{known} shows element {name}, which nobody had tried to add by then"),
                [self.known, None, None],
            )),
            Fate::FailedButVisible => all.push(self.evidence(
                "failed-but-visible",
                format!("{added} failed to add element {name}, yet {shown} shows it"),
                [self.added, self.last_present, None],
            )),
            Fate::Stable if linearizable && self.stale_for.is_some() => all.push(self.evidence(
                "stale-read",
                format!("element {name} was known by {known}, yet {missed}, which began later, does not show it"),
                [self.added, self.known, self.last_absent],
            )),
            _ => {}
        }
        if let Some(read) = self.duplicated_in {
            let summary = format!("#{read} shows element {name} more than once");
            all.push(self.evidence("duplicated", summary, [Some(read), None, None]));
        }
        all
    }
}

impl Report {
    /// What the claim is worth in view of these fates.
    pub fn verdict(&self, linearizable: bool) -> Verdict {
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        let mut all = Vec::new();
        for evidence in self.elements.iter().flat_map(|element| element.contradictions(linearizable)) {
            let so_far = told.entry(evidence.anomaly.clone()).or_default();
            *so_far += 1;
            if *so_far <= TOLD {
                all.push(evidence);
            }
        }
        let undecided = |why: &str| Verdict::Unknown(Cause::Undecided(why.to_owned()));
        match (all.is_empty(), self.unreadable.first()) {
            (false, _) => Verdict::Invalid(all),
            (_, Some(read)) => undecided(&format!("the answer of read #{read} is no list of elements")),
            _ if self.counts.stable == 0 => {
                undecided("no element is stable: no read shows an added element to the end")
            }
            _ => Verdict::VALID,
        }
    }
}

impl Checker for SetFull {
    fn name(&self) -> &'static str {
        "set-full"
    }

    fn check(&self, history: &History) -> Verdict {
        self.report(history).map_or_else(Verdict::from, |report| report.verdict(self.linearizable))
    }
}

#[cfg(test)]
#[path = "set_full_tests.rs"]
mod tests;

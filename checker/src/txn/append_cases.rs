//! The anomalies of lists that need no cycle: they show in one read, or in one order of appends.

use std::collections::{BTreeMap, BTreeSet};

use super::analysis::Analysis;
use super::append::{List, Lists, case};
use super::decode::{Fate, Txns};
use super::model::Anomaly;
use crate::Value;

/// What a transaction must read next in a list, by what it did to it so far.
#[derive(Default)]
struct Seen<'h> {
    /// The last read.
    read: Option<&'h [Value]>,
    /// The appends since.
    appended: Vec<&'h Value>,
    /// Elements read so far that this transaction had not appended by then.
    foreign: BTreeSet<&'h Value>,
}

impl Seen<'_> {
    fn allows(&self, list: &[Value]) -> bool {
        let rest = match self.read {
            Some(read) if list.len() == read.len() + self.appended.len() => {
                list.starts_with(read).then(|| &list[read.len()..])
            }
            Some(_) => None,
            None => list.len().checked_sub(self.appended.len()).map(|start| &list[start..]),
        };
        rest.is_some_and(|rest| rest.iter().eq(self.appended.iter().copied()))
    }
}

/// Transactions that contradict themselves: reads that don't follow from the transaction's own earlier reads and
/// appends, and reads of what it appended only later.
pub(crate) fn internal(txns: &Txns, analysis: &mut Analysis) {
    for (txn, fate) in txns.fates() {
        if fate != Fate::Committed || txns.mops(txn).len() < 2 {
            continue;
        }
        let index = txns.index(txn);
        let mops = txns.mops(txn);
        let written: BTreeSet<u32> = mops.iter().filter(|mop| mop.write).map(|mop| mop.key).collect();
        let mut seen: BTreeMap<u32, Seen> = BTreeMap::new();
        for mop in mops {
            let key = txns.keys[mop.key as usize];
            let seen = seen.entry(mop.key).or_default();
            if mop.write {
                if seen.foreign.contains(mop.value) {
                    analysis.add(Anomaly::FutureRead, || {
                        let what = format!("#{index} read {} in {key} before it appended it", mop.value);
                        case(key, what, vec![index], index)
                    });
                }
                seen.appended.push(mop.value);
                continue;
            }
            let list = mop.value.as_list().unwrap_or(&[]);
            if !seen.allows(list) {
                analysis.add(Anomaly::Internal, || {
                    let what =
                        format!("#{index} read {} in {key}, against its own earlier reads and appends", mop.value);
                    case(key, what, vec![index], index)
                });
            }
            if written.contains(&mop.key) {
                seen.foreign.extend(list);
            }
            seen.read = Some(list);
            seen.appended.clear();
        }
    }
}

/// What single reads of a list show: repeated elements, elements from nowhere, of aborted transactions, or from
/// within one; and two reads that no one order explains.
pub(crate) fn reads(lists: &Lists, key: usize, analysis: &mut Analysis) {
    let list = &lists.keys[key];
    let longest = Faults::of(list.longest, list, lists.txns);
    let first = list.reads.iter().find(|(_, read)| read.len() == list.longest.len());
    for (reader, read) in &list.reads {
        let prefix = list.longest.starts_with(read);
        if let Some((other, _)) = first.filter(|_| !prefix) {
            analysis.add(Anomaly::IncompatibleOrder, || incompatible(lists, key, *reader, *other, read));
        }
        let own;
        let faults = if prefix {
            &longest
        } else {
            own = Faults::of(read, list, lists.txns);
            &own
        };
        faults.report(lists, key, *reader, read, analysis);
        intermediate(lists, key, *reader, read, analysis);
    }
}

fn incompatible(lists: &Lists, key: usize, reader: u32, other: u32, read: &[Value]) -> crate::Evidence {
    let (a, b, name) = (lists.txns.index(reader), lists.txns.index(other), lists.key(key));
    let (one, two) = (Value::list(read.to_vec()), Value::list(lists.keys[key].longest.to_vec()));
    let what = format!("#{a} read {one} in {name} and #{b} read {two}: neither begins with the other");
    case(name, what, vec![a, b], a)
}

fn intermediate(lists: &Lists, key: usize, reader: u32, read: &[Value], analysis: &mut Analysis) {
    let Some(append) = read.last().and_then(|last| lists.keys[key].append(last)) else { return };
    if append.intermediate && append.txn != reader {
        analysis.add(Anomaly::G1b, || {
            let (a, b, name) = (lists.txns.index(append.txn), lists.txns.index(reader), lists.key(key));
            let element = append.element;
            let what = format!("#{b} read {name} up to {element}, but #{a} appended {element} and then more at once");
            case(name, what, vec![a, b], b)
        });
    }
}

/// The first place of each fault in a read: reads that are prefixes share those of the longest.
struct Faults {
    repeated: Option<usize>,
    garbage: Option<usize>,
    aborted: Option<usize>,
}

impl Faults {
    fn of(read: &[Value], list: &List, txns: &Txns) -> Faults {
        let mut places: Vec<(&Value, usize)> = read.iter().zip(0..).collect();
        places.sort_unstable();
        let repeated = places.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1).min();
        let at = |fault: &dyn Fn(&Value) -> bool| read.iter().position(fault);
        let garbage = at(&|element| list.append(element).is_none());
        let fails = list.appends.iter().any(|append| txns.fate(append.txn) == Fate::Aborted);
        let aborted = |element: &Value| list.append(element).is_some_and(|a| txns.fate(a.txn) == Fate::Aborted);
        Faults { repeated, garbage, aborted: if fails { at(&aborted) } else { None } }
    }

    fn report(&self, lists: &Lists, key: usize, reader: u32, read: &[Value], analysis: &mut Analysis) {
        let (b, name) = (lists.txns.index(reader), lists.key(key));
        let inside = |place: Option<usize>| place.and_then(|place| read.get(place));
        if let Some(element) = inside(self.repeated) {
            let what = || format!("#{b} read {element} twice in {name}");
            analysis.add(Anomaly::DuplicateElements, || case(name, what(), vec![b], b));
        }
        if let Some(element) = inside(self.garbage) {
            let what = || format!("#{b} read {element} in {name}, which nobody appended");
            analysis.add(Anomaly::GarbageRead, || case(name, what(), vec![b], b));
        }
        if let Some(element) = inside(self.aborted) {
            let Some(append) = lists.keys[key].append(element) else { return };
            let a = lists.txns.index(append.txn);
            let what = || format!("#{b} read {element} in {name}, appended by #{a}, which failed");
            analysis.add(Anomaly::G1a, || case(name, what(), vec![a, b], b));
        }
    }
}

/// Answered appends on top of aborted ones. Appends of unknown fate in between may belong to either, so they are passed
/// over.
pub(crate) fn dirty_updates(lists: &Lists, key: usize, analysis: &mut Analysis) {
    let mut aborted: Option<(u32, &Value)> = None;
    for (element, writer) in &lists.keys[key].order {
        let Some(writer) = writer else { continue };
        match lists.txns.fate(*writer) {
            Fate::Aborted => aborted = Some((*writer, element)),
            Fate::Indeterminate => {}
            Fate::Committed => {
                let Some((failed, below)) = aborted.take() else { continue };
                let (a, b, name) = (lists.txns.index(failed), lists.txns.index(*writer), lists.key(key));
                analysis.add(Anomaly::DirtyUpdate, || {
                    let what = format!("#{b} appended {element} to {name} on top of {below} of #{a}, which failed");
                    case(name, what, vec![a, b], b)
                });
            }
        }
    }
}

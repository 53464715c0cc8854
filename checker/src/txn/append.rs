//! Lists under `append` and `read`: every read shows the order of all appends before it, so that dependencies between
//! transactions can be read off (Kingsbury & Alvaro, "Elle", VLDB 2020, section 4).

use std::collections::{BTreeMap, BTreeSet};

use super::analysis::{Analysis, orders};
use super::append_cases as cases;
use super::cycles::Step;
use super::decode::{Fate, Mop, Txns};
use super::graph::{Builder, RW, WR, WW};
use super::model::{Anomaly, Model};
use crate::{Checker, Evidence, History, Value, Verdict};

/// Judges transactions of appends to lists and reads of them.
#[derive(Clone, Copy, Debug)]
pub struct ListAppend {
    /// The model that is claimed.
    pub expected: Model,
}

impl Default for ListAppend {
    fn default() -> ListAppend {
        ListAppend { expected: Model::StrictSerializable }
    }
}

impl Checker for ListAppend {
    fn name(&self) -> &'static str {
        "list-append"
    }

    fn check(&self, history: &History) -> Verdict {
        analyze(history).verdict(self.expected)
    }
}

/// All anomalies of a history of appends and reads.
pub fn analyze(history: &History) -> Analysis {
    let mut analysis = Analysis::default();
    let txns = match Txns::decode(history, "append") {
        Ok(txns) => txns,
        Err(problem) => {
            analysis.problem = Some(problem);
            return analysis.conclude();
        }
    };
    analysis.vacuous = !txns.any_read();
    let lists = Lists::of(&txns);
    cases::internal(&txns, &mut analysis);
    for key in 0..lists.keys.len() {
        cases::reads(&lists, key, &mut analysis);
        cases::dirty_updates(&lists, key, &mut analysis);
    }
    super::lost::updates(&txns, &mut analysis, |mop| {
        let list = mop.list();
        (list.len(), list.last())
    });
    let twice = lists.appended_twice();
    if let Some((_, problem)) = twice.first_key_value() {
        analysis.problem = Some(problem.clone());
        // the other lists may still show a contradiction
        let rest = txns.without(&twice.into_keys().collect());
        dependencies(&Lists::of(&rest), &mut analysis);
    } else {
        dependencies(&lists, &mut analysis);
    }
    analysis.conclude()
}

fn dependencies(lists: &Lists<'_, '_>, analysis: &mut Analysis) {
    lists.fractured(analysis);
    analysis.fractures_sought = true;
    let mut graph = Builder::new(lists.txns.all.len());
    lists.edges(&mut graph);
    orders(lists.txns, &mut graph);
    analysis.add_cycles(graph, lists.txns, |step| lists.explain(step));
}

/// An append of one element.
pub(crate) struct Append<'h> {
    pub(crate) element: &'h Value,
    pub(crate) txn: u32,
    /// Whether its transaction appended more to the same list.
    pub(crate) intermediate: bool,
    /// Its place in the order of the list, if it was ever read.
    pub(crate) place: Option<u32>,
}

/// What is known about one list.
#[derive(Default)]
pub(crate) struct List<'h> {
    /// The appends, by element.
    pub(crate) appends: Vec<Append<'h>>,
    /// The answered reads.
    pub(crate) reads: Vec<(u32, &'h [Value])>,
    /// The longest read, or the only append if nothing was read.
    pub(crate) longest: &'h [Value],
    /// The elements in their order, each once, with who appended them.
    pub(crate) order: Vec<(&'h Value, Option<u32>)>,
}

/// All lists.
pub(crate) struct Lists<'t, 'h> {
    pub(crate) txns: &'t Txns<'h>,
    pub(crate) keys: Vec<List<'h>>,
}

impl<'h> List<'h> {
    /// The append of an element.
    pub(crate) fn append(&self, element: &Value) -> Option<&Append<'h>> {
        let at = self.appends.partition_point(|append| append.element < element);
        self.appends.get(at).filter(|append| append.element == element)
    }

    fn settle(&mut self, txns: &Txns) {
        // of two appends of one element the one that may have happened comes first
        self.appends.sort_by(|a, b| {
            let aborted = |append: &Append| txns.fate(append.txn) == Fate::Aborted;
            a.element.cmp(b.element).then(aborted(a).cmp(&aborted(b)))
        });
        for (_, read) in &self.reads {
            if read.len() > self.longest.len() {
                self.longest = read;
            }
        }
        if self.longest.is_empty() {
            let mut possible = self.appends.iter().filter(|append| txns.fate(append.txn) != Fate::Aborted);
            if let (Some(only), None) = (possible.next(), possible.next()) {
                self.longest = std::slice::from_ref(only.element);
            }
        }
        let mut garbage = std::collections::BTreeSet::new();
        for element in self.longest {
            let at = self.appends.partition_point(|append| append.element < element);
            let place = u32::try_from(self.order.len()).ok();
            match self.appends.get_mut(at).filter(|append| append.element == element) {
                Some(append) if append.place.is_none() => {
                    append.place = place;
                    self.order.push((element, Some(append.txn)));
                }
                None if garbage.insert(element) => self.order.push((element, None)),
                _ => {}
            }
        }
    }
}

impl<'t, 'h> Lists<'t, 'h> {
    fn of(txns: &'t Txns<'h>) -> Lists<'t, 'h> {
        let mut keys: Vec<List<'h>> = Vec::new();
        keys.resize_with(txns.keys.len(), List::default);
        for (txn, _) in txns.fates() {
            for mop in txns.mops(txn) {
                let list = &mut keys[mop.key as usize];
                if mop.write {
                    if let Some(previous) = list.appends.last_mut().filter(|append| append.txn == txn) {
                        previous.intermediate = true;
                    }
                    list.appends.push(Append { element: mop.value, txn, intermediate: false, place: None });
                } else {
                    list.reads.push((txn, elements(mop)));
                }
            }
        }
        for list in &mut keys {
            list.settle(txns);
        }
        Lists { txns, keys }
    }

    fn possible(&self, txn: Option<u32>) -> Option<u32> {
        txn.filter(|txn| self.txns.fate(*txn) != Fate::Aborted)
    }

    /// The key as people read it.
    pub(crate) fn key(&self, key: usize) -> &Value {
        self.txns.keys[key]
    }

    /// The lists in which reads can't tell two appends apart, each with the reason.
    fn appended_twice(&self) -> BTreeMap<u32, String> {
        let twice = |(number, (key, list)): (u32, (usize, &List<'_>))| {
            let pair = list.appends.windows(2).find(|pair| {
                pair[0].element == pair[1].element && pair.iter().all(|a| self.possible(Some(a.txn)).is_some())
            })?;
            let (a, b) = (self.txns.index(pair[0].txn), self.txns.index(pair[1].txn));
            let (element, key) = (pair[0].element, self.key(key));
            Some((number, format!("#{a} and #{b} both append {element} to {key}: reads can't tell them apart")))
        };
        (0..).zip(self.keys.iter().enumerate()).filter_map(twice).collect()
    }

    fn edges(&self, graph: &mut Builder) {
        for list in &self.keys {
            let mut readers: Vec<Vec<u32>> = vec![Vec::new(); list.order.len() + 1];
            for (reader, read) in &list.reads {
                let Some(last) = read.last() else {
                    readers[0].push(*reader);
                    continue;
                };
                let Some(append) = list.append(last) else { continue };
                if let Some(writer) = self.possible(Some(append.txn)) {
                    graph.edge(writer, *reader, WR);
                }
                // a read in another order did not miss what this one has next
                if let Some(place) = append.place.filter(|_| list.longest.starts_with(read)) {
                    readers[place as usize + 1].push(*reader);
                }
            }
            let mut previous = None;
            for (place, (_, writer)) in list.order.iter().enumerate() {
                let writer = self.possible(*writer);
                if let (Some(previous), Some(writer)) = (previous, writer) {
                    graph.edge(previous, writer, WW);
                }
                if let Some(writer) = writer {
                    readers[place].iter().for_each(|reader| graph.edge(*reader, writer, RW));
                }
                previous = writer;
            }
            // what nobody read comes after all that somebody read
            let unread = list.appends.iter().filter(|append| append.place.is_none());
            let unread: Vec<u32> = unread.filter_map(|append| self.possible(Some(append.txn))).collect();
            if let Some(previous) = previous {
                for writer in &unread {
                    graph.edge(previous, *writer, WW);
                }
            }
            graph.fan(&readers[list.order.len()], &unread, RW);
        }
    }

    /// Looks for reads of one append of a transaction, and of another list without what the same transaction appended to it.
    fn fractured(&self, analysis: &mut Analysis) {
        for (reader, _) in self.txns.fates().filter(|(_, fate)| *fate == Fate::Committed) {
            let first = self.outside(reader);
            for (key, read) in &first {
                let Some(end) = read.last().and_then(|last| self.keys[*key as usize].append(last)) else { continue };
                let Some(author) = self.possible(Some(end.txn)).filter(|author| *author != reader) else { continue };
                let missed = |mop: &&Mop<'h>| {
                    let longest = self.keys[mop.key as usize].longest;
                    let other = first.get(&mop.key).filter(|other| mop.write && longest.starts_with(other));
                    other.is_some_and(|other| !other.contains(mop.value))
                };
                if let Some(missed) = self.txns.mops(author).iter().find(missed) {
                    let (a, b) = (self.txns.index(author), self.txns.index(reader));
                    let (key, other, element) = (self.key(*key as usize), self.key(missed.key as usize), missed.value);
                    let what = || format!("#{b} read what #{a} appended to {key}, and {other} without its {element}");
                    analysis.add(Anomaly::FracturedRead, || case(key, what(), vec![a, b], b));
                }
            }
        }
    }

    /// What a transaction read of each list before it appended to it.
    fn outside(&self, txn: u32) -> BTreeMap<u32, &'h [Value]> {
        let (mut first, mut own) = (BTreeMap::new(), BTreeSet::new());
        for mop in self.txns.mops(txn) {
            if mop.write {
                own.insert(mop.key);
            } else if !own.contains(&mop.key) {
                first.entry(mop.key).or_insert_with(|| elements(mop));
            }
        }
        first
    }

    /// Why one transaction precedes another, in words.
    fn explain(&self, step: Step) -> String {
        let (a, b) = (self.txns.index(step.from), self.txns.index(step.to));
        for mop in self.txns.mops(step.to) {
            let (list, key) = (&self.keys[mop.key as usize], self.key(mop.key as usize));
            let end = mop.list().last().filter(|_| step.kind == WR && !mop.write);
            if let Some(last) = end.filter(|last| list.append(last).is_some_and(|w| w.txn == step.from)) {
                return format!("#{b} read {} in {key}, whose last element {last} #{a} appended", mop.value);
            }
            if step.kind == WR || !mop.write {
                continue;
            }
            let shown = list.append(mop.value).and_then(|append| append.place);
            let place = shown.map_or(list.order.len(), |place| place as usize);
            let before = place.checked_sub(1).map(|place| list.order[place]);
            if let (WW, Some((element, _))) = (step.kind, before.filter(|b| b.1 == Some(step.from))) {
                let value = mop.value;
                return match shown {
                    Some(_) => format!("#{b} appended {value} to {key} after #{a}'s {element}, as reads of it show"),
                    None => format!("no read of {key} shows #{b}'s {value}: it can only come after #{a}'s {element}"),
                };
            }
            let read = |read: &&Mop| !read.write && read.key == mop.key && read.list().last() == before.map(|b| b.0);
            if let (RW, Some(read)) = (step.kind, self.txns.mops(step.from).iter().find(read)) {
                let seen = if read.list().is_empty() { "as empty".to_owned() } else { format!("as {}", read.value) };
                return format!("#{a} read {key} {seen}, without {}, which #{b} appended next", mop.value);
            }
        }
        format!("#{b} depends on #{a}")
    }
}

fn elements<'h>(mop: &Mop<'h>) -> &'h [Value] {
    mop.value.as_list().unwrap_or(&[])
}

/// Evidence about single reads and writes of a key.
pub(crate) fn case(key: &Value, summary: String, mut operations: Vec<u64>, culprit: u64) -> Evidence {
    operations.sort_unstable();
    operations.dedup();
    Evidence { summary, operations, culprit: Some(culprit), key: key.to_string(), ..Evidence::default() }
}

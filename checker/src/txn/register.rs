//! Registers under reads and unique writes: the order of a key's versions is not shown by reads, so that it is pieced
//! together from what the system is assumed to keep (Kingsbury & Alvaro, "Elle", VLDB 2020, section 5).

use std::collections::{BTreeMap, BTreeSet};

use super::analysis::{Analysis, orders};
use super::append::case;
use super::cycles::Step;
use super::decode::{Fate, Txns};
use super::graph::{Builder, RW, WR, WW};
use super::model::{Anomaly, Model};
use super::session::exactly;
use super::versions::{Versions, externals};
use crate::{Cause, Checker, History, Value, Verdict};

/// What is assumed about each key by itself, to learn the order of its versions. The initial version, no value, always
/// comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumptions {
    /// Within a transaction that reads and then writes a key, the write directly follows what was read.
    pub wfr_keys: bool,
    /// Each key is sequentially consistent: versions follow the order of each process.
    pub sequential_keys: bool,
    /// Each key is linearizable: versions follow real time.
    pub linearizable_keys: bool,
    /// What a value is that was read and that nobody wrote.
    pub unwritten: Unwritten,
}

/// What a value is that was read and that nobody wrote. No model tells: our histories begin with empty keys, published ones
/// may begin in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritten {
    /// Garbage.
    Garbage,
    /// What the key held before the history, if it is the only such value and nobody found the key empty.
    Initial,
}

impl Assumptions {
    /// All that strict serializability implies.
    pub const ALL: Assumptions =
        Assumptions { wfr_keys: true, sequential_keys: true, linearizable_keys: true, unwritten: Unwritten::Garbage };
    /// None of them.
    pub const NONE: Assumptions = Assumptions {
        wfr_keys: false,
        sequential_keys: false,
        linearizable_keys: false,
        unwritten: Unwritten::Garbage,
    };
    /// Those under which others publish what their histories are.
    pub const PUBLISHED: Assumptions = Assumptions { unwritten: Unwritten::Initial, ..Assumptions::ALL };

    /// Those that `model` implies, so that assuming them to refute it is sound. Where only committed values are read, a write
    /// that came before what its transaction had read of the same key would close a cycle.
    pub fn implied_by(model: Model) -> Assumptions {
        let implied = model.implied();
        Assumptions {
            wfr_keys: implied.contains(&Model::ReadCommitted),
            sequential_keys: implied.contains(&Model::StrongSessionSerializable),
            linearizable_keys: implied.contains(&Model::StrictSerializable),
            unwritten: Unwritten::Garbage,
        }
    }
}

/// Judges transactions of reads and unique writes of registers.
#[derive(Clone, Copy, Debug)]
pub struct RwRegister {
    /// The model that is claimed.
    pub expected: Model,
    /// What is assumed about each key; a verdict against a model is one against the model or these assumptions.
    pub assumptions: Assumptions,
}

impl RwRegister {
    /// Judges the claim with what the claim itself implies about each key.
    pub fn expecting(expected: Model) -> RwRegister {
        RwRegister { expected, assumptions: Assumptions::implied_by(expected) }
    }
}

impl Default for RwRegister {
    fn default() -> RwRegister {
        RwRegister::expecting(Model::StrictSerializable)
    }
}

impl Checker for RwRegister {
    fn name(&self) -> &'static str {
        "rw-register"
    }

    fn check(&self, history: &History) -> Verdict {
        analyze(history, self.assumptions).verdict(self.expected)
    }
}

/// All anomalies of a history of reads and writes.
pub fn analyze(history: &History, assumptions: Assumptions) -> Analysis {
    let mut analysis = Analysis::default();
    let txns = match Txns::decode(history, "w") {
        Ok(txns) => txns,
        Err(problem) => {
            analysis.problem = Some(problem);
            return analysis.conclude();
        }
    };
    analysis.vacuous = !txns.any_read();
    let writes = Writes::of(&txns);
    let held = match assumptions.unwritten {
        Unwritten::Garbage => BTreeMap::new(),
        Unwritten::Initial => writes.held_before(&txns),
    };
    internal(&txns, &mut analysis);
    writes.reads(&txns, &held, &mut analysis);
    super::lost::updates(&txns, &mut analysis, |mop| mop.value);
    let twice = writes.written_twice(&txns);
    let rest = match twice.first_key_value() {
        None => txns,
        Some((_, problem)) => {
            analysis.problem = Some(problem.clone());
            // the other registers may still show a contradiction
            txns.without(&twice.into_keys().collect())
        }
    };
    let versions = Versions::infer(&rest, assumptions, &held, &mut analysis);
    let mut graph = Builder::new(rest.all.len());
    edges(&rest, &writes, &versions, &mut graph);
    orders(&rest, &mut graph);
    analysis.add_cycles(graph, &rest, |step| explain(&rest, &versions, step));
    analysis.conclude()
}

/// Every level: by the cycles of what can be inferred, and, where these show nothing, by a bounded search that infers nothing.
/// If a level is `named`, each is judged by no more than it implies itself of each key, and is valid only where that is proven;
/// else what contradicts nothing that can be inferred counts as published: as valid, where no search decides.
pub fn levels(history: &History, named: bool) -> BTreeMap<Model, Verdict> {
    let mut known: Vec<(Assumptions, Analysis)> = Vec::new();
    let mut levels: BTreeMap<Model, Verdict> = BTreeMap::new();
    // Each comes after all that it implies.
    for model in Model::ALL.iter().rev().copied() {
        let implied = Assumptions { unwritten: Unwritten::Initial, ..Assumptions::implied_by(model) };
        let assumed = if named { implied } else { Assumptions::PUBLISHED };
        let place = known.iter().position(|(by, _)| *by == assumed).unwrap_or_else(|| {
            known.push((assumed, analyze(history, assumed)));
            known.len() - 1
        });
        let inferred = known[place].1.verdict(model);
        let is_open = inferred == Verdict::VALID || matches!(inferred, Verdict::Unknown(_));
        let exact = if is_open { exactly(history, model) } else { None };
        let exact = exact.filter(|exact| named || inferred != Verdict::VALID || !matches!(exact, Verdict::Unknown(_)));
        let weaker = model.implied().into_iter().filter_map(|weaker| levels.get(&weaker));
        let broken = weaker.into_iter().find(|weaker| weaker.is_invalid()).cloned();
        let is_shown_by_reads = Model::StrongReadCommitted.implied().contains(&model);
        let is_unproven = named && inferred == Verdict::VALID && !is_shown_by_reads;
        let otherwise = if is_unproven { open(model) } else { inferred };
        levels.insert(model, broken.or(exact).unwrap_or(otherwise));
    }
    for model in Model::ALL.iter().filter(|model| levels[*model] == Verdict::VALID).copied().collect::<Vec<_>>() {
        for weaker in model.implied() {
            if matches!(levels[&weaker], Verdict::Unknown(_)) {
                levels.insert(weaker, Verdict::VALID);
            }
        }
    }
    levels
}

/// What is neither found to contradict a level nor searched through for it. Up to read committed that can't be: where what is
/// read makes no cycle, versions in the order of their transactions make none either.
fn open(model: Model) -> Verdict {
    let why =
        format!("nothing that could be inferred contradicts {model}, but reads do not show the order of all versions");
    Verdict::Unknown(Cause::Undecided(why))
}

/// Who wrote which value of which key, and whether it overwrote it itself.
pub(crate) struct Writes<'h> {
    all: Vec<(u32, &'h Value, u32, bool)>,
}

impl<'h> Writes<'h> {
    pub(crate) fn of(txns: &Txns<'h>) -> Writes<'h> {
        let mut all: Vec<(u32, &'h Value, u32, bool)> = Vec::new();
        for (txn, _) in txns.fates() {
            let mut last: BTreeMap<u32, usize> = BTreeMap::new();
            for mop in txns.mops(txn).iter().filter(|mop| mop.write) {
                if let Some(previous) = last.insert(mop.key, all.len()) {
                    all[previous].3 = true;
                }
                all.push((mop.key, mop.value, txn, false));
            }
        }
        // of two writes of one value the one that may have happened comes first
        all.sort_by_key(|(key, value, txn, _)| (*key, *value, txns.fate(*txn) == Fate::Aborted, *txn));
        Writes { all }
    }

    /// Who wrote this value, and whether it was overwritten at once.
    pub(crate) fn writer(&self, key: u32, value: &Value) -> Option<(u32, bool)> {
        let at = self.all.partition_point(|write| (write.0, write.1) < (key, value));
        self.all.get(at).filter(|write| (write.0, write.1) == (key, value)).map(|write| (write.2, write.3))
    }

    /// The keys of which reads can't tell two writes apart, each with the reason.
    pub(crate) fn written_twice(&self, txns: &Txns) -> BTreeMap<u32, String> {
        let possible = |txn: u32| txns.fate(txn) != Fate::Aborted;
        let twice = self.all.windows(2).filter(|pair| {
            (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1) && possible(pair[0].2) && possible(pair[1].2)
        });
        let why = |pair: &[(u32, &Value, u32, bool)]| {
            let (a, b, key) = (txns.index(pair[0].2), txns.index(pair[1].2), txns.keys[pair[0].0 as usize]);
            format!("#{a} and #{b} both write {} to {key}: reads can't tell them apart", pair[0].1)
        };
        let mut keys = BTreeMap::new();
        for pair in twice {
            keys.entry(pair[0].0).or_insert_with(|| why(pair));
        }
        for (key, _, txn, _) in self.all.iter().filter(|write| write.1.is_nil() && possible(write.2)) {
            let (a, key_name) = (txns.index(*txn), txns.keys[*key as usize]);
            let why = || format!("#{a} writes nil to {key_name}: reads can't tell it from what was there at first");
            keys.entry(*key).or_insert_with(why);
        }
        keys
    }

    /// What each key held before the history: the only value read from it that nobody wrote, unless it was found empty.
    fn held_before(&self, txns: &Txns<'h>) -> BTreeMap<u32, &'h Value> {
        let mut strange: BTreeMap<u32, BTreeSet<&Value>> = BTreeMap::new();
        for mop in txns.fates().flat_map(|(txn, _)| txns.mops(txn)).filter(|mop| !mop.write) {
            if self.writer(mop.key, mop.value).is_none() {
                strange.entry(mop.key).or_default().insert(mop.value);
            }
        }
        let only = |(key, values): (u32, BTreeSet<&'h Value>)| match Vec::from_iter(values)[..] {
            [value] if !value.is_nil() => Some((key, value)),
            _ => None,
        };
        strange.into_iter().filter_map(only).collect()
    }

    fn reads(&self, txns: &Txns, held: &BTreeMap<u32, &Value>, analysis: &mut Analysis) {
        for (txn, _) in txns.fates() {
            let b = txns.index(txn);
            for mop in txns.mops(txn).iter().filter(|mop| !mop.write && !mop.value.is_nil()) {
                let (key, value) = (txns.keys[mop.key as usize], mop.value);
                if held.get(&mop.key) == Some(&value) {
                    continue;
                }
                let Some((writer, overwritten)) = self.writer(mop.key, value) else {
                    let what = || format!("#{b} read {value} from {key}, which nobody wrote");
                    analysis.add(Anomaly::GarbageRead, || case(key, what(), vec![b], b));
                    continue;
                };
                let a = txns.index(writer);
                if txns.fate(writer) == Fate::Aborted {
                    let what = || format!("#{b} read {value} from {key}, written by #{a}, which failed");
                    analysis.add(Anomaly::G1a, || case(key, what(), vec![a, b], b));
                } else if overwritten && writer != txn {
                    let what = || format!("#{b} read {value} from {key}, which #{a} overwrote before it ended");
                    analysis.add(Anomaly::G1b, || case(key, what(), vec![a, b], b));
                }
            }
        }
    }
}

fn internal(txns: &Txns, analysis: &mut Analysis) {
    for (txn, fate) in txns.fates() {
        if fate != Fate::Committed || txns.mops(txn).len() < 2 {
            continue;
        }
        let mut state: BTreeMap<u32, &Value> = BTreeMap::new();
        for mop in txns.mops(txn) {
            let before = state.insert(mop.key, mop.value).filter(|before| !mop.write && *before != mop.value);
            if let Some(before) = before {
                analysis.add(Anomaly::Internal, || {
                    let (index, key) = (txns.index(txn), txns.keys[mop.key as usize]);
                    let what = format!("#{index} read {} from {key}, though for it {key} was {before}", mop.value);
                    case(key, what, vec![index], index)
                });
                break;
            }
        }
    }
}

fn edges(txns: &Txns, writes: &Writes, versions: &Versions, graph: &mut Builder) {
    let possible = |txn: &u32| txns.fate(*txn) != Fate::Aborted;
    let mut readers: Vec<Vec<u32>> = vec![Vec::new(); versions.all.len()];
    let mut authors: Vec<Option<u32>> = vec![None; versions.all.len()];
    for (txn, fate) in txns.fates().filter(|(txn, _)| possible(txn)) {
        for (key, touched) in externals(txns.mops(txn)) {
            if let Some(read) = touched.read.filter(|_| fate == Fate::Committed) {
                if let Some(writer) = writes.writer(key, read).map(|w| w.0).filter(possible) {
                    graph.edge(writer, txn, WR);
                }
                readers[versions.number(key, read) as usize].push(txn);
            }
            if let Some(written) = touched.written {
                authors[versions.number(key, written) as usize] = Some(txn);
            }
        }
    }
    for next in versions.next.chunk_by(|a, b| a.0 == b.0) {
        let before = next[0].0 as usize;
        let after: Vec<u32> = next.iter().filter_map(|(_, after)| authors[*after as usize]).collect();
        if let Some(writer) = authors[before] {
            for overwriter in &after {
                graph.edge(writer, *overwriter, WW);
            }
        }
        graph.fan(&readers[before], &after, RW);
    }
}

/// Why one transaction precedes another, in words.
fn explain(txns: &Txns, versions: &Versions, step: Step) -> String {
    let (a, b) = (txns.index(step.from), txns.index(step.to));
    let before = externals(txns.mops(step.from));
    for (number, then) in externals(txns.mops(step.to)) {
        let Some(first) = before.get(&number) else { continue };
        let key = txns.keys[number as usize];
        let follows = |v: &Value, w: &Value| versions.follows(versions.number(number, v), versions.number(number, w));
        match (step.kind, first.read, first.written, then.read, then.written) {
            (WR, _, Some(v), Some(w), _) if v == w => return format!("#{b} read {v} from {key}, which #{a} wrote"),
            (WW, _, Some(v), _, Some(w)) if follows(v, w) => {
                return format!("#{a} wrote {v} to {key}, and #{b}'s {w} is a later version");
            }
            (RW, Some(v), _, _, Some(w)) if follows(v, w) => {
                return format!("#{a} read {v} from {key}, and #{b}'s {w} is a later version");
            }
            _ => {}
        }
    }
    format!("#{b} depends on #{a}")
}

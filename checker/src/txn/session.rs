//! Levels of isolation of sessions of reads and unique writes, without any real time.
//!
//! Read committed, read atomic and causal: a history satisfies them if the session order, what each read forces, and
//! what the level's axiom adds have no cycle (Biswas & Enea, OOPSLA 2019; Møldrup & Pavlogiannis, "AWDIT", PLDI 2025).
//! The levels above are NP-hard and searched for within a bound (see [`super::order`]).

use std::collections::{BTreeMap, BTreeSet};

use super::decode::{Fate, Txns};
use super::graph::{Builder, PROCESS, WR, WW};
use super::model::Model;
use super::order;
use super::register::Writes;
use super::versions::externals;
use crate::{Cause, Evidence, History, Value, Verdict};

/// The levels that [`levels`] decides, the weakest first.
pub const LEVELS: [Model; 5] =
    [Model::ReadCommitted, Model::ReadAtomic, Model::Causal, Model::SnapshotIsolation, Model::Serializable];

/// A read of another transaction's write, in the order in which the reader read.
struct Read {
    key: u32,
    /// `None` is the initial version, which comes before every write.
    from: Option<u32>,
}

/// The sessions with what each transaction reads and writes.
pub(crate) struct Sessions {
    /// Per transaction, its session's number and its predecessor in it.
    pub(crate) before: Vec<Option<u32>>,
    /// Per transaction, the keys it writes.
    pub(crate) writes: Vec<BTreeSet<u32>>,
    reads: Vec<Vec<Read>>,
    /// Whether a transaction surely or possibly happened.
    pub(crate) present: Vec<bool>,
    /// The sessions: transactions in order.
    pub(crate) each: Vec<Vec<u32>>,
}

/// Decides each of [`LEVELS`] for `history`, a history of sessions: a process is a session, and only its order counts.
pub fn levels(history: &History) -> BTreeMap<Model, Verdict> {
    let all = |verdict: &Verdict| LEVELS.iter().map(|level| (*level, verdict.clone())).collect();
    let undecided = |problem| Verdict::Unknown(Cause::Undecided(problem));
    let txns = match Txns::decode(history, "w") {
        Ok(txns) => txns,
        Err(problem) => return all(&undecided(problem)),
    };
    let writes = Writes::of(&txns);
    if let Some((_, problem)) = writes.written_twice(&txns).pop_first() {
        return all(&undecided(problem));
    }
    let sessions = match Sessions::of(&txns, &writes, true) {
        Ok(sessions) => sessions,
        Err(evidence) => return all(&Verdict::Invalid(vec![*evidence])),
    };
    let mut found = BTreeMap::new();
    let mut broken: Option<Verdict> = None;
    for level in LEVELS {
        // whatever breaks a level breaks the stronger ones after it
        let verdict = broken.clone().unwrap_or_else(|| sessions.decide(level, &txns));
        if verdict.is_invalid() {
            broken = Some(verdict.clone());
        }
        found.insert(level, verdict);
    }
    found
}

/// As many versions in all states on the way to an answer are held at most.
const MOST_HELD: usize = 4_000_000;
/// As many sessions are searched through.
const MOST_SESSIONS: usize = 200;
/// As many transactions that nothing orders are searched through, and as many are followed to what they depend on.
const MOST_UNORDERED: (usize, usize) = (64, 2000);

/// Decides a level of unique reads and writes without inferring the order of versions first; `None` if it can't.
pub(crate) fn exactly(history: &History, level: Model) -> Option<Verdict> {
    let txns = Txns::decode(history, "w").ok()?;
    let writes = Writes::of(&txns);
    if !writes.written_twice(&txns).is_empty() || !txns.any_read() {
        return None;
    }
    let sessions = |kept| Sessions::of(&txns, &writes, kept).ok();
    let kept = sessions(true)?;
    let count = txns.all.len();
    let is_small = kept.each.len() <= MOST_SESSIONS && count * (txns.keys.len() + kept.each.len()) <= MOST_HELD;
    let search = |sessions: &Sessions, level, times| is_small.then(|| order::search(sessions, level, times));
    let loosely = |level| match search(&kept, level, None)? {
        Verdict::Invalid(_) if count <= MOST_UNORDERED.0 => search(&sessions(false)?, level, None),
        Verdict::Invalid(_) => {
            Some(Verdict::Unknown(Cause::Undecided("only its sessions' order contradicts it".into())))
        }
        decided => Some(decided),
    };
    match level {
        Model::Causal if count > MOST_UNORDERED.1 => None,
        // Read committed of sessions is more than Adya's: its reads are monotonic.
        Model::ReadAtomic | Model::Causal => Some(sessions(false)?.axiom(level, &txns)),
        Model::SnapshotIsolation => loosely(order::Level::Snapshot),
        Model::Serializable => loosely(order::Level::Serial),
        Model::StrongSessionSnapshotIsolation => search(&kept, order::Level::Snapshot, None),
        Model::StrongSessionSerializable => search(&kept, order::Level::Serial, None),
        Model::StrongSnapshotIsolation => search(&kept, order::Level::Snapshot, Some(&txns)),
        Model::StrictSerializable => search(&kept, order::Level::Serial, Some(&txns)),
        _ => None,
    }
}

impl Sessions {
    /// An `Err` is evidence of a read that no level explains. If they are not `kept`, every transaction is one of its own.
    fn of(txns: &Txns, writes: &Writes, kept: bool) -> Result<Sessions, Box<Evidence>> {
        let count = txns.all.len();
        let mut sessions = Sessions {
            before: vec![None; count],
            writes: vec![BTreeSet::new(); count],
            reads: Vec::new(),
            present: vec![false; count],
            each: Vec::new(),
        };
        let mut names: BTreeMap<u64, usize> = BTreeMap::new();
        for (txn, fate) in txns.fates() {
            sessions.reads.push(reads(txns, writes, txn)?);
            if fate == Fate::Aborted {
                continue;
            }
            sessions.present[txn as usize] = true;
            let name = *names.entry(txns.all[txn as usize].process).or_insert(sessions.each.len());
            if name == sessions.each.len() {
                sessions.each.push(Vec::new());
            }
            sessions.before[txn as usize] = sessions.each[name].last().copied();
            sessions.each[name].push(txn);
            // what was not answered may take effect at any later time: a process that goes on is another session
            if fate == Fate::Indeterminate || !kept {
                names.remove(&txns.all[txn as usize].process);
            }
            let written = externals(txns.mops(txn)).into_iter().filter(|(_, touched)| touched.written.is_some());
            sessions.writes[txn as usize] = written.map(|(key, _)| key).collect();
        }
        Ok(sessions)
    }

    /// The transactions whose writes of each key were read, with the key, each once; `None` is the initial version.
    pub(crate) fn read_from(&self, txn: u32) -> BTreeSet<(u32, Option<u32>)> {
        self.reads[txn as usize].iter().map(|read| (read.key, read.from)).collect()
    }

    fn decide(&self, level: Model, txns: &Txns) -> Verdict {
        match level {
            Model::SnapshotIsolation => order::search(self, order::Level::Snapshot, None),
            Model::Serializable => order::search(self, order::Level::Serial, None),
            _ => self.axiom(level, txns),
        }
    }

    /// Whether the order that a level's axiom forces has no cycle.
    fn axiom(&self, level: Model, txns: &Txns) -> Verdict {
        let mut graph = Builder::new(self.present.len());
        let mut initial: Option<(u32, u32)> = None;
        for txn in self.present() {
            if let Some(before) = self.before[txn as usize] {
                graph.edge(before, txn, PROCESS);
            }
            for from in self.reads[txn as usize].iter().filter_map(|read| read.from) {
                graph.edge(from, txn, WR);
            }
        }
        let mut force = |earlier: u32, reader: u32, read: &Read| match read.from {
            Some(from) => graph.edge(earlier, from, WW),
            None => initial = initial.or(Some((earlier, reader))),
        };
        match level {
            Model::ReadCommitted => self.read_committed(&mut force),
            Model::ReadAtomic => self.read_atomic(&mut force),
            _ => match self.causal(&mut force) {
                Ok(()) => {}
                Err(cause) => return Verdict::Unknown(cause),
            },
        }
        if let Some((author, reader)) = initial {
            let (a, b) = (txns.index(author), txns.index(reader));
            let what = format!("#{b} sees #{a}, which wrote a key whose initial version #{b} read");
            return Verdict::Invalid(vec![evidence(level, what, vec![a, b], Vec::new())]);
        }
        let found = super::cycles::shortest(&graph.build());
        let Some(cycle) = found else { return Verdict::VALID };
        let steps = cycle.iter().map(|step| {
            let (a, b) = (txns.index(step.from), txns.index(step.to));
            match step.kind {
                PROCESS => format!("#{a} precedes #{b} in its session"),
                WR => format!("#{b} read a value of #{a}, so #{a} precedes #{b}"),
                _ => format!(
                    "somebody who sees #{a} read #{b}'s value of a key that #{a} wrote too, so #{a} precedes #{b}"
                ),
            }
        });
        let operations: Vec<u64> = cycle.iter().map(|step| txns.index(step.from)).collect();
        let around: Vec<String> = operations.iter().chain(operations.first()).map(|n| format!("#{n}")).collect();
        let what = format!("no order of commits is {level}: {} is a cycle", around.join(" → "));
        let steps = steps.collect();
        Verdict::Invalid(vec![evidence(level, what, operations, steps)])
    }

    fn present(&self) -> impl Iterator<Item = u32> + '_ {
        (0..).zip(&self.present).filter(|(_, present)| **present).map(|(txn, _)| txn)
    }

    /// Whoever a transaction has read from comes before what it reads later.
    fn read_committed(&self, force: &mut impl FnMut(u32, u32, &Read)) {
        for txn in self.present() {
            let mut seen: BTreeSet<u32> = BTreeSet::new();
            // for each key the writers of it among those read so far; only the newest since a key was last read matter
            let mut pending: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            for read in &self.reads[txn as usize] {
                for earlier in pending.remove(&read.key).unwrap_or_default() {
                    if Some(earlier) != read.from {
                        force(earlier, txn, read);
                    }
                }
                let Some(from) = read.from else { continue };
                if seen.insert(from) {
                    for key in &self.writes[from as usize] {
                        pending.entry(*key).or_default().push(from);
                    }
                }
                // what was read now comes before what is read of this key next
                pending.insert(read.key, vec![from]);
            }
        }
    }

    /// Whoever a transaction reads from, or follows in its session, comes before what it reads of another writer.
    fn read_atomic(&self, force: &mut impl FnMut(u32, u32, &Read)) {
        for session in &self.each {
            // the session's last writer of each key stands for those before it
            let mut last: BTreeMap<u32, u32> = BTreeMap::new();
            for txn in session {
                let reads = &self.reads[*txn as usize];
                let from: BTreeSet<u32> = reads.iter().filter_map(|read| read.from).collect();
                let written: BTreeMap<u32, Vec<u32>> = from.iter().fold(BTreeMap::new(), |mut all, from| {
                    for key in &self.writes[*from as usize] {
                        all.entry(*key).or_insert_with(Vec::new).push(*from);
                    }
                    all
                });
                for read in reads {
                    let seen = written.get(&read.key).into_iter().flatten().chain(last.get(&read.key));
                    seen.filter(|seen| Some(**seen) != read.from).for_each(|seen| force(*seen, *txn, read));
                }
                last.extend(self.writes[*txn as usize].iter().map(|key| (*key, *txn)));
            }
        }
    }

    /// Whoever happened before a transaction comes before what it reads of another writer: for each session only its
    /// last writer of the key that happened before, found by vector clocks.
    fn causal(&self, force: &mut impl FnMut(u32, u32, &Read)) -> Result<(), Cause> {
        const LIMIT: usize = 400_000_000;
        let width = self.each.len();
        if width.saturating_mul(self.present.len()) > LIMIT {
            return Err(Cause::Memory(LIMIT as u64 * 4));
        }
        let Some(order) = self.causal_order() else { return Ok(()) };
        let mut place = vec![(0, 0u32); self.present.len()];
        let mut writers: BTreeMap<(u32, usize), Vec<(u32, u32)>> = BTreeMap::new();
        for (session, members) in self.each.iter().enumerate() {
            for (at, txn) in (1..).zip(members) {
                place[*txn as usize] = (session, at);
                for key in &self.writes[*txn as usize] {
                    writers.entry((*key, session)).or_default().push((at, *txn));
                }
            }
        }
        let mut clocks = vec![0u32; width * self.present.len()];
        for txn in order {
            let mut clock = vec![0u32; width];
            let from = self.reads[txn as usize].iter().filter_map(|read| read.from);
            for earlier in from.chain(self.before[txn as usize]) {
                let (session, at) = place[earlier as usize];
                let theirs = &clocks[earlier as usize * width..][..width];
                clock.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
                clock[session] = clock[session].max(at);
            }
            for read in &self.reads[txn as usize] {
                for (_, members) in writers.range((read.key, 0)..=(read.key, usize::MAX)) {
                    let session = place[members[0].1 as usize].0;
                    let seen = members.partition_point(|(at, _)| *at <= clock[session]);
                    // the session's order carries it over to earlier writers, but the one read from may be the last
                    let last = members[..seen].iter().rev().find(|(_, writer)| Some(*writer) != read.from);
                    if let Some((_, writer)) = last {
                        force(*writer, txn, read);
                    }
                }
            }
            clocks[txn as usize * width..][..width].copy_from_slice(&clock);
        }
        Ok(())
    }

    /// The transactions in an order that keeps sessions and reads, if there is one.
    fn causal_order(&self) -> Option<Vec<u32>> {
        let mut graph = Builder::new(self.present.len());
        let mut waits = vec![0u32; self.present.len()];
        for txn in self.present() {
            let from: BTreeSet<u32> = self.reads[txn as usize].iter().filter_map(|read| read.from).collect();
            for earlier in from.into_iter().chain(self.before[txn as usize]) {
                graph.edge(earlier, txn, WR);
                waits[txn as usize] += 1;
            }
        }
        let graph = graph.build();
        let mut order: Vec<u32> = self.present().filter(|txn| waits[*txn as usize] == 0).collect();
        let mut done = 0;
        while let Some(txn) = order.get(done).copied() {
            done += 1;
            for (next, _) in graph.out(txn) {
                waits[*next as usize] -= 1;
                if waits[*next as usize] == 0 {
                    order.push(*next);
                }
            }
        }
        (order.len() == self.present().count()).then_some(order)
    }
}

/// The reads of other transactions' writes; an `Err` for a read that contradicts its own transaction, or that was never
/// written, or not for good.
fn reads(txns: &Txns, writes: &Writes, txn: u32) -> Result<Vec<Read>, Box<Evidence>> {
    let mut own: BTreeMap<u32, &Value> = BTreeMap::new();
    let mut reads = Vec::new();
    let index = txns.index(txn);
    let bad = |what: String| Err(Box::new(evidence(Model::ReadCommitted, what, vec![index], Vec::new())));
    for mop in txns.mops(txn) {
        let (key, value) = (txns.keys[mop.key as usize], mop.value);
        if mop.write {
            own.insert(mop.key, value);
        } else if let Some(written) = own.get(&mop.key) {
            if *written != value {
                return bad(format!("#{index} read {value} from {key} after it wrote {written} itself"));
            }
        } else if value.is_nil() {
            reads.push(Read { key: mop.key, from: None });
        } else {
            match writes.writer(mop.key, value) {
                None => return bad(format!("#{index} read {value} from {key}, which nobody wrote")),
                Some((author, _)) if author == txn => {
                    return bad(format!("#{index} read {value} from {key} before it wrote it"));
                }
                Some((author, _)) if txns.fate(author) == Fate::Aborted => {
                    let a = txns.index(author);
                    return bad(format!("#{index} read {value} from {key}, written by #{a}, which failed"));
                }
                Some((author, true)) => {
                    let a = txns.index(author);
                    return bad(format!("#{index} read {value} from {key}, which #{a} overwrote before it ended"));
                }
                Some((author, false)) => reads.push(Read { key: mop.key, from: Some(author) }),
            }
        }
    }
    Ok(reads)
}

/// Evidence against a level.
pub(crate) fn evidence(level: Model, summary: String, mut operations: Vec<u64>, mut steps: Vec<String>) -> Evidence {
    operations.sort_unstable();
    operations.dedup();
    if steps.is_empty() {
        steps.push(summary.clone());
    }
    Evidence { anomaly: format!("not-{level}"), summary, operations, steps, ..Evidence::default() }
}

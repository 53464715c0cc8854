//! What each process must include in its reads, and whether one order of every key's writes allows what it saw.

use std::collections::{BTreeMap, BTreeSet};

use super::Guarantee;
use super::order::{Edge, Why, cycle};
use crate::access::Access;
use crate::linearizable::Budget;
use crate::{Cause, Value};

/// A write that a process must include from now on. Numbers are places among all accesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Obliged {
    pub(super) write: usize,
    /// The process's own access since which it must.
    pub(super) since: usize,
    /// The write that this access showed, where that is another one.
    pub(super) through: Option<usize>,
}

/// Why a guarantee does not hold.
pub(super) enum Broken {
    /// A read shows the initial value and had to include a write.
    Initial { read: usize, obliged: Obliged },
    /// Writes would be older than themselves.
    Cycle(Vec<Edge>),
}

impl Broken {
    /// The accesses that it speaks of.
    pub(super) fn operations(&self) -> Vec<usize> {
        let of = |read: usize, obliged: &Obliged| {
            let all = [Some(read), Some(obliged.write), Some(obliged.since), obliged.through];
            all.into_iter().flatten().collect::<Vec<_>>()
        };
        match self {
            Broken::Initial { read, obliged } => of(*read, obliged),
            Broken::Cycle(edges) => {
                let why = |edge: &Edge| match &edge.why {
                    Why::Own | Why::Replaced => Vec::new(),
                    Why::ReadBefore { read } => vec![*read],
                    Why::Shown { read, obliged } => of(*read, obliged),
                };
                edges.iter().flat_map(|edge| [vec![edge.from, edge.to], why(edge)].concat()).collect()
            }
        }
    }
}

/// The answer about all processes.
pub(super) enum Judged {
    Kept {
        /// Whether any read had to include anything.
        tested: bool,
    },
    Broken(Broken),
    Unknown(Cause),
}

/// The bound that is passed with so many pairs compared, those of one process among them.
fn bound(budget: &Budget, pairs: usize, own: usize) -> Option<Cause> {
    let states = budget.limits.states;
    let too_many = (pairs as u64 > states).then_some(Cause::States(states));
    // each is an edge, in a vector that grows by doubling and once more in the search for a cycle
    too_many.or_else(|| budget.out_of_memory(4 * own * size_of::<Edge>())).or_else(|| budget.out_of_time())
}

/// A history of registers, process by process.
pub(super) struct Sessions<'a, 'h> {
    all: &'a [Access<'h>],
    sources: &'a [Option<usize>],
    guarantee: Guarantee,
    processes: BTreeMap<usize, Vec<usize>>,
    /// The place of each access in its process.
    place: Vec<usize>,
    /// What orders the writes of each key for everybody.
    base: BTreeMap<&'h Value, Vec<Edge>>,
}

/// One process, as far as it came.
#[derive(Default)]
struct View<'h> {
    obliged: BTreeMap<&'h Value, Vec<Obliged>>,
    known: BTreeSet<usize>,
    /// How far into each process's past it must look.
    looked: BTreeMap<usize, usize>,
    /// What its reads say about the order of the writes of each key.
    edges: BTreeMap<&'h Value, Vec<Edge>>,
}

impl<'a, 'h> Sessions<'a, 'h> {
    pub(super) fn new(all: &'a [Access<'h>], sources: &'a [Option<usize>], guarantee: Guarantee) -> Sessions<'a, 'h> {
        let mut processes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut place = Vec::with_capacity(all.len());
        for (at, access) in all.iter().enumerate() {
            let own = processes.entry(access.life).or_default();
            place.push(own.len());
            own.push(at);
        }
        let mut sessions = Sessions { all, sources, guarantee, processes, place, base: BTreeMap::new() };
        sessions.base = sessions.base();
        sessions
    }

    fn base(&self) -> BTreeMap<&'h Value, Vec<Edge>> {
        let mut base: BTreeMap<&Value, Vec<Edge>> = BTreeMap::new();
        for own in self.processes.values() {
            let mut last: BTreeMap<&Value, usize> = BTreeMap::new();
            let mut read: BTreeMap<&Value, Vec<usize>> = BTreeMap::new();
            for &to in own {
                let access = &self.all[to];
                let edges = base.entry(access.key).or_default();
                if access.wrote().is_some() {
                    edges.extend(last.get(access.key).map(|&from| Edge { from, to, why: Why::Own }));
                    edges.extend(self.sources[to].map(|from| Edge { from, to, why: Why::Replaced }));
                    let follows =
                        |&read: &usize| Some(Edge { from: self.sources[read]?, to, why: Why::ReadBefore { read } });
                    if self.guarantee == Guarantee::WritesFollowReads {
                        edges.extend(read.remove(access.key).iter().flatten().filter_map(follows));
                    }
                    // one that was not answered may take effect after the next
                    if !access.pending() {
                        last.insert(access.key, to);
                    }
                }
                read.entry(access.key).or_default().push(to);
            }
        }
        base
    }

    /// Judges process by process; stops at the first that is broken, or at a bound.
    pub(super) fn judge(&self, budget: &Budget) -> Judged {
        if let Some(edges) = self.base.values().find_map(|edges| cycle(edges)) {
            return Judged::Broken(Broken::Cycle(edges));
        }
        let mut pairs = 0;
        for own in self.processes.values() {
            let (mut view, before) = (View::default(), pairs);
            for &at in own {
                match self.look(&mut view, at) {
                    Ok(compared) => pairs += compared,
                    Err(broken) => return Judged::Broken(broken),
                }
                if let Some(cause) = bound(budget, pairs, pairs - before) {
                    return Judged::Unknown(cause);
                }
            }
            let told = view.edges.iter().find_map(|(key, edges)| {
                let base = self.base.get(key).map_or(&[][..], Vec::as_slice);
                cycle(&[base, edges].concat())
            });
            if let Some(edges) = told {
                return Judged::Broken(Broken::Cycle(edges));
            }
        }
        Judged::Kept { tested: pairs > 0 }
    }

    /// The process does its next access; how many pairs of versions that compared.
    fn look(&self, view: &mut View<'h>, at: usize) -> Result<usize, Broken> {
        let access = &self.all[at];
        let compared = if access.observed().is_some() { self.observe(view, at)? } else { 0 };
        let obliges = match self.guarantee {
            Guarantee::ReadYourWrites => Some(at).filter(|_| access.wrote().is_some() && !access.pending()),
            Guarantee::MonotonicReads => self.sources[at],
            Guarantee::MonotonicWrites | Guarantee::WritesFollowReads => None,
        };
        if let Some(write) = obliges {
            self.oblige(view, Obliged { write, since: at, through: None });
        }
        Ok(compared)
    }

    fn observe(&self, view: &mut View<'h>, read: usize) -> Result<usize, Broken> {
        let (key, shown) = (self.all[read].key, self.sources[read]);
        if let Some(write) = shown {
            self.look_back(view, read, write);
        }
        let obliged = view.obliged.get(key).map_or(&[][..], Vec::as_slice);
        match (shown, obliged.first()) {
            (None, Some(&obliged)) => return Err(Broken::Initial { read, obliged }),
            (None, None) => {}
            (Some(to), _) => {
                let older = obliged.iter().filter(|obliged| obliged.write != to);
                let edges = older.map(|&obliged| Edge { from: obliged.write, to, why: Why::Shown { read, obliged } });
                view.edges.entry(key).or_default().extend(edges);
            }
        }
        Ok(obliged.len())
    }

    /// What the writer of `seen` had done before.
    fn look_back(&self, view: &mut View<'h>, since: usize, seen: usize) {
        let mut open = vec![seen];
        while let Some(through) = open.pop() {
            let process = self.all[through].life;
            let from = view.looked.get(&process).copied().unwrap_or(0);
            // a compare-and-set has seen what it replaced
            let to = self.place[through] + usize::from(self.guarantee == Guarantee::WritesFollowReads);
            view.looked.insert(process, from.max(to));
            for &at in self.processes[&process].get(from..to).into_iter().flatten() {
                match (self.guarantee, self.sources[at]) {
                    (Guarantee::MonotonicWrites, _) if self.all[at].wrote().is_some() && !self.all[at].pending() => {
                        self.oblige(view, Obliged { write: at, since, through: Some(through) });
                    }
                    (Guarantee::WritesFollowReads, Some(write)) => {
                        self.oblige(view, Obliged { write, since, through: Some(through) });
                        open.push(write);
                    }
                    _ => {}
                }
            }
        }
    }

    fn oblige(&self, view: &mut View<'h>, obliged: Obliged) {
        if view.known.insert(obliged.write) {
            view.obliged.entry(self.all[obliged.write].key).or_default().push(obliged);
        }
    }
}

//! Causal consistency by bad patterns, for writes of distinct values (Bouajjani, Enea, Guerraoui, Hamza, POPL 2017).
//!
//! Causal order CO is what follows from each process's order and from reads having read their writes. A history is
//! causally consistent (CC) iff it shows none of `ThinAirRead`, `CyclicCO`, `WriteCOInitRead` and `WriteCORead`, and
//! causal memory (CM) iff it shows no `WriteHBInitRead` or `CyclicHB` either.

use std::collections::BTreeMap;

use crate::access::{self, Access, Untraced, accesses, sources, told_untraced, traceable};
use crate::linearizable::{Budget, Limits};
use crate::{Cause, Checker, Evidence, History, Value, Verdict};

/// The checker, for registers of any number of keys, judged together.
#[derive(Clone, Debug)]
pub struct Causal {
    /// What every key holds at first.
    pub initial: Value,
    /// Whether causal memory (CM) is claimed, not only causal consistency (CC).
    pub memory: bool,
    /// As many operations are judged: the order takes their square in bits, and up to their cube in time.
    pub operations: usize,
    /// How much time and memory that may take.
    pub limits: Limits,
}

impl Default for Causal {
    fn default() -> Causal {
        Causal { initial: Value::Nil, memory: true, operations: 2_000, limits: Limits::default() }
    }
}

/// A transitive relation on operations: for each its predecessors, one bit each.
#[derive(Clone)]
struct Order {
    words: usize,
    before: Vec<u64>,
}

impl Order {
    fn new(size: usize) -> Order {
        let words = size.div_ceil(64);
        Order { words, before: vec![0; words * size] }
    }

    /// Bytes of the two orders on so many operations that are there at once.
    fn bytes(size: usize) -> usize {
        2 * size * size.div_ceil(64) * size_of::<u64>()
    }

    fn holds(&self, first: usize, then: usize) -> bool {
        self.before[then * self.words + first / 64] >> (first % 64) & 1 == 1
    }

    /// Adds an edge and what follows from it; says whether it was new.
    fn add(&mut self, first: usize, then: usize) -> bool {
        if self.holds(first, then) {
            return false;
        }
        let mut gained = self.before[first * self.words..(first + 1) * self.words].to_vec();
        gained[first / 64] |= 1 << (first % 64);
        for node in 0..self.before.len() / self.words {
            if node == then || self.holds(then, node) {
                let row = &mut self.before[node * self.words..(node + 1) * self.words];
                row.iter_mut().zip(&gained).for_each(|(word, more)| *word |= more);
            }
        }
        true
    }
}

struct Graph<'a, 'h> {
    budget: &'a Budget,
    all: &'a [Access<'h>],
    /// The write that each read shows; `None` for the initial value and for what reads nothing.
    source: Vec<Option<usize>>,
    /// The writes of each key.
    writes: BTreeMap<&'h Value, Vec<usize>>,
    order: Order,
}

/// Pattern, operations in the order of the argument.
type Bad = (&'static str, Vec<usize>);

enum Stop {
    Bad(Bad),
    Unknown(Cause),
}

impl From<Untraced> for Stop {
    fn from(untraced: Untraced) -> Stop {
        match untraced {
            Untraced::Undecided(why) => Stop::Unknown(Cause::Undecided(why)),
            Untraced::Bad(pattern, at) => Stop::Bad((pattern, vec![at])),
        }
    }
}

impl<'a, 'h> Graph<'a, 'h> {
    fn new(all: &'a [Access<'h>], initial: &Value, budget: &'a Budget) -> Result<Graph<'a, 'h>, Stop> {
        budget.out_of_memory(Order::bytes(all.len())).map_or(Ok(()), |cause| Err(Stop::Unknown(cause)))?;
        let source = sources(all, initial)?;
        let mut writes = BTreeMap::<_, Vec<usize>>::new();
        for (at, access) in all.iter().enumerate().filter(|(_, access)| access.wrote().is_some()) {
            writes.entry(access.key).or_default().push(at);
        }
        Ok(Graph { budget, all, source, writes, order: Order::new(all.len()) })
    }

    fn in_time(&self) -> Result<(), Stop> {
        self.budget.out_of_time().map_or(Ok(()), |cause| Err(Stop::Unknown(cause)))
    }

    /// CO; the `Err` is a cycle's ends.
    fn causal_order(&mut self) -> Result<(), Stop> {
        let mut last: BTreeMap<usize, usize> = BTreeMap::new();
        for at in 0..self.all.len() {
            self.in_time()?;
            if let Some(previous) = last.insert(self.all[at].life, at) {
                self.order.add(previous, at);
            }
        }
        for at in 0..self.all.len() {
            self.in_time()?;
            let Some(write) = self.source[at] else { continue };
            if write == at || self.order.holds(at, write) {
                return Err(Stop::Bad(("CyclicCO", vec![at, write])));
            }
            self.order.add(write, at);
        }
        Ok(())
    }

    fn others(&self, read: usize) -> impl Iterator<Item = usize> {
        let writes = self.writes.get(self.all[read].key).map_or(&[][..], Vec::as_slice);
        let source = self.source[read];
        writes.iter().copied().filter(move |&write| write != read && Some(write) != source)
    }

    fn co_patterns(&self) -> Result<(), Stop> {
        for read in (0..self.all.len()).filter(|&at| self.all[at].observed().is_some()) {
            self.in_time()?;
            for write in self.others(read).filter(|&write| self.order.holds(write, read)) {
                match self.source[read] {
                    None => return Err(Stop::Bad(("WriteCOInitRead", vec![write, read]))),
                    Some(source) if self.order.holds(source, write) => {
                        return Err(Stop::Bad(("WriteCORead", vec![source, write, read])));
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    /// HB of each process's last operation; that of an earlier one is contained in it.
    fn hb_patterns(&self) -> Result<(), Stop> {
        let mut processes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, access) in self.all.iter().enumerate() {
            processes.entry(access.life).or_default().push(at);
        }
        for own in processes.values() {
            let last = own[own.len() - 1];
            let past = |at: usize| at == last || self.order.holds(at, last);
            let reads: Vec<usize> = own.iter().copied().filter(|&at| self.all[at].observed().is_some()).collect();
            let (mut before, mut changed) = (self.order.clone(), true);
            while std::mem::take(&mut changed) {
                for &read in &reads {
                    self.in_time()?;
                    for write in
                        self.others(read).filter(|&write| past(write) && before.holds(write, read)).collect::<Vec<_>>()
                    {
                        self.in_time()?;
                        match self.source[read] {
                            None => return Err(Stop::Bad(("WriteHBInitRead", vec![write, read]))),
                            Some(source) if before.holds(source, write) => {
                                return Err(Stop::Bad(("CyclicHB", vec![source, write, read])));
                            }
                            Some(source) => changed |= before.add(write, source),
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

impl Causal {
    fn judge(&self, all: &[Access<'_>], budget: &Budget) -> Result<(), Stop> {
        let mut graph = Graph::new(all, &self.initial, budget)?;
        graph.causal_order()?;
        graph.co_patterns()?;
        if self.memory { graph.hb_patterns() } else { Ok(()) }
    }
}

impl Checker for Causal {
    fn name(&self) -> &'static str {
        "causal"
    }

    fn check(&self, history: &History) -> Verdict {
        let budget = Budget::start(self.limits);
        if let Some(cause) = budget.out_of_memory(access::bytes(history)) {
            return Verdict::Unknown(cause);
        }
        let all = match accesses(history, &self.initial) {
            Ok(all) => traceable(all),
            Err(unreadable) => return unreadable.into(),
        };
        if all.len() > self.operations {
            return Verdict::Unknown(Cause::States(self.operations as u64));
        }
        match self.judge(&all, &budget) {
            Err(Stop::Unknown(cause)) => Verdict::Unknown(cause),
            Err(Stop::Bad((pattern, at))) => Verdict::Invalid(vec![evidence(pattern, &at, &all)]),
            Ok(()) if all.iter().all(|access| access.observed().is_none()) => Verdict::vacuous("nothing was read"),
            Ok(()) => Verdict::VALID,
        }
    }
}

fn evidence(pattern: &str, at: &[usize], all: &[Access<'_>]) -> Evidence {
    let name = |at: usize| format!("#{}", all[at].index);
    let summary = match *at {
        [at] => told_untraced(pattern, &all[at]),
        [read, write] if pattern == "CyclicCO" => {
            format!("{} shows what {} writes only after it", name(read), name(write))
        }
        [write, read] => format!("{} comes before {}, which still shows the initial value", name(write), name(read)),
        [source, write, read] => {
            format!(
                "{} overwrites {} before {}, which still shows the older value",
                name(write),
                name(source),
                name(read)
            )
        }
        _ => unreachable!("patterns have one to three operations"),
    };
    let mut operations: Vec<u64> = at.iter().map(|&at| all[at].index).collect();
    operations.sort_unstable();
    Evidence {
        anomaly: pattern.to_owned(),
        summary,
        operations,
        steps: at.iter().map(|&at| all[at].told()).collect(),
        culprit: at.last().map(|&at| all[at].index),
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::{anomalies, registers};
    use crate::random;

    fn check(memory: bool, operations: &str) -> String {
        anomalies(&Causal { memory, ..Causal::default() }, &registers(operations))
    }

    #[test]
    fn finds_the_patterns_of_causal_consistency() {
        assert_eq!(check(false, "1wx1 2rx1 2wy2 3ry2 3rx1"), "valid");
        assert_eq!(check(false, "1wx1 2rx1 2wy2 3ry2 3rx0"), "WriteCOInitRead");
        assert_eq!(check(false, "1wx1 1wx2 2rx2 2rx1"), "WriteCORead");
        assert_eq!(check(false, "1rx1 1wy1 2ry1 2wx1"), "CyclicCO");
        assert_eq!(check(false, "1rx7"), "ThinAirRead");
        assert_eq!(check(false, "1wx1 2wx1"), "unknown");
    }

    #[test]
    fn causal_memory_forbids_a_process_to_change_its_mind() {
        assert_eq!(check(false, "1wx1 2wx2 2rx1 2rx2"), "valid");
        assert_eq!(check(true, "1wx1 2wx2 2rx1 2rx2"), "CyclicHB");
        assert_eq!(check(true, "1wx1 2wx2 1rx2 2rx1"), "valid");
    }

    #[test]
    fn what_was_not_answered_may_happen_after_what_its_process_does_next() {
        let late = "1 invoke write 1\n1 info write 1\n1 invoke read\n1 ok read nil\n1 invoke read\n1 ok read 1\n";
        assert_eq!(anomalies(&Causal::default(), late), "valid");
        let back = format!("{late}1 invoke read\n1 ok read nil");
        assert_eq!(anomalies(&Causal::default(), &back), "WriteCOInitRead");
    }

    #[test]
    fn a_creation_found_nothing_unless_its_value_may_have_been_there() {
        assert_eq!(check(true, "1cx1 1wx2 2rx2 2rx0"), "WriteCOInitRead");
        assert_eq!(check(true, "1cx1 2rx0 2rx1 2wx2 1rx2"), "valid");
        assert_eq!(check(true, "1wx1 1cx2 1rx2"), "WriteCOInitRead");
        // the write without answer may be why the creation succeeds
        let pending = "3 invoke write x=2\n3 info write x=2\n";
        let lines = pending.to_owned() + &registers("1wx1 1cx2");
        assert_eq!(anomalies(&Causal::default(), &lines), "unknown");
    }

    /// What the definition says: every operation (of CM: with all that its process did before) is explained by some order
    /// of its causal past. The smallest causal order decides, because a larger one only constrains more.
    struct Definition<'a, 'h> {
        all: &'a [Access<'h>],
        /// Whether the first comes before the second.
        before: Vec<Vec<bool>>,
        memory: bool,
    }

    impl Definition<'_, '_> {
        fn holds(&self) -> bool {
            let acyclic = (0..self.all.len()).all(|at| !self.before[at][at]);
            acyclic && (0..self.all.len()).all(|at| self.explains(at, &mut Vec::new()))
        }

        /// Whether the past of `last` can be put behind `order` so that what must be explained is.
        fn explains(&self, last: usize, order: &mut Vec<usize>) -> bool {
            let past: Vec<usize> = (0..self.all.len()).filter(|&at| at == last || self.before[at][last]).collect();
            if order.len() == past.len() {
                return true;
            }
            past.iter().any(|&next| {
                let free =
                    !order.contains(&next) && past.iter().all(|&at| !self.before[at][next] || order.contains(&at));
                let own = self.all[next].life == self.all[last].life;
                let judged = next == last || (self.memory && own);
                if !free || (judged && !self.shows_the_last(next, order)) {
                    return false;
                }
                order.push(next);
                let explained = self.explains(last, order);
                order.pop();
                explained
            })
        }

        fn shows_the_last(&self, read: usize, order: &[usize]) -> bool {
            let read = &self.all[read];
            let held =
                order.iter().rev().filter(|&&at| self.all[at].key == read.key).find_map(|&at| self.all[at].wrote());
            read.observed().is_none_or(|seen| seen == held.unwrap_or(&Value::Nil)) && !read.is_bogus()
        }
    }

    fn causal_order(all: &[Access<'_>], sources: &[Option<usize>]) -> Vec<Vec<bool>> {
        let mut before = vec![vec![false; all.len()]; all.len()];
        for at in 0..all.len() {
            (0..at).filter(|&first| all[first].life == all[at].life).for_each(|first| before[first][at] = true);
            sources[at].into_iter().for_each(|write| before[write][at] = true);
        }
        for middle in 0..all.len() {
            for first in 0..all.len() {
                for then in 0..all.len() {
                    before[first][then] |= before[first][middle] && before[middle][then];
                }
            }
        }
        before
    }

    #[test]
    fn agrees_with_every_order_tried_on_random_histories() {
        let mut counts = [[0_u64; 2]; 2];
        for seed in 0..random::histories() {
            let history = random::registers(seed);
            let all = traceable(accesses(&history, &Value::Nil).unwrap());
            let Ok(sources) = sources(&all, &Value::Nil) else { continue };
            let before = causal_order(&all, &sources);
            for (memory, counts) in [false, true].into_iter().zip(&mut counts) {
                let truth = Definition { all: &all, before: before.clone(), memory }.holds();
                let verdict = Causal { memory, ..Causal::default() }.check(&history);
                let told = || all.iter().map(Access::told).collect::<Vec<_>>().join("\n");
                assert_eq!(verdict.is_invalid(), !truth, "memory {memory}, seed {seed}: {verdict:?}\n{}", told());
                counts[usize::from(truth)] += 1;
            }
        }
        println!("(broken, kept) for CC and CM: {counts:?}");
        assert!(random::histories() < 20_000 || counts.iter().all(|[broken, kept]| *broken > 100 && *kept > 100));
    }
}

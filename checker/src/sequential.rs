//! Sequential consistency (Lamport 1979): some total order of all operations keeps each process's own order, and every
//! read shows the last write of its key. Deciding it is NP-hard: a search with a memory, unknown past its budget.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::access::{self, Access, accesses, told};
use crate::linearizable::{Budget, Limits};
use crate::{Cause, Checker, Evidence, History, Value, Verdict};

/// Evidence is reduced by removing operations only for histories up to this size.
const REDUCED: usize = 60;
/// States that all of that together may explore: the same on every machine.
const REDUCING: u64 = 100_000;

/// The checker, for registers (`read`, `write`, `cas`) of any number of keys, judged together.
#[derive(Clone, Debug)]
pub struct Sequential {
    /// What every key holds at first.
    pub initial: Value,
    /// How far to search.
    pub limits: Limits,
}

impl Default for Sequential {
    fn default() -> Sequential {
        Sequential { initial: Value::Nil, limits: Limits { states: 1_000_000, ..Limits::default() } }
    }
}

/// How far each process came, and what each key holds.
type State<'h> = (Vec<u32>, Vec<&'h Value>);

enum Found {
    Order,
    /// The operations at which the furthest attempt is stuck.
    None(Vec<u64>),
    Bound(Cause),
}

struct Search<'a, 'h> {
    processes: Vec<Vec<(usize, &'a Access<'h>)>>,
    keys: usize,
}

impl<'a, 'h> Search<'a, 'h> {
    fn new(accesses: &'a [Access<'h>]) -> Search<'a, 'h> {
        let mut keys: BTreeMap<&Value, usize> = BTreeMap::new();
        let mut processes: BTreeMap<u64, Vec<(usize, &Access<'_>)>> = BTreeMap::new();
        for access in accesses {
            let next = keys.len();
            let key = *keys.entry(access.key).or_insert(next);
            processes.entry(access.process).or_default().push((key, access));
        }
        Search { processes: processes.into_values().collect(), keys: keys.len() }
    }

    fn next(&self, state: &State<'h>, process: usize) -> Option<(usize, &'a Access<'h>)> {
        self.processes[process].get(state.0[process] as usize).copied()
    }

    /// Takes every read that the state explains: it changes nothing, so that later is never better.
    fn take_reads(&self, state: &mut State<'h>) {
        let mut process = 0;
        while process < self.processes.len() {
            match self.next(state, process) {
                Some((key, access))
                    if access.wrote.is_none() && access.observed.is_none_or(|seen| seen == state.1[key]) =>
                {
                    state.0[process] += 1;
                }
                _ => process += 1,
            }
        }
    }

    fn successors(&self, state: &State<'h>) -> Vec<State<'h>> {
        let mut all = Vec::new();
        for process in 0..self.processes.len() {
            let Some((key, access)) = self.next(state, process) else { continue };
            let mut next = state.clone();
            next.0[process] += 1;
            if access.pending {
                all.push(next.clone());
            }
            let explained = access.observed.or(access.needs).is_none_or(|seen| seen == state.1[key]);
            if let (true, Some(wrote)) = (explained, access.wrote) {
                next.1[key] = wrote;
                all.push(next);
            }
        }
        all
    }

    /// Searches; what it explored is added to `explored`.
    fn run(&self, initial: &'h Value, budget: &Budget, explored: &mut u64) -> Found {
        let mut open = vec![(vec![0; self.processes.len()], vec![initial; self.keys])];
        let (mut seen, mut furthest, mut stuck) = (BTreeSet::new(), 0, Vec::new());
        while let Some(mut state) = open.pop() {
            self.take_reads(&mut state);
            if seen.contains(&state) {
                continue;
            }
            let waiting = || (0..self.processes.len()).filter_map(|process| self.next(&state, process));
            if waiting().all(|(_, access)| access.pending) && waiting().count() == self.unfinished_pending(&state) {
                return Found::Order;
            }
            if let Some(cause) = self.bound(budget, *explored, seen.len() + open.len()) {
                return Found::Bound(cause);
            }
            let done = state.0.iter().sum::<u32>() + 1;
            if done > furthest {
                furthest = done;
                stuck = waiting().map(|(_, access)| access.index).collect();
            }
            open.extend(self.successors(&state));
            seen.insert(state);
            *explored += 1;
        }
        Found::None(stuck)
    }

    /// The bound that the next state would pass; `held` states are in memory, and it has two successors a process.
    fn bound(&self, budget: &Budget, explored: u64, held: usize) -> Option<Cause> {
        // a tree's nodes are at least half full, and a vector of states grows by doubling
        let vectors = self.processes.len() * size_of::<u32>() + self.keys * size_of::<&Value>();
        let state_bytes = 3 * size_of::<State<'_>>() + vectors + 2 * access::ALLOCATION_BYTES;
        let bytes = (held + 2 * self.processes.len() + 1) * state_bytes;
        let states = budget.limits.states;
        let too_many = (explored >= states).then_some(Cause::States(states));
        too_many.or_else(|| budget.out_of_memory(bytes)).or_else(|| budget.out_of_time())
    }

    /// How many processes have only one operation left: a pending one there need never take effect.
    fn unfinished_pending(&self, state: &State<'h>) -> usize {
        let left = |(process, at): (&Vec<_>, &u32)| process.len() - *at as usize == 1;
        self.processes.iter().zip(&state.0).filter(|pair| left(*pair)).count()
    }
}

impl Sequential {
    /// Removes what is not needed for the contradiction: an operation may go as long as no read loses its write.
    fn reduce<'h>(&'h self, accesses: &[Access<'h>]) -> Vec<Access<'h>> {
        let limits = Limits { states: self.limits.states.min(REDUCING), time: Duration::MAX, ..self.limits };
        let (budget, mut explored) = (Budget::start(limits), 0);
        let mut kept = accesses.to_vec();
        for at in (0..accesses.len()).rev().filter(|_| accesses.len() <= REDUCED) {
            let one = kept[at];
            let needed = |other: &Access<'_>| {
                other.index != one.index
                    && other.key == one.key
                    && other.observed.is_some()
                    && other.observed == one.wrote
            };
            if kept.iter().any(needed) {
                continue;
            }
            let mut fewer = kept.clone();
            fewer.remove(at);
            if matches!(Search::new(&fewer).run(&self.initial, &budget, &mut explored), Found::None(_)) {
                kept = fewer;
            }
        }
        kept
    }
}

impl Checker for Sequential {
    fn name(&self) -> &'static str {
        "sequential"
    }

    fn check(&self, history: &History) -> Verdict {
        let budget = Budget::start(self.limits);
        if let Some(cause) = budget.out_of_memory(access::bytes(history)) {
            return Verdict::Unknown(cause);
        }
        let accesses = match accesses(history) {
            Ok(accesses) => accesses,
            Err(unpaired) => return unpaired.into(),
        };
        match Search::new(&accesses).run(&self.initial, &budget, &mut 0) {
            Found::Bound(cause) => Verdict::Unknown(cause),
            Found::Order if accesses.iter().all(|access| access.observed.is_none()) => {
                Verdict::vacuous("nothing was read")
            }
            Found::Order => Verdict::VALID,
            Found::None(stuck) => {
                let kept = self.reduce(&accesses);
                let culprit = kept.iter().map(|access| access.index).find(|index| stuck.contains(index));
                Verdict::Invalid(vec![Evidence {
                    anomaly: "not-sequential".to_owned(),
                    summary: "no order of these operations keeps each process's own order and explains every read"
                        .to_owned(),
                    operations: kept.iter().map(|access| access.index).collect(),
                    steps: kept.iter().map(told).collect(),
                    culprit,
                    ..Evidence::default()
                }])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::{anomalies, draw};

    fn check(lines: &str) -> String {
        anomalies(&Sequential::default(), lines)
    }

    const WRITES: &str = "1 invoke write 1\n1 ok write 1\n1 invoke write 2\n1 ok write 2\n";

    #[test]
    fn a_stale_read_is_sequential_and_a_read_that_goes_back_is_not() {
        assert_eq!(check(&format!("{WRITES}2 invoke read\n2 ok read 1\n2 invoke read\n2 ok read 2")), "valid");
        assert_eq!(check(&format!("{WRITES}2 invoke read\n2 ok read 2\n2 invoke read\n2 ok read 1")), "not-sequential");
    }

    #[test]
    fn it_is_not_local() {
        let dekker = "1 invoke write x=1\n1 ok write x=1\n2 invoke write y=1\n2 ok write y=1\n\
            1 invoke read y=nil\n1 ok read y=nil\n2 invoke read x=nil\n2 ok read x=nil";
        assert_eq!(check(dekker), "not-sequential");
    }

    #[test]
    fn pending_writes_may_or_may_not_happen() {
        assert_eq!(check("1 invoke write 1\n1 info write 1\n2 invoke read\n2 ok read 1"), "valid");
        assert_eq!(check("1 invoke write 1\n1 info write 1\n2 invoke read\n2 ok read nil"), "valid");
        assert_eq!(check("1 invoke write 1\n1 fail write 1\n2 invoke read\n2 ok read 1"), "not-sequential");
        assert_eq!(check("1 invoke cas [5 1]\n1 info cas [5 1]\n2 invoke read\n2 ok read 1"), "not-sequential");
    }

    #[test]
    fn the_budget_makes_it_unknown_and_evidence_is_small() {
        let lines =
            format!("{WRITES}2 invoke read\n2 ok read 2\n2 invoke read\n2 ok read 1\n3 invoke read\n3 ok read 2");
        let bounded = Sequential { limits: Limits { states: 1, ..Limits::default() }, ..Sequential::default() };
        assert_eq!(anomalies(&bounded, &lines), "unknown");
        let Verdict::Invalid(all) = Sequential::default().check(&draw(&lines)) else { panic!("it goes back") };
        assert_eq!(all[0].operations, [0, 2, 4, 6]);
    }
}

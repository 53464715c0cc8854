//! Sequential consistency (Lamport 1979): some total order of all operations keeps each process's own order, and every
//! read shows the last write of its key. Deciding it is NP-hard: a search with a memory, unknown past its budget.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::access::{self, Access, accesses};
use crate::linearizable::{Budget, Limits};
use crate::{Cause, Checker, Evidence, History, Value, Verdict};

/// Evidence is reduced by removing operations only for histories up to this size.
const REDUCED: usize = 60;
/// States that all of that together may explore: the same on every machine.
const REDUCING: u64 = 100_000;

/// The checker, for registers of any number of keys, judged together.
#[derive(Clone, Debug)]
pub struct Sequential {
    /// What every key holds at first.
    pub initial: Value,
    /// How far to search.
    pub limits: Limits,
}

impl Default for Sequential {
    fn default() -> Sequential {
        Sequential { initial: Value::Nil, limits: Limits { states: 1_000_000, bytes: 1 << 30, ..Limits::default() } }
    }
}

/// How far each process came, then the number of the value that each key holds.
type State = Box<[u32]>;

enum Found {
    Order,
    /// The operations at which the furthest attempt is stuck.
    None(Vec<u64>),
    Bound(Cause),
}

/// An access with its key and what it writes as numbers.
struct Numbered<'a, 'h> {
    access: &'a Access<'h>,
    key: usize,
    wrote: Option<u32>,
}

struct Search<'a, 'h> {
    processes: Vec<Vec<Numbered<'a, 'h>>>,
    keys: usize,
    /// By number; the initial value is the first.
    values: Vec<&'a Value>,
}

impl<'a, 'h> Search<'a, 'h> {
    fn new(accesses: &'a [Access<'h>], initial: &'a Value) -> Search<'a, 'h> {
        let mut keys: BTreeMap<&Value, usize> = BTreeMap::new();
        let (mut values, mut numbers) = (vec![initial], BTreeMap::from([(initial, 0)]));
        let mut processes: BTreeMap<usize, Vec<Numbered<'_, '_>>> = BTreeMap::new();
        for access in accesses {
            let next = keys.len();
            let key = *keys.entry(access.key).or_insert(next);
            let wrote = access.wrote().map(|value| {
                *numbers.entry(value).or_insert_with(|| {
                    values.push(value);
                    u32::try_from(values.len() - 1).expect("values are counted in 32 bits")
                })
            });
            processes.entry(access.life).or_default().push(Numbered { access, key, wrote });
        }
        Search { processes: processes.into_values().collect(), keys: keys.len(), values }
    }

    fn next(&self, state: &State, process: usize) -> Option<&Numbered<'a, 'h>> {
        self.processes[process].get(state[process] as usize)
    }

    fn fits(&self, state: &State, next: &Numbered<'_, '_>) -> bool {
        next.access.fits(self.values[state[self.processes.len() + next.key] as usize])
    }

    /// Takes every read that the state explains: it changes nothing, so that later is never better.
    fn take_reads(&self, state: &mut State) {
        for process in 0..self.processes.len() {
            while self.next(state, process).is_some_and(|next| next.wrote.is_none() && self.fits(state, next)) {
                state[process] += 1;
            }
        }
    }

    /// The states after one more operation, that of the earliest invocation last: a history that is almost
    /// linearizable is explained almost in the order of its events.
    fn successors(&self, state: &State) -> Vec<State> {
        let mut all = Vec::new();
        for process in 0..self.processes.len() {
            let Some(one) = self.next(state, process) else { continue };
            let mut next = state.clone();
            next[process] += 1;
            if one.access.pending() {
                all.push((one.access.index, next.clone()));
            }
            if let (true, Some(wrote)) = (self.fits(state, one), one.wrote) {
                next[self.processes.len() + one.key] = wrote;
                all.push((one.access.index, next));
            }
        }
        all.sort_by_key(|(index, _)| std::cmp::Reverse(*index));
        all.into_iter().map(|(_, state)| state).collect()
    }

    /// Whether every process is done; what is pending need never take effect.
    fn is_done(&self, state: &State) -> bool {
        self.processes.iter().zip(state).all(|(own, &at)| own[at as usize..].iter().all(|one| one.access.pending()))
    }

    /// Searches; what it explored is added to `explored`.
    fn run(&self, budget: &Budget, explored: &mut u64) -> Found {
        let mut open = vec![vec![0; self.processes.len() + self.keys].into_boxed_slice()];
        let (mut seen, mut furthest, mut stuck) = (BTreeSet::new(), 0, Vec::new());
        while let Some(mut state) = open.pop() {
            self.take_reads(&mut state);
            if seen.contains(&state) {
                continue;
            }
            if self.is_done(&state) {
                return Found::Order;
            }
            if let Some(cause) = self.bound(budget, *explored, seen.len() + open.len()) {
                return Found::Bound(cause);
            }
            let done = state[..self.processes.len()].iter().sum::<u32>() + 1;
            if done > furthest {
                furthest = done;
                let waiting = (0..self.processes.len()).filter_map(|process| self.next(&state, process));
                stuck = waiting.map(|one| one.access.index).collect();
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
        let numbers = (self.processes.len() + self.keys) * size_of::<u32>();
        let state_bytes = 3 * size_of::<State>() + numbers + access::ALLOCATION_BYTES;
        let bytes = (held + 2 * self.processes.len() + 1) * state_bytes;
        let states = budget.limits.states;
        let too_many = (explored >= states).then_some(Cause::States(states));
        too_many.or_else(|| budget.out_of_memory(bytes)).or_else(|| budget.out_of_time())
    }
}

impl Sequential {
    /// Removes what is not needed for the contradiction: an operation may go as long as no read loses its write.
    fn reduce<'h>(&self, accesses: &[Access<'h>]) -> Vec<Access<'h>> {
        let limits = Limits { states: self.limits.states.min(REDUCING), time: Duration::MAX, ..self.limits };
        let (budget, mut explored) = (Budget::start(limits), 0);
        let mut kept = accesses.to_vec();
        for at in (0..accesses.len()).rev().filter(|_| accesses.len() <= REDUCED) {
            let one = &kept[at];
            let needed = |other: &Access<'_>| {
                other.index != one.index
                    && other.key == one.key
                    && other.observed().is_some()
                    && other.observed() == one.wrote()
            };
            if kept.iter().any(needed) {
                continue;
            }
            let mut fewer = kept.clone();
            fewer.remove(at);
            if matches!(Search::new(&fewer, &self.initial).run(&budget, &mut explored), Found::None(_)) {
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
        let accesses = match accesses(history, &self.initial) {
            Ok(accesses) => accesses,
            Err(unreadable) => return unreadable.into(),
        };
        match Search::new(&accesses, &self.initial).run(&budget, &mut 0) {
            Found::Bound(cause) => Verdict::Unknown(cause),
            Found::Order if accesses.iter().all(|access| access.observed().is_none()) => {
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
                    steps: kept.iter().map(Access::told).collect(),
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
    use crate::random;

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
    fn what_was_not_answered_may_happen_after_what_its_process_does_next() {
        let late = "1 invoke write 1\n1 info write 1\n1 invoke read\n1 ok read nil\n1 invoke read\n1 ok read ";
        assert_eq!(check(&format!("{late}1")), "valid");
        assert_eq!(check(&format!("{late}1\n1 invoke read\n1 ok read nil")), "not-sequential");
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

    /// Tries every order that keeps each process's own.
    fn brute_force(all: &[Access<'_>], taken: u32, held: &BTreeMap<&Value, Value>) -> bool {
        let open = |at: &usize| taken >> at & 1 == 0;
        let next = |at: &usize| !(0..*at).any(|first| open(&first) && all[first].life == all[*at].life);
        (0..all.len()).filter(open).all(|at| all[at].pending())
            || (0..all.len()).filter(open).filter(next).any(|at| {
                let (access, taken) = (&all[at], taken | 1 << at);
                let mut then = held.clone();
                let current = held.get(access.key).cloned().unwrap_or_default();
                if let Some(new) = access.wrote() {
                    then.insert(access.key, new.clone());
                }
                (access.fits(&current) && brute_force(all, taken, &then))
                    || (access.pending() && brute_force(all, taken, held))
            })
    }

    #[test]
    fn agrees_with_every_order_tried_on_random_histories() {
        let mut counts = [0_u64; 2];
        for seed in 0..random::histories() {
            let history = random::registers(seed);
            let all = accesses(&history, &Value::Nil).unwrap();
            let truth = brute_force(&all, 0, &BTreeMap::new());
            let verdict = Sequential::default().check(&history);
            let told = || all.iter().map(Access::told).collect::<Vec<_>>().join("\n");
            assert_eq!(verdict.is_invalid(), !truth, "seed {seed}: {verdict:?}\n{}", told());
            assert!(!matches!(verdict, Verdict::Unknown(_)), "seed {seed}: {verdict:?}");
            counts[usize::from(truth)] += 1;
        }
        println!("(broken, kept): {counts:?}");
        assert!(random::histories() < 20_000 || counts.iter().all(|count| *count > 100));
    }
}

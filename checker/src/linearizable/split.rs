//! A history split into its independent objects (locality: Herlihy & Wing 1990, section 3.1), eight bytes an operation.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::hash::BuildWordHasher;
use crate::history::Unpaired;
use crate::{Actor, History, Kind, Operation, Value};

/// Where an operation's two events are.
#[derive(Clone, Copy, Debug)]
struct Pair {
    invoked_at: u32,
    completed_at: u32,
}

const NEVER: u32 = u32::MAX;

/// The operations of a history that did not fail, object by object.
#[derive(Debug)]
pub(crate) struct Split<'h> {
    history: &'h History,
    pairs: Vec<Pair>,
    keys: Vec<&'h Value>,
    /// Where each key's pairs begin; one more than there are keys.
    starts: Vec<u32>,
}

/// The operations on one object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'s, 'h> {
    history: &'h History,
    pairs: &'s [Pair],
    pub(crate) key: &'h Value,
}

impl<'h> Part<'_, 'h> {
    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// In the order of their invocations.
    pub(crate) fn operations(&self) -> impl Iterator<Item = Operation<'h>> {
        self.pairs.iter().map(|pair| operation(self.history, *pair))
    }
}

fn operation(history: &History, pair: Pair) -> Operation<'_> {
    let invoked_at = pair.invoked_at as usize;
    let completed_at = (pair.completed_at != NEVER).then_some(pair.completed_at as usize);
    let completion = completed_at.map(|at| &history.events[at]);
    Operation { invocation: &history.events[invoked_at], completion, invoked_at, completed_at }
}

impl<'h> Split<'h> {
    /// Pairs and splits; `key` tells what object an operation is about.
    pub(crate) fn new(history: &'h History, key: impl Fn(&Operation<'h>) -> &'h Value) -> Result<Split<'h>, Unpaired> {
        let pairs = pair(history)?;
        let mut numbers: HashMap<&Value, u32, BuildWordHasher> = HashMap::default();
        let mut keys: Vec<&Value> = Vec::new();
        let mut of_pair: Vec<u32> = Vec::new();
        for &pair in &pairs {
            let key = key(&operation(history, pair));
            if keys.len() == 1 && *keys[0] == *key && of_pair.is_empty() {
                continue;
            }
            let fresh = small(keys.len());
            let number = *numbers.entry(key).or_insert(fresh);
            if number == fresh {
                keys.push(key);
            }
            if keys.len() > 1 {
                if of_pair.is_empty() {
                    of_pair.reserve(pairs.len());
                }
                of_pair.push(number);
            }
        }
        if keys.len() < 2 {
            let starts = if keys.is_empty() { vec![0] } else { vec![0, small(pairs.len())] };
            return Ok(Split { history, pairs, keys, starts });
        }
        // all pairs before the second key's first one have the first key
        let before = pairs.len() - of_pair.len();
        let number = |at: usize| if at < before { 0 } else { of_pair[at - before] as usize };
        let mut starts = vec![0_u32; keys.len() + 1];
        for at in 0..pairs.len() {
            starts[number(at) + 1] += 1;
        }
        for key in 1..starts.len() {
            starts[key] += starts[key - 1];
        }
        let mut free = starts.clone();
        let mut sorted = pairs.clone();
        for (at, &pair) in pairs.iter().enumerate() {
            let free = &mut free[number(at)];
            sorted[*free as usize] = pair;
            *free += 1;
        }
        Ok(Split { history, pairs: sorted, keys, starts })
    }

    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// One object's operations, in the order in which the objects first appear.
    pub(crate) fn part(&self, at: usize) -> Part<'_, 'h> {
        let pairs = &self.pairs[self.starts[at] as usize..self.starts[at + 1] as usize];
        Part { history: self.history, pairs, key: self.keys[at] }
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).expect("a history in memory has fewer than 2^32 events")
}

/// Pairs the clients' events, without those that failed, in the order of their invocations.
fn pair(history: &History) -> Result<Vec<Pair>, Unpaired> {
    let mut pairs: Vec<Pair> = Vec::with_capacity(history.events.len() / 2 + 1);
    let mut open = Open::default();
    let mut failed = false;
    for (at, event) in history.events.iter().enumerate() {
        let Actor::Process(process) = event.process else { continue };
        let slot = open.slot(process);
        let at = small(at);
        if event.kind == Kind::Invoke {
            if *slot != NEVER {
                let open = history.events[pairs[*slot as usize].invoked_at as usize].index;
                return Err(Unpaired::TwoAtOnce { index: event.index, process, open });
            }
            *slot = small(pairs.len());
            pairs.push(Pair { invoked_at: at, completed_at: NEVER });
            continue;
        }
        if *slot == NEVER {
            return Err(Unpaired::NotInvoked { index: event.index, process });
        }
        let pair = &mut pairs[*slot as usize];
        match event.kind {
            Kind::Ok => pair.completed_at = at,
            Kind::Fail => {
                pair.invoked_at = NEVER;
                failed = true;
            }
            Kind::Info | Kind::Invoke => {}
        }
        *slot = NEVER;
    }
    if failed {
        pairs.retain(|pair| pair.invoked_at != NEVER);
    }
    Ok(pairs)
}

/// Each process's open operation. Nearly all processes have small numbers.
#[derive(Default)]
struct Open {
    small: Vec<u32>,
    large: BTreeMap<u64, u32>,
}

impl Open {
    fn slot(&mut self, process: u64) -> &mut u32 {
        const SMALL: u64 = 1 << 20;
        if process >= SMALL {
            return self.large.entry(process).or_insert(NEVER);
        }
        let process = usize::try_from(process).expect("less than 2^20");
        if process >= self.small.len() {
            self.small.resize(process + 1, NEVER);
        }
        &mut self.small[process]
    }
}

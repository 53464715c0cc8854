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
    /// Pairs and splits; `key` tells from its invocation what object an operation is about.
    pub(crate) fn new(history: &'h History, key: impl Fn(&Operation<'h>) -> &'h Value) -> Result<Split<'h>, Unpaired> {
        let (pairs, mut objects) = pair(history, key)?;
        if objects.of_pair.is_empty() {
            objects.keys.truncate(pairs.len());
            let starts = if pairs.is_empty() { vec![0] } else { vec![0, small(pairs.len())] };
            return Ok(Split { history, pairs, keys: objects.keys, starts });
        }
        let Objects { mut keys, of_pair, .. } = objects;
        let mut starts = vec![0_u32; keys.len() + 1];
        for &number in &of_pair {
            starts[number as usize + 1] += 1;
        }
        for key in 1..starts.len() {
            starts[key] += starts[key - 1];
        }
        let mut free = starts.clone();
        let mut sorted = pairs.clone();
        for (&pair, &number) in pairs.iter().zip(&of_pair) {
            let free = &mut free[number as usize];
            sorted[*free as usize] = pair;
            *free += 1;
        }
        // an object of which everything failed has no operations
        let mut ends = starts.windows(2);
        keys.retain(|_| ends.next().is_some_and(|end| end[0] < end[1]));
        starts.dedup();
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

/// The objects of a history under numbers, in the order in which they first appear.
#[derive(Default)]
struct Objects<'h> {
    numbers: HashMap<&'h Value, u32, BuildWordHasher>,
    keys: Vec<&'h Value>,
    /// Each pair's object; empty as long as there is only one.
    of_pair: Vec<u32>,
}

impl<'h> Objects<'h> {
    /// The next pair, after so many, is about this object.
    fn add(&mut self, key: &'h Value, pairs: usize) {
        if self.of_pair.is_empty() && self.keys.first().is_some_and(|only| is_same(only, key)) {
            return;
        }
        let fresh = small(self.keys.len());
        let number = *self.numbers.entry(key).or_insert(fresh);
        if number == fresh {
            self.keys.push(key);
        }
        if self.keys.len() > 1 {
            self.of_pair.resize(pairs, 0);
            self.of_pair.push(number);
        }
    }
}

/// Equality that is quickest where there are no keys at all.
fn is_same(a: &Value, b: &Value) -> bool {
    (a.is_nil() && b.is_nil()) || a == b
}

fn small(n: usize) -> u32 {
    u32::try_from(n).expect("a history in memory has fewer than 2^32 events")
}

/// Pairs the clients' events, without those that failed, in the order of their invocations, and numbers their objects:
/// in one pass, because most of its time goes into fetching the events.
fn pair<'h>(
    history: &'h History,
    key: impl Fn(&Operation<'h>) -> &'h Value,
) -> Result<(Vec<Pair>, Objects<'h>), Unpaired> {
    let mut objects = Objects::default();
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
            let pair = Pair { invoked_at: at, completed_at: NEVER };
            objects.add(key(&operation(history, pair)), pairs.len());
            pairs.push(pair);
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
        let mut of_pair = pairs.iter();
        objects.of_pair.retain(|_| of_pair.next().is_some_and(|pair| pair.invoked_at != NEVER));
        pairs.retain(|pair| pair.invoked_at != NEVER);
    }
    Ok((pairs, objects))
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

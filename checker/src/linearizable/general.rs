//! The general engine: a depth-first search for a legal order, after Wing & Gong 1993 with the memory of Lowe 2017.
//!
//! A configuration is the set of calls taken so far and the state that they leave. All calls returned before a point are
//! taken, all invoked after it are not, so it is remembered as the highest call taken, the few below it that are not, the
//! pending calls taken, and the state: no set over the whole history. Three rules shorten the search and lose nothing:
//! a call that only reads is taken as soon as it fits; of equal pending calls the oldest is taken first; and a pending
//! call that changes nothing is never taken. The search is a loop over a stack of its own: no recursion.

use hashbrown::HashMap;

use super::hash::BuildWordHasher;
use super::limits::Budget;
use super::seen::{Remembered, Seen, States};
use crate::Cause;
use crate::models::{Calls, Model};

/// What a search found.
#[derive(Clone, Debug)]
pub(crate) enum Answer<M> {
    /// An order exists.
    Linearizable,
    /// No order exists.
    Not(Stuck<M>),
    /// A bound was reached.
    Unknown(Cause),
}

/// Where every order breaks down.
#[derive(Clone, Debug)]
pub(crate) struct Stuck<M> {
    /// Position of the first call whose return can't be explained.
    pub(crate) culprit: usize,
    /// States in which it could have taken effect, the first few.
    pub(crate) states: Vec<M>,
}

/// Looks for a legal order of `calls`, which are in the order of their invocations; pending calls for which `needless`
/// is true are left out.
pub(crate) fn search<M: Model>(initial: &M, calls: &Calls<M>, needless: &[bool], budget: &Budget) -> Answer<M> {
    search_within(initial, calls, needless, budget, &mut u64::MAX.clone())
}

/// The same with a bound on the effort, which is the same on every machine, as time is not. What was spent is taken off it.
pub(crate) fn search_within<M: Model>(
    initial: &M,
    calls: &Calls<M>,
    needless: &[bool],
    budget: &Budget,
    effort: &mut u64,
) -> Answer<M> {
    let completed: Vec<u32> = positions(calls.len(), |i| !calls[i].is_pending());
    let pending: Vec<u32> = positions(calls.len(), |i| calls[i].is_pending() && !needless[i]);
    let mut search = Search::new(initial, calls, completed, pending);
    let answer = search.run(budget, *effort);
    *effort = effort.saturating_sub(search.spent);
    answer
}

/// Bytes that a search of so many calls takes before its first step, with the calls themselves.
pub(crate) fn least_bytes<M: Model>(calls: usize) -> usize {
    // completed or pending with its twin, next, prev, and a stack that grows by doubling
    let own = 4 * size_of::<u32>() + 3 * size_of::<Taken>();
    calls * (size_of::<crate::linearizable::Call<M::Op, M::Ret>>() + own)
}

fn positions(len: usize, keep: impl Fn(usize) -> bool) -> Vec<u32> {
    (0..len).filter(|&i| keep(i)).map(small).collect()
}

fn small(n: usize) -> u32 {
    u32::try_from(n).expect("fewer than 2^32 calls")
}

const NONE: u32 = u32::MAX;
const STATES_SHOWN: usize = 16;
/// What it takes to look up a configuration, beside looking at a call.
const LOOKUP: u64 = 20;

/// A call taken, and what it takes to put it back.
struct Taken {
    /// Its place among the completed calls, or beyond them among the pending ones.
    place: u32,
    state: u32,
    high: u32,
    /// Taken as a read that fits: there is nothing else to try in its stead.
    forced: bool,
}

struct Search<'c, M: Model> {
    calls: &'c Calls<M>,
    completed: Vec<u32>,
    pending: Vec<u32>,
    /// For each pending call the youngest older one that is equal.
    twin: Vec<u32>,
    pending_taken: Vec<u32>,
    /// A ring of the completed calls not taken yet; its anchor is one past the last.
    next: Vec<u32>,
    prev: Vec<u32>,
    states: States<M>,
    seen: Seen,
    stack: Vec<Taken>,
    state: u32,
    /// One more than the highest place taken.
    high: u32,
    /// The least return of a call not taken: what is invoked later can't be next.
    horizon: u64,
    key: Vec<u32>,
    furthest: u64,
    stuck_in: Vec<u32>,
    /// Calls looked at, and words of configurations and states written.
    spent: u64,
    look_at: u64,
}

impl<'c, M: Model> Search<'c, M> {
    fn new(initial: &M, calls: &'c Calls<M>, completed: Vec<u32>, pending: Vec<u32>) -> Search<'c, M> {
        let anchor = small(completed.len());
        let mut last: HashMap<&M::Op, u32, BuildWordHasher> = HashMap::default();
        let twin = (0..small(pending.len()))
            .map(|p| last.insert(&calls[pending[p as usize] as usize].op, p).unwrap_or(NONE))
            .collect();
        Search {
            calls,
            twin,
            pending_taken: vec![0; pending.len().div_ceil(32)],
            next: (1..=anchor).chain([0]).collect(),
            prev: [anchor].into_iter().chain(0..anchor).collect(),
            completed,
            pending,
            states: States::new(initial.clone()),
            seen: Seen::beside(least_bytes::<M>(calls.len())),
            stack: Vec::new(),
            state: 0,
            high: 0,
            horizon: 0,
            key: Vec::new(),
            furthest: 0,
            stuck_in: Vec::new(),
            spent: calls.len() as u64,
            look_at: 0,
        }
    }

    fn anchor(&self) -> u32 {
        small(self.completed.len())
    }

    fn call(&self, place: u32) -> &'c crate::linearizable::Call<M::Op, M::Ret> {
        let place = place as usize;
        let at = if place < self.completed.len() {
            self.completed[place]
        } else {
            self.pending[place - self.completed.len() - 1]
        };
        &self.calls[at as usize]
    }

    fn run(&mut self, budget: &Budget, effort: u64) -> Answer<M> {
        loop {
            self.take_reads();
            if self.next[self.anchor() as usize] == self.anchor() {
                return Answer::Linearizable;
            }
            self.note_how_far();
            self.write_key();
            let mut after = match self.seen.insert(&self.key, &self.states, &budget.limits) {
                Ok(Remembered::New) => Some(self.anchor()),
                Ok(Remembered::Known) => None,
                Err(cause) => return Answer::Unknown(cause),
            };
            loop {
                if let Some(cause) = self.out_of(budget, effort) {
                    return Answer::Unknown(cause);
                }
                if let Some(after) = after
                    && self.advance(after)
                {
                    break;
                }
                match self.back() {
                    Some(place) => after = Some(place),
                    None => return self.stuck(),
                }
            }
        }
    }

    /// The cause, once the time or the effort is over.
    fn out_of(&mut self, budget: &Budget, effort: u64) -> Option<Cause> {
        /// Effort between two looks at the clock.
        const LOOK: u64 = 10_000;
        if self.spent > effort {
            return Some(Cause::States(budget.limits.states));
        }
        if self.spent < self.look_at {
            return None;
        }
        self.look_at = self.spent + LOOK;
        budget.out_of_time()
    }

    /// Takes every read that fits; sets the horizon.
    fn take_reads(&mut self) {
        self.horizon = u64::MAX;
        let mut place = self.next[self.anchor() as usize];
        while place != self.anchor() {
            let call = self.call(place);
            if call.call > self.horizon {
                break;
            }
            self.spent += 1;
            let next = self.next[place as usize];
            let ret = call.ret_value.as_ref();
            if M::is_read(&call.op, ret) && self.states.get(self.state).step(&call.op, ret).is_some() {
                self.take(place, self.state, true);
            } else {
                self.horizon = self.horizon.min(call.ret);
            }
            place = next;
        }
    }

    /// Takes the next call that can be taken, of those behind the place `after`; the anchor is before all.
    fn advance(&mut self, after: u32) -> bool {
        let anchor = self.anchor();
        if after <= anchor {
            let mut place = self.next[after as usize];
            while place != anchor && self.call(place).call <= self.horizon {
                let call = self.call(place);
                let ret = call.ret_value.as_ref();
                self.spent += 1;
                if !M::is_read(&call.op, ret)
                    && let Some(state) = self.states.get(self.state).step(&call.op, ret)
                {
                    let state = self.number(state);
                    self.take(place, state, false);
                    return true;
                }
                place = self.next[place as usize];
            }
        }
        let first = after.saturating_sub(anchor);
        for p in first..small(self.pending.len()) {
            let call = self.call(anchor + 1 + p);
            if call.call > self.horizon {
                break;
            }
            self.spent += 1;
            let twin = self.twin[p as usize];
            if self.is_taken(p) || (twin != NONE && !self.is_taken(twin)) {
                continue;
            }
            let Some(state) = self.states.get(self.state).step(&call.op, None) else { continue };
            let state = self.number(state);
            if state != self.state {
                self.take(anchor + 1 + p, state, false);
                return true;
            }
        }
        false
    }

    fn number(&mut self, state: M) -> u32 {
        let bytes = state.size_bytes();
        self.spent += bytes as u64 / 8;
        self.states.number(state, bytes)
    }

    fn is_taken(&self, pending: u32) -> bool {
        self.pending_taken[pending as usize / 32] >> (pending % 32) & 1 == 1
    }

    fn take(&mut self, place: u32, state: u32, forced: bool) {
        self.stack.push(Taken { place, state: self.state, high: self.high, forced });
        self.state = state;
        if place > self.anchor() {
            self.flip(place);
            return;
        }
        self.high = self.high.max(place + 1);
        let (prev, next) = (self.prev[place as usize], self.next[place as usize]);
        self.next[prev as usize] = next;
        self.prev[next as usize] = prev;
    }

    fn flip(&mut self, place: u32) {
        let pending = place - self.anchor() - 1;
        self.pending_taken[pending as usize / 32] ^= 1 << (pending % 32);
    }

    /// Puts back the last call that had alternatives, and the reads after it; gives its place.
    fn back(&mut self) -> Option<u32> {
        loop {
            let Taken { place, state, high, forced } = self.stack.pop()?;
            (self.state, self.high) = (state, high);
            if place > self.anchor() {
                self.flip(place);
            } else {
                let (prev, next) = (self.prev[place as usize], self.next[place as usize]);
                self.next[prev as usize] = place;
                self.prev[next as usize] = place;
            }
            if !forced {
                self.set_horizon();
                return Some(place);
            }
        }
    }

    fn set_horizon(&mut self) {
        self.horizon = u64::MAX;
        let mut place = self.next[self.anchor() as usize];
        while place != self.anchor() && self.call(place).call <= self.horizon {
            self.spent += 1;
            self.horizon = self.horizon.min(self.call(place).ret);
            place = self.next[place as usize];
        }
    }

    fn write_key(&mut self) {
        self.key.clear();
        self.key.extend([self.state, self.high]);
        let mut place = self.next[self.anchor() as usize];
        while place < self.high {
            self.key.push(self.high - place);
            place = self.next[place as usize];
        }
        // no distance is zero, so that the words after it can't be taken for distances
        self.key.push(0);
        self.key.extend_from_slice(&self.pending_taken);
        self.spent += LOOKUP + self.key.len() as u64;
    }

    fn note_how_far(&mut self) {
        if self.horizon > self.furthest {
            self.furthest = self.horizon;
            self.stuck_in.clear();
        }
        if self.horizon == self.furthest && self.stuck_in.len() < STATES_SHOWN && !self.stuck_in.contains(&self.state) {
            self.stuck_in.push(self.state);
        }
    }

    fn stuck(&self) -> Answer<M> {
        let culprit = self.completed.iter().find(|&&i| self.calls[i as usize].ret == self.furthest);
        let culprit = *culprit.expect("the horizon is the return of a completed call") as usize;
        Answer::Not(Stuck {
            culprit,
            states: self.stuck_in.iter().map(|&state| self.states.get(state).clone()).collect(),
        })
    }
}

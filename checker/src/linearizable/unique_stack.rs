//! The near-linear engine for stacks in which every value is pushed once, after Lee & Mathur, "Efficient
//! Decrease-and-Conquer Linearizability Monitoring" (2024, arXiv 2410.04581): values that can be left out without making
//! an illegal history legal are left out one by one, and where none can be, there is no order.
//!
//! A value whose push and pop overlap may come and go at one moment, and is left out at once. Any other is surely in from
//! the return of its push to the call of its pop. Where at some moment none is surely in, the stack can be empty then: each
//! value is wholly before that moment or wholly after it, and both sides are histories of their own. A pop that found
//! nothing needs such a moment, and any will do.
//!
//! Between two such moments the stack is never empty, so some value lies under all others: it is pushed before the first
//! push of another has to be over, and popped after the last pop of another has begun. Every value that can be is as good
//! as any: given an order, move all other points that are outside of its longest time to that time's ends, and it can be
//! put around them. So one is left out, and where it alone was in, its time falls apart. If none can be, values that are
//! in without a gap from the first to the last of these moments already contradict each other.
//!
//! A value that nobody popped counts as popped after everything. A push that never returned counts only if its value was
//! popped, and a pop that never returned only leaves open what otherwise would be a contradiction.

use std::ops::Range;

use hashbrown::HashMap;

use super::hash::BuildWordHasher;
use super::heights::{Heights, LOW};
use super::{Call, Decided, PENDING};
use crate::Value;
use crate::models::stack::{StackOp, StackRet};

type StackCall = Call<StackOp, StackRet>;

/// A value's way through the stack, by the positions of its calls.
#[derive(Clone, Copy, Default)]
struct Way {
    push: Option<usize>,
    pop: Option<usize>,
    again: Option<usize>,
}

/// What the calls tell of values and of emptiness.
#[derive(Default)]
struct Told {
    /// Each value's way, in the order of their first calls.
    ways: Vec<Way>,
    /// The pops that found nothing.
    empties: Vec<usize>,
    /// Whether a pop was not answered, and may have taken any value.
    unanswered: bool,
}

/// Decides, if every value is pushed once and no unanswered pop matters.
pub(crate) fn decide(calls: &[StackCall]) -> Option<Decided> {
    let told = Told::by(calls)?;
    if let Some(refuted) = told.ways.iter().find_map(|way| fresh_and_once(calls, *way)) {
        return Some(refuted);
    }
    let mut times = Times::of(calls, &told.ways);
    match times.never_empty(calls, &told.empties).or_else(|| times.crossed()) {
        None => Some(Decided::Linearizable),
        Some(_) if told.unanswered => None,
        refuted => refuted,
    }
}

impl Told {
    fn by(calls: &[StackCall]) -> Option<Told> {
        let mut told = Told::default();
        let mut numbers: HashMap<&Value, usize, BuildWordHasher> = HashMap::default();
        for (at, call) in calls.iter().enumerate() {
            let value = match (&call.op, &call.ret_value) {
                (StackOp::Push(value), _) | (StackOp::Pop, Some(StackRet::Value(value))) => value,
                (StackOp::Pop, Some(StackRet::Empty)) => {
                    told.empties.push(at);
                    continue;
                }
                (StackOp::Pop, _) => {
                    told.unanswered = true;
                    continue;
                }
            };
            let number = *numbers.entry(value).or_insert(told.ways.len());
            if number == told.ways.len() {
                told.ways.push(Way::default());
            }
            let way = &mut told.ways[number];
            match call.op {
                StackOp::Push(_) if way.push.is_some() => return None,
                StackOp::Push(_) => way.push = Some(at),
                StackOp::Pop if way.pop.is_some() => way.again = way.again.or(Some(at)),
                StackOp::Pop => way.pop = Some(at),
            }
        }
        Some(told)
    }
}

fn fresh_and_once(calls: &[StackCall], way: Way) -> Option<Decided> {
    let pop = way.pop?;
    let Some(push) = way.push else {
        return Some(Decided::not("never-pushed", [pop]));
    };
    if let Some(again) = way.again {
        return Some(Decided::not("duplicated", [push, pop, again]));
    }
    let early = calls[pop].ret < calls[push].call;
    early.then(|| Decided::not("popped-before-pushed", [push, pop]))
}

/// A value that is surely in for some time. All but the calls are ranks among the [`Times::ends`].
struct Inside {
    push: usize,
    pop: Option<usize>,
    /// The return of its push and the call of its pop: in between it is surely in.
    time: Range<usize>,
    /// It can be pushed as early as the end of this rank, and popped as late as the end before this one.
    longest: Range<usize>,
    left_out: bool,
}

/// An end of the time for which a value is surely in. Of equal moments those that end come before those that begin: then
/// no value is surely in when the one is popped and the other pushed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    moment: u64,
    begins: bool,
    value: usize,
}

/// The values that are surely in for some time. The gap of a rank is what is between the end of that rank and the next.
struct Times {
    ends: Vec<End>,
    values: Vec<Inside>,
    /// For each gap how many values are surely in, below zero.
    filled: Heights,
    /// Where a value's time begins, the rank of its longest time's begin, below zero; until that has come.
    early: Heights,
    /// And then the end of its longest time.
    late: Heights,
}

impl Times {
    fn of(calls: &[StackCall], ways: &[Way]) -> Times {
        let mut values: Vec<Inside> = ways.iter().filter_map(|way| Inside::of(calls, *way)).collect();
        let mut ends: Vec<End> = Vec::with_capacity(2 * values.len());
        for (value, inside) in values.iter().enumerate() {
            ends.push(End { moment: calls[inside.push].ret, begins: true, value });
            ends.push(End { moment: inside.pop.map_or(PENDING, |pop| calls[pop].call), begins: false, value });
        }
        ends.sort_unstable();
        for (rank, end) in ends.iter().enumerate() {
            let time = &mut values[end.value].time;
            *if end.begins { &mut time.start } else { &mut time.end } = rank;
        }
        let level = |height| Heights::level(ends.len(), height);
        let (mut filled, mut early, late) = (level(0), level(LOW), level(LOW));
        for inside in &mut values {
            let (from, until) = (calls[inside.push].call, inside.pop.map_or(PENDING, |pop| calls[pop].ret));
            inside.longest.start = ends.partition_point(|end| end.moment < from);
            inside.longest.end = ends.partition_point(|end| end.moment <= until);
            filled.raise(inside.time.clone(), -1);
            early.raise(inside.begin(), -small(inside.longest.start) - LOW);
        }
        Times { ends, values, filled, early, late }
    }

    /// A pop that found nothing, though values were surely in the stack all the while.
    fn never_empty(&self, calls: &[StackCall], empties: &[usize]) -> Option<Decided> {
        // an end of a time at that very moment has passed, and a beginning has not
        let passed = |moment| self.ends.partition_point(|end| (end.moment, end.begins) < (moment, true));
        empties.iter().find_map(|&empty| {
            let gaps = passed(calls[empty].call).checked_sub(1)?..passed(calls[empty].ret);
            let full = self.filled.find(&gaps, 0).is_none();
            full.then(|| Decided::not("not-empty", self.filling(&gaps).into_iter().chain([empty])))
        })
    }

    /// Leaves out values that can lie under all others, until none is left; or gives some of which none can.
    fn crossed(&mut self) -> Option<Decided> {
        let all = 0..self.ends.len();
        let mut open = vec![all];
        while let Some(gaps) = open.pop() {
            if gaps.is_empty() {
                continue;
            }
            if let Some(free) = self.filled.find(&gaps, 0) {
                open.extend([gaps.start..free, free + 1..gaps.end]);
            } else if let Some(value) = self.lowest(&gaps) {
                self.leave_out(value);
                open.push(gaps);
            } else {
                return Some(Decided::not("out-of-order", self.filling(&gaps)));
            }
        }
        None
    }

    /// A value that can lie under all others that are in during these gaps, which no moment without any divides.
    fn lowest(&mut self, gaps: &Range<usize>) -> Option<usize> {
        // later, smaller ranges begin later: what can be pushed first now, can be then
        while let Some(rank) = self.early.find(gaps, -small(gaps.start)) {
            let inside = &self.values[self.ends[rank].value];
            self.early.raise(inside.begin(), LOW);
            self.late.raise(inside.begin(), small(inside.longest.end) - LOW);
        }
        let rank = self.late.find(gaps, small(gaps.end) + 1)?;
        Some(self.ends[rank].value)
    }

    fn leave_out(&mut self, value: usize) {
        let inside = &mut self.values[value];
        inside.left_out = true;
        self.filled.raise(inside.time.clone(), 1);
        self.late.raise(inside.begin(), LOW);
    }

    /// The calls of few values that together are surely in during all these gaps.
    fn filling(&self, gaps: &Range<usize>) -> Vec<usize> {
        let (mut few, mut reached) = (Vec::new(), gaps.start);
        let values = self.ends.iter().filter(|end| end.begins).map(|end| &self.values[end.value]);
        let mut values = values.filter(|inside| !inside.left_out).peekable();
        while reached < gaps.end {
            let mut longest: Option<&Inside> = None;
            while let Some(inside) = values.next_if(|inside| inside.time.start <= reached) {
                if longest.is_none_or(|longest| longest.time.end < inside.time.end) {
                    longest = Some(inside);
                }
            }
            let Some(longest) = longest else { break };
            reached = longest.time.end;
            few.extend([Some(longest.push), longest.pop].into_iter().flatten());
        }
        few
    }
}

impl Inside {
    /// Unless it may come and go at one moment, or never came. Ranks are not known yet.
    fn of(calls: &[StackCall], way: Way) -> Option<Inside> {
        let push = way.push?;
        let until = way.pop.map_or(PENDING, |pop| calls[pop].call);
        let inside = Inside { push, pop: way.pop, time: 0..0, longest: 0..0, left_out: false };
        (calls[push].ret < until).then_some(inside)
    }

    /// Its place where a height belongs to the value.
    fn begin(&self) -> Range<usize> {
        self.time.start..self.time.start + 1
    }
}

fn small(n: usize) -> i32 {
    i32::try_from(n).expect("fewer than 2^31 calls")
}

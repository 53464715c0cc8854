//! The near-linear engine for queues in which every value is enqueued once (Henzinger, Sezgin & Vafeiadis, "Aspect-oriented
//! linearizability proofs", CONCUR 2013, theorem 1; Bouajjani, Emmi, Enea & Hamza, ICALP 2015).
//!
//! Such a queue breaks its promise in one of four ways: a value comes out that did not go in before; it comes out twice;
//! it overtakes another (went in after it, came out before it); or the queue was found empty while at every moment of that
//! dequeue some value was surely in it: enqueued for certain, and not yet being dequeued. A queue that keeps no order can't
//! do the third. Two sorts and a union of intervals decide.
//!
//! An enqueue that never returned counts only if its value came out, and then returns after everything. A dequeue that never
//! returned may have taken any value: such histories are left to the general engine, unless it makes no difference.

use hashbrown::HashMap;

use super::hash::BuildWordHasher;
use super::{Call, Decided};
use crate::Value;
use crate::models::queue::{QueueOp, QueueRet};

type QueueCall = Call<QueueOp, QueueRet>;

/// A value's way through the queue, by the positions of its calls.
struct Stay {
    enqueue: Option<usize>,
    dequeue: Option<usize>,
    again: Option<usize>,
}

/// Positions of the calls of a value that surely went in, and when it came out if it did.
#[derive(Clone, Copy)]
struct Inside {
    enqueue: usize,
    /// From then on it is surely in.
    since: u64,
    dequeue: Option<usize>,
    /// Until then.
    until: u64,
}

/// Decides, if every value is enqueued once and no unanswered dequeue matters.
pub(crate) fn decide(calls: &[QueueCall], ordered: bool) -> Option<Decided> {
    let (stays, empties) = stays(calls, ordered)?;
    if let Some(refuted) = stays.iter().find_map(|stay| fresh_and_once(calls, stay)) {
        return Some(refuted);
    }
    let mut inside: Vec<Inside> = stays.iter().filter_map(|stay| Inside::of(calls, stay)).collect();
    inside.sort_unstable_by_key(|inside| (inside.since, inside.enqueue));
    let overtaken = if ordered { overtaking(calls, &stays, &inside) } else { None };
    overtaken.or_else(|| never_empty(calls, &inside, &empties)).or(Some(Decided::Linearizable))
}

/// The way of each value in the order of their first calls, and the dequeues that found nothing.
fn stays(calls: &[QueueCall], ordered: bool) -> Option<(Vec<Stay>, Vec<usize>)> {
    let (mut stays, mut empties, mut unanswered) = (Vec::new(), Vec::new(), false);
    let mut numbers: HashMap<&Value, usize, BuildWordHasher> = HashMap::default();
    for (at, call) in calls.iter().enumerate() {
        let value = match (&call.op, &call.ret_value) {
            (QueueOp::Enqueue(value), _) | (QueueOp::Dequeue, Some(QueueRet::Value(value))) => value,
            (QueueOp::Dequeue, Some(QueueRet::Empty)) => {
                empties.push(at);
                continue;
            }
            (QueueOp::Dequeue, _) => {
                unanswered = true;
                continue;
            }
        };
        let number = *numbers.entry(value).or_insert(stays.len());
        if number == stays.len() {
            stays.push(Stay { enqueue: None, dequeue: None, again: None });
        }
        let stay = &mut stays[number];
        match call.op {
            QueueOp::Enqueue(_) if stay.enqueue.is_some() => return None,
            QueueOp::Enqueue(_) => stay.enqueue = Some(at),
            QueueOp::Dequeue if stay.dequeue.is_some() => stay.again = stay.again.or(Some(at)),
            QueueOp::Dequeue => stay.dequeue = Some(at),
        }
    }
    let matters = unanswered && (ordered || !empties.is_empty());
    (!matters).then_some((stays, empties))
}

fn fresh_and_once(calls: &[QueueCall], stay: &Stay) -> Option<Decided> {
    let dequeue = stay.dequeue?;
    let Some(enqueue) = stay.enqueue else {
        return Some(Decided::not("never-enqueued", [dequeue]));
    };
    if let Some(again) = stay.again {
        return Some(Decided::not("duplicated", [enqueue, dequeue, again]));
    }
    let early = calls[dequeue].ret < calls[enqueue].call;
    early.then(|| Decided::not("dequeued-before-enqueued", [enqueue, dequeue]))
}

impl Inside {
    fn of(calls: &[QueueCall], stay: &Stay) -> Option<Inside> {
        let enqueue = stay.enqueue?;
        let until = stay.dequeue.map_or(u64::MAX, |dequeue| calls[dequeue].call);
        let inside = Inside { enqueue, since: calls[enqueue].ret, dequeue: stay.dequeue, until };
        (!calls[enqueue].is_pending()).then_some(inside)
    }
}

/// Two values of which the later one in is surely the earlier one out.
fn overtaking(calls: &[QueueCall], stays: &[Stay], inside: &[Inside]) -> Option<Decided> {
    let mut later: Vec<(usize, usize)> = stays.iter().filter_map(|stay| stay.enqueue.zip(stay.dequeue)).collect();
    later.sort_unstable_by_key(|(enqueue, _)| (calls[*enqueue].call, *enqueue));
    let mut earlier = inside.iter().peekable();
    let mut last_out: Option<&Inside> = None;
    for (enqueue, dequeue) in later {
        while let Some(before) = earlier.next_if(|before| before.since < calls[enqueue].call) {
            if last_out.is_none_or(|last| last.until < before.until) {
                last_out = Some(before);
            }
        }
        if let Some(overtaken) = last_out.filter(|last| calls[dequeue].ret < last.until) {
            let calls = [Some(overtaken.enqueue), overtaken.dequeue, Some(enqueue), Some(dequeue)];
            return Some(Decided::not("out-of-order", calls.into_iter().flatten()));
        }
    }
    None
}

/// A dequeue that found nothing, though values were surely in the queue all the while.
fn never_empty(calls: &[QueueCall], inside: &[Inside], empties: &[usize]) -> Option<Decided> {
    // the times at which something is surely in, as intervals without a gap: (since, until)
    let mut filled: Vec<(u64, u64)> = Vec::new();
    for one in inside.iter().filter(|one| one.since < one.until) {
        match filled.last_mut() {
            Some((_, until)) if one.since < *until => *until = one.until.max(*until),
            _ => filled.push((one.since, one.until)),
        }
    }
    for &empty in empties {
        let call = &calls[empty];
        let begun = filled.partition_point(|(since, _)| *since < call.call);
        if begun > 0 && call.ret < filled[begun - 1].1 {
            return Some(Decided::not("not-empty", covering(call, inside).chain([empty])));
        }
    }
    None
}

/// The calls of few values that together are surely in the queue all the while.
fn covering(empty: &QueueCall, inside: &[Inside]) -> impl Iterator<Item = usize> {
    let (mut few, mut reached) = (Vec::new(), empty.call);
    let mut open = inside.iter().filter(|one| one.since < one.until).peekable();
    while reached <= empty.ret {
        let mut longest: Option<&Inside> = None;
        while let Some(one) = open.next_if(|one| one.since < reached) {
            if longest.is_none_or(|longest| longest.until < one.until) {
                longest = Some(one);
            }
        }
        let Some(longest) = longest else { break };
        reached = longest.until;
        few.push([Some(longest.enqueue), longest.dequeue]);
    }
    few.into_iter().flatten().flatten()
}

//! The near-linear engine for sets that only grow and whose elements are added once: the reads tell the order.
//!
//! The sets that were read have to be a chain, each a part of the next. An element's addition lies between the last read
//! without it and the first one with it, so that calls fall into slots, of which the order is forced and inside of which
//! nothing is: additions of what the smallest set holds, reads of it, additions of what the next one holds more, and so
//! on, at last those that no read shows. A legal order exists iff no call of a later slot returned before one of an earlier
//! slot was invoked (two slots that are in order pairwise are so altogether: Gibbons & Korach 1997, section 4, of clusters).

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;

use super::hash::BuildWordHasher;
use super::{Call, Decided};
use crate::Value;
use crate::models::set::SetOp;

type SetCall = Call<SetOp, Option<Arc<BTreeSet<Value>>>>;

/// A read by its position, with the elements that it showed.
type Read<'c> = (usize, &'c BTreeSet<Value>);

/// Slots with their calls, in order.
type Slots = Vec<(usize, usize)>;

/// Decides, if every element is added once.
pub(crate) fn decide(calls: &[SetCall]) -> Option<Decided> {
    let mut adds: HashMap<&Value, usize, BuildWordHasher> = HashMap::default();
    let mut reads: Vec<Read<'_>> = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        match (&call.op, &call.ret_value) {
            (SetOp::Add(element), _) if adds.insert(element, at).is_some() => return None,
            (SetOp::Read, Some(Some(elements))) => reads.push((at, elements)),
            (SetOp::Read, Some(None)) => return Some(Decided::not("duplicated", [at])),
            _ => {}
        }
    }
    reads.sort_by_key(|(at, elements)| (elements.len(), *at));
    let with_adds = |some: Vec<usize>| {
        let shown = some.iter().filter_map(|&at| calls[at].ret_value.as_ref()?.as_ref()).flat_map(|set| set.iter());
        let added: Vec<usize> = shown.filter_map(|element| adds.get(element).copied()).collect();
        some.into_iter().chain(added)
    };
    let slots = match slots(calls, &adds, &reads) {
        Ok(slots) => slots,
        Err((why, calls)) => return Some(Decided::not(why, with_adds(calls))),
    };
    Some(match out_of_slot(calls, &slots) {
        None => Decided::Linearizable,
        Some((first, then)) => {
            // of two additions a read has to tell which came first
            let first_with = |at: usize| match &calls[at].op {
                SetOp::Add(element) => reads.iter().find(|(_, elements)| elements.contains(element)).map(|read| read.0),
                SetOp::Read => None,
            };
            let told = if calls[then].op == SetOp::Read { None } else { first_with(first) };
            Decided::not("stale-read", with_adds([Some(first), Some(then), told].into_iter().flatten().collect()))
        }
    })
}

/// The slot of each call that has one; an `Err` names calls that already contradict each other.
fn slots<'c>(
    calls: &[SetCall],
    adds: &HashMap<&'c Value, usize, BuildWordHasher>,
    reads: &[Read<'c>],
) -> Result<Slots, (&'static str, Vec<usize>)> {
    let mut slots = Vec::with_capacity(calls.len());
    let mut seen = vec![false; calls.len()];
    let empty = BTreeSet::new();
    let (mut slot, mut before) = (0, (None, &empty));
    for &(at, elements) in reads {
        if elements.len() > before.1.len() || before.0.is_none() {
            slot += 2;
            if !before.1.is_subset(elements) {
                return Err(("incomparable-reads", before.0.into_iter().chain([at]).collect()));
            }
            for element in elements.difference(before.1) {
                let Some(&add) = adds.get(element) else { return Err(("never-added", vec![at])) };
                seen[add] = true;
                slots.push((slot - 1, add));
            }
            before = (Some(at), elements);
        } else if elements != before.1 {
            return Err(("incomparable-reads", before.0.into_iter().chain([at]).collect()));
        }
        slots.push((slot, at));
    }
    let unseen = adds.values().copied().filter(|&add| !seen[add] && !calls[add].is_pending());
    slots.extend(unseen.map(|add| (slot + 1, add)));
    slots.sort_unstable();
    Ok(slots)
}

/// Two calls, of which the one that has to come first was invoked after the other had returned.
fn out_of_slot(calls: &[SetCall], slots: &[(usize, usize)]) -> Option<(usize, usize)> {
    let mut first: Option<usize> = None;
    for slot in slots.chunk_by(|a, b| a.0 == b.0) {
        let then = slot.iter().map(|(_, at)| *at).min_by_key(|&at| (calls[at].ret, at)).expect("no chunk is empty");
        if let Some(first) = first.filter(|&first| calls[then].ret < calls[first].call) {
            return Some((first, then));
        }
        first = slot.iter().map(|(_, at)| *at).chain(first).max_by_key(|&at| (calls[at].call, at));
    }
    None
}

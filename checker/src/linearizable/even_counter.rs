//! The near-linear engine for counters whose additions are all of one amount: then a sum is a number of additions.
//!
//! A sweep over the calls' ends takes additions as late as it can: when one returns, or when a read returns that must have
//! seen more of them, and then the one that has to return first. So at every moment the fewest are taken, and those left
//! are the most patient: whatever order exists, the sweep finds one (an exchange of two additions in it does no harm). A
//! read that showed less when it was invoked, or for which too few additions were invoked when it returned, refutes. With
//! amounts that differ the question is NP-hard (sums of subsets), and left to the general engine.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Call, Decided};
use crate::models::counter::CounterOp;

type CounterCall = Call<CounterOp, Option<i64>>;

/// Decides, if all amounts but zero are the same.
pub(crate) fn decide(initial: i64, calls: &[CounterCall]) -> Option<Decided> {
    let amounts = || calls.iter().filter_map(|call| if let CounterOp::Add(n) = call.op { Some(n) } else { None });
    let amount = i128::from(amounts().find(|&amount| amount != 0).unwrap_or(1));
    if amounts().any(|other| other != 0 && i128::from(other) != amount) {
        return None;
    }
    let wanted = |call: &CounterCall| Some((i128::from(call.ret_value??) - i128::from(initial), amount));
    let until = |end: u64| (0..calls.len()).filter(move |&at| calls[at].call <= end);
    // of equal times a call comes before a return
    let mut ends: Vec<(u64, bool, usize)> = Vec::with_capacity(2 * calls.len());
    for (at, call) in calls.iter().enumerate() {
        ends.push((call.call, false, at));
        if !call.is_pending() {
            ends.push((call.ret, true, at));
        }
    }
    ends.sort_unstable();
    let mut taken = vec![false; calls.len()];
    let mut open: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    let mut count = 0_i128;
    for (_, returns, at) in ends {
        let call = &calls[at];
        match call.op {
            CounterOp::Add(0) => {}
            CounterOp::Add(_) if !returns => open.push(Reverse((call.ret, at))),
            CounterOp::Add(_) => {
                count += i128::from(!std::mem::replace(&mut taken[at], true));
            }
            CounterOp::Read => {
                let Some((sum, amount)) = wanted(call) else { continue };
                let number = sum / amount;
                if sum % amount != 0 || number < 0 || (!returns && number < count) {
                    return Some(Decided::not("impossible-sum", until(call.ret)));
                }
                while returns && count < number {
                    let Some(Reverse((_, next))) = open.pop() else {
                        return Some(Decided::not("impossible-sum", until(call.ret)));
                    };
                    count += i128::from(!std::mem::replace(&mut taken[next], true));
                }
            }
        }
    }
    Some(Decided::Linearizable)
}

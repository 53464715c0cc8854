//! The near-linear engine for stacks against brute force where it is hard pressed: every value is pushed once, and nearly
//! every one popped, so that only the order or an answer that the stack was empty can be wrong.

use super::call::{Call, PENDING};
use super::random_models_tests::brute_force;
use super::{Decided, unique_stack};
use crate::Value;
use crate::models::Specification;
use crate::models::stack::{Stack, StackOp, StackRet, StackSpec};
use crate::random::{self, SplitMix};

type StackCall = Call<StackOp, StackRet>;

/// Up to five values at few times, each pushed and popped somewhere; and up to two pops that found nothing.
fn calls(random: &mut SplitMix) -> Vec<StackCall> {
    let (times, longest) = (2 + random.below(20), 1 + random.below(8));
    let mut calls = Vec::new();
    let mut add = |from: u64, length: u64, op: StackOp, answer: Option<StackRet>| {
        let ret = if answer.is_some() { from + length } else { PENDING };
        calls.push(Call { index: 0, process: 0, call: from, ret, op, ret_value: answer });
    };
    let missing = random.below(2) == 0;
    for value in (0..2 + random.below(4)).map(|value| Value::Int(value.cast_signed())) {
        let [one, other] = [random.below(times), random.below(times)];
        let lost = |random: &mut SplitMix| missing && random.below(8) == 0;
        let pushed = (!lost(random)).then_some(StackRet::Done);
        add(one.min(other), random.below(longest), StackOp::Push(value.clone()), pushed);
        let popped = (!lost(random)).then_some(StackRet::Value(value));
        if popped.is_some() || random.below(4) == 0 {
            add(one.max(other), random.below(longest), StackOp::Pop, popped);
        }
    }
    for _ in 0..random.below(3) {
        add(random.below(times), random.below(longest), StackOp::Pop, Some(StackRet::Empty));
    }
    calls.sort_by_key(|call| call.call);
    calls
}

#[test]
fn stacks_of_values_that_are_all_popped() {
    let initial: Stack = StackSpec.initial();
    let (mut legal, mut crossed, mut rings, mut not_empty, mut left) = (0, 0, 0, 0, 0);
    for seed in 0..random::histories() {
        let calls = calls(&mut SplitMix(seed));
        let truth = brute_force(&initial, &calls, 0);
        match unique_stack(&calls) {
            Some(Decided::Linearizable) => assert!(truth, "seed {seed}: {calls:#?}"),
            Some(Decided::Not { why, calls: few }) => {
                let few: Vec<StackCall> = few.iter().map(|&at| calls[at].clone()).collect();
                assert!(!truth && !brute_force(&initial, &few, 0), "seed {seed}: {few:#?} of {calls:#?}");
                crossed += u64::from(why == "out-of-order");
                rings += u64::from(why == "out-of-order" && few.len() > 4);
                not_empty += u64::from(why == "not-empty");
            }
            None => left += 1,
        }
        legal += u64::from(truth);
    }
    println!(
        "{legal} legal, {crossed} crossed, {rings} of them of more than two values, {not_empty} not empty, {left} left"
    );
    let few = random::histories() / 200;
    assert!([legal, crossed, rings, not_empty].iter().all(|&found| found >= few));
    assert!(left < random::histories() / 4);
}

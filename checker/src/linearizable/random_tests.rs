//! All engines against brute force on small random histories of registers, among them equal time stamps, pending writes,
//! compare-and-sets and refusals. `NETSPLIT_RANDOM_HISTORIES` says how many (20,000).

use std::time::Duration;

use super::call::{Call, PENDING};
use super::general::{self, Answer};
use super::limits::{Budget, Limits};
use super::near_linear::{self, NO_RETURN, NONE, Step, Zones};
use super::porcupine;
use crate::Value;
use crate::models::register::{Register, RegisterOp, RegisterRet, RegisterSpec};
use crate::models::{Model, Specification};
use crate::random::{self, SplitMix};

type RegisterCall = Call<RegisterOp, RegisterRet>;

/// Up to seven calls at up to ten times. Half of the histories write every value once.
fn random_calls(seed: u64) -> (Vec<RegisterCall>, bool) {
    let mut random = SplitMix(seed);
    let unique = random.below(2) == 0;
    let times = 3 + random.below(12);
    let values = 1 + i64::try_from(random.below(4)).unwrap();
    let with_cas = random.below(2) == 0;
    let mut fresh = 0;
    let mut calls: Vec<RegisterCall> = (0..=random.below(7))
        .map(|process| {
            let call = 1 + random.below(times);
            let shown =
                |random: &mut SplitMix| Value::Int(random.below(u64::try_from(values).unwrap() + 1).cast_signed());
            let written = if unique {
                fresh += 1;
                Value::Int(fresh)
            } else {
                shown(&mut random)
            };
            let kind = random.below(if with_cas { 8 } else { 5 });
            let (op, ret_value) = match kind {
                0..3 => (RegisterOp::Read, RegisterRet::Value(shown(&mut random))),
                3..5 => (RegisterOp::Write(written), RegisterRet::Done),
                5 => (RegisterOp::Cas(shown(&mut random), written), RegisterRet::Refused(shown(&mut random))),
                _ => (RegisterOp::Cas(shown(&mut random), written), RegisterRet::Done),
            };
            let pending = random.below(5) == 0 && op != RegisterOp::Read;
            let ret = if pending { PENDING } else { call + random.below(times) };
            let ret_value = (!pending).then_some(ret_value);
            Call { index: 0, process, call, ret, op, ret_value }
        })
        .collect();
    calls.sort_by_key(|call| call.call);
    for (index, call) in (0..).zip(&mut calls) {
        call.index = index;
    }
    (calls, unique)
}

/// Tries every order.
fn brute_force(state: &Register, calls: &[RegisterCall], taken: u32) -> bool {
    let open = |i: usize| taken >> i & 1 == 0;
    let undone = |i: &usize| open(*i) && !calls[*i].is_pending();
    let Some(horizon) = (0..calls.len()).filter(undone).map(|i| calls[i].ret).min() else { return true };
    (0..calls.len()).filter(|&i| open(i) && calls[i].call <= horizon).any(|i| {
        let next = state.step(&calls[i].op, calls[i].ret_value.as_ref());
        next.is_some_and(|next| brute_force(&next, calls, taken | 1 << i))
    })
}

fn near_linear(spec: &RegisterSpec, calls: &[RegisterCall]) -> Option<bool> {
    let number = |value: &Value| u32::try_from(value.as_int().unwrap()).unwrap();
    let step = |call: &RegisterCall| {
        let lean = spec.lean(&call.op, call.ret_value.as_ref())?;
        let [from, to] = [lean.from, lean.to].map(|value| value.map_or(NONE, number));
        let time = |time: u64| u32::try_from(time).unwrap_or(NO_RETURN);
        Some(Step { call: time(call.call), ret: time(call.ret), from, to })
    };
    let steps: Vec<Step> = calls.iter().map(step).collect::<Option<_>>()?;
    match near_linear::decide(&steps, 10) {
        Zones::Linearizable => Some(true),
        Zones::Not(..) => Some(false),
        Zones::NotUnique => None,
    }
}

#[test]
fn all_engines_agree_with_brute_force() {
    let histories = random::histories();
    let spec = RegisterSpec::new(Value::Int(0));
    let initial = Register(Value::Int(0));
    let budget = Budget::start(Limits { time: Duration::MAX, ..Limits::default() });
    let (mut legal, mut illegal, mut near) = (0_u64, 0_u64, [0_u64; 2]);
    for seed in 0..histories {
        let (calls, unique) = random_calls(seed);
        let truth = brute_force(&initial, &calls, 0);
        *if truth { &mut legal } else { &mut illegal } += 1;
        let needless = spec.needless(&calls);
        let general = match general::search(&initial, &calls, &needless, &budget) {
            Answer::Linearizable => true,
            Answer::Not(_) => false,
            Answer::Unknown(cause) => panic!("seed {seed}: {cause}"),
        };
        assert_eq!(general, truth, "general engine, seed {seed}: {calls:#?}");
        let zones = near_linear(&spec, &calls);
        assert!(zones.is_none_or(|zones| zones == truth), "near-linear engine, seed {seed}, not {truth}: {calls:#?}");
        near[usize::from(truth)] += u64::from(zones.is_some());
        assert!(
            zones.is_some()
                || !unique
                || calls.iter().any(|call| spec.lean(&call.op, call.ret_value.as_ref()).is_none())
        );
        // a thread for each opinion: as many as a test can afford
        if seed % 16 == 0 {
            let second = porcupine::opinion(&initial, &calls, Duration::from_mins(1)).unwrap();
            assert_eq!(second, truth, "porcupine-rs, seed {seed}: {calls:#?}");
        }
    }
    println!("{histories} histories: {legal} legal, {illegal} illegal; near-linear decided {near:?} (illegal, legal)");
    assert!(histories < 1000 || near.iter().all(|&decided| decided > histories / 20));
}

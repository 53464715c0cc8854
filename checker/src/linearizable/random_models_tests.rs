//! Every model's engines against brute force on small random histories: drawn as some legal order would answer, half of
//! them with one answer altered. `NETSPLIT_RANDOM_HISTORIES` says how many of all models together (20,000).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::call::{Call, PENDING};
use super::general::{self, Answer};
use super::limits::{Budget, Limits};
use super::{Decided, porcupine};
use crate::Value;
use crate::models::counter::{Counter, CounterOp, CounterSpec};
use crate::models::kv::{KvOp, KvSpec};
use crate::models::multi_register::{Micro, MultiRegisterSpec};
use crate::models::mutex::{MutexOp, MutexRet, MutexSpec};
use crate::models::queue::{QueueOp, QueueRet, QueueSpec};
use crate::models::register::{Register, RegisterOp, RegisterRet, RegisterSpec};
use crate::models::set::{SetOp, SetSpec};
use crate::models::stack::{StackOp, StackRet, StackSpec};
use crate::models::{Calls, Model, Specification};
use crate::random::{self, SplitMix};

type Op<S> = <<S as Specification>::Model as Model>::Op;
type Ret<S> = <<S as Specification>::Model as Model>::Ret;
type Drawn<S> = Vec<Call<Op<S>, Ret<S>>>;
/// With the time at which each takes effect.
type Ordered<S> = Vec<(u64, Call<Op<S>, Ret<S>>)>;

/// What a model's histories are drawn from.
struct Draw<S: Specification> {
    specification: S,
    /// An operation, from a number of its own.
    op: fn(&mut SplitMix, i64) -> Op<S>,
    /// The answers that there can be, in any state.
    answers: fn(&mut SplitMix, &Op<S>) -> Vec<Ret<S>>,
}

fn pick<T: Clone>(random: &mut SplitMix, of: &[T]) -> T {
    of[usize::try_from(random.below(of.len() as u64)).unwrap()].clone()
}

impl<S: Specification> Draw<S> {
    /// Up to seven calls at few times; each takes effect at some time in between, in which a legal answer is found.
    fn calls(&self, random: &mut SplitMix) -> Drawn<S> {
        let times = 3 + random.below(12);
        let mut order: Ordered<S> = (0..=random.below(7))
            .map(|process| {
                let (call, length) = (1 + random.below(times), random.below(times));
                let op = (self.op)(random, process.cast_signed());
                let call = Call { index: 0, process, call, ret: call + length, op, ret_value: None };
                (call.call + random.below(length + 1), call)
            })
            .collect();
        order.sort_by_key(|(point, _)| *point);
        let mut state = self.specification.initial();
        for (_, call) in &mut order {
            let fits = |ret: &Ret<S>| state.step(&call.op, Some(ret)).is_some();
            let legal: Vec<Ret<S>> = (self.answers)(random, &call.op).into_iter().filter(fits).collect();
            let pending = legal.is_empty() || random.below(6) == 0;
            call.ret_value = (!legal.is_empty()).then(|| pick(random, &legal));
            if !pending || random.below(2) == 0 {
                state = state.step(&call.op, call.ret_value.as_ref()).unwrap_or(state);
            }
            if pending {
                (call.ret, call.ret_value) = (PENDING, None);
            }
        }
        let completed: Vec<usize> = (0..order.len()).filter(|&at| order[at].1.ret_value.is_some()).collect();
        if random.below(2) == 0 && !completed.is_empty() {
            let lie = &mut order[pick(random, &completed)].1;
            let answers = (self.answers)(random, &lie.op);
            lie.ret_value = Some(pick(random, &answers));
        }
        let mut calls: Drawn<S> = order.into_iter().map(|(_, call)| call).collect();
        calls.retain(|call| !(call.is_pending() && S::Model::is_read(&call.op, None)));
        calls.sort_by_key(|call| call.call);
        for (index, call) in (0..).zip(&mut calls) {
            call.index = index;
        }
        calls
    }

    /// Compares all engines on so many histories; how many were illegal and legal, and of each how many a near-linear
    /// engine decided.
    fn compare(&self, histories: u64) -> [[u64; 2]; 2]
    where
        S::Model: 'static,
    {
        let budget = Budget::start(Limits { time: Duration::MAX, ..Limits::default() });
        let initial = self.specification.initial();
        let mut told = [[0; 2]; 2];
        for seed in 0..histories {
            let calls = self.calls(&mut SplitMix(seed));
            let truth = brute_force(&initial, &calls, 0);
            told[0][usize::from(truth)] += 1;
            let needless = self.specification.needless(&calls);
            match general::search(&initial, &calls, &needless, &budget) {
                Answer::Linearizable => assert!(truth, "general engine, seed {seed}: {calls:#?}"),
                Answer::Not(_) => assert!(!truth, "general engine, seed {seed}: {calls:#?}"),
                Answer::Unknown(cause) => panic!("seed {seed}: {cause}"),
            }
            let decided = self.specification.near_linear(&calls);
            told[1][usize::from(truth)] += u64::from(decided.is_some());
            match decided {
                Some(Decided::Linearizable) => assert!(truth, "near-linear engine, seed {seed}: {calls:#?}"),
                Some(Decided::Not { calls: few, .. }) => {
                    let few: Drawn<S> = few.iter().map(|&at| calls[at].clone()).collect();
                    let illegal = !brute_force(&initial, &few, 0);
                    assert!(!truth && illegal, "near-linear engine, seed {seed}: {few:#?} of {calls:#?}");
                }
                None => {}
            }
            // a thread for each opinion: as many as a test can afford
            if seed % 64 == 0 {
                let second = porcupine::opinion(&initial, &calls, Duration::from_mins(1)).unwrap();
                assert_eq!(second, truth, "porcupine-rs, seed {seed}: {calls:#?}");
            }
        }
        told
    }
}

/// Tries every order.
pub(super) fn brute_force<M: Model>(state: &M, calls: &Calls<M>, taken: u32) -> bool {
    let open = |i: usize| taken >> i & 1 == 0;
    let undone = |i: &usize| open(*i) && !calls[*i].is_pending();
    let Some(horizon) = (0..calls.len()).filter(undone).map(|i| calls[i].ret).min() else { return true };
    (0..calls.len()).filter(|&i| open(i) && calls[i].call <= horizon).any(|i| {
        let next = state.step(&calls[i].op, calls[i].ret_value.as_ref());
        next.is_some_and(|next| brute_force(&next, calls, taken | 1 << i))
    })
}

/// How many histories each model gets.
fn share() -> u64 {
    random::histories() / 10
}

/// Compares, and asks that both verdicts are common; where a near-linear engine is there, that it decides often.
#[track_caller]
fn check<S: Specification<Model: 'static>>(draw: &Draw<S>, near_linear: bool) {
    let told = draw.compare(share());
    println!("illegal and legal histories, and of each how many a near-linear engine decided: {told:?}");
    let few = share() / 20;
    assert!(told[0].iter().all(|&verdict| verdict >= few), "{told:?}");
    assert!(!near_linear || told[1].iter().all(|&decided| decided >= few), "{told:?}");
}

fn number(random: &mut SplitMix, below: u64) -> i64 {
    random.below(below).cast_signed()
}

fn refused_or_done(current: i64) -> [RegisterRet; 2] {
    [RegisterRet::Done, RegisterRet::Refused(if current == 0 { Value::Nil } else { Value::Int(current) })]
}

#[test]
fn registers_with_claims_creations_and_deletions() {
    let op = |random: &mut SplitMix, own: i64| {
        let shown = Value::Int(number(random, 4));
        match random.below(8) {
            0..3 => RegisterOp::Read,
            3 => RegisterOp::Write(Value::Int(own)),
            4 => RegisterOp::Cas(shown, Value::Int(own)),
            5 => RegisterOp::Claim(Value::Int(own)),
            6 => RegisterOp::Create(shown),
            _ => RegisterOp::Delete,
        }
    };
    let answers = |random: &mut SplitMix, op: &RegisterOp| match op {
        RegisterOp::Read => [Value::Nil].into_iter().chain((0..7).map(Value::Int)).map(RegisterRet::Value).collect(),
        _ => (0..7).flat_map(refused_or_done).skip(usize::from(random.below(2) == 0)).collect(),
    };
    check(&Draw { specification: RegisterSpec::new(Value::Nil), op, answers }, false);
}

#[test]
fn names_are_claimed_once() {
    let op = |random: &mut SplitMix, own: i64| match random.below(2) {
        0 => RegisterOp::Read,
        _ => RegisterOp::Claim(Value::Int(own + 1)),
    };
    let answers = |_: &mut SplitMix, op: &RegisterOp| match op {
        RegisterOp::Read => [Value::Nil].into_iter().chain((1..8).map(Value::Int)).map(RegisterRet::Value).collect(),
        _ => (0..8).flat_map(refused_or_done).collect(),
    };
    check(&Draw { specification: RegisterSpec::new(Register(Value::Nil).0), op, answers }, false);
}

#[test]
fn several_registers_at_once() {
    let op = |random: &mut SplitMix, own: i64| {
        let micro = |random: &mut SplitMix| {
            let key = Value::Int(number(random, 2));
            if random.below(3) == 0 { Micro::Write(key, Value::Int(own % 3)) } else { Micro::Read(key, None) }
        };
        Arc::from([micro(random), micro(random)])
    };
    let answers = |random: &mut SplitMix, op: &Arc<[Micro]>| {
        let seen = |random: &mut SplitMix, micro: &Micro| match micro {
            Micro::Read(key, _) => Micro::Read(key.clone(), Some(Value::Int(number(random, 3)))),
            write @ Micro::Write(..) => write.clone(),
        };
        (0..24).map(|_| op.iter().map(|micro| seen(random, micro)).collect()).collect()
    };
    let initial = BTreeMap::from([0, 1].map(|key| (Value::Int(key), Value::Int(0))));
    check(&Draw { specification: MultiRegisterSpec { initial }, op, answers }, false);
}

#[test]
fn keys_with_strings() {
    let op = |random: &mut SplitMix, own: i64| match random.below(4) {
        0 => KvOp::Put(Arc::from(format!("{own}"))),
        1 => KvOp::Append(Arc::from(format!("{}", own % 3))),
        _ => KvOp::Get,
    };
    let answers = |random: &mut SplitMix, op: &KvOp| match op {
        KvOp::Get => {
            let text =
                |random: &mut SplitMix| (0..random.below(3)).map(|_| pick(random, &["0", "1", "2", "3"])).collect();
            (0..40).map(|_| Some(Arc::from(String::as_str(&text(random))))).collect()
        }
        _ => vec![None],
    };
    check(&Draw { specification: KvSpec::default(), op, answers }, false);
}

fn set_op(random: &mut SplitMix, own: i64) -> SetOp {
    if random.below(2) == 0 { SetOp::Read } else { SetOp::Add(Value::Int(own)) }
}

#[test]
fn sets() {
    let answers = |_: &mut SplitMix, op: &SetOp| match op {
        SetOp::Read => {
            let some = |bits: i64| (0..7).filter(|at| bits >> at & 1 == 1).map(Value::Int).collect();
            (0..128).map(|bits| Some(Arc::new(some(bits)))).collect()
        }
        SetOp::Add(_) => vec![None],
    };
    check(&Draw { specification: SetSpec, op: set_op, answers }, true);
    let again = |random: &mut SplitMix, own: i64| set_op(random, own % 3);
    check(&Draw { specification: SetSpec, op: again, answers }, false);
}

fn queue_op(random: &mut SplitMix, own: i64) -> QueueOp {
    if random.below(2) == 0 { QueueOp::Dequeue } else { QueueOp::Enqueue(Value::Int(own)) }
}

fn queue_answers(_: &mut SplitMix, op: &QueueOp) -> Vec<QueueRet> {
    match op {
        QueueOp::Dequeue => (0..7).map(|n| QueueRet::Value(Value::Int(n))).chain([QueueRet::Empty]).collect(),
        QueueOp::Enqueue(_) => vec![QueueRet::Done],
    }
}

#[test]
fn queues_with_and_without_an_order() {
    for ordered in [true, false] {
        check(&Draw { specification: QueueSpec { ordered }, op: queue_op, answers: queue_answers }, true);
        let again = |random: &mut SplitMix, own: i64| queue_op(random, own % 3);
        check(&Draw { specification: QueueSpec { ordered }, op: again, answers: queue_answers }, false);
    }
}

#[test]
fn stacks() {
    let op = |random: &mut SplitMix, own: i64| match random.below(2) {
        0 => StackOp::Pop,
        _ => StackOp::Push(Value::Int(own)),
    };
    let answers = |_: &mut SplitMix, op: &StackOp| match op {
        StackOp::Pop => (0..7).map(|n| StackRet::Value(Value::Int(n))).chain([StackRet::Empty]).collect(),
        StackOp::Push(_) => vec![StackRet::Done],
    };
    check(&Draw { specification: StackSpec, op, answers }, true);
    let again = |random: &mut SplitMix, own: i64| match random.below(2) {
        0 => StackOp::Pop,
        _ => StackOp::Push(Value::Int(own % 3)),
    };
    check(&Draw { specification: StackSpec, op: again, answers }, false);
}

#[test]
fn counters() {
    let answers = |_: &mut SplitMix, op: &CounterOp| match op {
        CounterOp::Read => (-8..=16).map(Some).collect(),
        CounterOp::Add(_) => vec![None],
    };
    let steps: [fn(&mut SplitMix, i64) -> CounterOp; 3] = [
        |random, _| if random.below(2) == 0 { CounterOp::Read } else { CounterOp::Add(1) },
        |random, _| if random.below(2) == 0 { CounterOp::Read } else { CounterOp::Add(-2) },
        |random, own| if random.below(2) == 0 { CounterOp::Read } else { CounterOp::Add(own % 3 - 1) },
    ];
    for (op, near_linear) in steps.into_iter().zip([true, true, false]) {
        check(&Draw { specification: CounterSpec { initial: 2 }, op, answers }, near_linear);
    }
    assert_eq!(CounterSpec { initial: 2 }.initial(), Counter(2));
}

#[test]
fn locks_with_and_without_owners() {
    let op = |random: &mut SplitMix, _: i64| {
        let who = random.below(2);
        if random.below(2) == 0 { MutexOp::Acquire(who) } else { MutexOp::Release(who) }
    };
    let answers = |_: &mut SplitMix, _: &MutexOp| vec![MutexRet::Done, MutexRet::Refused];
    check(&Draw { specification: MutexSpec { owners: true }, op, answers }, false);
    let anybody = |random: &mut SplitMix, _: i64| match random.below(2) {
        0 => MutexOp::Acquire(0),
        _ => MutexOp::Release(0),
    };
    check(&Draw { specification: MutexSpec { owners: false }, op: anybody, answers }, false);
}

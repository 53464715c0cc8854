//! A history that exceeds its bounds is unknown with the cause, in time and within its memory, whoever decides. One test,
//! for memory is counted over the whole process.

use std::alloc::System;
use std::time::{Duration, Instant};

use cap::Cap;
use cpu_time::ProcessTime;
use netsplit_checker::causal::Causal;
use netsplit_checker::linearizable::{Engine, Limits, Linearizable};
use netsplit_checker::models::RegisterSpec;
use netsplit_checker::sequential::Sequential;
use netsplit_checker::{Cause, Checker, History, Value, Verdict};

#[path = "../benches/drawn/register.rs"]
mod register;

use register::Plan;

#[global_allocator]
static ALLOCATED: Cap<System> = Cap::new(System, usize::MAX);

const PLAN: Plan =
    Plan { operations: 10_000, clients: 20, keys: 1, pending_permille: 0, stale_at: None, repeat: false };

fn linearizable(engine: Engine, limits: Limits) -> Box<dyn Checker> {
    Box::new(Linearizable::new(RegisterSpec::new(Value::Int(0))).engine(engine).limits(limits))
}

/// Every checker with a history that it can't decide in half a second, nor in 16 MB.
fn hard(limits: Limits) -> Vec<(&'static str, Box<dyn Checker>, History)> {
    let initial = Value::Int(0);
    let search = Plan { pending_permille: 400, stale_at: Some(9_000), repeat: true, ..PLAN };
    let sequential = Plan { operations: 400, stale_at: Some(390), ..search };
    vec![
        ("general", linearizable(Engine::General, limits), search.draw()),
        ("own", linearizable(Engine::Own, limits), search.draw()),
        ("sequential", Box::new(Sequential { initial: initial.clone(), limits }), sequential.draw()),
        ("causal", Box::new(Causal { initial, limits, operations: usize::MAX, ..Causal::default() }), PLAN.draw()),
    ]
}

#[expect(clippy::disallowed_methods, reason = "bounds on real time are tested with the real clock")]
fn timed(checker: &dyn Checker, history: &History) -> (Verdict, Duration) {
    let started = Instant::now();
    (checker.check(history), started.elapsed())
}

/// The verdict and the most bytes that it took at once.
fn weighed(checker: &dyn Checker, history: &History) -> (Verdict, usize) {
    // the allocator forgets no maximum: one more than that is filled up first
    let before = ALLOCATED.allocated();
    let filled: Vec<u8> = Vec::with_capacity(ALLOCATED.max_allocated().saturating_sub(before));
    let base = ALLOCATED.allocated();
    let verdict = checker.check(history);
    drop(filled);
    (verdict, ALLOCATED.max_allocated() - base.min(ALLOCATED.max_allocated()))
}

#[test]
fn a_history_that_exceeds_its_bounds_is_unknown_within_them() {
    let usual = Limits { states: u64::MAX, ..Limits::default() };
    let bytes = 16 << 20;
    for (name, checker, history) in hard(Limits { bytes, ..usual }) {
        let (verdict, most) = weighed(&*checker, &history);
        assert_eq!(verdict, Verdict::Unknown(Cause::Memory(bytes)), "{name}");
        assert!(most as u64 <= bytes, "{name} took {most} bytes");
    }
    let time = Duration::from_millis(500);
    for (name, checker, history) in hard(Limits { time, ..usual }) {
        // a busy machine may stop any one of them for longer than that
        let took = (0..3).map(|_| {
            let (verdict, took) = timed(&*checker, &history);
            assert_eq!(verdict, Verdict::Unknown(Cause::Time(time)), "{name}");
            took
        });
        let least = took.min().expect("three");
        assert!(least <= time * 6 / 5, "{name} took {least:?}");
    }
    evidence_takes_less_than_a_second();
}

/// Repeated values make a contradiction hard to minimise: then it is less than minimal.
fn evidence_takes_less_than_a_second() {
    for (operations, clients) in [(1_000, 16), (1_000, 5), (10_000, 8)] {
        let plan = Plan { operations, clients, stale_at: Some(operations / 2), repeat: true, ..PLAN };
        let (checker, history) = (linearizable(Engine::Own, Limits::default()), plan.draw());
        // what others do on this machine is no time of its own
        let started = ProcessTime::now();
        let verdict = checker.check(&history);
        let took = started.elapsed();
        assert!(verdict.is_invalid(), "{verdict:?}");
        assert!(took < Duration::from_secs(1), "{operations} operations of {clients} clients took {took:?}");
    }
}

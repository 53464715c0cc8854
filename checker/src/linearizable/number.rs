//! Values under small numbers, so that clusters are a table.

use hashbrown::HashMap;

use super::Lean;
use super::call::PENDING;
use super::hash::BuildWordHasher;
use super::near_linear::{INITIAL, NONE, Step};
use super::split::Part;
use crate::models::{Model, Specification, Undecodable};
use crate::{Operation, Outcome, Value};

/// A part of a history as a register's steps.
pub(crate) struct Numbered {
    pub(crate) steps: Vec<Step>,
    /// One more than the greatest number of a value.
    pub(crate) values: usize,
    /// Whether an answer in it could have refuted the claim.
    pub(crate) tested: bool,
}

/// Whole numbers are usually counted up: small ones are looked up in a table, all other values by their hash.
struct Numbers {
    dense: Vec<u32>,
    others: HashMap<Value, u32, BuildWordHasher>,
    count: u32,
}

impl Numbers {
    fn new(operations: usize) -> Numbers {
        Numbers { dense: vec![NONE; 2 * operations + 2], others: HashMap::default(), count: 0 }
    }

    fn number(&mut self, value: &Value) -> u32 {
        let small = match value {
            Value::Int(n) => usize::try_from(*n).ok().and_then(|n| self.dense.get_mut(n)),
            _ => None,
        };
        let count = self.count;
        let number = match small {
            Some(number) => {
                if *number == NONE {
                    *number = count;
                }
                *number
            }
            None => {
                if self.others.is_empty() {
                    // one allocation for a short history
                    self.others.reserve(self.dense.len().min(64));
                }
                *self.others.entry_ref(value).or_insert(count)
            }
        };
        self.count += u32::from(number == count);
        number
    }

    fn step(&mut self, operation: &Operation<'_>, answered: bool, lean: Lean<'_>) -> Step {
        let completed_at = if answered { operation.completed_at } else { None };
        Step {
            call: operation.invoked_at as u64 + 1,
            ret: completed_at.map_or(PENDING, |at| at as u64 + 1),
            from: lean.from.map_or(NONE, |value| self.number(value)),
            to: lean.to.map_or(NONE, |value| self.number(value)),
        }
    }
}

/// The steps of a part; `Ok(None)` if some operation is none of a register's.
pub(crate) fn steps<S: Specification>(specification: &S, part: &Part<'_, '_>) -> Result<Option<Numbered>, Undecodable> {
    let mut numbers = Numbers::new(part.len());
    debug_assert_eq!(INITIAL, 0, "the first number given is the initial value's");
    numbers.number(&specification.lean_initial());
    let mut steps = Vec::with_capacity(part.len());
    let mut tested = false;
    for operation in part.operations() {
        if let Some(lean) = specification.lean_at_once(&operation) {
            let answered = matches!(operation.outcome(), Outcome::Ok(_));
            tested |= answered && lean.from.is_some();
            steps.push(numbers.step(&operation, answered, lean));
            continue;
        }
        let Some((op, ret)) = specification.decode(&operation)? else { continue };
        let ret = ret.as_ref();
        if ret.is_none() && S::Model::is_read(&op, ret) {
            continue;
        }
        tested |= specification.tests(&op, ret);
        let Some(lean) = specification.lean(&op, ret) else { return Ok(None) };
        steps.push(numbers.step(&operation, ret.is_some(), lean));
    }
    Ok(Some(Numbered { steps, values: numbers.count as usize, tested }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::linearizable::split::Split;
    use crate::models::RegisterSpec;
    use crate::{Actor, Event, History, Kind};

    fn event(kind: Kind, f: &str, key: i64, value: Value) -> Event {
        let (process, key) = (Actor::Process(1), Value::Int(key));
        Event { index: 0, time: Duration::ZERO, process, node: None, kind, f: f.into(), key, value, error: None }
    }

    fn alone(f: &str, given: Value, kind: Kind, answer: Value) -> History {
        History { events: vec![event(Kind::Invoke, f, 1, given), event(kind, f, 1, answer)] }
    }

    #[test]
    fn what_is_told_at_once_is_what_decoding_tells() {
        let (refused, specification) = (Value::refused(3.into()), RegisterSpec::new(Value::Nil));
        let mut told = 0;
        for (f, kind) in [("read", Kind::Ok), ("read", Kind::Info), ("write", Kind::Ok), ("write", Kind::Info)] {
            for answer in [Value::Nil, 7.into(), "x".into(), Value::list([7.into()]), refused.clone()] {
                let history = alone(f, 7.into(), kind, answer);
                let operation = history.operations().expect("a pair")[0];
                let Some(lean) = specification.lean_at_once(&operation) else { continue };
                told += 1;
                let (op, ret) = specification.decode(&operation).expect("a register's").expect("not left out");
                let decoded = specification.lean(&op, ret.as_ref()).expect("a register's step");
                assert_eq!((lean.from, lean.to), (decoded.from, decoded.to), "{f} {kind:?}");
                let tests = kind == Kind::Ok && lean.from.is_some();
                assert_eq!(tests, specification.tests(&op, ret.as_ref()), "{f} {kind:?}");
            }
        }
        assert!(told >= 8, "only {told} were told at once");
    }

    #[test]
    fn an_object_of_which_everything_failed_is_no_part() {
        let mut history = alone("write", 1.into(), Kind::Fail, Value::Nil);
        for key in [2, 1, 3, 2] {
            let kind = if key == 1 { Kind::Fail } else { Kind::Ok };
            history.events.extend([Kind::Invoke, kind].map(|kind| event(kind, "write", key, 1.into())));
        }
        let split = Split::new(&history, |operation| &operation.invocation.key).expect("all are paired");
        let parts: Vec<_> = (0..split.len()).map(|at| (split.part(at).key.clone(), split.part(at).len())).collect();
        assert_eq!(parts, [(2.into(), 2), (3.into(), 1)]);
    }
}

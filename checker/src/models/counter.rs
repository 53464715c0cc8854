//! A counter that is read exactly: `add` (`inc`, `dec`) an amount, `read` the sum.

use super::{Asked, Model, Specification, Undecodable};
use crate::linearizable::{self, Decided};
use crate::{Operation, Outcome, Value};

/// The sum. Wide enough that no history in memory overflows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Counter(pub i128);

/// What a counter is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CounterOp {
    /// Its sum.
    Read,
    /// Add an amount, which may be negative.
    Add(i64),
}

impl Model for Counter {
    type Op = CounterOp;
    /// The sum that was read; of an addition nothing.
    type Ret = Option<i64>;

    fn step(&self, op: &CounterOp, ret: Option<&Option<i64>>) -> Option<Counter> {
        match (op, ret) {
            (CounterOp::Read, Some(Some(sum))) => (i128::from(*sum) == self.0).then_some(*self),
            (CounterOp::Read, _) => Some(*self),
            (CounterOp::Add(amount), _) => Some(Counter(self.0 + i128::from(*amount))),
        }
    }

    fn is_read(op: &CounterOp, _: Option<&Option<i64>>) -> bool {
        *op == CounterOp::Read
    }

    fn legal(&self, _: &CounterOp) -> String {
        self.0.to_string()
    }
}

/// How operations are read as a counter's.
#[derive(Clone, Copy, Debug)]
pub struct CounterSpec {
    /// The sum before everything.
    pub initial: i64,
}

impl Specification for CounterSpec {
    type Model = Counter;

    fn initial(&self) -> Counter {
        Counter(self.initial.into())
    }

    fn decode(&self, operation: &Operation<'_>) -> Result<Option<Asked<Counter>>, Undecodable> {
        let given = &operation.invocation.value;
        let answer = match operation.outcome() {
            Outcome::Ok(answer) => Some(answer),
            Outcome::Fail | Outcome::Info => None,
        };
        match (operation.f(), answer) {
            ("read", None | Some(Value::Nil)) => Ok(None),
            ("read", Some(Value::Int(sum))) => Ok(Some((CounterOp::Read, Some(Some(*sum))))),
            ("read", Some(other)) => Err(Undecodable::shape(operation, other, "a whole number")),
            ("add" | "inc" | "increment" | "dec" | "decrement", answer) => {
                let down = operation.f().starts_with("dec");
                let amount = match given {
                    Value::Int(amount) => Some(*amount).and_then(|n| if down { n.checked_neg() } else { Some(n) }),
                    Value::Nil if operation.f() != "add" => Some(if down { -1 } else { 1 }),
                    _ => None,
                };
                let amount = amount.ok_or_else(|| Undecodable::shape(operation, given, "a whole number"))?;
                match answer.and_then(Value::as_refused) {
                    // what is refused adds nothing
                    Some(_) => Ok(None),
                    None => Ok(Some((CounterOp::Add(amount), answer.map(|_| None)))),
                }
            }
            _ => Err(Undecodable::unknown(operation, "add, inc, dec, read")),
        }
    }

    fn tests(&self, op: &CounterOp, ret: Option<&Option<i64>>) -> bool {
        *op == CounterOp::Read && ret.is_some()
    }

    fn say(&self, op: &CounterOp, ret: Option<&Option<i64>>) -> String {
        match (op, ret) {
            (CounterOp::Read, Some(Some(sum))) => format!("read {sum}"),
            (CounterOp::Read, _) => "read".to_owned(),
            (CounterOp::Add(amount), Some(_)) => format!("add {amount}"),
            (CounterOp::Add(amount), None) => format!("add {amount} (outcome unknown)"),
        }
    }

    fn near_linear(&self, calls: &super::Calls<Counter>) -> Option<Decided> {
        linearizable::even_counter(self.initial, calls)
    }

    /// Additions of nothing; any other is in every later sum.
    fn bundles(&self, calls: &super::Calls<Counter>) -> Vec<Vec<usize>> {
        (0..calls.len()).filter(|&i| calls[i].op == CounterOp::Add(0)).map(|i| vec![i]).collect()
    }
}

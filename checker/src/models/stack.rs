//! A stack: `push` a value, `pop` the youngest one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Asked, Calls, Model, Specification, Undecodable};
use crate::linearizable::{self, Decided};
use crate::{Operation, Outcome, Value};

/// The values in the stack, the youngest last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stack(Arc<Vec<Value>>);

/// What a stack is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StackOp {
    /// Put a value on top.
    Push(Value),
    /// Take the value on top.
    Pop,
}

/// What a stack answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StackRet {
    /// Done as asked.
    Done,
    /// The value taken.
    Value(Value),
    /// There was none.
    Empty,
}

impl StackRet {
    fn value(&self) -> Option<&Value> {
        match self {
            StackRet::Value(value) => Some(value),
            StackRet::Done | StackRet::Empty => None,
        }
    }
}

impl Stack {
    fn with(&self, change: impl FnOnce(&mut Vec<Value>)) -> Stack {
        let mut values = self.0.clone();
        change(Arc::make_mut(&mut values));
        Stack(values)
    }

    fn popped(&self) -> Stack {
        self.with(|values| drop(values.pop()))
    }
}

impl Model for Stack {
    type Op = StackOp;
    type Ret = StackRet;

    fn step(&self, op: &StackOp, ret: Option<&StackRet>) -> Option<Stack> {
        match (op, ret) {
            (StackOp::Push(value), _) => Some(self.with(|values| values.push(value.clone()))),
            (StackOp::Pop, Some(StackRet::Empty)) => self.0.is_empty().then(|| self.clone()),
            (StackOp::Pop, Some(StackRet::Value(value))) => (self.0.last() == Some(value)).then(|| self.popped()),
            (StackOp::Pop, _) => (!self.0.is_empty()).then(|| self.popped()),
        }
    }

    fn is_read(_: &StackOp, ret: Option<&StackRet>) -> bool {
        ret == Some(&StackRet::Empty)
    }

    fn legal(&self, _: &StackOp) -> String {
        self.0.last().map_or("the stack was empty".to_owned(), Value::to_string)
    }

    fn size_bytes(&self) -> usize {
        size_of::<Self>() + 48 + size_of::<Value>() * self.0.capacity()
    }
}

/// How operations are read as a stack's, which begins empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct StackSpec;

impl Specification for StackSpec {
    type Model = Stack;

    fn initial(&self) -> Stack {
        Stack::default()
    }

    fn decode(&self, operation: &Operation<'_>) -> Result<Option<Asked<Stack>>, Undecodable> {
        let answer = match operation.outcome() {
            Outcome::Ok(answer) => Some(answer),
            Outcome::Fail | Outcome::Info => None,
        };
        match operation.f() {
            "push" if answer.is_some_and(|answer| answer.as_refused().is_some()) => Ok(None),
            "push" => {
                let op = StackOp::Push(operation.invocation.value.clone());
                Ok(Some((op, answer.map(|_| StackRet::Done))))
            }
            "pop" => {
                let ret = answer.map(|answer| match answer {
                    Value::Nil => StackRet::Empty,
                    value => StackRet::Value(value.clone()),
                });
                Ok(Some((StackOp::Pop, ret)))
            }
            _ => Err(Undecodable::unknown(operation, "push, pop")),
        }
    }

    fn tests(&self, op: &StackOp, ret: Option<&StackRet>) -> bool {
        *op == StackOp::Pop && ret.is_some()
    }

    fn say(&self, op: &StackOp, ret: Option<&StackRet>) -> String {
        match (op, ret) {
            (StackOp::Push(value), Some(_)) => format!("push {value}"),
            (StackOp::Push(value), None) => format!("push {value} (outcome unknown)"),
            (StackOp::Pop, Some(StackRet::Value(value))) => format!("pop {value}"),
            (StackOp::Pop, Some(_)) => "pop, empty".to_owned(),
            (StackOp::Pop, None) => "pop (outcome unknown)".to_owned(),
        }
    }

    fn near_linear(&self, calls: &Calls<Stack>) -> Option<Decided> {
        linearizable::unique_stack(calls)
    }

    /// A pending push of a value that nobody got: what took it can only be a pending pop, which is left out with it.
    fn needless(&self, calls: &Calls<Stack>) -> Vec<bool> {
        let got: BTreeSet<&Value> = calls.iter().filter_map(|call| call.ret_value.as_ref()?.value()).collect();
        let needless = |op: &StackOp| matches!(op, StackOp::Push(value) if !got.contains(value));
        calls.iter().map(|call| call.is_pending() && needless(&call.op)).collect()
    }

    /// All that pushed a value together with all that popped it; not while a pop that never returned may have taken any.
    fn bundles(&self, calls: &Calls<Stack>) -> Vec<Vec<usize>> {
        let mut bundles: BTreeMap<&Value, Vec<usize>> = BTreeMap::new();
        for (i, call) in calls.iter().enumerate() {
            match (&call.op, &call.ret_value) {
                (StackOp::Push(value), _) | (StackOp::Pop, Some(StackRet::Value(value))) => {
                    bundles.entry(value).or_default().push(i);
                }
                (StackOp::Pop, None) => return Vec::new(),
                _ => {}
            }
        }
        bundles.into_values().collect()
    }
}

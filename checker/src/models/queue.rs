//! Queues: `enqueue` a value, `dequeue` the oldest one, or any one if the queue keeps no order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Asked, Calls, Model, Specification, Undecodable};
use crate::linearizable::{self, Decided};
use crate::{Operation, Outcome, Value};

/// The values in the queue: the oldest first, or sorted if the queue keeps no order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Queue {
    values: Arc<Vec<Value>>,
    ordered: bool,
}

/// What a queue is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum QueueOp {
    /// Put a value in.
    Enqueue(Value),
    /// Take a value out.
    Dequeue,
}

/// What a queue answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum QueueRet {
    /// Done as asked.
    Done,
    /// The value taken out.
    Value(Value),
    /// There was none.
    Empty,
}

impl QueueRet {
    fn value(&self) -> Option<&Value> {
        match self {
            QueueRet::Value(value) => Some(value),
            QueueRet::Done | QueueRet::Empty => None,
        }
    }
}

impl Queue {
    fn with(&self, change: impl FnOnce(&mut Vec<Value>)) -> Queue {
        let mut values = self.values.clone();
        change(Arc::make_mut(&mut values));
        Queue { values, ordered: self.ordered }
    }
}

impl Model for Queue {
    type Op = QueueOp;
    type Ret = QueueRet;

    fn step(&self, op: &QueueOp, ret: Option<&QueueRet>) -> Option<Queue> {
        match (op, ret) {
            (QueueOp::Enqueue(value), _) => Some(self.with(|values| {
                let at = if self.ordered { values.len() } else { values.partition_point(|other| other < value) };
                values.insert(at, value.clone());
            })),
            (QueueOp::Dequeue, Some(QueueRet::Empty)) => self.values.is_empty().then(|| self.clone()),
            (QueueOp::Dequeue, Some(QueueRet::Value(value))) => {
                let at = if self.ordered {
                    (self.values.first() == Some(value)).then_some(0)
                } else {
                    self.values.binary_search(value).ok()
                }?;
                Some(self.with(|values| drop(values.remove(at))))
            }
            // Which value an unanswered dequeue took from an unordered queue is unknown. It matters only to an answer that the
            // queue is empty, and before that one all values have to go: so the first is as good as any.
            (QueueOp::Dequeue, _) => (!self.values.is_empty()).then(|| self.with(|values| drop(values.remove(0)))),
        }
    }

    fn is_read(_: &QueueOp, ret: Option<&QueueRet>) -> bool {
        ret == Some(&QueueRet::Empty)
    }

    fn legal(&self, op: &QueueOp) -> String {
        match (op, self.values.first()) {
            (QueueOp::Dequeue, None) => "the queue was empty".to_owned(),
            (QueueOp::Dequeue, Some(first)) if self.ordered => first.to_string(),
            _ => format!("one of {}", Value::list(self.values.iter().cloned())),
        }
    }

    fn size_bytes(&self) -> usize {
        size_of::<Self>() + 48 + size_of::<Value>() * self.values.capacity()
    }
}

/// How operations are read as a queue's, which begins empty.
#[derive(Clone, Copy, Debug)]
pub struct QueueSpec {
    /// First in, first out; else any value may come out.
    pub ordered: bool,
}

impl Specification for QueueSpec {
    type Model = Queue;

    fn initial(&self) -> Queue {
        Queue { values: Arc::default(), ordered: self.ordered }
    }

    fn decode(&self, operation: &Operation<'_>) -> Result<Option<Asked<Queue>>, Undecodable> {
        let answer = match operation.outcome() {
            Outcome::Ok(answer) => Some(answer),
            Outcome::Fail | Outcome::Info => None,
        };
        match operation.f() {
            "enqueue" if answer.is_some_and(|answer| answer.as_refused().is_some()) => Ok(None),
            "enqueue" => {
                let op = QueueOp::Enqueue(operation.invocation.value.clone());
                Ok(Some((op, answer.map(|_| QueueRet::Done))))
            }
            "dequeue" => {
                let ret = answer.map(|answer| match answer {
                    Value::Nil => QueueRet::Empty,
                    value => QueueRet::Value(value.clone()),
                });
                Ok(Some((QueueOp::Dequeue, ret)))
            }
            _ => Err(Undecodable::unknown(operation, "enqueue, dequeue")),
        }
    }

    fn tests(&self, op: &QueueOp, ret: Option<&QueueRet>) -> bool {
        *op == QueueOp::Dequeue && ret.is_some()
    }

    fn say(&self, op: &QueueOp, ret: Option<&QueueRet>) -> String {
        match (op, ret) {
            (QueueOp::Enqueue(value), Some(_)) => format!("enqueue {value}"),
            (QueueOp::Enqueue(value), None) => format!("enqueue {value} (outcome unknown)"),
            (QueueOp::Dequeue, Some(QueueRet::Value(value))) => format!("dequeue {value}"),
            (QueueOp::Dequeue, Some(_)) => "dequeue, empty".to_owned(),
            (QueueOp::Dequeue, None) => "dequeue (outcome unknown)".to_owned(),
        }
    }

    fn near_linear(&self, calls: &Calls<Queue>) -> Option<Decided> {
        linearizable::unique_queue(calls, self.ordered)
    }

    /// A pending enqueue of a value that nobody got; and, of an unordered queue that nobody found empty, any pending dequeue.
    fn needless(&self, calls: &Calls<Queue>) -> Vec<bool> {
        let empty = calls.iter().any(|call| call.ret_value == Some(QueueRet::Empty));
        let got: BTreeSet<&Value> = calls.iter().filter_map(|call| call.ret_value.as_ref()?.value()).collect();
        let needless = |op: &QueueOp| match op {
            QueueOp::Enqueue(value) => !got.contains(value),
            QueueOp::Dequeue => !self.ordered && !empty,
        };
        calls.iter().map(|call| call.is_pending() && needless(&call.op)).collect()
    }

    /// All that put a value in together with all that took it out; not while a dequeue that never returned may have
    /// taken any.
    fn bundles(&self, calls: &Calls<Queue>) -> Vec<Vec<usize>> {
        let mut bundles: BTreeMap<&Value, Vec<usize>> = BTreeMap::new();
        for (i, call) in calls.iter().enumerate() {
            match (&call.op, &call.ret_value) {
                (QueueOp::Enqueue(value), _) | (QueueOp::Dequeue, Some(QueueRet::Value(value))) => {
                    bundles.entry(value).or_default().push(i);
                }
                (QueueOp::Dequeue, None) => return Vec::new(),
                _ => {}
            }
        }
        bundles.into_values().collect()
    }
}

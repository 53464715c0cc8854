//! A set that grows: `add` an element, `read` all of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Asked, Calls, Model, Specification, Undecodable};
use crate::linearizable::{self, Decided};
use crate::{Operation, Outcome, Value};

/// The elements. Shared, for a search holds many states that differ in one element.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GrowSet(pub Arc<BTreeSet<Value>>);

/// What a set is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SetOp {
    /// All elements.
    Read,
    /// One element more.
    Add(Value),
}

impl Model for GrowSet {
    type Op = SetOp;
    /// The elements that were read; none of an addition, and of a read that shows one of them twice, as no set does.
    type Ret = Option<Arc<BTreeSet<Value>>>;

    fn step(&self, op: &SetOp, ret: Option<&Self::Ret>) -> Option<GrowSet> {
        match (op, ret) {
            (SetOp::Read, Some(Some(elements))) => (*elements == self.0).then(|| self.clone()),
            (SetOp::Read, Some(None)) => None,
            (SetOp::Read, None) => Some(self.clone()),
            (SetOp::Add(element), _) => {
                let mut elements = self.0.clone();
                if !elements.contains(element) {
                    Arc::make_mut(&mut elements).insert(element.clone());
                }
                Some(GrowSet(elements))
            }
        }
    }

    fn is_read(op: &SetOp, _: Option<&Self::Ret>) -> bool {
        *op == SetOp::Read
    }

    fn legal(&self, _: &SetOp) -> String {
        Value::list(self.0.iter().cloned()).to_string()
    }

    fn size_bytes(&self) -> usize {
        size_of::<Self>() + 64 + 2 * size_of::<Value>() * self.0.len()
    }
}

/// How operations are read as a set's, which begins empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetSpec;

impl Specification for SetSpec {
    type Model = GrowSet;

    fn initial(&self) -> GrowSet {
        GrowSet::default()
    }

    fn decode(&self, operation: &Operation<'_>) -> Result<Option<Asked<GrowSet>>, Undecodable> {
        let answer = match operation.outcome() {
            Outcome::Ok(answer) => Some(answer),
            Outcome::Fail | Outcome::Info => None,
        };
        match (operation.f(), answer) {
            ("read", None | Some(Value::Nil)) => Ok(None),
            ("read", Some(Value::List(elements))) => {
                let set: BTreeSet<Value> = elements.iter().cloned().collect();
                let is_set = set.len() == elements.len();
                Ok(Some((SetOp::Read, Some(is_set.then(|| Arc::new(set))))))
            }
            ("read", Some(other)) => Err(Undecodable::shape(operation, other, "a set or a list")),
            ("add", Some(answer)) if answer.as_refused().is_some() => Ok(None),
            ("add", answer) => Ok(Some((SetOp::Add(operation.invocation.value.clone()), answer.map(|_| None)))),
            _ => Err(Undecodable::unknown(operation, "add, read")),
        }
    }

    fn tests(&self, op: &SetOp, ret: Option<&<GrowSet as Model>::Ret>) -> bool {
        *op == SetOp::Read && ret.is_some()
    }

    fn say(&self, op: &SetOp, ret: Option<&<GrowSet as Model>::Ret>) -> String {
        match (op, ret) {
            (SetOp::Read, Some(Some(elements))) => format!("read {}", Value::list(elements.iter().cloned())),
            (SetOp::Read, Some(None)) => "read one element twice".to_owned(),
            (SetOp::Read, None) => "read".to_owned(),
            (SetOp::Add(element), Some(_)) => format!("add {element}"),
            (SetOp::Add(element), None) => format!("add {element} (outcome unknown)"),
        }
    }

    fn near_linear(&self, calls: &Calls<GrowSet>) -> Option<Decided> {
        linearizable::grown_set(calls)
    }

    /// A pending addition of an element that nobody saw.
    fn needless(&self, calls: &Calls<GrowSet>) -> Vec<bool> {
        let seen = seen(calls);
        calls.iter().map(|call| call.is_pending() && unseen(&call.op, &seen)).collect()
    }

    /// Additions of elements that nobody saw.
    fn bundles(&self, calls: &Calls<GrowSet>) -> Vec<Vec<usize>> {
        let seen = seen(calls);
        (0..calls.len()).filter(|&i| unseen(&calls[i].op, &seen)).map(|i| vec![i]).collect()
    }
}

fn seen(calls: &Calls<GrowSet>) -> BTreeSet<&Value> {
    calls.iter().filter_map(|call| call.ret_value.as_ref()?.as_ref()).flat_map(|elements| elements.iter()).collect()
}

fn unseen(op: &SetOp, seen: &BTreeSet<&Value>) -> bool {
    matches!(op, SetOp::Add(element) if !seen.contains(element))
}

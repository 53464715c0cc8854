//! A key-value store, key by key: `get`, `put`, `append` of strings, each key beginning as the empty string.

use std::sync::Arc;

use super::{Asked, Calls, Model, Specification, Undecodable};
use crate::{Operation, Outcome, Value};

/// The string under the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry(pub Arc<str>);

/// What a key is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KvOp {
    /// Its string.
    Get,
    /// Another string.
    Put(Arc<str>),
    /// More at the end.
    Append(Arc<str>),
}

impl Model for Entry {
    type Op = KvOp;
    /// The string that a get showed; of the others nothing.
    type Ret = Option<Arc<str>>;

    fn step(&self, op: &KvOp, ret: Option<&Self::Ret>) -> Option<Entry> {
        match (op, ret) {
            (KvOp::Get, Some(Some(text))) => (*text == self.0).then(|| self.clone()),
            (KvOp::Get, _) => Some(self.clone()),
            (KvOp::Put(text), _) => Some(Entry(text.clone())),
            (KvOp::Append(text), _) => Some(Entry(format!("{}{text}", self.0).into())),
        }
    }

    fn is_read(op: &KvOp, _: Option<&Self::Ret>) -> bool {
        *op == KvOp::Get
    }

    fn legal(&self, _: &KvOp) -> String {
        format!("{:?}", self.0)
    }

    fn size_bytes(&self) -> usize {
        size_of::<Self>() + 16 + self.0.len()
    }
}

/// How operations are read as a key-value store's.
#[derive(Clone, Debug, Default)]
pub struct KvSpec {
    /// The string under every key before everything.
    pub initial: Arc<str>,
}

impl Specification for KvSpec {
    type Model = Entry;

    fn initial(&self) -> Entry {
        Entry(self.initial.clone())
    }

    fn decode(&self, operation: &Operation<'_>) -> Result<Option<Asked<Entry>>, Undecodable> {
        let text = |value: &Value| match value {
            Value::Text(text) => Ok(text.clone()),
            other => Err(Undecodable::shape(operation, other, "a string")),
        };
        let given = &operation.invocation.value;
        let answer = match operation.outcome() {
            Outcome::Ok(answer) => Some(answer),
            Outcome::Fail | Outcome::Info => None,
        };
        match (operation.f(), answer) {
            ("get", None) => Ok(None),
            ("get", Some(answer)) => Ok(Some((KvOp::Get, Some(Some(text(answer)?))))),
            ("put", answer) => Ok(Some((KvOp::Put(text(given)?), answer.map(|_| None)))),
            ("append", answer) => Ok(Some((KvOp::Append(text(given)?), answer.map(|_| None)))),
            _ => Err(Undecodable::unknown(operation, "get, put, append")),
        }
    }

    fn tests(&self, op: &KvOp, ret: Option<&<Entry as Model>::Ret>) -> bool {
        *op == KvOp::Get && ret.is_some()
    }

    fn say(&self, op: &KvOp, ret: Option<&<Entry as Model>::Ret>) -> String {
        match (op, ret) {
            (KvOp::Get, Some(Some(text))) => format!("get {text:?}"),
            (KvOp::Get, _) => "get".to_owned(),
            (KvOp::Put(text), Some(_)) => format!("put {text:?}"),
            (KvOp::Put(text), None) => format!("put {text:?} (outcome unknown)"),
            (KvOp::Append(text), Some(_)) => format!("append {text:?}"),
            (KvOp::Append(text), None) => format!("append {text:?} (outcome unknown)"),
        }
    }

    /// Where strings are only appended: a pending append that is in no string that was got.
    fn needless(&self, calls: &Calls<Entry>) -> Vec<bool> {
        let got = |text: &Arc<str>| {
            calls.iter().any(|call| matches!(&call.ret_value, Some(Some(seen)) if seen.contains(&**text)))
        };
        let unseen = |op: &KvOp| match op {
            KvOp::Append(text) | KvOp::Put(text) => !text.is_empty() && !got(text),
            KvOp::Get => true,
        };
        calls.iter().map(|call| call.is_pending() && unseen(&call.op)).collect()
    }
}

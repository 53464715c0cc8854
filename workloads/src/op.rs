//! Operations before they are invoked, as a plan holds them.

use std::time::Duration;

use netsplit_checker::Value;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::Shape;
use crate::transaction::TXN;

/// An operation: its name, its object, its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Op {
    /// `read`, `write`, `cas`, ….
    pub f: String,
    /// The independent object that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// None, one, or several arguments, each any JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<Json>,
}

impl Op {
    /// An operation on `key`, with texts as arguments.
    pub fn on(key: &str, f: &str, args: &[&str]) -> Op {
        Op { key: Some(key.into()), ..Op::new(f, args.iter().copied()) }
    }

    /// An operation on no key of its own: the system is one object, or the arguments say.
    pub fn new<A: Into<Json>>(f: &str, args: impl IntoIterator<Item = A>) -> Op {
        Op { f: f.into(), key: None, args: args.into_iter().map(Into::into).collect() }
    }

    /// The object, as a history shows it.
    pub fn key_value(&self) -> Value {
        self.key.as_deref().map_or(Value::Nil, Value::from)
    }

    /// The arguments, as a history shows them: nothing, one value, or a list of them, as a transaction's always is.
    pub fn value(&self) -> Value {
        match self.args.as_slice() {
            [] => Value::Nil,
            [one] if self.f != TXN => shown(one),
            many => Value::list(many.iter().map(shown)),
        }
    }

    /// The object; empty if there is none.
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or_default()
    }

    /// The text that is the argument at a position; empty if there is none.
    pub fn arg(&self, at: usize) -> &str {
        self.args.get(at).and_then(Json::as_str).unwrap_or_default()
    }

    /// The whole number that is the argument at a position, if there is one.
    pub fn number(&self, at: usize) -> Option<i64> {
        self.args.get(at)?.as_i64()
    }

    /// The arguments that are texts.
    pub fn texts(&self) -> Vec<&str> {
        self.args.iter().filter_map(Json::as_str).collect()
    }
}

/// An argument, as a history shows it.
pub(crate) fn shown(arg: &Json) -> Value {
    match arg {
        Json::Null => Value::Nil,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => n.as_i64().map_or_else(|| Value::Number(n.to_string().into()), Value::Int),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(shown)),
        Json::Object(fields) => {
            Value::map(fields.iter().map(|(name, value)| (Value::text(name.as_str()), shown(value))))
        }
    }
}

/// An operation with its time and the node that it is asked of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// The earliest time of its invocation, in milliseconds of simulated time.
    pub at_ms: u64,
    /// The node.
    pub node: String,
    /// What is asked.
    pub op: Op,
}

/// What one client does, in order.
pub type Script = Vec<Planned>;

/// Deals operations to the clients at the shape's rate: random client, random node, times spread evenly with jitter.
/// `next` gives the operations in the order of their times.
pub fn deal(rng: &mut ChaCha8Rng, shape: &Shape, mut next: impl FnMut(&mut ChaCha8Rng) -> Op) -> Vec<Script> {
    let mut scripts = vec![Script::new(); shape.clients];
    let gap = Duration::from_secs(1) / shape.rate.max(1);
    let length_us = u64::try_from(shape.length.as_micros()).unwrap_or(u64::MAX);
    let gap_us = u64::try_from(gap.as_micros()).unwrap_or(u64::MAX).max(1);
    let mut slot_us = 0;
    while slot_us < length_us {
        let at_ms = (slot_us + rng.random_range(0..gap_us)) / 1000;
        let client = rng.random_range(0..shape.clients);
        let node = shape.nodes.choose(rng).expect("a cluster has a node").clone();
        scripts[client].push(Planned { at_ms, node, op: next(rng) });
        slot_us += gap_us;
    }
    scripts
}

/// A read of every key that the scripts name: the final reads where every object is read alike.
pub fn reads_of_all(scripts: &[Script]) -> Vec<Op> {
    keys(scripts).iter().map(|key| Op::on(key, "read", &[])).collect()
}

/// The distinct keys of all scripts, in order.
pub fn keys(scripts: &[Script]) -> Vec<String> {
    let mut keys: Vec<String> = scripts.iter().flatten().filter_map(|planned| planned.op.key.clone()).collect();
    keys.sort();
    keys.dedup();
    keys
}

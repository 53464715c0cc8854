//! Operations before they are invoked, as a plan holds them.

use std::time::Duration;

use netsplit_checker::Value;
use netsplit_systems::shortener::code;
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

/// Links, or other objects, of which only a few are in use at a time, so that clients meet at them; others take their
/// places after a while, so that the history of none grows long.
pub(crate) struct Rotation {
    /// How many are in use at a time.
    pub(crate) in_use: usize,
    /// How many operations each gets.
    pub(crate) operations: usize,
}

/// The usual one.
pub(crate) const ROTATION: Rotation = Rotation { in_use: 3, operations: 40 };

impl Rotation {
    /// The number of the object that the next operation is about, after so many were dealt.
    pub(crate) fn next(&self, rng: &mut ChaCha8Rng, dealt: usize) -> usize {
        dealt / (self.in_use * self.operations) * self.in_use + rng.random_range(0..self.in_use)
    }
}

/// So many operations come in a bunch.
const BUNCH: u64 = 4;

/// Deals operations to the clients at the shape's rate: random client, random node. Every other bunch of operations, by a
/// coin, is spread evenly with jitter, and the rest come nearly at once: what a system does wrong when it is asked for two
/// things at the same time shows only there. `next` gives the operations in the order of their times.
pub fn deal(rng: &mut ChaCha8Rng, shape: &Shape, mut next: impl FnMut(&mut ChaCha8Rng) -> Op) -> Vec<Script> {
    let mut scripts = vec![Script::new(); shape.clients];
    let gap = Duration::from_secs(1) / shape.rate.max(1);
    let length_us = u64::try_from(shape.length.as_micros()).unwrap_or(u64::MAX);
    let gap_us = u64::try_from(gap.as_micros()).unwrap_or(u64::MAX).max(1);
    let mut bunch_us = 0;
    while bunch_us < length_us {
        let operations = (length_us - bunch_us).div_ceil(gap_us).min(BUNCH);
        for at_us in bunch(rng, operations, bunch_us, gap_us) {
            let client = rng.random_range(0..shape.clients);
            let node = shape.nodes.choose(rng).expect("a cluster has a node").clone();
            scripts[client].push(Planned { at_ms: at_us / 1000, node, op: next(rng) });
        }
        bunch_us = bunch_us.saturating_add(BUNCH.saturating_mul(gap_us));
    }
    scripts
}

/// The times of so many operations that begin at `from_us`.
fn bunch(rng: &mut ChaCha8Rng, operations: u64, from_us: u64, gap_us: u64) -> Vec<u64> {
    let spread_us = if rng.random() { gap_us } else { 0 };
    let mut times: Vec<u64> = (0..operations)
        .map(|at| from_us.saturating_add(spread_us.saturating_mul(at)).saturating_add(rng.random_range(0..gap_us)))
        .collect();
    times.sort_unstable();
    times
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

/// So many numbered urls are tried for the keys of a plan, which may come from a stranger: more than the largest plan uses.
const MOST_URLS: usize = 300_000;

/// Creates every link that the scripts name, whose key is the code of one of the numbered urls. How many operations there are
/// says nothing of the numbers: a plan that was shrunk has few, and keeps its keys.
pub(crate) fn creates(scripts: &[Script], url: fn(usize) -> String) -> Vec<Op> {
    let wanted = keys(scripts);
    let urls = (0..MOST_URLS).map(url).map(|url| (code(&url), url));
    let links = urls.filter(|(key, _)| wanted.binary_search(key).is_ok()).take(wanted.len());
    links.map(|(key, url)| Op::on(&key, "create", &[&url])).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn operations_come_at_their_rate_in_order_and_some_of_them_together() {
        let nodes = vec!["n1".to_owned()];
        let shape = Shape { nodes, clients: 1, rate: 50, length: Duration::from_secs(10) };
        let scripts = deal(&mut ChaCha8Rng::seed_from_u64(1), &shape, |_| Op::on("k", "read", &[]));
        let times: Vec<u64> = scripts[0].iter().map(|planned| planned.at_ms).collect();
        assert!(times.len() == 500 && times.is_sorted(), "{} operations", times.len());
        let close = times.windows(2).filter(|pair| pair[1] - pair[0] < 5).count();
        assert!((100..200).contains(&close), "{close} of 499 come within 5 ms of the one before");
    }

    #[test]
    fn a_link_is_created_however_few_operations_ask_for_it() {
        let url = |number: usize| format!("https://example.com/{number}");
        let read = |number| Planned { at_ms: 0, node: "n1".into(), op: Op::on(&code(&url(number)), "read", &[]) };
        let scripts = [vec![read(140)], vec![read(7), read(140)]];
        let created = [7, 140].map(|number| Op::on(&code(&url(number)), "create", &[&url(number)]));
        assert_eq!(creates(&scripts, |number| format!("https://example.com/{number}")), created);
        let strange = Planned { op: Op::on("strange", "read", &[]), ..read(0) };
        assert_eq!(creates(&[vec![strange]], |number| format!("https://example.com/{number}")), []);
    }

    #[test]
    fn a_rotation_uses_a_few_objects_at_a_time_and_each_for_a_while() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let numbers: Vec<usize> = (0..360).map(|dealt| ROTATION.next(&mut rng, dealt)).collect();
        for (round, numbers) in numbers.chunks(120).enumerate() {
            assert!(numbers.iter().all(|number| number / 3 == round), "{numbers:?}");
        }
    }
}

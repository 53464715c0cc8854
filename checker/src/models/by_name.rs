//! Models by the names under which histories are published, with their initial value in words.

use std::collections::BTreeMap;

use super::Specification;
use super::counter::CounterSpec;
use super::kv::KvSpec;
use super::multi_register::MultiRegisterSpec;
use super::mutex::MutexSpec;
use super::queue::QueueSpec;
use super::register::{NilReads, RegisterSpec};
use super::set::SetSpec;
use super::stack::StackSpec;
use crate::linearizable::{Engine, Limits, Linearizable};
use crate::{Checker, Value};

/// How a checker made by [`by_name`] goes about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How far to search.
    pub limits: Limits,
    /// Who decides.
    pub engine: Engine,
    /// What a nil read of a register says, where its initial value does not decide it.
    pub nil_reads: Option<NilReads>,
}

/// Why there is no such checker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownModel {
    /// No linearizability model has this name.
    #[error("no linearizability model `{0}`; there are {list}", list = NAMES.join(", "))]
    Name(String),
    /// The initial value can't be read.
    #[error("`{init}` is no initial value of a `{model}`")]
    Initial {
        /// The model's name.
        model: String,
        /// What was given.
        init: String,
    },
}

/// The names that [`by_name`] knows.
pub const NAMES: &[&str] = &[
    "register",
    "cas-register",
    "independent-register",
    "claim",
    "multi-register",
    "kv",
    "set-lin",
    "fifo-queue",
    "unordered-queue",
    "stack",
    "counter-lin",
    "mutex",
    "owner-mutex",
];

/// The checker of a model by its published name, such as `cas-register`, with the initial value as it is published:
/// `nil`, `0`, `"A"`, `{:x 0 :y 0}`, also with ` per key`. Without one the object begins empty.
pub fn by_name(name: &str, init: Option<&str>, options: Options) -> Result<Box<dyn Checker>, UnknownModel> {
    let bad_initial = || UnknownModel::Initial { model: name.to_owned(), init: init.unwrap_or_default().to_owned() };
    let init = init.map_or("", |init| init.trim().trim_end_matches("per key").trim());
    Ok(match name {
        "register" | "cas-register" | "independent-register" | "claim" => {
            let initial = scalar(init).ok_or_else(bad_initial)?;
            let mut specification = RegisterSpec::new(initial);
            specification.tuples = name == "independent-register";
            if let Some(nil_reads) = options.nil_reads {
                specification.nil_reads = nil_reads;
            }
            boxed(specification, options)
        }
        "multi-register" => {
            let initial = assignments(init).ok_or_else(bad_initial)?;
            boxed(MultiRegisterSpec { initial }, options)
        }
        "kv" => match scalar(init).ok_or_else(bad_initial)? {
            Value::Nil => boxed(KvSpec::default(), options),
            Value::Text(initial) => boxed(KvSpec { initial }, options),
            _ => return Err(bad_initial()),
        },
        "counter-lin" => match scalar(init).ok_or_else(bad_initial)? {
            Value::Nil => boxed(CounterSpec { initial: 0 }, options),
            Value::Int(initial) => boxed(CounterSpec { initial }, options),
            _ => return Err(bad_initial()),
        },
        "set-lin" | "fifo-queue" | "unordered-queue" | "stack" | "mutex" | "owner-mutex"
            if !["", "nil", "[]", "#{}", "unlocked"].contains(&init) =>
        {
            return Err(bad_initial());
        }
        "set-lin" => boxed(SetSpec, options),
        "fifo-queue" | "unordered-queue" => boxed(QueueSpec { ordered: name == "fifo-queue" }, options),
        "stack" => boxed(StackSpec, options),
        "mutex" | "owner-mutex" => boxed(MutexSpec { owners: name == "owner-mutex" }, options),
        _ => return Err(UnknownModel::Name(name.to_owned())),
    })
}

fn boxed<S: Specification<Model: 'static> + 'static>(specification: S, options: Options) -> Box<dyn Checker> {
    Box::new(Linearizable::new(specification).limits(options.limits).engine(options.engine))
}

/// The initial value of a register under any condition, as [`by_name`] reads it.
pub(crate) fn initial(model: &str, init: Option<&str>) -> Result<Value, UnknownModel> {
    let text = init.unwrap_or_default();
    scalar(text.trim()).ok_or_else(|| UnknownModel::Initial { model: model.to_owned(), init: text.to_owned() })
}

/// A number, a string, a truth value or nil.
fn scalar(text: &str) -> Option<Value> {
    match text {
        "" | "nil" | "null" => return Some(Value::Nil),
        "true" => return Some(Value::Bool(true)),
        "false" => return Some(Value::Bool(false)),
        _ => {}
    }
    if let Ok(n) = text.parse() {
        return Some(Value::Int(n));
    }
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    quoted.or_else(|| text.strip_prefix(':')).map(Value::text)
}

/// An EDN map of names to scalars: `{:x 0 :y 0}`.
fn assignments(text: &str) -> Option<BTreeMap<Value, Value>> {
    if text.is_empty() {
        return Some(BTreeMap::new());
    }
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let words: Vec<&str> = inner.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let (pairs, rest) = words.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[name, value]| Some((scalar(name)?, scalar(value)?))).collect()
}

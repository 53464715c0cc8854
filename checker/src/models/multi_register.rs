//! Several registers under names, read and written together: a `txn` is one atomic list of reads and writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Asked, Model, Specification, Undecodable};
use crate::{Operation, Outcome, Value};

/// The value of each register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Registers(pub Arc<BTreeMap<Value, Value>>);

/// One step of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Micro {
    /// Read a register; the value that was read, if it is known.
    Read(Value, Option<Value>),
    /// Write a register.
    Write(Value, Value),
}

impl Model for Registers {
    /// What was asked. The values read are in the answer.
    type Op = Arc<[Micro]>;
    /// The same with the values read.
    type Ret = Arc<[Micro]>;

    fn step(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> Option<Registers> {
        let mut values = self.0.clone();
        for micro in ret.unwrap_or(op).iter() {
            match micro {
                Micro::Read(key, Some(value)) if values.get(key).unwrap_or(&Value::Nil) != value => return None,
                Micro::Read(..) => {}
                Micro::Write(key, value) => {
                    if values.get(key) != Some(value) {
                        Arc::make_mut(&mut values).insert(key.clone(), value.clone());
                    }
                }
            }
        }
        Some(Registers(values))
    }

    fn is_read(op: &Self::Op, _: Option<&Self::Ret>) -> bool {
        op.iter().all(|micro| matches!(micro, Micro::Read(..)))
    }

    fn legal(&self, op: &Self::Op) -> String {
        let reads = op.iter().filter_map(|micro| match micro {
            Micro::Read(key, _) => Some((key.clone(), self.0.get(key).cloned().unwrap_or_default())),
            Micro::Write(..) => None,
        });
        Value::map(reads).to_string()
    }

    fn size_bytes(&self) -> usize {
        size_of::<Self>() + 64 + 4 * size_of::<Value>() * self.0.len()
    }
}

/// How operations are read as those of several registers. A nil read says nothing, as in Knossos' histories.
#[derive(Clone, Debug, Default)]
pub struct MultiRegisterSpec {
    /// The values before everything.
    pub initial: BTreeMap<Value, Value>,
}

fn micros(operation: &Operation<'_>, value: &Value) -> Result<Arc<[Micro]>, Undecodable> {
    let bad = || Undecodable::shape(operation, value, "a list of [\"read\" key value] and [\"write\" key value]");
    let micro = |item: &Value| -> Option<Micro> {
        match item.as_list()? {
            [f, key, rest @ ..] if rest.len() < 2 => {
                let value = rest.first();
                match f.as_text()? {
                    "read" | "r" => Some(Micro::Read(key.clone(), value.filter(|value| !value.is_nil()).cloned())),
                    "write" | "w" => Some(Micro::Write(key.clone(), value?.clone())),
                    _ => None,
                }
            }
            _ => None,
        }
    };
    value.as_list().ok_or_else(bad)?.iter().map(|item| micro(item).ok_or_else(bad)).collect()
}

impl Specification for MultiRegisterSpec {
    type Model = Registers;

    fn initial(&self) -> Registers {
        Registers(Arc::new(self.initial.clone()))
    }

    fn decode(&self, operation: &Operation<'_>) -> Result<Option<Asked<Registers>>, Undecodable> {
        if operation.f() != "txn" {
            return Err(Undecodable::unknown(operation, "txn"));
        }
        let op = micros(operation, &operation.invocation.value)?;
        match operation.outcome() {
            Outcome::Ok(answer) => Ok(Some((op, Some(micros(operation, answer)?)))),
            Outcome::Fail | Outcome::Info if Registers::is_read(&op, None) => Ok(None),
            Outcome::Fail | Outcome::Info => Ok(Some((op, None))),
        }
    }

    fn tests(&self, _: &Arc<[Micro]>, ret: Option<&Arc<[Micro]>>) -> bool {
        ret.is_some_and(|ret| ret.iter().any(|micro| matches!(micro, Micro::Read(_, Some(_)))))
    }

    fn say(&self, op: &Arc<[Micro]>, ret: Option<&Arc<[Micro]>>) -> String {
        let words = ret.unwrap_or(op).iter().map(|micro| match micro {
            Micro::Read(key, Some(value)) => format!("read {key} {value}"),
            Micro::Read(key, None) => format!("read {key}"),
            Micro::Write(key, value) => format!("write {key} {value}"),
        });
        let words = words.collect::<Vec<_>>().join(", ");
        if ret.is_some() { format!("({words})") } else { format!("({words}; outcome unknown)") }
    }
}

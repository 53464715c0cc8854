//! What our own two formats share: the fields of an event, each as strict as its type.

use std::mem::size_of;
use std::sync::Arc;
use std::time::Duration;

use super::cursor::Shared;
use crate::{Actor, Event, Kind, Value};

/// The fields of an event in the order of the table's columns.
pub(super) const FIELDS: [&str; 9] = ["index", "time", "process", "node", "type", "f", "key", "value", "error"];

/// The name of a kind.
pub(super) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Invoke => "invoke",
        Kind::Ok => "ok",
        Kind::Fail => "fail",
        Kind::Info => "info",
    }
}

/// The kind of that name.
pub(super) fn kind(name: &str) -> Option<Kind> {
    [Kind::Invoke, Kind::Ok, Kind::Fail, Kind::Info].into_iter().find(|&kind| kind_name(kind) == name)
}

/// An event as it is being read.
#[derive(Default)]
pub(super) struct Fields {
    index: Option<u64>,
    time: Duration,
    process: Option<Actor>,
    node: Option<Arc<str>>,
    kind: Option<Kind>,
    f: Option<Arc<str>>,
    key: Value,
    value: Value,
    error: Option<Arc<str>>,
}

impl Fields {
    /// Notes that the field `name` holds `value`.
    pub(super) fn set(&mut self, name: &str, value: Value) -> Result<(), String> {
        match name {
            "index" => self.index = Some(whole(&value).ok_or_else(|| wrong(name, "a whole number from 0", &value))?),
            "time" => self.time = nanoseconds(&value).ok_or_else(|| wrong(name, "nanoseconds from 0", &value))?,
            "process" => {
                self.process = Some(match value {
                    Value::Text(name) => Actor::Other(name),
                    number => Actor::Process(
                        whole(&number).ok_or_else(|| wrong(name, "a whole number from 0, or a name", &number))?,
                    ),
                });
            }
            "node" => self.node = optional_text(name, value)?,
            "type" => {
                let found = value.as_text().and_then(kind);
                self.kind = Some(found.ok_or_else(|| wrong(name, "invoke, ok, fail or info", &value))?);
            }
            "f" => {
                let Value::Text(f) = value else { return Err(wrong(name, "a string", &value)) };
                self.f = Some(f);
            }
            "key" => self.key = value,
            "value" => self.value = value,
            "error" => self.error = optional_text(name, value)?,
            _ => return Err(format!("no field is called `{}`", super::json_value::shortened(name))),
        }
        Ok(())
    }

    /// The event, if nothing that it needs is missing.
    pub(super) fn event(self, shared: &mut Shared) -> Result<Event, String> {
        shared.spend(size_of::<Event>())?;
        let missing = |field: &str| format!("`{field}` is missing");
        Ok(Event {
            index: self.index.ok_or_else(|| missing("index"))?,
            time: self.time,
            process: self.process.ok_or_else(|| missing("process"))?,
            node: self.node,
            kind: self.kind.ok_or_else(|| missing("type"))?,
            f: self.f.ok_or_else(|| missing("f"))?,
            key: self.key,
            value: self.value,
            error: self.error,
        })
    }
}

fn wrong(field: &str, wanted: &str, found: &Value) -> String {
    let found = found.to_string();
    format!("`{field}` must be {wanted}, found {}", super::json_value::shortened(&found))
}

fn optional_text(field: &str, value: Value) -> Result<Option<Arc<str>>, String> {
    match value {
        Value::Nil => Ok(None),
        Value::Text(text) => Ok(Some(text)),
        other => Err(wrong(field, "a string or null", &other)),
    }
}

/// A whole number from 0.
pub(super) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Int(n) => u64::try_from(*n).ok(),
        Value::Number(n) => n.parse().ok(),
        _ => None,
    }
}

fn nanoseconds(value: &Value) -> Option<Duration> {
    const NANOSECONDS: u128 = 1_000_000_000;
    let all: u128 = match value {
        Value::Int(n) => u128::try_from(*n).ok()?,
        Value::Number(n) => n.parse().ok()?,
        _ => return None,
    };
    let rest = u32::try_from(all % NANOSECONDS).expect("less than a second");
    Some(Duration::new(u64::try_from(all / NANOSECONDS).ok()?, rest))
}

//! The values of operations: plain data that every history format can carry.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What an operation was given or what it answered: JSON with any value as a map's key, ordered and hashable.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// No value: JSON's `null`, EDN's `nil`.
    #[default]
    Nil,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number, as it was written: fractions, and integers beyond 64 bits.
    Number(Arc<str>),
    /// A string, or an EDN keyword or symbol without its colon.
    Text(Arc<str>),
    /// A sequence; an EDN set is read as one.
    List(Arc<[Value]>),
    /// A map from values to values.
    Map(Arc<BTreeMap<Value, Value>>),
}

impl Value {
    /// A string.
    pub fn text(text: impl Into<Arc<str>>) -> Value {
        Value::Text(text.into())
    }

    /// A sequence.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Value {
        Value::List(items.into_iter().collect())
    }

    /// A map.
    pub fn map(entries: impl IntoIterator<Item = (Value, Value)>) -> Value {
        Value::Map(Arc::new(entries.into_iter().collect()))
    }

    /// The answer of a system that refused an operation and showed `current`, its present state: an observation.
    pub fn refused(current: Value) -> Value {
        Value::map([(Value::text("refused"), current)])
    }

    /// The state that a refusal showed, if this value is one (see [`Value::refused`]).
    pub fn as_refused(&self) -> Option<&Value> {
        let Value::Map(entries) = self else { return None };
        let (key, current) = entries.first_key_value()?;
        (entries.len() == 1 && key.as_text() == Some("refused")).then_some(current)
    }

    /// As [`Evidence::key`](crate::Evidence::key) names an object: empty where a history has only one.
    pub(crate) fn as_key(&self) -> String {
        if self.is_nil() { String::new() } else { self.to_string() }
    }

    /// Whether this is [`Value::Nil`].
    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }

    /// The number, if this is a whole one that fits.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// The string, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if this is a sequence.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, if this is a map.
    pub fn as_map(&self) -> Option<&BTreeMap<Value, Value>> {
        match self {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Value {
        Value::Int(n)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::text(text)
    }
}

/// As a person reads it in a report: JSON, with `nil` for no value.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nil => f.write_str("nil"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(n) => write!(f, "{n}"),
            Value::Number(n) => f.write_str(n),
            Value::Text(text) => write!(f, "{text:?}"),
            Value::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { " " })?;
                }
                f.write_str("]")
            }
            Value::Map(entries) => {
                f.write_str("{")?;
                for (i, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key} {value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}

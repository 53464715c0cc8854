//! Strings that are numbers: redirect counts.

use bytes::Bytes;

use crate::redis::keyspace::{Keyspace, Text, Value};
use crate::redis::reply::{Answered, Refusal, Reply, integer};

pub(super) fn incr(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    add(data, &args[0], 1)
}

pub(super) fn decr(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    add(data, &args[0], -1)
}

pub(super) fn incrby(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    add(data, &args[0], integer(&args[1]).ok_or(Refusal::NOT_AN_INTEGER)?)
}

pub(super) fn decrby(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let by = integer(&args[1]).ok_or(Refusal::NOT_AN_INTEGER)?;
    add(data, &args[0], by.checked_neg().ok_or(Refusal::DECREMENT_OVERFLOW)?)
}

/// Not through `edit`: a refused increment of a missing key must not leave an empty string.
fn add(data: &mut Keyspace, key: &Bytes, by: i64) -> Answered {
    let old = match data.read::<Text>(key)? {
        Some(text) => integer(text).ok_or(Refusal::NOT_AN_INTEGER)?,
        None => 0,
    };
    let new = old.checked_add(by).ok_or(Refusal::OVERFLOW)?;
    data.put(key, Value::Text(new.to_string().into()));
    Ok(Reply::Integer(new))
}

//! Keys, whatever they hold.

use bytes::Bytes;

use crate::redis::glob;
use crate::redis::keyspace::{Keyspace, Value};
use crate::redis::reply::{Answered, Refusal, Reply};

pub(super) fn del(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    Ok(Reply::count(args.iter().filter(|key| data.remove(key).is_some()).count()))
}

/// A key that is named twice counts twice.
pub(super) fn exists(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    Ok(Reply::count(args.iter().filter(|key| data.contains(key)).count()))
}

pub(super) fn kind(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    Ok(Reply::Status(data.get(&args[0]).map_or("none", Value::kind).into()))
}

pub(super) fn keys(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    Ok(Reply::bulks(data.keys().filter(|key| glob::matches(&args[0], key)).cloned()))
}

/// A key renamed to itself is not touched.
pub(super) fn rename(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    if !data.contains(&args[0]) {
        return Err(Refusal::NO_SUCH_KEY);
    }
    if args[0] != args[1]
        && let Some(value) = data.remove(&args[0])
    {
        data.put(&args[1], value);
    }
    Ok(Reply::OK)
}

pub(super) fn dbsize(data: &mut Keyspace, _: &[Bytes]) -> Answered {
    Ok(Reply::count(data.len()))
}

pub(super) fn flush(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let known = |arg: &Bytes| arg.eq_ignore_ascii_case(b"sync") || arg.eq_ignore_ascii_case(b"async");
    if args.len() > 1 || !args.iter().all(known) {
        return Err(Refusal::SYNTAX);
    }
    data.clear();
    Ok(Reply::OK)
}

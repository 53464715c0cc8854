//! Strings: the value of a link is one.

use bytes::{Bytes, BytesMut};

use crate::redis::keyspace::{Keyspace, Text, Value};
use crate::redis::reply::{Answered, Refusal, Reply};

pub(super) fn get(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    Ok(Reply::bulk_or_null(data.read::<Text>(&args[0])?.cloned()))
}

pub(super) fn getset(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let old = get(data, args)?;
    data.put(&args[0], Value::Text(args[1].clone()));
    Ok(old)
}

pub(super) fn getdel(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let old = get(data, args)?;
    data.remove(&args[0]);
    Ok(old)
}

#[derive(Default)]
struct SetOptions {
    only_if_missing: bool,
    only_if_present: bool,
    answer_old: bool,
}

impl SetOptions {
    fn parse(args: &[Bytes]) -> Result<SetOptions, Refusal> {
        let mut options = SetOptions::default();
        let mut expires = false;
        let mut keeps = false;
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.to_ascii_lowercase().as_slice() {
                b"nx" if !options.only_if_present => options.only_if_missing = true,
                b"xx" if !options.only_if_missing => options.only_if_present = true,
                b"get" => options.answer_old = true,
                b"keepttl" if !expires => keeps = true,
                b"ex" | b"px" | b"exat" | b"pxat" if !expires && !keeps => {
                    args.next().ok_or(Refusal::SYNTAX)?;
                    expires = true;
                }
                _ => return Err(Refusal::SYNTAX),
            }
        }
        if expires { Err(Refusal::NO_EXPIRY) } else { Ok(options) }
    }
}

pub(super) fn set(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let options = SetOptions::parse(&args[2..])?;
    let old = options.answer_old.then(|| get(data, args)).transpose()?;
    let present = data.contains(&args[0]);
    if (options.only_if_missing && present) || (options.only_if_present && !present) {
        return Ok(old.unwrap_or(Reply::Null));
    }
    data.put(&args[0], Value::Text(args[1].clone()));
    Ok(old.unwrap_or(Reply::OK))
}

pub(super) fn setnx(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let missing = !data.contains(&args[0]);
    if missing {
        data.put(&args[0], Value::Text(args[1].clone()));
    }
    Ok(Reply::flag(missing))
}

/// A key of another kind reads as missing here: `MGET` never fails.
pub(super) fn mget(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let read = |key| Reply::bulk_or_null(data.read::<Text>(key).ok().flatten().cloned());
    Ok(Reply::Array(args.iter().map(read).collect()))
}

pub(super) fn mset(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let (pairs, []) = args.as_chunks::<2>() else {
        return Err(Refusal::arity("mset"));
    };
    for [key, value] in pairs {
        data.put(key, Value::Text(value.clone()));
    }
    Ok(Reply::OK)
}

pub(super) fn msetnx(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let (pairs, []) = args.as_chunks::<2>() else {
        return Err(Refusal::arity("msetnx"));
    };
    let all_missing = !pairs.iter().any(|[key, _]| data.contains(key));
    if all_missing {
        mset(data, args)?;
    }
    Ok(Reply::flag(all_missing))
}

pub(super) fn append(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    data.edit(&args[0], |text: &mut Text| {
        let mut longer = BytesMut::from(text.as_ref());
        longer.extend_from_slice(&args[1]);
        *text = longer.freeze();
        Ok((Reply::count(text.len()), true))
    })
}

pub(super) fn strlen(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    Ok(Reply::count(data.read::<Text>(&args[0])?.map_or(0, Bytes::len)))
}

//! Hashes: fields and their values under one key.

use bytes::Bytes;

use crate::redis::keyspace::{Hash, Keyspace};
use crate::redis::reply::{Answered, Refusal, Reply, integer};

pub(super) fn hset(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    set_fields(data, args, "hset").map(Reply::count)
}

pub(super) fn hmset(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    set_fields(data, args, "hmset").map(|_| Reply::OK)
}

/// How many fields are new. The key is touched even when every field keeps its value.
fn set_fields(data: &mut Keyspace, args: &[Bytes], name: &str) -> Result<usize, Refusal> {
    let (pairs, []) = args[1..].as_chunks::<2>() else {
        return Err(Refusal::arity(name));
    };
    data.edit(&args[0], |hash: &mut Hash| {
        let before = hash.len();
        hash.extend(pairs.iter().map(|[field, value]| (field.clone(), value.clone())));
        Ok((hash.len() - before, true))
    })
}

pub(super) fn hsetnx(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    data.edit(&args[0], |hash: &mut Hash| {
        let missing = !hash.contains_key(&args[1]);
        if missing {
            hash.insert(args[1].clone(), args[2].clone());
        }
        Ok((Reply::flag(missing), missing))
    })
}

pub(super) fn hget(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let hash = data.read::<Hash>(&args[0])?;
    Ok(Reply::bulk_or_null(hash.and_then(|hash| hash.get(&args[1])).cloned()))
}

pub(super) fn hmget(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let hash = data.read::<Hash>(&args[0])?;
    let read = |field| Reply::bulk_or_null(hash.and_then(|hash| hash.get(field)).cloned());
    Ok(Reply::Array(args[1..].iter().map(read).collect()))
}

pub(super) fn hgetall(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let hash = data.read::<Hash>(&args[0])?.into_iter().flatten();
    Ok(Reply::bulks(hash.flat_map(|(field, value)| [field.clone(), value.clone()])))
}

pub(super) fn hkeys(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let hash = data.read::<Hash>(&args[0])?;
    Ok(Reply::bulks(hash.into_iter().flat_map(Hash::keys).cloned()))
}

pub(super) fn hvals(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let hash = data.read::<Hash>(&args[0])?;
    Ok(Reply::bulks(hash.into_iter().flat_map(Hash::values).cloned()))
}

pub(super) fn hdel(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    data.edit(&args[0], |hash: &mut Hash| {
        let removed = args[1..].iter().filter(|field| hash.remove(*field).is_some()).count();
        Ok((Reply::count(removed), removed > 0))
    })
}

pub(super) fn hexists(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let hash = data.read::<Hash>(&args[0])?;
    Ok(Reply::flag(hash.is_some_and(|hash| hash.contains_key(&args[1]))))
}

pub(super) fn hlen(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    Ok(Reply::count(data.read::<Hash>(&args[0])?.map_or(0, Hash::len)))
}

pub(super) fn hincrby(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let by = integer(&args[2]).ok_or(Refusal::NOT_AN_INTEGER)?;
    data.edit(&args[0], |hash: &mut Hash| {
        let old = match hash.get(&args[1]) {
            Some(value) => integer(value).ok_or(Refusal::HASH_NOT_AN_INTEGER)?,
            None => 0,
        };
        let new = old.checked_add(by).ok_or(Refusal::OVERFLOW)?;
        hash.insert(args[1].clone(), new.to_string().into());
        Ok((Reply::Integer(new), true))
    })
}

//! Sets.

use bytes::Bytes;

use crate::redis::keyspace::{Keyspace, Set};
use crate::redis::reply::{Answered, Reply};

pub(super) fn sadd(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    data.edit(&args[0], |set: &mut Set| {
        let added = args[1..].iter().filter(|&member| set.insert(member.clone())).count();
        Ok((Reply::count(added), added > 0))
    })
}

pub(super) fn srem(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    data.edit(&args[0], |set: &mut Set| {
        let removed = args[1..].iter().filter(|&member| set.remove(member)).count();
        Ok((Reply::count(removed), removed > 0))
    })
}

pub(super) fn sismember(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let set = data.read::<Set>(&args[0])?;
    Ok(Reply::flag(set.is_some_and(|set| set.contains(&args[1]))))
}

pub(super) fn smembers(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    Ok(Reply::bulks(data.read::<Set>(&args[0])?.into_iter().flatten().cloned()))
}

pub(super) fn scard(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    Ok(Reply::count(data.read::<Set>(&args[0])?.map_or(0, Set::len)))
}

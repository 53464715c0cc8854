//! Lists.

use bytes::Bytes;

use crate::redis::keyspace::{Keyspace, List};
use crate::redis::reply::{Answered, Refusal, Reply, integer};

pub(super) fn lpush(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    push(data, args, List::push_front)
}

pub(super) fn rpush(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    push(data, args, List::push_back)
}

fn push(data: &mut Keyspace, args: &[Bytes], push: fn(&mut List, Bytes)) -> Answered {
    data.edit(&args[0], |list: &mut List| {
        for member in &args[1..] {
            push(list, member.clone());
        }
        Ok((Reply::count(list.len()), true))
    })
}

pub(super) fn lpop(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    pop(data, args, "lpop", List::pop_front)
}

pub(super) fn rpop(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    pop(data, args, "rpop", List::pop_back)
}

type Pop = fn(&mut List) -> Option<Bytes>;

/// With a count the answer is an array, and the null array for a missing key.
fn pop(data: &mut Keyspace, args: &[Bytes], name: &str, pop: Pop) -> Answered {
    let count = match args {
        [_] => None,
        [_, count] => {
            let count = integer(count).and_then(|count| usize::try_from(count).ok());
            Some(count.ok_or(Refusal::NOT_POSITIVE)?)
        }
        _ => return Err(Refusal::arity(name)),
    };
    if !data.contains(&args[0]) {
        return Ok(if count.is_some() { Reply::NullArray } else { Reply::Null });
    }
    data.edit(&args[0], |list: &mut List| {
        let Some(count) = count else {
            return Ok((Reply::bulk_or_null(pop(list)), true));
        };
        let popped = count.min(list.len());
        Ok((Reply::bulks((0..popped).filter_map(|_| pop(list))), popped > 0))
    })
}

/// From the first index to the last, both included; a negative one counts from the end.
pub(super) fn lrange(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    let first = integer(&args[1]).ok_or(Refusal::NOT_AN_INTEGER)?;
    let last = integer(&args[2]).ok_or(Refusal::NOT_AN_INTEGER)?;
    let Some(members) = data.read::<List>(&args[0])? else {
        return Ok(Reply::Array(Vec::new()));
    };
    let length = i64::try_from(members.len()).expect("no list in memory has 2^63 members");
    let from_end = |index: i64| if index < 0 { index.saturating_add(length) } else { index };
    let first = usize::try_from(from_end(first)).unwrap_or(0);
    let end = usize::try_from(from_end(last).saturating_add(1)).unwrap_or(0);
    Ok(Reply::bulks(members.iter().take(end).skip(first).cloned()))
}

pub(super) fn llen(data: &mut Keyspace, args: &[Bytes]) -> Answered {
    Ok(Reply::count(data.read::<List>(&args[0])?.map_or(0, List::len)))
}

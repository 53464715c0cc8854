//! The commands that touch only data, one file a kind of value, and the table that names them.
//!
//! The ones that touch the connection (`MULTI`, `WATCH`, `SELECT`, …) are the engine's.

mod counters;
mod hashes;
mod keys;
mod lists;
mod sets;
mod strings;

use bytes::Bytes;

use super::keyspace::Keyspace;
use super::reply::Answered;

/// A command on data: its arguments, its own name not among them, and the data.
pub(super) type Run = fn(&mut Keyspace, &[Bytes]) -> Answered;

/// A row of the table.
pub(super) struct Command {
    /// In lower case, as Redis names it in its errors.
    pub(super) name: &'static str,
    /// The least number of arguments, the name not counted.
    pub(super) least: usize,
    /// The most.
    pub(super) most: usize,
    pub(super) run: Run,
}

const MANY: usize = usize::MAX;

const fn command(name: &'static str, least: usize, most: usize, run: Run) -> Command {
    Command { name, least, most, run }
}

/// Bounds as in Redis's own table, which is checked before a command is queued. What a command
/// checks itself (`HSET` wants pairs) shows only when it runs, inside a transaction at `EXEC`.
const COMMANDS: &[Command] = &[
    command("append", 2, 2, strings::append),
    command("dbsize", 0, 0, keys::dbsize),
    command("decr", 1, 1, counters::decr),
    command("decrby", 2, 2, counters::decrby),
    command("del", 1, MANY, keys::del),
    command("exists", 1, MANY, keys::exists),
    command("flushall", 0, MANY, keys::flush),
    command("flushdb", 0, MANY, keys::flush),
    command("get", 1, 1, strings::get),
    command("getdel", 1, 1, strings::getdel),
    command("getset", 2, 2, strings::getset),
    command("hdel", 2, MANY, hashes::hdel),
    command("hexists", 2, 2, hashes::hexists),
    command("hget", 2, 2, hashes::hget),
    command("hgetall", 1, 1, hashes::hgetall),
    command("hincrby", 3, 3, hashes::hincrby),
    command("hkeys", 1, 1, hashes::hkeys),
    command("hlen", 1, 1, hashes::hlen),
    command("hmget", 2, MANY, hashes::hmget),
    command("hmset", 3, MANY, hashes::hmset),
    command("hset", 3, MANY, hashes::hset),
    command("hsetnx", 3, 3, hashes::hsetnx),
    command("hvals", 1, 1, hashes::hvals),
    command("incr", 1, 1, counters::incr),
    command("incrby", 2, 2, counters::incrby),
    command("keys", 1, 1, keys::keys),
    command("llen", 1, 1, lists::llen),
    command("lpop", 1, MANY, lists::lpop),
    command("lpush", 2, MANY, lists::lpush),
    command("lrange", 3, 3, lists::lrange),
    command("mget", 1, MANY, strings::mget),
    command("mset", 2, MANY, strings::mset),
    command("msetnx", 2, MANY, strings::msetnx),
    command("rename", 2, 2, keys::rename),
    command("rpop", 1, MANY, lists::rpop),
    command("rpush", 2, MANY, lists::rpush),
    command("sadd", 2, MANY, sets::sadd),
    command("scard", 1, 1, sets::scard),
    command("set", 2, MANY, strings::set),
    command("setnx", 2, 2, strings::setnx),
    command("sismember", 2, 2, sets::sismember),
    command("smembers", 1, 1, sets::smembers),
    command("srem", 2, MANY, sets::srem),
    command("strlen", 1, 1, strings::strlen),
    command("type", 1, 1, keys::kind),
    command("unlink", 1, MANY, keys::del),
];

/// The command of that name in lower case.
pub(super) fn find(name: &str) -> Option<&'static Command> {
    let found = COMMANDS.binary_search_by(|command| command.name.cmp(name));
    found.ok().map(|index| &COMMANDS[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_table_is_found() {
        assert!(COMMANDS.iter().all(|command| find(command.name).is_some()));
        assert!(find("nosuch").is_none());
    }
}

//! Random command sequences of two sessions over few keys, mistakes included.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// One request of one session.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) session: usize,
    pub(crate) request: Vec<Bytes>,
}

/// How many sessions take part.
pub(crate) const SESSIONS: usize = 2;

/// Every key that a sequence can name.
pub(crate) const KEYS: [&str; 6] = ["s", "n", "h", "t", "l", "k"];

/// Shapes of requests. `$s`, `$n`, `$h`, `$t`, `$l` are keys that mostly hold a string, number,
/// hash, set or list, `$k` is any key, `$f` a field or member, `$v` a value, `$i` an integer or
/// something like one, `$o` an option of `SET`.
const SHAPES: &[&str] = &[
    "ping",
    "ping $v",
    "echo $v",
    "select 0",
    "select $i",
    "client getname",
    "client setname $v",
    "client setinfo lib-name $v",
    "client $v",
    "wait 0 1",
    "wait $i -1",
    "wait 0 $i",
    "nosuch $v $k",
    "get $s",
    "get $s",
    "get $k",
    "set $s $v",
    "set $n $i",
    "set $k $v",
    "set $s $v $o",
    "set $s $v $o $o",
    "set $s $v $o $o $o",
    "setnx $s $v",
    "getset $s $v",
    "getdel $s",
    "mget $s $n $k",
    "mset $s $v $k $v",
    "mset $s $v $k",
    "msetnx $s $v $n $i",
    "append $s $v",
    "append $n $i",
    "strlen $s",
    "del $k",
    "del $k $k",
    "unlink $k",
    "exists $k $k",
    "type $k",
    "keys *",
    "keys ?",
    "keys [a-l]",
    "keys [^s]",
    "rename $k $k",
    "dbsize",
    "flushall",
    "flushdb async",
    "flushall $v",
    "incr $n",
    "incrby $n $i",
    "decr $n",
    "decrby $n $i",
    "incr $k",
    "hset $h $f $v",
    "hset $h $f $i",
    "hset $h $f $v $f $v",
    "hset $h $f $v $f",
    "hmset $h $f $v",
    "hsetnx $h $f $v",
    "hget $h $f",
    "hmget $h $f $f",
    "hgetall $h",
    "hdel $h $f",
    "hdel $h $f $f",
    "hexists $h $f",
    "hlen $h",
    "hkeys $h",
    "hvals $h",
    "hincrby $h $f $i",
    "sadd $t $f",
    "sadd $t $f $f $f",
    "srem $t $f $f",
    "sismember $t $f",
    "smembers $t",
    "scard $t",
    "lpush $l $v",
    "rpush $l $v $v",
    "lpop $l",
    "rpop $l",
    "lpop $l $i",
    "rpop $l $i",
    "lrange $l 0 -1",
    "lrange $l $i $i",
    "llen $l",
    "exec $v",
    "reset",
];

/// Drawn more often: a transaction needs several of them in order.
const TRANSACTIONS: &[&str] =
    &["multi", "multi", "exec", "exec", "exec", "discard", "watch $k", "watch $s $n", "unwatch"];

const VALUES: &[&str] =
    &["", "x", "yy", "0", "41", "-1", "07", "9223372036854775807", "a\r\nb", "nx", "long long value"];
const INTEGERS: &[&str] = &[
    "0",
    "1",
    "2",
    "-1",
    "-2",
    "5",
    "-7",
    "100",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "+1",
    "01",
    "-0",
    " 1",
    "1.5",
    "",
    "x",
];
const OPTIONS: &[&str] = &["nx", "XX", "get", "GET", "keepttl", "bad"];

/// A sequence of up to `longest` steps.
pub(crate) fn steps(longest: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..longest)
}

fn step() -> impl Strategy<Value = Step> {
    let shape = prop_oneof![4 => select(SHAPES), 1 => select(TRANSACTIONS)];
    let request = shape.prop_flat_map(|shape| shape.split(' ').map(word).collect::<Vec<_>>());
    // Mostly as drawn; at times an argument is missing, one too many, or the name is in capitals.
    (0..SESSIONS, request, 0..40_u8).prop_map(|(session, mut request, mishap)| {
        match mishap {
            0 if request.len() > 1 => drop(request.pop()),
            1 => request.push("extra".into()),
            2..10 => request[0] = request[0].to_ascii_uppercase().into(),
            _ => {}
        }
        Step { session, request }
    })
}

fn word(word: &'static str) -> BoxedStrategy<Bytes> {
    let usual = match word {
        "$k" => return one_of(&KEYS),
        "$f" => return one_of(&["f", "g", "7", "", "x"]),
        "$v" => return one_of(VALUES),
        "$i" => return one_of(INTEGERS),
        "$o" => return one_of(OPTIONS),
        _ => match word.strip_prefix('$') {
            Some(key) => key,
            None => word,
        },
    };
    if usual == word {
        return Just(Bytes::from_static(word.as_bytes())).boxed();
    }
    prop_oneof![7 => Just(Bytes::from_static(usual.as_bytes())), 1 => one_of(&KEYS)].boxed()
}

fn one_of(words: &'static [&'static str]) -> BoxedStrategy<Bytes> {
    select(words).prop_map(|word| Bytes::from_static(word.as_bytes())).boxed()
}

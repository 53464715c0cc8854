//! Every reply of the embedded Redis is the reply of the real one.

use bytes::Bytes;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use proptest::{prop_assert_eq, test_runner};

use super::generate::{SESSIONS, Step, steps};
use super::twins::{Embedded, Reader, Real, Redis, dump, server};

/// As many cases as `PROPTEST_CASES` says; the failing one is printed, shrunk.
pub(crate) fn runner() -> TestRunner {
    TestRunner::new(Config { failure_persistence: None, ..Config::default() })
}

fn compare(steps: &[Step], real: &mut Real) -> Result<(), TestCaseError> {
    let mut embedded = Embedded::default();
    let mut readers: [(Reader, Reader); SESSIONS] = Default::default();
    for (index, Step { session, request }) in steps.iter().enumerate() {
        let (ours, theirs) = &mut readers[*session];
        let ours = ours.read(request, &embedded.ask(*session, request));
        let theirs = theirs.read(request, &real.ask(*session, request));
        prop_assert_eq!(ours, theirs, "step {}: {:?}", index, request);
    }
    for session in 0..SESSIONS {
        let reset = [Bytes::from("reset")];
        prop_assert_eq!(embedded.ask(session, &reset), real.ask(session, &reset));
    }
    prop_assert_eq!(dump(&mut embedded), dump(real));
    Ok(())
}

#[test]
fn answers_random_commands_as_a_real_redis_does() {
    let Some(server) = server() else { return };
    let done = runner().run(&steps(60), |steps| compare(&steps, &mut Real::emptied(&server)));
    done.unwrap_or_else(|failure: test_runner::TestError<_>| panic!("{failure}"));
}

/// What chance would seldom draw.
#[test]
fn answers_chosen_sequences_as_a_real_redis_does() {
    let Some(server) = server() else { return };
    let long = "y".repeat(150);
    let unknown = format!("0 nosuch {long} more");
    let many_args = format!("0 nosuch {}", "0123456789 ".repeat(15).trim_end());
    let sequences: &[&[&str]] = &[
        &[&unknown, &many_args, "0 nosuch", "0 no\\r\\nsuch a\\r\\nb", "0 client no\\nsuch"],
        &["0 client", "0 client setname", "0 client getname x", "0 client setname a\\sb", "0 hello x"],
        &[
            "0 hello",
            "0 hello 2",
            "0 hello 9",
            "0 client setinfo lib-name redis-rs",
            "0 select 1",
            "0 select -1",
            "0 select x",
        ],
        &["0 watch s", "1 set s x", "0 multi", "0 set n 1", "0 exec", "0 get n"],
        &["0 watch s", "0 set s x", "0 multi", "0 exec"],
        &["0 watch s", "1 flushall", "0 multi", "0 exec"],
        &["0 set s x", "0 watch s", "1 flushall", "0 multi", "0 exec"],
        &["0 set s x", "0 watch s", "1 rename s n", "0 multi", "0 exec"],
        &["0 set s x", "0 watch s", "1 rename s s", "0 multi", "0 exec"],
        &["0 watch s", "1 set s x", "1 del s", "0 multi", "0 exec"],
        &["0 hset h f v", "0 watch h", "1 hset h f v", "0 multi", "0 exec"],
        &["0 sadd t f", "0 watch t", "1 sadd t f", "0 multi", "0 ping", "0 exec"],
        &["0 watch s", "1 set s x", "0 unwatch", "0 multi", "0 ping", "0 exec"],
        &["0 watch s", "0 multi", "0 discard", "1 set s x", "0 multi", "0 ping", "0 exec"],
        &["0 watch s", "1 set s x", "0 multi", "0 exec", "0 multi", "0 ping", "0 exec"],
        &["0 multi", "0 multi", "0 ping", "0 exec"],
        &["0 multi", "0 watch s", "0 ping", "0 exec"],
        &["0 multi", "0 nosuch", "0 set s x", "0 exec", "0 get s", "0 exec"],
        &["0 multi", "0 get", "0 exec"],
        &["0 multi", "0 exec x", "0 exec"],
        &["0 multi", "0 client nosuch", "0 exec"],
        &["0 multi", "0 set s x", "0 incr s", "0 lpush s x", "0 get s", "0 exec"],
        &["0 multi", "0 lpop l 1", "0 lpop l", "0 hset h f", "0 exec"],
        &["0 multi", "0 wait 1 1", "0 unwatch", "0 select 0", "0 reset", "0 exec"],
        &["0 set s x nx get", "0 set s y nx get", "0 set s z xx get", "0 set n 1 xx get"],
        &["0 set s x nx xx", "0 lpush l a", "0 set l x get", "0 set l x", "0 type l"],
        &["0 set s 9223372036854775807", "0 incr s", "0 decrby s -9223372036854775808"],
        &["0 hset h f 9223372036854775807", "0 hincrby h f 1", "0 hincrby n f x", "0 type n"],
    ];
    for sequence in sequences {
        let steps: Vec<Step> = sequence.iter().map(|line| step(line)).collect();
        compare(&steps, &mut Real::emptied(&server)).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// A step as `session command argument …`.
fn step(line: &str) -> Step {
    let (session, request) = line.split_once(' ').expect("a session and a command");
    let unescaped = |word: &str| Bytes::from(word.replace("\\r", "\r").replace("\\n", "\n").replace("\\s", " "));
    let request = request.split(' ').map(unescaped).collect();
    Step { session: session.parse().expect("a session's number"), request }
}

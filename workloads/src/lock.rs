//! `lock`: clients take a lock, write what it guards with the token that they were given, and give it back.
//!
//! Some write again after they gave it back, as a holder does that was paused and does not know that its time is over: what
//! is guarded must refuse an older token once it has seen a newer one. Source: Kleppmann 2016, "How to do distributed
//! locking". The locks have no leases, so one that a dead process holds stays held; each is in use for a while only.

use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::fencing::Fencing;
use netsplit_checker::models::mutex::MutexSpec;
use netsplit_checker::{Checker, Linearizable, Value};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::shortener::client::LinkClient;
use netsplit_systems::shortener::{Answer, Fenced, Lock, code};
use netsplit_systems::system::Offer;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::op::{deal, keys, reads_of_all};
use crate::ping::shown;
use crate::{Invocation, Op, Script, Shape, Workload, over_http};

/// The workload.
pub const LOCK: Workload = Workload {
    name: "lock",
    about: "take a lock, write what it guards with its fencing token, give it back: never two holders, no late write",
    needs: &[Offer::Links, Offer::Locks],
    generate,
    setup,
    finale: reads_of_all,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |_| -> Vec<Box<dyn Checker>> {
        vec![Box::new(Linearizable::new(MutexSpec { owners: true })), Box::new(Fencing)]
    },
    pure: |op| op.f == "read",
};

/// What a client does with a lock, in turn.
const TURN: &[&str] = &["acquire", "write", "write", "release", "write"];

/// How many locks are in use at a time, and for how long.
const ACTIVE_LOCKS: u64 = 3;
const IN_USE_MS: u64 = 4000;

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut scripts = deal(rng, shape, |_| Op::on("", "", &[]));
    let mut written = 0;
    for script in &mut scripts {
        let mut lock = String::new();
        for (planned, f) in script.iter_mut().zip(TURN.iter().cycle()) {
            if *f == "acquire" {
                let round = planned.at_ms / IN_USE_MS;
                lock = format!("l{}", round * ACTIVE_LOCKS + rng.random_range(0..ACTIVE_LOCKS));
            }
            planned.op = if *f == "write" {
                written += 1;
                Op::on(&lock, f, &[&format!("https://example.com/{lock}/{written}")])
            } else {
                Op::on(&lock, f, &[])
            };
        }
    }
    scripts
}

/// The url that the link which a lock guards is created with.
fn first_url(lock: &str) -> String {
    format!("https://example.com/{lock}")
}

fn guarded(lock: &str) -> String {
    code(&first_url(lock))
}

/// Creates every link that is guarded.
fn setup(scripts: &[Script]) -> Vec<Op> {
    keys(scripts).iter().map(|lock| Op::on(lock, "create", &[&first_url(lock)])).collect()
}

/// A process that does not know what became of its call ends, and its tokens with it.
fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        let result = ask(client, node, op).await;
        if matches!(result, Err(CallError::Lost(_))) && !(LOCK.pure)(op) {
            client.notes.clear();
        }
        result
    }
    .boxed_local()
}

async fn ask(client: &mut Client, node: &Arc<str>, op: &Op) -> Result<Value, CallError> {
    let noted = client.notes.get(op.key()).copied();
    let noted = noted.ok_or_else(|| CallError::NotSent("this process never held the lock".into()));
    let mut links = LinkClient::new(client);
    match op.f.as_str() {
        "acquire" => match links.lock(node, op.key()).await? {
            Lock::Granted(token) => {
                client.notes.insert(op.key().to_owned(), token);
                shown(token)
            }
            Lock::Held => Ok(Value::refused(Value::Nil)),
        },
        "release" => match links.unlock(node, op.key(), noted?).await? {
            Answer::Done => Ok(Value::Nil),
            Answer::Absent | Answer::Refused(None) => Ok(Value::refused(Value::Nil)),
            Answer::Refused(Some(holder)) => Ok(Value::refused(Value::text(holder))),
        },
        "write" => match links.retarget_fenced(node, &guarded(op.key()), noted?, op.arg(0)).await? {
            Fenced::Done => Ok(op.value()),
            Fenced::Stale(newest) => Ok(Value::refused(shown(newest)?)),
            Fenced::Absent => Err(CallError::Refused("the link does not exist".into())),
        },
        "read" => Ok(links.follow(node, &guarded(op.key())).await?.as_deref().map_or(Value::Nil, Value::from)),
        "create" => match links.create(node, op.arg(0)).await? {
            Answer::Done => Ok(op.value()),
            refused => Err(CallError::Refused(format!("{refused:?}"))),
        },
        other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
    }
}

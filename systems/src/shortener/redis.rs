//! `redis`: a single source of truth. Every node talks to one Redis, and keeps nothing itself.
//!
//! Redis executes one command at a time, so every single command is atomic; what takes more than one (compare-and-set,
//! transactions) is optimistic: WATCH, read, then MULTI … EXEC, which Redis refuses if a watched key was written since.
//! Source: the Redis documentation, "Transactions".

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::redis::{Cmd, Pipeline, cmd, pipe};
use serde_json::json;

use super::redis_pool::{Lease, Pool, harmless};
use super::{Answer, Committed, Links, Lock, MicroOperation, Target, Unavailable, api};
use crate::http;
use crate::node::{Node, NodeFuture};
use crate::story::{Failure, Story};
use crate::system::{Claim, Fsync, Level, Offer, System};

/// Tolerated by everything that stands on a Redis whose every reply is durable.
const UNDER: &[&str] = &["none", "partition", "crash", "power-loss"];

/// The system: linearizable, available only where Redis is reached.
pub const REDIS: System = System {
    name: "redis",
    about: "link shortener, every node talks to one Redis (appendfsync always)",
    gives_up: "available only where Redis is reached",
    source: "Redis documentation, \"Transactions\" and \"Persistence\"",
    offers: Offer::WHOLE_SHORTENER,
    redis: Some(Fsync::Always),
    claims: &[Claim { level: Level::Linearizable, under: UNDER, weakened: false }],
    story: Story {
        mechanism: "Every node sends every read and every write to one Redis, which executes one command at a time and \
                    syncs its append-only file before any reply leaves. The order in which Redis executes is the order of \
                    all operations, and nothing that anybody was told is ever lost.",
        failures: &[],
    },
    start: |node| start(node, None),
};

/// Weakened: replies leave up to a second before what they saw is durable.
pub const REDIS_EVERYSEC: System = System {
    name: "redis-everysec",
    about: "the same with appendfsync everysec",
    gives_up: "acknowledged writes are lost at a power loss of Redis",
    redis: Some(Fsync::EverySecond),
    claims: &[Claim { level: Level::Linearizable, under: UNDER, weakened: true }],
    story: Story {
        mechanism: "Every node sends every read and every write to one Redis, which executes one command at a time, so \
                    that while it lives there is one order. But it answers from memory, and syncs its append-only file \
                    only once a second.",
        failures: &[Failure {
            anomalies: &["lost", "stale-read", "non-linearizable"],
            steps: &[
                "A client writes; Redis executes the write in memory and the acknowledgement leaves at once.",
                "The write's line in the append-only file waits, unsynced, for the sync of that second.",
                "The machine loses power: what was not synced is gone, though clients were told that it is there.",
                "Redis starts again from the file, and answers as if the write had never been.",
            ],
            remedy: "To sync before a reply leaves (appendfsync always).",
            variant: Some("redis"),
            cost: "One sync of the disk for every batch of commands, in the way of every answer.",
        }],
    },
    ..REDIS
};

/// A planted bug, for the tests of netsplit itself: a node remembers every target that it has once read.
pub const STALE_CACHE: System = System {
    name: "redis-stale-cache",
    about: "planted bug: nodes answer reads from a cache that nothing ever invalidates",
    gives_up: "recency, without saying so",
    claims: &[Claim { level: Level::Linearizable, under: &["none"], weakened: true }],
    story: Story {
        mechanism: "Writes go to one Redis. A read goes there only the first time: the node keeps the target that it got \
                    in a cache of its own, and answers every later read of that link from there.",
        failures: &[Failure {
            anomalies: &["stale-read", "non-linearizable"],
            steps: &[
                "A node reads a link from Redis and caches its target.",
                "A client re-targets the link, through any node: Redis has the new target, and the write is acknowledged.",
                "Nobody tells the node with the cached copy, and nothing makes the copy expire.",
                "The next read at that node is answered from the cache, with the target that was replaced.",
            ],
            remedy: "To ask Redis at every read.",
            variant: Some("redis"),
            cost: "A round trip to Redis for every read, and no answer while Redis can't be reached.",
        }],
    },
    start: |node| start(node, Some(Cache::default())),
    ..REDIS
};

/// What a node with the planted bug remembers.
type Cache = Arc<Mutex<BTreeMap<String, String>>>;

/// How long a node waits for Redis; shorter than a client waits for a node.
const DEADLINE: Duration = Duration::from_millis(500);

/// How often a compare-and-set starts over when others write between its read and its write.
const ATTEMPTS: usize = 8;

fn start(node: Node, remembered: Option<Cache>) -> NodeFuture {
    Box::pin(async move {
        let links = RedisLinks { pool: Pool::new(node.net.clone(), DEADLINE), remembered };
        http::serve(&node.net, api::router(links)).await
    })
}

/// Links that are kept in Redis.
#[derive(Clone)]
pub(crate) struct RedisLinks {
    pool: Pool,
    remembered: Option<Cache>,
}

fn link(code: &str) -> String {
    format!("link:{code}")
}

fn followed(code: &str) -> String {
    format!("redirects:{code}")
}

fn history(code: &str) -> String {
    format!("history:{code}")
}

impl RedisLinks {
    async fn run<T: ::redis::FromRedisValue>(&self, command: &Cmd) -> Result<T, Unavailable> {
        let mut lease = self.pool.lease().await?;
        let reply = lease.run(command).await?;
        lease.done();
        Ok(reply)
    }

    /// Creates a link that does not exist; returns the target of one that does.
    async fn set_if_absent(&self, code: &str, url: &str) -> Result<Option<String>, Unavailable> {
        self.run(cmd("SET").arg(link(code)).arg(url).arg("NX").arg("GET")).await
    }
}

impl Links for RedisLinks {
    async fn create(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        Ok(match self.set_if_absent(code, url).await? {
            Some(current) if current != url => Answer::Refused(Some(current)),
            _ => Answer::Done,
        })
    }

    async fn claim(&self, alias: &str, url: &str) -> Result<Answer, Unavailable> {
        Ok(self.set_if_absent(alias, url).await?.map_or(Answer::Done, |current| Answer::Refused(Some(current))))
    }

    async fn retarget(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        let set: Option<String> = self.run(cmd("SET").arg(link(code)).arg(url).arg("XX")).await?;
        Ok(if set.is_some() { Answer::Done } else { Answer::Absent })
    }

    async fn compare_and_set(&self, code: &str, old: &str, new: &str) -> Result<Answer, Unavailable> {
        let key = link(code);
        let mut lease = self.pool.lease().await?;
        for _ in 0..ATTEMPTS {
            let current: Option<String> = watch(&mut lease, &[&key], cmd("GET").arg(&key)).await?;
            if current.as_deref() != Some(old) {
                harmless(lease.run::<()>(&cmd("UNWATCH")).await)?;
                lease.done();
                return Ok(Answer::Refused(current));
            }
            let set: Option<()> = lease.run_all(pipe().atomic().set(&key, new).ignore()).await?;
            if set.is_some() {
                lease.done();
                return Ok(Answer::Done);
            }
        }
        lease.done();
        Err(Unavailable::NoEffect(format!("others wrote {code} {ATTEMPTS} times in between")))
    }

    async fn follow(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        if let Some(cache) = &self.remembered
            && let Some(url) = cache.lock().expect("no holder panics").get(code)
        {
            return Ok(Some(url.clone().into()));
        }
        let url: Option<String> = self.run(cmd("GET").arg(link(code))).await?;
        if let Some(url) = &url {
            if let Some(cache) = &self.remembered {
                cache.lock().expect("no holder panics").insert(code.to_owned(), url.clone());
            }
            self.run::<u64>(cmd("INCR").arg(followed(code))).await.map_err(after_read)?;
        }
        Ok(url.map(Target::from))
    }

    async fn redirects(&self, code: &str) -> Result<u64, Unavailable> {
        let count: Option<u64> = self.run(cmd("GET").arg(followed(code))).await?;
        Ok(count.unwrap_or(0))
    }

    async fn delete(&self, code: &str) -> Result<Answer, Unavailable> {
        let mut lease = self.pool.lease().await?;
        let (deleted, _): (u64, u64) = lease.run_all(pipe().atomic().del(link(code)).del(followed(code))).await?;
        lease.done();
        Ok(if deleted == 1 { Answer::Done } else { Answer::Absent })
    }

    async fn transact(&self, steps: Vec<MicroOperation>) -> Result<Committed, Unavailable> {
        let mut lease = self.pool.lease().await?;
        let committed = optimistic(&mut lease, steps).await?;
        lease.done();
        Ok(committed)
    }

    async fn lock(&self, name: &str) -> Result<Lock, Unavailable> {
        let token: u64 = self.run(cmd("INCR").arg("fence")).await?;
        let key = format!("lock:{name}");
        let set: Option<String> = self.run(cmd("SET").arg(key).arg(token).arg("NX")).await?;
        Ok(if set.is_some() { Lock::Granted(token) } else { Lock::Held })
    }

    async fn unlock(&self, name: &str) -> Result<Answer, Unavailable> {
        let deleted: u64 = self.run(cmd("DEL").arg(format!("lock:{name}"))).await?;
        Ok(if deleted == 1 { Answer::Done } else { Answer::Absent })
    }
}

/// Watches `keys`, then reads: neither has an effect, whatever becomes of it.
async fn watch<T: ::redis::FromRedisValue>(
    lease: &mut Lease<'_>,
    keys: &[&String],
    read: &Cmd,
) -> Result<T, Unavailable> {
    harmless(lease.run::<()>(cmd("WATCH").arg(keys)).await)?;
    harmless(lease.run(read).await)
}

/// The redirect may be counted or not, whatever Redis said of the increment.
fn after_read(error: Unavailable) -> Unavailable {
    match error {
        Unavailable::NoEffect(reason) => Unavailable::MayTakeEffect(reason),
        other => other,
    }
}

/// Watches every link that the steps name, works out the results, then writes; Redis refuses if anybody wrote in between.
async fn optimistic(lease: &mut Lease<'_>, steps: Vec<MicroOperation>) -> Result<Committed, Unavailable> {
    let mut view = View::default();
    for code in steps.iter().flat_map(MicroOperation::codes) {
        if !view.0.iter().any(|seen| seen.code == code) {
            let keys = [&link(code), &history(code)];
            let target = watch(lease, &keys, cmd("GET").arg(keys[0])).await?;
            let appended = harmless(lease.run(cmd("LRANGE").arg(keys[1]).arg(0).arg(-1)).await)?;
            view.0.push(Seen { code: code.to_owned(), target, appended });
        }
    }
    let mut writes = pipe();
    writes.atomic();
    let mut results = Vec::with_capacity(steps.len());
    for step in steps {
        match view.apply(step, &mut writes) {
            Ok(result) => results.push(result),
            Err(reason) => {
                harmless(lease.run::<()>(&cmd("UNWATCH")).await)?;
                return Ok(Committed::Aborted(reason));
            }
        }
    }
    // An empty EXEC still tells whether what was read is one state of the store.
    let committed: Option<()> = lease.run_all(writes.cmd("PING").ignore()).await?;
    Ok(match committed {
        Some(()) => Committed::Yes(results.into()),
        None => Committed::Aborted("somebody wrote one of the links in between".to_owned()),
    })
}

impl MicroOperation {
    fn codes(&self) -> Vec<&str> {
        match self {
            MicroOperation::Read(code) | MicroOperation::Write(code, _) | MicroOperation::Append(code, _) => vec![code],
            MicroOperation::Swap(one, other) => vec![one, other],
        }
    }
}

/// What a transaction has read, with its own writes applied.
#[derive(Default)]
struct View(Vec<Seen>);

struct Seen {
    code: String,
    target: Option<String>,
    appended: Vec<i64>,
}

impl View {
    fn of(&mut self, code: &str) -> &mut Seen {
        self.0.iter_mut().find(|seen| seen.code == code).expect("every link of every step was read")
    }

    /// The result of a step, with its writes queued; an `Err` aborts the transaction.
    fn apply(&mut self, step: MicroOperation, writes: &mut Pipeline) -> Result<serde_json::Value, String> {
        match step {
            MicroOperation::Read(code) => {
                let seen = self.of(&code);
                let value = if seen.appended.is_empty() { json!(seen.target) } else { json!(seen.appended) };
                Ok(json!(["r", code, value]))
            }
            MicroOperation::Write(code, url) => {
                writes.set(link(&code), &url).ignore();
                self.of(&code).target = Some(url.clone());
                Ok(json!(["w", code, url]))
            }
            MicroOperation::Append(code, value) => {
                writes.rpush(history(&code), value).ignore();
                self.of(&code).appended.push(value);
                Ok(json!(["append", code, value]))
            }
            MicroOperation::Swap(one, other) => {
                let (a, b) = (self.of(&one).target.clone(), self.of(&other).target.clone());
                let (Some(a), Some(b)) = (a, b) else { return Err(format!("{one} or {other} does not exist")) };
                writes.set(link(&one), &b).ignore().set(link(&other), &a).ignore();
                self.of(&one).target = Some(b);
                self.of(&other).target = Some(a);
                Ok(json!(["swap", one, other]))
            }
        }
    }
}

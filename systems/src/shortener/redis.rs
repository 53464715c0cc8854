//! `redis`: a single source of truth. Every node talks to one Redis, and keeps nothing itself.
//!
//! Redis executes one command at a time, so every single command is atomic; what takes more than one (compare-and-set,
//! transactions) is optimistic: WATCH, read, then MULTI … EXEC, which Redis refuses if a watched key was written since.
//! Source: the Redis documentation, "Transactions".

pub mod weakened;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::redis::{Cmd, cmd, pipe};
use async_trait::async_trait;

use super::redis_pool::{Lease, Pool, harmless, in_doubt};
use super::transaction::{View, Write, codes};
use super::{Answer, Committed, Fenced, Links, Lock, MicroOperation, Target, Unavailable, api};
use crate::http;
use crate::node::{Node, NodeFuture};
use crate::story::Story;
use crate::system::{Claim, Fsync, Level, Offer, System};

/// Tolerated by a Redis whose every reply is durable: the minimum, and disks that do not do what they are asked to.
const UNDER: &[&str] = &[
    "none",
    "partition",
    "one-way",
    "flapping",
    "crash",
    "power-loss",
    "pause",
    "skew",
    "slow",
    "loss",
    "duplication",
    "reordering",
    "corruption",
    "slow-disk",
    "disk-full",
    "failed-sync",
];

/// The system: linearizable, available only where Redis is reached.
pub const REDIS: System = System {
    name: "redis",
    about: "link shortener, every node talks to one Redis (appendfsync always)",
    gives_up: "availability wherever Redis is not reached",
    source: "Redis documentation, \"Transactions\" and \"Persistence\"",
    offers: Offer::WHOLE_SHORTENER,
    redis: Some(Fsync::Always),
    leads: false,
    claims: &[Claim { level: Level::Linearizable, under: UNDER, weakened: false }],
    story: Story {
        mechanism: "Every node sends every read and every write to one Redis, which executes one command at a time and \
                    syncs its append-only file before any reply leaves. The order in which Redis executes is the order of \
                    all operations, and nothing that anybody was told is ever lost.",
        failures: &[],
    },
    start: |node| start(node, SOUND),
};

/// The rules that a variant can leave out.
#[derive(Clone, Copy, Debug)]
struct Rules {
    /// Every read asks Redis.
    ask_always: bool,
    /// What may have been sent is never sent again.
    send_once: bool,
    /// A compare-and-set watches the link between its read and its write.
    watch: bool,
}

const SOUND: Rules = Rules { ask_always: true, send_once: true, watch: true };

/// What a node remembers that does not always ask.
type Cache = Arc<Mutex<BTreeMap<String, String>>>;

/// How long a node waits for Redis; shorter than a client waits for a node.
const DEADLINE: Duration = Duration::from_millis(500);

/// How often a compare-and-set starts over when others write between its read and its write.
const ATTEMPTS: usize = 8;

fn start(node: Node, rules: Rules) -> NodeFuture {
    Box::pin(async move {
        // Who means to ask twice waits half as long.
        let deadline = if rules.send_once { DEADLINE } else { DEADLINE / 2 };
        let remembered = (!rules.ask_always).then(Cache::default);
        let links = RedisLinks { pool: Pool::new(node.net.clone(), deadline), remembered, rules };
        http::serve(&node.net, api::router(links)).await
    })
}

/// Links that are kept in Redis.
pub(crate) struct RedisLinks {
    pool: Pool,
    remembered: Option<Cache>,
    rules: Rules,
}

fn link(code: &str) -> String {
    format!("link:{code}")
}

fn followed(code: &str) -> String {
    format!("redirects:{code}")
}

/// The newest token that the link was written with.
fn newest(code: &str) -> String {
    format!("token:{code}")
}

fn held(name: &str) -> String {
    format!("lock:{name}")
}

fn history(code: &str) -> String {
    format!("history:{code}")
}

impl RedisLinks {
    async fn run<T: ::redis::FromRedisValue>(&self, command: &Cmd) -> Result<T, Unavailable> {
        match self.run_once(command).await {
            Err(Unavailable::MayTakeEffect(_)) if !self.rules.send_once => self.run_once(command).await,
            answered => answered,
        }
    }

    async fn run_once<T: ::redis::FromRedisValue>(&self, command: &Cmd) -> Result<T, Unavailable> {
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

#[async_trait]
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
            let mut read = cmd("GET");
            read.arg(&key);
            let current: Option<String> = if self.rules.watch {
                watch(&mut lease, &[&key], &read).await?
            } else {
                harmless(lease.run(&read).await)?
            };
            if current.as_deref() != Some(old) {
                unwatch(lease).await?;
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
            self.run::<u64>(cmd("INCR").arg(followed(code))).await.map_err(in_doubt)?;
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

    /// The lock is watched while a token is drawn: who got an older token than another's acquisition can't come after it.
    async fn lock(&self, name: &str) -> Result<Lock, Unavailable> {
        let key = held(name);
        let mut lease = self.pool.lease().await?;
        let holder: Option<u64> = watch(&mut lease, &[&key], cmd("GET").arg(&key)).await?;
        if holder.is_some() {
            unwatch(lease).await?;
            return Ok(Lock::Held);
        }
        let token: u64 = harmless(lease.run(cmd("INCR").arg("fence")).await)?;
        let set: Option<()> = lease.run_all(pipe().atomic().set(&key, token).ignore()).await?;
        lease.done();
        Ok(if set.is_some() { Lock::Granted(token) } else { Lock::Held })
    }

    async fn unlock(&self, name: &str, token: Option<u64>) -> Result<Answer, Unavailable> {
        let key = held(name);
        let Some(token) = token else {
            let deleted: u64 = self.run(cmd("DEL").arg(&key)).await?;
            return Ok(if deleted == 1 { Answer::Done } else { Answer::Absent });
        };
        let mut lease = self.pool.lease().await?;
        let holder: Option<u64> = watch(&mut lease, &[&key], cmd("GET").arg(&key)).await?;
        if holder != Some(token) {
            unwatch(lease).await?;
            return Ok(Answer::Refused(holder.map(|holder| holder.to_string())));
        }
        let deleted: Option<()> = lease.run_all(pipe().atomic().del(&key).ignore()).await?;
        lease.done();
        // No lock is taken twice with one token: who deleted it in between gave it back for this holder.
        Ok(if deleted.is_some() { Answer::Done } else { Answer::Refused(None) })
    }

    async fn retarget_fenced(&self, code: &str, token: u64, url: &str) -> Result<Fenced, Unavailable> {
        let keys = [&link(code), &newest(code)];
        let mut lease = self.pool.lease().await?;
        for _ in 0..ATTEMPTS {
            let (target, newest): (Option<String>, Option<u64>) =
                watch(&mut lease, &keys, cmd("MGET").arg(&keys)).await?;
            let refused = match (target, newest) {
                (None, _) => Some(Fenced::Absent),
                (_, Some(newest)) if newest > token => Some(Fenced::Stale(newest)),
                _ => None,
            };
            if let Some(refused) = refused {
                unwatch(lease).await?;
                return Ok(refused);
            }
            let set: Option<()> =
                lease.run_all(pipe().atomic().set(keys[0], url).ignore().set(keys[1], token).ignore()).await?;
            if set.is_some() {
                lease.done();
                return Ok(Fenced::Done);
            }
        }
        lease.done();
        Err(Unavailable::NoEffect(format!("others wrote {code} {ATTEMPTS} times in between")))
    }
}

/// Forgets what was watched and gives the connection back.
async fn unwatch(mut lease: Lease<'_>) -> Result<(), Unavailable> {
    harmless(lease.run::<()>(&cmd("UNWATCH")).await)?;
    lease.done();
    Ok(())
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

/// Watches every link that the steps name, works out the results, then writes; Redis refuses if anybody wrote in between.
async fn optimistic(lease: &mut Lease<'_>, steps: Vec<MicroOperation>) -> Result<Committed, Unavailable> {
    let mut view = View::default();
    for code in codes(&steps) {
        let keys = [&link(code), &history(code)];
        let target = watch(lease, &keys, cmd("GET").arg(keys[0])).await?;
        let appended = harmless(lease.run(cmd("LRANGE").arg(keys[1]).arg(0).arg(-1)).await)?;
        view.saw(code, target, appended);
    }
    let (results, writes) = match view.run(steps) {
        Ok(done) => done,
        Err(reason) => {
            harmless(lease.run::<()>(&cmd("UNWATCH")).await)?;
            return Ok(Committed::Aborted(reason));
        }
    };
    let mut queued = pipe();
    queued.atomic();
    for write in writes {
        match write {
            Write::Target(code, url) => queued.set(link(&code), url).ignore(),
            Write::Appended(code, value) => queued.rpush(history(&code), value).ignore(),
        };
    }
    // An empty EXEC still tells whether what was read is one state of the store.
    let committed: Option<()> = lease.run_all(queued.cmd("PING").ignore()).await?;
    Ok(match committed {
        Some(()) => Committed::Yes(results),
        None => Committed::Aborted("somebody wrote one of the links in between".to_owned()),
    })
}

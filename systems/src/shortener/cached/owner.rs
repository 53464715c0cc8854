//! `redis-ring`: every link has one owner, found on the hash ring, and only the owner keeps a copy of it. Whoever is asked
//! for a link asks its owner; whoever is asked to write one has the owner write it. A plain look-up that does not reach the
//! owner goes to Redis.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::broadcast::{OFFERS, REDIS_CACHE};
use super::cache::Cache;
use super::ring::Ring;
use super::store::Store;
use super::tally::Tally;
use super::{DEADLINE, Key, Reply, Request, Write, watch_peers};
use crate::http;
use crate::node::{Node, NodeFuture, spawn};
use crate::peers::{self, Peers};
use crate::shortener::{Answer, Links, Target, Unavailable, api};
use crate::story::{Failure, OLD_READS, Story};
use crate::system::{Claim, Level, MINIMUM, System};

/// The system.
pub const REDIS_RING: System = System {
    name: "redis-ring",
    about: "link shortener, one Redis with a consistent-hash ring: one owner caches each link",
    gives_up: "recency; create, re-target, delete and remote look-up need the link's owner",
    source: "Karger et al. 1997; \"Distributed systems training in Elixir\", part 3",
    offers: OFFERS,
    claims: &[Claim { level: Level::Timeline, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "Links live in one Redis. A hash ring gives every link one owner among the nodes; only the owner keeps a copy, all writes go through it, and a node that is asked for a link asks the owner, or Redis if the owner is not reached.",
        failures: &[Failure {
            anomalies: OLD_READS,
            steps: &[
                "A write reaches Redis, but the owner hears no answer and still has its old copy.",
                "Until that copy is confirmed again, the owner answers with it, and others answer from Redis.",
            ],
            remedy: "To ask Redis at every read.",
            variant: Some("redis"),
            cost: "A round trip to Redis for every read, and no answer while Redis can't be reached.",
        }],
    },
    start: |node| start(node, Copies::DoneOnce),
    ..REDIS_CACHE
};

/// Weakened: a write that a link brings twice is done twice.
pub const REDIS_RING_TWICE: System = System {
    name: "redis-ring-twice",
    about: "`redis-ring`, but an owner does a write as often as it arrives",
    gives_up: "exactly once: a write that was doubled on its way can bring an old target back, or be denied and done",
    source: "Birrell & Nelson 1984, \"Implementing remote procedure calls\" (at most once)",
    claims: &[Claim { level: Level::Timeline, under: MINIMUM, weakened: true }],
    story: Story {
        mechanism: "As the ring, but the owner does not know a request again that it has seen before.",
        failures: &[Failure {
            anomalies: &["never-written", "stale-read", "non-linearizable", "thin-air-read"],
            steps: &[
                "A node asks a link's owner to write it, and the network delivers the request twice.",
                "The owner takes both to Redis. One is refused, or finds no connection, and is answered first.",
                "The node tells its client that nothing was written; the other copy is.",
            ],
            remedy: "To give every request a key, and to answer a second copy with what came of the first.",
            variant: Some("redis-ring"),
            cost: "The owner remembers the outcomes of the last requests of every node.",
        }],
    },
    start: |node| start(node, Copies::DoneEach),
    ..REDIS_RING
};

/// What becomes of a request that arrives a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copies {
    /// It is answered with what came of the first.
    DoneOnce,
    /// It is done again.
    DoneEach,
}

fn start(node: Node, copies: Copies) -> NodeFuture {
    Box::pin(async move {
        let links = OwnedLinks {
            me: node.id.clone(),
            ring: Arc::new(Ring::of(&node.everyone())),
            store: Store::new(node.net.clone()),
            cache: Cache::default(),
            peers: Peers::of(&node),
            tally: Tally::begin(&node).await?,
            sent: Arc::default(),
            written: Arc::default(),
            copies,
        };
        let cache = links.cache.clone();
        watch_peers(&node, &links.peers, &links.tally, move || cache.doubt_all());
        let (served, owner) = (node.clone(), links.clone());
        spawn(async move {
            let serve = move |_, request| {
                let owner = owner.clone();
                async move { owner.serve(request).await }
            };
            if let Err(error) = peers::serve(&served, serve).await {
                tracing::error!("no links from peers: {error}");
            }
        });
        http::serve(&node.net, api::router(links)).await
    })
}

#[derive(Clone)]
struct OwnedLinks {
    me: Arc<str>,
    ring: Arc<Ring>,
    store: Store,
    cache: Cache,
    peers: Peers<Request, Reply>,
    tally: Tally,
    /// How many writes this life of the node has sent to owners.
    sent: Arc<AtomicU64>,
    written: Arc<Mutex<Written>>,
    copies: Copies,
}

/// What came of the last writes of each life of a node, as far as it is known.
type Written = BTreeMap<Arc<str>, BTreeMap<u64, Arc<OnceCell<Reply>>>>;

/// As many writes of a life are remembered: many more than are ever under way at once.
const REMEMBERED: u64 = 1000;

/// What an owner does.
impl OwnedLinks {
    async fn serve(&self, request: Request) -> Reply {
        match request {
            Request::Heartbeat(known) => Reply::Redirects(self.tally.lacking(&known)),
            Request::LookUp(code) => Reply::Found(self.look_up(&code).await.map_err(Into::into)),
            Request::Write(key, write) => {
                let write = async || Reply::Written(self.write_own(&write).await.map_err(Into::into));
                if self.copies == Copies::DoneEach {
                    return write().await;
                }
                self.outcome(key).get_or_init(write).await.clone()
            }
            _ => Reply::Taken,
        }
    }

    /// Where the outcome of this write is, or will be.
    fn outcome(&self, (life, number): Key) -> Arc<OnceCell<Reply>> {
        let mut written = self.written.lock().expect("no holder panics");
        let of_life = written.entry(life).or_default();
        *of_life = of_life.split_off(&number.saturating_sub(REMEMBERED));
        of_life.entry(number).or_default().clone()
    }

    async fn look_up(&self, code: &str) -> Result<Option<String>, Unavailable> {
        let entry = match self.cache.trusted(code) {
            Some(entry) => entry,
            None => match self.store.read(code).await {
                Ok(entry) => self.cache.offer(code, entry),
                Err(unreached) => self.cache.any(code).ok_or(unreached)?,
            },
        };
        Ok(entry.url)
    }

    async fn write_own(&self, write: &Write) -> Result<Answer, Unavailable> {
        match self.store.write(write).await {
            Ok((answer, entry)) => {
                self.cache.offer(write.code(), entry);
                Ok(answer)
            }
            Err(unavailable) => {
                self.cache.doubt(write.code());
                Err(unavailable)
            }
        }
    }
}

/// What the node does that a client asks.
impl OwnedLinks {
    /// The owner of a link, if it is another node.
    fn remote_owner(&self, code: &str) -> Option<&Arc<str>> {
        Some(self.ring.owner(code)).filter(|owner| **owner != self.me)
    }

    /// Asks the link's owner where it leads.
    async fn look_up_at_owner(&self, code: &str) -> Result<Option<String>, Unavailable> {
        let Some(owner) = self.remote_owner(code) else { return self.look_up(code).await };
        match self.peers.ask(owner, Request::LookUp(code.to_owned()), DEADLINE).await {
            Ok(Reply::Found(found)) => Ok(found?),
            Ok(reply) => Err(Unavailable::NoEffect(format!("{owner} answered {reply:?}"))),
            // Nothing was counted yet, and a look-up has no effect of its own.
            Err(error) => Err(Unavailable::NoEffect(error.to_string())),
        }
    }

    async fn write(&self, write: Write) -> Result<Answer, Unavailable> {
        let Some(owner) = self.remote_owner(write.code()) else { return self.write_own(&write).await };
        let key = (self.tally.life().clone(), self.sent.fetch_add(1, Ordering::Relaxed));
        match self.peers.ask(owner, Request::Write(key, write), DEADLINE).await? {
            Reply::Written(written) => Ok(written?),
            reply => Err(Unavailable::MayTakeEffect(format!("{owner} answered {reply:?}"))),
        }
    }
}

impl Write {
    /// The link that it is about.
    fn code(&self) -> &str {
        match self {
            Write::Create { code, .. }
            | Write::Retarget { code, .. }
            | Write::CompareAndSet { code, .. }
            | Write::Delete { code } => code,
            Write::Claim { alias, .. } => alias,
        }
    }
}

#[async_trait]
impl Links for OwnedLinks {
    async fn create(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        self.write(Write::Create { code: code.to_owned(), url: url.to_owned() }).await
    }

    async fn claim(&self, alias: &str, url: &str) -> Result<Answer, Unavailable> {
        self.write(Write::Claim { alias: alias.to_owned(), url: url.to_owned() }).await
    }

    async fn retarget(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        self.write(Write::Retarget { code: code.to_owned(), url: url.to_owned() }).await
    }

    async fn compare_and_set(&self, code: &str, old: &str, new: &str) -> Result<Answer, Unavailable> {
        self.write(Write::CompareAndSet { code: code.to_owned(), old: old.to_owned(), new: new.to_owned() }).await
    }

    async fn delete(&self, code: &str) -> Result<Answer, Unavailable> {
        self.write(Write::Delete { code: code.to_owned() }).await
    }

    async fn follow(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        let url = match self.look_up_at_owner(code).await {
            Ok(url) => url,
            Err(_) => self.store.read(code).await?.url,
        };
        super::follow(&self.tally, code, url).await
    }

    async fn follow_cached(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        let entry = self.cache.any(code).ok_or(Unavailable::NotCached)?;
        super::follow(&self.tally, code, entry.url).await
    }

    async fn follow_fresh(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        let url = self.look_up_at_owner(code).await?;
        super::follow(&self.tally, code, url).await
    }

    async fn redirects(&self, code: &str) -> Result<u64, Unavailable> {
        Ok(self.tally.total(code))
    }
}

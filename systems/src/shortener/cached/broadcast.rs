//! `redis-cache`: every node keeps a copy of every link that it has heard of. Whoever writes tells all others; a node that
//! has no copy asks Redis; a node without Redis answers from the copy that it has.

use std::time::Duration;

use async_trait::async_trait;

use super::cache::{Cache, Entry};
use super::store::Store;
use super::tally::Tally;
use super::{DEADLINE, Reply, Request, Write, watch_peers};
use crate::http;
use crate::node::{Node, NodeFuture, spawn};
use crate::peers::{self, Peers};
use crate::shortener::redis::REDIS;
use crate::shortener::{Answer, Links, Target, Unavailable, api};
use crate::story::{Failure, OLD_READS, Story};
use crate::system::{Claim, Level, MINIMUM, Offer, System};

/// What the caches offer: no transactions and no locks, which would need to know every cached link that they touch.
pub(super) const OFFERS: &[Offer] =
    &[Offer::Links, Offer::Retarget, Offer::Claim, Offer::CompareAndSet, Offer::Delete, Offer::Count];

/// The system.
pub const REDIS_CACHE: System = System {
    name: "redis-cache",
    about: "link shortener, one Redis with a cache on every node",
    gives_up: "recency: a re-targeted link is stale until its copies are told, at most 400 ms while Redis is reached",
    source: "\"Distributed systems training in Elixir\", part 2",
    offers: OFFERS,
    claims: &[Claim { level: Level::Timeline, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "Links live in one Redis, each with a version. Every node keeps copies: a writer sends the new version to all others, an older one never replaces a newer, and a copy that is older than 400 ms is confirmed at Redis before it is used, as long as Redis can be reached.",
        failures: &[Failure {
            anomalies: OLD_READS,
            steps: &[
                "A link is re-targeted through one node, which tells the others.",
                "Before a node hears of it, or while it is cut off, it answers from its copy.",
            ],
            remedy: "To ask Redis at every read.",
            variant: Some("redis"),
            cost: "A round trip to Redis for every read, and no answer while Redis can't be reached.",
        }],
    },
    start: |node| start(node, Copies::Versioned),
    ..REDIS
};

/// Weakened: nothing tells an old copy from a new one.
pub const CACHE_FILL_RACE: System = System {
    name: "cache-fill-race",
    about: "`redis-cache` without versions: a miss can be filled after the invalidation that it missed",
    gives_up: "a link can stay stale for ever, without any fault",
    claims: &[Claim { level: Level::Timeline, under: MINIMUM, weakened: true }],
    story: Story {
        mechanism: "Links live in one Redis. Every node keeps copies, without versions: a writer tells all nodes to forget theirs, and a node that has none asks Redis and keeps the answer a moment later.",
        failures: &[Failure {
            anomalies: OLD_READS,
            steps: &[
                "A node has no copy and asks Redis, which answers with the present target.",
                "Before the node keeps the answer, another re-targets the link and tells everybody to forget it.",
                "The node forgets: there is nothing to forget yet. Then it keeps the old answer.",
                "Nothing ever tells it again: the copy stays stale for ever.",
            ],
            remedy: "To give each link a version, and never to let an older one replace a newer.",
            variant: Some("redis-cache"),
            cost: "A counter for each link in Redis.",
        }],
    },
    start: |node| start(node, Copies::Unversioned),
    ..REDIS_CACHE
};

/// Weakened: a node that was not told of a write never finds out.
pub const REDIS_CACHE_DEAF: System = System {
    name: "redis-cache-deaf",
    about: "`redis-cache`, but a copy is never confirmed: what a node was not told it does not ask",
    gives_up: "a link that was re-targeted during a cut stays stale on the other side for ever",
    claims: &[Claim { level: Level::Timeline, under: MINIMUM, weakened: true }],
    story: Story {
        mechanism: "Links live in one Redis, each with a version. Every node keeps copies, and a writer sends the new version to all others, once. A copy is used until a newer one comes.",
        failures: &[Failure {
            anomalies: OLD_READS,
            steps: &[
                "A link is re-targeted while some nodes are cut off, or the message to them is lost.",
                "The writer does not try again, and the others have no reason to ask.",
                "The network heals, and they go on answering from the old copy.",
            ],
            remedy: "To confirm a copy at Redis when it is old, and all copies when a peer comes back.",
            variant: Some("redis-cache"),
            cost: "A read of Redis for each link that is still in use, every 400 ms.",
        }],
    },
    start: |node| start(node, Copies::Unconfirmed),
    ..REDIS_CACHE
};

/// How long after its miss a copy is kept: nobody waits for it.
const FILL_DELAY: Duration = Duration::from_millis(25);

/// How copies are kept right.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copies {
    /// Writers send the new version, an older one never replaces a newer, and a copy is confirmed again after a while.
    Versioned,
    /// Writers say that a copy is to be forgotten, and a copy stays until then.
    Unversioned,
    /// Writers send the new version, an older one never replaces a newer, and a copy is never asked after again.
    Unconfirmed,
}

fn start(node: Node, copies: Copies) -> NodeFuture {
    Box::pin(async move {
        let tally = Tally::begin(&node).await?;
        let links = CachedLinks {
            store: Store::new(node.net.clone()),
            cache: Cache::default(),
            peers: Peers::of(&node),
            tally,
            node: node.clone(),
            copies,
        };
        let cache = links.cache.clone();
        watch_peers(&node, &links.peers, &links.tally, move || cache.doubt_all());
        let (served, told) = (node.clone(), links.clone());
        spawn(async move {
            let take = move |_, request| {
                let links = told.clone();
                async move { links.take(request) }
            };
            if let Err(error) = peers::serve(&served, take).await {
                tracing::error!("no links from peers: {error}");
            }
        });
        http::serve(&node.net, api::router(links)).await
    })
}

#[derive(Clone)]
struct CachedLinks {
    store: Store,
    cache: Cache,
    peers: Peers<Request, Reply>,
    tally: Tally,
    node: Node,
    copies: Copies,
}

impl CachedLinks {
    /// What a peer says.
    fn take(&self, request: Request) -> Reply {
        match request {
            Request::Heartbeat(known) => return Reply::Redirects(self.tally.lacking(&known)),
            Request::Fill(code, entry) => {
                self.cache.offer(&code, entry);
            }
            Request::Forget(code) => self.cache.remove(&code),
            _ => tracing::warn!("a peer asked for what only an owner does"),
        }
        Reply::Taken
    }

    /// The copy that needs no confirmation.
    fn copy(&self, code: &str) -> Option<Entry> {
        match self.copies {
            Copies::Versioned => self.cache.trusted(code),
            Copies::Unversioned | Copies::Unconfirmed => self.cache.any(code),
        }
    }

    /// Keeps a copy of what Redis said, off the path of the request that asked.
    fn fill_later(&self, code: &str, entry: Entry) {
        let (cache, code) = (self.cache.clone(), code.to_owned());
        spawn(async move {
            tokio::time::sleep(FILL_DELAY).await;
            cache.offer(&code, entry);
        });
    }

    async fn write(&self, code: &str, write: Write) -> Result<Answer, Unavailable> {
        match self.store.write(&write).await {
            Ok((answer, entry)) => {
                let news = match self.copies {
                    Copies::Versioned | Copies::Unconfirmed => {
                        Request::Fill(code.to_owned(), self.cache.offer(code, entry))
                    }
                    Copies::Unversioned => {
                        self.cache.remove(code);
                        Request::Forget(code.to_owned())
                    }
                };
                self.tell_everybody(&news);
                Ok(answer)
            }
            Err(unavailable) => {
                self.cache.doubt(code);
                Err(unavailable)
            }
        }
    }

    /// Sends `news` to every peer, and does not wait: who is not reached finds out when it confirms its copy.
    fn tell_everybody(&self, news: &Request) {
        for peer in self.node.peers.clone() {
            let (peers, news) = (self.peers.clone(), news.clone());
            spawn(async move {
                if let Err(error) = peers.ask(&peer, news, DEADLINE).await {
                    tracing::debug!("{peer} was not told: {error}");
                }
            });
        }
    }
}

#[async_trait]
impl Links for CachedLinks {
    async fn create(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        self.write(code, Write::Create { code: code.to_owned(), url: url.to_owned() }).await
    }

    async fn claim(&self, alias: &str, url: &str) -> Result<Answer, Unavailable> {
        self.write(alias, Write::Claim { alias: alias.to_owned(), url: url.to_owned() }).await
    }

    async fn retarget(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        self.write(code, Write::Retarget { code: code.to_owned(), url: url.to_owned() }).await
    }

    async fn compare_and_set(&self, code: &str, old: &str, new: &str) -> Result<Answer, Unavailable> {
        let write = Write::CompareAndSet { code: code.to_owned(), old: old.to_owned(), new: new.to_owned() };
        self.write(code, write).await
    }

    async fn delete(&self, code: &str) -> Result<Answer, Unavailable> {
        self.write(code, Write::Delete { code: code.to_owned() }).await
    }

    async fn follow(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        let entry = match self.copy(code) {
            Some(entry) => entry,
            None => match self.store.read(code).await {
                Ok(entry) => {
                    self.fill_later(code, entry.clone());
                    entry
                }
                Err(unreached) => self.cache.any(code).ok_or(unreached)?,
            },
        };
        super::follow(&self.tally, code, entry.url).await
    }

    async fn follow_cached(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        let entry = self.cache.any(code).ok_or(Unavailable::NotCached)?;
        super::follow(&self.tally, code, entry.url).await
    }

    async fn follow_fresh(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        let entry = self.cache.offer(code, self.store.read(code).await?);
        super::follow(&self.tally, code, entry.url).await
    }

    async fn redirects(&self, code: &str) -> Result<u64, Unavailable> {
        Ok(self.tally.total(code))
    }
}

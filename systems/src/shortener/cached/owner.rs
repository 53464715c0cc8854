//! `redis-ring`: every link has one owner, found on the hash ring, and only the owner keeps a copy of it. Whoever is asked
//! for a link asks its owner; whoever is asked to write one has the owner write it. A plain look-up that does not reach the
//! owner goes to Redis.

use std::sync::Arc;

use super::broadcast::{OFFERS, REDIS_CACHE, UNDER};
use super::cache::Cache;
use super::ring::Ring;
use super::store::Store;
use super::tally::Tally;
use super::{DEADLINE, Reply, Request, Write, watch_peers};
use crate::http;
use crate::node::{Node, NodeFuture, spawn};
use crate::peers::{self, Peers};
use crate::shortener::{Answer, Links, Target, Unavailable, api};
use crate::system::{Claim, Level, System};

/// The system.
pub const REDIS_RING: System = System {
    name: "redis-ring",
    about: "link shortener, one Redis with a consistent-hash ring: one owner caches each link",
    gives_up: "recency; create, re-target, delete and remote look-up need the link's owner",
    source: "Karger et al. 1997; \"Distributed systems training in Elixir\", part 3",
    offers: OFFERS,
    claims: &[Claim { level: Level::Eventual, under: UNDER, weakened: false }],
    start,
    ..REDIS_CACHE
};

fn start(node: Node) -> NodeFuture {
    Box::pin(async move {
        let links = OwnedLinks {
            me: node.id.clone(),
            ring: Arc::new(Ring::of(&node.everyone())),
            store: Store::new(node.net.clone()),
            cache: Cache::default(),
            peers: Peers::of(&node),
            tally: Tally::begin(&node).await?,
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
}

/// What an owner does.
impl OwnedLinks {
    async fn serve(&self, request: Request) -> Reply {
        match request {
            Request::Heartbeat(known) => Reply::Redirects(self.tally.lacking(&known)),
            Request::LookUp(code) => Reply::Found(self.look_up(&code).await.map_err(Into::into)),
            Request::Write(write) => Reply::Written(self.write_own(&write).await.map_err(Into::into)),
            _ => Reply::Taken,
        }
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
        match self.peers.ask(owner, Request::Write(write), DEADLINE).await? {
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

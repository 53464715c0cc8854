//! A node's sentinel: it asks every node four times a second whether it is there, which also spreads who is primary. When the
//! primary has been silent for a second and a majority of the sentinels says so too, a sentinel stands for election; the
//! majority's choice promotes the replica with the longest log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tokio::time::{Instant, sleep};

use super::server::Server;
use super::store::End;
use super::{DEADLINE, Reign, Reply, Request};
use crate::node::{Node, spawn};
use crate::peers::Peers;

/// How often a node is asked whether it is there.
const PING: Duration = Duration::from_millis(250);

/// How long a primary must be silent to be down for a sentinel (`down-after-milliseconds`).
const DOWN_AFTER: Duration = Duration::from_secs(1);

/// How long a sentinel that voted for another leaves the failover to that one (`failover-timeout`).
const YIELDS: Duration = Duration::from_secs(1);

/// A node's sentinel; clones are the same.
#[derive(Clone)]
pub(super) struct Sentinel {
    server: Server,
    peers: Peers<Request, Reply>,
    others: Vec<Arc<str>>,
    rng: ChaCha8Rng,
    /// When each node last answered.
    heard: Arc<Mutex<BTreeMap<Arc<str>, Instant>>>,
    /// Until when it leaves the failover to whom it voted for.
    yields_until: Arc<Mutex<Instant>>,
}

impl Sentinel {
    pub(super) fn new(node: &Node, server: Server, peers: Peers<Request, Reply>) -> Sentinel {
        let heard = node.peers.iter().map(|peer| (peer.clone(), Instant::now())).collect();
        let heard = Arc::new(Mutex::new(heard));
        let yields_until = Arc::new(Mutex::new(Instant::now()));
        Sentinel { server, peers, others: node.peers.clone(), rng: node.rng.clone(), heard, yields_until }
    }

    /// Starts to watch.
    pub(super) fn monitor(&self) {
        for other in self.others.clone() {
            let sentinel = self.clone();
            spawn(async move {
                loop {
                    sentinel.greet(&other).await;
                    sleep(PING).await;
                }
            });
        }
        let mut sentinel = self.clone();
        spawn(async move {
            loop {
                // Sentinels that all stood for election at once would split the votes for ever.
                let patience = sentinel.rng.random_range(1..=4);
                sleep(PING * patience).await;
                sentinel.look_after_the_primary().await;
            }
        });
    }

    /// Asks a node whether it is there; returns where its log ends.
    async fn greet(&self, other: &Arc<str>) -> Option<End> {
        let greeting = Request::Hello(self.server.reign());
        let Ok(Reply::At(reign, end)) = self.peers.ask(other, greeting, DEADLINE).await else { return None };
        self.heard.lock().expect("no holder panics").insert(other.clone(), Instant::now());
        self.server.learn(reign);
        Some(end)
    }

    /// Whether the primary of this reign, the present one, is down for this sentinel.
    pub(super) fn finds_down(&self, reign: &Reign) -> bool {
        let heard = self.heard.lock().expect("no holder panics").get(&reign.primary).copied();
        *reign == self.server.reign() && heard.is_some_and(|heard| heard.elapsed() > DOWN_AFTER)
    }

    /// Votes for whoever asks first in an epoch.
    pub(super) fn vote(&self, epoch: u64) -> bool {
        let grants = self.server.vote(epoch);
        if grants {
            *self.yields_until.lock().expect("no holder panics") = Instant::now() + YIELDS;
        }
        grants
    }

    async fn look_after_the_primary(&self) {
        if Instant::now() < *self.yields_until.lock().expect("no holder panics") {
            return;
        }
        let reign = self.server.reign();
        let down = Some(&reign.primary);
        if self.server.has_rival() {
            self.fail_over(None).await;
        } else if self.finds_down(&reign) && self.majority_says(Request::IsDown(reign.clone()), down).await {
            self.fail_over(down).await;
        }
    }

    /// All others but the one that is down, which would keep everybody waiting.
    fn others_but(&self, down: Option<&Arc<str>>) -> impl Iterator<Item = &Arc<str>> {
        self.others.iter().filter(move |other| Some(*other) != down)
    }

    /// Whether a majority agrees, this sentinel included, which does.
    async fn majority_says(&self, question: Request, down: Option<&Arc<str>>) -> bool {
        let asked = self.others_but(down).map(|other| self.peers.ask(other, question.clone(), DEADLINE));
        let agreed = |reply: &Result<Reply, _>| matches!(reply, Ok(Reply::Agreed(true)));
        1 + join_all(asked).await.iter().filter(|reply| agreed(reply)).count() >= self.server.majority
    }

    /// Stands for election, and promotes whoever has the longest log: not `down`, or, where two primaries met, anybody.
    async fn fail_over(&self, down: Option<&Arc<str>>) {
        let epoch = self.server.candidacy();
        if !self.majority_says(Request::Vote(epoch), down).await {
            return;
        }
        let Some(primary) = self.longest_log(down).await else { return };
        let reign = Reign { epoch, primary, settled: down.is_none() };
        tracing::info!("elected in epoch {epoch}: promotes {}", reign.primary);
        if reign.primary == self.server.me {
            return self.server.follow(reign);
        }
        let promoted = self.peers.ask(&reign.primary, Request::Promote(reign.clone()), DEADLINE).await;
        // Without its answer nobody knows: if it was promoted, its own sentinel spreads that.
        if matches!(promoted, Ok(Reply::At(theirs, _)) if theirs == reign) {
            self.server.follow(reign);
        }
    }

    /// Among the nodes that answer, the one with the highest offset; of several, the first by name.
    async fn longest_log(&self, down: Option<&Arc<str>>) -> Option<Arc<str>> {
        let ends = join_all(self.others_but(down).map(|other| self.greet(other))).await;
        let mut known: Vec<(&Arc<str>, End)> =
            self.others_but(down).zip(ends).filter_map(|(other, end)| Some((other, end?))).collect();
        known.push((&self.server.me, self.server.end()));
        let longest = known.into_iter().min_by_key(|(node, end)| (std::cmp::Reverse(end.offset), *node));
        longest.map(|(node, _)| node.clone())
    }
}

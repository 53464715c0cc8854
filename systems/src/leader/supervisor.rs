//! The supervisor of the job: every node has one, and the one whose node gets the lease has the job done until it ends.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tokio::sync::{mpsc, watch};

use super::job::{Waiting, step};
use super::quorum::{No, Quorum};
use super::{LEASE, Request, Watch};
use crate::board::Board;
use crate::node::{Node, spawn};

/// How often a leader renews its lease.
const RENEWAL: Duration = Duration::from_millis(300);

/// How long those who see a lease end wait at most before they stand for it: rarely do two stand at once.
const STAGGER_MS: u64 = 200;

/// How often a node looks whether the lease has ended: a clock that can be set is not waited for.
const LOOK: Duration = Duration::from_millis(20);

/// How many requests share a step of the job at most.
const BATCH: usize = 64;

/// A node's supervisor.
pub(super) struct Supervisor {
    quorum: Quorum,
    watch: Watch,
    board: Board,
    rng: ChaCha8Rng,
}

/// The lease of a leader; clones are the same.
#[derive(Clone, Debug)]
struct Held {
    token: u64,
    /// Until when it lasts; `None` if the leader has given it up.
    ends: Arc<Mutex<Option<Duration>>>,
}

impl Held {
    fn given_up(&self) -> bool {
        self.ends().is_none()
    }

    /// A leader that has given up does not lead again with the same token.
    fn extend(&self, until: Duration) {
        let mut ends = self.ends();
        *ends = ends.map(|_| until);
    }

    fn give_up(&self) {
        *self.ends() = None;
    }

    fn ends(&self) -> MutexGuard<'_, Option<Duration>> {
        self.ends.lock().expect("no holder panics")
    }
}

impl Supervisor {
    pub(super) fn new(node: &Node, quorum: Quorum, watch: Watch) -> Supervisor {
        Supervisor { quorum, watch, board: node.board.clone(), rng: node.rng.clone() }
    }

    /// Stands for the lease whenever it ends, and has the job done while it is this node's.
    pub(super) async fn supervise(mut self, door: (mpsc::UnboundedReceiver<Waiting>, watch::Sender<bool>)) {
        let (mut requests, leading) = door;
        loop {
            if let Some(held) = self.stand().await {
                self.board.lead(&self.quorum.me, held.token);
                leading.send_replace(true);
                tracing::info!("{} leads with token {}", self.quorum.me, held.token);
                spawn(renew(self.quorum.clone(), held.clone(), self.watch.clone()));
                let again = self.lead(&held, &mut requests).await;
                held.give_up();
                leading.send_replace(false);
                self.board.follow(&self.quorum.me);
                tracing::info!("{} does not lead with token {} any more", self.quorum.me, held.token);
                if again {
                    continue;
                }
            }
            self.turn_away(&mut requests).await;
        }
    }

    /// Asks a majority for the lease. It is counted from before the question, so that it ends here first.
    async fn stand(&self) -> Option<Held> {
        let ends = self.watch.now() + LEASE;
        let token = self.quorum.highest() + 1;
        if self.quorum.agree(&Request::Lease { token }).await.is_err() {
            let quorum = self.quorum.clone();
            spawn(async move {
                // Who does not hear of it waits until the lease has ended.
                let _heard = quorum.agree(&Request::Release { token }).await;
            });
            return None;
        }
        Some(Held { token, ends: Arc::new(Mutex::new(Some(ends))) })
    }

    /// Has the job done, step by step, until the lease is given up: a process can't look at its lease at the very moment at
    /// which it acts. Returns whether to stand again at once: some voter has promised a higher token to somebody who did not
    /// get a majority, and follows only one that is higher still.
    async fn lead(&self, held: &Held, requests: &mut mpsc::UnboundedReceiver<Waiting>) -> bool {
        while !held.given_up() {
            if self.quorum.highest() > held.token {
                return true;
            }
            let mut waiting = Vec::new();
            if tokio::time::timeout(LOOK, requests.recv_many(&mut waiting, BATCH)).await.is_ok() {
                step(&self.quorum, held.token, waiting).await;
            }
        }
        false
    }

    /// Tells who asks that this node does not lead, until it is time to stand.
    async fn turn_away(&mut self, requests: &mut mpsc::UnboundedReceiver<Waiting>) {
        let stagger = Duration::from_millis(self.rng.random_range(0..STAGGER_MS));
        let mut ended_at = None;
        loop {
            let now = self.watch.now();
            if now < self.quorum.voter.lease_ends() {
                ended_at = None;
            } else if now >= *ended_at.get_or_insert(now) + stagger {
                return;
            }
            if let Ok(Some(waiting)) = tokio::time::timeout(LOOK, requests.recv()).await {
                // Whoever asked may have given up.
                let _gone = waiting.send(Err(format!("{} does not lead", self.quorum.me)));
            }
        }
    }
}

/// Renews the lease until it is given up, because another has it or because it has ended.
async fn renew(quorum: Quorum, held: Held, watch: Watch) {
    while !held.given_up() {
        tokio::time::sleep(RENEWAL).await;
        let until = watch.now() + LEASE;
        match quorum.agree(&Request::Renew { token: held.token }).await {
            Ok(_) => held.extend(until),
            Err(No::TooFew) if held.ends().is_some_and(|ends| watch.now() < ends) => {}
            Err(No::TooFew | No::Refused) => held.give_up(),
        }
    }
}

//! The job: it gives out numbers, each once, and its state outlives whoever does it.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::quorum::{No, Quorum};
use super::voter::Checkpoint;
use super::{Act, Request};

/// Somebody who waits for an act.
pub(super) type Waiting = oneshot::Sender<Result<Act, String>>;

/// Where a request waits at most, before its client is gone.
const PATIENCE: Duration = Duration::from_millis(900);

/// Where acts are asked for: at this node's own job if it leads, else at the leader; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    quorum: Quorum,
    requests: mpsc::UnboundedSender<Waiting>,
    leads: watch::Receiver<bool>,
}

impl Desk {
    /// A desk, and what its supervisor takes: the requests, and where it says whether this node leads.
    pub(super) fn new(quorum: Quorum) -> (Desk, (mpsc::UnboundedReceiver<Waiting>, watch::Sender<bool>)) {
        let (requests, waiting) = mpsc::unbounded_channel();
        let (leading, leads) = watch::channel(false);
        (Desk { quorum, requests, leads }, (waiting, leading))
    }

    /// Asks this node's own job; an `Err` says why nothing was done.
    pub(super) async fn act(&self) -> Result<Act, String> {
        let (sender, answer) = oneshot::channel();
        self.requests.send(sender).map_err(|_| "this node ends")?;
        let answered = tokio::time::timeout(PATIENCE, answer).await.map_err(|_| "the job does not come to it")?;
        answered.map_err(|_| "this node ends")?
    }

    /// Asks whoever leads: this node, for all that it knows, or who has its vote.
    pub(super) async fn act_anywhere(&self) -> Result<Act, String> {
        if *self.leads.borrow() {
            return self.act().await;
        }
        match self.quorum.voter.leader() {
            Some(leader) if leader == self.quorum.me => Err("this node stands for the lease".to_owned()),
            Some(leader) => self.quorum.forward(&leader).await,
            None => Err("this node knows no leader yet".to_owned()),
        }
    }
}

/// One step of the job, for all who wait: loads the last number, and stores the last of those that it gives out.
pub(super) async fn step(quorum: &Quorum, token: u64, waiting: Vec<Waiting>) {
    let stepped = take(quorum, token, waiting.len() as u64).await;
    for (waiting, at) in waiting.into_iter().zip(1..) {
        let act = |last: u64| Act { token, by: quorum.me.clone(), number: last + at };
        // Whoever asked may have given up.
        let _gone = waiting.send(stepped.map(act).map_err(|no| no.to_string()));
    }
}

/// Takes `count` numbers; returns the one before the first of them.
async fn take(quorum: &Quorum, token: u64, count: u64) -> Result<u64, No> {
    let Checkpoint { number, .. } = quorum.agree(&Request::Load { token }).await?;
    quorum.agree(&Request::Store(Checkpoint { token, number: number + count })).await?;
    Ok(number)
}

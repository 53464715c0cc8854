//! Any node serves any request: it takes the request to the leader, and asks again while there is time. That is safe because
//! a command takes effect once however often it is sent (`super::machine`).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use super::node::{Events, Reply, Request, Wanted, ask};
use crate::call::CallError;
use crate::node::{Node, spawn};
use crate::peers::Peers;
use crate::shortener::Unavailable;
use crate::shortener::commands::{Execute, unexpected};
use crate::shortener::machine::{Command, Machine, Outcome, Proposal};
use crate::shortener::session::Numbers;

/// How long a request is tried; shorter than a client waits for a node, longer than most elections.
const PATIENCE: Duration = Duration::from_millis(850);

/// How long one leader is waited for before it is asked again.
const ONE_TRY: Duration = Duration::from_millis(400);

/// How long a node that was told by one that it does not lead waits before it asks again.
const AGAIN: Duration = Duration::from_millis(20);

/// A node's way to the leader; clones are the same.
#[derive(Clone)]
pub(super) struct Service {
    me: Arc<str>,
    life: u64,
    peers: Peers<Request, Reply>,
    events: Events,
    leader: watch::Receiver<Option<Arc<str>>>,
    numbers: Numbers,
}

impl Service {
    pub(super) fn new(
        node: &Node,
        life: u64,
        peers: Peers<Request, Reply>,
        events: Events,
        leader: watch::Receiver<Option<Arc<str>>>,
    ) -> Service {
        Service { me: node.id.clone(), life, peers, events, leader, numbers: Numbers::default() }
    }

    /// The shortener on it; with `own` it answers reads from that state.
    pub(super) fn links(self, own: Option<Arc<Mutex<Machine>>>) -> RaftLinks {
        RaftLinks { service: self, own }
    }

    /// Has a command done.
    async fn run(&self, command: Command) -> Result<Outcome, Unavailable> {
        let (awaited, settled) = self.numbers.next();
        let session = (self.me.clone(), self.life);
        self.want(Wanted::Done(Proposal { session, number: awaited.number, settled, command })).await
    }

    /// Takes a request to whoever leads until it is answered or time is up.
    ///
    /// Only what was never sent surely had no effect: a leader that says that it leads no more may have taken in another
    /// copy before, and that may still be committed by the next.
    async fn want(&self, wanted: Wanted) -> Result<Outcome, Unavailable> {
        let end = Instant::now() + PATIENCE;
        let mut leaders = self.leader.clone();
        let mut sent = false;
        while let Some(leader) = known(&mut leaders, end).await {
            let one_try = end.min(Instant::now() + ONE_TRY);
            // A new leader answers sooner than one that is gone.
            let answer = tokio::select! {
                biased;
                answer = self.ask(&leader, wanted.clone(), one_try) => answer,
                _ = leaders.changed() => Err(CallError::Lost("another node leads".into())),
            };
            match answer {
                Ok(Reply::Outcome(outcome)) => return Ok(outcome),
                Err(CallError::NotSent(_)) => {}
                Ok(_) | Err(_) => sent = true,
            }
            if Instant::now() + AGAIN >= end {
                break;
            }
            sleep(AGAIN).await;
        }
        let reason = format!("{} found no leader with a majority within {PATIENCE:?}", self.me);
        Err(if sent { Unavailable::MayTakeEffect(reason) } else { Unavailable::NoEffect(reason) })
    }

    async fn ask(&self, leader: &Arc<str>, wanted: Wanted, end: Instant) -> Result<Reply, CallError> {
        let request = Request::Client(wanted);
        if *leader == self.me {
            let asking = ask(self.events.clone(), self.me.clone(), request);
            return timeout_at(end, asking).await.map_err(|_| CallError::Lost("no majority has it yet".into()));
        }
        self.peers.ask(leader, request, end - Instant::now()).await
    }
}

/// The leader, as soon as there is one; `None` if there is none in time.
async fn known(leaders: &mut watch::Receiver<Option<Arc<str>>>, end: Instant) -> Option<Arc<str>> {
    let known = timeout_at(end, leaders.wait_for(Option::is_some)).await;
    known.ok()?.ok()?.clone()
}

/// Links that are kept in the replicated log.
#[derive(Clone)]
pub(crate) struct RaftLinks {
    service: Service,
    own: Option<Arc<Mutex<Machine>>>,
}

impl RaftLinks {
    /// This node, and in which of its lives it is.
    pub(crate) fn me(&self) -> (&Arc<str>, u64) {
        (&self.service.me, self.service.life)
    }

    /// In which of its lives a node is now; an `Err` if it does not answer.
    pub(crate) async fn life_of(&self, node: &Arc<str>) -> Result<u64, CallError> {
        let Service { me, life, peers, .. } = &self.service;
        if node == me {
            return Ok(*life);
        }
        match peers.ask(node, Request::Life, ONE_TRY).await? {
            Reply::Life(life) => Ok(life),
            other => Err(CallError::Lost(format!("{node} answered {other:?}"))),
        }
    }
}

impl Execute for RaftLinks {
    /// A redirect is counted, so it is as linearizable as any other command, unless a node answers from its own state.
    async fn execute(&self, command: Command) -> Result<Outcome, Unavailable> {
        let (Some(own), Command::Follow { code }) = (&self.own, &command) else {
            return self.service.run(command).await;
        };
        let target = own.lock().expect("no holder panics").target(code);
        let service = self.service.clone();
        spawn(async move {
            // The client has its answer; a redirect that can't be counted now is not counted.
            let _uncounted = service.run(command).await;
        });
        Ok(Outcome::Target(target))
    }

    async fn redirects(&self, code: &str) -> Result<u64, Unavailable> {
        if let Some(own) = &self.own {
            return Ok(own.lock().expect("no holder panics").redirects(code));
        }
        match self.service.want(Wanted::Redirects(code.into())).await? {
            Outcome::Redirects(redirects) => Ok(redirects),
            other => Err(unexpected(&other)),
        }
    }
}

//! A Raft node: one loop around the consensus that takes what has come in, makes durable what must be, and only then sends.
//! All that came in meanwhile shares one sync and one message to each peer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::consensus::{self, Raft};
use super::durable::{Record, Remembered};
use super::service::{RaftLinks, Service};
use super::{Rule, Rules};
use crate::board::Board;
use crate::disk::DiskError;
use crate::http;
use crate::journal::Journal;
use crate::node::{Node, NodeFuture, spawn};
use crate::peers::{self, Peers};
use crate::shortener::api;
use crate::shortener::machine::{Machine, Outcome, Proposal};

/// How long a peer has to reply.
const DEADLINE: Duration = Duration::from_millis(500);

/// How many events are taken at once at most.
const EVENTS: usize = 256;

/// What nodes ask one another.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    Consensus(consensus::Request<Proposal>),
    Client(Wanted),
    /// In which of its lives is the node?
    Life,
}

/// What a client wants of the leader.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Wanted {
    /// A command.
    Done(Proposal),
    /// How often a link was followed.
    Redirects(String),
}

/// What nodes reply to one another.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    Consensus(consensus::Reply),
    Outcome(Outcome),
    /// Not, or no longer, the leader: what was wanted may be in some log.
    NotLeader,
    /// The lives of a node are counted from 1.
    Life(u64),
}

/// What comes in.
pub(super) enum Event {
    /// A peer, or this node itself for a client, asks.
    Asked(Arc<str>, Request, oneshot::Sender<Reply>),
    /// A peer replied to what the consensus asked, or did not.
    Replied(Arc<str>, Option<consensus::Reply>),
}

/// Where events go.
pub(super) type Events = mpsc::UnboundedSender<Event>;

/// Starts a link shortener that keeps to these rules.
pub(super) fn start(node: Node, rules: Rules) -> NodeFuture {
    start_serving(node, rules, api::router)
}

/// Starts a node that serves clients what it replicates; one whose journal is damaged does not start.
pub(super) fn start_serving(node: Node, rules: Rules, routes: fn(RaftLinks) -> Router) -> NodeFuture {
    Box::pin(async move {
        let (journal, records) = Journal::<Record<Proposal>>::open(&node.disk, "raft")?;
        let mut remembered = Remembered::default();
        remembered.extend(records);
        let life = remembered.lives + 1;
        journal.write(&Record::Life(life)).await?;

        let (events, incoming) = mpsc::unbounded_channel();
        let (leader, known_leader) = watch::channel(None);
        let machine = if rules.keep(Rule::TellRepeats) { Machine::default() } else { Machine::without_sessions() };
        let machine = Arc::new(Mutex::new(machine));
        let peers = Peers::of(&node);
        let service = Service::new(&node, life, peers.clone(), events.clone(), known_leader);
        let links = service.links((!rules.keep(Rule::AskLeader)).then(|| machine.clone()));
        let raft = Raft::start(node.id.clone(), node.peers.clone(), node.rng.clone(), remembered);
        let replica = Replica {
            raft: Raft { rules, ..raft },
            journal: journal.clone(),
            peers,
            events: events.clone(),
            leader,
            board: node.board.clone(),
            life,
            applied: 0,
            machine,
            waiting: Waiting::default(),
            ahead: None,
        };
        if !rules.keep(Rule::SyncFirst) {
            spawn(sync_now_and_then(journal));
        }
        let answer = move |from, request| ask(events.clone(), from, request);
        tokio::select! {
            biased;
            ended = replica.run(incoming) => Ok(ended?),
            ended = peers::serve(&node, answer) => ended,
            ended = http::serve(&node.net, routes(links)) => ended,
        }
    })
}

/// Has the node's loop answer a request.
pub(super) async fn ask(events: Events, from: Arc<str>, request: Request) -> Reply {
    let (sender, reply) = oneshot::channel();
    // A loop that has ended answers nobody.
    let _ended = events.send(Event::Asked(from, request, sender));
    reply.await.unwrap_or(Reply::NotLeader)
}

async fn sync_now_and_then(journal: Journal<Record<Proposal>>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Err(error) = journal.sync().await {
            tracing::error!("what was acknowledged may not be durable: {error}");
        }
    }
}

/// Who waits for what.
#[derive(Default)]
struct Waiting {
    /// For the entry at this index to be committed.
    commands: BTreeMap<u64, oneshot::Sender<Reply>>,
    /// For a read of this number to be ready: which link's redirects are read.
    reads: BTreeMap<u64, (String, oneshot::Sender<Reply>)>,
    last_read: u64,
    /// For the records to be durable.
    replies: Vec<(oneshot::Sender<Reply>, Reply)>,
}

/// The loop's state.
struct Replica {
    raft: Raft<Proposal>,
    journal: Journal<Record<Proposal>>,
    peers: Peers<Request, Reply>,
    events: Events,
    leader: watch::Sender<Option<Arc<str>>>,
    board: Board,
    life: u64,
    /// Up to which index the machine has the log's commands.
    applied: u64,
    machine: Arc<Mutex<Machine>>,
    waiting: Waiting,
    /// Only without the rule that a commit comes first: the state with all commands of a leader's log.
    ahead: Option<Machine>,
}

impl Replica {
    async fn run(mut self, mut incoming: mpsc::UnboundedReceiver<Event>) -> Result<(), DiskError> {
        let born = Instant::now();
        let mut batch = Vec::with_capacity(EVENTS);
        loop {
            let idle = self.raft.wake_at().saturating_sub(born.elapsed());
            tokio::select! {
                biased;
                _ = incoming.recv_many(&mut batch, EVENTS) => {}
                () = tokio::time::sleep(idle) => {}
            }
            let term = self.raft.leads().then(|| self.raft.term());
            // What waited in the sockets while the process stood still is heard before anybody is missed.
            for event in batch.drain(..) {
                self.raft.now = born.elapsed();
                self.take(event);
            }
            self.raft.pass(born.elapsed());
            self.raft.replicate();
            self.persist_then_send().await?;
            self.publish(term);
            self.apply();
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Replied(from, Some(reply)) => self.raft.replied(&from, &reply),
            Event::Replied(from, None) => self.raft.unanswered(&from),
            Event::Asked(from, Request::Consensus(request), reply) => {
                let answer = Reply::Consensus(self.raft.asked(&from, request));
                self.waiting.replies.push((reply, answer));
            }
            Event::Asked(_, Request::Life, reply) => self.waiting.replies.push((reply, Reply::Life(self.life))),
            Event::Asked(_, Request::Client(Wanted::Done(proposal)), reply) => self.propose(proposal, reply),
            Event::Asked(_, Request::Client(Wanted::Redirects(code)), reply) => {
                self.waiting.last_read += 1;
                if self.raft.read(self.waiting.last_read) {
                    self.waiting.reads.insert(self.waiting.last_read, (code, reply));
                }
            }
        }
    }

    /// Whoever does not lead drops the request, and that is a reply.
    fn propose(&mut self, proposal: Proposal, reply: oneshot::Sender<Reply>) {
        if self.raft.rules.keep(Rule::CommitFirst) {
            if let Some(index) = self.raft.propose(proposal) {
                self.waiting.commands.insert(index, reply);
            }
        } else if let Some(index) = self.raft.propose(proposal.clone()) {
            let outcome = self.ahead_of(index).apply(&proposal);
            self.waiting.replies.push((reply, Reply::Outcome(outcome)));
        }
    }

    /// The state with all commands before `index`, committed or not.
    fn ahead_of(&mut self, index: u64) -> &mut Machine {
        let (raft, applied, machine) = (&self.raft, self.applied, &self.machine);
        self.ahead.get_or_insert_with(|| {
            let mut ahead = machine.lock().expect("no holder panics").clone();
            for index in applied + 1..index {
                if let Some(command) = raft.log.get(index).and_then(|entry| entry.command.as_ref()) {
                    ahead.apply(command);
                }
            }
            ahead
        })
    }

    /// Sends what follows from records only when they are durable.
    async fn persist_then_send(&mut self) -> Result<(), DiskError> {
        let effects = self.raft.take_effects();
        for record in &effects.records {
            self.journal.append(record)?;
        }
        if self.raft.rules.keep(Rule::SyncFirst) && !effects.records.is_empty() {
            self.journal.sync().await?;
        }
        self.raft.persisted();
        for (reply, answer) in self.waiting.replies.drain(..) {
            // Whoever asked may have given up.
            let _gone = reply.send(answer);
        }
        for (peer, request) in effects.requests {
            self.send(peer, request);
        }
        Ok(())
    }

    fn send(&self, peer: Arc<str>, request: consensus::Request<Proposal>) {
        let (peers, events) = (self.peers.clone(), self.events.clone());
        spawn(async move {
            let reply = match peers.ask(&peer, Request::Consensus(request), DEADLINE).await {
                Ok(Reply::Consensus(reply)) => Some(reply),
                Ok(Reply::Outcome(_) | Reply::NotLeader | Reply::Life(_)) | Err(_) => None,
            };
            // The loop may have ended.
            let _ended = events.send(Event::Replied(peer, reply));
        });
    }

    /// Applies what is committed, and answers who waited for it.
    fn apply(&mut self) {
        let mut machine = self.machine.lock().expect("no holder panics");
        while self.applied < self.raft.commit
            && let Some(entry) = self.raft.log.get(self.applied + 1)
        {
            self.applied += 1;
            let outcome = entry.command.as_ref().map(|proposal| machine.apply(proposal));
            if let (Some(outcome), Some(reply)) = (outcome, self.waiting.commands.remove(&self.applied)) {
                // Whoever asked may have given up.
                let _gone = reply.send(Reply::Outcome(outcome));
            }
        }
        for number in self.raft.ready_reads() {
            if let Some((code, reply)) = self.waiting.reads.remove(&number) {
                let _gone = reply.send(Reply::Outcome(Outcome::Redirects(machine.redirects(&code))));
            }
        }
    }

    /// Says who leads. Who waited for the leader that this node was in `term` waits in vain: at the index there may be
    /// another's command by now.
    fn publish(&mut self, term: Option<u64>) {
        let now = self.raft.leads().then(|| self.raft.term());
        if now != term {
            self.waiting.commands.clear();
            self.waiting.reads.clear();
            self.ahead = None;
            match now {
                Some(term) => self.board.lead(&self.raft.me, term),
                None => self.board.follow(&self.raft.me),
            }
            tracing::info!(
                "{} {} in term {}",
                self.raft.me,
                if now.is_some() { "leads" } else { "follows" },
                self.raft.term()
            );
        }
        if *self.leader.borrow() != self.raft.leader {
            self.leader.send_replace(self.raft.leader.clone());
        }
    }
}
